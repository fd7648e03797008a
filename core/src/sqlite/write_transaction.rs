//! Beginning transactions, with waiting for other handles and processes.

use std::ops::Deref;
use std::time::Duration;

use rusqlite::Connection;

use super::cancel::Watch;
use super::connect::set_busy_timeout;
use crate::error::{ErrorKind, Result};
use crate::notice::{DATABASE, file_of};
use crate::time::{Backoff, Deadline};

/// A transaction, which is rolled back unless it is committed. Its statements are prepared once for each connection.
#[derive(Debug)]
pub(crate) struct Transaction<'c>(&'c Connection);

impl<'c> Transaction<'c> {
    fn begin(connection: &'c Connection, sql: &str) -> Result<Self> {
        connection.prepare_cached(sql)?.execute([])?;
        Ok(Self(connection))
    }

    pub(crate) fn commit(self) -> Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // If it cannot be rolled back now, SQLite does so when the connection is used again or closed.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

/// How to wait while others hold the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitPolicy<'w> {
    /// The connection's own busy timeout otherwise.
    pub(crate) timeout: Duration,
    pub(crate) deadline: Deadline,
    pub(crate) watch: &'w Watch,
}

impl<'w> WaitPolicy<'w> {
    /// Waits from now on, for this long.
    pub(super) fn new(timeout: Duration, watch: &'w Watch) -> Self {
        Self { timeout, deadline: Deadline::of_wait(timeout), watch }
    }
}

/// Begins a write transaction: `Busy` if others write until the deadline, or the error of the watch.
pub(crate) fn begin_write<'c>(connection: &'c Connection, wait: &WaitPolicy<'_>) -> Result<Transaction<'c>> {
    retry_while_busy(connection, wait, || Transaction::begin(connection, "BEGIN IMMEDIATE"))
}

/// Begins a read transaction and takes its snapshot of the database; as [`begin_write`].
pub(super) fn begin_read<'c>(connection: &'c Connection, wait: &WaitPolicy<'_>) -> Result<Transaction<'c>> {
    retry_while_busy(connection, wait, || {
        let begun = Transaction::begin(connection, "BEGIN")?;
        connection.prepare_cached("SELECT 1 FROM sqlite_master LIMIT 0")?.exists([])?;
        Ok(begun)
    })
}

/// Retries `work`, which changes nothing if it fails, as long as others hold the database.
///
/// SQLite's own waiting cannot be cancelled, and it is unfair: the longer a connection waits, the longer it sleeps, up
/// to a tenth of a second, while others come and go in a fraction of a millisecond.
pub(super) fn retry_while_busy<T>(
    connection: &Connection,
    wait: &WaitPolicy<'_>,
    work: impl Fn() -> Result<T>,
) -> Result<T> {
    set_busy_timeout(connection, Duration::ZERO)?;
    let done = retry_until(connection, wait, work);
    set_busy_timeout(connection, wait.timeout)?;
    done
}

fn retry_until<T>(connection: &Connection, wait: &WaitPolicy<'_>, work: impl Fn() -> Result<T>) -> Result<T> {
    let mut waiting: Option<Backoff> = None;
    loop {
        wait.watch.check()?;
        match work() {
            Err(error) if error.kind() == ErrorKind::Busy && !wait.deadline.has_passed() => {
                waiting.get_or_insert_with(|| begin_waiting(connection)).pause();
            }
            done => return done,
        }
    }
}

#[cold]
fn begin_waiting(connection: &Connection) -> Backoff {
    log::debug!(target: DATABASE, "{}: waits for another writer", file_of(connection));
    Backoff::new()
}
