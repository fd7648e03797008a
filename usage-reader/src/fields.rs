//! Reads the values of a body. An invalid value counts as absent.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::number::MAX_SAFE_INTEGER;
use crate::time;

pub(crate) type Object = Map<String, Value>;

/// Which values of a body a source has read. The others are reported by name.
#[derive(Debug, Default)]
pub(crate) struct ReadLog(RefCell<Vec<*const Value>>);

impl ReadLog {
    fn add(&self, value: &Value) {
        self.0.borrow_mut().push(std::ptr::from_ref(value));
    }

    pub(crate) fn has(&self, value: &Value) -> bool {
        self.0.borrow().contains(&std::ptr::from_ref(value))
    }
}

/// The fields of an object. Reading one is logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    object: &'a Object,
    log: Option<&'a ReadLog>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(object: &'a Object) -> Self {
        Self { object, log: None }
    }

    pub(crate) fn logged(object: &'a Object, log: &'a ReadLog) -> Self {
        Self { object, log: Some(log) }
    }

    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        let value = look_up(self.object, name)?;
        self.mark(value);
        Some(value)
    }

    fn mark(self, value: &Value) {
        if let (Some(log), false) = (self.log, value.is_object() || value.is_array()) {
            log.add(value);
        }
    }

    pub(crate) fn has(self, name: &str) -> bool {
        look_up(self.object, name).is_some()
    }

    pub(crate) fn has_any(self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.object.is_empty()
    }

    /// The first of these fields that is a token count. All of them are logged as read, since they are synonyms.
    pub(crate) fn count(self, names: &[&str]) -> Option<i64> {
        let all = names.iter().filter_map(|name| as_count(self.get(name)?));
        all.fold(None, |first, count| first.or(Some(count)))
    }

    /// The first of these fields that is a finite number, 0 or more.
    pub(crate) fn measure(self, names: &[&str]) -> Option<f64> {
        names.iter().find_map(|name| as_measure(self.get(name)?))
    }

    /// The first of these fields that is an amount of money, as a number or as text.
    pub(crate) fn amount(self, names: &[&str]) -> Option<f64> {
        names.iter().find_map(|name| as_amount(self.get(name)?))
    }

    /// The first of these fields that is text and not blank.
    pub(crate) fn text(self, names: &[&str]) -> Option<&'a str> {
        text(self.object, names)
    }

    /// The first of these fields that is an object.
    pub(crate) fn object(self, names: &[&str]) -> Option<Self> {
        let object = names.iter().find_map(|name| look_up(self.object, name)?.as_object())?;
        Some(Self { object, log: self.log })
    }

    /// The objects in the field, if it is an array.
    pub(crate) fn objects(self, name: &str) -> impl Iterator<Item = Self> {
        let all = look_up(self.object, name).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(Value::as_object).map(move |object| Self { object, log: self.log })
    }

    /// The fields that are objects themselves.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let entry = move |(name, value): (&'a String, &'a Value)| {
            Some((name.as_str(), Self { object: value.as_object()?, log: self.log }))
        };
        self.object.iter().filter_map(entry)
    }

    /// All fields; each is logged as read.
    pub(crate) fn values(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.object
            .iter()
            .inspect(move |(_, value)| self.mark(value))
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The first of these fields that is a timestamp, in milliseconds since 1970.
    pub(crate) fn moment(self, names: &[&str]) -> Option<i64> {
        names.iter().find_map(|name| as_moment(self.get(name)?))
    }

    pub(crate) fn is_true(self, name: &str) -> bool {
        look_up(self.object, name) == Some(&Value::Bool(true))
    }
}

/// The value of the field. Most objects have few fields and are searched for many names, so comparing the names is
/// faster than hashing each.
fn look_up<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    const FEW: usize = 24;
    if object.len() > FEW {
        return object.get(name);
    }
    object.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The first of these fields that is text and not blank.
pub(crate) fn text<'a>(object: &'a Object, names: &[&str]) -> Option<&'a str> {
    let texts = names.iter().filter_map(|name| look_up(object, name)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty())
}

/// A token count: a whole number from 0 to 2^53 − 1. A fraction of zero is allowed.
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

pub(crate) fn as_measure(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite() && *number >= 0.0)
}

/// An amount of money, as a number or as text.
pub(crate) fn as_amount(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some(text) => text.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0),
        None => as_measure(value),
    }
}

