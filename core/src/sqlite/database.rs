//! One open database that several threads share.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rusqlite::Connection;

use super::backup::backup;
use super::cancel::{Control, Watch, is_within_host_check, with_cancellation};
use super::checkpoint::{Checkpoints, RESTART_WAIT};
use super::connect::{ConnectOptions, IN_MEMORY, busy_timeout_of, is_intact, release_cache};
use super::database_file::DatabaseFile;
use super::erased::{Work, erased};
use super::host::{HostConnection, require_foreign_keys};
use super::open_transaction::{EndReason, OpenTransaction, in_savepoint};
use super::read_only_query::{Collect, SqlParams, run_query};
use super::readers::Readers;
use super::transfer::Checkpoint;
use super::write_transaction::{Transaction, WaitPolicy, begin_read, begin_write};
use super::writer::{OnDrop, SAVEPOINT, Writer, WriterGuard, closed};
use super::{error_mapping, locks, transfer};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Backoff, Deadline, check_clock};

/// One connection for writing, used by one call at a time, and some for reading. No transaction ever runs inside
/// another one.
#[derive(Debug)]
pub(crate) struct Database {
    /// `None` if nothing is written to a log. The fields are dropped in this order: the last connection cleans up,
    /// which needs a writing one.
    checkpoints: Option<Arc<Checkpoints>>,
    /// `None` if one connection does everything.
    readers: Option<Arc<Readers>>,
    writer: Arc<Writer>,
    is_turned_off: bool,
    is_read_only: bool,
    /// Whether the connection belongs to a host, which may have its own transaction open.
    is_hosted: bool,
    busy_timeout: Duration,
    query_bytes: usize,
    file: DatabaseFile,
    control: Arc<Control>,
    /// Whether it was closed and its connections left open: from within a call, or because they belong to a host.
    is_left: AtomicBool,
    /// The transaction that a host has open. Closing the handle ends it.
    open_transaction: Mutex<Weak<OpenTransaction>>,
    /// Last, since memory is returned when everything else is freed.
    _counted: Counted,
}

/// A handle that is counted as long as it exists.
#[derive(Debug)]
struct Counted(());

