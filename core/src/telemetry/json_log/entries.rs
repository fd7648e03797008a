//! Where in the file each record stands, so that a handle without a database need not read all of it for each id.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;

use serde_json::Value;

use super::head::Head;
use super::inspect::Contents;
use super::positioned::read_at;
use super::scan::Tail;
use super::state::Stamp;

/// The first place of each id. Of ids there are only hashes, which keeps it small; a record is read before it is believed.
#[derive(Debug)]
pub(super) struct Entries {
    stamp: Stamp,
    tail: Tail,
    hasher: RandomState,
    places: HashMap<u64, Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    end: u64,
    length: usize,
}

impl Entries {
    pub(super) fn of(contents: &Contents) -> Self {
        let (stamp, tail) = (contents.stamp, contents.tail);
        Self { stamp, tail, hasher: RandomState::new(), places: HashMap::new() }
    }

    /// Whether nobody has written to the file since.
    pub(super) fn are_of(&self, contents: &Contents) -> bool {
        self.stamp == contents.stamp && self.tail == contents.tail
    }

    pub(super) fn add(&mut self, id: &str, end: u64, length: usize) {
        self.places.entry(self.hasher.hash_one(id)).or_insert(Place { end, length });
    }

    /// Adds what was just appended, in order: ids with their entries.
    pub(super) fn append(&mut self, contents: &Contents, separator: &str, records: &[(&str, String)]) {
        (self.stamp, self.tail) = (contents.stamp, contents.tail);
        let mut end = contents.tail.end;
        for (id, line) in records.iter().rev() {
            self.add(id, end, line.len());
            end -= (line.len() + separator.len()) as u64;
        }
    }

    /// Those of `ids` that are there. `None` where only a look at the whole file can tell.
    pub(super) fn records(
        &self,
        contents: &Contents,
        ids: &[&str],
    ) -> io::Result<Option<HashMap<String, Value>>> {
        let mut records = HashMap::new();
        for id in ids {
            let Some(place) = self.places.get(&self.hasher.hash_one(id)) else { continue };
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
