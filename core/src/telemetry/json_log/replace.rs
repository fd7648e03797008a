//! Putting a new version of a record in the place of an old one.
//!
//! The new version goes to the end, as every record does; then the old one and the comma behind it are
//! overwritten with blanks, which JSON allows between elements. In between the file holds both, so a crash
//! loses nothing: whoever comes next finds the record still on the queue, and the old version still there.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::Locked;
use super::inspect::{self, Contents};
use super::positioned::{read_at, write_at};
use crate::error::{Error, Result};

/// How far to look for a comma at once.
const STEP: usize = 4096;

/// Where a record stands in the file.
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
        self.visit(&ids, |id, text, end| {
            let range = Range { start: end - text.len() as u64, end };
            found.entry(id.clone()).or_default().push(range);
            last.insert(id, serde_json::from_str(text).unwrap_or(Value::Null));
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
        self.append(&missing)?;
        self.blank(&old)
    }

    /// Each of these records has another one behind it.
    fn blank(&mut self, old: &[Range]) -> Result<()> {
        if old.is_empty() {
            return Ok(());
        }
        self.begin()?;
        let path = &self.log.path;
        let Some(Contents { file, stamp, .. }) = &mut self.contents else { return Ok(()) };
        if inspect::stamp_of(path, file)? != *stamp {
            return Err(super::lock::busy(path, "a program that knows no lock is writing to it"));
        }
        for range in old {
            blank_one(path, file.file(), *range)?;
        }
        *stamp = inspect::stamp_of(path, file)?;
        Ok(())
    }
}

fn blank_one(path: &Path, file: &File, range: Range) -> Result<()> {
    let comma = comma_behind(file, range.end).map_err(|error| Error::storage("read", path, error))?;
    // Without a comma it is the last one, and has to stay: the file must be JSON above all.
    let Some(comma) = comma else { return Ok(()) };
    let length = usize::try_from(comma + 1 - range.start).unwrap_or(usize::MAX);
    write_at(file, " ".repeat(length).as_bytes(), range.start)
        .map_err(|error| Error::storage("write to", path, error))
}

/// The offset of the comma behind an element.
fn comma_behind(file: &File, mut offset: u64) -> io::Result<Option<u64>> {
    loop {
        let bytes = read_at(file, offset, STEP)?;
        match bytes.iter().position(|byte| !super::scan::is_blank(*byte)) {
            Some(place) => return Ok((bytes[place] == b',').then_some(offset + place as u64)),
            None if bytes.len() < STEP => return Ok(None),
            None => offset += STEP as u64,
        }
    }
}
