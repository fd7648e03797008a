//! One open database that several threads share.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::backup::backup;
use super::begin::begin;
use super::cancel;
use super::locks;
use super::select::{SqlParams, Table, select};
use crate::error::{Error, ErrorKind, Result};

/// One connection behind a lock: calls from several threads queue, so no transaction can ever run
/// inside of another one's.
///
/// In a forked child it is closed, whatever it was in the parent, and its connection is never touched: not even
/// to be dropped, since SQLite would then write to a file whose locks are the parent's.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    state: Mutex<State>,
    is_turned_off: bool,
    busy_timeout: Duration,
    /// The process that opened it.
    process: u32,
    /// Which file it is, whatever lies under its name later; unknown in memory and on other systems than Unix.
    file: Option<FileId>,
}

/// Device and inode.
type FileId = (u64, u64);

#[derive(Debug)]
enum State {
    Open(Connection),
    Closed,
    TurnedOff,
}

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection, busy_timeout: Duration) -> Self {
        Self::in_state(path, State::Open(connection), busy_timeout)
    }

    /// A database that the environment turned off: every call says so.
    pub(crate) fn turned_off(path: &Path) -> Self {
        Self::in_state(path, State::TurnedOff, Duration::ZERO)
    }

    fn in_state(path: &Path, state: State, busy_timeout: Duration) -> Self {
        Self {
            path: path.to_owned(),
            is_turned_off: matches!(state, State::TurnedOff),
            state: Mutex::new(state),
            busy_timeout,
            process: std::process::id(),
            file: file_at(path),
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
        match &*self.lock()? {
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
        self.with_connection(|connection| {
            self.refuse_vanished()?;
            locks::refuse_foreign(&self.path)?;
            finish(begin(connection, self.busy_timeout)?, work)
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
    /// twice is not an error, nor is closing in a forked child, which does nothing.
    pub(crate) fn close(&self) -> Result<()> {
        let Ok(mut state) = self.lock() else { return Ok(()) };
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(connection) => {
                connection.close().map_err(|(_, error)| Error::from(error).about_file(&self.path))
            }
            State::Closed | State::TurnedOff => Ok(()),
        }
    }

    fn with_connection<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        match &mut *self.lock()? {
            State::Open(connection) => work(connection).map_err(|error| error.about_file(&self.path)),
            State::Closed => Err(closed()),
            State::TurnedOff => {
                let message = "the database is turned off: unset MCODA_DISABLE_DB to use it";
                Err(Error::new(ErrorKind::Storage, message))
            }
        }
    }

    /// `Closed` in a forked child, where a thread that does not exist there may hold the lock for ever.
    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        if self.is_inherited() {
            let message = "this handle was opened before the process was forked: open a new one in the child";
            return Err(Error::new(ErrorKind::Closed, message));
        }
        // A panic in another thread's call rolled its transaction back; the connection itself is sound.
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// SQLite would go on writing to a file that has lost its name, and acknowledge what nobody finds again.
    fn refuse_vanished(&self) -> Result<()> {
        if self.file.is_none() || self.file == file_at(&self.path) {
            return Ok(());
        }
        let message = "the database file was removed or replaced since it was opened: open it again";
        Err(Error::new(ErrorKind::Storage, message))
    }

    /// Whether this is a forked child's copy.
    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.is_inherited() {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::replace(state, State::Closed));
        }
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

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this handle was closed: open a new one")
}
