//! The subject of a check.

use std::path::{Path, PathBuf};

use crate::migration::DatabaseKind;
use crate::paths::{self, Locations};
use crate::sqlite::{IN_MEMORY, View};

/// A database, how to read it, and the files that belong to it.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) view: View<'a>,
    pub(crate) database: &'a Path,
    /// The expected kind of the database, if known.
    pub(crate) expected: Option<DatabaseKind>,
    pub(crate) workspace_id: Option<&'a str>,
    /// Whether nothing names that id: then opening the database uses another id, if its rows have that one only.
    pub(crate) is_default_id: bool,
    /// The folder of the JSON log, if there should be one.
    pub(crate) log_folder: Option<&'a Path>,
    /// The user's own folders. If the database is in one of them, no other user may be able to replace it.
    pub(crate) user: Option<&'a Locations>,
    /// The config files, and the file with the workspace's id.
    pub(crate) settings: Vec<PathBuf>,
    /// Whether the environment disables the database.
    pub(crate) is_turned_off: bool,
}

impl Subject<'_> {
    pub(super) fn is_in_memory(&self) -> bool {
        self.database.as_os_str() == IN_MEMORY
    }

    /// Whether there is a file that can be opened as a database. If not, the examination of the files reports why.
    pub(super) fn is_there(&self) -> bool {
        self.database.metadata().is_ok_and(|file| file.is_file()) && !self.is_foreign_pipe()
    }

    /// Whether a file beside the database is a pipe: SQLite would wait for its other end.
    fn is_foreign_pipe(&self) -> bool {
        self.beside().iter().any(|path| paths::refuse_irregular_at(path).is_err())
    }

    /// The database and the files that SQLite keeps beside it, with links resolved.
    pub(super) fn beside(&self) -> [PathBuf; 4] {
        let real = self.real();
        paths::DATABASE_FILES.map(|suffix| paths::beside(&real, suffix))
    }

    /// The file that SQLite works on, with links resolved.
    pub(super) fn real(&self) -> PathBuf {
        self.database.canonicalize().unwrap_or_else(|_| self.database.to_owned())
    }

    pub(super) fn folder(&self) -> PathBuf {
        let real = self.real();
        real.parent().map_or_else(|| real.clone(), Path::to_owned)
    }

    /// The folder as it was named: links in its path matter.
    pub(super) fn folder_by_name(&self) -> PathBuf {
        self.database.parent().map_or_else(|| self.database.to_owned(), Path::to_owned)
    }

    pub(super) fn log(&self) -> Option<PathBuf> {
        self.log_folder.map(|folder| folder.join(paths::TOKEN_LOG_FILE))
    }

    pub(super) fn log_lock(&self) -> Option<PathBuf> {
        self.log_folder.map(|folder| folder.join(paths::TOKEN_LOG_LOCK_FILE))
    }

    /// The user's folders, if the database is in one of them.
    pub(super) fn own_place(&self) -> Option<&Locations> {
        self.user.filter(|user| self.database.starts_with(user.global_folder()))
    }
}
