//! The log of token usage that people and other programs read: `token_usage.json`, one JSON array.
//!
//! Records are appended in place. A lock file beside it keeps writers that know it apart and says whether
//! the last of them finished. Where it did not, or where somebody without a lock wrote, the whole file is
//! looked at, and repaired, before anything is appended.

mod append;
mod inspect;
mod lock;
mod positioned;
mod repair;
mod replace;
mod scan;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use self::inspect::{BUFFER, Contents};
use self::lock::{FileLock, Gate, Turn, Waited};
use self::state::Clean;
use crate::error::{Error, Result};
use crate::paths::{self, TOKEN_LOG_FILE, TOKEN_LOG_LOCK_FILE};
use crate::sqlite::Watch;
use crate::time::{Deadline, Timestamp, check_clock};

/// The log in one folder. Nothing is opened between calls, so that a fork inherits nothing.
#[derive(Debug)]
pub(crate) struct JsonLog {
    path: PathBuf,
    lock_path: PathBuf,
    gate: Gate,
}

impl JsonLog {
    /// The log in `folder`, which must exist when it is locked.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(TOKEN_LOG_FILE),
            lock_path: folder.join(TOKEN_LOG_LOCK_FILE),
            gate: Gate::default(),
        }
    }

    /// Waits for other threads and processes, and for a program without a lock that is just rewriting the
    /// file, `Busy` after `timeout`, `Cancelled` where the token of this thread says so. On return the file is missing or one JSON array; what could
    /// not stay in it lies beside it in a file that is named after `now`.
    pub(crate) fn lock(&self, timeout: Duration, now: Timestamp) -> Result<Locked<'_>> {
        check_clock()?;
        let locked = self.lock_while(timeout, now, || Ok(true))?;
        locked.ok_or_else(|| lock::busy(&self.path, "another process is writing to it"))
    }

    /// As [`JsonLog::lock`], but while others have it, `is_needed` is asked again and again; `None` as soon as
    /// it says no.
    pub(crate) fn lock_while(
        &self,
        timeout: Duration,
        now: Timestamp,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Option<Locked<'_>>> {
        let deadline = Deadline::after(timeout);
        let watch = Watch::of_thread();
        let turn = self.gate.enter(deadline, &watch)?;
        let turn = turn.ok_or_else(|| lock::busy(&self.path, "another thread is writing to it"))?;
        let lock = match FileLock::take(&self.lock_path, deadline, &watch, is_needed)? {
            Waited::Locked(lock) => lock,
            Waited::NotNeeded => return Ok(None),
            Waited::TooLong => return Err(lock::busy(&self.path, "another process is writing to it")),
        };
        let recorded =
            state::read(lock.file()).map_err(|error| Error::storage("read", &self.lock_path, error))?;
        if let Some(recorded) = recorded
            && let Some(contents) = inspect::if_unchanged(&self.path, &recorded)?
        {
            return Ok(Some(Locked {
                log: self,
                contents: Some(contents),
                is_recorded: recorded.is_confirmed,
                was_interrupted: !recorded.is_confirmed,
                lock,
                _turn: turn,
            }));
        }
        let contents = inspect::whole(&self.path, deadline, now)?;
        Ok(Some(Locked { log: self, contents, is_recorded: false, was_interrupted: true, lock, _turn: turn }))
    }
}

/// The log, while nobody else may write to it. Dropped without [`Locked::confirm`] after an append, it
/// leaves the mark that makes the next holder look at everything.
#[derive(Debug)]
pub(crate) struct Locked<'l> {
    log: &'l JsonLog,
    /// `None` where the file is missing.
    contents: Option<Contents>,
    /// Whether the lock file describes `contents` and nothing is left to confirm.
    is_recorded: bool,
    was_interrupted: bool,
    lock: FileLock,
    // Last, so that the lock file is unlocked when the next thread is let in.
    _turn: Turn<'l>,
}

