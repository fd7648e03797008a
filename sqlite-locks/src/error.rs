//! What this crate refuses.

use std::fmt;

/// No lock keeps another copy of SQLite in this process away from the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exposed {
    /// Somebody else in this process has it open.
    Foreign,
    /// It cannot be seen who has it open.
    Unknown,
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => {
                "another copy of SQLite, or another part of this program, has this database open in the same process, \
                 and no lock of this system keeps the two apart: records would be lost. Close it there, or use one \
                 SQLite for both (crate feature `bundled` turned off)"
            }
            Self::Unknown => {
                "no lock of this system keeps another copy of SQLite in this process apart, and whether one has this \
                 database open cannot be seen, since the system does not list the process's descriptors: records \
                 could be lost. Mount /proc (/dev/fd where there is no /proc), or use one SQLite for both (crate \
                 feature `bundled` turned off)"
            }
        })
    }
}

impl std::error::Error for Exposed {}
