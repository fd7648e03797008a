//! What a workspace and the global database have in common.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::Connection;

use crate::error::Result;
use crate::id::IdSource;
use crate::paths::ConfigSources;
use crate::repository::Store;
use crate::sqlite::{Access, Database, OpenTransaction, SqlParams, Table};
use crate::telemetry::{
    self, AgentContext, AgentNames, Asked, Dimension, Home, ImportSummary, JsonLog, Recorded,
    RecordedResponse, Recorder, TokenUsage, TokenUsageCursor, TokenUsageQuery, TokenUsageRow,
    TokenUsageSummaryRow,
};
use crate::time::Clock;

/// An open database: what a [`Workspace`](crate::Workspace) and [`Global`](crate::Global) have in common.
///
/// It may be shared by threads. Questions run beside each other and beside a call that writes, each on a state of the
/// database that does not change: all that was committed before it. Every call fails with `Closed` after
/// [`Session::close`], with `Busy` where another call or another process has the database for longer than the timeout,
/// with `Cancelled` where it is given up, and with `Storage` or `Corrupt` where the disk does not do its part; a call that fails has changed nothing.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    access: Access,
}

/// What is the same within a transaction.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The workspace's id; the global database has none.
    pub(crate) workspace_id: Option<String>,
    pub(crate) log: Option<JsonLog>,
    pub(crate) configs: ConfigSources,
    /// Where a workspace finds its agents by their names. A host without a home folder has none.
    pub(crate) global_database: Option<PathBuf>,
    pub(crate) clock: Clock,
    pub(crate) ids: IdSource,
    pub(crate) busy_timeout: Duration,
}

/// A session that ends where nobody else has it.
#[derive(Debug)]
pub(crate) struct WeakSession {
    shared: Weak<Shared>,
    database: Weak<Database>,
}

impl WeakSession {
    pub(crate) fn upgrade(&self) -> Option<Session> {
        Some(Session { shared: self.shared.upgrade()?, access: Access::Own(self.database.upgrade()?) })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.database.upgrade().is_some_and(|database| database.check_open().is_ok())
    }
}

impl Session {
    pub(crate) fn new(database: Database, shared: Shared) -> Self {
        Self { shared: Arc::new(shared), access: Access::Own(Arc::new(database)) }
    }

    /// The same handle, with its calls within a transaction.
    pub(crate) fn within(&self, transaction: &Arc<OpenTransaction>) -> Self {
        Self { shared: Arc::clone(&self.shared), access: Access::Within(Arc::clone(transaction)) }
    }

    pub(crate) fn downgrade(&self) -> WeakSession {
        let database = Arc::downgrade(self.access.database());
        WeakSession { shared: Arc::downgrade(&self.shared), database }
    }

    /// The database file.
    pub fn database_path(&self) -> &Path {
        self.access.database().path()
    }

    /// Records what one agent call cost: the row, the agent's attribution to its command run and job, and
    /// the entry in the JSON log. In the global database the agent and the command run, where reported, must exist.
    ///
    /// Errors: `InvalidInput` (which field, what was given, what is allowed; in the global database also for fields
    /// of the backlog), `NotFound` for an unknown job, task or other id, `Conflict` where a record with this id has
    /// other content.
    pub fn record_token_usage(&self, usage: &TokenUsage) -> Result<Recorded> {
        self.recorder().record_one(usage)
    }

    /// Records many calls in one transaction: all of them or none.
    pub fn record_token_usages(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.recorder().record(usages)
    }

    /// Reads what came back from an agent and records it: a response body, the events of a stream, or an
    /// agent's transcript, as [`extract_usage`](crate::extract_usage) reads them. Each call and each model that
    /// worked for it becomes a record; a response that reports no usage becomes none, and is no error.
    ///
    /// A record's id is made of the provider's id of the message, the response or the session, so that a retry
    /// or a replay counts once. Of two versions of one response the last wins: this call updates its own record,
    /// which [`Session::record_token_usage`] never does. A response without an id is a new one each time, unless
    /// the context gives a `response_id`.
    ///
    /// Errors: as [`Session::record_token_usage`], and nothing is written then.
    pub fn record_agent_response(&self, body: &str, context: &AgentContext) -> Result<RecordedResponse> {
        self.recorder().record_response(body, context)
    }

    /// Reads bodies and lines of JSON to the end and records them as
    /// [`Session::record_agent_response`] does, in memory that does not grow with the input: a file of responses, or
    /// a transcript. What has no id is known by its text and by how often it came before, so reading a file
    /// again, or one that has grown, adds nothing twice. `progress` gets now and then how many bytes were read.
    ///
    /// Each thousand lines are one transaction: an error leaves what was recorded before, and reading the
    /// input again goes on from there. `Unsupported` within a transaction.
    pub fn record_agent_stream(
        &self,
        input: impl BufRead,
        context: &AgentContext,
        mut progress: impl FnMut(u64),
    ) -> Result<ImportSummary> {
        self.access.outside("record_agent_stream")?;
        self.recorder().import(input, context, &mut progress)
    }

