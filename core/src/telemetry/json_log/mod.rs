//! The JSON log of token usage, for people and other programs: `token_usage.json`, one JSON array.
//!
//! Records are appended in place. A lock file beside the log excludes other writers that use it, and records whether the
//! last of them finished. If it did not, or if a program without the lock has written, the whole file is read, and
//! repaired if necessary, before anything is appended.

mod append;
mod entries;
mod head;
mod inspect;
mod lock;
mod moved;
mod positioned;
mod read_unlocked;
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
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use self::entries::{Entries, Offsets};
use self::inspect::Contents;
use self::lock::{FileLock, Kept, LockOutcome, Readers, TimedMutex, TimedMutexGuard};
pub(crate) use self::read_unlocked::{LogState, read_unlocked};
use self::scan::Element;
pub(crate) use self::scan::LONGEST_ELEMENT as LONGEST_ENTRY;
pub(crate) use self::state::MOST_QUEUED;
use self::state::{Clean, Queued, Recorded, Stamp};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, FileId, TOKEN_LOG_FILE, TOKEN_LOG_LOCK_FILE};
use crate::sqlite::Watch;
use crate::time::{Deadline, Timestamp, check_clock};

/// How long a record waits for the log. Without a limit, one suspended holder would block all others.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// For how long records do not wait after such a timeout. Each still tries once.
const PAUSE: Duration = Duration::from_secs(5);

/// The separator of two records.
const SEPARATOR: &str = ",\n";

/// The log in one folder. Clones of a handle share it.
#[derive(Debug)]
pub(crate) struct JsonLog {
    path: PathBuf,
    lock_path: PathBuf,
    /// The database. Files that root creates get its owner.
    database: Option<PathBuf>,
    /// Both files stay open between calls, but not in a forked child.
    lock_file: Kept,
    file: Kept,
    /// The offsets of the records, if the handle has no database.
    entries: Mutex<Option<Entries>>,
    threads: TimedMutex,
    /// Until when records do not wait for the log, because a wait has timed out.
    no_wait_until: Mutex<Option<Deadline>>,
    logged: Mutex<Logged>,
}

