//! Locks that hold although another copy of SQLite in this process has the same file open.
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
//!    POSIX locks that is the same lock; with ours it is only if all go through one description. That one
//!    is never one of SQLite's: a mapping of the memory of `-shm`, or a forked child, keeps those alive,
//!    and a lock on it with them. It is opened through `/proc`, or through the file's name where that is missing.
//! 2. **A closed descriptor is parked**, not closed, since closing it would drop the *other* copy's locks.
//!    The next open of the same file takes it. It also pins the inode: file systems hand the number of a
//!    deleted file out again, and then it would name another file here. A host may close all descriptors by
//!    their numbers and open others: device, inode and mode are compared before one is used or closed, and
//!    what is not the same any more is forgotten ([`tracked`]).
//! 3. **Parked descriptors are given back** when SQLite has none of that file left and an exclusive lock
//!    on the whole file can be had: then nobody has a lock there to lose. Where somebody has one it is
//!    tried again at later calls, a second later at the soonest, so that readers which do not wait are seldom
//!    turned away. When SQLite has no file open any more, all that nobody else in this process has open is
//!    given back at once, since there may be no later call. Of a journal or a write-ahead log, which nobody locks and which a
//!    transaction can open and close each time, it is only asked whether somebody has a lock.
//! 4. **A forked child** closes the lock descriptors that it inherited (their locks would outlive the
//!    parent) and unlocks nothing (that would unlock the parent's). To SQLite, the files that it opens
//!    itself are other ones than those that it inherited, and no mutex that it needs is one that a thread of
//!    the parent had ([`fork`]).
//! 5. **Where such locks cannot be had**, an old kernel or a file system that refuses them, the file is
//!    handled exactly as SQLite would. There, and on the other systems with POSIX locks, writing is refused
//!    while somebody else in this process has the database open, or where nobody knows ([`refuse_foreign`]).
//!    Such a file is opened under the registry's lock, so that no open under way is taken for somebody else's.
//! 6. **If this copy was in use before**, which only a Rust program that shares it can bring about, a file
//!    that is open already stays with POSIX locks until it is closed: no lock is taken one way and released
//!    the other. Descriptors from before are believed to be this copy's; those that come later are not.
//!
//! A handle that is open is an anchor: in WAL mode its connection keeps a lock on the database and on `-shm` that
//! nobody can drop, so the write-ahead log stays whatever a host does that opens and closes the file by itself.
//!
//! Without the crate's feature `bundled` nothing is installed: the one SQLite of the system is the host's as
//! well, its own bookkeeping keeps its connections apart, and how it locks is the host's business.
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

/// Closes the new database file at `path` as SQLite's own are closed: another copy may have opened and locked it
/// already.
pub fn close_new(file: File, path: &Path) {
    let mut registry = registry();
    if registry.is_installed() {
        let descriptor = file.into_raw_fd();
        let path = CString::new(path.as_os_str().as_bytes()).ok();
        registry.adopt(descriptor, path.as_deref(), libc::O_RDWR);
        // An error of closing a file that nothing was written to means nothing.
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
pub fn is_open_plain(path: &Path) -> bool {
    registry().is_open_plain(path)
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

/// Refuses to write to the database at `path` where no lock keeps somebody else in this process away.
pub fn refuse_foreign(path: &Path) -> Result<(), Exposed> {
    let mut since = None;
    loop {
        let mut registry = registry();
        // A handle that stays open may open and close nothing for long.
        registry.give_back_due();
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
