//! Splits input into its JSON objects: one body over several lines, JSON lines, server-sent events, or the elements of
//! an array. Damage affects only the object that it is in.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::damage::{next_record, recovered, repaired};
use crate::encoded;
use crate::fields::Object;
use crate::log_lines::{self, Link, Unwrapped};
use crate::sources::{csv_heading, csv_row, data_stream_event};
use crate::usage_projection;

/// An object over several lines that does not end within this many bytes is considered damaged.
const LONGEST_OBJECT: usize = 64 << 20;

/// A part of the input.
pub(crate) enum Piece<'a> {
    /// An object and its text.
    Object(Object, &'a str),
    /// Text that begins like an object but is not valid.
    Damaged,
    /// Text that is not JSON.
    Other,
}

/// Calls `see` with every part of `text`.
pub(crate) fn split(text: &str, see: &mut dyn FnMut(Piece<'_>)) {
    let text = text.trim_start_matches('\u{feff}').trim();
    // JSON within JSON: text that was encoded once or twice too often.
    let mut decoded = std::borrow::Cow::Borrowed(text);
    for _ in 0..2 {
        let inner = decoded.starts_with('"').then(|| serde_json::from_str::<String>(&decoded));
        let Some(Ok(inner)) = inner else { break };
        decoded = inner.into();
    }
    let text = &*decoded;
    let mut splitter = Splitter::default();
    text.split('\n').for_each(|line| splitter.line(line, see));
    splitter.end(see);
}

/// Splits the input line by line.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// The beginning of an object that continues on the next line.
    pending: String,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    /// Whether the line in which the object begins begins with a bracket.
    in_array: bool,
    /// The beginnings of lines that a log has split, one for each of its streams.
    parts: Vec<Unwrapped>,
    /// The names of the columns if the input is a table.
    columns: Option<Vec<String>>,
}

