//! `since` and `until`: the time range of a query.

use std::cmp::Ordering;

use super::timestamp::ALLOWED;
use super::{Day, Timestamp, Zone};
use crate::error::{Error, Result};

/// From `since` to `until`, both inclusive; an absent bound is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Range {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Range {
    /// Each bound is a timestamp, a date, a time span before `now` (`<n>ms|s|m|h|d|w|mo`), or one of the words `today`,
    /// `yesterday`, `this-week` (from Monday on) and `all`. A date and a word are whole days of the zone: from the first
    /// moment for `since`, to the last one for `until`.
    ///
    /// Errors: `InvalidInput` for another text, and for an `until` before `since`.
    pub(crate) fn read(since: Option<&str>, until: Option<&str>, now: Timestamp, zone: Zone) -> Result<Self> {
        let range = Self::read_ends(since, until, now, zone)?;
        if let (Some(first), Some(last), Some(until)) = (range.since, range.until, until)
            && last < first
        {
            let allowed = format!("a time at or after since ({first})");
            return Err(Error::invalid("until", format_args!("{until:?} ({last})"), &allowed));
        }
        Ok(range)
    }

    /// [`Range::read`] where the caller did not state `since`: an `until` before it is not a mistake.
    pub(crate) fn read_ends(
        since: Option<&str>,
        until: Option<&str>,
        now: Timestamp,
        zone: Zone,
    ) -> Result<Self> {
        let bound = |field, text: Option<&str>| match text {
            Some(text) => read_bound(field, text, now, zone),
            None => Ok(None),
        };
        Ok(Self { since: bound("since", since)?, until: bound("until", until)? })
    }

    /// The bounds; `None` if there are none.
    pub(crate) fn bounds(&self) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
        (self.since.is_some() || self.until.is_some()).then_some(self.ends())
    }

    /// The first and the last time; `None` is no limit.
    pub(crate) fn ends(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.since, self.until)
    }

    /// Whether a row with this stored time is in the range. An invalid time is in the range only if there is no bound.
    pub(crate) fn holds(&self, stored: &str) -> bool {
        self.holds_time(Timestamp::read(stored))
    }

    /// [`Range::holds`] for a parsed time; `None` if it was invalid.
    pub(crate) fn holds_time(&self, time: Option<Timestamp>) -> bool {
        self.place(time) == Some(Ordering::Equal)
    }

    /// Whether a time is before the range, in it, or after it. An invalid time has no place in a range that has a bound.
    pub(crate) fn place(&self, time: Option<Timestamp>) -> Option<Ordering> {
        if self.bounds().is_none() {
            return Some(Ordering::Equal);
        }
        let time = time?;
        Some(if self.since.is_some_and(|since| time < since) {
            Ordering::Less
        } else if self.until.is_some_and(|until| time > until) {
            Ordering::Greater
        } else {
            Ordering::Equal
        })
    }
}

/// `None` is no limit.
fn read_bound(field: &str, text: &str, now: Timestamp, zone: Zone) -> Result<Option<Timestamp>> {
    let text = text.trim();
    let (day, days) = match text {
        "all" => return Ok(None),
        "today" => (zone.day_of(now), 1),
        "yesterday" => (Day::numbered(zone.day_of(now).number() - 1), 1),
        "this-week" => (zone.week_of(now), 7),
        _ if let Some(day) = Day::read(text) => (day, 1),
        _ => {
            let found = Timestamp::read(text)
                .or_else(|| read_span(text).and_then(|span| now.minus_millis(span)))
                .or_else(|| read_months(text).and_then(|months| now.minus_months(months)));
            return found.map(Some).ok_or_else(|| {
                let allowed = format!(
                    "{ALLOWED}, a time span before now: <n>ms|s|m|h|d|w|mo (7d), or today, yesterday, this-week, all"
                );
                Error::invalid(field, format_args!("{text:?}"), &allowed)
            });
        }
    };
    // Both bounds are inclusive.
    Ok(if field == "until" {
        zone.time_of(day.number() + days, 0).and_then(|end| end.minus_millis(1))
    } else {
        zone.time_of(day.number(), 0)
    })
}

/// A number of calendar months.
fn read_months(text: &str) -> Option<u32> {
    let count = text.strip_suffix("mo")?;
    (!count.is_empty() && count.bytes().all(|digit| digit.is_ascii_digit())).then(|| count.parse().ok())?
}

