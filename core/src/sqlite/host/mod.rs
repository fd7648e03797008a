//! A connection on which a host runs SQL of its own, as it would with a driver of its language.
//!
//! It is what the npm packages `sqlite` and `sqlite3` are to a Node program: SQLite with its own defaults and its own
//! errors, and no setting that the host did not make. What it has of this library are the locks: nothing is written
//! where another copy of SQLite in the process could take them away, or into a file that has lost its name.

mod fault;
mod params;
mod rows;
mod statement;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection, OpenFlags};

pub use fault::HostError;
pub use params::HostParams;
pub use rows::{Large, RowChunk};

use self::fault::code;
use self::rows::Writer;
use self::statement::{is_end, with_first};
use super::begin::{Patience, patiently};
use super::cancel::{Watch, listening};
use super::connect::{IN_MEMORY, busy_timeout_of, newer_schema, schema_version, set_busy_timeout};
use super::one_name::refuse_second_name;
use super::same_file::SameFile;
use super::slot::Slot;
use super::{filesystem, locks};
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::time::Deadline;

/// The result of a call of a host's.
pub type HostResult<T> = std::result::Result<T, HostError>;

/// How the file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostMode {
    /// Whether it may be written to.
    pub writes: bool,
    /// Whether it is created where it is missing.
    pub creates: bool,
}

/// What a statement that writes did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostChanges {
    /// The row number of the row that was inserted last on this connection.
    pub last_id: i64,
    /// How many rows the last statement that changes rows has changed.
    pub changes: u64,
}

/// One connection of a host's. Its calls are made one after the other; a transaction stays open from one to the next.
#[derive(Debug)]
pub struct HostConnection {
    slot: Arc<Slot>,
    file: SameFile,
    is_in_memory: bool,
    is_read_only: bool,
    /// Whether a transaction has ended since somebody asked.
    has_ended: AtomicBool,
}

/// How long a connection waits for others where its host does not say: as long as npm's `sqlite3`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// How many statements a connection keeps compiled.
const STATEMENTS: usize = 64;

