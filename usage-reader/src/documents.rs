//! Cutting input into the JSON objects in it: one body over many lines, an object a line, the events of a
//! server, or the elements of an array. What is damaged costs itself alone.

use serde_json::value::RawValue;

use crate::fields::Object;
use crate::usage_projection;

/// An object over several lines that does not end within so many bytes is taken for damage.
const LONGEST_OBJECT: usize = 64 << 20;

/// A part of the input.
pub(crate) enum Piece<'a> {
    /// An object, and its text.
    Object(Object, &'a str),
    /// Text that begins like an object and is none.
    Damaged,
    /// Text that is no JSON.
    Other,
}

/// Shows every part of `text` to `see`.
pub(crate) fn split(text: &str, see: &mut dyn FnMut(Piece<'_>)) {
    let text = text.trim_start_matches('\u{feff}').trim();
    // JSON within JSON: a text that was encoded once too often.
    if text.starts_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(text)
        && !inner.starts_with('"')
    {
        return split(&inner, see);
    }
    let mut splitter = Splitter::default();
    text.split('\n').for_each(|line| splitter.line(line, see));
    splitter.end(see);
}

/// Takes the input line by line.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// The beginning of an object that goes on in the next line.
    pending: String,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Splitter {
    pub(crate) fn line(&mut self, line: &str, see: &mut dyn FnMut(Piece<'_>)) {
        if !self.pending.is_empty() {
            if self.is_new_beginning(line) {
                self.give_up(see);
            } else {
                // A server's event may go on over several lines of data.
                return self.go_on(line.strip_prefix("data:").unwrap_or(line), see);
            }
        }
        if let Some(text) = payload(line) {
            self.begin(text, see);
        }
    }

    /// What the input ends in the middle of is damage.
    pub(crate) fn end(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        if !self.pending.is_empty() {
            self.give_up(see);
        }
    }

    fn begin(&mut self, text: &str, see: &mut dyn FnMut(Piece<'_>)) {
        if text.starts_with('{')
            && text.ends_with('}')
            && let Some(object) = usage_projection::read(text)
        {
            return see(Piece::Object(object, text));
        }
        if let Some(start) = self.scan(text, 0, see) {
            self.keep(text[start..].to_owned(), see);
        }
    }

    fn go_on(&mut self, line: &str, see: &mut dyn FnMut(Piece<'_>)) {
        let mut text = std::mem::take(&mut self.pending);
        let from = text.len();
        text.push_str(line);
        if let Some(start) = self.scan(&text, from, see) {
            // An object over many lines is not copied for each of them.
            text.drain(..start);
            self.keep(text, see);
        }
    }

    /// Keeps the beginning of an object for the next line.
    fn keep(&mut self, text: String, see: &mut dyn FnMut(Piece<'_>)) {
        self.pending = text;
        // No line ends within a string.
        if self.in_string || self.pending.len() > LONGEST_OBJECT {
            self.give_up(see);
        } else {
            self.pending.push('\n');
        }
    }

    /// Reads on at `from` in a text that begins with an object, or at its beginning. Returns where an object
    /// begins that goes on behind the text.
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
                    // An array is its elements.
                    b' ' | b'\t' | b'\r' | b',' | b'[' | b']' => {}
                    // Those that are no objects are nothing.
                    _ => match after_scalar(text, index - 1) {
                        Some(behind) => index = behind,
                        None => {
                            see(Piece::Other);
                            return None;
                        }
                    },
                }
            } else if self.step(byte) && self.depth == 0 {
                let object = &text[start..index];
                see(usage_projection::read(object).map_or(Piece::Damaged, |read| Piece::Object(read, object)));
            }
        }
        (self.depth > 0).then_some(start)
    }

    /// Follows strings and brackets. Whether a bracket was closed.
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

    /// Whether an object begins with this line although the one before did not end: a line that was torn
    /// off. Behind a comma, a bracket or a colon an element may follow.
    fn is_new_beginning(&self, line: &str) -> bool {
        let line = line.trim_end();
        let may_follow = self.pending.trim_end().ends_with([',', '[', ':']);
        !may_follow && line.starts_with('{') && line.ends_with('}') && usage_projection::read(line).is_some()
    }

    /// Takes what is pending for damage, and of its lines those that are whole.
    fn give_up(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        let text = std::mem::take(self).pending;
        see(Piece::Damaged);
        for line in text.split('\n').skip(1).filter_map(payload) {
            let line = line.trim_end_matches(',');
            if line.starts_with('{')
                && let Some(object) = usage_projection::read(line)
            {
                see(Piece::Object(object, line));
            }
        }
    }
}

/// Where the number, text or the like ends that begins at `from` in the elements of an array.
fn after_scalar(text: &str, from: usize) -> Option<usize> {
    text.starts_with('[').then_some(())?;
    let mut values = serde_json::Deserializer::from_str(text.get(from..)?).into_iter::<&RawValue>();
    values.next()?.ok()?;
    let behind = from + values.byte_offset();
    let ends = text[behind..].trim_start().starts_with([',', ']']);
    ends.then_some(behind)
}

/// What a line carries: the line, or the data of a server's event. Nothing where the line is blank, a comment
/// or another field of an event.
fn payload(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('\u{feff}').trim();
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
    fn objects_are_found_however_they_are_laid_out() {
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
            ("[12:00] {\"n\":1}\n[info, x] {\"n\":2}\n[{\"n\":3}, x]", "o o 3 o"),
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
    fn damage_costs_itself_alone() {
        for (text, found) in [
            ("{\"n\":1,\"t\":\"torn\n{\"n\":2}", "x 2"),
            ("{\"n\":1,\"a\":[1\n{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("{\"n\":1,\"a\":\n{\"n\":2}\n{\"n\":3}", "x 2 3"),
            ("{\"n\":1,\n\"a\":2", "x"),
            ("{\"n\":1}\nlog line\n{\"n\":2}", "1 o 2"),
            ("{\"n\":NaN}\n{\"n\":2}", "x 2"),
            ("{\"n\":1}}\n{\"n\":2}", "1 o 2"),
        ] {
            assert_eq!(of(text), found, "{text:?}");
        }
    }

    #[test]
    fn the_time_it_takes_grows_with_the_length_alone() {
        for text in ["[\n".repeat(200_000), "{\"a\":\n".repeat(100_000), "{\"a\":[\n".repeat(100_000) + "x"] {
            split(&text, &mut |_| {});
        }
    }
}