impl Splitter {
    /// Processes a line as it is in a file or a log.
    pub(crate) fn line(&mut self, line: &str, see: &mut dyn FnMut(Piece<'_>)) {
        let Some(unwrapped) = log_lines::unwrap(line) else {
            self.end_parts(see);
            return self.own_line(line, see);
        };
        let before = self.parts.iter().position(|part| part.stream == unwrapped.stream);
        let before = before.map(|index| self.parts.remove(index));
        let joined = match before {
            Some(before) if unwrapped.link == Link::MayGoOn => {
                self.whole_line(before, see);
                unwrapped
            }
            Some(mut before) => {
                before.text.push_str(&unwrapped.text);
                Unwrapped { link: unwrapped.link, ..before }
            }
            None => unwrapped,
        };
        if joined.link == Link::Ends || joined.text.len() > LONGEST_OBJECT {
            self.whole_line(joined, see);
        } else {
            self.parts.push(joined);
        }
    }

    /// Processes the split lines whose continuation is missing.
    fn end_parts(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        for part in std::mem::take(&mut self.parts) {
            self.whole_line(part, see);
        }
    }

    /// Processes a complete line, without what the log has added to it.
    fn whole_line(&mut self, line: Unwrapped, see: &mut dyn FnMut(Piece<'_>)) {
        let Unwrapped { text, time, .. } = line;
        let mut timed = |piece: Piece<'_>| match (piece, &time) {
            (Piece::Object(mut object, text), Some(time)) => {
                if !object.contains_key("timestamp") {
                    object.entry("time").or_insert_with(|| Value::String(time.clone()));
                }
                see(Piece::Object(object, text));
            }
            (piece, _) => see(piece),
        };
        text.split('\n').for_each(|line| self.own_line(line, &mut timed));
    }

    fn own_line(&mut self, line: &str, see: &mut dyn FnMut(Piece<'_>)) {
        if self.pending.is_empty() && self.is_of_a_table(line, see) {
            return;
        }
        if !self.pending.is_empty() {
            if self.is_new_beginning(line) {
                self.give_up(see);
            } else {
                // A server-sent event may continue over several `data:` lines.
                return self.go_on(line.strip_prefix("data:").unwrap_or(line), see);
            }
        }
        if let Some(event) = data_stream_event(line) {
            return see(Piece::Object(event, line));
        }
        if let Some(text) = payload(line) {
            self.begin(text, see);
        }
    }

    /// An object that is not complete at the end of the input is damaged.
    pub(crate) fn end(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        self.end_parts(see);
        if !self.pending.is_empty() {
            self.give_up(see);
        }
    }

    /// Whether the line is the heading of a known table, or a row of it.
    fn is_of_a_table(&mut self, line: &str, see: &mut dyn FnMut(Piece<'_>)) -> bool {
        if line.starts_with(['{', '[', ' ', '\t']) || line.is_empty() {
            return false;
        }
        if let Some(columns) = csv_heading(line) {
            self.columns = Some(columns);
            return true;
        }
        let row = self.columns.as_ref().and_then(|columns| csv_row(columns, line));
        row.map(|row| see(Piece::Object(row, line))).is_some()
    }

    fn begin(&mut self, text: &str, see: &mut dyn FnMut(Piece<'_>)) {
        if text.starts_with('{')
            && text.ends_with('}')
            && let Some(object) = usage_projection::read(text)
        {
            return see(Piece::Object(object, text));
        }
        // Text that was encoded once too often.
        if let Some(inner) = encoded::quoted(text) {
            return split(&inner, see);
        }
        self.in_array = text.starts_with('[');
        if let Some(start) = self.scan(text, 0, see) {
            self.keep(text[start..].to_owned(), see);
        }
    }

    fn go_on(&mut self, line: &str, see: &mut dyn FnMut(Piece<'_>)) {
        let mut text = std::mem::take(&mut self.pending);
        let from = text.len();
        text.push_str(line);
        if let Some(start) = self.scan(&text, from, see) {
            // The text is not copied again for each line of a long object.
            text.drain(..start);
            self.keep(text, see);
        }
    }

    /// Keeps the beginning of an object for the next line.
    fn keep(&mut self, text: String, see: &mut dyn FnMut(Piece<'_>)) {
        self.pending = text;
        // A JSON string cannot contain a line break.
        if self.in_string || self.pending.len() > LONGEST_OBJECT {
            self.give_up(see);
        } else {
            self.pending.push('\n');
        }
    }

    /// Continues at `from` in a text that begins with an object, or starts at its beginning. Returns the position of an
    /// object that continues after the text.
    fn scan(&mut self, text: &str, from: usize, see: &mut dyn FnMut(Piece<'_>)) -> Option<usize> {
        let bytes = text.as_bytes();
        let mut start = 0;
        let mut index = from;
        while index < bytes.len() {
            let byte = bytes[index];
            index += 1;
            if self.depth == 0 {
                match byte {
                    b'{' => {
                        start = index - 1;
                        self.depth = 1;
                    }
                    // Only the elements of an array matter. A file system fills a write that it has lost with zeros.
                    b' ' | b'\t' | b'\r' | b',' | b'[' | b']' | b'\0' => {}
                    // Elements that are not objects are skipped. Between two records, a write may be missing.
                    _ => match after_scalar(text, index - 1).or_else(|| next_record(text, index - 1)) {
                        Some(behind) => index = behind,
                        None => {
                            see(Piece::Other);
                            return None;
                        }
                    },
                }
            } else if self.step(byte) && self.depth == 0 {
                let object = &text[start..index];
                match usage_projection::read(object) {
                    Some(read) => see(Piece::Object(read, object)),
                    None => match usage_projection::read(&repaired(object)) {
                        Some(read) => see(Piece::Object(read, object)),
                        None => {
                            see(Piece::Damaged);
                            recovered(object, self.in_array, see);
                        }
                    },
                }
            }
        }
        (self.depth > 0).then_some(start)
    }

    /// Tracks strings and brackets. Returns whether a bracket was closed.
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                return true;
            }
            _ => {}
        }
        false
    }

    /// Whether an object begins on this line although the one before did not end, because a write was interrupted.
    /// After a comma, a bracket or a colon the line may be an element instead.
    fn is_new_beginning(&self, line: &str) -> bool {
        let line = line.trim_end();
        let may_follow = self.pending.trim_end().ends_with([',', '[', ':']);
        !may_follow && line.starts_with('{') && line.ends_with('}') && usage_projection::read(line).is_some()
    }

    /// Reports the pending text as damaged, and reads the complete objects in it.
    fn give_up(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        let (columns, parts) = (self.columns.take(), std::mem::take(&mut self.parts));
        let before = std::mem::replace(self, Self { columns, parts, ..Self::default() });
        see(Piece::Damaged);
        recovered(&before.pending, before.in_array, see);
    }
}

/// The end of the number, text or other scalar that begins at `from` in an array.
fn after_scalar(text: &str, from: usize) -> Option<usize> {
    text.starts_with('[').then_some(())?;
    let mut values = serde_json::Deserializer::from_str(text.get(from..)?).into_iter::<&RawValue>();
    values.next()?.ok()?;
    let behind = from + values.byte_offset();
    let ends = text[behind..].trim_start().starts_with([',', ']']);
    ends.then_some(behind)
}

/// The JSON in a line: the line itself, or the data of a server-sent event. `None` for a blank line, a comment, and
/// other fields of an event.
pub(crate) fn payload(line: &str) -> Option<&str> {
    let line = line.trim_matches(['\u{feff}', '\0', '\u{1e}']).trim();
    let is_field = ["event:", "id:", "retry:", ":"].iter().any(|field| line.starts_with(field));
    let data = line.strip_prefix("data:").map_or(line, str::trim);
    (!is_field && !data.is_empty() && data != "[DONE]").then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The `n` of every object, `x` for damage and `o` for other text.
    fn of(text: &str) -> String {
        let mut seen = Vec::new();
        split(text, &mut |piece| {
            seen.push(match piece {
                Piece::Object(object, _) => object.get("n").map_or("?".to_owned(), ToString::to_string),
                Piece::Damaged => "x".to_owned(),
                Piece::Other => "o".to_owned(),
            });
        });
        seen.join(" ")
    }

    #[test]
    fn objects_are_found_in_every_layout() {
        for (text, found) in [
            ("{\"n\":1}", "1"),
            ("\u{feff}{\"n\":1}\r\n{\"n\":2}\r\n", "1 2"),
            ("{\"n\":1}{\"n\":2} {\"n\":3}", "1 2 3"),
            ("{\n \"n\": 1,\n \"a\": [\n{\"n\":9}\n]\n}\n{\"n\":2}", "1 2"),
            ("[{\"n\":1},\n {\"n\":2}\n]", "1 2"),
            ("[[{\"n\":1}],[{\"n\":2}]]", "1 2"),
            ("[1, \"x{\", null, {\"n\":1}, [true, {\"n\":2}], -1.5e3]", "1 2"),
            ("[1, 2]", ""),
            ("[1x, {\"n\":1}]", "o"),
            ("[12:00] {\"n\":1}\n[info, x] {\"n\":2}\n[{\"n\":3}, x]", "1 o 3 o"),
            ("data: {\"n\":1,\ndata: \"a\":2}\n\ndata: {\"n\":2}", "1 2"),
            ("event: x\ndata: {\"n\":1}\n\n: ping\ndata:{\"n\":2}\ndata: [DONE]\n", "1 2"),
            ("\"{\\\"n\\\":1}\"", "1"),
            ("", ""),
            ("hello", "o"),
            ("12", "o"),
        ] {
            assert_eq!(of(text), found, "{text:?}");
        }
    }

    #[test]
    fn damage_affects_only_its_own_object() {
        for (text, found) in [
            ("{\"n\":1,\"t\":\"torn\n{\"n\":2}", "x 2"),
            ("{\"n\":1,\"a\":[1\n{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("{\"n\":1,\"a\":\n{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("{\"n\":1,\n\"a\":2", "x"),
            ("{\"n\":1}\nlog line\n{\"n\":2}", "1 o 2"),
            ("{\"n\":NaN1}\n{\"n\":2}", "x 2"),
            ("{\"n\":1,\"p\":[NaN,-Infinity]}\n{\"n\":2}", "1 2"),
            ("{\"n\":1,\"t\":\"a\\x \\u12 NaN\u{1}\"}\n{\"n\":2}", "1 2"),
            ("[{\"n\":1,\"a\":{\"b\":5,\n{\"n\":2},\n{\"n\":3}]", "x 2 3"),
            ("[{\"n\":1,\"a\":5,\n{\"n\":2},\n{\"n\":3}]\n{\"n\":4}", "x 2 3 4"),
            ("[{\"n\":1,\"a\":5\n {\"n\":2},\n {\"n\":3}\n]\n{\"n\":4}", "x 2 3 4"),
            ("[{[{\"n\":1},\n{\"n\":2},\n{\"n\":3}]", "x 2 3"),
            (
                "[\n {\n  \"n\":1,\n {\n  \"n\":2,\n  \"a\":[\n   {\"n\":9}\n  ]\n },\n {\n  \"n\":3\n }\n]",
                "x 2 3",
            ),
            ("[\n {\n  \"n\":1,\n  \"a\":[\n },\n {\n  \"n\":2\n }\n]\n{\"n\":3}", "x 2 3"),
            ("\u{1e}{\"n\":1}\n\u{1e}{\"n\":2}", "1 2"),
            ("{\"n\":1}}\n{\"n\":2}", "1 o 2"),
            ("{\"n\":1],\"m\":{\"n\":5},\"t\":[{\"n\":6},{\"n\":7}]}{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("data: {\"n\":1}data: {\"n\":2}\n{\"n\":3}", "1 2 3"),
            ("[{\"n\":1,\"t\":\"a\"b\"},{\"n\":2},{\"n\":3}]\n{\"n\":4}", "x 2 3 4"),
            ("[{\"n\":1,\"a\":{\"b\":1},{\"n\":2,\"a\":{\"b\":2}}, {\"n\":3}]", "x 2 3"),
            ("[{{\"n\":1},{\"n\":2},{\"n\":3}]", "x 1 2 3"),
            ("[\"n\":1},{\"n\":2},{\"n\":3}]", "2 3"),
            ("\"n\":1}{\"n\":2}{\"n\":3}", "2 3"),
            ("{\"n\":1,\"t\":{\"n\":2},\"u\":[{\"n\":7},{\"n\":8},{\"m\"", "x"),
            ("{\"n\":1}\0\0:5}}{\"n\":2}", "1 2"),
            ("{\"n\":1,\"t\":\"to{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("{\"n\":1,\"t\":{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("{\"n\":1,\"t\":{\"m\":2},\"u\":[{\"n\":7}]", "x"),
            ("{\"n\":1,\"t\0\0\0{\"n\":2}\0\0\n\0\0{\"n\":3}\0{\"n\":4}", "x 2 3 4"),
            ("{\"n\":1,\"t\": \"\u{1b}[31m\"}\n\u{1b}[31m{\"n\":2}\u{1b}[0m", "1 2"),
        ] {
            assert_eq!(of(text), found, "{text:?}");
        }
    }

    #[test]
    fn the_time_grows_linearly_with_the_length() {
        for text in [
            "[\n".repeat(200_000),
            "{\"a\":\n".repeat(100_000),
            "{\"a\":[\n".repeat(100_000) + "x",
            "{\"a\":[\n".to_owned() + &"{\"a\":[}]}\n".repeat(100_000),
            "[\n".to_owned() + &"{\"n\":1,\n{\"n\":2},\n".repeat(100_000),
            "[{\"n\":1,".to_owned() + &"{\"n\":2},".repeat(20_000),
            "x}{\"".repeat(200_000),
            "x}{\"n\":1}".repeat(20_000),
            "[{\"n\":1,".to_owned() + &"{\"n\":2},".repeat(20_000) + &"\0".repeat(1_000_000),
        ] {
            split(&text, &mut |_| {});
        }
    }
}
