//! The log of token usage that people and other programs read: `token_usage.json`, one JSON array.
//!
//! Records are appended in place. A lock file beside it keeps writers that know it apart and says whether
//! the last of them finished. Where it did not, or where somebody without a lock wrote, the whole file is
//! looked at, and repaired, before anything is appended.

mod append;
mod entries;
mod head;
mod inspect;
mod lock;
mod positioned;
mod repair;
mod replace;
mod rewrite;
mod salvage;
mod scan;
mod state;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use self::entries::{Entries, Places};
use self::inspect::Contents;
use self::lock::{FileLock, Gate, Kept, Read, Turn, Waited};
use self::scan::Found;
pub(crate) use self::scan::LONGEST_ELEMENT as LONGEST_ENTRY;
pub(crate) use self::state::MOST_QUEUED;
use self::state::{Clean, Queued};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, TOKEN_LOG_FILE, TOKEN_LOG_LOCK_FILE};
use crate::sqlite::Watch;
use crate::time::{Deadline, Timestamp, check_clock};

/// How long a record waits for the log, since one holder that was stopped would hold up everybody else.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// For how long nobody waits after that was in vain. Each record still tries once.
const PAUSE: Duration = Duration::from_secs(5);

/// What stands between two records.
const SEPARATOR: &str = ",\n";

/// The log in one folder. Clones of a handle share it.
#[derive(Debug)]
pub(crate) struct JsonLog {
    path: PathBuf,
    lock_path: PathBuf,
    /// The database, whose owner gets what root creates.
    database: Option<PathBuf>,
    /// Both files, which stay open between calls, though not in a forked child.
    lock_file: Kept,
    file: Kept,
    /// Where a handle without a database has found the records.
    entries: Mutex<Option<Entries>>,
    gate: Gate,
    /// Until when waiting for the log is not tried again, since it was in vain.
    in_vain_until: Mutex<Option<Deadline>>,
    logged: Mutex<Logged>,
}

/// What this handle has logged and left on the queue, for its next transaction to take off.
#[derive(Debug, Default)]
struct Logged {
    ids: Vec<String>,
    /// Whether that was tried and is refused.
    is_refused: bool,
}

