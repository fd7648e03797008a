//! Rules by which the table recognises the name of a model or provider.
//!
//! A rule is written in words separated by spaces, the operation before its operands: `|2 =a ^b` holds for the text `a`
//! and for all texts that begin with `b`.
//!
//! | word | holds for a text that |
//! |---|---|
//! | `=abc`, `^abc`, `$abc`, `*abc` | is, begins with, ends with, contains `abc` |
//! | `#a##`, `%a##` | is, begins with `a` and two digits: `#` is any digit |
//! | `\|2`, `&2` | matches one of, all of the next two rules |
//! | `!` | does not match the next rule |

/// Whether the text, which is in lower case, matches the rule.
pub(crate) fn matches(rule: &str, text: &str) -> bool {
    next_matches(&mut rule.split(' '), text)
}

/// Evaluates all operands, even where the first decides: the words after them belong to another rule.
fn next_matches<'r>(words: &mut impl Iterator<Item = &'r str>, text: &str) -> bool {
    let Some(word) = words.next().filter(|word| !word.is_empty()) else { return false };
    let (operation, operand) = word.split_at(1);
    let count_of_matches = |words: &mut _| {
        let all: usize = operand.parse().unwrap_or(0);
        (all, (0..all).filter(|_| next_matches(words, text)).count())
    };
    match operation {
        "=" => text == operand,
        "^" => text.starts_with(operand),
        "$" => text.ends_with(operand),
        "*" => text.contains(operand),
        "#" => text.len() == operand.len() && begins_with_digits(text, operand),
        "%" => begins_with_digits(text, operand),
        "|" => count_of_matches(words).1 > 0,
        "&" => {
            let (all, matching) = count_of_matches(words);
            all == matching
        }
        "!" => !next_matches(words, text),
        _ => false,
    }
}

fn begins_with_digits(text: &str, pattern: &str) -> bool {
    let is_equal = |(text, pattern): (u8, u8)| match pattern {
        b'#' => text.is_ascii_digit(),
        _ => text == pattern,
    };
    text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(is_equal)
}

/// The name with dates like `-20251211` as `-2025-12-11`, which is how the table writes them; `None` if it has none.
pub(crate) fn with_dashed_dates(name: &str) -> Option<String> {
    let mut dashed = String::with_capacity(name.len() + 2);
    let mut rest = name;
    while let Some(at) = rest.find('-') {
        let after = &rest[at + 1..];
        match compact_date(after) {
            Some(date) => {
                dashed.push_str(&rest[..at]);
                dashed.push_str(&format!("-{}-{}-{}", &date[..4], &date[4..6], &date[6..]));
                rest = &after[8..];
            }
            None => {
                dashed.push_str(&rest[..=at]);
                rest = after;
            }
        }
    }
    dashed.push_str(rest);
    (dashed != name).then_some(dashed)
}

/// The eight digits at the start of the text, if they are a date of this century and end there.
fn compact_date(text: &str) -> Option<&str> {
    let date =
        text.get(..8).filter(|date| date.starts_with("20") && date.bytes().all(|b| b.is_ascii_digit()))?;
    if !matches!(text.as_bytes().get(8), None | Some(b'-' | b':')) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| date[range].parse::<u32>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_match_as_documented() {
        for (rule, text, expected) in [
            ("=abc", "abc", true),
            ("=abc", "abcd", false),
            ("^ab", "abc", true),
            ("$bc", "abc", true),
            ("*b", "abc", true),
            ("*d", "abc", false),
            ("#m-####", "m-2026", true),
            ("#m-####", "m-20260", false),
            ("%o#", "o3-mini", true),
            ("%o#", "omni", false),
            ("|2 =a ^b", "bc", true),
            ("|2 =a ^b", "ab", false),
            ("&2 ^a ! |2 *-tts- $-tts", "a-tts", false),
            ("&2 ^a ! |2 *-tts- $-tts", "a-ttsx", true),
            ("", "", false),
        ] {
            assert_eq!(matches(rule, text), expected, "{rule} {text}");
        }
    }

    #[test]
    fn only_real_dates_are_written_with_dashes() {
        for (name, expected) in [
            ("gpt-5.2-20251211", Some("gpt-5.2-2025-12-11")),
            ("model-20251211:free", Some("model-2025-12-11:free")),
            ("a-20251211-20240229", Some("a-2025-12-11-2024-02-29")),
            ("model-20250230", None),
            ("model-202512110", None),
            ("model-20251211x", None),
            ("m-19991231", None),
            ("m-2025121é", None),
            ("model", None),
        ] {
            assert_eq!(with_dashed_dates(name).as_deref(), expected, "{name}");
        }
    }
}
