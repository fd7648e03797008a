//! Beginning a transaction, in turn with other handles and processes.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::cancel::Watch;
use super::connect::set_busy_timeout;
use crate::error::{ErrorKind, Result};
use crate::time::{Deadline, Pauses};

/// How to wait for others who have the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience<'w> {
    /// What the connection waits by itself otherwise.
    pub(crate) timeout: Duration,
    pub(crate) deadline: Deadline,
    pub(crate) watch: &'w Watch,
}

impl<'w> Patience<'w> {
    /// From now on, for this long.
    pub(super) fn new(timeout: Duration, watch: &'w Watch) -> Self {
        Self { timeout, deadline: Deadline::after(timeout), watch }
    }
}

/// Begins a transaction that writes: `Busy` where others write until the deadline, or `Cancelled` where the watch gives
/// the call up.
pub(crate) fn begin<'c>(connection: &'c Connection, how: &Patience<'_>) -> Result<Transaction<'c>> {
    patiently(connection, how, || Ok(Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?))
}

/// Begins a transaction that reads, and settles which state of the database it sees; as [`begin`].
pub(super) fn begin_reading<'c>(connection: &'c Connection, how: &Patience<'_>) -> Result<Transaction<'c>> {
    patiently(connection, how, || {
        let begun = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
        connection.prepare_cached("SELECT 1 FROM sqlite_master LIMIT 0")?.exists([])?;
        Ok(begun)
    })
}

/// Makes attempts at `work`, which changes nothing where it fails, for as long as others have the database.
///
/// SQLite's own waiting does not listen to anybody, and it is unfair: the longer somebody waits, the longer it
/// sleeps, up to a tenth of a second, while others come and go in a fraction of a millisecond.
pub(super) fn patiently<T>(
    connection: &Connection,
    how: &Patience<'_>,
    work: impl Fn() -> Result<T>,
) -> Result<T> {
    set_busy_timeout(connection, Duration::ZERO)?;
    let done = attempt_until(how, work);
    set_busy_timeout(connection, how.timeout)?;
    done
}

fn attempt_until<T>(how: &Patience<'_>, work: impl Fn() -> Result<T>) -> Result<T> {
    let pauses = Pauses::new();
    loop {
        how.watch.check()?;
        match work() {
            Err(error) if error.kind() == ErrorKind::Busy && !how.deadline.has_passed() => pauses.pause(),
            done => return done,
        }
    }
}
