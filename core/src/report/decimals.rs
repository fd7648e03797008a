//! Decimal numbers, rounded half away from zero.

/// `value` with at most `decimals` digits after the point; ties of the decimal representation are rounded away from
/// zero (0.03125 → 0.0313).
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    // The shortest text that reads back as `value` is the decimal representation.
    let shortest = value.to_string();
    let (sign, digits) = shortest.strip_prefix('-').map_or(("", &*shortest), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let round_up = fraction.as_bytes().get(decimals).is_some_and(|digit| *digit >= b'5');
    let kept = format!("{whole}{fraction:0<decimals$.decimals$}");
    let kept = if round_up { increment(&kept) } else { kept };
    let sign = if kept.bytes().all(|digit| digit == b'0') { "" } else { sign };
    let (whole, fraction) = kept.split_at(kept.len() - decimals);
    if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn increment(digits: &str) -> String {
    let nines = digits.bytes().rev().take_while(|digit| *digit == b'9').count();
    let (head, _) = digits.split_at(digits.len() - nines);
    let zeros = "0".repeat(nines);
    match head.as_bytes().split_last() {
        Some((last, front)) => {
            format!("{}{}{zeros}", String::from_utf8_lossy(front), char::from(last + 1))
        }
        None => format!("1{zeros}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_round_as_people_expect() {
        for (value, decimals, text) in [
            (0.03125, 4, "0.0313"),
            (1.005, 2, "1.01"),
            (2.5, 0, "3"),
            (0.999_95, 4, "1.0000"),
            (9.996, 2, "10.00"),
            (-0.03125, 4, "-0.0313"),
            (-0.000_01, 4, "0.0000"),
            (0.0, 4, "0.0000"),
            (14086.0, 1, "14086.0"),
            (1e20, 0, "100000000000000000000"),
            (f64::INFINITY, 2, "inf"),
        ] {
            assert_eq!(fixed(value, decimals), text, "{value}");
        }
    }
}
