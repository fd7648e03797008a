//! One open database that several threads share.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Error, ErrorKind, Result};

/// One connection behind a lock: calls from several threads queue, so no transaction can ever run
/// inside of another one's.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    state: Mutex<State>,
    is_turned_off: bool,
}

#[derive(Debug)]
enum State {
    Open(Connection),
    Closed,
    TurnedOff,
}

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection) -> Self {
        Self { path: path.to_owned(), state: Mutex::new(State::Open(connection)), is_turned_off: false }
    }

    /// A database that the environment turned off: every call says so.
    pub(crate) fn turned_off(path: &Path) -> Self {
        Self { path: path.to_owned(), state: Mutex::new(State::TurnedOff), is_turned_off: true }
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
        self.transaction(TransactionBehavior::Deferred, work)
    }

    /// Runs `work` as one transaction that takes the write lock at its start: all of it happens or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.transaction(TransactionBehavior::Immediate, work)
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

    fn transaction<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let mut guard = self.lock();
        let connection = match &mut *guard {
            State::Open(connection) => connection,
            State::Closed => return Err(closed()),
            State::TurnedOff => {
                let message = "the database is turned off: unset MCODA_DISABLE_DB to use it";
                return Err(Error::new(ErrorKind::Storage, message));
            }
        };
        let run = || {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|error: Error| error.about_file(&self.path))
    }

    /// A panic in another thread's call rolled its transaction back; the connection itself is sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this handle was closed: open a new one")
}