impl JsonLog {
    /// The log in `folder`, which must exist when it is locked.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(TOKEN_LOG_FILE),
            lock_path: folder.join(TOKEN_LOG_LOCK_FILE),
            database: None,
            lock_file: Kept::default(),
            file: Kept::default(),
            entries: Mutex::default(),
            gate: Gate::default(),
            in_vain_until: Mutex::default(),
            logged: Mutex::default(),
        }
    }

    /// The log of this database, whose owner it belongs to.
    pub(crate) fn of(self, database: &Path) -> Self {
        Self { database: Some(database.to_owned()), ..self }
    }

    /// Waits for other threads and processes, and for a program without a lock that is just rewriting the
    /// file, `Busy` after `timeout`, `Cancelled` where the token of this thread says so. On return the file is missing
    /// or one JSON array; what could not stay in it lies beside it in a file that is named after `now`.
    pub(crate) fn lock(&self, timeout: Duration, now: Timestamp) -> Result<Locked<'_>> {
        check_clock()?;
        let deadline = Deadline::after(timeout);
        let watch = Watch::of_thread();
        let locked = self.lock_within(self.enter(deadline, &watch)?, deadline, &watch, now, || Ok(true))?;
        locked.ok_or_else(|| lock::busy(&self.path, "another process is writing to it"))
    }

    /// As [`JsonLog::lock`], for what can wait: it takes [`LONGEST_WAIT`] at the most, and no time at all for a while after
    /// that was in vain. While others have the log, `is_needed` is asked again and again; `None` as soon as it says no.
    pub(crate) fn lock_briefly(
        &self,
        timeout: Duration,
        now: Timestamp,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Option<Locked<'_>>> {
        let deadline = Deadline::after(timeout.min(LONGEST_WAIT));
        let watch = Watch::of_thread();
        let turn = self.enter(deadline, &watch)?;
        let in_vain = || self.in_vain_until.lock().unwrap_or_else(PoisonError::into_inner);
        let is_paused = in_vain().is_some_and(|until| !until.has_passed());
        let deadline = if is_paused { Deadline::after(Duration::ZERO) } else { deadline };
        let locked = self.lock_within(turn, deadline, &watch, now, is_needed);
        match &locked {
            Err(error) if error.kind() == ErrorKind::Busy => {
                if !is_paused {
                    *in_vain() = Some(Deadline::after(PAUSE));
                }
            }
            _ => *in_vain() = None,
        }
        locked
    }

    /// Closes what is kept open. The next call opens it again.
    pub(crate) fn close(&self) {
        for kept in [&self.lock_file, &self.file] {
            // In a forked child a thread that is not there may have it.
            if let Ok(mut kept) = kept.try_lock() {
                *kept = None;
            }
        }
    }

    /// The ids of records that are in the log and may be taken off the queue. Whoever takes them does that, or
    /// [puts them back](JsonLog::put_back). Nothing where another thread has them just now.
    pub(crate) fn take_logged(&self) -> Vec<String> {
        // Without waiting, since in a forked child a thread that is not there may have it.
        self.logged.try_lock().map(|mut logged| std::mem::take(&mut logged.ids)).unwrap_or_default()
    }

    pub(crate) fn put_back(&self, ids: Vec<String>) {
        self.logged().ids.extend(ids);
    }

    /// Says whether the queue lets go of what is logged. As long as it does not, nothing is left on it for later.
    pub(crate) fn set_refused(&self, is_refused: bool) {
        self.logged().is_refused = is_refused;
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.logged().is_refused
    }

    /// The ids that [`JsonLog::take_logged`] would give.
    pub(crate) fn logged_ids(&self) -> Vec<String> {
        self.logged().ids.clone()
    }

    fn logged(&self) -> MutexGuard<'_, Logged> {
        self.logged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entries(&self) -> MutexGuard<'_, Option<Entries>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, deadline: Deadline, watch: &Watch) -> Result<Turn<'_>> {
        self.gate
            .enter(deadline, watch)?
            .ok_or_else(|| lock::busy(&self.path, "another thread is writing to it"))
    }

    fn lock_within<'l>(
        &'l self,
        turn: Turn<'l>,
        deadline: Deadline,
        watch: &Watch,
        now: Timestamp,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Option<Locked<'l>>> {
        let is_held = || lock::busy(&self.path, "another process is writing to it");
        let create = |path: &Path| paths::open_or_create_file(path, self.database.as_deref()).map(Some);
        let lock = match FileLock::take(
            &self.lock_path,
            &self.lock_file,
            Read::ByNobody,
            create,
            deadline,
            watch,
            &is_needed,
        )? {
            Waited::Locked(lock) => lock,
            Waited::NotNeeded => return Ok(None),
            Waited::Missing | Waited::TooLong => return Err(is_held()),
        };
        let file = match FileLock::take(
            &self.path,
            &self.file,
            Read::ByOthers,
            inspect::open,
            deadline,
            watch,
            &is_needed,
        )? {
            Waited::Locked(file) => Some(file),
            Waited::Missing => None,
            Waited::NotNeeded => return Ok(None),
            Waited::TooLong => return Err(is_held()),
        };
        let recorded =
            state::read(lock.file()).map_err(|error| Error::storage("read", &self.lock_path, error))?;
        let (mut is_confirmed, mut entries) = (false, None);
        let contents = match file {
            Some(file) => Some(match &recorded {
                Some(recorded) if let Some(known) = inspect::if_unchanged(&self.path, &file, recorded)? => {
                    is_confirmed = recorded.is_confirmed;
                    Contents { file, tail: known.0, stamp: known.1 }
                }
                _ => {
                    let (contents, found) = inspect::whole(&self.path, file, deadline, now)?;
                    entries = found;
                    contents
                }
            }),
            None => None,
        };
        Ok(Some(Locked {
            log: self,
            contents,
            entries,
            is_recorded: is_confirmed,
            was_interrupted: !is_confirmed,
            queued: recorded.map(|recorded| recorded.queued).unwrap_or_default(),
            lock,
            _turn: turn,
        }))
    }
}

