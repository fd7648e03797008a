//! The lines of logs: removes colours, and what containers and CI systems add before or around each line.

use std::borrow::Cow;

use serde::Deserialize;

use crate::time;

/// The maximum length of the prefix of a log line.
const LONGEST_PREFIX: usize = 160;

/// How many logs may have written their prefixes before a line.
const MOST_LOGS: u8 = 4;

/// How a log line relates to the lines around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// The line is complete by itself, or completes the lines before it.
    Ends,
    /// The next line of the same stream continues this one.
    IsPart,
    /// The line continues the one before, and the next line may continue this one.
    GoesOn,
    /// The next line may continue this one.
    MayGoOn,
}

/// The content of a log line.
#[derive(Debug, PartialEq)]
pub(crate) struct Unwrapped {
    pub(crate) text: String,
    /// When the line was written, according to the log.
    pub(crate) time: Option<String>,
    /// The stream of the line. If the log has split a line, its parts have the same stream.
    pub(crate) stream: String,
    pub(crate) link: Link,
}

impl Unwrapped {
    fn whole(text: &str, time: Option<&str>) -> Self {
        let time = time.filter(|time| time::parse_lenient(time).is_some()).map(str::to_owned);
        Self { text: text.to_owned(), time, stream: String::new(), link: Link::Ends }
    }
}

/// The content of the line if the format of the log is known, else `None`: the line is used unchanged.
pub(crate) fn unwrap(line: &str) -> Option<Unwrapped> {
    within(line, MOST_LOGS)
}

/// The content of a line in a log that may itself be in up to `logs` others.
fn within(line: &str, logs: u8) -> Option<Unwrapped> {
    let logs = logs.checked_sub(1)?;
    if line.starts_with("{\"log\":") {
        return of_docker(line);
    }
    let is_plain = !line.contains('\u{1b}');
    if is_plain
        && (line.starts_with(['{', '"', ' ', '\t', '}', ']']) || line.starts_with("data:") || line.is_empty())
    {
        return None;
    }
    // Text before a carriage return was overwritten.
    let is_overwritten = |at: &usize| is_plain && !line.starts_with('[') && !line[..*at].contains("{\"");
    if let Some(at) = line.rfind("\r{").filter(is_overwritten) {
        return Some(Unwrapped::whole(&line[at + 1..], None));
    }
    let clean = if is_plain { Cow::Borrowed(line) } else { Cow::Owned(without_colours(line)) };
    let of_prefix_alone = || of_prefix_alone(&clean, logs);
    let unwrapped = of_kubernetes(&clean).or_else(|| of_gitlab(&clean)).or_else(of_prefix_alone);
    let unwrapped = unwrapped.or_else(|| prefixed(&clean)).or_else(|| behind_time(&clean));
    if is_plain || unwrapped.is_some() {
        return unwrapped;
    }
    Some(Unwrapped::whole(&clean, time_of_buildkite(line).as_deref()))
}

/// The time that Buildkite writes before each line, in milliseconds since 1970.
fn time_of_buildkite(line: &str) -> Option<String> {
    let rest = line.strip_prefix("\u{1b}_bk;t=")?;
    let end = rest.find(|digit: char| !digit.is_ascii_digit())?;
    let moment = chrono::DateTime::from_timestamp_millis(rest[..end].parse().ok()?)?;
    Some(moment.to_rfc3339())
}

/// A line of Docker's `json-file`. Lines above 16 KiB are split; only the last part ends with a line break.
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
    let link = if log.ends_with('\n') { Link::Ends } else { Link::IsPart };
    Some(Unwrapped { text: log.trim_end_matches(['\n', '\r']).to_owned(), time, stream, link })
}

/// A line of a Kubernetes container runtime: its time, its stream, and whether it is complete (`F`) or partial (`P`).
fn of_kubernetes(line: &str) -> Option<Unwrapped> {
    let mut words = line.splitn(4, ' ');
    let (time, stream, flag, text) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if !is_time(time) || !is_stream(stream) {
        return None;
    }
    let link = match flag {
        "F" => Link::Ends,
        "P" => Link::IsPart,
        _ => return None,
    };
    Some(Unwrapped { stream: stream.to_owned(), link, ..Unwrapped::whole(text, Some(time)) })
}

/// A line of GitLab: its time, and the number and kind of its stream. A plus sign means that it continues the line
/// before.
fn of_gitlab(line: &str) -> Option<Unwrapped> {
    let (time, rest) = line.split_once(' ')?;
    let stream = rest.get(..3).filter(|stream| is_time(time) && is_stream_of_gitlab(stream))?;
    let link = match rest.as_bytes().get(3)? {
        b'+' => Link::GoesOn,
        b' ' => Link::MayGoOn,
        _ => return None,
    };
    Some(Unwrapped { stream: stream.to_owned(), link, ..Unwrapped::whole(&rest[4..], Some(time)) })
}

