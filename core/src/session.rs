//! The common part of a workspace and the global database.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::Connection;

use crate::check::{self, CheckOptions, CheckReport, Subject};
#[cfg(feature = "arrow")]
use crate::columns::{RecordColumns, SqlCollector, SqlColumns};
use crate::definition::record;
use crate::error::Result;
use crate::id::IdSource;
use crate::migration::{self, DatabaseKind};
use crate::paths::{self, ConfigSources, Locations};
use crate::repository::Store;
use crate::sqlite::{
    Access, Checkpoint, Database, FileView, OpenTransaction, SqlParams, Table, TableCollector, View,
};
use crate::telemetry::{
    self, AgentContext, AgentNames, CallsOutside, Dimension, ImportSummary, JsonLog, QueryContext, Recorded,
    RecordedResponse, Recorder, ResponseReader, TokenUsage, TokenUsageCursor, TokenUsageQuery,
    TokenUsageReport, TokenUsageRow, TokenUsageSummaryRow, UsageRange,
};
use crate::time::Clock;

/// An open database: the common part of a [`Workspace`](crate::Workspace) and [`Global`](crate::Global).
///
/// Threads may share it. Queries run in parallel with each other and with a writing call, each on a consistent state of
/// the database that includes everything committed before. Every call fails with `Closed` after [`Session::close`],
/// with `Busy` if another call or another process holds the database for longer than the timeout, with `Cancelled` if
/// it is cancelled, and with `Storage` or `Corrupt` on errors of the disk. A call that fails has changed nothing.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    access: Access,
}

record! {
    /// The index of the recorded usage by time.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct TimeIndex("timeIndex", "camelCase"): {
        /// Whether it was created now; false if it was there.
        pub created: bool,
    }
}

/// What a handle and its transactions share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The workspace id; `None` for the global database.
    pub(crate) workspace_id: Option<String>,
    /// The folder of a workspace's database, if the handle may write there.
    pub(crate) own_folder: Option<PathBuf>,
    pub(crate) log: Option<JsonLog>,
    pub(crate) configs: ConfigSources,
    /// The database with the slugs of a workspace's agents. `None` without a home folder.
    pub(crate) global_database: Option<PathBuf>,
    /// The user's own folders; none without a home folder.
    pub(crate) user: Option<Locations>,
    pub(crate) clock: Clock,
    pub(crate) ids: IdSource,
    pub(crate) busy_timeout: Duration,
    /// Whether results tell NULL from empty.
    pub(crate) null_as_absent: bool,
}

