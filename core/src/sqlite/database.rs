//! One open database that several threads share.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::backup::backup;
use super::cancel::{self, CancelToken};
use super::select::{SqlParams, Table, select};
use crate::error::{Error, ErrorKind, Result};

/// One connection behind a lock: calls from several threads queue, so no transaction can ever run
/// inside of another one's.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    state: Mutex<State>,
    is_turned_off: bool,
    busy_timeout: Duration,
}

#[derive(Debug)]
enum State {
    Open(Connection),
    Closed,
    TurnedOff,
}

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection, busy_timeout: Duration) -> Self {
        let state = Mutex::new(State::Open(connection));
        Self { path: path.to_owned(), state, is_turned_off: false, busy_timeout }
    }

    /// A database that the environment turned off: every call says so.
    pub(crate) fn turned_off(path: &Path) -> Self {
        let state = Mutex::new(State::TurnedOff);
        Self { path: path.to_owned(), state, is_turned_off: true, busy_timeout: Duration::ZERO }
    }

    pub(crate) fn is_turned_off(&self) -> bool {
        self.is_turned_off
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `Closed` after [`Database::close`], for calls that may not need the database.
    pub(crate) fn check_open(&self) -> Result<()> {
        match &*self.lock() {
            State::Closed => Err(closed()),
            State::Open(_) | State::TurnedOff => Ok(()),
        }
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
        self.with_connection(|connection| match CancelToken::current() {
            Some(token) => finish(token.begin(connection, self.busy_timeout)?, work),
            None => finish(connection.transaction_with_behavior(TransactionBehavior::Immediate)?, work),
        })
    }

    /// Answers a statement of the host's that only reads.
    pub(crate) fn select(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.with_connection(|connection| {
            cancel::listening(connection, |connection| select(connection, sql, params))
        })
    }

    /// Copies the database as it is now into a file that is not there yet.
    pub(crate) fn backup_to(&self, target: &Path) -> Result<()> {
        self.with_connection(|connection| backup(connection, target, self.busy_timeout))
    }

    /// Closes the connection after the calls that are under way; later calls get `Closed`. Closing
    /// twice is not an error.
    pub(crate) fn close(&self) -> Result<()> {
        match std::mem::replace(&mut *self.lock(), State::Closed) {
            State::Open(connection) => {
                connection.close().map_err(|(_, error)| Error::from(error).about_file(&self.path))
            }
            State::Closed | State::TurnedOff => Ok(()),
        }
    }

    fn with_connection<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        match &mut *self.lock() {
            State::Open(connection) => work(connection).map_err(|error| error.about_file(&self.path)),
            State::Closed => Err(closed()),
            State::TurnedOff => {
                let message = "the database is turned off: unset MCODA_DISABLE_DB to use it";
                Err(Error::new(ErrorKind::Storage, message))
            }
        }
    }

    /// A panic in another thread's call rolled its transaction back; the connection itself is sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rolls back where `work` fails or panics.
fn finish<T>(transaction: Transaction<'_>, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this handle was closed: open a new one")
}
