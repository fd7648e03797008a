//! Reading a JSON array element by element, whatever its size and whatever is wrong with it.

use std::io::{self, BufRead};

use serde::de::IgnoredAny;

/// What a file that should hold one JSON array was found to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// Nothing but blanks, or nothing at all.
    Blank,
    /// One JSON array.
    Intact(Tail),
    /// The start of an array: whole elements up to `end`, behind it only a comma or nothing.
    Unclosed { end: u64 },
    /// Behind `end` stands what is not part of an array of whole elements. 0: the file holds no array.
    Damaged { end: u64 },
}

/// Where the elements of an array end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    /// Behind the last element; behind the opening `[` where there is none.
    pub(super) end: u64,
    /// The offset of the closing `]`. Between `end` and here, and behind, are only blanks.
    pub(super) close: u64,
    /// Whether the array has no elements.
    pub(super) is_empty: bool,
}

/// JSON's own idea of white space, which is not Rust's.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Reads all of `reader` and shows the text of every whole element, and the offset behind it, to `see`.
pub(super) fn scan(reader: impl BufRead, mut see: impl FnMut(&str, u64)) -> io::Result<Scan> {
    let mut bytes = Bytes { reader, offset: 0 };
    match bytes.next_not_blank()? {
        None => return Ok(Scan::Blank),
        Some(b'[') => {}
        Some(_) => return Ok(Scan::Damaged { end: 0 }),
    }
    let mut end = bytes.offset;
    let mut is_empty = true;
    let mut element = Element::default();
    loop {
        let stop = element.read(&mut bytes)?;
        let is_whole = match (element.json(), stop) {
            (_, Stop::Garbage) | (None, _) => false,
            // A number that the file ends with may have had more digits.
            (Some(text), Stop::EndOfFile) => text.ends_with('}'),
            _ => true,
        };
        if is_whole && let Some(text) = element.json() {
            see(text, element.end);
            end = element.end;
            is_empty = false;
        }
        let is_absent = element.text.is_empty();
        match stop {
            Stop::Comma if is_whole => {}
            Stop::EndOfFile if is_whole || is_absent => return Ok(Scan::Unclosed { end }),
            Stop::Close if is_whole || is_absent => {
                let close = bytes.offset - 1;
                let after_comma = is_absent && !is_empty;
                return Ok(match bytes.next_not_blank()? {
                    Some(_) => Scan::Damaged { end },
                    None if after_comma => Scan::Unclosed { end },
                    None => Scan::Intact(Tail { end, close, is_empty }),
                });
            }
            _ => return Ok(Scan::Damaged { end }),
        }
    }
}

struct Bytes<R> {
    reader: R,
    /// How many bytes were read.
    offset: u64,
}

impl<R: BufRead> Bytes<R> {
    fn next(&mut self) -> io::Result<Option<u8>> {
        let buffered = loop {
            match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let byte = buffered.first().copied();
        if byte.is_some() {
            self.reader.consume(1);
            self.offset += 1;
        }
        Ok(byte)
    }

    fn next_not_blank(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.next()? {
                Some(byte) if is_blank(byte) => {}
                other => return Ok(other),
            }
        }
    }
}

/// What an element ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Comma,
    Close,
    EndOfFile,
    /// A byte that JSON does not allow where it stands, such as a line end within a string.
    Garbage,
}

#[derive(Default)]
struct Element {
    /// Without the blanks around it.
    text: Vec<u8>,
    /// The offset behind it.
    end: u64,
}

