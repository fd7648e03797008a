//! The identity of the files that a handle has open, even if they are renamed or replaced.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{ConnectOptions, Synchronous, connect_existing};
use super::file_aliases::refuse_links;
use super::immutable::{Stamp, stamp_if_immutable};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, FileId};

/// A database file, identified by device and inode; in memory, and on systems other than Unix, by its path only.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    id: Option<FileId>,
    /// Its state, if it was opened as immutable.
    immutable: Option<Stamp>,
    /// The write-ahead log and its index, for a handle that writes.
    beside: Vec<(PathBuf, FileId)>,
}

impl DatabaseFile {
    pub(super) fn at(path: &Path) -> Self {
        let id = identity_at(path).map(|(id, _)| id);
        Self { path: path.to_owned(), id, immutable: None, beside: Vec::new() }
    }

    /// As [`DatabaseFile::at`], for a read-only handle.
    pub(super) fn for_reading(path: &Path) -> Self {
        Self { immutable: stamp_if_immutable(path), ..Self::at(path) }
    }

    /// A file that was opened as immutable must be unchanged before and after a query.
    pub(super) fn refuse_changed(&self) -> Result<()> {
        self.immutable.as_ref().map_or(Ok(()), |stamp| stamp.refuse_changed(&self.path))
    }

    /// Also identifies the write-ahead log and its index, which a connection has open. Nobody replaces or removes them
    /// in the meantime: only SQLite's last connection removes them, and the log is emptied by truncating it.
    pub(super) fn with_log(mut self) -> Self {
        // SQLite resolves links before it looks for these files.
        if self.id.is_some()
            && let Ok(path) = self.path.canonicalize()
        {
            self.beside.extend(["-wal", "-shm"].into_iter().filter_map(|suffix| {
                let name = paths::beside(&path, suffix);
                identity_at(&name).map(|(id, _)| (name, id))
            }));
        }
        self
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// SQLite would continue to write to a file without a name, and acknowledge records that cannot be found again.
    pub(super) fn refuse_replaced(&self) -> Result<()> {
        self.links().map(drop)
    }

    /// As [`DatabaseFile::refuse_replaced`], and refuses a file that has got a second name.
    pub(super) fn refuse_to_write(&self) -> Result<()> {
        refuse_links(self.links()?)
    }

    /// The number of hard links, if the file is the one that was opened.
    fn links(&self) -> Result<u64> {
        let Some(id) = self.id else { return Ok(1) };
        let Some(links) = identity_at(&self.path).and_then(|(now, links)| (now == id).then_some(links))
        else {
            let message = "the database file was removed or replaced since it was opened: open it again";
            return Err(Error::new(ErrorKind::Storage, message));
        };
        for (path, id) in &self.beside {
            if identity_at(path).is_none_or(|(now, _)| now != *id) {
                let message = format!(
                    "{} was removed or replaced while the database was open, so new records would be lost: close the \
                     database in every program that has it open, then open it again",
                    path.display()
                );
                return Err(Error::new(ErrorKind::Storage, message));
            }
        }
        Ok(links)
    }

    /// Opens another connection, to verify what the first one read.
    pub(super) fn reopen_for_reading(&self, busy_timeout: Duration) -> Result<Connection> {
        let newest_schema = i32::MAX;
        self.open(&ConnectOptions {
            read_only: true,
            busy_timeout,
            synchronous: Synchronous::Normal,
            newest_schema,
        })
    }

    /// Opens another connection on this file, and never on another file of the same name.
    pub(super) fn open(&self, options: &ConnectOptions) -> Result<Connection> {
        self.refuse_replaced()?;
        let connection = connect_existing(&self.path, options)?;
        self.refuse_replaced()?;
        Ok(connection)
    }
}

/// The identity of the file at this path, and its number of hard links.
fn identity_at(path: &Path) -> Option<(FileId, u64)> {
    let metadata = path.metadata().ok()?;
    Some((paths::id_of(&metadata)?, paths::links_of(&metadata)))
}
