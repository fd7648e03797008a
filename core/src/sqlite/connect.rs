//! Opening a database file with the settings that every connection here has.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::begin::{Patience, patiently};
use super::cancel::Watch;
use super::one_name::refuse_second_name;
use super::{at_rest, filesystem, locks};
use crate::definition::{Described, FieldType, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::paths;

/// The path of a database that lives in memory, for tests.
pub(crate) const IN_MEMORY: &str = ":memory:";

/// How far a commit goes before the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// A commit survives a crash of the process; a power cut may take the last commits with it.
    #[default]
    Normal,
    /// A commit survives a power cut, at the price of one flush to the disk each.
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

/// What a connection is opened with.
#[derive(Debug, Clone)]
pub(crate) struct Connect {
    pub(crate) read_only: bool,
    pub(crate) busy_timeout: Duration,
    pub(crate) synchronous: Synchronous,
    /// The newest schema (`user_version`) that this build knows.
    pub(crate) newest_schema: i32,
}

impl Connect {
    /// How to wait for others from now on.
    pub(crate) fn patience<'w>(&self, watch: &'w Watch) -> Patience<'w> {
        Patience::new(self.busy_timeout, watch)
    }
}

/// Opens the database at `path`, which is created where it is missing unless `read_only`.
pub(crate) fn connect(path: &Path, how: &Connect) -> Result<Connection> {
    if path.as_os_str() != IN_MEMORY {
        locks::install();
        prepare_file(path, how.read_only)?;
    }
    connect_existing(path, how)
}

/// Opens a database that is there, of which [`connect`] has opened another connection before, or one in memory.
pub(super) fn connect_existing(path: &Path, how: &Connect) -> Result<Connection> {
    locks::install();
    let in_memory = path.as_os_str() == IN_MEMORY;
    let access =
        if how.read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    if !how.read_only && !in_memory {
        refuse_second_name(path)?;
    }
    let is_immutable = how.read_only && !in_memory && at_rest::stamp_if_immutable(path).is_some();
    let connection = if is_immutable {
        at_rest::open_immutable(path)?
    } else {
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?
    };
    wait_for_writers(&connection, how.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    let watch = Watch::of_thread();
    let patience = how.patience(&watch);
    refuse_newer_schema(&connection, path, how.newest_schema, &patience)?;
    if !how.read_only && !in_memory {
        // Opening writes, too: the journal mode and the schema.
        locks::refuse_foreign(path)?;
    }
    set(&connection, "foreign_keys", "1", "1")?;
    let (word, number) = match how.synchronous {
        Synchronous::Normal => ("NORMAL", "1"),
        Synchronous::Full => ("FULL", "2"),
    };
    set(&connection, "synchronous", word, number)?;
    if !how.read_only {
        use_wal(&connection, in_memory, &patience)?;
        // It answers with what it is from now on.
        let sql = format!("PRAGMA journal_size_limit={LARGEST_IDLE_LOG}");
        let limit: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        expect("journal_size_limit", limit, &LARGEST_IDLE_LOG.to_string())?;
    }
    Ok(connection)
}

/// How long the log's file stays when it has begun anew: longer than it gets where nobody is in the
/// way, since a file that shrinks and grows all the time makes writing slow.
const LARGEST_IDLE_LOG: i64 = 8 << 20;

/// Whether the database holds together after all. It is read anew, from the disk.
pub(super) fn is_whole(connection: &Connection) -> bool {
    let answer = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    answer.is_ok_and(|answer| answer == "ok")
}

/// Lets go of pages that were read wrong, so that the next call reads them anew. Where a transaction needs them, its
/// end does.
pub(super) fn forget_pages(connection: &Connection) {
    let _ = connection.execute_batch("PRAGMA shrink_memory");
}

/// The schema version that a database says it has.
pub(crate) fn schema_version(connection: &Connection) -> Result<i32> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Waits this long where another writer holds the database; SQLite counts in milliseconds, up to 24 days.
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

fn prepare_file(path: &Path, read_only: bool) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Err(Error::invalid("path", "an empty path", "the path of a database file"));
    }
    if path.is_dir() {
        return Err(Error::new(ErrorKind::Storage, "it is a folder; name a database file"));
    }
    // SQLite would wait for the other end of a pipe. Where a file is a link, the ones beside it lie where it leads.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for suffix in paths::DATABASE_FILES {
        paths::refuse_irregular_at(&paths::beside(&real, suffix))?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        if !read_only {
            paths::create_folder(folder)?;
        }
        // Readers too: they share the memory that no network file system shares.
        filesystem::refuse_network(folder)?;
    }
    // An existing file is not opened here: closing it would drop the locks that another copy of SQLite in this
    // process has on it.
    if !read_only && let Some(new) = paths::create_new_file(path, None)? {
        locks::close_new(new, path);
    }
    Ok(())
}

/// Read before anything is set, so that a database of a newer release stays as it is, to the byte.
fn refuse_newer_schema(
    connection: &Connection,
    path: &Path,
    newest: i32,
    patience: &Patience<'_>,
) -> Result<()> {
    let version = patiently(connection, patience, || schema_version(connection))?;
    if version <= newest {
        return Ok(());
    }
    // Closing would move a crashed writer's log into the database file; that is the newer release's work.
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

/// Reads a setting back: SQLite ignores what it cannot do without a word.
fn check(connection: &Connection, pragma: &str, expected: &str) -> Result<()> {
    expect(pragma, connection.pragma_query_value(None, pragma, |row| row.get(0))?, expected)
}

fn expect(pragma: &str, now: i64, expected: &str) -> Result<()> {
    if now.to_string() == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, format!("SQLite did not accept {pragma}={expected}")))
}

/// Readers must not stop writers, and a commit must be one append.
fn use_wal(connection: &Connection, in_memory: bool, patience: &Patience<'_>) -> Result<()> {
    // SQLite does not wait by itself when two connections change the mode at once.
    let mode: String = patiently(connection, patience, || {
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
        let how = Connect { read_only: false, busy_timeout, synchronous, newest_schema: 1 };
        let writer = connect(&file, &how).unwrap();
        let connection =
            if read_only { connect(&file, &Connect { read_only, ..how }).unwrap() } else { writer };
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
    fn every_connection_has_the_settings_that_were_asked_for() {
        let half_a_minute = Duration::from_secs(30);
        for read_only in [false, true] {
            assert_eq!(settings(half_a_minute, Synchronous::Normal, read_only), ["1", "30000", "wal", "1"]);
            assert_eq!(settings(Duration::ZERO, Synchronous::Full, read_only), ["1", "0", "wal", "2"]);
        }
    }

    #[test]
    fn a_timeout_that_is_longer_than_sqlite_counts_is_as_long_as_it_counts() {
        let [_, timeout, ..] = settings(Duration::MAX, Synchronous::Normal, false);
        assert_eq!(timeout, i32::MAX.to_string());
    }
}
