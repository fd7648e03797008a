//! The JSON log of token usage, for people and other programs: `token_usage.json`, one JSON array.
//!
//! Records are appended in place. A lock file beside the log excludes other writers that use it, and records whether the
//! last of them finished. If it did not, or if a program without the lock has written, the whole file is read, and
//! repaired if necessary, before anything is appended.

mod append;
mod entries;
mod find;
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
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::entries::Entries;
use self::inspect::Contents;
use self::lock::{FileLock, Kept, LockOutcome, Readers, TimedMutex, TimedMutexGuard};
pub(crate) use self::read_unlocked::{LogState, read_unlocked};
pub(crate) use self::scan::LONGEST_ELEMENT as LONGEST_ENTRY;
pub(crate) use self::state::MOST_QUEUED;
use self::state::{Queued, Recorded, Stamp};
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

    /// As [`JsonLog::lock`], but waits at most [`LONGEST_WAIT`] and until `watch` says to stop, and not at all for [`PAUSE`]
    /// after a timeout. While others hold the log, `is_needed` is called repeatedly; `None` as soon as it returns `false`.
    pub(crate) fn lock_briefly(
        &self,
        timeout: Duration,
        watch: &Watch,
        now: Timestamp,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Option<Locked<'_>>> {
        let deadline = Deadline::after(timeout.min(LONGEST_WAIT));
        let guard = self.enter(deadline, watch)?;
        let no_wait_until = || self.no_wait_until.lock().unwrap_or_else(PoisonError::into_inner);
        let is_paused = no_wait_until().is_some_and(|until| !until.has_passed());
        let deadline = if is_paused { Deadline::after(Duration::ZERO) } else { deadline };
        let locked = self.lock_within(guard, deadline, watch, now, is_needed);
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
                    let (contents, found) = inspect::whole(&self.path, file, deadline, watch, now)?;
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
}