/// A time span in milliseconds.
fn read_span(text: &str) -> Option<i64> {
    let (count, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    count.parse::<i64>().ok()?.checked_mul(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn both_bounds_are_inclusive_whatever_the_precision() {
        let range =
            Range::read(Some("2026-03-20T08:00:00Z"), Some("2026-03-20T09:00:00Z"), now(), utc()).unwrap();
        assert!(range.holds("2026-03-20T08:00:00.000Z"));
        assert!(range.holds("2026-03-20T09:00:00.000Z"));
        assert!(range.holds("2026-03-20T10:00:00+01:00"));
        assert!(!range.holds("2026-03-20T09:00:00.001Z"));
        assert!(!range.holds("garbage"));
        assert!(Range::default().holds("garbage"));
    }

    #[test]
    fn spans_count_back_from_now() {
        let range = Range::read(Some("2w"), Some("90s"), now(), utc()).unwrap();
        assert!(range.holds("2026-03-06T12:00:00.000Z"));
        assert!(!range.holds("2026-03-06T11:59:59.999Z"));
        assert!(!range.holds("2026-03-20T11:58:30.001Z"));
    }

    #[test]
    fn an_end_before_the_beginning_is_refused() {
        for (since, until) in [("2026-03-20", "2026-03-19"), ("1d", "7d"), ("today", "yesterday")] {
            let error = Range::read(Some(since), Some(until), now(), utc()).unwrap_err();
            assert_eq!(error.field(), Some("until"), "{since} {until}");
            assert!(error.message().contains("at or after since (2026-03-"), "{}", error.message());
        }
        let moment = Some("2026-03-20T08:00:00Z");
        assert!(Range::read(moment, moment, now(), utc()).is_ok());
        assert!(Range::read_ends(Some("7d"), Some("2026-01-01"), now(), utc()).is_ok());
    }

    fn utc() -> Zone {
        Zone::read("timeZone", None).unwrap()
    }

    fn bounds(since: &str, until: &str, zone: Option<&str>) -> [Option<String>; 2] {
        let zone = Zone::read("timeZone", zone).unwrap();
        let range = Range::read(Some(since), Some(until), now(), zone).unwrap();
        [range.since, range.until].map(|bound| bound.map(|time| time.to_string()))
    }

    #[test]
    fn words_are_days_and_weeks_and_months_are_those_of_the_calendar() {
        for (word, since, until) in [
            ("today", "2026-03-20T00:00:00.000Z", "2026-03-20T23:59:59.999Z"),
            ("yesterday", "2026-03-19T00:00:00.000Z", "2026-03-19T23:59:59.999Z"),
            ("this-week", "2026-03-16T00:00:00.000Z", "2026-03-22T23:59:59.999Z"),
            ("6mo", "2025-09-20T12:00:00.000Z", "2025-09-20T12:00:00.000Z"),
        ] {
            assert_eq!(bounds(word, word, None), [Some(since.to_owned()), Some(until.to_owned())], "{word}");
        }
        assert_eq!(bounds("all", "all", None), [None, None]);
        let march: Timestamp = "2026-03-31T12:00:00Z".parse().unwrap();
        let range = Range::read(Some("1mo"), None, march, utc()).unwrap();
        assert_eq!(range.since.unwrap().to_string(), "2026-02-28T12:00:00.000Z");
    }

    #[test]
    fn a_date_is_the_whole_day() {
        let day = |since: &str, until: &str| Some([since, until].map(|time| Some(time.to_owned())));
        let expected = day("2026-03-01T00:00:00.000Z", "2026-03-20T23:59:59.999Z");
        assert_eq!(Some(bounds("2026-03-01", "2026-03-20", None)), expected);
        assert_eq!(Some(bounds(" 2026-03-01 ", "2026-03-20", Some("UTC"))), expected);
        // The last day of all has no end before which it could be.
        assert_eq!(bounds("9999-12-31", "9999-12-31", None)[1], None);
        assert_eq!(bounds("250ms", "0s", None)[0].as_deref(), Some("2026-03-20T11:59:59.750Z"));
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn a_date_is_a_day_of_the_zone() {
        // The clocks go forward on 2026-03-29: that day has 23 hours.
        let found = bounds("2026-03-29", "2026-03-29", Some("Europe/Berlin"));
        assert_eq!(
            found,
            ["2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"].map(|time| Some(time.to_owned()))
        );
        // A time of its own is not moved.
        let exact = bounds("2026-03-29T00:00:00Z", "2026-03-29T12:00:00+02:00", Some("Europe/Berlin"));
        assert_eq!(
            exact,
            ["2026-03-29T00:00:00.000Z", "2026-03-29T10:00:00.000Z"].map(|time| Some(time.to_owned()))
        );
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn a_day_is_that_of_the_zone() {
        let found = bounds("today", "this-week", Some("America/New_York"));
        assert_eq!(
            found,
            [Some("2026-03-20T04:00:00.000Z".to_owned()), Some("2026-03-23T03:59:59.999Z".to_owned())]
        );
    }

    #[test]
    fn anything_else_is_an_error_that_names_the_bound() {
        for text in [
            "tomorrow",
            "mo",
            "-1mo",
            "999999999mo",
            "",
            "7",
            "d",
            "-7d",
            "1.5h",
            "7 d",
            "7D",
            "7m s",
            "2026-3-1",
            "2026-02-30",
            "99999999999999999w",
            "9999999w",
            "7é",
        ] {
            let error = Range::read(Some(text), None, now(), utc()).unwrap_err();
            assert_eq!(error.field(), Some("since"), "{text}");
        }
        assert_eq!(Range::read(None, Some("soon"), now(), utc()).unwrap_err().field(), Some("until"));
    }
}
