//! The lock layer, with its refusal as an error of this crate.

use std::path::Path;

pub(super) use mcoda_sqlite_locks::{close_new, install, mount_of};

use crate::error::{Error, ErrorKind, Result};

/// Refuses to write to the database at `path` if no lock excludes others in this process.
pub(super) fn refuse_foreign(path: &Path) -> Result<()> {
    mcoda_sqlite_locks::refuse_foreign(path)
        .map_err(|exposed| Error::new(ErrorKind::Unsupported, exposed.to_string()))
}