impl Element {
    /// Reads up to the comma or bracket that ends the element. This only counts brackets and skips
    /// strings; whether the text is JSON is for [`Element::json`] to say.
    fn read<R: BufRead>(&mut self, bytes: &mut Bytes<R>) -> io::Result<Stop> {
        self.text.clear();
        let (mut depth, mut in_string, mut is_escaped) = (0_u64, false, false);
        let mut trimmed = 0;
        let stop = loop {
            let Some(byte) = bytes.next()? else { break Stop::EndOfFile };
            if in_string {
                match byte {
                    0..0x20 => break Stop::Garbage,
                    _ if is_escaped => is_escaped = false,
                    b'\\' => is_escaped = true,
                    b'"' => in_string = false,
                    _ => {}
                }
            } else {
                match byte {
                    _ if is_blank(byte) => {
                        if !self.text.is_empty() {
                            self.text.push(byte);
                        }
                        continue;
                    }
                    0..0x20 => break Stop::Garbage,
                    b',' if depth == 0 => break Stop::Comma,
                    b']' if depth == 0 => break Stop::Close,
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            self.text.push(byte);
            trimmed = self.text.len();
            self.end = bytes.offset;
        };
        self.text.truncate(trimmed);
        Ok(stop)
    }

    fn json(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.text).ok()?;
        serde_json::from_str::<IgnoredAny>(text).is_ok().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Scan, Vec<String>) {
        let mut seen = Vec::new();
        // A tiny buffer, so that everything crosses its end somewhere.
        let reader = io::BufReader::with_capacity(3, text.as_bytes());
        (scan(reader, |element, _| seen.push(element.to_owned())).unwrap(), seen)
    }

    #[test]
    fn an_intact_array_is_read_as_any_parser_reads_it() {
        for (text, end, close, count) in [
            ("[]", 1, 1, 0),
            (" \n[ \t\r\n] \n", 3, 7, 0),
            ("[{}]", 3, 3, 1),
            ("[\n{\"a\":\"]},\\\"\"}  ,\n{\"b\":[{},[1]]}\n]   ", 33, 34, 2),
            ("[null, \"x\" , -1.5e3, [[]], true]", 31, 31, 5),
        ] {
            let (found, seen) = of(text);
            assert_eq!(found, Scan::Intact(Tail { end, close, is_empty: count == 0 }), "{text}");
            let parsed: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
            let seen: Vec<serde_json::Value> =
                seen.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            assert_eq!(parsed, seen);
        }
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_wrong() {
        for (text, found) in [
            ("", Scan::Blank),
            (" \n\t", Scan::Blank),
            ("[", Scan::Unclosed { end: 1 }),
            ("[{}", Scan::Unclosed { end: 3 }),
            ("[{}  ", Scan::Unclosed { end: 3 }),
            ("[{} ,\n", Scan::Unclosed { end: 3 }),
            ("[{},]", Scan::Unclosed { end: 3 }),
            ("[{},12", Scan::Damaged { end: 3 }),
            ("[{},{\"a\":[1]", Scan::Damaged { end: 3 }),
            ("[{},{\"a\":[1]   ", Scan::Damaged { end: 3 }),
            ("[{}]x", Scan::Damaged { end: 3 }),
            ("[{}]\0", Scan::Damaged { end: 3 }),
            ("[{},\0,{}]", Scan::Damaged { end: 3 }),
            ("[,{}]", Scan::Damaged { end: 1 }),
            ("[{}}]", Scan::Damaged { end: 1 }),
            ("[{}\n{}]", Scan::Damaged { end: 1 }),
            ("[{},{\"a\":\"x\n{}]", Scan::Damaged { end: 3 }),
            ("[{},{\"a\":1]]", Scan::Damaged { end: 3 }),
            ("[{},{a:1}]", Scan::Damaged { end: 3 }),
            ("{\"a\":1}", Scan::Damaged { end: 0 }),
            ("\0\0", Scan::Damaged { end: 0 }),
        ] {
            assert_eq!(of(text).0, found, "{text:?}");
        }
    }

    #[test]
    fn text_that_is_not_utf_8_is_damage() {
        let bytes: &[u8] = b"[{},{\"a\":\"\xff\"}]";
        assert_eq!(scan(bytes, |_, _| {}).unwrap(), Scan::Damaged { end: 3 });
    }
}
