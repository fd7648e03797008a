//! Formatting of numbers and durations.

use super::decimals::fixed;
use super::table::MISSING;

const MINUTES_PER_HOUR: f64 = 60.0;
const HOURS_PER_DAY: f64 = 24.0;
const DAYS_PER_YEAR: f64 = 365.25;

/// The width of a completion bar in characters.
const BAR: usize = 20;

/// A whole number with a comma between each three digits: `20,112`.
pub fn count(value: impl std::fmt::Display) -> String {
    thousands(&value.to_string())
}

/// A decimal number with a comma between each three digits of its whole part.
pub(super) fn thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    let mut text = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// An amount of money: two decimals, four below 1.
pub(super) fn money(amount: Option<f64>) -> String {
    let Some(amount) = amount else { return MISSING.to_owned() };
    let decimals = if amount != 0.0 && amount.abs() < 1.0 { 4 } else { 2 };
    thousands(&fixed(amount, decimals))
}

/// An amount of money, with its currency if that is given: `1.50 USD`.
pub(super) fn money_in(amount: Option<f64>, currency: Option<&str>) -> String {
    match (amount, currency) {
        (Some(_), Some(code)) => format!("{} {code}", money(amount)),
        _ => money(amount),
    }
}

/// The duration of agent calls: `850 ms`, `1.5 s`, `3 min 20 s`, and from an hour on as [`format_duration`].
pub(super) fn format_millis(millis: f64) -> String {
    let seconds = (millis / 1000.0).round();
    if millis < 999.5 {
        format!("{} ms", fixed(millis.max(0.0), 0))
    } else if millis < 9_950.0 {
        format!("{} s", number((millis / 100.0).round() / 10.0))
    } else if seconds < 3600.0 {
        units(seconds, 60.0, "min", "s")
    } else {
        format_duration(seconds / 3600.0)
    }
}

/// With at most two decimals, without trailing zeros.
pub(super) fn number(value: f64) -> String {
    let text = fixed(value, 2);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Story points per hour, with two decimals; a velocity above 0 is never shown as 0.
pub(super) fn format_velocity(value: f64) -> String {
    if value > 0.0 && value < 0.01 { "< 0.01".to_owned() } else { fixed(value, 2) }
}

/// A duration in hours, in its two largest units: `12 min`, `3 h 12 min`, `2 d 4 h`, `45 d`, `3 y`. A day has 24 hours,
/// since agents work at night. A duration of 0 or less is `0 min`.
pub(super) fn format_duration(hours: f64) -> String {
    if hours <= 0.0 { "0 min".to_owned() } else { format_positive_duration(hours) }
}

/// [`format_duration`] for a duration above 0: a short one is `< 1 min`.
pub(super) fn format_positive_duration(hours: f64) -> String {
    let minutes = (hours * MINUTES_PER_HOUR).round();
    let whole_hours = hours.round();
    let days = (hours / HOURS_PER_DAY).round();
    if minutes < 1.0 {
        "< 1 min".to_owned()
    } else if minutes < HOURS_PER_DAY * MINUTES_PER_HOUR {
        units(minutes, MINUTES_PER_HOUR, "h", "min")
    } else if whole_hours < 14.0 * HOURS_PER_DAY {
        units(whole_hours, HOURS_PER_DAY, "d", "h")
    } else if days < 2.0 * DAYS_PER_YEAR {
        format!("{days} d")
    } else {
        format!("{} y", (days / DAYS_PER_YEAR).round())
    }
}

/// `count` small units as large and small ones; a part that is 0 is omitted.
fn units(count: f64, small_per_large: f64, large: &str, small: &str) -> String {
    let (many, few) = ((count / small_per_large).floor(), count % small_per_large);
    if many == 0.0 {
        format!("{few} {small}")
    } else if few == 0.0 {
        format!("{many} {large}")
    } else {
        format!("{many} {large} {few} {small}")
    }
}

/// The filled part is rounded down, so the bar is full only if everything is done.
pub(super) fn completion_bar(done: usize, total: usize) -> String {
    let percent = if total == 0 { 0.0 } else { done as f64 / total as f64 * 100.0 };
    let filled = (done * BAR).checked_div(total).unwrap_or(0).min(BAR);
    let percent = format!("{} %", fixed(percent, 1));
    let (done, total) = (count(done), count(total));
    format!("[{}{}] {percent:>7}  {done} of {total}", "#".repeat(filled), "-".repeat(BAR - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_before_they_are_split() {
        for (hours, text) in [
            (0.0, "< 1 min"),
            (0.008, "< 1 min"),
            (0.2, "12 min"),
            (59.6 / 60.0, "1 h"),
            (3.2, "3 h 12 min"),
            (23.9999, "1 d"),
            (23.5, "23 h 30 min"),
            (52.0, "2 d 4 h"),
            (335.9, "14 d"),
            (45.2 * 24.0, "45 d"),
            (3.1 * 8766.0, "3 y"),
        ] {
            assert_eq!(format_positive_duration(hours), text, "{hours}");
        }
        assert_eq!(format_duration(0.0), "0 min");
        assert_eq!(format_duration(0.001), "< 1 min");
    }

    #[test]
    fn durations_of_calls_have_two_units() {
        for (millis, text) in [
            (0.0, "0 ms"),
            (0.4, "0 ms"),
            (850.0, "850 ms"),
            (999.6, "1 s"),
            (1500.0, "1.5 s"),
            (14_086.0, "14 s"),
            (59_700.0, "1 min"),
            (200_000.0, "3 min 20 s"),
            (3_599_700.0, "1 h"),
            (5_400_000.0, "1 h 30 min"),
        ] {
            assert_eq!(format_millis(millis), text, "{millis}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        for (number, text) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-1234567.125", "-1,234,567.125")]
        {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(
            [Some(0.0), Some(0.03125), Some(12345.678), None].map(money),
            ["0.00", "0.0313", "12,345.68", "-"]
        );
    }

    #[test]
    fn numbers_keep_their_significant_decimals() {
        for (value, text) in [(34.0, "34"), (0.5, "0.5"), (1.005, "1.01"), (100.0, "100"), (0.0, "0")] {
            assert_eq!(number(value), text);
        }
        for (value, text) in [(10.0, "10.00"), (0.004, "< 0.01"), (0.0, "0.00"), (-2.0, "-2.00")] {
            assert_eq!(format_velocity(value), text);
        }
    }
}
