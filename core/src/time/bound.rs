//! `since` and `until`: the time range of a query.

use super::Timestamp;
use super::timestamp::ALLOWED;
use crate::error::{Error, Result};

/// From `since` to `until`, both inclusive; an absent bound is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Range {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Range {
    /// Each bound is a timestamp, a date, or a time span before `now`: `<n>s|m|h|d|w`.
    pub(crate) fn read(since: Option<&str>, until: Option<&str>, now: Timestamp) -> Result<Self> {
        Ok(Self {
            since: since.map(|text| read_bound("since", text, now)).transpose()?,
            until: until.map(|text| read_bound("until", text, now)).transpose()?,
        })
    }

    /// The bounds; `None` if there are none.
    pub(crate) fn bounds(&self) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
        (self.since.is_some() || self.until.is_some()).then_some((self.since, self.until))
    }

    /// Whether a row with this stored time is in the range. An invalid time is in the range only if there is no bound.
    pub(crate) fn holds(&self, stored: &str) -> bool {
        self.holds_time(Timestamp::read(stored))
    }

    /// [`Range::holds`] for a parsed time; `None` if it was invalid.
    pub(crate) fn holds_time(&self, time: Option<Timestamp>) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        time.is_some_and(|time| {
            self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
        })
    }
}

fn read_bound(field: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let text = text.trim();
    Timestamp::read(text).or_else(|| read_span(text).and_then(|span| now.minus_millis(span))).ok_or_else(
        || {
            Error::invalid(
                field,
                format_args!("{text:?}"),
                &format!("{ALLOWED}, or a time span before now: <n>s|m|h|d|w (7d)"),
            )
        },
    )
}

/// A time span in milliseconds.
fn read_span(text: &str) -> Option<i64> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    if count.is_empty() || !count.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    count.parse::<i64>().ok()?.checked_mul(seconds * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn both_bounds_are_inclusive_whatever_the_precision() {
        let range = Range::read(Some("2026-03-20T08:00:00Z"), Some("2026-03-20T09:00:00Z"), now()).unwrap();
        assert!(range.holds("2026-03-20T08:00:00.000Z"));
        assert!(range.holds("2026-03-20T09:00:00.000Z"));
        assert!(range.holds("2026-03-20T10:00:00+01:00"));
        assert!(!range.holds("2026-03-20T09:00:00.001Z"));
        assert!(!range.holds("garbage"));
        assert!(Range::default().holds("garbage"));
    }

    #[test]
    fn spans_count_back_from_now() {
        let range = Range::read(Some("2w"), Some("90s"), now()).unwrap();
        assert!(range.holds("2026-03-06T12:00:00.000Z"));
        assert!(!range.holds("2026-03-06T11:59:59.999Z"));
        assert!(!range.holds("2026-03-20T11:58:30.001Z"));
    }

    #[test]
    fn anything_else_is_an_error_that_names_the_bound() {
        for text in
            ["yesterday", "", "7", "d", "-7d", "1.5h", "7 d", "7D", "99999999999999999w", "9999999w", "7é"]
        {
            let error = Range::read(Some(text), None, now()).unwrap_err();
            assert_eq!(error.field(), Some("since"), "{text}");
        }
        assert_eq!(Range::read(None, Some("soon"), now()).unwrap_err().field(), Some("until"));
    }
}
