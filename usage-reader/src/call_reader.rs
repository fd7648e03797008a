//! Reads input of any length line by line, in constant memory.

use std::io::{self, BufRead, Read};

use crate::call::ExtractedCall;
use crate::collector::Collector;
use crate::documents::{Piece, Splitter};

/// A longer line is skipped: 64 MiB.
const LONGEST_LINE: u64 = 64 << 20;

/// What was skipped, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// JSON objects that report no usage.
    pub without_usage: u64,
    /// JSON that is damaged or truncated.
    pub damaged: u64,
    /// Lines of text that are not JSON.
    pub not_json: u64,
    /// Lines of more than 64 MiB.
    pub too_long: u64,
}

/// Reads the calls of an input a few lines at a time.
pub struct CallReader<R> {
    reader: R,
    collector: Option<Collector>,
    splitter: Splitter,
    line: Vec<u8>,
    /// The encoding of the input, detected from its first bytes.
    encoding: Option<Encoding>,
    bytes: u64,
    lines: u64,
    objects: u64,
    skipped: Skipped,
    unread: Vec<String>,
}

impl<R: BufRead> CallReader<R> {
    /// A reader of `input`. `provider` is needed only if the format leaves the meaning of a number open.
    pub fn new(input: R, provider: Option<&str>) -> Self {
        Self {
            reader: input,
            collector: Some(Collector::new(provider).naming_by_text()),
            splitter: Splitter::default(),
            line: Vec::new(),
            encoding: None,
            bytes: 0,
            lines: 0,
            objects: 0,
            skipped: Skipped::default(),
            unread: Vec::new(),
        }
    }

    /// The next complete calls; `None` after the last ones. Reads at most `lines` lines before it returns.
    pub fn next_calls(&mut self, lines: u64) -> io::Result<Option<Vec<ExtractedCall>>> {
        let Some(mut collector) = self.collector.take() else { return Ok(None) };
        for _ in 0..lines {
            if !self.read_line()? {
                self.observe(&mut collector, None);
                self.unread = collector.unread().to_vec();
                let (calls, _) = collector.finish();
                return Ok(Some(calls));
            }
            let line = std::mem::take(&mut self.line);
            // Most lines are valid, which is faster to check than to correct them.
            match std::str::from_utf8(&line) {
                Ok(text) => self.observe(&mut collector, Some(text)),
                Err(_) => self.observe(&mut collector, Some(&String::from_utf8_lossy(&line))),
            }
            self.line = line;
        }
        let closed = collector.take_closed();
        self.collector = Some(collector);
        Ok(Some(closed))
    }

    /// How many bytes were read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many lines were read so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many JSON objects were found so far.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// What was skipped so far.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The names of recorded bodies that could not be read, when everything has been read.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Processes a line, or the end of the input.
    fn observe(&mut self, collector: &mut Collector, line: Option<&str>) {
        let (skipped, objects) = (&mut self.skipped, &mut self.objects);
        let mut see = |piece: Piece<'_>| match piece {
            Piece::Object(object, text) => {
                *objects += 1;
                if !collector.observe(object, text) {
                    skipped.without_usage += 1;
                }
            }
            Piece::Damaged => skipped.damaged += 1,
            Piece::Other => skipped.not_json += 1,
        };
        match line {
            Some(line) => self.splitter.line(line.trim_end_matches(['\n', '\r']), &mut see),
            None => self.splitter.end(&mut see),
        }
    }

    /// Reads the next line into `line`; the content of a line that is too long is dropped. `false` at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => *self.encoding.insert(Encoding::of(self.reader.fill_buf()?)),
        };
        if encoding != Encoding::Utf8 {
            return self.read_wide_line(encoding);
        }
        let read = self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.line)?;
        self.bytes += read as u64;
        self.lines += u64::from(read > 0);
        if read as u64 == LONGEST_LINE && self.line.last() != Some(&b'\n') {
            self.line.clear();
            self.line.shrink_to_fit();
            self.bytes += self.reader.skip_until(b'\n')? as u64;
            self.skipped.too_long += 1;
        }
        Ok(read > 0)
    }

    /// Reads the next line of an input in UTF-16. Content beyond the maximum length is dropped.
    fn read_wide_line(&mut self, encoding: Encoding) -> io::Result<bool> {
        const NEWLINE: u16 = 0x0a;
        let mut units: Vec<u16> = Vec::new();
        let (mut read, mut pair) = (0_u64, [0; 2]);
        loop {
            let length = self.reader.by_ref().take(2 - read % 2).read(&mut pair[(read % 2) as usize..])?;
            if length == 0 {
                break;
            }
            read += length as u64;
            if !read.is_multiple_of(2) {
                continue;
            }
            let unit = if encoding == Encoding::Utf16Big {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            };
            if unit == NEWLINE {
                break;
            }
            if read <= LONGEST_LINE {
                units.push(unit);
            }
        }
        self.bytes += read;
        self.lines += u64::from(read > 0);
        if read > LONGEST_LINE {
            self.skipped.too_long += 1;
        } else {
            self.line = String::from_utf16_lossy(&units).into_bytes();
        }
        Ok(read > 0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
}

impl Encoding {
    /// Detects the encoding from the byte order mark.
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0xff, 0xfe, ..] => Self::Utf16Little,
            [0xfe, 0xff, ..] => Self::Utf16Big,
            _ => Self::Utf8,
        }
    }
}
