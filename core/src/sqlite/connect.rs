//! Opening a database file with the settings that all connections have.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::cancel::Watch;
use super::file_aliases::refuse_aliases;
use super::new_file::{NewContent, create_missing};
use super::write_transaction::{WaitPolicy, retry_while_busy};
use super::{filesystem, immutable, locks};
use crate::definition::{Described, FieldType, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::paths;

/// The path of an in-memory database, for tests.
pub(crate) const IN_MEMORY: &str = ":memory:";

/// Which failures a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Synchronous {
    /// A commit survives a crash of the process; a power failure may lose the last commits.
    #[default]
    Normal,
    /// A commit survives a power failure, at the cost of one disk flush.
    Full,
}

impl Synchronous {
    /// The setting with this name: `normal` or `full`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "normal" => Ok(Self::Normal),
            "full" => Ok(Self::Full),
            other => Err(Error::invalid("synchronous", format_args!("{other:?}"), "normal or full")),
        }
    }
}

impl Described for Synchronous {
    const KIND: Kind = Kind::Choice("Synchronous", &["normal", "full"]);
}

impl FieldType for Synchronous {
    fn from_value(name: &str, value: &serde_json::Value) -> Result<Self> {
        Self::from_name(&String::from_value(name, value)?)
    }

    fn absent(_name: &str) -> Result<Self> {
        Ok(Self::default())
    }
}

/// The options of a connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectOptions {
    pub(crate) read_only: bool,
    pub(crate) busy_timeout: Duration,
    pub(crate) synchronous: Synchronous,
    /// The newest schema (`user_version`) that this build knows.
    pub(crate) newest_schema: i32,
}

impl ConnectOptions {
    /// The wait policy of a call that begins now.
    pub(crate) fn wait_policy<'w>(&self, watch: &'w Watch) -> WaitPolicy<'w> {
        WaitPolicy::new(self.busy_timeout, watch)
    }
}

/// Opens the database at `path`, and creates it empty if it is missing, unless `read_only`.
pub(crate) fn connect(path: &Path, options: &ConnectOptions) -> Result<Connection> {
    connect_or_create(path, options, None)
}

/// As [`connect`]. A missing file is created with this content where that is possible.
pub(crate) fn connect_or_create(
    path: &Path,
    options: &ConnectOptions,
    content: Option<NewContent<'_>>,
) -> Result<Connection> {
    if path.as_os_str() != IN_MEMORY {
        locks::install();
        prepare_file(path, options.read_only, content)?;
    }
    connect_existing(path, options)
}

/// Opens a database to which [`connect`] has opened another connection before, or one in memory.
pub(super) fn connect_existing(path: &Path, options: &ConnectOptions) -> Result<Connection> {
    locks::install();
    let in_memory = path.as_os_str() == IN_MEMORY;
    let access =
        if options.read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    if !options.read_only && !in_memory {
        refuse_aliases(path)?;
    }
    let is_immutable = options.read_only && !in_memory && immutable::fingerprint_if_immutable(path).is_some();
    let connection = if is_immutable {
        immutable::open_immutable(path)?
    } else {
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?
    };
    wait_for_writers(&connection, options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    let watch = Watch::of_thread();
    let wait_policy = options.wait_policy(&watch);
    refuse_newer_schema(&connection, path, options.newest_schema, &wait_policy)?;
    if !options.read_only && !in_memory {
        // Opening writes as well: the journal mode and the schema.
        locks::refuse_foreign(path)?;
    }
    set(&connection, "foreign_keys", "1", "1")?;
    let (word, number) = match options.synchronous {
        Synchronous::Normal => ("NORMAL", "1"),
        Synchronous::Full => ("FULL", "2"),
    };
    set(&connection, "synchronous", word, number)?;
    if !options.read_only {
        use_wal(&connection, in_memory, &wait_policy)?;
        // The pragma returns the value in effect.
        let sql = format!("PRAGMA journal_size_limit={LARGEST_IDLE_LOG}");
        let limit: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        expect("journal_size_limit", limit, &LARGEST_IDLE_LOG.to_string())?;
    }
    Ok(connection)
}

/// The length of the log's file after it has started over. Larger than the log usually gets, because a file that
/// shrinks and grows all the time makes writing slow.
const LARGEST_IDLE_LOG: i64 = 8 << 20;

/// Whether the database is intact. It is read from the disk again.
pub(super) fn is_intact(connection: &Connection) -> bool {
    let result = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    result.is_ok_and(|result| result == "ok")
}

/// Drops cached pages, so that the next call reads them again. Pages that a transaction needs are dropped at its end.
pub(super) fn release_cache(connection: &Connection) {
    let _ = connection.execute_batch("PRAGMA shrink_memory");
}

/// The schema version of the database.
pub(crate) fn schema_version(connection: &Connection) -> Result<i32> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Sets how long to wait while another writer holds the database; SQLite counts in milliseconds, up to 24 days.
fn wait_for_writers(connection: &Connection, timeout: Duration) -> Result<()> {
    set_busy_timeout(connection, timeout)?;
    check(connection, "busy_timeout", &timeout.min(LONGEST_TIMEOUT).as_millis().to_string())
}

pub(super) fn set_busy_timeout(connection: &Connection, timeout: Duration) -> Result<()> {
    Ok(connection.busy_timeout(timeout.min(LONGEST_TIMEOUT))?)
}

/// How long the connection waits by itself.
pub(super) fn busy_timeout_of(connection: &Connection) -> Result<Duration> {
    // Never from the cache: what this returns was settled when it was compiled.
    let millis: u32 = connection.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
    Ok(Duration::from_millis(millis.into()))
}

const LONGEST_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

fn prepare_file(path: &Path, read_only: bool, content: Option<NewContent<'_>>) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Err(Error::invalid("path", "an empty path", "the path of a database file"));
    }
    if path.is_dir() {
        return Err(Error::new(ErrorKind::Storage, "it is a folder; name a database file"));
    }
    paths::refuse_irregular_files(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        if !read_only {
            paths::create_folder(folder)?;
        }
        // Readers as well: they need shared memory, which no network file system provides.
        filesystem::refuse_network(folder)?;
    }
    // An existing file is not opened here: closing it would drop the locks that another copy of SQLite in this process
    // has on it.
    if read_only { Ok(()) } else { create_missing(path, content) }
}

