//! The working calendar of a call or of the config files: time zone, hours, days and days off.

use serde_json::{Map, Value};

use super::forecast::Calendar;
use super::timeline::Origin;
use crate::error::{Error, Result};
use crate::input::given;
use crate::paths::Config;
use crate::time::{Day, Timestamp, Zone};

/// When work happens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorkingTime {
    pub(super) zone: Zone,
    /// Minutes of the day; the end may be that of the next day.
    from: i64,
    until: i64,
    /// Monday first.
    days: [bool; 7],
    days_off: Vec<Day>,
}

const MINUTES_PER_DAY: i64 = 24 * 60;
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FIELDS: &str = "one of timeZone, hours, days, daysOff";

impl WorkingTime {
    /// The `calendar` of the configs, the most special one that has any.
    pub(crate) fn from_configs(configs: &[Config]) -> Result<Option<Self>> {
        let mut found = None;
        for config in configs {
            if let Some(calendar) = config.part("calendar")? {
                found = Some(Self::read(calendar).map_err(|error| error.context(&config.source))?);
            }
        }
        Ok(found)
    }

    /// Reads `{"timeZone": "Europe/Berlin", "hours": "09:00-17:30", "days": ["mon", "tue"], "daysOff": ["2026-12-25"]}`.
    /// All of them may be absent: UTC, all hours, all days, no days off.
    pub(super) fn read(calendar: &Map<String, Value>) -> Result<Self> {
        let mut read = Self {
            zone: Zone::read("calendar.timeZone", None)?,
            from: 0,
            until: MINUTES_PER_DAY,
            days: [true; 7],
            days_off: Vec::new(),
        };
        for (name, value) in calendar.iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "timeZone" | "time_zone" => {
                    read.zone = Zone::read("calendar.timeZone", Some(text("calendar.timeZone", value)?))?;
                }
                "hours" => (read.from, read.until) = hours(text("calendar.hours", value)?)?,
                "days" => read.days = days(value)?,
                "daysOff" | "days_off" => {
                    let day = |value| day_off(text("calendar.daysOff", value)?);
                    read.days_off =
                        list("calendar.daysOff", value)?.iter().map(day).collect::<Result<_>>()?;
                }
                other => {
                    return Err(Error::invalid(&format!("calendar.{other}"), "an unknown field", FIELDS));
                }
            }
        }
        Ok(read)
    }

    /// Its working intervals from the day of the first moment to two years behind the second. None where no day is left.
    pub(super) fn calendar(&self, origin: Origin, first: Timestamp, now: Timestamp) -> Option<Calendar> {
        const DAYS_AHEAD: i64 = 731;
        /// A history that is longer is taken to work at all hours before.
        const MOST_DAYS: i64 = 36_525;
        let last = self.zone.day_of(now).number() + DAYS_AHEAD;
        let first = (self.zone.day_of(first).number() - 1).max(last - MOST_DAYS);
        let at = |day: i64, minutes: i64| {
            let moment = self.zone.time_of(day, minutes)?;
            Some(origin.hours(moment))
        };
        let intervals = (first..=last)
            .filter(|day| self.is_working(*day))
            .filter_map(|day| Some((at(day, self.from)?, at(day, self.until)?)));
        Calendar::new(intervals.collect())
    }

    fn is_working(&self, day: i64) -> bool {
        // 1970-01-01 was a Thursday.
        self.days[(day + 3).rem_euclid(7) as usize] && !self.days_off.iter().any(|off| off.number() == day)
    }
}

fn text<'v>(field: &str, value: &'v Value) -> Result<&'v str> {
    value.as_str().ok_or_else(|| Error::invalid(field, given(value), "text"))
}

fn list<'v>(field: &str, value: &'v Value) -> Result<&'v Vec<Value>> {
    value.as_array().ok_or_else(|| Error::invalid(field, given(value), "an array of texts"))
}

/// `09:00-17:30`; an end that is not behind the beginning is that of the next day.
fn hours(text: &str) -> Result<(i64, i64)> {
    let read = || {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (minutes(from.trim())?, minutes(until.trim())?);
        (from < MINUTES_PER_DAY).then_some((from, if until > from { until } else { until + MINUTES_PER_DAY }))
    };
    let allowed = "two times of the day from 00:00 to 24:00 (09:00-17:30)";
    read().ok_or_else(|| Error::invalid("calendar.hours", format_args!("{text:?}"), allowed))
}

fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_number { digits.parse::<i64>().ok() } else { None }
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MINUTES_PER_DAY).then_some(total)
}

fn days(value: &Value) -> Result<[bool; 7]> {
    let mut days = [false; 7];
    for day in list("calendar.days", value)? {
        let name = text("calendar.days", day)?;
        let place = WEEK.iter().position(|known| name.to_lowercase().starts_with(known));
        let place = place.ok_or_else(|| {
            Error::invalid("calendar.days", format_args!("{name:?}"), "mon, tue, wed, thu, fri, sat or sun")
        })?;
        days[place] = true;
    }
    if days == [false; 7] {
        return Err(Error::invalid(
            "calendar.days",
            "no day",
            "at least one of mon, tue, wed, thu, fri, sat, sun",
        ));
    }
    Ok(days)
}

fn day_off(text: &str) -> Result<Day> {
    let moment = if text.len() == 10 { Timestamp::read(text) } else { None };
    let moment = moment
        .ok_or_else(|| Error::invalid("calendar.daysOff", format_args!("{text:?}"), "a date (2026-12-25)"))?;
    Ok(Zone::read("calendar.daysOff", None)?.day_of(moment))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(calendar: Value) -> Result<WorkingTime> {
        WorkingTime::read(calendar.as_object().unwrap())
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_names_the_field() {
        for (calendar, field) in [
            (json!({"hours": "9-17"}), "calendar.hours"),
            (json!({"hours": "09:00-25:00"}), "calendar.hours"),
            (json!({"hours": 9}), "calendar.hours"),
            (json!({"days": []}), "calendar.days"),
            (json!({"days": ["someday"]}), "calendar.days"),
            (json!({"days": "mon"}), "calendar.days"),
            (json!({"daysOff": ["2026-02-30"]}), "calendar.daysOff"),
            (json!({"timeZone": "Mars/Olympus"}), "calendar.timeZone"),
            (json!({"zone": "UTC"}), "calendar.zone"),
        ] {
            assert_eq!(read(calendar.clone()).unwrap_err().field(), Some(field), "{calendar}");
        }
    }

    #[test]
    fn hours_days_and_days_off_leave_the_rest() {
        let now: Timestamp = "2026-03-20T12:00:00Z".parse().unwrap(); // a Friday
        let timeline = super::super::timeline::Timeline::new(&[], now);
        let calendar = |working: Value| read(working).unwrap().calendar(timeline.origin, now, now).unwrap();
        let after = |working: Value, hours: f64| {
            let calendar = calendar(working);
            let start = calendar.to_work(timeline.origin.hours(now));
            timeline.origin.moment(calendar.to_wall(start + hours)).unwrap().to_string()
        };
        assert_eq!(after(json!({"hours": "09:00-17:00"}), 4.0), "2026-03-20T16:00:00.000Z");
        assert_eq!(after(json!({"hours": "09:00-17:00"}), 6.0), "2026-03-21T10:00:00.000Z");
        let weekdays = json!({"hours": "09:00-17:00", "days": ["mon", "tue", "wed", "thu", "fri"]});
        assert_eq!(after(weekdays, 6.0), "2026-03-23T10:00:00.000Z");
        let off = json!({"hours": "09:00-17:00", "daysOff": ["2026-03-21", "2026-03-22"]});
        assert_eq!(after(off, 6.0), "2026-03-23T10:00:00.000Z");
        assert_eq!(after(json!({"hours": "22:00-02:00"}), 1.0), "2026-03-20T23:00:00.000Z");
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn hours_are_those_of_the_zone_in_summer_too() {
        let now: Timestamp = "2026-03-28T12:00:00Z".parse().unwrap();
        let timeline = super::super::timeline::Timeline::new(&[], now);
        let berlin = read(json!({"timeZone": "Europe/Berlin", "hours": "09:00-17:00"})).unwrap();
        let calendar = berlin.calendar(timeline.origin, now, now).unwrap();
        let start = calendar.to_work(timeline.origin.hours(now));
        // Four hours are left of Saturday (until 16:00 UTC); on Sunday 09:00 is 07:00 UTC.
        let end = timeline.origin.moment(calendar.to_wall(start + 5.0)).unwrap();
        assert_eq!(end.to_string(), "2026-03-29T08:00:00.000Z");
    }
}
