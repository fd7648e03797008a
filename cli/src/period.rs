//! The line below a table that says which time it is about.

use mcoda_core::report::count;
use mcoda_core::{CallsOutside, ReportPeriod, Timestamp};

use crate::usage_flags::TimeFlags;

/// The period without a beginning and an end.
pub const ALL_TIME: &str = "All time";

/// The period in words, and the calls before it: `Last 7 days; 20,112 earlier calls are not in it, --since all shows them.`
/// `default` is the period without `--since`.
pub fn period(flags: &TimeFlags, default: &str, period: &ReportPeriod) -> String {
    in_words(flags, default, period.since, period.until, &period.outside)
}

/// [`period`] of a list of calls, from the time range and the calls outside of it.
pub fn in_words(
    flags: &TimeFlags,
    default: &str,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    outside: &CallsOutside,
) -> String {
    let start = match flags.since.as_deref().map(str::trim) {
        None => default.to_owned(),
        Some(words) => start(words, since),
    };
    let text = match until.map(minute) {
        Some(until) if start == ALL_TIME => format!("Up to {until}"),
        Some(until) => format!("{start}, up to {until}"),
        None => start,
    };
    text + &left_out(outside, until.is_some()) + "."
}

/// The calls that the period leaves out, for which `--since all` is the way. With an end it is not that for all of them, and
/// whoever gives an end knows that later ones are missing.
fn left_out(outside: &CallsOutside, has_end: bool) -> String {
    let number = |calls: u64, kind: &str, end: &str| {
        (calls > 0).then(|| format!("{} {kind}call{}{end}", count(calls), if calls == 1 { "" } else { "s" }))
    };
    let without_time = if has_end { 0 } else { outside.calls - outside.before - outside.after };
    let parts = [number(outside.before, "earlier ", ""), number(without_time, "", " without a valid time")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match outside.before + without_time {
        0 => String::new(),
        1 => format!("; {} is not in it, --since all shows it", parts.join("")),
        _ => format!("; {} are not in it, --since all shows them", parts.join(" and ")),
    }
}

/// Where the period begins.
fn start(since: &str, time: Option<Timestamp>) -> String {
    let last = span(since).map(|(number, unit)| match number {
        "1" => format!("Last {unit}"),
        _ => format!("Last {number} {unit}s"),
    });
    match (since, time) {
        ("today", _) => "Today".to_owned(),
        ("yesterday", _) => "Since yesterday".to_owned(),
        ("this-week", _) => "This week".to_owned(),
        (_, None) => ALL_TIME.to_owned(),
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
        (found.outside.before, found.outside.calls) = (earlier_calls, earlier_calls);
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
        assert_eq!(said(Some("all"), Some("2026-03-20T00:00:00Z"), 0), "Up to 2026-03-20 00:00 UTC.");
    }
    #[test]
    fn calls_without_a_valid_time_are_in_no_period_but_all_time() {
        let outside = |calls, before, after| {
            let mut outside = CallsOutside::default();
            (outside.calls, outside.before, outside.after) = (calls, before, after);
            outside
        };
        let all = left_out(&outside(8, 5, 1), false);
        assert_eq!(
            all,
            "; 5 earlier calls and 2 calls without a valid time are not in it, --since all shows them"
        );
        let one = left_out(&outside(2, 0, 1), false);
        assert_eq!(one, "; 1 call without a valid time is not in it, --since all shows it");
        assert_eq!(left_out(&outside(3, 0, 1), true), "");
    }
}