impl Locked<'_> {
    /// Whether the last holder did not get to [`Locked::confirm`], or had no database to ask, or somebody
    /// else changed the file: records that were not confirmed may be in it.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// Those of `ids` under which there is a record in the file. Reads all of it.
    pub(crate) fn ids_present(&mut self, ids: &[&str]) -> Result<HashSet<String>> {
        let mut present = HashSet::new();
        self.visit(ids, |id, _, _| {
            present.insert(id);
        })?;
        Ok(present)
    }

    /// The records with these ids. Reads the whole file.
    pub(crate) fn records(&mut self, ids: &[&str]) -> Result<HashMap<String, Value>> {
        let mut records = HashMap::new();
        self.visit(ids, |id, text, _| {
            if let Ok(record) = serde_json::from_str(text) {
                records.entry(id).or_insert(record);
            }
        })?;
        Ok(records)
    }

    /// Shows the id and the text of every record with one of these ids, and the offset behind it, to `see`.
    fn visit(&mut self, ids: &[&str], mut see: impl FnMut(String, &str, u64)) -> Result<()> {
        let Some(Contents { file, .. }) = &mut self.contents else { return Ok(()) };
        let wanted: HashSet<&str> = ids.iter().copied().collect();
        let see = |text: &str, end: u64| {
            if let Ok(Identified { id: Some(Value::String(id)) }) = serde_json::from_str(text)
                && wanted.contains(&*id)
            {
                see(id, text, end);
            }
        };
        let scanned = file.rewind().and_then(|()| scan::scan(BufReader::with_capacity(BUFFER, file), see));
        scanned.map_err(|error| Error::storage("read", &self.log.path, error))?;
        Ok(())
    }

    /// Appends `records`, each a JSON object on one line, all of them with one write. `Busy` where a program
    /// without a lock changed the file since it was locked; nothing was written then.
    pub(crate) fn append(&mut self, records: &[String]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.is_recorded = false;
        self.write_state(None)?;
        let path = &self.log.path;
        match &mut self.contents {
            Some(Contents { file, tail, stamp }) => {
                if inspect::stamp_of(path, file)? != *stamp {
                    return Err(lock::busy(path, "a program that knows no lock is writing to it"));
                }
                *tail = append::append(path, file, stamp.length, *tail, records)?;
                *stamp = inspect::stamp_of(path, file)?;
            }
            None => self.contents = Some(self.create(records)?),
        }
        Ok(())
    }

    /// Says that everything in the file is known to the database, and unlocks it.
    pub(crate) fn confirm(self) -> Result<()> {
        self.release(true)
    }

    /// Says that the file is whole, but that records may be in it which the database still means to log,
    /// and unlocks it.
    pub(crate) fn leave_unconfirmed(self) -> Result<()> {
        self.release(false)
    }

    fn release(self, is_confirmed: bool) -> Result<()> {
        match &self.contents {
            Some(Contents { tail, stamp, .. }) if !self.is_recorded => self.write_state(Some(&Clean {
                is_confirmed,
                stamp: *stamp,
                end: tail.end,
                close: tail.close,
            })),
            // Of a missing file nothing need be known: looking at all of it costs nothing.
            _ => Ok(()),
        }
    }

    fn create(&self, records: &[String]) -> Result<Contents> {
        let path = &self.log.path;
        let Some(file) = paths::create_new_file(path)? else {
            return Err(lock::busy(path, "a program that knows no lock has just created it"));
        };
        let created = append::create(path, &file, records)
            .and_then(|tail| inspect::stamp_of(path, &file).map(|stamp| (tail, stamp)));
        match created {
            Ok((tail, stamp)) => Ok(Contents { file, tail, stamp }),
            Err(error) => {
                // There was none before, and a part of one is not JSON.
                let _ = std::fs::remove_file(path);
                Err(error)
            }
        }
    }

    fn write_state(&self, state: Option<&Clean>) -> Result<()> {
        state::write(self.lock.file(), state)
            .map_err(|error| Error::storage("write", &self.log.lock_path, error))
    }
}

/// What there is of a record to look for. Everything else in it is skipped.
#[derive(Deserialize)]
struct Identified {
    id: Option<Value>,
}