/// The log, while nobody else may write to it. Dropped without [`Locked::confirm`] after an append, it leaves a file
/// that is not as the lock file says, which makes the next holder look at everything.
#[derive(Debug)]
pub(crate) struct Locked<'l> {
    log: &'l JsonLog,
    /// `None` where the file is missing.
    contents: Option<Contents>,
    /// Where the records stand, if all of the file was read.
    entries: Option<Entries>,
    /// Whether the lock file describes `contents` and nothing is left to confirm.
    is_recorded: bool,
    was_interrupted: bool,
    /// What holders before this one logged and left on the queue, be the log still the same or not.
    queued: Vec<Queued>,
    lock: FileLock,
    // Last, so that the lock file is unlocked when the next thread is let in.
    _turn: Turn<'l>,
}

/// How a record stands in the log that was left on the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasLogged {
    AsItIs,
    Otherwise,
}

impl Locked<'_> {
    /// Whether the last holder did not get to [`Locked::confirm`], or had no database to ask, or somebody
    /// else changed the file: records that were not confirmed may be in it.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// Whether a holder before this one logged the record with this id and left it on the queue: with this entry, or
    /// with another one.
    pub(crate) fn was_logged(&self, id: &str, entry: &str) -> Option<WasLogged> {
        if self.queued.is_empty() {
            return None;
        }
        let record = Queued::new(id, entry);
        let logged = self.queued.iter().find(|logged| logged.id == record.id)?;
        Some(if *logged == record { WasLogged::AsItIs } else { WasLogged::Otherwise })
    }

    /// Those of `ids` under which there is a record in the file. Reads all of it, unless that was done to lock it.
    pub(crate) fn ids_present(&mut self, ids: &[&str]) -> Result<HashSet<String>> {
        if let Some(records) = self.known_records(self.entries.as_ref(), ids)? {
            return Ok(records.into_keys().collect());
        }
        let mut present = HashSet::new();
        self.visit(ids, |id, _| {
            present.insert(id.to_owned());
        })?;
        Ok(present)
    }

    /// The records with these ids. Reads the whole file, unless this handle has done so and nobody wrote to it since.
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
        let mut places = Places::default();
        let mut records = HashMap::new();
        let see = |found: &Found<'_>| {
            places.add(found);
            if let Some(id) = found.id()
                && wanted.contains(id)
                && let Ok(record) = serde_json::from_str(found.text)
            {
                records.entry(id.to_owned()).or_insert(record);
            }
        };
        scan::scan_file(contents.file.file(), see)
            .map_err(|error| Error::storage("read", &self.log.path, error))?;
        *remembered = places.of(contents);
        Ok(records)
    }

    /// Those of the records that are there, by what is remembered of the file as it is now; `None` where only a look at
    /// all of it can tell.
    fn known_records(
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

    /// As [`Locked::append`], of records that [`Locked::records`] will be asked for: their ids with their entries.
    pub(crate) fn append_known(&mut self, records: &[(&str, String)]) -> Result<()> {
        let known = self.log.entries().take();
        let known = match &self.contents {
            Some(contents) => known.filter(|known| known.are_of(contents)),
            // Where there is no file yet, all that will be in it is known.
            None => None,
        };
        let is_first = self.contents.is_none();
        let lines: Vec<&str> = records.iter().map(|(_, line)| line.as_str()).collect();
        self.append(&lines)?;
        if let Some(contents) = &self.contents
            && let Some(known) = known.or_else(|| is_first.then(|| Places::default().of(contents)).flatten())
        {
            *self.log.entries() = known.with(contents, SEPARATOR, records);
        }
        Ok(())
    }

    /// Shows every record with one of these ids to `see`. Returns how much of the file is not blank, with what separates
    /// the elements.
    fn visit(&mut self, ids: &[&str], mut see: impl FnMut(&str, &Found<'_>)) -> Result<u64> {
        let Some(Contents { file, .. }) = &self.contents else { return Ok(0) };
        let mut used = 0;
        let wanted: HashSet<&str> = ids.iter().copied().collect();
        let see = |found: &Found<'_>| {
            used += (found.text.len() + SEPARATOR.len()) as u64;
            if let Some(id) = found.id()
                && wanted.contains(id)
            {
                see(id, found);
            }
        };
        scan::scan_file(file.file(), see).map_err(|error| Error::storage("read", &self.log.path, error))?;
        Ok(used)
    }

    /// Appends `records`, each a JSON object on one line, all of them with one write. `Busy` where a program
    /// without a lock changed the file since it was locked; nothing was written then.
    pub(crate) fn append<R: Borrow<str>>(&mut self, records: &[R]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        // Nothing need say that this is under way: an array that has become longer does not end where it did.
        self.check_lock()?;
        self.is_recorded = false;
        let path = &self.log.path;
        match &mut self.contents {
            Some(Contents { file, tail, stamp }) => {
                if inspect::stamp_of(path, file)? != *stamp {
                    return Err(lock::busy(path, "a program that knows no lock is writing to it"));
                }
                *tail = append::append(path, file.file(), stamp.length, *tail, records)?;
                *stamp = inspect::stamp_of(path, file)?;
            }
            None => self.contents = Some(self.create(records)?),
        }
        Ok(())
    }

    /// Says that everything in the file is known to the database, and unlocks it.
    pub(crate) fn confirm(self) -> Result<()> {
        self.release(true, Vec::new())
    }

    /// As [`Locked::confirm`], where these are still queued: ids with their entries, at most [`MOST_QUEUED`].
    pub(crate) fn confirm_queued(self, records: &[(&str, String)]) -> Result<()> {
        debug_assert!(records.len() <= MOST_QUEUED);
        let queued = records.iter().map(|(id, entry)| Queued::new(id, entry)).collect();
        self.release(true, queued)
    }

    /// Says that the file is whole, but that records may be in it which the database still means to log,
    /// and unlocks it.
    pub(crate) fn leave_unconfirmed(self) -> Result<()> {
        let queued = self.queued.clone();
        self.release(false, queued)
    }

    fn release(self, is_confirmed: bool, queued: Vec<Queued>) -> Result<()> {
        match &self.contents {
            Some(Contents { tail, stamp, .. }) if !self.is_recorded || queued != self.queued => {
                let (stamp, end, close) = (*stamp, tail.end, tail.close);
                self.write_state(Some(&Clean { is_confirmed, stamp, end, close, queued }))
            }
            // Of a missing file nothing need be known: looking at all of it costs nothing.
            _ => Ok(()),
        }
    }

    fn create(&self, records: &[impl Borrow<str>]) -> Result<Contents> {
        let path = &self.log.path;
        let taken = || lock::busy(path, "a program that knows no lock has just created it");
        let file = paths::create_new_file(path, self.log.database.as_deref())?.ok_or_else(taken)?;
        let file = FileLock::of_new(path, Read::ByOthers, file)?.ok_or_else(taken)?;
        let created = append::create(path, file.file(), records)
            .and_then(|tail| inspect::stamp_of(path, &file).map(|stamp| (tail, stamp)));
        match created {
            Ok((tail, stamp)) => Ok(Contents { file, tail, stamp }),
            Err(error) => {
                // There was none before, and a part of one is not JSON.
                if file.has_name(path).unwrap_or(false) {
                    let _ = std::fs::remove_file(path);
                }
                Err(error)
            }
        }
    }

    /// `Busy` where the lock file keeps nobody out any more.
    fn check_lock(&self) -> Result<()> {
        if self.lock.has_name(&self.log.lock_path)? {
            return Ok(());
        }
        Err(lock::busy(&self.log.lock_path, "it was removed or replaced a moment ago"))
    }

    /// Says in the lock file that a write is under way that can leave the file with the end that it had.
    fn begin(&mut self) -> Result<()> {
        self.check_lock()?;
        self.is_recorded = false;
        self.write_state(None)
    }

    fn write_state(&self, state: Option<&Clean>) -> Result<()> {
        state::write(self.lock.file(), state)
            .map_err(|error| Error::storage("write", &self.log.lock_path, error))
    }
}
