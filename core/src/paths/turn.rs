//! Taking turns at a file that is replaced as a whole.

use std::path::Path;

#[cfg(unix)]
mod locked {
    use std::fs::{File, OpenOptions};
    use std::path::Path;
    use std::time::Duration;

    use crate::paths::identity::id_of;
    use crate::paths::opened::open_own;
    use crate::time::{Backoff, Deadline};

    /// A child that was forked in the wrong moment may keep the lock of a process that died. Nobody waits for that.
    const LONGEST: Duration = Duration::from_secs(2);

    /// Locks the file that has the name now. `None` where its file system has no locks, and where it takes too long.
    pub(super) fn file(path: &Path) -> Option<File> {
        let (deadline, backoff) = (Deadline::after(LONGEST), Backoff::new());
        loop {
            let file = open_own(path, OpenOptions::new().read(true)).ok()?;
            loop {
                match file.try_lock() {
                    Ok(()) if is_at(path, &file) => return Some(file),
                    // It was replaced by the one who had the lock before.
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

/// The turn of one who rewrites a file, among the threads and processes of this library. Elsewhere than on Unix a
/// lock would keep readers out, and there is none.
#[derive(Debug)]
pub(super) struct Turn {
    #[cfg(unix)]
    file: Option<std::fs::File>,
    was_missing: bool,
}

impl Turn {
    /// Waits for the others. That keeps them from undoing each other's changes in the moment between the last look at
    /// the file and its replacement, and nothing else depends on it.
    #[cfg_attr(not(unix), allow(unused_variables, reason = "there is no lock"))]
    pub(super) fn wait(file: &Path) -> Self {
        let was_missing = cfg!(unix) && !file.exists();
        Self {
            #[cfg(unix)]
            file: if was_missing { None } else { locked::file(file) },
            was_missing,
        }
    }

    /// Whether there was nothing to lock. If there is a file by now, its turn is still to be waited for.
    pub(super) fn was_missing(&self) -> bool {
        self.was_missing
    }
}

#[cfg(unix)]
impl Drop for Turn {
    fn drop(&mut self) {
        // Closing alone would not do where a child was forked meanwhile: it shares the lock. An error leaves
        // nothing to do but close.
        let _ = self.file.as_ref().map(std::fs::File::unlock);
    }
}
