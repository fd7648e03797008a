//! Finds complete records in a damaged part of the file, of any length.

use std::io::{self, Read};

use super::head::Head;
use super::scan::{LONGEST_ELEMENT, is_blank};

/// Calls `visit` for each complete record in `damaged`, in order. A record is an object with an `id` or a `timestamp` that
/// begins where an element may begin, or at the start of a line as this library and the TypeScript packages (two blanks)
/// write it. A line cannot begin within a string, and objects inside a record do not begin a line, or are indented by more
/// than two blanks.
pub(super) fn salvage(damaged: impl Read, mut visit: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut window = Window { reader: damaged, bytes: Vec::new(), start: 0 };
    loop {
        window.skip_while(|byte| is_blank(byte) || byte == b',')?;
        if let Some(length) = window.record_length()? {
            visit(&window.rest()[..length])?;
            window.start += length;
        } else if !window.skip_to_line_with_record()? {
            return Ok(());
        }
    }
}

/// The part that is in memory.
struct Window<R> {
    reader: R,
    bytes: Vec<u8>,
    start: usize,
}

impl<R: Read> Window<R> {
    const STEP: usize = 64 * 1024;

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Doubles the window. `false` at the end of the input.
    fn grow(&mut self) -> io::Result<bool> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let step = self.bytes.len().max(Self::STEP) as u64;
        Ok(self.reader.by_ref().take(step).read_to_end(&mut self.bytes)? > 0)
    }

    fn skip_while(&mut self, holds: impl Fn(u8) -> bool) -> io::Result<()> {
        loop {
            let rest = self.rest();
            let length = rest.iter().take_while(|byte| holds(**byte)).count();
            let is_over = length < rest.len();
            self.start += length;
            if is_over || !self.grow()? {
                return Ok(());
            }
        }
    }

    /// The length of the record that begins here.
    fn record_length(&mut self) -> io::Result<Option<usize>> {
        if self.rest().first() != Some(&b'{') {
            return Ok(None);
        }
        loop {
            match Head::at_start(self.rest()) {
                Ok((head, length)) => return Ok(head.is_of_record().then_some(length)),
                Err(error) if error.is_eof() && self.rest().len() < LONGEST_ELEMENT => {
                    if !self.grow()? {
                        return Ok(None);
                    }
                }
                Err(_) => return Ok(None),
            }
        }
    }

    /// Skips to the next line that begins with `{`. `false` if there is none.
    fn skip_to_line_with_record(&mut self) -> io::Result<bool> {
        loop {
            self.skip_while(|byte| byte != b'\n')?;
            if self.rest().is_empty() {
                return Ok(false);
            }
            self.start += 1;
            while self.rest().len() < 3 && self.grow()? {}
            if self.rest().starts_with(b"{") || self.rest().starts_with(b"  {") {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one byte at a time, so that every token crosses the end of the window.
    struct Drops<'b>(&'b [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }

    fn salvaged(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let visit = |record: &[u8]| {
            found.push(String::from_utf8(record.to_vec()).unwrap());
            Ok(())
        };
        salvage(Drops(text.as_bytes()), visit).unwrap();
        found
    }

    #[test]
    fn complete_records_are_found_after_damage() {
        let (a, b) = (r#"{"id":"a","metadata":{"x":[{"id":"inner"}]}}"#, r#"{"id":"b"}"#);
        for text in [
            format!("{a}{b}"),
            format!(",\n{a},\n{b}\n]"),
            format!("\n]\0\0\0,\n{a}\n{b}"),
            format!(",\n{{\"id\":\"torn\",\"x\":\"y\n{a},\n\0\0\n  {b}"),
            format!(",\n{{\"id\":\"torn\",\"x\":[1,\n{a},\n{b}\n]"),
            format!("garbage {b}\n{a}\nx\n    {b}\n{b}"),
        ] {
            assert_eq!(salvaged(&text), [a, b], "{text:?}");
        }
    }

    #[test]
    fn a_record_that_is_longer_than_the_window_is_found() {
        let long = format!("{{\"id\":\"long\",\"x\":\"{}\"}}", "y".repeat(5 * Window::<Drops<'_>>::STEP));
        assert_eq!(salvaged(&format!("torn\n{long}\n  {{\"id\":\"b\"}}")), [&*long, "{\"id\":\"b\"}"]);
    }

    #[test]
    fn text_that_resembles_a_record_is_not_taken_for_one() {
        let texts =
            ["", "\n", "\n{", "{}", "\n{\"id\":1}", "\n  \"x\": {\"id\":\"x\"}", "x\n    {\"id\":\"x\"}"];
        for text in texts {
            assert!(salvaged(text).is_empty(), "{text:?}");
        }
    }
}
