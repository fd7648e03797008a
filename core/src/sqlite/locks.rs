//! The lock layer, with its refusal as an error of this crate.

use std::path::Path;

pub(crate) use mcoda_sqlite_locks::{Elsewhere, elsewhere};
pub(super) use mcoda_sqlite_locks::{close_new, install, is_locked, mount_of, read_start};

use crate::error::{Error, ErrorKind, Result};

/// Refuses to write to the database at `path` where no lock keeps somebody else in this process away.
pub(super) fn refuse_foreign(path: &Path) -> Result<()> {
    mcoda_sqlite_locks::refuse_foreign(path)
        .map_err(|exposed| Error::new(ErrorKind::Unsupported, exposed.to_string()))
}
