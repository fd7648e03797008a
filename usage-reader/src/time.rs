//! Timestamps in milliseconds since 1970-01-01T00:00:00Z, of the years 0 to 9999.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

/// Reads an RFC 3339 timestamp with `Z` or an offset, or a date alone (midnight UTC). Digits beyond milliseconds are
/// truncated, not rounded. `None` for any other text.
pub fn parse(text: &str) -> Option<i64> {
    if let Some(stored) = read_stored_form(text) {
        return Some(stored);
    }
    let moment = match DateTime::parse_from_rfc3339(text) {
        // Other programs cannot read a leap second.
        Ok(moment) if moment.nanosecond() >= 1_000_000_000 => return None,
        Ok(moment) => moment.to_utc(),
        // chrono also accepts signs, blanks and single digits, which are not valid here.
        Err(_) if is_date(text) => {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc()
        }
        Err(_) => return None,
    };
    (0..=9999).contains(&moment.year()).then(|| moment.timestamp_millis())
}

/// Reads what [`parse`] does, and other formats of a timestamp with a zone: a blank in place of the `T`, an offset
/// without a colon or without minutes, ` UTC`, and what Go prints.
pub(crate) fn parse_lenient(text: &str) -> Option<i64> {
    parse(text).or_else(|| parse_mail(text)).or_else(|| {
        let text = without_go_suffix(text.trim());
        let text =
            text.strip_suffix(" UTC").map_or(Cow::Borrowed(text), |text| Cow::Owned(format!("{text}Z")));
        let (clock, zone) = split_zone(&text)?;
        parse(&format!("{}{zone}", in_full(&with_t(clock))))
    })
}

/// Go prints the offset of a time, then the name of its zone, and possibly the reading of another clock:
/// `2026-03-20 13:00:00.25 +0100 CET m=+0.5`.
fn without_go_suffix(text: &str) -> &str {
    let text = text.split_once(" m=").map_or(text, |(time, _)| time);
    let Some((time, zone)) = text.rsplit_once(' ') else { return text };
    let is_offset = |word: &str| word.len() == "+0000".len() && word.starts_with(['+', '-']);
    let has_offset = time.rsplit(' ').next().is_some_and(is_offset);
    // Zones without a name have their offset twice.
    let is_name =
        zone.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"+-".contains(&byte));
    if has_offset && is_name { time } else { text }
}

/// When a UUID of version 7 was made, which its first 48 bits say.
pub(crate) fn of_uuid(id: &str) -> Option<i64> {
    let is_version_7 = id.len() == 36 && id.as_bytes()[14] == b'7' && id.as_bytes()[13] == b'-';
    let digits = is_version_7.then(|| id.get(..8).zip(id.get(9..13)))??;
    in_range(i64::from_str_radix(&[digits.0, digits.1].concat(), 16).ok()?)
}

/// The format of e-mail and HTTP: `Fri, 20 Mar 2026 12:00:00 GMT`.
fn parse_mail(text: &str) -> Option<i64> {
    let begins = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let moment = begins.then(|| DateTime::parse_from_rfc2822(text.trim()).ok())??;
    in_range(moment.timestamp_millis())
}

/// Converts the date and time to RFC 3339, from ISO 8601 without separators or without seconds, or with a comma before
/// the fraction.
fn in_full(clock: &str) -> String {
    let clock = clock.replace(',', ".");
    let is_digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    match clock.split_once(['T', 't']) {
        Some((date, time)) if is_digits(date, 8) && time.len() >= 6 && is_digits(&time[..6], 6) => {
            let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
            format!("{year}-{month}-{day}T{}:{}:{}", &time[..2], &time[2..4], &time[4..])
        }
        Some((_, time)) if time.len() == "12:00".len() => format!("{clock}:00"),
        _ => clock,
    }
}

/// Reads what [`parse_lenient`] does, and a timestamp without a zone as UTC.
pub(crate) fn parse_utc(text: &str) -> Option<i64> {
    parse_lenient(text).or_else(|| parse(&format!("{}Z", with_t(text.trim()))))
}

