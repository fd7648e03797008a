//! Lines as logs keep them: colours, and what containers and CI put before each line or around it.

use std::borrow::Cow;

use serde::Deserialize;

use crate::time;

/// A longer beginning of a line is none of a log's.
const LONGEST_PREFIX: usize = 160;

/// What a line of a log carries.
#[derive(Debug, PartialEq)]
pub(crate) struct Unwrapped {
    pub(crate) text: String,
    /// When the log says that it was written.
    pub(crate) time: Option<String>,
    /// Whether the next line of the log goes on where this one ends.
    pub(crate) is_part: bool,
}

/// What the line carries, where it is one of a log that is known: `None` where it stands for itself.
pub(crate) fn unwrap(line: &str) -> Option<Unwrapped> {
    if line.starts_with("{\"log\":\"") {
        return of_docker(line);
    }
    let is_plain = !line.contains('\u{1b}');
    if is_plain
        && (line.starts_with(['{', '"', ' ', '\t', '}', ']']) || line.starts_with("data:") || line.is_empty())
    {
        return None;
    }
    let clean = if is_plain { Cow::Borrowed(line) } else { Cow::Owned(without_colours(line)) };
    let unwrapped = prefixed(&clean);
    if is_plain || unwrapped.is_some() {
        return unwrapped;
    }
    Some(Unwrapped { text: clean.into_owned(), time: None, is_part: false })
}

/// A line of Docker's `json-file`. One of more than 16 KiB is broken into several, of which the last one alone ends.
fn of_docker(line: &str) -> Option<Unwrapped> {
    #[derive(Deserialize)]
    struct Line {
        log: String,
        stream: String,
        time: Option<String>,
    }
    let Line { log, stream, time } = serde_json::from_str(line).ok()?;
    if stream.is_empty() {
        return None;
    }
    let is_part = !log.ends_with('\n');
    Some(Unwrapped { text: log.trim_end_matches(['\n', '\r']).to_owned(), time, is_part })
}

/// A line behind the time, the stream and the like.
fn prefixed(line: &str) -> Option<Unwrapped> {
    let start = line.char_indices().take(LONGEST_PREFIX).map(|(at, _)| at).find(|at| {
        let rest = &line[*at..];
        rest.starts_with("{\"")
            || rest.starts_with("{ \"")
            || rest.starts_with("[{")
            || rest.starts_with("data: {")
    });
    let (prefix, text) = match start {
        Some(start) if start > 0 => line.split_at(start),
        // The rest of a line that Kubernetes broke may begin with anything.
        _ => {
            let mut words = line.splitn(4, ' ');
            let (time, stream, flag, text) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let is_line = is_time(time) && is_stream(stream) && matches!(flag, "F" | "P");
            let time = Some(time.to_owned()).filter(|time| time::parse_lenient(time).is_some());
            return is_line.then(|| Unwrapped { text: text.to_owned(), time, is_part: flag == "P" });
        }
    };
    let words: Vec<&str> = prefix.split_whitespace().collect();
    if !is_prefix(prefix, &words) {
        return None;
    }
    let time = words.iter().find(|word| time::parse_lenient(word).is_some()).map(|word| (*word).to_owned());
    let is_part = words.last() == Some(&"P") && words.iter().any(|word| is_stream(word));
    Some(Unwrapped { text: text.to_owned(), time, is_part })
}

fn is_prefix(prefix: &str, words: &[&str]) -> bool {
    let [first, .., last] = words else {
        return words.first().is_some_and(|word| is_time(word)) && prefix.ends_with(' ');
    };
    if !prefix.ends_with(' ') || prefix.contains('"') {
        return false;
    }
    // `service-1  | {…}` of Docker Compose, `Nov 29 10:00:00 host name[12]: {…}` of syslog.
    let is_of_compose = *last == "|" && words.len() == 2;
    let is_of_syslog = last.ends_with("]:") && (is_month(first) || is_time(first)) && words.len() <= 6;
    let is_known = |word: &&str| is_time(word) || is_level(word) || is_stream(word) || is_flag(word);
    is_of_compose || is_of_syslog || (words.iter().any(|word| is_time(word)) && words.iter().all(is_known))
}

