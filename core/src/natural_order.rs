//! The order in which keys are listed: `T2` before `T10`, the same in every language.

use std::cmp::Ordering;

/// Runs of ASCII digits compare by value, everything else by Unicode code point, ties by the raw text.
/// This is a total order.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    // The order of bytes in UTF-8 is that of code points.
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let ([x, ..], [y, ..]) = (left, right) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (x, y) = (take_number(&mut left), take_number(&mut right));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The order of rows by their keys, and of those with the same key by their ids.
pub(crate) fn compare_rows(a: (&str, &str), b: (&str, &str)) -> Ordering {
    compare(a.0, b.0).then_with(|| a.1.cmp(b.1))
}

/// The digits that the text begins with, without leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_sort_by_value() {
        let mut keys =
            vec!["T10", "T2", "T02", "É1", "T", "t1", "T1-S10", "T1-S9", "", "99999999999999999999999", "1"];
        keys.sort_by(|a, b| compare(a, b));
        assert_eq!(
            keys,
            ["", "1", "99999999999999999999999", "T", "T1-S9", "T1-S10", "T02", "T2", "T10", "t1", "É1"]
        );
    }
}
