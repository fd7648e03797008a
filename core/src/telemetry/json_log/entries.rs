//! Where in the file each record stands, so that nobody who has read all of it need do so again to look for an id.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;

use serde_json::Value;

use super::head::Head;
use super::inspect::Contents;
use super::positioned::read_at;
use super::scan::{Found, Tail};
use super::state::Stamp;

/// As many as take about 50 MB. Of a log with more of them nothing is remembered.
const MOST: usize = 1 << 20;

/// The first place of each id. Of ids there are only hashes, which keeps it small; a record is read before it is believed.
#[derive(Debug, Default)]
pub(super) struct Places {
    hasher: RandomState,
    places: HashMap<u64, Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    end: u64,
    length: usize,
}

/// The places in one file, as it was at one time.
#[derive(Debug)]
pub(super) struct Entries {
    stamp: Stamp,
    tail: Tail,
    known: Places,
}

impl Places {
    pub(super) fn add(&mut self, found: &Found<'_>) {
        if let Some(id) = found.id() {
            self.insert(id, found.end, found.text.len());
        }
    }

    /// `None` where there were too many to remember.
    pub(super) fn of(self, contents: &Contents) -> Option<Entries> {
        let is_complete = self.places.len() <= MOST;
        is_complete.then_some(Entries { stamp: contents.stamp, tail: contents.tail, known: self })
    }

    fn insert(&mut self, id: &str, end: u64, length: usize) {
        if self.places.len() <= MOST {
            self.places.entry(self.hasher.hash_one(id)).or_insert(Place { end, length });
        }
    }
}

impl Entries {
    /// Whether nobody has written to the file since.
    pub(super) fn are_of(&self, contents: &Contents) -> bool {
        self.stamp == contents.stamp && self.tail == contents.tail
    }

    /// The same with what was just appended, in order: ids with their entries. `None` where that is too much.
    pub(super) fn with(
        mut self,
        contents: &Contents,
        separator: &str,
        records: &[(&str, String)],
    ) -> Option<Self> {
        let mut end = contents.tail.end;
        for (id, line) in records.iter().rev() {
            self.known.insert(id, end, line.len());
            end -= (line.len() + separator.len()) as u64;
        }
        self.known.of(contents)
    }

    /// Those of `ids` that are there. `None` where only a look at the whole file can tell.
    pub(super) fn records(
        &self,
        contents: &Contents,
        ids: &[&str],
    ) -> io::Result<Option<HashMap<String, Value>>> {
        let mut records = HashMap::new();
        for id in ids {
            let Some(place) = self.known.places.get(&self.known.hasher.hash_one(id)) else { continue };
            let start = place.end.saturating_sub(place.length as u64);
            let bytes = read_at(contents.file.file(), start, place.length)?;
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
