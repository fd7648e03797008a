//! A database has one name: SQLite finds the write-ahead log beside the name by which it opened the file.
//!
//! Under two names a file has two logs, and whoever writes by one of them overwrites what was written by the other. A
//! symbolic link is no second name: SQLite follows it first.

use std::path::Path;

use super::filesystem;
use crate::error::{Error, ErrorKind, Result};
use crate::paths;

/// Refuses to write to a file with several hard links, or one that is mounted by itself.
pub(crate) fn refuse_second_name(path: &Path) -> Result<()> {
    let Ok(path) = path.canonicalize() else { return Ok(()) };
    refuse_links(path.metadata().map_or(1, |metadata| paths::links_of(&metadata)))?;
    match filesystem::is_mount_point(&path) {
        Some(false) => Ok(()),
        Some(true) => Err(refused(
            "the database file is mounted by itself, so its write-ahead log would lie in another folder than for those \
             who open it where it comes from, and records would be lost: mount the folder that holds it instead",
        )),
        None => Err(refused(
            "whether the database file is mounted by itself cannot be seen (no statx with mount ids, and no \
             /proc/self/mountinfo), and records could be lost: mount /proc",
        )),
    }
}

/// Refuses to write to a file that has so many hard links.
pub(super) fn refuse_links(links: u64) -> Result<()> {
    if links <= 1 {
        return Ok(());
    }
    Err(refused(&format!(
        "the database file has {links} names (hard links), each with a write-ahead log of its own, and records would be \
         lost: remove the other names, or make them symbolic links. Where a container needs the file, mount the folder \
         that holds it"
    )))
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