/// A line after a prefix that every line of the log has: `service-1  | …` of Docker Compose, `task.1.id@node | …` of a
/// service of Docker, `[pod/name/container] …` of kubectl, `[branch] …` of Jenkins, CodeBuild and Tekton,
/// `Step #0 - "name": …` of Cloud Build, `INFO:name:…` of Python, and GitHub's job, step and time, separated by tabs.
fn of_prefix_alone(line: &str, logs: u8) -> Option<Unwrapped> {
    let inner = |text: &str| within(text, logs).or_else(|| Some(Unwrapped::whole(text, None)));
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./@".contains(&byte))
    };
    if let Some((name, text)) = line.split_once('|')
        && is_name(name.trim_end())
        && name.len() <= LONGEST_PREFIX
    {
        return inner(text.strip_prefix(' ').unwrap_or(text));
    }
    if let Some((pod, text)) = line.strip_prefix("[pod/").and_then(|rest| rest.split_once("] "))
        && is_name(pod)
    {
        return inner(text);
    }
    if let Some((branch, text)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] "))
        && is_branch(branch)
    {
        return inner(text);
    }
    if let Some(text) = behind_step(line).or_else(|| behind_level(line, is_name)) {
        return inner(text);
    }
    let mut cells = line.splitn(3, '\t');
    let (job, step, rest) = (cells.next()?, cells.next()?, cells.next()?);
    let (time, text) = rest.split_once(' ')?;
    let is_of_github = !job.contains('"') && !step.contains('"') && is_moment(time);
    is_of_github.then(|| Unwrapped::whole(text, Some(time.trim_start_matches('\u{feff}'))))
}

/// Whether the words in brackets are a name, and not the time, the level or the array with which the line begins.
fn is_branch(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./ :".contains(&byte);
    name.len() <= LONGEST_PREFIX
        && name.bytes().all(is_of_name)
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !name.split(' ').any(|word| is_named_level(word) || is_moment(word))
        && !["true", "false", "null"].contains(&name)
}

/// What follows the step in a line of Cloud Build.
fn behind_step(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("Step #")?.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let (name, text) = rest.split_once(": ")?;
    let is_named = name.strip_prefix(" - \"").and_then(|name| name.strip_suffix('"'));
    (name.is_empty() || is_named.is_some_and(|name| !name.contains('"'))).then_some(text)
}

/// What follows the level and the name of the logger, as Python's `basicConfig` writes them.
fn behind_level(line: &str, is_name: impl Fn(&str) -> bool) -> Option<&str> {
    const LEVELS: &[&str] = &["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
    let (_, rest) = line.split_once(':').filter(|(level, _)| LEVELS.contains(level))?;
    let (name, text) = rest.split_once(':')?;
    is_name(name).then_some(text)
}

/// JSON after a time, a level and similar fields.
fn prefixed(line: &str) -> Option<Unwrapped> {
    let start = line.char_indices().take(LONGEST_PREFIX).map(|(at, _)| at).find(|at| {
        let rest = &line[*at..];
        rest.starts_with("{\"")
            || rest.starts_with("{ \"")
            || rest.starts_with("[{")
            || rest.starts_with("data: {")
    })?;
    let (prefix, text) = line.split_at(start);
    let words: Vec<&str> = prefix.split_whitespace().collect();
    if !is_prefix(prefix, &words) {
        return None;
    }
    let time = words.iter().map(|word| word.trim_matches(['[', ']'])).find(|word| is_moment(word));
    Some(Unwrapped::whole(text, time))
}

/// Any text after a time with a zone: a line of GitHub's or Azure's logs, including lines of a multi-line object.
fn behind_time(line: &str) -> Option<Unwrapped> {
    let (time, text) = line.split_once(' ').unwrap_or((line, ""));
    is_moment(time).then(|| Unwrapped::whole(text, Some(time)))
}

/// Whether the word is a date and time with a zone.
fn is_moment(word: &str) -> bool {
    let word = word.trim_start_matches('\u{feff}');
    word.len() >= "2026-03-20T12:00Z".len() && word.contains('T') && time::parse_lenient(word).is_some()
}

/// What separates the words of a prefix.
const BLANK: [char; 2] = [' ', '\t'];

fn is_prefix(prefix: &str, words: &[&str]) -> bool {
    /// Syslog has the most: a priority, a time, a host, a program, its process id, a message id, and structured data.
    const MOST_WORDS: usize = 9;
    let [first, .., last] = words else {
        let is_alone = |word: &&str| is_time(word) || is_named_level(word);
        return words.first().is_some_and(is_alone) && prefix.ends_with(BLANK);
    };
    let is_apart = prefix.ends_with(BLANK) || (last.starts_with('[') && is_level(last));
    if !is_apart || prefix.contains('"') || words.len() > MOST_WORDS {
        return false;
    }
    let is_known = |word: &str| is_time(word) || is_level(word) || is_stream(word);
    // Syslog, `Nov 29 10:00:00 host name[12]: {…}` and `<34>1 2026-… host name 12 - - {…}`, and the prefixes of
    // loggers: `2026-03-20 12:00:00,123 - name - INFO - {…}`, klog's `I0320 12:00:00.123456 1 main.go:12] {…}`, and zap's
    // fields, separated by tabs.
    let begins = is_month(first) || is_time(first) || is_priority(first) || is_of_klog(first);
    let ends = last.ends_with([':', '-', '|', ']', '>']) || is_known(last) || prefix.ends_with('\t');
    (begins && ends) || (words.iter().any(|word| is_time(word)) && words.iter().all(|word| is_known(word)))
}

/// Whether the word consists of digits and the separators of dates and times, possibly in brackets.
fn is_time(word: &str) -> bool {
    let word = word.trim_matches(['[', ']']);
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4 && word.bytes().all(|byte| byte.is_ascii_digit() || b"-:.,TZ+/".contains(&byte))
}

fn is_month(word: &str) -> bool {
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].contains(&word)
}

