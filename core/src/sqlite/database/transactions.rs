//! Transactions on a shared database, and the statements of a host.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::Database;
use crate::at_once::refuse_to_wait;
use crate::error::{Error, ErrorKind, Result};
use crate::sqlite::cancel::{Watch, with_cancellation};
use crate::sqlite::erased::{Work, erased};
use crate::sqlite::host::require_foreign_keys;
use crate::sqlite::locks;
use crate::sqlite::open_transaction::{EndReason, OpenTransaction, in_savepoint};
use crate::sqlite::read_only_query::{Collect, SqlParams, run_query};
use crate::sqlite::write_transaction::{Transaction, WaitPolicy, begin_read, begin_write};
use crate::sqlite::writer::{OnDrop, SAVEPOINT, WriterGuard, closed};
use crate::time::{Deadline, check_clock};

impl Database {
    /// Runs `work` on one consistent state of the database, in parallel with writers.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        erased(work, |work| self.read_erased(work))
    }

    /// [`Database::read`], compiled once for all calls.
    pub(in crate::sqlite) fn read_erased(&self, work: Work<'_>) -> Result<()> {
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
    pub(in crate::sqlite) fn write_erased(&self, work: Work<'_>) -> Result<()> {
        if self.may_flush() {
            refuse_to_wait()?;
        }
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

    /// Whether the next commit may wait until the disk has stored something.
    fn may_flush(&self) -> bool {
        // A host has its own settings.
        self.is_hosted
            || self.flushes_commits
            || self.checkpoints.as_ref().is_some_and(|checkpoints| checkpoints.log_may_start_over())
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
    pub(in crate::sqlite) fn begin(&self) -> Result<WriterGuard> {
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
    pub(in crate::sqlite) fn register(&self, transaction: &Arc<OpenTransaction>) -> Result<()> {
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
    pub(in crate::sqlite) fn refuse_to_write(&self) -> Result<()> {
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
}

/// Rolls back if `work` fails or panics.
fn finish(transaction: Transaction<'_>, work: Work<'_>) -> Result<()> {
    work(&transaction)?;
    transaction.commit()
}
