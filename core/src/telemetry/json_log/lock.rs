//! One writer at a time: first among the threads that share a handle, then among handles and processes.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[cfg(unix)]
use mcoda_sqlite_locks::ClosedInChildren;

use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::sqlite::Watch;
use crate::time::{Deadline, Pauses};

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
    /// While somebody else had it, what it was wanted for was done.
    NotNeeded,
    /// The deadline passed.
    TooLong,
}

/// A lock that the kernel takes back when this process dies, though it may have a forked child.
#[derive(Debug)]
pub(super) struct FileLock {
    #[cfg(unix)]
    file: ClosedInChildren,
    #[cfg(not(unix))]
    file: File,
}

impl FileLock {
    /// Waits for the lock of the file at `path`, which is created where it is missing. At least one attempt is
    /// made, whatever the deadline is and whether it is needed or not.
    pub(super) fn take(
        path: &Path,
        deadline: Deadline,
        watch: &Watch,
        is_needed: impl Fn() -> Result<bool>,
    ) -> Result<Waited> {
        let pauses = Pauses::new();
        let open = || paths::open_or_create_file(path);
        #[cfg(unix)]
        let lock = Self { file: ClosedInChildren::open(open)? };
        #[cfg(not(unix))]
        let lock = Self { file: open()? };
        loop {
            match lock.file.try_lock() {
                Ok(()) => return Ok(Waited::Locked(lock)),
                Err(TryLockError::WouldBlock) => {
                    if !is_needed()? {
                        return Ok(Waited::NotNeeded);
                    }
                    watch.check()?;
                    if deadline.has_passed() {
                        return Ok(Waited::TooLong);
                    }
                    pauses.pause();
                }
                Err(TryLockError::Error(error)) => return Err(Error::storage("lock", path, error)),
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing alone would not do where a child was forked meanwhile: it shares the lock. An error
        // leaves nothing to do but close.
        let _ = self.file.unlock();
    }
}

pub(super) fn busy(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Busy, format!("{}: {why}; try again", path.display()))
}
