//! A database that a host has open by itself, and the workspaces that use its connection.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::session::{Session, WeakSession};
use crate::sqlite::host::HostConnection;
pub use crate::sqlite::host::{HostChanges, HostError, HostMode, HostParams, HostResult, Large, RowChunk};

/// A database on which a host runs SQL of its own, with the semantics of the npm packages `sqlite` and `sqlite3`, and
/// over which it may have [workspaces](crate::Options::open_over): their calls run on the same connection, within
/// the transaction that the host has open. For bindings.
#[derive(Debug)]
pub struct HostDatabase {
    connection: HostConnection,
    over: Mutex<Vec<WeakSession>>,
}

impl HostDatabase {
    /// Opens the database file; `:memory:` is one that lives as long as this.
    pub fn open(file: &str, mode: HostMode) -> HostResult<Self> {
        let connection = HostConnection::open(file, mode)?;
        Ok(Self { connection, over: Mutex::default() })
    }

    /// Runs all statements. One that fails ends it, and what ran before stays.
    pub fn exec(&self, sql: &str) -> HostResult<()> {
        self.then_log(self.connection.exec(sql))
    }

    /// Runs the first statement, and leaves the rows that it may return.
    pub fn run(&self, sql: &str, params: &HostParams) -> HostResult<HostChanges> {
        self.then_log(self.connection.run(sql, params))
    }

    /// Runs the first statement up to its first row.
    pub fn first(&self, sql: &str, params: &HostParams, large: Large) -> HostResult<Option<RowChunk>> {
        self.then_log(self.connection.first(sql, params, large))
    }

    /// Runs the first statement to its end. Chunks of its rows go to `sink`, which says whether to go on; the last chunk,
    /// which may have no rows, is returned.
    pub fn rows(
        &self,
        sql: &str,
        params: &HostParams,
        large: Large,
        sink: impl FnMut(RowChunk) -> HostResult<bool>,
    ) -> HostResult<RowChunk> {
        self.then_log(self.connection.rows(sql, params, large, sink))
    }

    /// How long a call waits for other connections from now on.
    pub fn set_busy_timeout(&self, timeout: Duration) -> HostResult<()> {
        self.connection.set_busy_timeout(timeout)
    }

    /// Closes the database: a transaction that is open is rolled back, and the files are let go. The workspaces over it
    /// are closed with it. `SQLITE_MISUSE` where it is closed already.
    pub fn close(&self) -> HostResult<()> {
        for session in self.sessions() {
            // It never fails: the connection is not its own.
            let _ = session.close();
        }
        self.connection.close()
    }

    pub(crate) fn connection(&self) -> &HostConnection {
        &self.connection
    }

    /// Lets the JSON log of a workspace follow the transactions of the host.
    pub(crate) fn register(&self, session: &Session) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.retain(WeakSession::is_open);
        over.push(session.downgrade());
    }

    /// What workspaces recorded within a transaction reaches their JSON logs when that has ended.
    fn then_log<T>(&self, done: T) -> T {
        if self.connection.takes_ended() {
            for session in self.sessions() {
                session.recorder().complete_log_after_commit();
            }
        }
        done
    }

    fn sessions(&self) -> Vec<Session> {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.iter().filter_map(WeakSession::upgrade).collect()
    }
}
