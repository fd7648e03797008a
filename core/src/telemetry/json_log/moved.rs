//! Finds the log again that was moved away while its last holder wrote to it.
//!
//! A holder that dies after an append leaves its records queued in the database. If the log is renamed before the next
//! holder looks, for example by a program that rotates logs, the records are in the renamed file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::paths::{self, FileId};

/// The file with this identity in the folder of `log`; `None` if there is none. One in another folder is not found.
pub(super) fn find(log: &Path, wanted: FileId) -> Result<Option<File>> {
    let Some(folder) = log.parent() else { return Ok(None) };
    let failed = |error: io::Error| Error::storage("read", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // Of a link that is the link's own identity.
        let is_wanted = |file: fs::Metadata| file.is_file() && paths::id_of(&file) == Some(wanted);
        if !entry.metadata().is_ok_and(is_wanted) {
            continue;
        }
        let path = entry.path();
        let opened = paths::none_if_missing(paths::open_own(&path, OpenOptions::new().read(true)));
        return opened.map_err(|error| Error::storage("open", &path, error));
    }
    Ok(None)
}
