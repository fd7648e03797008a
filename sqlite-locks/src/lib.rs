//! Locks of SQLite databases and of lock files, and all the unsafe code of libmcoda's engine.
//!
//! - [`install`], [`close_new`] and [`refuse_foreign`]: locks that exclude another copy of SQLite in this process. The
//!   module `layer` explains how, and on which systems.
//! - [`ClosedInChildren`]: a lock file that a forked child does not have.
//! - [`mount_of`]: the mount of a file.
//! - Two functions that a system SQLite before 3.44 lacks, if that is linked.

#[cfg(unix)]
mod closed_in_children;
mod error;
#[cfg(all(unix, feature = "bundled"))]
mod layer;
mod mounts;
#[cfg(all(unix, feature = "bundled"))]
mod switch;
#[cfg(not(all(unix, feature = "bundled")))]
mod layer {
    //! Windows locks belong to the handle, and a single SQLite in the process coordinates its own connections.
    use std::fs::File;
    use std::path::Path;

    use crate::error::Exposed;

    /// Does nothing: no layer is needed here.
    pub fn install() {}

    /// Closes a new database file.
    pub fn close_new(_file: File, _path: &Path) {}

    /// Refuses nothing: no other copy of SQLite can drop locks here.
    pub fn refuse_foreign(_path: &Path) -> Result<(), Exposed> {
        Ok(())
    }
}
#[cfg(sqlite_without_clientdata)]
mod clientdata_shim;

#[cfg(unix)]
pub use closed_in_children::ClosedInChildren;
pub use error::Exposed;
pub use layer::{close_new, install, refuse_foreign};
pub use mounts::mount_of;