/// Records that this handle has logged and left in the queue. Its next transaction removes them from it.
#[derive(Debug, Default)]
struct Logged {
    ids: Vec<String>,
    /// Whether the database refused to remove them.
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
            threads: TimedMutex::default(),
            no_wait_until: Mutex::default(),
            logged: Mutex::default(),
        }
    }

    /// The log of this database: its files get the owner of the database.
    pub(crate) fn of(self, database: &Path) -> Self {
        Self { database: Some(database.to_owned()), ..self }
    }

    /// Waits for other threads and processes, and for a program without the lock that is rewriting the file. `Busy` after
    /// `timeout`, `Cancelled` if the token of this thread is cancelled. On return the file is missing or is one JSON array;
    /// the part that had to be removed is in a file beside it, whose name contains `now`.
    pub(crate) fn lock(&self, timeout: Duration, now: Timestamp) -> Result<Locked<'_>> {
        check_clock()?;
        let deadline = Deadline::after(timeout);
        let watch = Watch::of_thread();
        let locked = self.lock_within(self.enter(deadline, &watch)?, deadline, &watch, now, || Ok(true))?;
        locked.ok_or_else(|| lock::busy(&self.path, "another process is writing to it"))
    }

    /// As [`JsonLog::lock`], but waits at most [`LONGEST_WAIT`], and not at all for [`PAUSE`] after a timeout. While others
    /// hold the log, `is_needed` is called repeatedly; `None` as soon as it returns `false`.
    pub(crate) fn lock_briefly(
        &self,
        timeout: Duration,
        now: Timestamp,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Option<Locked<'_>>> {
        let deadline = Deadline::after(timeout.min(LONGEST_WAIT));
        let watch = Watch::of_thread();
        let guard = self.enter(deadline, &watch)?;
        let no_wait_until = || self.no_wait_until.lock().unwrap_or_else(PoisonError::into_inner);
        let is_paused = no_wait_until().is_some_and(|until| !until.has_passed());
        let deadline = if is_paused { Deadline::after(Duration::ZERO) } else { deadline };
        let locked = self.lock_within(guard, deadline, &watch, now, is_needed);
        match &locked {
            Err(error) if error.kind() == ErrorKind::Busy => {
                if !is_paused {
                    *no_wait_until() = Some(Deadline::after(PAUSE));
                }
            }
            _ => *no_wait_until() = None,
        }
        locked
    }

    /// The path of the log.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the files. The next call opens them again.
    pub(crate) fn close(&self) {
        for kept in [&self.lock_file, &self.file] {
            // In a forked child, the mutex may be held by a thread that does not exist there.
            if let Ok(mut kept) = kept.try_lock() {
                *kept = None;
            }
        }
    }

    /// Takes the ids of logged records that can be removed from the queue. The caller removes them, or [puts them
    /// back](JsonLog::put_back). Empty if another thread is using the list.
    pub(crate) fn take_logged(&self) -> Vec<String> {
        // Without waiting: in a forked child, the mutex may be held by a thread that does not exist there.
        self.logged.try_lock().map(|mut logged| std::mem::take(&mut logged.ids)).unwrap_or_default()
    }

    pub(crate) fn put_back(&self, ids: Vec<String>) {
        self.logged().ids.extend(ids);
    }

    /// Sets whether the database refuses to remove records from the queue. While it does, none are left there for later.
    pub(crate) fn set_refused(&self, is_refused: bool) {
        self.logged().is_refused = is_refused;
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.logged().is_refused
    }

    /// The ids that [`JsonLog::take_logged`] would return.
    pub(crate) fn logged_ids(&self) -> Vec<String> {
        self.logged().ids.clone()
    }

    fn logged(&self) -> MutexGuard<'_, Logged> {
        self.logged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entries(&self) -> MutexGuard<'_, Option<Entries>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, deadline: Deadline, watch: &Watch) -> Result<TimedMutexGuard<'_>> {
        self.threads
            .lock(deadline, watch)?
            .ok_or_else(|| lock::busy(&self.path, "another thread is writing to it"))
    }

    fn lock_within<'l>(
        &'l self,
        guard: TimedMutexGuard<'l>,
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
            Readers::None,
            create,
            deadline,
            watch,
            &is_needed,
        )? {
            LockOutcome::Locked(lock) => lock,
            LockOutcome::NotNeeded => return Ok(None),
            LockOutcome::Missing | LockOutcome::TimedOut => return Err(is_held()),
        };
        let file = match FileLock::take(
            &self.path,
            &self.file,
            Readers::Others,
            inspect::open,
            deadline,
            watch,
            &is_needed,
        )? {
            LockOutcome::Locked(file) => Some(file),
            LockOutcome::Missing => None,
            LockOutcome::NotNeeded => return Ok(None),
            LockOutcome::TimedOut => return Err(is_held()),
        };
        let Recorded { state: recorded, written } =
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
            written,
            confirmed: recorded.as_ref().filter(|one| one.is_confirmed).map(|one| one.stamp),
            queued: recorded.map(|recorded| recorded.queued).unwrap_or_default(),
            lock,
            _guard: guard,
        }))
    }
}

/// The locked log. If it is dropped after an append without [`Locked::confirm`], the file differs from what the lock file
/// describes, and the next holder reads all of it.
#[derive(Debug)]
pub(crate) struct Locked<'l> {
    log: &'l JsonLog,
    /// `None` if the file is missing.
    contents: Option<Contents>,
    /// The offsets of the records, if the whole file was read.
    entries: Option<Entries>,
    /// Whether the lock file describes `contents` and nothing is left to confirm.
    is_recorded: bool,
    was_interrupted: bool,
    /// The file that was written to last, according to the lock file. It may have been moved away.
    written: Option<FileId>,
    /// The stamp of that file, if no record in it was queued then, except those in `queued`.
    confirmed: Option<Stamp>,
    /// Records that earlier holders logged and left in the queue, even if the log was replaced since.
    queued: Vec<Queued>,
    lock: FileLock,
    // Last, so that the lock file is unlocked before the next thread enters.
    _guard: TimedMutexGuard<'l>,
}

/// Whether a record that was left in the queue was logged with its present content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasLogged {
    Unchanged,
    Changed,
}

impl Locked<'_> {
    /// Whether the log may contain records that nobody confirmed: the last holder did not call [`Locked::confirm`] or had
    /// no database, or another program changed the file.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

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

    /// Calls `visit` for every record with one of these ids. Returns the number of bytes of the elements, with their
    /// separators and without blanks.
    fn visit(&mut self, ids: &[&str], mut visit: impl FnMut(&str, &Element<'_>)) -> Result<u64> {
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
    fn begin(&mut self) -> Result<()> {
        self.check_lock()?;
        self.is_recorded = false;
        self.write_state(&Clean::unfinished(self.queued.clone()))
    }

    fn write_state(&self, state: &Clean) -> Result<()> {
        state::write(self.lock.file(), state)
            .map_err(|error| Error::storage("write", &self.log.lock_path, error))
    }
}
