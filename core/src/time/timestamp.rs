//! A point in time, in the form in which it is stored.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// A point in time in UTC with a resolution of one millisecond, from year 0 to year 9999.
///
/// Its text form is RFC 3339 with three decimals and `Z` (`2026-03-20T12:00:00.000Z`), so that text order is
/// chronological order.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::Timestamp;
///
/// let time: Timestamp = "2026-03-20T13:00:00+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-03-20T12:00:00.000Z");
/// assert_eq!(Timestamp::from_millis(time.millis()), Some(time));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

pub(crate) const ALLOWED: &str =
    "an RFC 3339 timestamp with Z or an offset (2026-03-20T12:00:00.000Z) or a date (2026-03-20)";

impl Timestamp {
    /// Parses an RFC 3339 timestamp with `Z` or an offset, or a date alone (midnight UTC). Digits beyond milliseconds
    /// are truncated. `None` for any other text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        mcoda_usage_reader::time::parse(text).map(Self)
    }

    /// Parses an RFC 3339 timestamp with `Z` or an offset, or a date alone (midnight UTC), from an input field:
    /// anything else is an error that names the field. Digits beyond milliseconds are truncated.
    pub(crate) fn read_field(field: &str, text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| Error::invalid(field, format_args!("{text:?}"), ALLOWED))
    }

    /// 1970-01-01T00:00:00.000Z.
    pub const EPOCH: Self = Self(0);

    /// The time `millis` milliseconds after 1970-01-01T00:00:00Z; `None` outside the years 0 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        mcoda_usage_reader::time::in_range(millis).map(Self)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The time on the system's clock; `None` if the system cannot represent it, such as a year before 1601 on Windows.
    #[must_use]
    pub fn system_time(self) -> Option<SystemTime> {
        let millis = Duration::from_millis(self.0.unsigned_abs());
        if self.0 < 0 { UNIX_EPOCH.checked_sub(millis) } else { UNIX_EPOCH.checked_add(millis) }
    }

    /// Whole days since 1970-01-01, in UTC.
    #[cfg(feature = "arrow")]
    pub(crate) fn days(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// Hours from `earlier` to `self`, negative if `earlier` is the later one.
    pub(crate) fn hours_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / MILLIS_PER_HOUR
    }

    /// The time `hours` later, to the nearest millisecond; `None` after year 9999.
    pub(crate) fn plus_hours(self, hours: f64) -> Option<Self> {
        let millis = (hours * MILLIS_PER_HOUR).round();
        // 10^15 ms are more than 30,000 years, so the sum below does not overflow.
        (millis.abs() < 1e15).then(|| Self::from_millis(self.0 + millis as i64))?
    }

    /// The same time of the day so many calendar months earlier, on the month's last day if it has fewer days; `None` before
    /// year 0.
    pub(crate) fn minus_months(self, months: u32) -> Option<Self> {
        let earlier = self.date_time().checked_sub_months(chrono::Months::new(months))?;
        Self::from_millis(earlier.timestamp_millis())
    }

    /// The time `millis` earlier; `None` before year 0.
    pub(crate) fn minus_millis(self, millis: i64) -> Option<Self> {
        Self::from_millis(self.0.checked_sub(millis)?)
    }

    /// The same time in this machine's time zone, to the minute: `2026-03-20 13:00 +01:00`.
    #[cfg(feature = "report")]
    pub(crate) fn local_text(self) -> String {
        self.date_time().with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M %:z").to_string()
    }

    fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

const MILLIS_PER_HOUR: f64 = 3_600_000.0;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every record and result has some, and chrono's formatter, which knows all formats, takes ten times as long.
        let moment = self.date_time();
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut write = |from: usize, to: usize, number: u32| {
            let mut rest = number;
            for digit in text[from..to].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        };
        write(0, 4, moment.year().unsigned_abs());
        write(5, 7, moment.month());
        write(8, 10, moment.day());
        write(11, 13, moment.hour());
        write(14, 16, moment.minute());
        write(17, 19, moment.second());
        write(20, 23, moment.timestamp_subsec_millis());
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::read_field("timestamp", text)
    }
}

