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
    connection: Mutex<Option<Connection>>,
}

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection) -> Self {
        Self { path: path.to_owned(), connection: Mutex::new(Some(connection)) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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
        match self.lock().take() {
            Some(connection) => {
                connection.close().map_err(|(_, error)| error.into()).map_err(|e| self.explain(e))
            }
            None => Ok(()),
        }
    }

    fn transaction<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let mut guard = self.lock();
        let connection =
            guard.as_mut().ok_or_else(|| Error::new(ErrorKind::Closed, "this handle was closed"))?;
        let run = || {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|error| self.explain(error))
    }

    /// A panic in another thread's call rolled its transaction back; the connection itself is sound.
    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn explain(&self, error: Error) -> Error {
        error.about_file(&self.path)
    }
}
