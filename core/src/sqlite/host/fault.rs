//! SQLite's errors, for hosts that know its codes.

use rusqlite::ffi;

use crate::error::{Error, ErrorKind};

/// An error of SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError {
    /// The name of its primary code, `SQLITE_CONSTRAINT` for example.
    pub code: &'static str,
    /// The number of the code.
    pub errno: i32,
    /// SQLite's message, or this library's for its own checks.
    pub text: String,
}

/// The codes of this library's own checks.
pub(super) mod code {
    pub(in super::super) const READONLY: i32 = 8;
    pub(in super::super) const CANTOPEN: i32 = 14;
    pub(in super::super) const PROTOCOL: i32 = 15;
    pub(in super::super) const TOOBIG: i32 = 18;
    pub(in super::super) const MISMATCH: i32 = 20;
    pub(in super::super) const MISUSE: i32 = 21;
    pub(in super::super) const RANGE: i32 = 25;
}

/// The names of the primary codes, by their numbers.
const NAMES: [&str; 29] = [
    "SQLITE_OK",
    "SQLITE_ERROR",
    "SQLITE_INTERNAL",
    "SQLITE_PERM",
    "SQLITE_ABORT",
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_NOMEM",
    "SQLITE_READONLY",
    "SQLITE_INTERRUPT",
    "SQLITE_IOERR",
    "SQLITE_CORRUPT",
    "SQLITE_NOTFOUND",
    "SQLITE_FULL",
    "SQLITE_CANTOPEN",
    "SQLITE_PROTOCOL",
    "SQLITE_EMPTY",
    "SQLITE_SCHEMA",
    "SQLITE_TOOBIG",
    "SQLITE_CONSTRAINT",
    "SQLITE_MISMATCH",
    "SQLITE_MISUSE",
    "SQLITE_NOLFS",
    "SQLITE_AUTH",
    "SQLITE_FORMAT",
    "SQLITE_RANGE",
    "SQLITE_NOTADB",
    "SQLITE_NOTICE",
    "SQLITE_WARNING",
];

impl HostError {
    /// An error with this primary code.
    pub(super) fn refused(errno: i32, text: impl Into<String>) -> Self {
        let name = usize::try_from(errno).ok().and_then(|errno| NAMES.get(errno));
        Self { code: name.unwrap_or(&"SQLITE_ERROR"), errno, text: text.into() }
    }

    /// A bug of this library or of the binding.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::refused(ffi::SQLITE_INTERNAL, text)
    }

    /// A database that is closed.
    pub fn closed() -> Self {
        Self::refused(code::MISUSE, "Database is closed")
    }

    /// A file that cannot be written or read.
    pub fn disk(text: impl Into<String>) -> Self {
        Self::refused(ffi::SQLITE_IOERR, text)
    }

    /// SQLite's message for a file that cannot be opened, to which `rusqlite` adds the path.
    pub(super) fn of_opening(error: rusqlite::Error) -> Self {
        let error = Self::from(error);
        let text = if error.errno == code::CANTOPEN {
            "unable to open database file".to_owned()
        } else {
            error.text
        };
        Self { text, ..error }
    }
}

impl From<rusqlite::Error> for HostError {
    fn from(error: rusqlite::Error) -> Self {
        let of = |code: ffi::Error, text: String| Self::refused(code.extended_code & 0xff, text);
        match error {
            rusqlite::Error::SqliteFailure(code, text) => {
                of(code, text.unwrap_or_else(|| ffi::code_to_str(code.extended_code).to_owned()))
            }
            rusqlite::Error::SqlInputError { error, msg, .. } => of(error, msg),
            other => Self::internal(other.to_string()),
        }
    }
}

#[doc(hidden)]
impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
        if let Some(rusqlite::Error::SqliteFailure(code, text)) = source {
            return rusqlite::Error::SqliteFailure(*code, text.clone()).into();
        }
        match error.kind() {
            ErrorKind::Closed => Self::closed(),
            ErrorKind::Busy => Self::refused(ffi::SQLITE_BUSY, error.message()),
            ErrorKind::Cancelled => Self::refused(ffi::SQLITE_INTERRUPT, "interrupted"),
            ErrorKind::Storage => Self::disk(error.message()),
            ErrorKind::InvalidInput => Self::refused(code::MISUSE, error.message()),
            _ => Self::internal(error.message()),
        }
    }
}
