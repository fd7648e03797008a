//! Replacing the old version of a record by the new one.
//!
//! The new version is appended; then the old one and the comma after it are overwritten with blanks, which JSON allows
//! between elements. In between, the file has both, so a crash loses nothing: the record is still queued, and the next
//! holder removes the old version.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::inspect::{self, Contents};
use super::positioned::{read_at, write_at};
use super::scan::{self, Tail};
use super::{Locked, SEPARATOR, rewrite};
use crate::error::{Error, Result};

/// A shorter file is not compacted.
const SHORTEST_WITH_BLANKS: u64 = 128 * 1024;

/// How many bytes are read at once to find a comma.
const STEP: usize = 4096;

/// The position of a record in the file.
#[derive(Debug, Clone, Copy)]
struct Range {
    start: u64,
    end: u64,
}

impl Locked<'_> {
    /// Makes these the only versions of their records: ids with their entries, JSON objects on one line.
    /// Reads the whole file once.
    pub(crate) fn replace(&mut self, records: &[(&str, String)]) -> Result<()> {
        let ids: Vec<&str> = records.iter().map(|(id, _)| *id).collect();
        let mut found: HashMap<String, Vec<Range>> = HashMap::new();
        let mut last: HashMap<String, Value> = HashMap::new();
        let mut used = self.visit(&ids, |id, record| {
            let range = Range { start: record.end - record.text.len() as u64, end: record.end };
            found.entry(id.to_owned()).or_default().push(range);
            last.insert(id.to_owned(), serde_json::from_str(record.text).unwrap_or(Value::Null));
        })?;
        let mut missing = Vec::new();
        let mut old = Vec::new();
        for (id, line) in records {
            let mut ranges = found.remove(*id).unwrap_or_default();
            let is_there = serde_json::from_str::<Value>(line).is_ok_and(|line| last.get(*id) == Some(&line));
            if is_there {
                ranges.pop();
            } else {
                missing.push(line.clone());
            }
            old.extend(ranges);
        }
        used += missing.iter().map(|line| (line.len() + SEPARATOR.len()) as u64).sum::<u64>();
        let blanked = old.iter().map(|range| range.end - range.start).sum();
        self.append(&missing)?;
        self.blank(&old)?;
        self.compact(used.saturating_sub(blanked));
        Ok(())
    }

    /// Replaces the file by one without blanks if they are more than half of it.
    fn compact(&mut self, used: u64) {
        let path = &self.log.path;
        let Some(Contents { file, tail, stamp }) = &self.contents else { return };
        // The lock file must not describe the file that is replaced.
        if self.is_recorded || tail.end < SHORTEST_WITH_BLANKS || used > tail.end / 2 {
            return;
        }
        // An error is ignored: the log is as good as before. If another program has just written to it, the next write
        // notices.
        if let Ok(contents) = rewrite::replace(path, file, *stamp, |out| copy_elements(file.file(), out)) {
            self.contents = Some(contents);
        }
    }

    /// Overwrites these records with blanks. Each has another one after it.
    fn blank(&mut self, old: &[Range]) -> Result<()> {
        if old.is_empty() {
            return Ok(());
        }
        self.begin()?;
        let path = &self.log.path;
        let Some(Contents { file, stamp, .. }) = &mut self.contents else { return Ok(()) };
        if inspect::stamp_of(path, file)? != *stamp {
            return Err(super::lock::busy(path, "a program that does not use the lock is writing to it"));
        }
        for range in old {
            blank_one(path, file.file(), *range)?;
        }
        *stamp = inspect::stamp_of_written(path, file)?;
        Ok(())
    }
}

fn copy_elements(file: &File, out: &mut dyn Write) -> io::Result<Tail> {
    let (mut end, mut written) = (1, out.write_all(b"["));
    let found = scan::scan_file(file, |found| {
        let before = if end == 1 { "\n" } else { SEPARATOR };
        end += (before.len() + found.text.len()) as u64;
        if written.is_ok() {
            written = out.write_all(before.as_bytes()).and_then(|()| out.write_all(found.text.as_bytes()));
        }
    })?;
    written?;
    if !matches!(found, scan::Scan::Intact(_)) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    out.write_all(b"\n]")?;
    Ok(Tail { end, close: end + 1, is_empty: end == 1 })
}

fn blank_one(path: &Path, file: &File, range: Range) -> Result<()> {
    let comma = comma_after(file, range.end).map_err(|error| Error::storage("read", path, error))?;
    // The last element has no comma and must stay, or the file would not be JSON.
    let Some(comma) = comma else { return Ok(()) };
    let length = usize::try_from(comma + 1 - range.start).unwrap_or(usize::MAX);
    write_at(file, " ".repeat(length).as_bytes(), range.start)
        .map_err(|error| Error::storage("write to", path, error))
}

/// The offset of the comma after an element.
fn comma_after(file: &File, mut offset: u64) -> io::Result<Option<u64>> {
    loop {
        let bytes = read_at(file, offset, STEP)?;
        match bytes.iter().position(|byte| !super::scan::is_blank(*byte)) {
            Some(place) => return Ok((bytes[place] == b',').then_some(offset + place as u64)),
            None if bytes.len() < STEP => return Ok(None),
            None => offset += STEP as u64,
        }
    }
}
