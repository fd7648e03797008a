//! What this crate refuses.

use std::fmt;

/// Somebody else in this process has the database open, and no lock keeps the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposed {
    _private: (),
}

impl Exposed {
    #[cfg(all(unix, feature = "bundled"))]
    pub(crate) fn new() -> Self {
        Self { _private: () }
    }
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "another copy of SQLite, or another part of this program, has this database open in the same process, and \
             no lock of this system keeps the two apart: records would be lost. Close it there, or use one SQLite for \
             both (crate feature `bundled` turned off)",
        )
    }
}

impl std::error::Error for Exposed {}