impl HostConnection {
    /// Opens the database file; `:memory:` is one that lives as long as the connection, and an empty name one in a file
    /// that nobody else sees. A folder that is missing is not created.
    pub fn open(file: &str, mode: HostMode) -> HostResult<Self> {
        let is_in_memory = file == IN_MEMORY || file.is_empty();
        let path = if is_in_memory { PathBuf::from(file) } else { absolute(file)? };
        locks::install();
        if !is_in_memory {
            check_file(&path, mode)?;
        }
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags |=
            if mode.writes { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        if mode.creates {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(&path, flags).map_err(HostError::of_opening)?;
        use_defaults(&connection)?;
        let file = SameFile::at(&path);
        let is_read_only = !mode.writes;
        let slot = Slot::of_host(connection);
        Ok(Self { slot, file, is_in_memory, is_read_only, has_ended: AtomicBool::new(false) })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Runs all statements. One that fails ends it, and what ran before stays.
    pub fn exec(&self, sql: &str) -> HostResult<()> {
        self.with(|connection| {
            let mut statements = Batch::new(connection, sql);
            while let Some(mut statement) = statements.next()? {
                self.check(&statement)?;
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
            }
            Ok(())
        })
    }

    /// Runs the first statement, and leaves the rows that it may return.
    pub fn run(&self, sql: &str, params: &HostParams) -> HostResult<HostChanges> {
        self.with(|connection| {
            with_first(connection, sql, |statement| {
                self.check(statement)?;
                params.bind(statement)?;
                statement.raw_query().next()?;
                Ok(())
            })?;
            Ok(HostChanges { last_id: connection.last_insert_rowid(), changes: connection.changes() })
        })
    }

    /// Runs the first statement up to its first row.
    pub fn first(&self, sql: &str, params: &HostParams, large: Large) -> HostResult<Option<RowChunk>> {
        self.with(|connection| {
            with_first(connection, sql, |statement| {
                self.check(statement)?;
                params.bind(statement)?;
                let mut rows = statement.raw_query();
                let Some(row) = rows.next()? else { return Ok(None) };
                let mut writer = Writer::new(row, large)?;
                writer.write(row)?;
                Ok(Some(writer.take()))
            })
        })
    }

    /// Runs the first statement to its end. Chunks of its rows go to `sink`, which says whether to go on; the last chunk,
    /// which may have no rows, is returned.
    pub fn rows(
        &self,
        sql: &str,
        params: &HostParams,
        large: Large,
        mut sink: impl FnMut(RowChunk) -> HostResult<bool>,
    ) -> HostResult<RowChunk> {
        self.with(|connection| {
            with_first(connection, sql, |statement| {
                self.check(statement)?;
                params.bind(statement)?;
                let mut rows = statement.raw_query();
                let mut writer = match rows.next()? {
                    Some(row) => {
                        let mut writer = Writer::new(row, large)?;
                        writer.write(row)?;
                        writer
                    }
                    None => return Ok(RowChunk::default()),
                };
                while let Some(row) = rows.next()? {
                    if writer.is_full() && !sink(writer.take())? {
                        return Ok(RowChunk::default());
                    }
                    writer.write(row)?;
                }
                Ok(writer.take())
            })
        })
    }

    /// How long it waits for others from now on.
    pub fn set_busy_timeout(&self, timeout: Duration) -> HostResult<()> {
        self.with(|connection| Ok(set_busy_timeout(connection, timeout)?))
    }

    /// Closes it: an open transaction is rolled back, and the files are let go. `SQLITE_MISUSE` where it is closed.
    pub fn close(&self) -> HostResult<()> {
        self.slot.check_open()?;
        Ok(self.slot.close()?)
    }

    /// Whether a transaction has ended since this was asked last, by a commit or otherwise.
    pub(crate) fn takes_ended(&self) -> bool {
        self.has_ended.swap(false, Ordering::Relaxed)
    }

    /// Runs `work`, which brings the database up to date for this library's calls, on the connection.
    ///
    /// Errors: `Unsupported` where the calls would not be safe on it: references are not enforced, its schema is newer, or
    /// it lies on a file system of a network.
    pub(crate) fn prepare_for(
        &self,
        patience: Duration,
        newest_schema: i32,
        watch: &Watch,
        work: impl FnOnce(&Connection, &Patience<'_>) -> Result<()>,
    ) -> Result<()> {
        if let Some(folder) = self.path().parent().filter(|_| !self.is_in_memory) {
            filesystem::refuse_network(folder)?;
            locks::refuse_foreign(self.path())?;
        }
        let lease = self.slot.lend(Deadline::after(patience), watch)?;
        let mut how = Patience::new(patience, watch);
        how.timeout = busy_timeout_of(&lease)?;
        let version = if lease.is_autocommit() {
            patiently(&lease, &how, || schema_version(&lease))?
        } else {
            schema_version(&lease)?
        };
        if version > newest_schema {
            return Err(newer_schema(version, newest_schema));
        }
        refuse_loose(&lease)?;
        work(&lease, &how)
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.is_in_memory
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    pub(super) fn file(&self) -> &SameFile {
        &self.file
    }

    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> HostResult<T>) -> HostResult<T> {
        let watch = Watch::of_thread();
        let mut lease = self.slot.lend(Deadline::never(), &watch)?;
        let was_open = !lease.is_autocommit();
        let done = listening(lease.connection()?, &watch, |connection| Ok(work(connection)))?;
        if was_open && lease.is_autocommit() {
            self.has_ended.store(true, Ordering::Relaxed);
        }
        done
    }

    /// Refuses a statement that writes, or commits, where that could be lost.
    fn check(&self, statement: &rusqlite::Statement<'_>) -> HostResult<()> {
        if self.is_in_memory || statement.readonly() && !is_end(statement) {
            return Ok(());
        }
        locks::refuse_foreign(self.path())
            .map_err(|error| HostError::refused(code::PROTOCOL, error.message()))?;
        self.file.refuse_to_write().map_err(|error| HostError::refused(code::READONLY, error.message()))
    }
}

/// Refuses a connection on which references are not enforced: the engine finds unknown ids by them.
pub(super) fn refuse_loose(connection: &Connection) -> Result<()> {
    if connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)? {
        return Ok(());
    }
    let message = "foreign keys are off on this connection: run PRAGMA foreign_keys = ON on the database that the workspace is over";
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn absolute(file: &str) -> HostResult<PathBuf> {
    // SQLite ends a name there.
    if file.contains('\0') {
        return Err(HostError::refused(code::CANTOPEN, "the name of the file contains a NUL"));
    }
    Ok(std::path::absolute(file).map_err(|error| Error::storage("resolve", Path::new(file), error))?)
}

/// Refuses what SQLite would wait for, and what it would write to under a name of many.
fn check_file(path: &Path, mode: HostMode) -> HostResult<()> {
    let checked = paths::refuse_irregular_at(path)
        .and_then(|()| if mode.writes { refuse_second_name(path) } else { Ok(()) });
    // SQLite itself says that of a folder, in its own words.
    if path.is_dir() {
        return Ok(());
    }
    checked.map_err(|error| HostError::refused(code::CANTOPEN, error.message()))
}

/// Undoes what this build of SQLite, and its binding, have set.
fn use_defaults(connection: &Connection) -> HostResult<()> {
    set_busy_timeout(connection, BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, true)?;
    Ok(())
}

#[cfg(test)]
mod tests;
