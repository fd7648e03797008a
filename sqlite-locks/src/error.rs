//! The error of this crate.

use std::fmt;

/// No lock excludes another copy of SQLite in this process from the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exposed {
    /// Other code in this process has it open.
    Foreign,
    /// It is unknown who has it open.
    Unknown,
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => {
                "another copy of SQLite, or another part of this program, has this database open in the same process, \
                 and this system has no locks that exclude it: records would be lost. Close it there, or use one SQLite \
                 for both (crate feature `bundled` turned off)"
            }
            Self::Unknown => {
                "this system has no locks that exclude another copy of SQLite in this process, and it is unknown whether \
                 one has this database open, since the system does not list the process's descriptors: records could \
                 be lost. Mount /proc (/dev/fd where there is no /proc), or use one SQLite for both (crate \
                 feature `bundled` turned off)"
            }
        })
    }
}

impl std::error::Error for Exposed {}
