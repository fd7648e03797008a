//! Databases on read-only media.
//!
//! Write-ahead logging needs a file beside the database, even for reading. If the file system is read-only, SQLite can
//! assume that the file does not change (`immutable`); then it takes no locks and detects no changes. Media that are
//! read-only here may be written to elsewhere, so the file is compared before and after every query.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::connect::schema_version;
use crate::error::{Error, ErrorKind, Result};
use crate::paths;

/// The state of a file: its length, and the times of its last changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint(u64, i128, i128);

/// The state of the database at `path` if it must be opened as immutable: it is on a read-only file system, and its
/// last writer has closed it.
pub(super) fn fingerprint_if_immutable(path: &Path) -> Option<Fingerprint> {
    let fingerprint = fingerprint(path)?;
    let is_readable = || {
        let plain = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        );
        match plain.map_err(Error::from).and_then(|plain| schema_version(&plain)) {
            Ok(_) => true,
            // Damage is reported as such.
            Err(error) => error.kind() != ErrorKind::Storage,
        }
    };
    (is_on_read_only_media(path) && is_closed(path) && !is_readable()).then_some(fingerprint)
}

/// Opens a database as immutable.
pub(super) fn open_immutable(path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(uri(path), flags)?)
}

impl Fingerprint {
    /// Refuses a database that has changed anyway, or is about to.
    pub(super) fn refuse_changed(&self, path: &Path) -> Result<()> {
        if fingerprint(path).as_ref() == Some(self) && is_closed(path) {
            return Ok(());
        }
        let message = "the database changed, although its file system is read-only here: open it again";
        Err(Error::new(ErrorKind::Storage, message))
    }
}

/// Whether no side file of a writer exists.
fn is_closed(path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else { return false };
    let is_missing = |suffix| matches!(paths::beside(&real, suffix).try_exists(), Ok(false));
    is_missing("-wal") && is_missing("-journal")
}

fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri + "?immutable=1"
}

#[cfg(unix)]
fn fingerprint(path: &Path) -> Option<Fingerprint> {
    use std::os::unix::fs::MetadataExt;
    let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let file = path.metadata().ok()?;
    Some(Fingerprint(
        file.len(),
        nanos(file.mtime(), file.mtime_nsec()),
        nanos(file.ctime(), file.ctime_nsec()),
    ))
}

#[cfg(unix)]
fn is_on_read_only_media(path: &Path) -> bool {
    rustix::fs::statvfs(path)
        .is_ok_and(|system| system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Unknown on other systems.
#[cfg(not(unix))]
fn fingerprint(_path: &Path) -> Option<Fingerprint> {
    None
}

#[cfg(not(unix))]
fn is_on_read_only_media(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_does_not_change_is_found_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.db", "a b.db", "a?b%41#c.db", "\u{e9}.db"] {
            let file = folder.path().join(name);
            Connection::open(&file).unwrap().execute_batch("PRAGMA user_version=7").unwrap();
            assert_eq!(schema_version(&open_immutable(&file).unwrap()).unwrap(), 7, "{name}");
        }
    }

    #[test]
    fn a_change_is_detected_and_writable_media_are_not_immutable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        assert!(!is_on_read_only_media(&file));
        assert_eq!(fingerprint_if_immutable(&file), None);
        let before = fingerprint(&file).unwrap();
        before.refuse_changed(&file).unwrap();
        let log = paths::beside(&file, "-wal");
        std::fs::write(&log, "").unwrap();
        assert_eq!(before.refuse_changed(&file).unwrap_err().kind(), ErrorKind::Storage);
        std::fs::remove_file(&log).unwrap();
        before.refuse_changed(&file).unwrap();
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE u (a)").unwrap();
        assert_eq!(before.refuse_changed(&file).unwrap_err().kind(), ErrorKind::Storage);
    }
}
