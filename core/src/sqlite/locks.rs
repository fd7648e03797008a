//! The lock layer, with its refusal as an error of this crate, and what else needs unsafe code.

use std::path::Path;

pub(crate) use mcoda_sqlite_locks::{Elsewhere, is_locked};
pub(super) use mcoda_sqlite_locks::{
    close_new, handle_freed, handle_opened, install, is_open_with_posix_locks, mount_of, read_start,
    returning_memory,
};

use crate::error::{Error, ErrorKind, Result};

/// Refuses to write to the database at `path` if no lock excludes others in this process.
pub(super) fn refuse_foreign(path: &Path) -> Result<()> {
    mcoda_sqlite_locks::refuse_foreign(path)
        .map_err(|exposed| Error::new(ErrorKind::Unsupported, exposed.to_string()))
}

/// Who else in this process has the file at `path` open.
pub(crate) fn elsewhere(path: &Path) -> Elsewhere {
    install();
    mcoda_sqlite_locks::elsewhere(path)
}
