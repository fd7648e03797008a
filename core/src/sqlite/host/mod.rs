//! A connection on which a host runs its own SQL, with the semantics of the npm packages `sqlite` and `sqlite3`: SQLite's
//! defaults and SQLite's errors, and no setting that the host did not make.
//!
//! It has the locks of every handle: nothing is written if another copy of SQLite in the process could release them, or
//! if the file, its write-ahead log or the index of that was removed or replaced, or the file was linked again.

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
use rusqlite::{Batch, Connection, OpenFlags, Statement, ffi};

pub use fault::HostError;
pub use params::HostParams;
pub use rows::{Large, RowChunk};

use self::fault::code;
use self::rows::RowWriter;
use self::statement::{is_cacheable, is_commit, with_first};
use super::cancel::{CancelToken, Control, Watch, with_cancellation};
use super::connect::{IN_MEMORY, busy_timeout_of, newer_schema, schema_version, set_busy_timeout};
use super::database_file::DatabaseFile;
use super::file_aliases::refuse_aliases;
use super::write_transaction::{WaitPolicy, retry_while_busy};
use super::writer::Writer;
use super::{filesystem, locks};
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::time::{Deadline, with_patience};

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

/// The result of a statement that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostChanges {
    /// The rowid of the last row inserted on this connection.
    pub last_id: i64,
    /// How many rows the last INSERT, UPDATE or DELETE changed.
    pub changes: u64,
}

/// One connection of a host. Its calls run one after the other; a transaction stays open between them.
#[derive(Debug)]
pub struct HostConnection {
    writer: Arc<Writer>,
    file: DatabaseFile,
    is_in_memory: bool,
    is_read_only: bool,
    control: Arc<Control>,
    /// Whether a transaction has ended since the last [`HostConnection::take_ended`].
    has_ended: AtomicBool,
    /// Whether a call has been made.
    has_run: AtomicBool,
}

/// The default busy timeout, that of npm's `sqlite3`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The codes after which a statement that only reads may succeed where it may wait.
const FOR_LATER: [i32; 4] =
    [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_INTERRUPT, ffi::SQLITE_CORRUPT];

/// How many prepared statements a connection caches.
const STATEMENTS: usize = 64;