fn is_priority(word: &str) -> bool {
    let digits = word.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(digits, _)| digits);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the word is a level and a date, as Kubernetes writes them.
fn is_of_klog(word: &str) -> bool {
    let date = word.strip_prefix(['I', 'W', 'E', 'F']);
    date.is_some_and(|date| matches!(date.len(), 4 | 8) && date.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_level(word: &str) -> bool {
    let word = word.trim_matches(['[', ']', ':', '|']).to_ascii_uppercase();
    ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", ""].contains(&&*word)
}

/// Whether the word is a level, and not only what may stand around one.
fn is_named_level(word: &str) -> bool {
    is_level(word) && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_stream(word: &str) -> bool {
    matches!(word, "stdout" | "stderr")
}

fn is_stream_of_gitlab(word: &str) -> bool {
    word.ends_with(['O', 'E']) && word.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}

/// The text without escape sequences.
fn without_colours(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            text.push(character);
            continue;
        }
        match characters.next() {
            // A control sequence ends with a letter.
            Some('[') => drop(characters.find(|one| ('@'..='~').contains(one))),
            // A title, a link or a program's own command ends with a bell, or with an escape and a backslash.
            Some(']' | '_' | 'P' | '^' | 'X') => {
                while let Some(one) = characters.next() {
                    if one == '\u{7}' || (one == '\u{1b}' && characters.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    // Text before a carriage return was overwritten.
    match text.trim_end_matches('\r').rfind('\r') {
        Some(at) => text.split_off(at + 1),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> (String, Option<String>, Link) {
        let Unwrapped { text, time, link, .. } = unwrap(line).unwrap();
        (text, time, link)
    }

    #[test]
    fn the_content_of_a_log_line_is_found() {
        let own = "{\"n\":1}";
        for (line, time) in [
            ("2026-01-01T00:00:00.123456789Z stdout F {\"n\":1}", Some("2026-01-01T00:00:00.123456789Z")),
            ("2026-01-01T00:00:00.1234567Z {\"n\":1}", Some("2026-01-01T00:00:00.1234567Z")),
            ("agent-1  | {\"n\":1}", None),
            ("Nov 29 10:00:00 host agent[12]: {\"n\":1}", None),
            ("[12:00:01] INFO {\"n\":1}", None),
            ("\u{1b}[32m2026/01/01 12:00:00\u{1b}[0m \u{1b}[1m{\"n\":1}\u{1b}[0m", None),
            (
                "{\"log\":\"{\\\"n\\\":1}\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}",
                Some("2026-01-01T00:00:00Z"),
            ),
            ("\u{1b}]0;title\u{7}{\"n\":1}", None),
            ("\u{1b}_bk;t=1772442000000\u{7}{\"n\":1}", Some("2026-03-02T09:00:00+00:00")),
            ("\u{1b}_bk;t=1772442000000\u{1b}\\{\"n\":1}", Some("2026-03-02T09:00:00+00:00")),
            ("\u{1b}Pq\u{1b}\\{\"n\":1}", None),
            ("agent.1.x7d9@node-1    | {\"n\":1}", None),
            ("[Container] 2026/03/20 12:00:00.123456 {\"n\":1}", None),
            ("Step #0: {\"n\":1}", None),
            ("Step #12 - \"agent\": {\"n\":1}", None),
            ("[agent] {\"n\":1}", None),
            ("[Run the agent] {\"n\":1}", None),
            ("[build : agent] 2026-01-01T00:00:00Z {\"n\":1}", Some("2026-01-01T00:00:00Z")),
            ("[2026-01-01T00:00:00Z INFO  agent] {\"n\":1}", Some("2026-01-01T00:00:00Z")),
            ("[INFO] 2026-01-01T00:00:00Z {\"n\":1}", Some("2026-01-01T00:00:00Z")),
            ("I0320 12:00:00.123456       1 agent.go:12] {\"n\":1}", None),
            ("INFO:root:{\"n\":1}", None),
            ("WARNING:agent.calls:{\"n\":1}", None),
            ("INFO:     {\"n\":1}", None),
            (
                "2026-01-01T00:00:00.000Z\tinfo\tagent/main.go:12\tresponse\t{\"n\":1}",
                Some("2026-01-01T00:00:00.000Z"),
            ),
            ("section_start:1:x\r\u{1b}[0K{\"n\":1}", None),
            ("[pod/agent-1/main] {\"n\":1}", None),
            ("[pod/agent-1/main] 2026-01-01T00:00:00Z {\"n\":1}", Some("2026-01-01T00:00:00Z")),
            ("build\tRun it\t2026-01-01T00:00:00.1234567Z {\"n\":1}", Some("2026-01-01T00:00:00.1234567Z")),
            ("<34>1 2026-01-01T00:00:00Z host agent 12 - - {\"n\":1}", Some("2026-01-01T00:00:00Z")),
            ("2026-01-01 00:00:00,123 - agent - INFO - {\"n\":1}", None),
            ("2026-01-01 00:00:00,123 INFO agent: {\"n\":1}", None),
            ("2026-01-01T00:00:00.000Z\t5c1f-4\tINFO\t{\"n\":1}", Some("2026-01-01T00:00:00.000Z")),
            ("agent-1  | 2026-01-01T00:00:00Z {\"n\":1}", Some("2026-01-01T00:00:00Z")),
            ("0|agent  | {\"n\":1}", None),
            ("Thinking ... 10 %\rThinking ... 20 %\r{\"n\":1}", None),
            ("2026-01-01T00:00:00Z app[148e] ams [info]{\"n\":1}", Some("2026-01-01T00:00:00Z")),
        ] {
            assert_eq!(of(line), (own.to_owned(), time.map(str::to_owned), Link::Ends), "{line}");
        }
    }

    #[test]
    fn a_split_line_continues_in_the_next_one() {
        for (line, text, link) in [
            ("2026-01-01T00:00:00Z stdout P {\"n\":", "{\"n\":", Link::IsPart),
            ("2026-01-01T00:00:00Z stdout F a\": {\"b\": 1}", "a\": {\"b\": 1}", Link::Ends),
            ("{\"log\":\"{\\\"n\\\":\",\"stream\":\"stdout\"}", "{\"n\":", Link::IsPart),
            ("{\"log\": \"1}\\n\", \"stream\": \"stdout\"}", "1}", Link::Ends),
            ("2026-01-01T00:00:00Z 01O {\"n\":", "{\"n\":", Link::MayGoOn),
            ("2026-01-01T00:00:00Z 01O+1}", "1}", Link::GoesOn),
            ("2026-01-01T00:00:00.1234567Z   \"n\": {\"b\": 1}", "  \"n\": {\"b\": 1}", Link::Ends),
            ("agent-1  |   \"n\": 1,", "  \"n\": 1,", Link::Ends),
        ] {
            let (found, _, linked) = of(line);
            assert_eq!((&*found, linked), (text, link), "{line}");
        }
    }

    #[test]
    fn many_prefixes_do_not_exhaust_the_stack() {
        for prefix in ["[pod/a] ", "a|", "a\t", "[a] ", "Step #0: ", "INFO:a:"] {
            unwrap(&prefix.repeat(1_000_000));
        }
    }

    #[test]
    fn other_lines_are_left_unchanged() {
        for line in [
            "",
            "{\"n\":1}",
            "hello {\"n\":1}",
            "response={\"n\":1}",
            "he said: 12:00 {\"n\":1}",
            "[info, x] {\"n\":1}",
            "[null] {\"n\":1}",
            "[1] {\"n\":1}",
            "Step: {\"n\":1}",
            "INFO:a b:{\"n\":1}",
            "12",
            "\u{1F600} | \u{1F600}{\"",
            "{\"log\":\"x\"}",
        ] {
            assert_eq!(unwrap(line), None, "{line}");
        }
    }
}
