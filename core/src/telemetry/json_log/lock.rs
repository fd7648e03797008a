//! One writer at a time: first among the threads that share a handle, then among handles and processes.

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

/// How soon a call that waits notices that it was given up.
const NOTICE: Duration = Duration::from_millis(10);

/// Lets one thread through at a time, so that of one handle's threads only one polls the lock file.
#[derive(Debug, Default)]
pub(super) struct Gate {
    is_taken: Mutex<bool>,
    freed: Condvar,
}

/// The gate is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'g>(&'g Gate);

impl Gate {
    /// `None` where the deadline passed first. An error where the call is given up.
    pub(super) fn enter(&self, deadline: Deadline, watch: &Watch) -> Result<Option<Turn<'_>>> {
        let mut is_taken = self.is_taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_taken {
            if deadline.has_passed() {
                return Ok(None);
            }
            // Not below the lock: a look at it may run code of the host's.
            drop(is_taken);
            watch.check()?;
            is_taken = self.is_taken.lock().unwrap_or_else(PoisonError::into_inner);
            if *is_taken {
                let longest = deadline.remaining().unwrap_or(NOTICE).min(NOTICE);
                is_taken =
                    self.freed.wait_timeout(is_taken, longest).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        *is_taken = true;
        Ok(Some(Turn(self)))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.is_taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_one();
    }
}

/// What came of waiting for a [`FileLock`].
#[derive(Debug)]
pub(super) enum Waited {
    Locked(FileLock),
    /// There is no such file.
    Missing,
    /// While somebody else had it, what it was wanted for was done.
    NotNeeded,
    /// The deadline passed.
    TooLong,
}

/// A lock that the kernel takes back when this process dies, though it may have a forked child. The file may stay open
/// behind it.
#[derive(Debug)]
pub(super) struct FileLock(Arc<OpenFile>);

/// A file that stays open between locks, since to open one takes longer than to lock it.
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

/// Who reads a file without its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    ByNobody,
    ByOthers,
}

impl FileLock {
    /// Waits for the lock of the file at `path`, which `open` opens, or says that it is missing. At least one attempt
    /// is made, whatever the deadline is and whether it is needed or not. A file that others `read` is only opened on
    /// systems whose locks would keep them out.
    pub(super) fn take(
        path: &Path,
        kept: &Kept,
        read: Read,
        open: impl Fn(&Path) -> Result<Option<File>>,
        deadline: Deadline,
        watch: &Watch,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Waited> {
        let backoff = Backoff::new();
        let kept = || kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = kept().take().filter(|file| !file.is_inherited());
        loop {
            let was_kept = known.is_some();
            let file = match known.take() {
                Some(file) => file,
                None => match OpenFile::open(path, read, || open(path))? {
                    Some(file) => Arc::new(file),
                    None => return Ok(Waited::Missing),
                },
            };
            while !file.try_lock(path)? {
                let is_needed = is_needed()?;
                if !is_needed || deadline.has_passed() {
                    return Ok(if is_needed { Waited::TooLong } else { Waited::NotNeeded });
                }
                watch.check()?;
                backoff.pause();
            }
            let lock = Self(file);
            // A file that lost its name keeps nobody out any more.
            if lock.has_name(path)? {
                *kept() = Some(Arc::clone(&lock.0));
                return Ok(Waited::Locked(lock));
            }
            // One that was kept may have lost its name long ago.
            if deadline.has_passed() && !was_kept {
                return Ok(Waited::TooLong);
            }
        }
    }

    /// Locks a file that was just created; `None` where somebody else was faster.
    pub(super) fn of_new(path: &Path, read: Read, file: File) -> Result<Option<Self>> {
        let file = OpenFile::open(path, read, || Ok(Some(file)))?;
        Ok(match file {
            Some(file) if file.try_lock(path)? => Some(Self(Arc::new(file))),
            _ => None,
        })
    }

    /// Whether this is the file that lies at `path`, and not one that was removed or replaced.
    pub(super) fn has_name(&self, path: &Path) -> Result<bool> {
        match path.metadata() {
            Ok(metadata) => Ok(self.is(&metadata)),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::storage("look at", path, error)),
        }
    }

    /// Whether this is the file that `metadata` was read of.
    pub(super) fn is(&self, metadata: &Metadata) -> bool {
        self.0.id == paths::id_of(metadata)
    }

    pub(super) fn file(&self) -> &File {
        &self.0.file
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing alone would not do where a child was forked meanwhile: it shares the lock. An error
        // leaves nothing to do but close.
        if self.0.is_locked && !self.0.is_inherited() {
            let _ = self.0.file.unlock();
        }
    }
}

impl OpenFile {
    fn open(path: &Path, read: Read, open: impl FnOnce() -> Result<Option<File>>) -> Result<Option<Self>> {
        #[cfg(unix)]
        let file = match ClosedInChildren::open(|| open().map_err(Some)?.ok_or(None)) {
            Ok(file) => file,
            Err(None) => return Ok(None),
            Err(Some(error)) => return Err(error),
        };
        #[cfg(not(unix))]
        let Some(file) = open()? else { return Ok(None) };
        let metadata = file.metadata().map_err(|error| Error::storage("look at", path, error))?;
        let is_locked = cfg!(unix) || read == Read::ByNobody;
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
