//! Appending to the locked log, and what its lock file says of it afterwards.

use std::borrow::Borrow;

use super::entries::Offsets;
use super::inspect::{self, Contents};
use super::lock::{self, FileLock, Readers};
use super::state::{self, Clean, MOST_QUEUED, Queued};
use super::{Locked, SEPARATOR, append};
use crate::error::{Error, Result};
use crate::paths::{self, FileId};

impl Locked<'_> {
    /// As [`Locked::append`], and remembers the offsets for [`Locked::records`]. `records` are ids with their entries.
    pub(crate) fn append_known(&mut self, records: &[(&str, String)]) -> Result<()> {
        let known = self.log.entries().take();
        let known = match &self.contents {
            Some(contents) => known.filter(|known| known.are_of(contents)),
            // A file that is created now has no unknown records.
            None => None,
        };
        let is_first = self.contents.is_none();
        let lines: Vec<&str> = records.iter().map(|(_, line)| line.as_str()).collect();
        self.append(&lines)?;
        if let Some(contents) = &self.contents
            && let Some(known) = known.or_else(|| is_first.then(|| Offsets::default().of(contents)).flatten())
        {
            *self.log.entries() = known.with(contents, SEPARATOR, records);
        }
        Ok(())
    }

    /// Appends `records`, each a JSON object on one line, with one write. `Busy`, and nothing is written, if a program
    /// without the lock has changed the file since it was locked.
    pub(crate) fn append<R: Borrow<str>>(&mut self, records: &[R]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        // The lock file need not be marked as unfinished: if we die, the array no longer ends where the lock file says.
        self.check_lock()?;
        self.is_recorded = false;
        if let Some(contents) = &self.contents {
            self.written = self.note_written(&contents.file)?;
        }
        let path = &self.log.path;
        match &mut self.contents {
            Some(Contents { file, tail, stamp }) => {
                if inspect::stamp_of(path, file)? != *stamp {
                    return Err(lock::busy(path, "a program that does not use the lock is writing to it"));
                }
                *tail = append::append(path, file.file(), stamp.length, *tail, records)?;
                *stamp = inspect::stamp_of_written(path, file)?;
            }
            None => self.contents = Some(self.create(records)?),
        }
        Ok(())
    }

    /// Marks every record in the file as known to the database, and unlocks the log.
    pub(crate) fn confirm(self) -> Result<()> {
        self.release(true, Vec::new())
    }

    /// As [`Locked::confirm`], while these records are still queued: ids with their entries, at most [`MOST_QUEUED`].
    pub(crate) fn confirm_queued(self, records: &[(&str, String)]) -> Result<()> {
        debug_assert!(records.len() <= MOST_QUEUED);
        let queued = records.iter().map(|(id, entry)| Queued::new(id, entry)).collect();
        self.release(true, queued)
    }

    /// Marks the file as intact, but with records that may still be queued in the database, and unlocks the log.
    pub(crate) fn leave_unconfirmed(self) -> Result<()> {
        let queued = self.queued.clone();
        self.release(false, queued)
    }

    fn release(self, is_confirmed: bool, queued: Vec<Queued>) -> Result<()> {
        match &self.contents {
            Some(Contents { tail, stamp, .. }) if !self.is_recorded || queued != self.queued => {
                let (stamp, end, close) = (*stamp, tail.end, tail.close);
                self.write_state(&Clean { is_confirmed, stamp, end, close, queued })
            }
            // Nothing is recorded of a missing file: reading all of it costs nothing.
            _ => Ok(()),
        }
    }

    fn create(&self, records: &[impl Borrow<str>]) -> Result<Contents> {
        let path = &self.log.path;
        let exists = || lock::busy(path, "a program that does not use the lock has just created it");
        let file = paths::create_new_file(path, self.log.database.as_deref())?.ok_or_else(exists)?;
        let file = FileLock::of_new(path, Readers::Others, file)?.ok_or_else(exists)?;
        let created = self
            .note_written(&file)
            .and_then(|_| append::create(path, file.file(), records))
            .and_then(|tail| inspect::stamp_of_written(path, &file).map(|stamp| (tail, stamp)));
        match created {
            Ok((tail, stamp)) => Ok(Contents { file, tail, stamp }),
            Err(error) => {
                // There was no file before, and an incomplete one is not JSON.
                if file.has_name(path).unwrap_or(false) {
                    let _ = std::fs::remove_file(path);
                }
                Err(error)
            }
        }
    }

    /// `Busy` if the lock file was removed or replaced, so that the lock excludes nobody.
    fn check_lock(&self) -> Result<()> {
        if self.lock.has_name(&self.log.lock_path)? {
            return Ok(());
        }
        Err(lock::busy(&self.log.lock_path, "it was removed or replaced a moment ago"))
    }

    /// Notes in the lock file which file is about to be written to, unless it says so already.
    fn note_written(&self, file: &FileLock) -> Result<Option<FileId>> {
        if let Some(id) = file.id()
            && self.written != Some(id)
        {
            state::write_written(self.lock.file(), id)
                .map_err(|error| Error::storage("write", &self.log.lock_path, error))?;
        }
        Ok(file.id())
    }

    /// Marks the log as unfinished in the lock file, before a write after which the file may end where it ended before.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.check_lock()?;
        self.is_recorded = false;
        self.write_state(&Clean::unfinished(self.queued.clone()))
    }

    fn write_state(&self, state: &Clean) -> Result<()> {
        state::write(self.lock.file(), state)
            .map_err(|error| Error::storage("write", &self.log.lock_path, error))
    }
}