impl Counted {
    fn new() -> Self {
        locks::handle_opened();
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        locks::handle_freed();
    }
}

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection, options: &ConnectOptions) -> Result<Self> {
        let has_log = path.as_os_str() != IN_MEMORY && is_wal(&connection, options)?;
        let file = if options.read_only { DatabaseFile::for_reading(path) } else { DatabaseFile::at(path) };
        let file = if has_log && !options.read_only { file.with_log() } else { file };
        let mut database = Self::from_writer(file.clone(), Writer::new(connection), options.busy_timeout);
        database.is_read_only = options.read_only;
        if has_log {
            let readers = Readers::new(file.clone(), options);
            if !options.read_only {
                database.checkpoints =
                    Some(Checkpoints::replace_automatic(&database.writer, &readers, &file, options)?);
            }
            database.readers = Some(readers);
        }
        Ok(database)
    }

    /// The same with limits: the duration of a call, and the size of the result of a host's statement in bytes.
    pub(crate) fn bounded(self, call_timeout: Option<Duration>, query_bytes: usize) -> Self {
        Self { control: Control::new(call_timeout), query_bytes, ..self }
    }

    /// A database on the connection of a host. Calls are part of the transaction that the host has open, if any.
    pub(crate) fn over(host: &HostConnection, busy_timeout: Duration) -> Self {
        let database = Self::from_writer(host.file().clone(), Arc::clone(host.writer()), busy_timeout);
        Self { is_hosted: true, is_read_only: host.is_read_only(), ..database }
    }

    /// A database that the environment turned off: every call fails.
    pub(crate) fn turned_off(path: &Path) -> Self {
        let file = DatabaseFile::at(path);
        Self { is_turned_off: true, ..Self::from_writer(file, Writer::turned_off(), Duration::ZERO) }
    }

    fn from_writer(file: DatabaseFile, writer: Arc<Writer>, busy_timeout: Duration) -> Self {
        Self {
            _counted: Counted::new(),
            readers: None,
            writer,
            checkpoints: None,
            is_turned_off: false,
            is_read_only: false,
            is_hosted: false,
            busy_timeout,
            query_bytes: usize::MAX,
            file,
            control: Arc::default(),
            is_left: AtomicBool::new(false),
            open_transaction: Mutex::default(),
        }
    }

    pub(crate) fn is_turned_off(&self) -> bool {
        self.is_turned_off
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// `Closed` after [`Database::close`], for calls that may not use the database.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_left.load(Ordering::SeqCst) { Err(closed()) } else { self.writer.check_open() }
    }

    /// Whether the connection belongs to a host.
    pub(crate) fn is_hosted(&self) -> bool {
        self.is_hosted
    }

    /// Whether the host has a transaction open, so that what was written in it is not committed yet.
    pub(crate) fn has_host_transaction(&self) -> bool {
        self.is_hosted
            && self.acquire(&Watch::writing(&self.control)).is_ok_and(|(guard, _)| self.is_nested(&guard))
    }

    /// Whether a call on the connection is part of a transaction of the host.
    fn is_nested(&self, connection: &Connection) -> bool {
        self.is_hosted && !connection.is_autocommit()
    }

    /// `Closed` in a forked child.
    pub(super) fn refuse_inherited(&self) -> Result<()> {
        self.writer.refuse_inherited()
    }

    /// Runs `work` on one consistent state of the database, in parallel with writers.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        erased(work, |work| self.read_erased(work))
    }

    /// [`Database::read`], compiled once for all calls.
    pub(super) fn read_erased(&self, work: Work<'_>) -> Result<()> {
        check_clock()?;
        self.with_reader(|connection, wait| self.read_on(connection, wait, work))
    }

    /// As [`Database::read`], on the writing connection: for short reads, for which opening another connection would
    /// take longer.
    pub(crate) fn read_on_writer<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let watch = Watch::writing(&self.control);
        erased(work, |work| self.with_writer(&watch, |connection, wait| self.read_on(connection, wait, work)))
    }

    fn read_on(&self, connection: &mut Connection, wait: &WaitPolicy<'_>, work: Work<'_>) -> Result<()> {
        let is_nested = self.is_nested(connection);
        with_cancellation(connection, wait.watch, |connection| {
            if is_nested { work(connection) } else { finish(begin_read(connection, wait)?, work) }
        })
    }

    /// Runs `work` as one transaction that takes the write lock at its start: all of it happens or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        erased(work, |work| self.write_erased(work))
    }

    /// [`Database::write`], compiled once for all calls.
    pub(super) fn write_erased(&self, work: Work<'_>) -> Result<()> {
        let watch = Watch::writing(&self.control);
        self.with_writer(&watch, |connection, wait| {
            if self.is_nested(connection) {
                self.check_to_write(connection)?;
                self.refuse_to_write()?;
                in_savepoint(connection, work)
            } else {
                finish(self.begin_on(connection, wait)?, work)
            }
        })
    }

    /// As [`Database::write`], but `Busy` at once if anybody else uses the database: for work that can be left for later.
    pub(crate) fn write_at_once<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        erased(work, |work| self.write_at_once_erased(work))
    }

    fn write_at_once_erased(&self, work: Work<'_>) -> Result<()> {
        let watch = Watch::writing(&self.control);
        let wait = WaitPolicy { deadline: Deadline::after(Duration::ZERO), ..self.wait_policy(&watch) };
        let mut guard = self.writer.acquire(wait.deadline, &watch)?;
        if self.is_nested(&guard) {
            return Err(Error::new(ErrorKind::Busy, "the host has a transaction open"));
        }
        let wait = self.keeping_timeout(wait, &guard)?;
        self.watching(guard.connection()?, |connection| finish(self.begin_on(connection, &wait)?, work))
    }

    /// Begins a transaction that stays open as long as the guard lives.
    pub(super) fn begin(&self) -> Result<WriterGuard> {
        let watch = Watch::writing(&self.control);
        let (mut guard, wait) = self.acquire(&watch)?;
        let is_nested = self.is_nested(&guard);
        let begun = if is_nested {
            self.check_to_write(&guard)
                .and_then(|()| self.refuse_to_write())
                .and_then(|()| Ok(guard.execute_batch(&format!("SAVEPOINT {SAVEPOINT}"))?))
        } else {
            self.begin_on(&guard, &wait).map(std::mem::forget)
        };
        begun.map_err(|error| error.about_file(self.path()))?;
        guard.set_on_drop(if is_nested { OnDrop::RollBackToSavepoint } else { OnDrop::RollBack });
        Ok(guard)
    }

    /// Checks what must hold before a call writes.
    fn check_to_write(&self, connection: &Connection) -> Result<()> {
        check_clock()?;
        locks::refuse_foreign(self.path())?;
        if self.is_hosted { require_foreign_keys(connection) } else { Ok(()) }
    }

    /// Makes closing the handle end the transaction. If the handle is being closed, the transaction ends now with
    /// `Closed`.
    pub(super) fn register(&self, transaction: &Arc<OpenTransaction>) -> Result<()> {
        *self.open_transaction.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(transaction);
        if self.control.is_closing() {
            transaction.roll_back(EndReason::HandleClosed);
            return Err(closed());
        }
        Ok(())
    }

    fn begin_on<'c>(&self, connection: &'c Connection, wait: &WaitPolicy<'_>) -> Result<Transaction<'c>> {
        self.check_to_write(connection)?;
        let begun = begin_write(connection, wait);
        // Checked after the wait, which can take long; and this error is more specific than SQLite's.
        self.refuse_to_write()?;
        begun
    }

    /// Refuses to write if the files are not those that were opened: what is written would be lost.
    pub(super) fn refuse_to_write(&self) -> Result<()> {
        self.file.refuse_to_write()
    }

    /// Runs a read-only statement of the host.
    pub(crate) fn select<C: Collect>(&self, sql: &str, params: &SqlParams) -> Result<C::Collected> {
        self.with_reader(|connection, wait| {
            let own_transaction = (!self.is_nested(connection)).then_some(wait);
            with_cancellation(connection, wait.watch, |connection| {
                run_query::<C>(connection, sql, params, own_transaction, self.query_bytes)
            })
        })
    }

    /// Copies the current state of the database into a new file.
    pub(crate) fn backup_to(&self, target: &Path) -> Result<()> {
        self.refuse_host_transaction("a backup")?;
        let watch = Watch::reading(&self.control);
        self.with_writer(&watch, |connection, wait| backup(connection, target, wait))
    }

    /// Copies the write-ahead log into the database and empties it. Somebody who reads is waited for up to the busy
    /// timeout, in attempts between which others write.
    pub(crate) fn checkpoint(&self) -> Result<Checkpoint> {
        if self.is_read_only {
            let message = "the handle only reads, and a checkpoint writes: open the database for writing";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.refuse_host_transaction("a checkpoint")?;
        let watch = Watch::writing(&self.control);
        let (deadline, backoff) = (Deadline::after(self.busy_timeout), Backoff::new());
        let mut first: Option<Checkpoint> = None;
        loop {
            let done = self.with_writer(&watch, |connection, how| {
                check_clock()?;
                locks::refuse_foreign(self.path())?;
                self.refuse_to_write()?;
                transfer::attempt(connection, how, RESTART_WAIT)
            })?;
            // What others add meanwhile was not there when it was asked for.
            let frames = first.get_or_insert(done).frames.max(done.frames);
            let done = Checkpoint { frames, ..done };
            if transfer::is_done(&done, deadline) {
                let checkpointed = if done.truncated { frames } else { done.checkpointed };
                return Ok(Checkpoint { checkpointed, ..done }.at(self.path()));
            }
            watch.check()?;
            backoff.pause();
        }
    }

    /// Cancels the running calls, unless they have begun to write.
    pub(crate) fn interrupt(&self) {
        self.control.interrupt();
    }

    /// Cancellation of the calls of this handle.
    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// Closes the connections after the running calls. Later calls fail with `Closed`, and so do running calls that
    /// only read. A transaction that a host has open is rolled back. Closing twice is not an error; closing in a forked
    /// child does nothing.
    pub(crate) fn close(&self) -> Result<()> {
        if self.refuse_inherited().is_err() {
            return Ok(());
        }
        // Set before looking for a transaction: one that begins in the meantime sees it, and ends itself.
        self.control.close();
        let open = self.open_transaction.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(transaction) = open {
            transaction.roll_back(EndReason::HandleClosed);
        }
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.end();
        }
        // The host closes its own connection.
        if self.is_hosted {
            self.is_left.store(true, Ordering::SeqCst);
            return Ok(());
        }
        // A host may close the handle from within a call of the same thread, for example in a signal handler. That call
        // ends after this returns; the connections are closed when the handle is dropped.
        if is_within_host_check() {
            self.is_left.store(true, Ordering::SeqCst);
            return Ok(());
        }
        let readers = self.readers.as_ref().map_or(Ok(()), |readers| readers.close());
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.join();
        }
        // Last: closing this connection checkpoints the log, unless another process has the database open.
        self.writer.close().and(readers).map_err(|error| error.about_file(self.path()))
    }

    fn with_writer<T>(
        &self,
        watch: &Watch,
        work: impl FnOnce(&mut Connection, &WaitPolicy<'_>) -> Result<T>,
    ) -> Result<T> {
        let (mut guard, wait) = self.acquire(watch)?;
        self.watching(guard.connection()?, |connection| work(connection, &wait))
    }

    /// The writing connection, and how to wait for other handles and processes.
    fn acquire<'w>(&self, watch: &'w Watch) -> Result<(WriterGuard, WaitPolicy<'w>)> {
        if self.is_left.load(Ordering::SeqCst) {
            return Err(closed());
        }
        let wait = self.wait_policy(watch);
        let guard = self.writer.acquire(wait.deadline, watch)?;
        // The wait for a transaction of the handle does not count.
        let wait = if wait.deadline.has_passed() { self.wait_policy(watch) } else { wait };
        let wait = self.keeping_timeout(wait, &guard)?;
        Ok((guard, wait))
    }

    /// Waiting changes the busy timeout of the connection, and restores that of the policy: here that of the host.
    fn keeping_timeout<'w>(&self, wait: WaitPolicy<'w>, connection: &Connection) -> Result<WaitPolicy<'w>> {
        let timeout = if self.is_hosted { busy_timeout_of(connection)? } else { wait.timeout };
        Ok(WaitPolicy { timeout, ..wait })
    }

    fn refuse_host_transaction(&self, call: &str) -> Result<()> {
        if !self.has_host_transaction() {
            return Ok(());
        }
        let message =
            format!("{call} is not possible within a transaction: call it when the host has ended its own");
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    pub(super) fn query_bytes(&self) -> usize {
        self.query_bytes
    }

    pub(super) fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// The watch of a call within an open transaction. Closing the handle ends the transaction.
    pub(super) fn watch(&self) -> Watch {
        Watch::writing(&self.control)
    }

    fn wait_policy<'w>(&self, watch: &'w Watch) -> WaitPolicy<'w> {
        WaitPolicy::new(self.busy_timeout, watch)
    }

    fn with_reader<T>(&self, work: impl FnOnce(&mut Connection, &WaitPolicy<'_>) -> Result<T>) -> Result<T> {
        let watch = &Watch::reading(&self.control);
        let Some(readers) = &self.readers else {
            return self.with_writer(watch, work);
        };
        let wait = self.wait_policy(watch);
        // The writing connection of a read-only handle does not block writers, so it is used if it is free.
        if self.is_read_only
            && let Some(mut guard) = self.writer.try_acquire()?
        {
            return self.watching(guard.connection()?, |connection| work(connection, &wait));
        }
        let mut reader = readers.acquire(wait.deadline, watch)?;
        self.watching(reader.connection()?, |connection| work(connection, &wait))
    }

    /// Runs `work`, unless a file that was opened as immutable has changed, before or in the meantime. An error names
    /// the file.
    fn watching<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        let unchanged = || self.file.refuse_changed();
        let done = unchanged().and_then(|()| {
            let done = work(connection);
            unchanged().and(done)
        });
        done.map_err(|error| self.explain(error, connection))
    }

    /// Names the file. Damage that is not found when the database is read again is reported as a transient read error.
    fn explain(&self, error: Error, connection: &Connection) -> Error {
        // An error that names a file is about another one, for example the global database.
        if error_mapping::is_corruption(&error) && !error.is_located() {
            release_cache(connection);
            if self.file.reopen_for_reading(self.busy_timeout).is_ok_and(|anew| is_intact(&anew)) {
                return error_mapping::transient_read_error(error).about_file(self.path());
            }
        }
        error.about_file(self.path())
    }
}

