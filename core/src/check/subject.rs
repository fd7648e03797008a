//! What a check looks at.

use std::path::{Path, PathBuf};

use crate::migration::DatabaseKind;
use crate::paths::{self, Locations};
use crate::sqlite::{IN_MEMORY, View};

/// A database, how to look at it, and what belongs to it.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) view: View<'a>,
    pub(crate) database: &'a Path,
    /// What kind of database it has to be, where that is known.
    pub(crate) expected: Option<DatabaseKind>,
    pub(crate) workspace_id: Option<&'a str>,
    /// The folder of the JSON log, where there is to be one.
    pub(crate) log_folder: Option<&'a Path>,
    /// The user's own folders. Where the database lies in them, only he may be able to change which file it is.
    pub(crate) user: Option<&'a Locations>,
    /// The config files, and that of the workspace's id.
    pub(crate) settings: Vec<PathBuf>,
    /// Whether the environment turns the database off.
    pub(crate) is_turned_off: bool,
}

impl Subject<'_> {
    pub(super) fn is_in_memory(&self) -> bool {
        self.database.as_os_str() == IN_MEMORY
    }

    /// Whether there is a file that can be looked at as a database. Why not is a finding about the files.
    pub(super) fn is_there(&self) -> bool {
        self.database.metadata().is_ok_and(|file| file.is_file()) && !self.is_foreign_pipe()
    }

    /// SQLite would wait for the other end of a pipe that lies beside the database.
    fn is_foreign_pipe(&self) -> bool {
        self.beside().iter().any(|path| paths::refuse_irregular_at(path).is_err())
    }

    /// The database and what SQLite keeps beside it, where links lead.
    pub(super) fn beside(&self) -> [PathBuf; 4] {
        let real = self.real();
        paths::DATABASE_FILES.map(|suffix| paths::beside(&real, suffix))
    }

    /// The file that SQLite works on, which is where links lead.
    pub(super) fn real(&self) -> PathBuf {
        self.database.canonicalize().unwrap_or_else(|_| self.database.to_owned())
    }

    pub(super) fn folder(&self) -> PathBuf {
        let real = self.real();
        real.parent().map_or_else(|| real.clone(), Path::to_owned)
    }

    /// The folder as it was named, since links on the way to it count.
    pub(super) fn folder_by_name(&self) -> PathBuf {
        self.database.parent().map_or_else(|| self.database.to_owned(), Path::to_owned)
    }

    pub(super) fn log(&self) -> Option<PathBuf> {
        self.log_folder.map(|folder| folder.join(paths::TOKEN_LOG_FILE))
    }

    pub(super) fn log_lock(&self) -> Option<PathBuf> {
        self.log_folder.map(|folder| folder.join(paths::TOKEN_LOG_LOCK_FILE))
    }

    /// The user's folders, where the database lies in them.
    pub(super) fn own_place(&self) -> Option<&Locations> {
        self.user.filter(|user| self.database.starts_with(user.global_folder()))
    }
}
