//! The handle of a project's database.

mod open;
mod telemetry_config;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::Result;
use crate::estimate::{self, Backfilled, Estimate, EstimateOptions, Velocity, VelocitySettings};
use crate::id::IdSource;
use crate::lifecycle::{self, Moves, StatusEventsQuery, Transition, TransitionContext};
use crate::options::Options;
use crate::paths::ConfigSources;
use crate::repository::{CommandRuns, Epics, Jobs, Projects, StatusEvent, Store, Stories, TaskRuns, Tasks};
use crate::sqlite::{Database, SqlParams, Table};
use crate::telemetry::{
    self, AgentContext, AgentNames, Asked, Dimension, Home, ImportSummary, JobInspection, JsonLog, Recorded,
    RecordedResponse, Recorder, TokenUsage, TokenUsageCursor, TokenUsageQuery, TokenUsageRow,
    TokenUsageSummaryRow,
};
use crate::time::Clock;

/// The record of one project's work.
///
/// Opening creates what is missing and brings older databases up to date. A handle may be shared by
/// threads: their calls queue. Every call fails with `Closed` after [`Workspace::close`], with `Busy`
/// where another process writes for longer than the timeout, and with `Storage` or `Corrupt` where the
/// disk does not do its part; a call that fails has changed nothing.
#[derive(Debug)]
pub struct Workspace {
    id: String,
    database: Arc<Database>,
    log: Option<JsonLog>,
    configs: ConfigSources,
    /// The workspace's own config file; a database in memory has none.
    own_config: Option<PathBuf>,
    export: Export,
    is_read_only: bool,
    /// Agents have their names there. A host without a home folder has none.
    global_database: Option<PathBuf>,
    clock: Clock,
    ids: IdSource,
    busy_timeout: Duration,
}

/// What turns the sending of records off for this handle, whatever the config files say.
#[derive(Debug, Clone, Copy)]
struct Export {
    off_by_environment: bool,
    off_by_handle: bool,
}