fn is_wal(connection: &Connection, options: &ConnectOptions) -> Result<bool> {
    // A writing connection has set this mode.
    if !options.read_only {
        return Ok(true);
    }
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal")
}

/// Rolls back if `work` fails or panics.
fn finish(transaction: Transaction<'_>, work: Work<'_>) -> Result<()> {
    work(&transaction)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::super::connect::{Synchronous, connect};
    use super::*;
    use crate::error::ErrorKind;

    /// Simulates a transient read error.
    #[test]
    fn an_intact_database_is_not_reported_as_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let busy_timeout = Duration::ZERO;
        let options = ConnectOptions {
            read_only: false,
            busy_timeout,
            synchronous: Synchronous::Normal,
            newest_schema: 0,
        };
        let database = Database::new(&file, connect(&file, &options).unwrap(), &options).unwrap();
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            let failed = || Err::<(), _>(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into());
            for error in [
                database.read(|_| failed()).unwrap_err(),
                database.read_on_writer(|_| failed()).unwrap_err(),
                database.write(|_| failed()).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                assert!(error.message().contains("try again") && error.message().contains("x.db"), "{error}");
            }
        }
        // A value of the wrong type, written by another program, is found again at the next read.
        let wrong = rusqlite::Error::InvalidColumnType(0, "a".to_owned(), rusqlite::types::Type::Text);
        assert_eq!(database.read(|_| Err::<(), _>(wrong.into())).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