/// A timestamp as text, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970. The unit is
/// inferred from the range: each covers the years 1973 to 5138, and the ranges do not overlap.
pub(crate) fn as_moment(value: &Value) -> Option<i64> {
    if let Some(text) = value.as_str() {
        let is_number = text.len() >= 10
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && text.bytes().filter(|byte| *byte == b'.').count() < 2;
        return if is_number { from_number(text.parse().ok()?) } else { time::parse_lenient(text) };
    }
    if let Some([seconds, nanos]) = value.as_array().map(Vec::as_slice) {
        return from_number(seconds.as_f64()?)
            .map(|millis| millis + (nanos.as_f64().unwrap_or(0.0) / 1e6) as i64);
    }
    from_number(value.as_f64()?)
}

fn from_number(number: f64) -> Option<i64> {
    const FIRST_SECOND: f64 = 1e8;
    const FIRST_OF_A_UNIT: f64 = 1e11;
    let mut millis = number * 1000.0;
    // A smaller number is a duration, or a count.
    if number < FIRST_SECOND || !number.is_finite() {
        return None;
    }
    let mut unit = number;
    while unit >= FIRST_OF_A_UNIT {
        millis /= 1000.0;
        unit /= 1000.0;
    }
    // Nanoseconds are the smallest unit in use.
    (number < FIRST_OF_A_UNIT * 1e9).then(|| time::in_range(millis as i64))?
}

/// The sum; `None` if it is not a token count.
pub(crate) fn sum(terms: impl IntoIterator<Item = i64>) -> Option<i64> {
    let sum = terms.into_iter().try_fold(0_i64, i64::checked_add)?;
    (0..=MAX_SAFE_INTEGER).contains(&sum).then_some(sum)
}

/// The sum of the reported terms; `None` if none is reported.
pub(crate) fn reported_sum(terms: impl IntoIterator<Item = Option<i64>>) -> Option<i64> {
    let reported: Vec<i64> = terms.into_iter().flatten().collect();
    if reported.is_empty() { None } else { sum(reported) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn invalid_counts_are_skipped() {
        for value in
            [json!(-1), json!(1.5), json!("3"), json!(true), json!([3]), json!({"a": 3}), json!(1e30)]
        {
            assert_eq!(as_count(&value), None, "{value}");
        }
        assert_eq!(as_count(&json!(MAX_SAFE_INTEGER)), Some(MAX_SAFE_INTEGER));
        assert_eq!(as_count(&json!(MAX_SAFE_INTEGER + 1)), None);
        assert_eq!(as_count(&json!(3.0)), Some(3));
        let two = json!({"a": "x", "b": 0});
        assert_eq!(Fields::of(two.as_object().unwrap()).count(&["a", "b"]), Some(0));
    }

    #[test]
    fn sums_above_the_largest_count_are_absent() {
        assert_eq!(sum([MAX_SAFE_INTEGER, 1]), None);
        assert_eq!(sum([i64::MAX, i64::MAX]), None);
        assert_eq!(reported_sum([None, Some(2), Some(3)]), Some(5));
        assert_eq!(reported_sum([None, None]), None);
    }

    #[test]
    fn moments_are_text_or_numbers_of_any_unit() {
        let expected = Some(1_774_008_000_000);
        for value in [
            json!("2026-03-20T12:00:00Z"),
            json!(1_774_008_000),
            json!(1_774_008_000_000_i64),
            json!(1_774_008_000_000_000_i64),
            json!(1_774_008_000_000_000_000_i64),
            json!("1774008000000000000"),
            json!("1774008000.0"),
        ] {
            assert_eq!(as_moment(&value), expected, "{value}");
        }
        for value in [json!("soon"), json!(-5), json!(1e300), json!(true), json!(0), json!("12")] {
            assert_eq!(as_moment(&value), None, "{value}");
        }
    }

    #[test]
    fn fields_that_were_read_are_logged() {
        let all = json!({"a": 1, "b": {"c": 2}, "d": 3});
        let log = ReadLog::default();
        let fields = Fields::logged(all.as_object().unwrap(), &log);
        fields.count(&["a"]);
        fields.object(&["b"]).unwrap().count(&["c"]);
        assert_eq!([&all["a"], &all["b"]["c"], &all["d"]].map(|value| log.has(value)), [true, true, false]);
    }
}
