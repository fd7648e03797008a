//! The offset of each record in the file, so that a handle that has read the file need not read it again to find an id.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;

use serde_json::Value;

use super::head::Head;
use super::inspect::Contents;
use super::positioned::read_at;
use super::scan::{Element, Tail};
use super::state::Stamp;

/// This many take about 50 MB. The offsets of a longer log are not kept.
const MOST: usize = 1 << 20;

/// The first record of each id. Only hashes of the ids are kept, to save memory, so each record found is read and compared.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    hasher: RandomState,
    by_hash: HashMap<u64, Extent>,
}

#[derive(Debug, Clone, Copy)]
struct Extent {
    end: u64,
    length: usize,
}

/// The offsets of the records in one version of the file.
#[derive(Debug)]
pub(super) struct Entries {
    stamp: Stamp,
    tail: Tail,
    offsets: Offsets,
}

impl Offsets {
    pub(super) fn add(&mut self, found: &Element<'_>) {
        if let Some(id) = found.id() {
            self.insert(id, found.end, found.text.len());
        }
    }

    /// `None` if there are too many.
    pub(super) fn of(self, contents: &Contents) -> Option<Entries> {
        let is_complete = self.by_hash.len() <= MOST;
        is_complete.then_some(Entries { stamp: contents.stamp, tail: contents.tail, offsets: self })
    }

    fn insert(&mut self, id: &str, end: u64, length: usize) {
        if self.by_hash.len() <= MOST {
            self.by_hash.entry(self.hasher.hash_one(id)).or_insert(Extent { end, length });
        }
    }
}

impl Entries {
    /// Whether this describes the file as it is now.
    pub(super) fn are_of(&self, contents: &Contents) -> bool {
        self.stamp == contents.stamp && self.tail == contents.tail
    }

    /// Adds the records that were just appended, in order: ids with their entries. `None` if there are too many.
    pub(super) fn with(
        mut self,
        contents: &Contents,
        separator: &str,
        records: &[(&str, String)],
    ) -> Option<Self> {
        let mut end = contents.tail.end;
        for (id, line) in records.iter().rev() {
            self.offsets.insert(id, end, line.len());
            end -= (line.len() + separator.len()) as u64;
        }
        self.offsets.of(contents)
    }

    /// The records with these ids. `None` if the whole file must be read.
    pub(super) fn records(
        &self,
        contents: &Contents,
        ids: &[&str],
    ) -> io::Result<Option<HashMap<String, Value>>> {
        let mut records = HashMap::new();
        for id in ids {
            let Some(extent) = self.offsets.by_hash.get(&self.offsets.hasher.hash_one(id)) else { continue };
            let start = extent.end.saturating_sub(extent.length as u64);
            let bytes = read_at(contents.file.file(), start, extent.length)?;
            let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(None) };
            let Some(Head { id: Some(found), .. }) = Head::of(text) else { return Ok(None) };
            let Ok(record) = serde_json::from_str(text) else { return Ok(None) };
            if found != **id {
                return Ok(None);
            }
            records.insert(found, record);
        }
        Ok(Some(records))
    }
}