/// Digits with what stands between those of dates and times, also in brackets.
fn is_time(word: &str) -> bool {
    let word = word.trim_matches(['[', ']']);
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4 && word.bytes().all(|byte| byte.is_ascii_digit() || b"-:.,TZ+/".contains(&byte))
}

fn is_month(word: &str) -> bool {
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].contains(&word)
}

fn is_level(word: &str) -> bool {
    let word = word.trim_matches(['[', ']', ':', '|']).to_ascii_uppercase();
    ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", ""].contains(&&*word)
}

fn is_stream(word: &str) -> bool {
    matches!(word, "stdout" | "stderr")
}

/// `F` and `P` of Kubernetes, `00O` of GitLab.
fn is_flag(word: &str) -> bool {
    let of_gitlab = || {
        let word = word.trim_end_matches('+');
        word.len() == 3 && word.ends_with(['O', 'E']) && word[..2].bytes().all(|byte| byte.is_ascii_digit())
    };
    matches!(word, "F" | "P") || of_gitlab()
}

/// The text without the sequences that begin with an escape.
fn without_colours(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            text.push(character);
            continue;
        }
        match characters.next() {
            // Up to the letter that says what to do.
            Some('[') => drop(characters.find(|one| ('@'..='~').contains(one))),
            // A title or a link, up to the bell or to the escape before a backslash.
            Some(']') => {
                while let Some(one) = characters.next() {
                    if one == '\u{7}' || (one == '\u{1b}' && characters.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> (String, Option<String>, bool) {
        let Unwrapped { text, time, is_part } = unwrap(line).unwrap();
        (text, time, is_part)
    }

    #[test]
    fn the_line_in_a_log_is_found() {
        let own = "{\"n\":1}";
        for (line, time) in [
            ("2026-01-01T00:00:00.123456789Z stdout F {\"n\":1}", Some("2026-01-01T00:00:00.123456789Z")),
            ("2026-01-01T00:00:00.1234567Z {\"n\":1}", Some("2026-01-01T00:00:00.1234567Z")),
            ("2026-01-01T00:00:00.000000Z 00O {\"n\":1}", Some("2026-01-01T00:00:00.000000Z")),
            ("agent-1  | {\"n\":1}", None),
            ("Nov 29 10:00:00 host agent[12]: {\"n\":1}", None),
            ("[12:00:01] INFO {\"n\":1}", None),
            ("\u{1b}[32m2026/01/01 12:00:00\u{1b}[0m \u{1b}[1m{\"n\":1}\u{1b}[0m", None),
            (
                "{\"log\":\"{\\\"n\\\":1}\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}",
                Some("2026-01-01T00:00:00Z"),
            ),
            ("\u{1b}]0;title\u{7}{\"n\":1}", None),
        ] {
            assert_eq!(of(line), (own.to_owned(), time.map(str::to_owned), false), "{line}");
        }
    }

    #[test]
    fn a_line_that_was_broken_goes_on_in_the_next_one() {
        assert!(of("2026-01-01T00:00:00Z stdout P {\"n\":").2);
        assert_eq!(of("2026-01-01T00:00:00Z stdout F 1}").0, "1}");
        assert!(of("{\"log\":\"{\\\"n\\\":\",\"stream\":\"stdout\"}").2);
    }

    #[test]
    fn what_is_no_line_of_a_log_stands_for_itself() {
        for line in [
            "",
            "{\"n\":1}",
            "hello {\"n\":1}",
            "response={\"n\":1}",
            "he said: 12:00 {\"n\":1}",
            "[info, x] {\"n\":1}",
            "12",
            "\u{1F600} | \u{1F600}{\"",
            "{\"log\":\"x\"}",
        ] {
            assert_eq!(unwrap(line), None, "{line}");
        }
    }
}
