//! Timestamps, time bounds and time zones.

use mcoda_core::{Dimension, ErrorKind, Timestamp, TokenUsage, TokenUsageQuery, Workspace};
use serde_json::json;

use super::{expect_no_fault, options};

/// A timestamp is parsed and normalised, or refused by its field's name; so is a time bound.
pub fn times(data: &[u8]) {
    if let Some(bytes) = data.first_chunk() {
        let millis = i64::from_le_bytes(*bytes);
        if let Some(moment) = Timestamp::from_millis(millis) {
            expect_sound(moment);
            assert_eq!(moment.millis(), millis);
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = text.parse::<Timestamp>();
    match &read {
        Ok(moment) => {
            expect_sound(*moment);
            assert_eq!(moment.millis(), counted(text), "{text:?}");
        }
        Err(error) => {
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("timestamp")));
            expect_no_fault(error);
        }
    }
    let usage = TokenUsage::from_json(&json!({"timestamp": text}));
    assert_eq!(usage.ok().and_then(|usage| usage.timestamp), read.ok());
    thread_local! {
        static WORKSPACE: Workspace = options().open_db(":memory:").expect("a database");
    }
    WORKSPACE.with(|workspace| {
        let bound = || Some(text.to_owned());
        for (field, query) in [
            ("since", TokenUsageQuery { since: bound(), ..TokenUsageQuery::default() }),
            ("until", TokenUsageQuery { until: bound(), ..TokenUsageQuery::default() }),
            ("timeZone", TokenUsageQuery { time_zone: bound(), ..TokenUsageQuery::default() }),
        ] {
            if let Err(error) = workspace.token_usage_summary(&query, &[Dimension::Day]) {
                assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
                expect_no_fault(&error);
            }
        }
    });
}

/// The stored form is parsed as the same time, and its text order is chronological.
fn expect_sound(moment: Timestamp) {
    let text = moment.to_string();
    assert_eq!(text.len(), 24, "{text}");
    assert_eq!(text.parse::<Timestamp>().expect("its own text"), moment);
    let noon = super::noon();
    assert_eq!(text.cmp(&noon.to_string()), moment.cmp(&noon));
}

/// The time of a text that is a timestamp, by another computation: days are counted from a March, as in Howard
/// Hinnant's "chrono-Compatible Low-Level Date Algorithms".
fn counted(text: &str) -> i64 {
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().expect("digits");
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, month) = (shifted.div_euclid(400), (month + 9) % 12);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + day_of_era - 719_468;
    let Some(time) = text.get(11..) else { return days * 86_400_000 };
    let seconds = number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19);
    let rest = &time[8..];
    let zone = rest.find(['Z', 'z', '+', '-', '\u{2212}']).expect("a zone");
    let millis = format!("{:0<3.3}", rest[..zone].trim_start_matches('.')).parse::<i64>().expect("digits");
    let zone = rest[zone..].replace('\u{2212}', "-");
    let minutes = match zone.split_at(1) {
        ("Z" | "z", _) => 0,
        (sign, hours) => {
            let (hours, minutes) = hours.split_once(':').expect("hours and minutes");
            let minutes =
                hours.parse::<i64>().expect("hours") * 60 + minutes.parse::<i64>().expect("minutes");
            if sign == "-" { -minutes } else { minutes }
        }
    };
    ((days * 86_400 + seconds) - minutes * 60) * 1000 + millis
}
