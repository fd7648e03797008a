//! Looking up what a body says, value by value: one that cannot be meant is as good as absent.

use serde_json::{Map, Value};

use crate::number::MAX_SAFE_INTEGER;
use crate::time;

pub(crate) type Object = Map<String, Value>;

/// A token count: whole, from 0 to 2^53 − 1. One that is written with a fraction of zero counts as whole.
pub(crate) fn as_count(value: &Value) -> Option<i64> {
    let whole = match value.as_i64() {
        Some(whole) => whole,
        None => {
            let number = value.as_f64()?;
            (number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64).then_some(number as i64)?
        }
    };
    (0..=MAX_SAFE_INTEGER).contains(&whole).then_some(whole)
}

/// The first of these fields that is a token count.
pub(crate) fn count(object: &Object, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| as_count(object.get(*name)?))
}

/// The first of these fields that is a finite number, 0 or more.
pub(crate) fn measure(object: &Object, names: &[&str]) -> Option<f64> {
    names.iter().find_map(|name| as_measure(object.get(*name)?))
}

pub(crate) fn as_measure(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite() && *number >= 0.0)
}

/// An amount of money, which some write as text.
pub(crate) fn as_amount(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some(text) => text.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0),
        None => as_measure(value),
    }
}

/// The first of these fields that is text which is not blank.
pub(crate) fn text<'a>(object: &'a Object, names: &[&str]) -> Option<&'a str> {
    let texts = names.iter().filter_map(|name| object.get(*name)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty())
}

/// The first of these fields that is an object.
pub(crate) fn object<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Object> {
    names.iter().find_map(|name| object.get(*name)?.as_object())
}

/// The objects in the field, where it is an array.
pub(crate) fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The first of these fields that is a moment, in milliseconds since 1970.
pub(crate) fn moment(object: &Object, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| as_moment(object.get(*name)?))
}

/// A timestamp as text, or a number of milliseconds since 1970. A number that would lie before March 1973 is
/// one of seconds, as OpenAI writes them.
fn as_moment(value: &Value) -> Option<i64> {
    const FIRST_MILLISECOND: f64 = 1e11;
    if let Some(text) = value.as_str() {
        return time::parse(text);
    }
    let number = value.as_f64().filter(|number| *number > 0.0 && *number < 1e15)?;
    let millis = if number < FIRST_MILLISECOND { number * 1000.0 } else { number };
    time::in_range(millis as i64)
}

/// The sum, where it is a token count.
pub(crate) fn sum(terms: impl IntoIterator<Item = i64>) -> Option<i64> {
    let sum = terms.into_iter().try_fold(0_i64, i64::checked_add)?;
    (0..=MAX_SAFE_INTEGER).contains(&sum).then_some(sum)
}

/// The sum of those that are reported; `None` where none is.
pub(crate) fn reported_sum(terms: impl IntoIterator<Item = Option<i64>>) -> Option<i64> {
    let reported: Vec<i64> = terms.into_iter().flatten().collect();
    if reported.is_empty() { None } else { sum(reported) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_count_is_skipped() {
        for value in
            [json!(-1), json!(1.5), json!("3"), json!(true), json!([3]), json!({"a": 3}), json!(1e30)]
        {
            assert_eq!(as_count(&value), None, "{value}");
        }
        assert_eq!(as_count(&json!(MAX_SAFE_INTEGER)), Some(MAX_SAFE_INTEGER));
        assert_eq!(as_count(&json!(MAX_SAFE_INTEGER + 1)), None);
        assert_eq!(as_count(&json!(3.0)), Some(3));
        let two = json!({"a": "x", "b": 0});
        assert_eq!(count(two.as_object().unwrap(), &["a", "b"]), Some(0));
    }

    #[test]
    fn sums_beyond_all_counts_are_none() {
        assert_eq!(sum([MAX_SAFE_INTEGER, 1]), None);
        assert_eq!(sum([i64::MAX, i64::MAX]), None);
        assert_eq!(reported_sum([None, Some(2), Some(3)]), Some(5));
        assert_eq!(reported_sum([None, None]), None);
    }

    #[test]
    fn moments_are_text_milliseconds_or_seconds() {
        let expected = Some(1_774_008_000_000);
        for value in [json!("2026-03-20T12:00:00Z"), json!(1_774_008_000_000_i64), json!(1_774_008_000)] {
            assert_eq!(as_moment(&value), expected);
        }
        for value in [json!("soon"), json!(-5), json!(1e300), json!(true), json!(0)] {
            assert_eq!(as_moment(&value), None);
        }
    }
}
