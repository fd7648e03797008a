//! Locks that exclude another copy of SQLite in this process that has the same file open.
//!
//! SQLite locks ranges of bytes with POSIX record locks. Those belong to the *process*: the lock of one
//! copy does not stop another copy in the same process, and whenever anybody in the process closes any
//! descriptor of a file, all the process's locks on that file are gone. Two copies that write to one
//! database acknowledge each other's lost transactions, and `PRAGMA integrity_check` finds nothing.
//!
//! On Linux and Android (64 bits) this copy therefore uses *open file description* locks: they conflict
//! with everybody else's, in the same process too, and end when they are released or when the last
//! descriptor of their own description is closed. SQLite is not changed. The system calls `open`, `close`
//! and `fcntl` of its unix VFS, which all VFSes of that family share, are replaced by ours
//! ([`hooks`]) before this copy opens its first file. The rules, all of them kept by [`registry`]:
//!
//! 1. **One lock descriptor for each file** (device and inode). SQLite keeps its lock state for the file,
//!    not for the connection: it takes a lock through one descriptor and releases it through another. With
//!    POSIX locks that is the same lock; with ours it is only if all use one description. That one
//!    is never one of SQLite's: a mapping of `-shm`, or a forked child, keeps those alive,
//!    and a lock on them too. It is opened through `/proc`, or by the file's name if that is missing.
//! 2. **A closed descriptor is parked**, not closed, since closing it would drop the *other* copy's locks.
//!    The next open of the same file reuses it. It also pins the inode: file systems reuse the number of a
//!    deleted file, which would then identify another file. A host may close all descriptors by
//!    number and open others: device, inode and mode are compared before one is used or closed, and
//!    a descriptor that has changed is forgotten ([`tracked`]).
//! 3. **Parked descriptors are closed** when SQLite has none of that file left and an exclusive lock
//!    on the whole file is available: then nobody holds a lock that could be lost. If somebody does, later
//!    calls retry, at the earliest after a second, so that readers without a timeout rarely fail. When
//!    SQLite has no file open any more, the descriptors of files that nobody else in this process has open are
//!    closed at once, since there may be no later call. For a journal or a write-ahead log, which nobody locks and
//!    which a transaction can open and close each time, only the existence of locks is queried.
//! 4. **A forked child** closes the lock descriptors that it inherited (their locks would outlive the
//!    parent) and unlocks nothing (that would unlock the parent's). SQLite sees the files that the child opens
//!    itself as different from those that it inherited, and needs no mutex that a thread of
//!    the parent may have held ([`fork`]).
//! 5. **If such locks are unavailable**, with an old kernel or a file system that refuses them, the file is
//!    handled exactly as by SQLite. There, and on other systems with POSIX locks, writing is refused
//!    while other code in this process has the database open, or if that is unknown ([`refuse_foreign`]).
//!    Such a file is opened while the registry is locked, so that no open in progress is taken for another copy's.
//! 6. **If this copy was in use before**, which is only possible in a Rust program that shares it, a file
//!    that is already open keeps POSIX locks until it is closed: no lock is taken one way and released
//!    the other. Earlier descriptors are assumed to be this copy's; later ones are not.
//!
//! An open handle is an anchor: in WAL mode its connection holds a lock on the database and on `-shm` that
//! nobody can drop, so the write-ahead log is kept even if a host opens and closes the file directly.
//!
//! Without the crate's feature `bundled` nothing is installed: the system's SQLite is shared with the host,
//! coordinates its own connections, and its locking belongs to the host.
#![allow(
    unsafe_code,
    reason = "system calls, and functions that SQLite calls; each block says why it is sound"
)]

mod fork;
mod hooks;
mod registry;
mod sys;
mod tracked;

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

pub use self::hooks::install;
use self::registry::{Exposure, registry};
use crate::elsewhere::Elsewhere;
use crate::error::Exposed;

/// Closes the new database file at `path` as SQLite's own files are closed: another copy may have opened and locked
/// it already.
pub fn close_new(file: File, path: &Path) {
    let mut registry = registry();
    if registry.is_installed() {
        let descriptor = file.into_raw_fd();
        let path = CString::new(path.as_os_str().as_bytes()).ok();
        registry.adopt(descriptor, path.as_deref(), libc::O_RDWR);
        // An error of closing an unwritten file has no consequences.
        let _ = registry.close(descriptor);
    }
}

/// Who else in this process has the file at `path` open.
pub fn elsewhere(path: &Path) -> Elsewhere {
    registry().elsewhere(path)
}

/// The first bytes of the file at `path`, as many as `bytes` has room for. Says how many these are. No lock that
/// anybody in this process has on the file is lost by that.
pub fn read_start(path: &Path, bytes: &mut [u8]) -> io::Result<usize> {
    let mut file = registry().look(path)?;
    let mut read = 0;
    let done = loop {
        match file.read(&mut bytes[read..]) {
            Ok(0) => break Ok(read),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    // An error of closing a file that was only read means nothing.
    let _ = registry().close(file.into_raw_fd());
    done
}

/// Whether this copy has the file at `path` open with locks that are lost when anybody in this process closes it.
pub fn is_open_with_posix_locks(path: &Path) -> bool {
    registry().is_open_with_posix_locks(path)
}

/// Whether anybody, in this process or another one, has a lock on the file at `path`. `None` where that cannot be seen.
pub fn is_locked(path: &Path) -> Option<bool> {
    let mut registry = registry();
    registry.look(path).ok().and_then(|file| {
        let locked = registry.is_locked(file.as_raw_fd());
        let _ = registry.close(file.into_raw_fd());
        locked
    })
}

/// Refuses to write to the database at `path` if no lock excludes other code in this process.
pub fn refuse_foreign(path: &Path) -> Result<(), Exposed> {
    let mut since = None;
    loop {
        let mut registry = registry();
        // A handle that stays open may not open or close files for a long time.
        registry.close_due();
        let exposure = registry.exposure(path, &mut since);
        drop(registry);
        match exposure {
            Exposure::None => return Ok(()),
            Exposure::Foreign => return Err(Exposed::Foreign),
            Exposure::Unknown => return Err(Exposed::Unknown),
            Exposure::Opening => std::thread::sleep(Duration::from_micros(100)),
        }
    }
}
