//! A database on which a host runs its own SQL, and the workspaces that use its connection.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::session::{Session, WeakSession};
use crate::sqlite::host::HostConnection;
pub use crate::sqlite::host::{HostChanges, HostError, HostMode, HostParams, HostResult, Large, RowChunk};

/// A database on which a host runs its own SQL, with the semantics of the npm packages `sqlite` and `sqlite3`. The calls
/// of a [workspace over it](crate::Options::open_over) run on the same connection, within the transaction that the host
/// has open. For bindings.
#[derive(Debug)]
pub struct HostDatabase {
    connection: HostConnection,
    over: Mutex<Vec<WeakSession>>,
}

impl HostDatabase {
    /// Opens the database file. `:memory:` is a database that lives as long as this value.
    pub fn open(file: &str, mode: HostMode) -> HostResult<Self> {
        let connection = HostConnection::open(file, mode)?;
        Ok(Self { connection, over: Mutex::default() })
    }

    /// Runs all statements, up to the first one that fails. The effects of those before it remain.
    pub fn exec(&self, sql: &str) -> HostResult<()> {
        self.then_log(self.connection.exec(sql))
    }

    /// Runs the first statement, and ignores its rows.
    pub fn run(&self, sql: &str, params: &HostParams) -> HostResult<HostChanges> {
        self.then_log(self.connection.run(sql, params))
    }

    /// Runs the first statement up to its first row.
    pub fn first(&self, sql: &str, params: &HostParams, large: Large) -> HostResult<Option<RowChunk>> {
        self.then_log(self.connection.first(sql, params, large))
    }

    /// [`HostDatabase::first`] on the thread of an event loop: `None` if the statement does more than read, or if that would wait
    /// for others or take longer than `limit`. Nothing has happened then.
    #[doc(hidden)]
    pub fn first_at_once(
        &self,
        sql: &str,
        params: &HostParams,
        large: Large,
        limit: Duration,
    ) -> Option<HostResult<Option<RowChunk>>> {
        self.connection.first_at_once(sql, params, large, limit)
    }

    /// Runs the first statement. Passes its rows to `sink` in chunks, and returns the last chunk, which may be empty.
    /// `sink` returns whether to continue.
    pub fn rows(
        &self,
        sql: &str,
        params: &HostParams,
        large: Large,
        sink: impl FnMut(RowChunk) -> HostResult<bool>,
    ) -> HostResult<RowChunk> {
        self.then_log(self.connection.rows(sql, params, large, sink))
    }

    /// Sets how long calls wait for other connections.
    pub fn set_busy_timeout(&self, timeout: Duration) -> HostResult<()> {
        self.connection.set_busy_timeout(timeout)
    }

    /// Ends the running call of this database, or of a workspace over it, with `SQLITE_INTERRUPT` or `Cancelled`; from any
    /// thread. Calls that begin later are not affected. As with SQLite's function of this name, a statement of the host that
    /// writes is rolled back, and with it the open transaction.
    pub fn interrupt(&self) {
        self.connection.interrupt();
        self.sessions().iter().for_each(Session::interrupt);
    }

    /// Closes the database, its files, and the workspaces over it. An open transaction is rolled back. `SQLITE_MISUSE` if
    /// it is closed already.
    pub fn close(&self) -> HostResult<()> {
        for session in self.sessions() {
            // This cannot fail: the session does not own the connection.
            let _ = session.close();
        }
        self.connection.close()
    }

    pub(crate) fn connection(&self) -> &HostConnection {
        &self.connection
    }

    /// Registers a workspace, whose JSON log is completed when a transaction of the host ends.
    pub(crate) fn register(&self, session: &Session) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.retain(WeakSession::is_open);
        over.push(session.downgrade());
    }

    /// Completes the JSON logs of the workspaces if a transaction has ended.
    fn then_log<T>(&self, done: T) -> T {
        if self.connection.take_ended() {
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