    /// Records what a file holds, as [`Session::record_agent_stream`] does.
    ///
    /// Errors: as there, and `Storage` where the file cannot be read.
    pub fn record_agent_file(&self, file: impl AsRef<Path>, context: &AgentContext) -> Result<ImportSummary> {
        self.access.outside("record_agent_file")?;
        self.recorder().import_file(file.as_ref(), context)
    }

    /// What single agent calls cost, in the order of time; calls of the same moment in the order in which
    /// they were recorded, those whose time cannot be read last. The global database knows only calls that were
    /// recorded in it, not those of the workspaces.
    ///
    /// Errors: `NotFound` for an unknown project key, `InvalidInput` for a bound or a page that is invalid, and in
    /// the global database for the filters of the backlog (project, job, task).
    pub fn token_usage(&self, query: &TokenUsageQuery) -> Result<Vec<TokenUsageRow>> {
        self.access.read(|tx| telemetry::token_usage(&self.asked(tx, query)))
    }

    /// [`Session::token_usage`] row by row, in memory that depends little on how many there are.
    ///
    /// Errors: as [`Session::token_usage`]. `Unsupported` within a transaction.
    pub fn token_usage_cursor(&self, query: &TokenUsageQuery) -> Result<TokenUsageCursor> {
        let database = Arc::clone(self.access.outside("token_usage_cursor")?);
        self.access.read(|tx| TokenUsageCursor::new(database, &self.asked(tx, query)))
    }

    /// What agent calls cost, added up by groups in the order in which these first appear in time. An
    /// empty `group_by` stands for [`Dimension::DEFAULT`]; project, job and task are null in the global database.
    ///
    /// Errors: as [`Session::token_usage`].
    pub fn token_usage_summary(
        &self,
        query: &TokenUsageQuery,
        group_by: &[Dimension],
    ) -> Result<Vec<TokenUsageSummaryRow>> {
        self.access.read(|tx| telemetry::token_usage_summary(&self.asked(tx, query), group_by))
    }

    /// Runs one SQL statement that only reads, in one unchanging state of the database.
    ///
    /// Errors: `InvalidInput` for what is not one such statement, for two columns of one name (name them
    /// with `AS`), and for parameters that do not fit it.
    pub fn query(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.access.select(sql, params)
    }

    /// Copies the database as it is now into a new file, for its owner alone, and onto the disk. Calls of this handle
    /// that write wait for that; questions, other handles and processes go on. Nothing is ever overwritten.
    ///
    /// Errors: `Conflict` where there is something at `path`, or a file of a database that was there (`-wal` behind
    /// its name …); `InvalidInput` for the name of such a file, or of another one of this library's beside the
    /// database; `Storage` where it cannot be written; `Unsupported` within a transaction.
    pub fn backup_to(&self, path: impl AsRef<Path>) -> Result<()> {
        self.access.outside("backup_to")?.backup_to(path.as_ref())
    }

    /// Gives up the calls of this handle that are under way, from any thread: those that wait and those that only read
    /// fail with `Cancelled` within some milliseconds; one that has begun to write is finished. Later calls are made as
    /// ever. A batch is rolled back; an open transaction goes on for its host to end.
    pub fn interrupt(&self) {
        self.access.database().interrupt();
    }

    /// Stops what only reads, now and from now on, as [`Session::close`] does: for a host that closes the handle in turn
    /// with its other calls.
    pub fn stop_reading(&self) {
        self.access.database().control().close();
    }

    /// Makes what `work` does on this handle one call, which is interrupted and timed as a whole. For the faces.
    pub fn as_one_call<T>(&self, work: impl FnOnce() -> T) -> T {
        self.access.database().control().as_one_call(work)
    }

    /// Closes the database after the calls that are under way. Those that only read are given up, and fail with
    /// `Closed`; a transaction that is open is rolled back. Closing twice is not an error. `Unsupported` within a
    /// transaction.
    pub fn close(&self) -> Result<()> {
        let closed = self.access.outside("close")?.close();
        if let Some(log) = &self.shared.log {
            log.close();
        }
        closed
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn store(&self) -> Store<'_> {
        Store { access: &self.access, clock: self.shared.clock, ids: &self.shared.ids }
    }

    pub(crate) fn asked<'a>(&'a self, tx: &'a Connection, query: &'a TokenUsageQuery) -> Asked<'a> {
        let names = |database| AgentNames { database, busy_timeout: self.shared.busy_timeout };
        Asked {
            tx,
            home: self.home(),
            agents: self.shared.global_database.as_deref().map(names),
            now: self.shared.clock.now(),
            query,
        }
    }

    pub(crate) fn recorder(&self) -> Recorder<'_> {
        Recorder {
            home: self.home(),
            access: &self.access,
            log: self.shared.log.as_ref(),
            configs: &self.shared.configs,
            clock: self.shared.clock,
            ids: &self.shared.ids,
            busy_timeout: self.shared.busy_timeout,
        }
    }

    fn home(&self) -> Home<'_> {
        self.shared.workspace_id.as_deref().map_or(Home::Global, Home::Workspace)
    }
}
