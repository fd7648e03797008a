//! One open database that several threads share.

mod connections;
mod copies;
mod transactions;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rusqlite::Connection;

use super::cancel::{Control, Watch, is_within_host_check};
use super::checkpoint::Checkpoints;
use super::connect::{ConnectOptions, IN_MEMORY, Synchronous};
use super::database_file::{DatabaseFile, uses_log};
use super::host::HostConnection;
use super::locks;
use super::open_transaction::{EndReason, OpenTransaction};
use super::readers::Readers;
use super::writer::{Writer, closed};
use crate::error::Result;

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
    /// Whether each commit waits until the disk has stored it.
    flushes_commits: bool,
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
        database.flushes_commits = has_log && options.synchronous == Synchronous::Full;
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
            flushes_commits: false,
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
}

fn is_wal(connection: &Connection, options: &ConnectOptions) -> Result<bool> {
    // A writing connection has set this mode.
    if !options.read_only {
        return Ok(true);
    }
    Ok(uses_log(connection)?)
}