/// Rounds down to the millisecond. `InvalidInput` outside the years 0 to 9999.
impl TryFrom<SystemTime> for Timestamp {
    type Error = Error;

    fn try_from(time: SystemTime) -> Result<Self> {
        let millis = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).ok(),
            Err(before) => {
                i64::try_from(before.duration().as_nanos().div_ceil(1_000_000)).ok().map(|millis| -millis)
            }
        };
        let allowed = "a time in the years 0 to 9999";
        let invalid = || Error::invalid("timestamp", format_args!("{time:?}"), allowed);
        millis.and_then(Self::from_millis).ok_or_else(invalid)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsable_times_are_normalised() {
        for (input, stored) in [
            ("2026-03-20T12:00:00.000Z", "2026-03-20T12:00:00.000Z"),
            ("2026-03-20T12:00:00Z", "2026-03-20T12:00:00.000Z"),
            ("2026-03-20T12:00:00.5Z", "2026-03-20T12:00:00.500Z"),
            ("2026-03-20T12:00:00.999999999Z", "2026-03-20T12:00:00.999Z"),
            ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
            ("2026-03-20T01:30:00+05:30", "2026-03-19T20:00:00.000Z"),
            ("2026-03-20T12:00:00-00:00", "2026-03-20T12:00:00.000Z"),
            ("2026-03-20", "2026-03-20T00:00:00.000Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(input.parse::<Timestamp>().unwrap().to_string(), stored, "{input}");
        }
    }

    #[test]
    fn text_is_that_of_chrono() {
        let step = 86_400_000 * 1_461 / 7 + 12_345_677;
        for millis in (-62_167_219_200_000..=253_402_300_799_999_i64).step_by(step) {
            let chrono = DateTime::from_timestamp_millis(millis).unwrap();
            let expected = chrono.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            assert_eq!(Timestamp::from_millis(millis).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn invalid_times_are_refused() {
        for input in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-02-30T00:00:00Z",
            "2026-03-20T12:00:00",
            "2026-03-20T24:00:00Z",
            "2026-12-31T23:59:60Z",
            "2026-03-20T12:00:00.000+25:00",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "+10000-01-01T00:00:00Z",
            "1774008000000",
            "2026-3-20",
            "2026-03-20T12:00:60.000Z",
            "2026-02-29T12:00:00.000Z",
            "2026-03-20T12:+0:00.000Z",
            " 2026-03-20",
            "2026-03-2é",
            "+026-03-20",
            " 2026-03-2",
            "2026-03- 2",
            "2026- 3-02",
        ] {
            assert!(input.parse::<Timestamp>().is_err(), "{input}");
        }
    }

    #[test]
    fn times_of_the_system_are_rounded_down_to_the_millisecond() {
        for (time, text) in [
            (UNIX_EPOCH + Duration::from_micros(1_999), "1970-01-01T00:00:00.001Z"),
            (UNIX_EPOCH - Duration::from_micros(1), "1969-12-31T23:59:59.999Z"),
            (UNIX_EPOCH - Duration::from_micros(2_000), "1969-12-31T23:59:59.998Z"),
            (UNIX_EPOCH + Duration::from_secs(253_402_300_799), "9999-12-31T23:59:59.000Z"),
        ] {
            let read = Timestamp::try_from(time).unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(read.system_time().map(Timestamp::try_from).unwrap().unwrap(), read);
        }
        let late = Timestamp::try_from(UNIX_EPOCH + Duration::from_secs(253_402_300_800)).unwrap_err();
        assert_eq!((late.kind(), late.field()), (crate::ErrorKind::InvalidInput, Some("timestamp")));
    }

    #[test]
    fn arithmetic_never_leaves_the_range() {
        let now: Timestamp = "2026-03-20T12:00:00Z".parse().unwrap();
        assert_eq!(now.plus_hours(1.5).unwrap().to_string(), "2026-03-20T13:30:00.000Z");
        for hours in [1e9, 1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(now.plus_hours(hours), None, "{hours}");
        }
        assert_eq!(now.minus_millis(i64::MIN), None);
        assert_eq!(Timestamp::from_millis(i64::MAX), None);
    }
}
