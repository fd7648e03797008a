//! Which file a handle has open, whatever lies under its name later.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connect::{Connect, connect_existing};
use crate::error::{Error, ErrorKind, Result};

/// A database file, known by device and inode; in memory and on other systems than Unix by its path alone.
#[derive(Debug, Clone)]
pub(super) struct SameFile {
    path: PathBuf,
    id: Option<FileId>,
}

/// Device and inode.
type FileId = (u64, u64);

impl SameFile {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), id: id_at(path) }
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
