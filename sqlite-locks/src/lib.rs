//! Locks of SQLite databases and of lock files, and all the unsafe code of libmcoda's engine.
//!
//! - [`install`], [`close_new`] and [`refuse_foreign`]: locks that hold although another copy of SQLite in this process
//!   has the same file open. How, and on which systems, says the module `layer`.
//! - [`ClosedInChildren`]: a lock file that a forked child does not have.
//! - [`mount_of`]: on which mount a file lies.
//! - Two functions that a system's SQLite before 3.44 lacks, where that one is linked.

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
    //! Windows locks belong to the handle, and one SQLite for the whole process keeps its own connections apart.
    use std::fs::File;
    use std::path::Path;

    use crate::error::Exposed;

    /// Does nothing: no layer is needed here.
    pub fn install() {}

    /// Closes a new database file.
    pub fn close_new(_file: File, _path: &Path) {}

    /// Refuses nothing: no other copy of SQLite can take locks away here.
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
