//! Which file a handle has open, whatever lies under its name later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::at_rest::{Stamp, stamp_if_immutable};
use super::connect::{Connect, Synchronous, connect_existing};
use crate::error::{Error, ErrorKind, Result};

/// A database file, known by device and inode; in memory and on other systems than Unix by its path alone.
#[derive(Debug, Clone)]
pub(super) struct SameFile {
    path: PathBuf,
    id: Option<FileId>,
    /// How it was, where SQLite was told that it does not change.
    immutable: Option<Stamp>,
}

/// Device and inode.
type FileId = (u64, u64);

impl SameFile {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), id: id_at(path), immutable: None }
    }

    /// As [`SameFile::at`], for a handle that only reads.
    pub(super) fn only_read_at(path: &Path) -> Self {
        Self { immutable: stamp_if_immutable(path), ..Self::at(path) }
    }

    /// What SQLite was told does not change has to be as it was, before a question and after it.
    pub(super) fn refuse_changed(&self) -> Result<()> {
        self.immutable.as_ref().map_or(Ok(()), |stamp| stamp.refuse_changed(&self.path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// SQLite would go on writing to a file that has lost its name, and acknowledge what nobody finds again.
    pub(super) fn refuse_vanished(&self) -> Result<()> {
        if self.id.is_none() || self.id == id_at(&self.path) {
            return Ok(());
        }
        let message = "the database file was removed or replaced since it was opened: open it again";
        Err(Error::new(ErrorKind::Storage, message))
    }

    /// One more connection, to see whether what another one read was right.
    pub(super) fn read_anew(&self, busy_timeout: Duration) -> Result<Connection> {
        let newest_schema = i32::MAX;
        self.open(&Connect { read_only: true, busy_timeout, synchronous: Synchronous::Normal, newest_schema })
    }

    /// Opens one more connection on this very file, never on another one that has taken its name.
    pub(super) fn open(&self, how: &Connect) -> Result<Connection> {
        self.refuse_vanished()?;
        let connection = connect_existing(&self.path, how)?;
        self.refuse_vanished()?;
        Ok(connection)
    }
}

#[cfg(unix)]
fn id_at(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn id_at(_path: &Path) -> Option<FileId> {
    None
}
