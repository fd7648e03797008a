//! Locks of SQLite databases and of lock files, and all the unsafe code of libmcoda's engine.
//!
//! - [`install`], [`close_new`] and [`refuse_foreign`]: locks that exclude another copy of SQLite in this process. The
//!   module `layer` explains how, and on which systems.
//! - [`elsewhere`], [`is_locked`], [`is_open_with_posix_locks`] and [`read_start`]: reading a database file and who has it
//!   open, without dropping locks.
//! - [`ClosedInChildren`]: a lock file that a forked child does not have.
//! - [`mount_of`]: the mount of a file.
//! - [`returning_memory`], [`handle_opened`] and [`handle_freed`]: returning freed memory to the system.
//! - Two functions that a system SQLite before 3.44 lacks, if that is linked.

#[cfg(unix)]
mod closed_in_children;
mod elsewhere;
mod error;
#[cfg(all(unix, feature = "bundled"))]
mod layer;
mod memory;
mod mounts;
#[cfg(all(unix, feature = "bundled"))]
mod switch;
#[cfg(not(all(unix, feature = "bundled")))]
mod layer {
    //! Windows locks belong to the handle, and a single SQLite in the process coordinates its own connections.
    use std::fs::File;
    use std::io::{self, Read};
    use std::path::Path;

    use crate::elsewhere::Elsewhere;
    use crate::error::Exposed;

    /// Does nothing: no layer is needed here.
    pub fn install() {}

    /// Closes a new database file.
    pub fn close_new(_file: File, _path: &Path) {}

    /// Refuses nothing: no other copy of SQLite can drop locks here.
    pub fn refuse_foreign(_path: &Path) -> Result<(), Exposed> {
        Ok(())
    }

    /// If the whole process has one SQLite, its open files cannot be distinguished from those of another copy.
    pub fn elsewhere(_path: &Path) -> Elsewhere {
        Elsewhere::Unknown
    }

    /// No lock is lost so where one SQLite serves the whole process: its own bookkeeping knows all that it has open.
    /// What it opens without locks it does not know, though.
    pub fn is_open_with_posix_locks(_path: &Path) -> bool {
        cfg!(unix)
    }

    /// Unknown on this platform.
    pub fn is_locked(_path: &Path) -> Option<bool> {
        None
    }

    /// The first bytes of a file beside a database, as many as `bytes` has room for. Says how many these are.
    ///
    /// On Unix the file is not opened, since closing it would drop the locks that SQLite has on it.
    pub fn read_start(path: &Path, bytes: &mut [u8]) -> io::Result<usize> {
        if cfg!(unix) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let mut read = 0;
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut bytes[read..])? {
                0 => return Ok(read),
                more => read += more,
            }
        }
    }
}
#[cfg(sqlite_without_clientdata)]
mod clientdata_shim;

#[cfg(unix)]
pub use closed_in_children::ClosedInChildren;
pub use elsewhere::Elsewhere;
pub use error::Exposed;
pub use layer::{
    close_new, elsewhere, install, is_locked, is_open_with_posix_locks, read_start, refuse_foreign,
};
pub use memory::{handle_freed, handle_opened, returning_memory};
pub use mounts::mount_of;
