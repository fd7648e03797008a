//! A database must have one name: SQLite looks for the write-ahead log beside the name by which it opened the file.
//!
//! A file with two names has two logs, and writers with one name overwrite what was written with the other. A symbolic
//! link is not a second name: SQLite resolves it first.

use std::path::Path;

use super::filesystem;
use crate::error::{Error, ErrorKind, Result};
use crate::paths;

/// Refuses to write to a file with several hard links, or to one that is itself a mount point.
pub(super) fn refuse_aliases(path: &Path) -> Result<()> {
    let Ok(path) = path.canonicalize() else { return Ok(()) };
    refuse_links(path.metadata().map_or(1, |metadata| paths::links_of(&metadata)))?;
    match filesystem::is_mount_point(&path) {
        Some(false) => Ok(()),
        Some(true) => Err(refused(
            "the database file is itself a mount, so its write-ahead log would be in another folder than for programs that \
             open the original file, and records would be lost: mount its folder instead",
        )),
        None => Err(refused(
            "it is unknown whether the database file is itself a mount (no statx with mount ids, and no \
             /proc/self/mountinfo), and records could be lost: mount /proc",
        )),
    }
}

/// Refuses to write to a file with this number of hard links, unless it is 1.
pub(super) fn refuse_links(links: u64) -> Result<()> {
    if links <= 1 {
        return Ok(());
    }
    Err(refused(&format!(
        "the database file has {links} names (hard links), each with a write-ahead log of its own, and records would be \
         lost: remove the other names, or make them symbolic links. If a container needs the file, mount its folder"
    )))
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
