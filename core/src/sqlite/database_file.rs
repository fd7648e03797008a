//! Which files a handle has open, whatever lies under their names later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{ConnectOptions, Synchronous, connect_existing};
use super::file_aliases::refuse_links;
use super::immutable::{Stamp, stamp_if_immutable};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, FileId};

/// A database file, known by device and inode; in memory and on other systems than Unix by its path alone.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    id: Option<FileId>,
    /// How it was, where SQLite was told that it does not change.
    immutable: Option<Stamp>,
    /// The write-ahead log and its index, of a handle that writes.
    beside: Vec<(PathBuf, FileId)>,
}

impl DatabaseFile {
    pub(super) fn at(path: &Path) -> Self {
        let id = identity_at(path).map(|(id, _)| id);
        Self { path: path.to_owned(), id, immutable: None, beside: Vec::new() }
    }

    /// As [`DatabaseFile::at`], for a handle that only reads.
    pub(super) fn for_reading(path: &Path) -> Self {
        Self { immutable: stamp_if_immutable(path), ..Self::at(path) }
    }

    /// What SQLite was told does not change has to be as it was, before a question and after it.
    pub(super) fn refuse_changed(&self) -> Result<()> {
        self.immutable.as_ref().map_or(Ok(()), |stamp| stamp.refuse_changed(&self.path))
    }

    /// Watches the write-ahead log and its index, too, which a connection has open. Nobody replaces or removes them
    /// while one has: SQLite's last connection alone does, and to empty the log it is cut.
    pub(super) fn with_log(mut self) -> Self {
        // SQLite follows links before it looks for them.
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

    /// SQLite would go on writing to a file that has lost its name, and acknowledge what nobody finds again.
    pub(super) fn refuse_replaced(&self) -> Result<()> {
        self.links().map(drop)
    }

    /// As [`DatabaseFile::refuse_replaced`], and refuses a file that has got a second name.
    pub(super) fn refuse_to_write(&self) -> Result<()> {
        refuse_links(self.links()?)
    }

    /// How many names the file has, if it is the one that was opened.
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
                    "{} was removed or replaced while the database was open, and what is written now nobody would find \
                     again: close the database in every program that has it open, then open it again",
                    path.display()
                );
                return Err(Error::new(ErrorKind::Storage, message));
            }
        }
        Ok(links)
    }

    /// One more connection, to see whether what another one read was right.
    pub(super) fn reopen_for_reading(&self, busy_timeout: Duration) -> Result<Connection> {
        let newest_schema = i32::MAX;
        self.open(&ConnectOptions {
            read_only: true,
            busy_timeout,
            synchronous: Synchronous::Normal,
            newest_schema,
        })
    }

    /// Opens one more connection on this very file, never on another one that has taken its name.
    pub(super) fn open(&self, options: &ConnectOptions) -> Result<Connection> {
        self.refuse_replaced()?;
        let connection = connect_existing(&self.path, options)?;
        self.refuse_replaced()?;
        Ok(connection)
    }
}

/// Which file it is, and how many names it has.
fn identity_at(path: &Path) -> Option<(FileId, u64)> {
    let metadata = path.metadata().ok()?;
    Some((paths::id_of(&metadata)?, paths::links_of(&metadata)))
}
