//! The connections of a shared database: waiting for one, and the errors of its calls.

use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::Database;
use crate::error::{Error, Result};
use crate::sqlite::cancel::Watch;
use crate::sqlite::connect::{busy_timeout_of, is_intact, release_cache};
use crate::sqlite::error_mapping;
use crate::sqlite::write_transaction::WaitPolicy;
use crate::sqlite::writer::{WriterGuard, closed};

impl Database {
    pub(super) fn with_writer<T>(
        &self,
        watch: &Watch,
        work: impl FnOnce(&mut Connection, &WaitPolicy<'_>) -> Result<T>,
    ) -> Result<T> {
        let (mut guard, wait) = self.acquire(watch)?;
        self.watching(guard.connection()?, |connection| work(connection, &wait))
    }

    /// The writing connection, and how to wait for other handles and processes.
    pub(super) fn acquire<'w>(&self, watch: &'w Watch) -> Result<(WriterGuard, WaitPolicy<'w>)> {
        if self.is_left.load(Ordering::SeqCst) {
            return Err(closed());
        }
        let wait = self.wait_policy(watch);
        let guard = self.writer.acquire(wait.deadline, watch)?;
        // The wait for a transaction of the handle does not count.
        let wait = if wait.deadline.has_passed() { self.wait_policy(watch) } else { wait };
        let wait = self.keeping_timeout(wait, &guard)?;
        Ok((guard, wait))
    }

    /// Waiting changes the busy timeout of the connection, and restores that of the policy: here that of the host.
    pub(super) fn keeping_timeout<'w>(
        &self,
        wait: WaitPolicy<'w>,
        connection: &Connection,
    ) -> Result<WaitPolicy<'w>> {
        let timeout = if self.is_hosted { busy_timeout_of(connection)? } else { wait.timeout };
        Ok(WaitPolicy { timeout, ..wait })
    }

    pub(super) fn wait_policy<'w>(&self, watch: &'w Watch) -> WaitPolicy<'w> {
        WaitPolicy::new(self.busy_timeout, watch)
    }

    pub(super) fn with_reader<T>(
        &self,
        work: impl FnOnce(&mut Connection, &WaitPolicy<'_>) -> Result<T>,
    ) -> Result<T> {
        let watch = &Watch::reading(&self.control);
        let Some(readers) = &self.readers else {
            return self.with_writer(watch, work);
        };
        let wait = self.wait_policy(watch);
        // The writing connection of a read-only handle does not block writers, so it is used if it is free.
        if self.is_read_only
            && let Some(mut guard) = self.writer.try_acquire()?
        {
            return self.watching(guard.connection()?, |connection| work(connection, &wait));
        }
        let mut reader = readers.acquire(wait.deadline, watch)?;
        self.watching(reader.connection()?, |connection| work(connection, &wait))
    }

    /// Runs `work`, unless a file that was opened as immutable has changed, before or in the meantime. An error names
    /// the file.
    pub(super) fn watching<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        let unchanged = || self.file.refuse_changed();
        let done = unchanged().and_then(|()| {
            let done = work(connection);
            unchanged().and(done)
        });
        done.map_err(|error| self.explain(error, connection))
    }

    /// Names the file. Damage that is not found when the database is read again is reported as a transient read error.
    fn explain(&self, error: Error, connection: &Connection) -> Error {
        // An error that names a file is about another one, for example the global database.
        if error_mapping::is_corruption(&error) && !error.is_located() {
            release_cache(connection);
            if self.file.reopen_for_reading(self.busy_timeout).is_ok_and(|anew| is_intact(&anew)) {
                return error_mapping::transient_read_error(error).about_file(self.path());
            }
        }
        error.about_file(self.path())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::ffi;

    use super::*;
    use crate::error::ErrorKind;
    use crate::sqlite::connect::{ConnectOptions, Synchronous, connect};

    /// Simulates a transient read error.
    #[test]
    fn an_intact_database_is_not_reported_as_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let busy_timeout = Duration::ZERO;
        let options = ConnectOptions {
            read_only: false,
            busy_timeout,
            synchronous: Synchronous::Normal,
            newest_schema: 0,
        };
        let database = Database::new(&file, connect(&file, &options).unwrap(), &options).unwrap();
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            let failed = || Err::<(), _>(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into());
            for error in [
                database.read(|_| failed()).unwrap_err(),
                database.read_on_writer(|_| failed()).unwrap_err(),
                database.write(|_| failed()).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                assert!(error.message().contains("try again") && error.message().contains("x.db"), "{error}");
            }
        }
        // A value of the wrong type, written by another program, is found again at the next read.
        let wrong = rusqlite::Error::InvalidColumnType(0, "a".to_owned(), rusqlite::types::Type::Text);
        assert_eq!(database.read(|_| Err::<(), _>(wrong.into())).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