impl HostConnection {
    /// Opens the database file. `:memory:` is a database that lives as long as the connection, an empty name one in a
    /// temporary file. A missing folder is not created.
    pub fn open(file: &str, mode: HostMode) -> HostResult<Self> {
        let is_in_memory = file == IN_MEMORY || file.is_empty();
        let path = if is_in_memory { PathBuf::from(file) } else { absolute(file)? };
        locks::install();
        if !is_in_memory {
            check_file(&path, mode)?;
            // For its owner only. If this fails, SQLite fails to open it, with its own error.
            if mode.creates
                && let Ok(Some(new)) = paths::create_new_file(&path, None)
            {
                locks::close_new(new, &path);
            }
        }
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags |=
            if mode.writes { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        if mode.creates {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(&path, flags).map_err(HostError::of_opening)?;
        use_defaults(&connection)?;
        let file = DatabaseFile::at(&path);
        let is_read_only = !mode.writes;
        let writer = Writer::of_host(connection);
        Ok(Self {
            writer,
            file,
            is_in_memory,
            is_read_only,
            control: Arc::default(),
            has_ended: AtomicBool::new(false),
            has_run: AtomicBool::new(false),
        })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Runs all statements, up to the first one that fails. The effects of those before it remain.
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

    /// Runs the first statement, and ignores its rows.
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
                first_row(statement, params, large)
            })
        })
    }

    /// [`HostConnection::first`] for a statement that only reads: `None` if it is another one, or if that would wait for others
    /// or take longer than `limit`.
    pub fn first_at_once(
        &self,
        sql: &str,
        params: &HostParams,
        large: Large,
        limit: Duration,
    ) -> Option<HostResult<Option<RowChunk>>> {
        // The first statement reads the schema, and may have to repair the database.
        if !self.has_run.load(Ordering::Relaxed) || !is_cacheable(sql) {
            return None;
        }
        let work = || {
            self.with(|connection| {
                let Ok(mut statement) = connection.prepare_cached(sql) else { return Ok(None) };
                if !statement.readonly() {
                    return Ok(None);
                }
                let timeout = busy_timeout_of(connection)?;
                set_busy_timeout(connection, Duration::ZERO)?;
                let row = first_row(&mut statement, params, large);
                set_busy_timeout(connection, timeout)?;
                row.map(Some)
            })
        };
        match with_patience(true, || CancelToken::with_limit(limit).during(work)) {
            Err(error) if FOR_LATER.contains(&error.errno) => None,
            done => done.transpose(),
        }
    }

    /// Runs the first statement. Passes its rows to `sink` in chunks, and returns the last chunk, which may be empty.
    /// `sink` returns whether to continue.
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
                        let mut writer = RowWriter::new(row, large)?;
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

    /// Sets how long calls wait for other connections.
    pub fn set_busy_timeout(&self, timeout: Duration) -> HostResult<()> {
        self.with(|connection| Ok(set_busy_timeout(connection, timeout)?))
    }

    /// Ends the running call with `SQLITE_INTERRUPT`; from any thread. Calls that begin later are not affected. As with
    /// SQLite's function of this name, a statement that writes is rolled back, and with it the open transaction.
    pub(crate) fn interrupt(&self) {
        self.control.interrupt();
    }

    /// Closes the connection and its files. An open transaction is rolled back. `SQLITE_MISUSE` if it is closed already.
    pub fn close(&self) -> HostResult<()> {
        self.writer.check_open()?;
        Ok(self.writer.close()?)
    }

    /// Whether a transaction has ended since the last call of this.
    pub(crate) fn take_ended(&self) -> bool {
        self.has_ended.swap(false, Ordering::Relaxed)
    }

    /// Runs `work`, which prepares the database for the engine's calls, on the connection.
    ///
    /// Errors: `Unsupported` if the calls would not be safe on it: foreign keys are not enforced, its schema is newer, or it
    /// is on a network file system.
    pub(crate) fn prepare(
        &self,
        patience: Duration,
        newest_schema: i32,
        watch: &Watch,
        work: impl FnOnce(&Connection, &WaitPolicy<'_>) -> Result<()>,
    ) -> Result<()> {
        if let Some(folder) = self.path().parent().filter(|_| !self.is_in_memory) {
            filesystem::refuse_network(folder)?;
            locks::refuse_foreign(self.path())?;
        }
        let guard = self.writer.acquire(Deadline::after(patience), watch)?;
        let mut wait = WaitPolicy::new(patience, watch);
        wait.timeout = busy_timeout_of(&guard)?;
        let version = if guard.is_autocommit() {
            retry_while_busy(&guard, &wait, || schema_version(&guard))?
        } else {
            schema_version(&guard)?
        };
        if version > newest_schema {
            return Err(newer_schema(version, newest_schema));
        }
        require_foreign_keys(&guard)?;
        let done = work(&guard, &wait);
        self.file.follow_log(&guard);
        done
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.is_in_memory
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    pub(super) fn file(&self) -> &DatabaseFile {
        &self.file
    }

    pub(super) fn writer(&self) -> &Arc<Writer> {
        &self.writer
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> HostResult<T>) -> HostResult<T> {
        let watch = Watch::writing(&self.control);
        let mut guard = self.writer.acquire(Deadline::of_wait(Duration::MAX), &watch)?;
        let was_open = !guard.is_autocommit();
        let done = with_cancellation(guard.connection()?, &watch, |connection| Ok(work(connection)))?;
        if was_open && guard.is_autocommit() {
            self.has_ended.store(true, Ordering::Relaxed);
        }
        self.file.follow_log(&guard);
        self.has_run.store(true, Ordering::Relaxed);
        done
    }

    /// Refuses a statement that writes or commits if the changes could be lost.
    fn check(&self, statement: &Statement<'_>) -> HostResult<()> {
        if self.is_in_memory || statement.readonly() && !is_commit(statement) {
            return Ok(());
        }
        locks::refuse_foreign(self.path())
            .map_err(|error| HostError::refused(code::PROTOCOL, error.message()))?;
        self.file.refuse_to_write().map_err(|error| HostError::refused(code::READONLY, error.message()))
    }
}

/// The first row of the statement.
fn first_row(
    statement: &mut Statement<'_>,
    params: &HostParams,
    large: Large,
) -> HostResult<Option<RowChunk>> {
    params.bind(statement)?;
    let mut rows = statement.raw_query();
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut writer = RowWriter::new(row, large)?;
    writer.write(row)?;
    Ok(Some(writer.take()))
}

/// Refuses a connection that does not enforce foreign keys: the engine detects unknown ids by them.
pub(super) fn require_foreign_keys(connection: &Connection) -> Result<()> {
    if connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)? {
        return Ok(());
    }
    let message = "foreign keys are off on this connection: run PRAGMA foreign_keys = ON on the database below the workspace";
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn absolute(file: &str) -> HostResult<PathBuf> {
    // SQLite would end the name there.
    if file.contains('\0') {
        return Err(HostError::refused(code::CANTOPEN, "the name of the file contains a NUL"));
    }
    Ok(std::path::absolute(file).map_err(|error| Error::storage("resolve", Path::new(file), error))?)
}

/// Refuses a pipe, which SQLite would wait for, and for writing, a file with several names.
fn check_file(path: &Path, mode: HostMode) -> HostResult<()> {
    // SQLite has its own error for a folder.
    if path.is_dir() {
        return Ok(());
    }
    let checked = paths::refuse_irregular_files(path)
        .and_then(|()| if mode.writes { refuse_aliases(path) } else { Ok(()) });
    checked.map_err(|error| HostError::refused(code::CANTOPEN, error.message()))
}

/// Restores the defaults that this build of SQLite and `rusqlite` change.
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