fn with_t(clock: &str) -> String {
    let clock = clock.trim_end();
    match clock.split_once(' ') {
        Some((date, time)) => format!("{date}T{}", time.trim_start()),
        None => clock.to_owned(),
    }
}

/// The date and time, and the zone in the form that `parse` expects. A minus sign within the date does not begin a
/// zone.
fn split_zone(text: &str) -> Option<(&str, String)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, "Z".to_owned()));
    }
    let from = text.rfind(['+', '-']).filter(|from| *from > "2026-03-20".len())?;
    let (clock, zone) = text.split_at(from);
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    let is_offset = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_offset.then(|| (clock, format!("{}{}:{}", &zone[..1], &digits[..2], digits.get(2..4).unwrap_or("00"))))
}

/// `millis`, if it is within the years 0 to 9999.
pub fn in_range(millis: i64) -> Option<i64> {
    let moment = DateTime::<Utc>::from_timestamp_millis(millis)?;
    (0..=9999).contains(&moment.year()).then_some(millis)
}

/// Parses the format in which timestamps are stored without the general parser, since histories are long.
fn read_stored_form(text: &str) -> Option<i64> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if separators.iter().any(|(place, separator)| bytes[*place] != *separator) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
    let time = date.and_hms_milli_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?)?;
    Some(time.and_utc().timestamp_millis())
}

/// Whether the text has the format `2026-03-20`.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_read_if_they_name_a_zone() {
        let noon = parse("2026-03-20T12:00:00.250Z");
        for text in [
            "2026-03-20T12:00:00.250+0000",
            "2026-03-20T17:45:00.250+0545",
            "2026-03-20 12:00:00.250Z",
            "2026-03-20 12:00:00.250999 UTC",
            "2026-03-20T14:00:00.250+02",
            "2026-03-20 07:00:00.250 -0500",
            "2026-03-20T12:00:00.250999999Z",
            "2026-03-20T12:00:00,250Z",
            "20260320T120000.250Z",
            "20260320T130000.250+0100",
            "2026-03-20 12:00:00.250999999 +0000 UTC",
            "2026-03-20 13:00:00.25 +0100 CET m=+0.500000001",
            "2026-03-20 09:00:00.25 -0300 -03",
        ] {
            assert_eq!(parse_lenient(text), noon, "{text}");
        }
        let whole = parse("2026-03-20T12:00:00Z");
        for text in ["Fri, 20 Mar 2026 12:00:00 GMT", "Fri, 20 Mar 2026 13:00:00 +0100", "2026-03-20T12:00Z"]
        {
            assert_eq!(parse_lenient(text), whole, "{text}");
        }
        for text in ["2026-03-20T12:00:00.250", "2026-03-20 12:00:00.250"] {
            assert_eq!((parse_lenient(text), parse_utc(text)), (None, noon), "{text}");
        }
        for text in [
            "",
            "soon",
            "+",
            "2026-03-20T12:00:00+1",
            "2026-02-30T12:00:00+0000",
            "\u{feff}+0000",
            "2026-03-20 UTC UTC",
            "+0000 UTC",
            " m=",
        ] {
            assert_eq!((parse_lenient(text), parse_utc(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn texts_and_numbers_have_the_same_range_of_years() {
        let (first, last) = (-62_167_219_200_000, 253_402_300_799_999);
        assert_eq!(parse("0000-01-01T00:00:00.000Z"), Some(first));
        assert_eq!(parse("9999-12-31T23:59:59.9999Z"), Some(last));
        assert_eq!((in_range(first), in_range(last)), (Some(first), Some(last)));
        assert_eq!((in_range(first - 1), in_range(last + 1)), (None, None));
        assert_eq!((parse("0000-01-01T00:00:00+01:00"), parse("9999-12-31T23:59:59-01:00")), (None, None));
    }
}