/// A session that does not keep its database open.
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
    #[must_use]
    pub fn database_path(&self) -> &Path {
        self.access.database().path()
    }

    /// Records the usage of one agent call: the row, the agent's attribution to its command run and job, and the entry
    /// in the JSON log. In the global database, the agent and the command run must exist if they are given.
    ///
    /// Errors: `InvalidInput` (with the field, the value given and the values allowed; in the global database also for
    /// fields of the backlog), `NotFound` for an unknown job, task or other id, `Conflict` if a record with this id has
    /// other content.
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{TokenUsage, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// let usage = TokenUsage {
    ///     id: Some("call-1".into()),
    ///     agent_id: Some("claude".into()),
    ///     tokens_prompt: Some(1200),
    ///     ..TokenUsage::default()
    /// };
    /// assert!(!workspace.record_token_usage(&usage)?.duplicate);
    /// assert!(workspace.record_token_usage(&usage)?.duplicate); // a retry counts once
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_token_usage(&self, usage: &TokenUsage) -> Result<Recorded> {
        self.recorder().record_one(usage.clone())
    }

    /// Records the usage of many calls in one transaction: all of them or none.
    pub fn record_token_usages(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.recorder().record(usages.to_vec())
    }

    /// [`Session::record_token_usages`] for a caller that has no further use for them.
    #[doc(hidden)]
    pub fn record_all(&self, usages: Vec<TokenUsage>) -> Result<Vec<Recorded>> {
        self.recorder().record(usages)
    }

    /// [`Session::record_token_usage`] for a caller that has no further use for it.
    #[doc(hidden)]
    pub fn record(&self, usage: TokenUsage) -> Result<Recorded> {
        self.recorder().record_one(usage)
    }

    /// Extracts the usage from a response of a provider or an agent and records it: a response body, the events of a
    /// stream, or an agent's transcript, as [`extract_usage`](crate::extract_usage) parses them. Each call, and each
    /// model within it, becomes a record. A response without usage records nothing and is not an error.
    ///
    /// A record's id is derived from the provider's id of the message, the response or the session, so that a retry or
    /// a replay counts once. Of two versions of one response the last wins: this call updates its own record, which
    /// [`Session::record_token_usage`] never does. A response without an id is a new one each time, unless the context
    /// has a `response_id`.
    ///
    /// Errors: as [`Session::record_token_usage`]; nothing is written then.
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{AgentContext, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// let body = r#"{"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
    ///     "usage": {"input_tokens": 4, "cache_read_input_tokens": 900, "output_tokens": 30}}"#;
    /// let context = AgentContext { agent_id: Some("claude".into()), ..AgentContext::default() };
    /// let done = workspace.record_agent_response(body, &context)?;
    /// assert_eq!((done.usage.tokens_prompt, done.records.len()), (Some(904), 1));
    /// assert!(workspace.record_agent_response(body, &context)?.records[0].duplicate); // a retry counts once
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_agent_response(&self, body: &str, context: &AgentContext) -> Result<RecordedResponse> {
        self.recorder().record_response(body, context)
    }

    /// Records a response that was read in pieces, as [`Session::record_agent_response`] records one that is complete.
    ///
    /// Errors: as there.
    pub fn record_agent_pieces(
        &self,
        response: ResponseReader,
        context: &AgentContext,
    ) -> Result<RecordedResponse> {
        self.recorder().record_pieces(response, context)
    }

    /// Reads JSON bodies and lines to the end and records them as [`Session::record_agent_response`] does, in memory
    /// that does not grow with the input: a file of responses, or a transcript. A call without an id is identified by
    /// its text and the number of earlier occurrences of that text, so reading a file again, or one that has grown,
    /// adds no duplicates. `progress` is called now and then with the number of bytes read.
    ///
    /// Each thousand lines are one transaction: after an error, what was recorded before is kept, and reading the input
    /// again continues from there. `Unsupported` within a transaction.
    pub fn record_agent_stream(
        &self,
        input: impl BufRead,
        context: &AgentContext,
        mut progress: impl FnMut(u64),
    ) -> Result<ImportSummary> {
        self.access.outside("record_agent_stream")?;
        self.recorder().import(input, context, &mut progress, None)
    }

    /// Records the usage in a file, as [`Session::record_agent_stream`] does. A call whose line has no time, and that
    /// no line with a time precedes, counts when the file was last written.
    ///
    /// Errors: as there, and `Storage` if the file cannot be read.
    pub fn record_agent_file(&self, file: impl AsRef<Path>, context: &AgentContext) -> Result<ImportSummary> {
        self.record_agent_file_with_progress(file, context, |_| ())
    }

    /// [`Session::record_agent_file`], which calls `progress` now and then with the number of bytes read.
    pub fn record_agent_file_with_progress(
        &self,
        file: impl AsRef<Path>,
        context: &AgentContext,
        mut progress: impl FnMut(u64),
    ) -> Result<ImportSummary> {
        self.access.outside("record_agent_file")?;
        self.recorder().import_file(file.as_ref(), context, &mut progress)
    }

    /// Lists single agent calls in order of time; calls of the same time in the order in which they were recorded,
    /// calls with an invalid time last. The global database has only calls that were recorded in it, not those of
    /// workspaces.
    ///
    /// Errors: `NotFound` for an unknown project key, `InvalidInput` for an invalid time bound or page, and in the
    /// global database for the filters of the backlog (project, job, task).
    pub fn token_usage(&self, query: &TokenUsageQuery) -> Result<Vec<TokenUsageRow>> {
        self.access.read(|tx| telemetry::token_usage(&self.query_context(tx, query)))
    }

    /// [`Session::token_usage`] row by row, with 16 bytes of memory per row besides one chunk.
    ///
    /// Errors: as [`Session::token_usage`]. `Unsupported` within a transaction.
    pub fn token_usage_cursor(&self, query: &TokenUsageQuery) -> Result<TokenUsageCursor> {
        let database = Arc::clone(self.access.outside("token_usage_cursor")?);
        let null_as_absent = self.shared.null_as_absent;
        self.access.read(|tx| TokenUsageCursor::new(database, &self.query_context(tx, query), null_as_absent))
    }

    /// Sums the usage of agent calls by groups, in the order in which the groups first appear in time. An empty
    /// `group_by` means [`Dimension::DEFAULT`]; project, job and task are null in the global database.
    ///
    /// Errors: as [`Session::token_usage`].
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{Dimension, TokenUsage, TokenUsageQuery, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// let usage = |tokens| TokenUsage { tokens_prompt: Some(tokens), ..TokenUsage::default() };
    /// workspace.record_token_usages(&[usage(100), usage(20)])?;
    /// let sums = workspace.token_usage_summary(&TokenUsageQuery::default(), &[Dimension::Model])?;
    /// assert_eq!((sums[0].calls, sums[0].tokens_prompt), (2, 120));
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_usage_summary(
        &self,
        query: &TokenUsageQuery,
        group_by: &[Dimension],
    ) -> Result<Vec<TokenUsageSummaryRow>> {
        self.access.read(|tx| telemetry::token_usage_summary(&self.query_context(tx, query), group_by))
    }

    /// The time range of a summary with this query. Reads no records.
    ///
    /// Errors: `InvalidInput` for an invalid time bound and an unknown time zone.
    pub fn token_usage_range(&self, query: &TokenUsageQuery) -> Result<UsageRange> {
        self.access.read(|tx| telemetry::usage_range(&self.query_context(tx, query)))
    }

    /// Counts the calls that a summary with this query leaves out because of its time range: those that match the rest of
    /// the query, and are before or after the range or have an invalid time. Pages do not matter.
    ///
    /// Errors: as [`Session::token_usage`].
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{TokenUsage, TokenUsageQuery, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// workspace.record_token_usage(&TokenUsage { timestamp: Some("2026-01-01".parse()?), ..Default::default() })?;
    /// workspace.record_token_usage(&TokenUsage::default())?;
    /// let week = TokenUsageQuery::default();
    /// assert_eq!(workspace.token_usage_summary(&week, &[])?[0].calls, 1);
    /// assert_eq!(workspace.calls_outside(&week)?.before, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn calls_outside(&self, query: &TokenUsageQuery) -> Result<CallsOutside> {
        self.access.read(|tx| telemetry::calls_outside(&self.query_context(tx, query)))
    }

    /// [`Session::token_usage_summary`] for people: with the total of all groups, the keys of projects, epics, stories and tasks,
    /// and the number of calls outside of the time range, which are counted here: that takes a pass over all calls.
    ///
    /// Errors: as [`Session::token_usage`].
    pub fn token_usage_report(
        &self,
        query: &TokenUsageQuery,
        group_by: &[Dimension],
    ) -> Result<TokenUsageReport> {
        self.access.read(|tx| telemetry::token_usage_report(&self.query_context(tx, query), group_by))
    }

    /// Creates an index of the recorded usage by time, with which queries of a short time range read that range instead of
    /// all rows. Without it, recording is a little cheaper, and such a query takes about 0.8 s for each million rows. It
    /// stays in the database, for every handle and process, and every program that records keeps it up to date; the queries
    /// of other programs do not use it. Creating it takes about a second for each million rows, during which others cannot
    /// write.
    ///
    /// Errors: `Unsupported` for a handle that only reads; `Busy` where others write for longer than the timeout.
    pub fn create_time_index(&self) -> Result<TimeIndex> {
        self.access.write(migration::create_time_index).map(|created| TimeIndex { created })
    }

    /// Runs one read-only SQL statement on a consistent state of the database.
    ///
    /// Errors: `InvalidInput` for anything but one such statement, for two columns of the same name (name them with
    /// `AS`), and for parameters that do not match it.
    pub fn query(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.access.select::<TableCollector>(sql, params)
    }

    /// [`Session::token_usage`] as columns, which are read from the database without an object for each row.
    ///
    /// Errors: as [`Session::token_usage`].
    #[cfg(feature = "arrow")]
    pub fn token_usage_columns(&self, query: &TokenUsageQuery) -> Result<RecordColumns> {
        let null_as_absent = self.shared.null_as_absent;
        self.access.read(|tx| telemetry::token_usage_columns(&self.query_context(tx, query), null_as_absent))
    }

    /// [`Session::query`] as columns. A column gets the type of its values.
    ///
    /// Errors: as [`Session::query`].
    #[cfg(feature = "arrow")]
    pub fn query_columns(&self, sql: &str, params: &SqlParams) -> Result<SqlColumns> {
        self.access.select::<SqlCollector>(sql, params)
    }

    /// Copies the current state of the database into a new file that only its owner can access, and flushes it to the
    /// disk. Writing calls of this handle wait for it; queries, other handles and processes continue. Nothing is
    /// overwritten.
    ///
    /// Errors: `Conflict` if `path` exists, or a side file of a former database of that name (`…-wal`); `InvalidInput`
    /// if the name is that of a side file, or of another file of this library beside the database; `Storage` if it
    /// cannot be written; `Unsupported` within a transaction.
    pub fn backup_to(&self, path: impl AsRef<Path>) -> Result<()> {
        self.access.outside("backup_to")?.backup_to(path.as_ref())
    }

    /// Examines the database and what lies beside it for everything that is wrong or soon will be, each with what to do:
    /// whether it holds together, its schema and references, values that cannot be read, rows of other workspaces, the
    /// JSON log beside the database, permissions, links, the room on the disk, how long the write-ahead log is and who
    /// keeps it from being copied, and other copies of SQLite in this process. It only looks: nothing is written, created
    /// or repaired, and records go on meanwhile. What cannot be examined is a finding as well.
    ///
    /// Errors: `InvalidInput` for a time limit that is none; `Cancelled` and `Closed` as any call; `Unsupported`
    /// within a transaction. [`Options::check_db`](crate::Options::check_db) examines a database that cannot be opened.
    pub fn check(&self, options: &CheckOptions) -> Result<CheckReport> {
        let database = self.access.outside("check")?;
        database.check_open()?;
        let shared = &self.shared;
        let kind = if shared.workspace_id.is_some() { DatabaseKind::Workspace } else { DatabaseKind::Global };
        let path = database.path();
        let is_turned_off = database.is_turned_off();
        let own = path
            .parent()
            .filter(|_| kind == DatabaseKind::Workspace)
            .map(|own| own.join(paths::WORKSPACE_FILE));
        let subject = Subject {
            view: if is_turned_off { View::File(FileView::of(path)) } else { View::Handle(database) },
            database: path,
            expected: Some(kind),
            workspace_id: shared.workspace_id.as_deref(),
            is_default_id: false,
            log_folder: shared.log.as_ref().and_then(|log| log.path().parent()),
            user: shared.user.as_ref(),
            settings: shared.configs.files.iter().cloned().chain(own).collect(),
            is_turned_off,
        };
        self.as_one_call(|| check::check(&subject, options))
    }

    /// Copies the write-ahead log into the database file and empties it, for a host that wants that at a quiet time, or
    /// before the file is copied by other means. Somebody who reads an old state is waited for up to the busy timeout,
    /// while others write; where that was in vain, `busy` says so, and what could be copied was.
    ///
    /// Errors: `Unsupported` within a transaction and for a handle that only reads; `Busy` where others write for longer
    /// than the timeout; `Storage` where the disk takes no more.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        let database = self.access.outside("checkpoint")?;
        self.as_one_call(|| database.checkpoint())
    }

    /// Cancels the running calls of this handle, from any thread: calls that are waiting or only reading fail with
    /// `Cancelled` within some milliseconds; a call that has begun to write is completed. Later calls are not affected.
    /// A batch is rolled back; an open transaction continues until its host ends it.
    pub fn interrupt(&self) {
        self.access.database().interrupt();
    }

    /// Stops calls that only read, now and from now on, as [`Session::close`] does: for a host that queues the closing
    /// of the handle behind its other calls.
    #[doc(hidden)]
    pub fn stop_reading(&self) {
        self.access.database().control().close();
    }

    /// Makes everything that `work` does on this handle one call, which is cancelled and timed as a whole. For the
    /// bindings.
    #[doc(hidden)]
    pub fn as_one_call<T>(&self, work: impl FnOnce() -> T) -> T {
        self.access.database().control().as_one_call(work)
    }

    /// Closes the database after the running calls. Calls that only read fail with `Closed`; an open transaction is
    /// rolled back. Closing twice is not an error. `Unsupported` within a transaction.
    pub fn close(&self) -> Result<()> {
        let database = self.access.outside("close")?;
        self.finish_log();
        let closed = database.close();
        if let Some(log) = &self.shared.log {
            log.close();
        }
        closed
    }

    fn finish_log(&self) {
        if let (Some(log), Access::Own(database)) = (&self.shared.log, &self.access) {
            telemetry::finish_log(database, log);
        }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn store(&self) -> Store<'_> {
        let Shared { clock, ids, null_as_absent, .. } = &*self.shared;
        Store { access: &self.access, clock: *clock, ids, null_as_absent: *null_as_absent }
    }

    pub(crate) fn query_context<'a>(
        &'a self,
        tx: &'a Connection,
        query: &'a TokenUsageQuery,
    ) -> QueryContext<'a> {
        let names = |database| AgentNames { database, busy_timeout: self.shared.busy_timeout };
        QueryContext {
            tx,
            workspace_id: self.shared.workspace_id.as_deref(),
            agents: self.shared.global_database.as_deref().map(names),
            now: self.shared.clock.now(),
            query,
        }
    }

    pub(crate) fn recorder(&self) -> Recorder<'_> {
        Recorder {
            workspace_id: self.shared.workspace_id.as_deref(),
            access: &self.access,
            log: self.shared.log.as_ref(),
            configs: &self.shared.configs,
            clock: self.shared.clock,
            ids: &self.shared.ids,
            busy_timeout: self.shared.busy_timeout,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.finish_log();
    }
}
