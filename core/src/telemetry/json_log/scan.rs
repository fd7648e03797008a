//! Reads a JSON array of any size element by element, and finds where it is damaged.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};

use serde::de::IgnoredAny;

use super::head::Head;

/// One element is in memory at a time. A longer one counts as damage.
pub(crate) const LONGEST_ELEMENT: usize = 64 << 20;

/// The state of a file that should contain one JSON array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// Blanks only, or empty.
    Blank,
    /// One JSON array.
    Intact(Tail),
    /// The start of an array: complete elements up to `end`, then at most a comma.
    Unclosed { end: u64 },
    /// Complete elements up to `end`, then invalid text. 0: the file is not an array.
    Damaged { end: u64 },
}

/// The end of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    /// The offset after the last element, or after the opening `[` if there is none.
    pub(super) end: u64,
    /// The offset of the closing `]`. Between `end` and here, and afterwards, there are only blanks.
    pub(super) close: u64,
    /// Whether the array has no elements.
    pub(super) is_empty: bool,
}

/// White space in JSON, which differs from Rust's.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How many bytes are read at once.
pub(super) const BUFFER: usize = 64 * 1024;

/// A complete element.
#[derive(Debug)]
pub(super) struct Element<'t> {
    pub(super) text: &'t str,
    /// `None` unless it is an object.
    pub(super) head: Option<Head>,
    /// The offset after it.
    pub(super) end: u64,
}

impl Element<'_> {
    pub(super) fn id(&self) -> Option<&str> {
        self.head.as_ref()?.id.as_deref()
    }
}

/// Scans the whole file, as [`scan`] does.
pub(super) fn scan_file(mut file: &File, visit: impl FnMut(&Element<'_>)) -> io::Result<Scan> {
    file.rewind()?;
    scan(BufReader::with_capacity(BUFFER, file), visit)
}

/// Reads all of `reader` and calls `visit` for every complete element.
pub(super) fn scan(reader: impl BufRead, mut visit: impl FnMut(&Element<'_>)) -> io::Result<Scan> {
    let mut bytes = Bytes { reader, offset: 0 };
    match bytes.next_not_blank()? {
        None => return Ok(Scan::Blank),
        Some(b'[') => {}
        Some(_) => return Ok(Scan::Damaged { end: 0 }),
    }
    let mut end = bytes.offset;
    let mut is_empty = true;
    let mut element = ElementReader::default();
    loop {
        let stop = element.read(&mut bytes)?;
        let found = match stop {
            Stop::Garbage => None,
            // A number at the end of the file may be incomplete.
            Stop::EndOfFile => element.json().filter(|found| found.text.ends_with('}')),
            Stop::Comma | Stop::Close => element.json(),
        };
        if let Some(found) = &found {
            visit(found);
            end = found.end;
            is_empty = false;
        }
        let is_whole = found.is_some();
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
    /// The buffered bytes; empty at the end.
    fn buffered(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.reader.consume(length);
        self.offset += length as u64;
    }

    fn next_not_blank(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffered = self.buffered()?;
            let length = buffered.len();
            let found = buffered.iter().position(|byte| !is_blank(*byte));
            let byte = found.map(|place| buffered[place]);
            self.consume(found.map_or(length, |place| place + 1));
            if byte.is_some() || length == 0 {
                return Ok(byte);
            }
        }
    }
}

/// What follows an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Comma,
    Close,
    EndOfFile,
    /// A byte that JSON does not allow there, such as a line end within a string; or too many bytes.
    Garbage,
}

#[derive(Default)]
struct ElementReader {
    /// The text without the blanks around it.
    text: Vec<u8>,
    /// The offset after it.
    end: u64,
    depth: u64,
    in_string: bool,
    is_escaped: bool,
    /// Whether blanks followed the text, which end a value.
    is_over: bool,
}

impl ElementReader {
    /// Reads up to the comma or bracket that ends the element. This only counts brackets and skips
    /// strings; whether the text is JSON is for [`ElementReader::json`] to say.
    fn read<R: BufRead>(&mut self, bytes: &mut Bytes<R>) -> io::Result<Stop> {
        self.text.clear();
        (self.depth, self.in_string, self.is_escaped, self.is_over) = (0, false, false, false);
        loop {
            let offset = bytes.offset;
            let buffered = bytes.buffered()?;
            if buffered.is_empty() {
                return Ok(Stop::EndOfFile);
            }
            let (length, stop) = self.take(buffered, offset);
            bytes.consume(length);
            match stop {
                Some(stop) => return Ok(stop),
                None if self.text.len() > LONGEST_ELEMENT => return Ok(Stop::Garbage),
                None => {}
            }
        }
    }

    /// Reads the element's part of `bytes`, which begin at `offset`. Returns the number of bytes read, and what ended the
    /// element.
    fn take(&mut self, bytes: &[u8], offset: u64) -> (usize, Option<Stop>) {
        let mut taken = 0;
        for (place, byte) in bytes.iter().enumerate() {
            let is_garbage = *byte < 0x20 && (self.in_string || !is_blank(*byte));
            if self.in_string && !is_garbage {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            let stop = match byte {
                _ if is_garbage => Some(Stop::Garbage),
                b',' if self.depth == 0 => Some(Stop::Comma),
                b']' if self.depth == 0 => Some(Stop::Close),
                _ => None,
            };
            if stop.is_some() || (self.depth == 0 && is_blank(*byte)) {
                self.keep(&bytes[taken..place], offset + place as u64);
                self.is_over = !self.text.is_empty();
                taken = place + 1;
            }
            match byte {
                _ if stop.is_some() => return (taken, stop),
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.keep(&bytes[taken..], offset + bytes.len() as u64);
        (bytes.len(), None)
    }

    fn keep(&mut self, bytes: &[u8], end: u64) {
        if bytes.is_empty() {
            return;
        }
        // Two values without a separator must not become one.
        if self.is_over {
            self.text.push(b' ');
            self.is_over = false;
        }
        self.text.extend_from_slice(bytes);
        self.end = end;
    }

    /// The element, if it is JSON.
    fn json(&self) -> Option<Element<'_>> {
        let text = std::str::from_utf8(&self.text).ok()?;
        let head = Head::of(text);
        let is_json = head.is_some() || serde_json::from_str::<IgnoredAny>(text).is_ok();
        is_json.then_some(Element { text, head, end: self.end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Scan, Vec<String>) {
        let mut seen = Vec::new();
        // A tiny buffer, so that every token crosses its end.
        let reader = io::BufReader::with_capacity(3, text.as_bytes());
        (scan(reader, |found| seen.push(found.text.to_owned())).unwrap(), seen)
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
    fn an_unclosed_array_is_distinguished_from_a_damaged_one() {
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
        assert_eq!(scan(bytes, |_| {}).unwrap(), Scan::Damaged { end: 3 });
    }
}
