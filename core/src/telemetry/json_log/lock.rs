//! One writer at a time: first among the threads of a handle, then among handles and processes.

use std::fs::{File, Metadata, TryLockError};
use std::io::ErrorKind as IoErrorKind;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[cfg(unix)]
use mcoda_sqlite_locks::ClosedInChildren;

use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::sqlite::Watch;
use crate::time::{Backoff, Deadline};

/// How soon a waiting call notices that it was cancelled.
const NOTICE: Duration = Duration::from_millis(10);

/// A mutex with a deadline. Only one thread of a handle polls the lock file at a time.
#[derive(Debug, Default)]
pub(super) struct TimedMutex {
    is_locked: Mutex<bool>,
    unlocked: Condvar,
}

/// Unlocks the mutex when it is dropped.
#[derive(Debug)]
pub(super) struct TimedMutexGuard<'m>(&'m TimedMutex);

impl TimedMutex {
    /// `None` if the deadline passes first, an error if the call is cancelled.
    pub(super) fn lock(&self, deadline: Deadline, watch: &Watch) -> Result<Option<TimedMutexGuard<'_>>> {
        let mut is_locked = self.is_locked.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_locked {
            if deadline.has_passed() {
                return Ok(None);
            }
            // Not while the mutex is locked: the check may run code of the host.
            drop(is_locked);
            watch.check()?;
            is_locked = self.is_locked.lock().unwrap_or_else(PoisonError::into_inner);
            if *is_locked {
                let longest = deadline.remaining().unwrap_or(NOTICE).min(NOTICE);
                is_locked =
                    self.unlocked.wait_timeout(is_locked, longest).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        *is_locked = true;
        Ok(Some(TimedMutexGuard(self)))
    }
}

impl Drop for TimedMutexGuard<'_> {
    fn drop(&mut self) {
        *self.0.is_locked.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.unlocked.notify_one();
    }
}

/// The outcome of waiting for a [`FileLock`].
#[derive(Debug)]
pub(super) enum LockOutcome {
    Locked(FileLock),
    /// There is no such file.
    Missing,
    /// While another holder had it, it became unnecessary.
    NotNeeded,
    /// The deadline passed.
    TimedOut,
}

/// A lock that the kernel releases when this process dies, even if it has a forked child. The file may stay open after
/// the lock is released.
#[derive(Debug)]
pub(super) struct FileLock(Arc<OpenFile>);

/// A file that stays open between locks, because opening it takes longer than locking it.
pub(super) type Kept = Mutex<Option<Arc<OpenFile>>>;

#[derive(Debug)]
pub(super) struct OpenFile {
    #[cfg(unix)]
    file: ClosedInChildren,
    #[cfg(not(unix))]
    file: File,
    id: Option<paths::FileId>,
    is_locked: bool,
}

/// Whether other programs read a file without its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    None,
    Others,
}

impl FileLock {
    /// Waits for the lock of the file at `path`, which `open` opens. At least one attempt is made, whatever the deadline
    /// and `is_needed` are. Where locks block readers, a file that others read is only opened, not locked.
    pub(super) fn take(
        path: &Path,
        kept: &Kept,
        readers: Readers,
        open: impl Fn(&Path) -> Result<Option<File>>,
        deadline: Deadline,
        watch: &Watch,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<LockOutcome> {
        let backoff = Backoff::new();
        let kept = || kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = kept().take().filter(|file| !file.is_inherited());
        loop {
            let was_kept = known.is_some();
            let file = match known.take() {
                Some(file) => file,
                None => match OpenFile::open(path, readers, || open(path))? {
                    Some(file) => Arc::new(file),
                    None => return Ok(LockOutcome::Missing),
                },
            };
            while !file.try_lock(path)? {
                let is_needed = is_needed()?;
                if !is_needed || deadline.has_passed() {
                    return Ok(if is_needed { LockOutcome::TimedOut } else { LockOutcome::NotNeeded });
                }
                watch.check()?;
                backoff.pause();
            }
            let lock = Self(file);
            // The lock of a file that was removed or replaced excludes nobody.
            if lock.has_name(path)? {
                *kept() = Some(Arc::clone(&lock.0));
                return Ok(LockOutcome::Locked(lock));
            }
            // A file that was kept open may have been removed long ago.
            if deadline.has_passed() && !was_kept {
                return Ok(LockOutcome::TimedOut);
            }
        }
    }

    /// Locks a file that was just created; `None` if another process has locked it first.
    pub(super) fn of_new(path: &Path, readers: Readers, file: File) -> Result<Option<Self>> {
        let file = OpenFile::open(path, readers, || Ok(Some(file)))?;
        Ok(match file {
            Some(file) if file.try_lock(path)? => Some(Self(Arc::new(file))),
            _ => None,
        })
    }

    /// Whether this is still the file at `path`: it was neither removed nor replaced.
    pub(super) fn has_name(&self, path: &Path) -> Result<bool> {
        match path.metadata() {
            Ok(metadata) => Ok(self.is(&metadata)),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::storage("inspect", path, error)),
        }
    }

    /// Whether `metadata` is that of this file.
    pub(super) fn is(&self, metadata: &Metadata) -> bool {
        self.0.id == paths::id_of(metadata)
    }

    pub(super) fn id(&self) -> Option<paths::FileId> {
        self.0.id
    }

    pub(super) fn file(&self) -> &File {
        &self.0.file
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing alone is not enough if a child was forked in the meantime, because it shares the lock. After an error,
        // closing is all that is left to do.
        if self.0.is_locked && !self.0.is_inherited() {
            let _ = self.0.file.unlock();
        }
    }
}

impl OpenFile {
    fn open(
        path: &Path,
        readers: Readers,
        open: impl FnOnce() -> Result<Option<File>>,
    ) -> Result<Option<Self>> {
        #[cfg(unix)]
        let file = match ClosedInChildren::open(|| open().map_err(Some)?.ok_or(None)) {
            Ok(file) => file,
            Err(None) => return Ok(None),
            Err(Some(error)) => return Err(error),
        };
        #[cfg(not(unix))]
        let Some(file) = open()? else { return Ok(None) };
        let metadata = file.metadata().map_err(|error| Error::storage("inspect", path, error))?;
        let is_locked = cfg!(unix) || readers == Readers::None;
        Ok(Some(Self { file, id: paths::id_of(&metadata), is_locked }))
    }

    fn try_lock(&self, path: &Path) -> Result<bool> {
        if !self.is_locked {
            return Ok(true);
        }
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(Error::storage("lock", path, error)),
        }
    }

    fn is_inherited(&self) -> bool {
        #[cfg(unix)]
        return self.file.is_inherited();
        #[cfg(not(unix))]
        false
    }
}

pub(super) fn busy(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Busy, format!("{}: {why}; try again", path.display()))
}
