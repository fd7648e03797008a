//! One open database that several threads share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::backup::backup;
use super::begin::begin;
use super::cancel;
use super::locks;
use super::open_transaction::OpenTransaction;
use super::select::{SqlParams, Table, select};
use super::slot::{Lease, Slot};
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// One connection that is lent to one call at a time: no transaction can ever run inside of another one's.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    slot: Arc<Slot>,
    is_turned_off: bool,
    busy_timeout: Duration,
    /// Which file it is, whatever lies under its name later; unknown in memory and on other systems than Unix.
    file: Option<FileId>,
    /// The transaction that a host has open, which closing the handle ends.
    open_transaction: Mutex<Weak<OpenTransaction>>,
}

/// Device and inode.
type FileId = (u64, u64);

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection, busy_timeout: Duration) -> Self {
        Self::with_slot(path, Slot::new(connection), busy_timeout)
    }

    /// A database that the environment turned off: every call says so.
    pub(crate) fn turned_off(path: &Path) -> Self {
        Self { is_turned_off: true, ..Self::with_slot(path, Slot::turned_off(), Duration::ZERO) }
    }

    fn with_slot(path: &Path, slot: Arc<Slot>, busy_timeout: Duration) -> Self {
        Self {
            path: path.to_owned(),
            slot,
            is_turned_off: false,
            busy_timeout,
            file: file_at(path),
            open_transaction: Mutex::default(),
        }
    }

    pub(crate) fn is_turned_off(&self) -> bool {
        self.is_turned_off
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `Closed` after [`Database::close`], for calls that may not need the database.
    pub(crate) fn check_open(&self) -> Result<()> {
        self.slot.check_open()
    }

    /// `Closed` in a forked child.
    pub(super) fn refuse_inherited(&self) -> Result<()> {
        self.slot.refuse_inherited()
    }

    /// Runs `work` on one unchanging state of the database.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.with_connection(|connection| {
            cancel::listening(connection, |connection| {
                finish(connection.transaction_with_behavior(TransactionBehavior::Deferred)?, work)
            })
        })
    }

    /// Runs `work` as one transaction that takes the write lock at its start: all of it happens or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let deadline = Deadline::after(self.busy_timeout);
        self.with_lease(deadline, |lease| finish(self.begin_on(lease, deadline)?, work))
    }

    /// Begins a transaction that stays open as long as the lease lives.
    pub(super) fn begin(&self) -> Result<Lease> {
        let deadline = Deadline::after(self.busy_timeout);
        let lease = self.slot.lend(deadline)?;
        let begun = self.begin_on(&lease, deadline).map(std::mem::forget);
        begun.map_err(|error| error.about_file(&self.path))?;
        Ok(lease)
    }

    /// Makes the transaction one that ends with the handle.
    pub(super) fn register(&self, transaction: &Arc<OpenTransaction>) {
        *self.open_transaction.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(transaction);
    }

    fn begin_on<'l>(&self, lease: &'l Lease, deadline: Deadline) -> Result<Transaction<'l>> {
        self.refuse_vanished()?;
        locks::refuse_foreign(&self.path)?;
        begin(lease, self.busy_timeout, deadline)
    }

    /// Runs a statement of the host's that only reads.
    pub(crate) fn select(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.with_connection(|connection| {
            cancel::listening(connection, |connection| select(connection, sql, params))
        })
    }

    /// Copies the database as it is now into a file that is not there yet.
    pub(crate) fn backup_to(&self, target: &Path) -> Result<()> {
        self.with_connection(|connection| backup(connection, target, self.busy_timeout))
    }

    /// Closes the connection after the calls that are under way; later calls get `Closed`. A transaction that a host
    /// has open is rolled back. Closing twice is not an error, nor is closing in a forked child, which does nothing.
    pub(crate) fn close(&self) -> Result<()> {
        if self.refuse_inherited().is_err() {
            return Ok(());
        }
        let open = self.open_transaction.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(transaction) = open {
            transaction.end_with_handle();
        }
        self.slot.close().map_err(|error| error.about_file(&self.path))
    }

    fn with_connection<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        self.with_lease(Deadline::after(self.busy_timeout), |lease| work(lease.connection()?))
    }

    fn with_lease<T>(&self, deadline: Deadline, work: impl FnOnce(&mut Lease) -> Result<T>) -> Result<T> {
        let mut lease = self.slot.lend(deadline)?;
        work(&mut lease).map_err(|error| error.about_file(&self.path))
    }

    /// SQLite would go on writing to a file that has lost its name, and acknowledge what nobody finds again.
    fn refuse_vanished(&self) -> Result<()> {
        if self.file.is_none() || self.file == file_at(&self.path) {
            return Ok(());
        }
        let message = "the database file was removed or replaced since it was opened: open it again";
        Err(Error::new(ErrorKind::Storage, message))
    }
}

/// Rolls back where `work` fails or panics.
fn finish<T>(transaction: Transaction<'_>, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

#[cfg(unix)]
fn file_at(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_at(_path: &Path) -> Option<FileId> {
    None
}
