//! The order in which keys are listed: `T2` before `T10`, the same in every language.

use std::cmp::Ordering;

/// Runs of ASCII digits compare by value, everything else by Unicode code point, ties by the raw text.
/// This is a total order.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (x, y) = (take_digits(&mut left), take_digits(&mut right));
            let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            left = &left[x.len_utf8()..];
            right = &right[y.len_utf8()..];
            x.cmp(&y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

fn take_digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_people_count() {
        let mut keys =
            vec!["T10", "T2", "T02", "É1", "T", "t1", "T1-S10", "T1-S9", "", "99999999999999999999999", "1"];
        keys.sort_by(|a, b| compare(a, b));
        assert_eq!(
            keys,
            ["", "1", "99999999999999999999999", "T", "T1-S9", "T1-S10", "T02", "T2", "T10", "t1", "É1"]
        );
    }
}
