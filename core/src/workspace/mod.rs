//! The handle of a project's database.

mod open;
mod telemetry_config;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::estimate::{self, Backfilled, Estimate, EstimateOptions, Velocity, VelocitySettings};
use crate::lifecycle::{self, Moves, StatusEventsQuery, Transition, TransitionContext};
use crate::options::Options;
use crate::repository::{CommandRuns, Epics, Jobs, Projects, StatusEvent, Stories, TaskRuns, Tasks};
use crate::session::Session;
use crate::sqlite::OpenTransaction;
use crate::telemetry::{self, JobInspection, TokenUsageQuery};
use crate::transaction::{self, Handle, Transaction};

/// The record of one project's work. What it has in common with the global database are the calls of a
/// [`Session`].
///
/// Opening creates what is missing and brings older databases up to date.
#[derive(Debug)]
pub struct Workspace {
    session: Session,
    settings: Arc<Settings>,
}

/// What decides about the settings of the workspace.
#[derive(Debug)]
struct Settings {
    /// The workspace's own config file; a database in memory has none.
    own_config: Option<PathBuf>,
    export: Export,
    is_read_only: bool,
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
        self.shared().workspace_id.as_deref().unwrap_or_default()
    }

    /// Runs `work` in one transaction, on a handle whose calls all belong to it: all of them happen where `work`
    /// succeeds, and none where it fails or panics. Questions within it see its changes. What is recorded within it
    /// reaches the JSON log after the commit, so `logged` is false there.
    ///
    /// Calls of this handle itself that write wait until the transaction ends: within `work`, use the handle that it
    /// gets. Questions do not wait, and see the state before it. In memory there is one connection, and they wait, too.
    ///
    /// Errors: that of `work`; `Busy` where others write for longer than the timeout. `Unsupported` for what is more
    /// than a transaction: closing, copying, recording files and streams, cursors, changing the settings, and
    /// another transaction.
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{NewProject, TokenUsage, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// let project = workspace.transaction(|tx| {
    ///     let project = tx.projects().ensure(&NewProject { key: "SHOP".into(), ..Default::default() })?;
    ///     tx.record_token_usage(&TokenUsage { project_id: Some(project.id.clone()), ..Default::default() })?;
    ///     Ok(project)
    /// })?;
    /// assert_eq!(workspace.projects().get("SHOP")?, Some(project));
    /// # Ok(())
    /// # }
    /// ```
    pub fn transaction<T>(&self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        transaction::run(self, work)
    }

    /// Begins a transaction that stays open until it is committed, rolled back or dropped, or until `limit` has
    /// passed, 10 seconds where it is absent: then it is rolled back, and its calls fail with `Closed`. Closing the
    /// handle rolls it back, too. Otherwise as [`Workspace::transaction`].
    pub fn begin(&self, limit: Option<Duration>) -> Result<Transaction<Self>> {
        transaction::begin(self, limit, Some(std::thread::current().id()))
    }

    /// A job with its task runs and what it cost by command, agent and model, of all time.
    ///
    /// Errors: `NotFound` for an unknown job.
    pub fn inspect_job(&self, job_id: &str) -> Result<JobInspection> {
        let query = TokenUsageQuery { job_id: Some(job_id.to_owned()), ..TokenUsageQuery::default() };
        self.access().read(|tx| telemetry::inspect_job(&self.asked(tx, &query), job_id))
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
        let moves = Moves { ids: &self.shared().ids, clock: self.shared().clock };
        self.access().write(|tx| lifecycle::record(tx, task, to_status, context, moves))
    }

    /// The recorded moves of one task or of all tasks, in the order of time.
    pub fn status_events(&self, query: &StatusEventsQuery) -> Result<Vec<StatusEvent>> {
        self.access().read(|tx| lifecycle::status_events(tx, query, self.shared().clock.now()))
    }

    /// Writes the status events for good that successful task runs stand in for in a velocity with the
    /// same options. Doing it again adds nothing.
    pub fn backfill_status_events(&self, options: &EstimateOptions) -> Result<Backfilled> {
        self.access().write(|tx| estimate::backfill(tx, options, &self.shared().ids))
    }

    /// How fast each lane works, in story points per hour. Writes nothing.
    pub fn velocity(&self, options: &EstimateOptions) -> Result<Velocity> {
        let settings = self.velocity_settings()?;
        let gathered = self.access().read(|tx| estimate::gather_for_velocity(tx, options))?;
        Ok(gathered.velocity(options, &settings))
    }

    /// How much is left, how fast it goes and when it will be done. Writes nothing.
    pub fn estimate(&self, options: &EstimateOptions) -> Result<Estimate> {
        let settings = self.velocity_settings()?;
        let gathered = self.access().read(|tx| estimate::gather(tx, options))?;
        Ok(gathered.estimate(options, &settings, self.id(), self.shared().clock.now()))
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
        Jobs { store: self.store(), workspace_id: self.id() }
    }

    /// The command runs.
    pub fn command_runs(&self) -> CommandRuns<'_> {
        CommandRuns { store: self.store(), workspace_id: self.id() }
    }

    /// The task runs.
    pub fn task_runs(&self) -> TaskRuns<'_> {
        TaskRuns(self.store())
    }

    fn velocity_settings(&self) -> Result<VelocitySettings> {
        VelocitySettings::from_configs(&self.shared().configs.load()?)
    }
}

impl Deref for Workspace {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Handle for Workspace {
    fn within(&self, transaction: &Arc<OpenTransaction>) -> Self {
        Self { session: self.session.within(transaction), settings: Arc::clone(&self.settings) }
    }
}
