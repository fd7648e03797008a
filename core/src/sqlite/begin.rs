//! Beginning a transaction that writes, in turn with other writers.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::cancel::{CANCELLED, CancelToken};
use super::connect::set_busy_timeout;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Deadline, Pauses};

/// Begins a transaction that writes: `Busy` where others write until the deadline, or where the token of
/// this thread gives the call up.
///
/// SQLite's own waiting does not listen to a token, and it is unfair: the longer somebody waits, the longer it
/// sleeps, up to a tenth of a second, while others come and go in a fraction of a millisecond.
pub(super) fn begin(
    connection: &Connection,
    timeout: Duration,
    deadline: Deadline,
) -> Result<Transaction<'_>> {
    set_busy_timeout(connection, Duration::ZERO)?;
    let begun = attempt_until(connection, deadline);
    set_busy_timeout(connection, timeout)?;
    begun
}

fn attempt_until(connection: &Connection, deadline: Deadline) -> Result<Transaction<'_>> {
    let token = CancelToken::current();
    let pauses = Pauses::new();
    loop {
        if token.as_ref().is_some_and(CancelToken::is_cancelled) {
            return Err(Error::new(ErrorKind::Busy, CANCELLED));
        }
        let begun = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
        match begun.map_err(Error::from) {
            Err(error) if error.kind() == ErrorKind::Busy && !deadline.has_passed() => pauses.pause(),
            done => return done,
        }
    }
}
