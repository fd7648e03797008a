//! The line below a table that says which time it is about.

use mcoda_core::report::count;
use mcoda_core::{ReportPeriod, Timestamp};

use crate::usage_flags::TimeFlags;

/// The period in words, and the calls before it: `Last 7 days; 20,112 earlier calls are not in it, --since all shows them.`
/// `default` is the period without `--since`.
pub fn period(flags: &TimeFlags, default: &str, period: &ReportPeriod) -> String {
    let mut text = match flags.since.as_deref().map(str::trim) {
        None => default.to_owned(),
        Some(since) => in_words(since, period.since),
    };
    if let Some(until) = period.until {
        text += &format!(", up to {}", minute(until));
    }
    match period.earlier_calls {
        0 => {}
        1 => text += "; 1 earlier call is not in it, --since all shows it",
        calls => text += &format!("; {} earlier calls are not in it, --since all shows them", count(calls)),
    }
    text + "."
}

fn in_words(since: &str, time: Option<Timestamp>) -> String {
    let last = span(since).map(|(number, unit)| match number {
        "1" => format!("Last {unit}"),
        _ => format!("Last {number} {unit}s"),
    });
    match (since, time) {
        ("today", _) => "Today".to_owned(),
        ("yesterday", _) => "Since yesterday".to_owned(),
        ("this-week", _) => "This week".to_owned(),
        (_, None) => "All time".to_owned(),
        (_, Some(time)) => last.unwrap_or_else(|| format!("Since {}", minute(time))),
    }
}

/// The number and the unit of a time span, which the engine has accepted.
fn span(since: &str) -> Option<(&str, &'static str)> {
    let digits = since.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
    let (number, unit) = since.split_at(digits);
    let unit = match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        _ => return None,
    };
    Some((number, unit))
}

/// `2026-03-20 12:00 UTC`
fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(since: Option<&str>, until: Option<&str>, earlier_calls: u64) -> String {
        let flags = TimeFlags { since: since.map(str::to_owned), until: until.map(str::to_owned) };
        let mut found = ReportPeriod::default();
        found.since = since.filter(|since| *since != "all").map(|_| "2026-03-13T12:00:00Z".parse().unwrap());
        found.until = until.map(|until| until.parse().unwrap());
        found.earlier_calls = earlier_calls;
        period(&flags, "Last 7 days", &found)
    }

    #[test]
    fn a_period_is_said_in_words_with_what_it_leaves_out() {
        for (since, earlier, text) in [
            (None, 20_112, "Last 7 days; 20,112 earlier calls are not in it, --since all shows them."),
            (Some("1h"), 1, "Last hour; 1 earlier call is not in it, --since all shows it."),
            (Some("6mo"), 0, "Last 6 months."),
            (Some(" today"), 0, "Today."),
            (Some("this-week"), 0, "This week."),
            (Some("all"), 0, "All time."),
            (Some("2026-03-13T12:00:00Z"), 0, "Since 2026-03-13 12:00 UTC."),
        ] {
            assert_eq!(said(since, None, earlier), text);
        }
        let until = said(Some("yesterday"), Some("2026-03-20T00:00:00Z"), 0);
        assert_eq!(until, "Since yesterday, up to 2026-03-20 00:00 UTC.");
    }
}
