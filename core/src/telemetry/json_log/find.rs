//! Finding records in the locked log.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use serde_json::Value;

use super::entries::{Entries, Offsets};
use super::inspect::Contents;
use super::scan::{self, Element};
use super::state::{Queued, Stamp};
use super::{Locked, SEPARATOR, WasLogged, moved};
use crate::error::{Error, Result};

impl Locked<'_> {
    /// Whether an earlier holder logged the record with this id and left it in the queue: with this entry, or with another
    /// one.
    pub(crate) fn was_logged(&self, id: &str, entry: &str) -> Option<WasLogged> {
        if self.queued.is_empty() {
            return None;
        }
        let record = Queued::new(id, entry);
        let logged = self.queued.iter().find(|logged| logged.id == record.id)?;
        Some(if *logged == record { WasLogged::Unchanged } else { WasLogged::Changed })
    }

    /// The ids of which the log has a record, or the file that was the log when its last holder did not finish. Reads the
    /// whole file, unless locking did.
    pub(crate) fn ids_present(&mut self, ids: &[&str]) -> Result<HashSet<String>> {
        let mut present: HashSet<String> = HashSet::new();
        if let Some(records) = self.known_records(self.entries.as_ref(), ids)? {
            present.extend(records.into_keys());
        } else {
            self.visit(ids, |id, _| {
                present.insert(id.to_owned());
            })?;
        }
        let missing: HashSet<&str> = ids.iter().copied().filter(|id| !present.contains(*id)).collect();
        if !missing.is_empty()
            && let Some(moved) = self.moved()?
        {
            let visit = |found: &Element<'_>| {
                present.extend(found.id().filter(|id| missing.contains(id)).map(str::to_owned));
            };
            scan::scan_file(&moved, visit).map_err(|error| Error::storage("read", &self.log.path, error))?;
        }
        Ok(present)
    }

    /// The file that was written to last, if it was moved away and may contain records that nobody confirmed.
    fn moved(&self) -> Result<Option<File>> {
        let present = self.contents.as_ref().and_then(|contents| contents.file.id());
        let Some(written) = self.written.filter(|written| Some(*written) != present) else { return Ok(None) };
        let Some(file) = moved::find(&self.log.path, written)? else { return Ok(None) };
        let stamp = file.metadata().and_then(|metadata| Stamp::of(&metadata));
        let stamp = stamp.map_err(|error| Error::storage("inspect", &self.log.path, error))?;
        Ok((self.confirmed != Some(stamp)).then_some(file))
    }

    /// The records with these ids. Reads the whole file, unless this handle has read it and nobody has written to it since.
    pub(crate) fn records(&mut self, ids: &[&str]) -> Result<HashMap<String, Value>> {
        let Some(contents) = &self.contents else { return Ok(HashMap::new()) };
        let mut remembered = self.log.entries();
        if let Some(entries) = self.entries.take() {
            *remembered = Some(entries);
        }
        if let Some(records) = self.known_records(remembered.as_ref(), ids)? {
            return Ok(records);
        }
        let wanted: HashSet<&str> = ids.iter().copied().collect();
        let mut offsets = Offsets::default();
        let mut records = HashMap::new();
        let visit = |found: &Element<'_>| {
            offsets.add(found);
            if let Some(id) = found.id()
                && wanted.contains(id)
                && let Ok(record) = serde_json::from_str(found.text)
            {
                records.entry(id.to_owned()).or_insert(record);
            }
        };
        scan::scan_file(contents.file.file(), visit)
            .map_err(|error| Error::storage("read", &self.log.path, error))?;
        *remembered = offsets.of(contents);
        Ok(records)
    }

    /// The records with these ids, by the known offsets; `None` if the whole file must be read.
    pub(super) fn known_records(
        &self,
        entries: Option<&Entries>,
        ids: &[&str],
    ) -> Result<Option<HashMap<String, Value>>> {
        let Some(contents) = &self.contents else { return Ok(None) };
        match entries.filter(|entries| entries.are_of(contents)) {
            Some(entries) => {
                entries.records(contents, ids).map_err(|error| Error::storage("read", &self.log.path, error))
            }
            None => Ok(None),
        }
    }

    /// Calls `visit` for every record with one of these ids. Returns the number of bytes of the elements, with their
    /// separators and without blanks.
    pub(super) fn visit(&mut self, ids: &[&str], mut visit: impl FnMut(&str, &Element<'_>)) -> Result<u64> {
        let Some(Contents { file, .. }) = &self.contents else { return Ok(0) };
        let mut used = 0;
        let wanted: HashSet<&str> = ids.iter().copied().collect();
        let count_and_visit = |found: &Element<'_>| {
            used += (found.text.len() + SEPARATOR.len()) as u64;
            if let Some(id) = found.id()
                && wanted.contains(id)
            {
                visit(id, found);
            }
        };
        scan::scan_file(file.file(), count_and_visit)
            .map_err(|error| Error::storage("read", &self.log.path, error))?;
        Ok(used)
    }
}