/// Checked before anything is changed, so that a database of a newer release stays exactly as it is.
fn refuse_newer_schema(
    connection: &Connection,
    path: &Path,
    newest: i32,
    wait_policy: &WaitPolicy<'_>,
) -> Result<()> {
    let version = retry_while_busy(connection, wait_policy, || schema_version(connection))?;
    if version <= newest {
        return Ok(());
    }
    // Closing would checkpoint the log of a crashed writer; only the newer release may do that.
    if paths::beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    Err(newer_schema(version, newest))
}

pub(super) fn newer_schema(version: i32, newest: i32) -> Error {
    let message = format!(
        "its schema is version {version}, newer than {newest}, the newest that this build knows: update libmcoda"
    );
    Error::new(ErrorKind::Unsupported, message)
}

fn set(connection: &Connection, pragma: &str, value: &str, expected: &str) -> Result<()> {
    connection.pragma_update(None, pragma, value)?;
    check(connection, pragma, expected)
}

/// Reads a setting back: SQLite silently ignores settings that it does not support.
fn check(connection: &Connection, pragma: &str, expected: &str) -> Result<()> {
    expect(pragma, connection.pragma_query_value(None, pragma, |row| row.get(0))?, expected)
}

fn expect(pragma: &str, now: i64, expected: &str) -> Result<()> {
    if now.to_string() == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, format!("SQLite did not accept {pragma}={expected}")))
}

/// Write-ahead logging, so that readers do not block writers and a commit is one append.
fn use_wal(connection: &Connection, in_memory: bool, wait_policy: &WaitPolicy<'_>) -> Result<()> {
    // SQLite does not wait by itself when two connections change the mode at the same time.
    let mode: String = retry_while_busy(connection, wait_policy, || {
        Ok(connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?)
    })?;
    if mode == "wal" || (in_memory && mode == "memory") {
        return Ok(());
    }
    let message = format!(
        "write-ahead logging does not work here (journal mode {mode}): the file system is read-only or lacks \
         shared memory; keep the database on a local disk"
    );
    Err(Error::new(ErrorKind::Storage, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(busy_timeout: Duration, synchronous: Synchronous, read_only: bool) -> [String; 4] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let options = ConnectOptions { read_only: false, busy_timeout, synchronous, newest_schema: 1 };
        let writer = connect(&file, &options).unwrap();
        let connection = if read_only {
            connect(&file, &ConnectOptions { read_only, ..options }).unwrap()
        } else {
            writer
        };
        ["foreign_keys", "busy_timeout", "journal_mode", "synchronous"].map(|pragma| {
            let value: rusqlite::types::Value =
                connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
            match value {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => panic!("{other:?}"),
            }
        })
    }

    #[test]
    fn every_connection_has_the_requested_settings() {
        let half_a_minute = Duration::from_secs(30);
        for read_only in [false, true] {
            assert_eq!(settings(half_a_minute, Synchronous::Normal, read_only), ["1", "30000", "wal", "1"]);
            assert_eq!(settings(Duration::ZERO, Synchronous::Full, read_only), ["1", "0", "wal", "2"]);
        }
    }

    #[test]
    fn a_timeout_beyond_the_range_of_sqlite_is_limited() {
        let [_, timeout, ..] = settings(Duration::MAX, Synchronous::Normal, false);
        assert_eq!(timeout, i32::MAX.to_string());
    }
}
