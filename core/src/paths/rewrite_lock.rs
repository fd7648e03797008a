//! Mutual exclusion of processes that replace a file.

use std::path::Path;

#[cfg(unix)]
mod locked {
    use std::fs::{File, OpenOptions};
    use std::path::Path;
    use std::time::Duration;

    use crate::paths::identity::id_of;
    use crate::paths::opened::open_own;
    use crate::time::{Backoff, Deadline};

    /// A child that was forked at the wrong time may keep the lock of a dead process. The wait is therefore limited.
    const LONGEST: Duration = Duration::from_secs(2);

    /// Locks the file that has this name now. `None` if its file system has no locks, or if it takes too long.
    pub(super) fn file(path: &Path) -> Option<File> {
        let (deadline, backoff) = (Deadline::after(LONGEST), Backoff::new());
        loop {
            let file = open_own(path, OpenOptions::new().read(true)).ok()?;
            loop {
                match file.try_lock() {
                    Ok(()) if is_at(path, &file) => return Some(file),
                    // It was replaced by the previous holder of the lock.
                    Ok(()) => break,
                    Err(std::fs::TryLockError::WouldBlock) if !deadline.has_passed() => backoff.pause(),
                    Err(_) => return None,
                }
            }
        }
    }

    fn is_at(path: &Path, file: &File) -> bool {
        matches!((path.metadata(), file.metadata()), (Ok(one), Ok(other)) if id_of(&one) == id_of(&other))
    }
}

/// The lock of a file that is being rewritten, among the threads and processes of this library. On systems other than
/// Unix a lock would block readers, so there is none.
#[derive(Debug)]
pub(super) struct RewriteLock {
    #[cfg(unix)]
    file: Option<std::fs::File>,
    was_missing: bool,
}

impl RewriteLock {
    /// Waits for other writers. This prevents lost updates between the last check of the file and its replacement;
    /// nothing else depends on it.
    #[cfg_attr(not(unix), allow(unused_variables, reason = "there is no lock"))]
    pub(super) fn wait(file: &Path) -> Self {
        let was_missing = cfg!(unix) && !file.exists();
        Self {
            #[cfg(unix)]
            file: if was_missing { None } else { locked::file(file) },
            was_missing,
        }
    }

    /// Whether there was no file to lock. If there is one by now, the lock must be acquired again.
    pub(super) fn was_missing(&self) -> bool {
        self.was_missing
    }
}

#[cfg(unix)]
impl Drop for RewriteLock {
    fn drop(&mut self) {
        // Closing alone is not sufficient if a child was forked in the meantime: it shares the lock. If unlocking
        // fails, closing is all that is left.
        let _ = self.file.as_ref().map(std::fs::File::unlock);
    }
}
