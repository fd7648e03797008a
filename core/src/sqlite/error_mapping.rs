//! The error kinds of SQLite's result codes.

use std::path::Path;

use rusqlite::ffi::ErrorCode;

use super::cancel::CANCELLED;
use crate::error::{Error, ErrorKind};

// Hidden: hosts do not see rusqlite. It is public because `?` needs a `From` of the public type.
#[doc(hidden)]
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let (kind, message) = match &error {
            rusqlite::Error::SqliteFailure(failure, text) => {
                let text = text.clone().unwrap_or_else(|| failure.to_string());
                describe(failure.code, text)
            }
            rusqlite::Error::SqlInputError { error, msg, .. } => describe(error.code, msg.clone()),
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => {
                (ErrorKind::Corrupt, format!("a row holds a value of the wrong type: {error}"))
            }
            rusqlite::Error::InvalidColumnName(name) => {
                (ErrorKind::Unsupported, missing_schema_error(&format!("no such column: {name}")))
            }
            _ => (ErrorKind::Internal, format!("SQLite call failed: {error}")),
        };
        Self::new(kind, message).with_source(error)
    }
}

fn describe(code: ErrorCode, text: String) -> (ErrorKind, String) {
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (ErrorKind::Busy, format!("another writer holds the database; try again ({text})"))
        }
        ErrorCode::OperationInterrupted => (ErrorKind::Cancelled, CANCELLED.to_owned()),
        ErrorCode::DatabaseCorrupt => {
            (ErrorKind::Corrupt, format!("the database is damaged; restore a backup ({text})"))
        }
        ErrorCode::NotADatabase => {
            (ErrorKind::Corrupt, format!("this file is not an SQLite database ({text})"))
        }
        ErrorCode::OutOfMemory => (
            ErrorKind::Storage,
            format!("there is not enough memory for this call: ask for less at once ({text})"),
        ),
        ErrorCode::DiskFull => (ErrorKind::Storage, format!("the disk is full ({text})")),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => (
            ErrorKind::Storage,
            format!("the file cannot be opened; check that it exists and its permissions ({text})"),
        ),
        ErrorCode::ReadOnly => (
            ErrorKind::Storage,
            format!(
                "the database cannot be written to: it was opened read-only, or its permissions forbid it ({text})"
            ),
        ),
        ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::NoLargeFileSupport => {
            (ErrorKind::Storage, format!("reading or writing failed ({text})"))
        }
        ErrorCode::ConstraintViolation => {
            (ErrorKind::Conflict, format!("the database refused the row ({text})"))
        }
        ErrorCode::Unknown if MISSING_SCHEMA.iter().any(|words| text.contains(words)) => {
            (ErrorKind::Unsupported, missing_schema_error(&text))
        }
        // The library itself stores no such values, and a query of the host has an error of its own.
        ErrorCode::TooBig => (
            ErrorKind::Corrupt,
            format!(
                "the database is damaged, or has a larger value than SQLite allows; restore a backup ({text})"
            ),
        ),
        ErrorCode::Unknown if FOREIGN_SCHEMA.iter().any(|words| text.contains(words)) => (
            ErrorKind::Unsupported,
            format!(
                "its schema uses something that this SQLite lacks: remove what another program added ({text})"
            ),
        ),
        // The encoding in the file's header has changed.
        ErrorCode::Unknown if text.contains("must use the same text encoding") => {
            (ErrorKind::Corrupt, format!("the database is damaged; restore a backup ({text})"))
        }
        ErrorCode::Unknown if text.starts_with("unsupported file format") => {
            let message =
                "the file was made by a newer SQLite, or is damaged: update libmcoda, else restore a backup";
            (ErrorKind::Unsupported, format!("{message} ({text})"))
        }
        _ => (ErrorKind::Internal, format!("SQLite call failed ({text})")),
    }
}

/// Whether SQLite reported a damaged file, or one that is not a database.
pub(crate) fn is_corruption(error: &Error) -> bool {
    let code = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<rusqlite::Error>())
        .and_then(rusqlite::Error::sqlite_error_code);
    error.kind() == ErrorKind::Corrupt
        && matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown))
}

/// The error of a read that failed although the database is intact.
pub(super) fn transient_read_error(error: Error) -> Error {
    let message = "the database could not be read correctly, but is intact when it is read again: try again; if this \
                   recurs, check the disk";
    Error::new(ErrorKind::Storage, message).with_source(error)
}

/// SQLite's messages for a schema without a name that a statement uses.
const MISSING_SCHEMA: [&str; 3] = ["no such table", "no such column", "has no column named"];

/// SQLite's messages for what an index or a trigger of another program uses.
const FOREIGN_SCHEMA: [&str; 3] = ["no such function", "no such collation sequence", "no such module"];

/// A read-only handle does not migrate the schema. On other handles this should not happen.
fn missing_schema_error(lacks: &str) -> String {
    format!(
        "its schema lacks something that this build needs: if it was opened read-only, open it once for \
         writing; otherwise restore a backup ({lacks})"
    )
}

impl Error {
    /// Adds the path of the file to a storage error, unless its message has one.
    pub(crate) fn about_file(self, path: &Path) -> Self {
        match self.kind() {
            _ if self.is_located() => self,
            ErrorKind::Busy
            | ErrorKind::Storage
            | ErrorKind::Corrupt
            | ErrorKind::Unsupported
            | ErrorKind::Internal => self.context(path.display()),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_runs_out_is_no_bug() {
        let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOMEM);
        let error = Error::from(rusqlite::Error::SqliteFailure(failure, None));
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.message().contains("memory"), "{error}");
    }

    #[test]
    fn a_value_that_is_too_large_and_a_foreign_schema_are_no_bugs() {
        let kind = |code, text: &str| {
            let failure = rusqlite::ffi::Error::new(code);
            Error::from(rusqlite::Error::SqliteFailure(failure, Some(text.to_owned()))).kind()
        };
        let too_big = kind(rusqlite::ffi::SQLITE_TOOBIG, "string or blob too big");
        assert_eq!(too_big, ErrorKind::Corrupt);
        for text in ["no such function: slug", "no such collation sequence: de", "no such module: fts9"] {
            assert_eq!(kind(rusqlite::ffi::SQLITE_ERROR, text), ErrorKind::Unsupported);
        }
    }
}
