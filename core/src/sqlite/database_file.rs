//! The identity of the files that a handle has open, even if they are renamed or replaced.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{ConnectOptions, Synchronous, connect_existing};
use super::file_aliases::refuse_links;
use super::immutable::{Fingerprint, fingerprint_if_immutable};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, FileId};

/// A database file, identified by device and inode; in memory, and on systems other than Unix, by its path only.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    id: Option<FileId>,
    /// Its state, if it was opened as immutable.
    immutable: Option<Fingerprint>,
    /// Where SQLite puts the write-ahead log and its index, if the file can be identified: beside the target of a link.
    side_files: Option<[PathBuf; 2]>,
    /// The write-ahead log and its index, for a handle that writes. Copies share them.
    beside: Arc<Mutex<Vec<(PathBuf, FileId)>>>,
}

impl DatabaseFile {
    pub(super) fn at(path: &Path) -> Self {
        let id = identity_at(path).map(|(id, _)| id);
        let real = id.and_then(|_| path.canonicalize().ok());
        let side_files = real.map(|real| ["-wal", "-shm"].map(|suffix| paths::beside(&real, suffix)));
        Self { path: path.to_owned(), id, immutable: None, side_files, beside: Arc::default() }
    }

    /// As [`DatabaseFile::at`], for a read-only handle.
    pub(super) fn for_reading(path: &Path) -> Self {
        Self { immutable: fingerprint_if_immutable(path), ..Self::at(path) }
    }

    /// A file that was opened as immutable must be unchanged before and after a query.
    pub(super) fn refuse_changed(&self) -> Result<()> {
        self.immutable.as_ref().map_or(Ok(()), |fingerprint| fingerprint.refuse_changed(&self.path))
    }

    /// Also identifies the write-ahead log and its index, which a connection has open. Nobody replaces or removes them
    /// in the meantime: only SQLite's last connection removes them, and the log is emptied by truncating it.
    pub(super) fn with_log(self) -> Self {
        self.identify_log();
        self
    }

    /// [`DatabaseFile::with_log`] for a connection whose host may turn the write-ahead log on and off at any time, and
    /// the same for all copies of this value: called after each use of the connection.
    pub(super) fn follow_log(&self, connection: &Connection) {
        let Some([log, _]) = &self.side_files else { return };
        let was_there = self.beside().iter().any(|(path, _)| path == log);
        if was_there == log.exists() {
            return;
        }
        match uses_log(connection) {
            // Removed by somebody else: the next write is refused.
            Ok(true) if was_there => {}
            Ok(true) => self.identify_log(),
            Ok(false) => self.beside().clear(),
            // It is asked again after the next use.
            Err(_) => {}
        }
    }

    fn identify_log(&self) {
        let files = self.side_files.iter().flatten();
        let identified = files.filter_map(|path| identity_at(path).map(|(id, _)| (path.clone(), id)));
        *self.beside() = identified.collect();
    }

    fn beside(&self) -> MutexGuard<'_, Vec<(PathBuf, FileId)>> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
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
        for (path, id) in &*self.beside() {
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

/// Whether the connection uses a write-ahead log.
pub(super) fn uses_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.pragma_query_value(None, "journal_mode", |row| Ok(row.get_ref(0)?.as_str()? == "wal"))
}

/// The identity of the file at this path, and its number of hard links.
fn identity_at(path: &Path) -> Option<(FileId, u64)> {
    let metadata = path.metadata().ok()?;
    Some((paths::id_of(&metadata)?, paths::links_of(&metadata)))
}