impl Workspace {
    /// Opens the workspace of the project whose root folder is `root`, with the default options.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        Self::options().open(root)
    }

    /// Opens the workspace database in `file`, with the default options. No JSON log is written.
    pub fn open_db(file: impl AsRef<Path>) -> Result<Self> {
        Self::options().open_db(file)
    }

    /// The options to open a workspace with.
    pub fn options() -> Options {
        Options::new()
    }

    /// The workspace's id, which new records carry.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The database file.
    pub fn database_path(&self) -> &Path {
        self.database.path()
    }

    /// Records what one agent call cost: the row, the agent's attribution to its command run and job, and
    /// the entry in the JSON log.
    ///
    /// Errors: `InvalidInput` (which field, what was given, what is allowed), `NotFound` for an unknown
    /// job, task or other id, `Conflict` where a record with this id has other content.
    pub fn record_token_usage(&self, usage: &TokenUsage) -> Result<Recorded> {
        self.recorder().record_one(usage)
    }

    /// Records many calls in one transaction: all of them or none.
    pub fn record_token_usages(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.recorder().record(usages)
    }

    /// Reads what came back from an agent and records it: a response body, the events of a stream, or an
    /// agent's transcript, as [`extract_usage`](crate::extract_usage) reads them. Each call and each model that
    /// worked for it becomes a record; an answer that tells no usage becomes none, and is no error.
    ///
    /// A record's id is made of the provider's id of the message, the response or the session, so that a retry
    /// or a replay counts once. Of two versions of one answer the last wins: this call updates its own record,
    /// which [`Workspace::record_token_usage`] never does. An answer without an id is a new one each time, unless
    /// the context gives a `response_id`.
    ///
    /// Errors: as [`Workspace::record_token_usage`], and nothing is written then.
    pub fn record_agent_response(&self, body: &str, context: &AgentContext) -> Result<RecordedResponse> {
        self.recorder().record_response(body, context)
    }

    /// Reads bodies and lines of JSON to the end and records them as
    /// [`Workspace::record_agent_response`] does, in memory that does not grow with the input: a file of answers, or
    /// a transcript. What has no id is known by its text and by how often it came before, so reading a file
    /// again, or one that has grown, adds nothing twice. `progress` is told now and then how many bytes were
    /// read.
    ///
    /// Each thousand lines are one transaction: an error leaves what was recorded before, and reading the
    /// input again goes on from there.
    pub fn record_agent_stream(
        &self,
        input: impl BufRead,
        context: &AgentContext,
        mut progress: impl FnMut(u64),
    ) -> Result<ImportSummary> {
        self.recorder().import(input, context, &mut progress)
    }

    /// Records what a file holds, as [`Workspace::record_agent_stream`] does.
    ///
    /// Errors: as there, and `Storage` where the file cannot be read.
    pub fn record_agent_file(&self, file: impl AsRef<Path>, context: &AgentContext) -> Result<ImportSummary> {
        self.recorder().import_file(file.as_ref(), context)
    }

    /// What single agent calls cost, in the order of time; calls of the same moment in the order in which
    /// they were recorded, those whose time cannot be read last.
    ///
    /// Errors: `NotFound` for an unknown project key, `InvalidInput` for a bound or a page that is none.
    pub fn token_usage(&self, query: &TokenUsageQuery) -> Result<Vec<TokenUsageRow>> {
        self.database.read(|tx| telemetry::token_usage(&self.asked(tx, query)))
    }

    /// [`Workspace::token_usage`] row by row, in memory that depends little on how many there are.
    ///
    /// Errors: as [`Workspace::token_usage`].
    pub fn token_usage_cursor(&self, query: &TokenUsageQuery) -> Result<TokenUsageCursor> {
        let database = Arc::clone(&self.database);
        self.database.read(|tx| TokenUsageCursor::new(database, &self.asked(tx, query)))
    }

    /// What agent calls cost, added up by groups in the order in which these first appear in time. An
    /// empty `group_by` stands for [`Dimension::DEFAULT`].
    ///
    /// Errors: as [`Workspace::token_usage`].
    pub fn token_usage_summary(
        &self,
        query: &TokenUsageQuery,
        group_by: &[Dimension],
    ) -> Result<Vec<TokenUsageSummaryRow>> {
        self.database.read(|tx| telemetry::token_usage_summary(&self.asked(tx, query), group_by))
    }

    /// A job with its task runs and what it cost by command, agent and model, of all time.
    ///
    /// Errors: `NotFound` for an unknown job.
    pub fn inspect_job(&self, job_id: &str) -> Result<JobInspection> {
        let query = TokenUsageQuery { job_id: Some(job_id.to_owned()), ..TokenUsageQuery::default() };
        self.database.read(|tx| telemetry::inspect_job(&self.asked(tx, &query), job_id))
    }

    /// Moves the task with this id or key to a status: the task, its metadata and the event are written
    /// in one transaction. A task that has the status already gets no event.
    ///
    /// Errors: `NotFound` for an unknown task, job or task run, `InvalidInput` for a key that several
    /// tasks have, `Conflict` where the task does not have the status of `expected_from`.
    pub fn record_status_transition(
        &self,
        task: &str,
        to_status: &str,
        context: &TransitionContext,
    ) -> Result<Transition> {
        let moves = Moves { ids: &self.ids, clock: self.clock };
        self.database.write(|tx| lifecycle::record(tx, task, to_status, context, moves))
    }

    /// The recorded moves of one task or of all tasks, in the order of time.
    pub fn status_events(&self, query: &StatusEventsQuery) -> Result<Vec<StatusEvent>> {
        self.database.read(|tx| lifecycle::status_events(tx, query, self.clock.now()))
    }

    /// Writes the status events for good that successful task runs stand in for in a velocity with the
    /// same options. Doing it again adds nothing.
    pub fn backfill_status_events(&self, options: &EstimateOptions) -> Result<Backfilled> {
        self.database.write(|tx| estimate::backfill(tx, options, &self.ids))
    }

    /// How fast each lane works, in story points per hour. Writes nothing.
    pub fn velocity(&self, options: &EstimateOptions) -> Result<Velocity> {
        let settings = self.velocity_settings()?;
        self.database.read(|tx| estimate::velocity(tx, options, &settings))
    }

    /// How much is left, how fast it goes and when it will be done. Writes nothing.
    pub fn estimate(&self, options: &EstimateOptions) -> Result<Estimate> {
        let settings = self.velocity_settings()?;
        self.database.read(|tx| estimate::estimate(tx, options, &settings, &self.id, self.clock.now()))
    }

    /// The projects.
    pub fn projects(&self) -> Projects<'_> {
        Projects(self.store())
    }

    /// The epics.
    pub fn epics(&self) -> Epics<'_> {
        Epics(self.store())
    }

    /// The user stories.
    pub fn stories(&self) -> Stories<'_> {
        Stories(self.store())
    }

    /// The tasks.
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks(self.store())
    }

    /// The jobs.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs { store: self.store(), workspace_id: &self.id }
    }

    /// The command runs.
    pub fn command_runs(&self) -> CommandRuns<'_> {
        CommandRuns { store: self.store(), workspace_id: &self.id }
    }

    /// The task runs.
    pub fn task_runs(&self) -> TaskRuns<'_> {
        TaskRuns(self.store())
    }

    /// Answers one SQL statement that only reads, in one unchanging state of the database.
    ///
    /// Errors: `InvalidInput` for what is not one such statement, for two columns of one name (name them
    /// with `AS`), and for parameters that do not fit it.
    pub fn query(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.database.select(sql, params)
    }

    /// Copies the database as it is now into a new file, for its owner alone, and onto the disk. Other calls of
    /// this handle wait for that; other handles and processes go on. Nothing is ever overwritten.
    ///
    /// Errors: `Conflict` where there is something at `path`, or a file of a database that was there (`-wal` behind
    /// its name …); `InvalidInput` for the name of such a file, or of another one of this library's beside the
    /// database; `Storage` where it cannot be written.
    pub fn backup_to(&self, path: impl AsRef<Path>) -> Result<()> {
        self.database.backup_to(path.as_ref())
    }

    /// Closes the database after the calls that are under way. Closing twice is not an error.
    pub fn close(&self) -> Result<()> {
        self.database.close()
    }

    fn store(&self) -> Store<'_> {
        Store { database: &self.database, clock: self.clock, ids: &self.ids }
    }

    fn velocity_settings(&self) -> Result<VelocitySettings> {
        VelocitySettings::from_configs(&self.configs.load()?)
    }

    fn asked<'a>(&'a self, tx: &'a Connection, query: &'a TokenUsageQuery) -> Asked<'a> {
        let names = |database| AgentNames { database, busy_timeout: self.busy_timeout };
        Asked {
            tx,
            home: Home::Workspace(&self.id),
            agents: self.global_database.as_deref().map(names),
            now: self.clock.now(),
            query,
        }
    }

    fn recorder(&self) -> Recorder<'_> {
        Recorder {
            home: Home::Workspace(&self.id),
            database: &self.database,
            log: self.log.as_ref(),
            configs: &self.configs,
            clock: self.clock,
            ids: &self.ids,
            busy_timeout: self.busy_timeout,
        }
    }
}
