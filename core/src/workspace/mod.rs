//! The handle of a project's database.

mod identity;
mod open;
mod telemetry_config;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::estimate::{
    self, Backfilled, Backtest, Estimate, EstimateOptions, FlowDay, ForecastSettings, HistoryData, LaneVisit,
    ThroughputDay, Velocity, VelocitySettings,
};
use crate::lifecycle::{
    self, StatusEventsQuery, TaskChanges, TaskTransition, Transition, TransitionContext, WriteContext,
};
use crate::options::Options;
use crate::paths::Config;
use crate::repository::{CommandRuns, Epics, Jobs, Projects, StatusEvent, Stories, Task, TaskRuns, Tasks};
use crate::session::Session;
use crate::sqlite::OpenTransaction;
use crate::status::StatusSettings;
use crate::telemetry::{
    self, BacklogKeys, Economics, EconomicsQuery, EconomicsReport, JobInspection, JobReport, TokenUsageQuery,
    TokenUsageRow,
};
use crate::transaction::{self, Handle, Transaction};

/// The records of one project. The common part with the global database are the calls of a [`Session`].
///
/// Opening creates what is missing and migrates older databases.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewProject, TokenUsage, TokenUsageQuery, Workspace};
///
/// // The workspace of a project is opened by the project's root folder: `Workspace::open(".")`.
/// let workspace = Workspace::open_db(":memory:")?;
/// workspace.projects().ensure(&NewProject::new("SHOP"))?;
/// workspace.record_token_usage(&TokenUsage { tokens_prompt: Some(1200), ..TokenUsage::default() })?;
/// assert_eq!(workspace.token_usage(&TokenUsageQuery::default())?.len(), 1);
/// workspace.close()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Workspace {
    session: Session,
    settings: Arc<Settings>,
}

/// The settings of the workspace.
#[derive(Debug)]
struct Settings {
    /// The workspace's own config file; an in-memory database has none.
    own_config: Option<PathBuf>,
    export: Export,
    is_read_only: bool,
    left_behind: Vec<String>,
}

/// Overrides that disable remote export, whatever the config files say.
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

    /// The options of opening a workspace.
    pub fn options() -> Options {
        Options::new()
    }

    /// The workspace id, which is stored in new records and selects those of queries: the given one; else that of
    /// `workspace.json`, which every new workspace gets; else the path of the root or of the database's folder. If the
    /// database has no rows of that path and those of one other id, the project was moved, and its id is the other one.
    #[must_use]
    pub fn id(&self) -> &str {
        self.shared().workspace_id.as_deref().unwrap_or_default()
    }

    /// Runs `work` in one transaction, on a handle whose calls all belong to it: all of them take effect if `work`
    /// succeeds, and none if it fails or panics. Queries within it see its changes. Its records are written to the JSON
    /// log after the commit, so `logged` is false there.
    ///
    /// Writing calls of this handle itself wait until the transaction ends: within `work`, use the handle that it gets.
    /// Queries do not wait, and see the state before it. An in-memory database has one connection, so there queries
    /// wait, too.
    ///
    /// Errors: that of `work`; `Busy` if others write for longer than the timeout. `Unsupported` for calls that are not
    /// possible within a transaction: closing, backups, recording files and streams, cursors, changing the settings,
    /// and another transaction.
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{NewProject, TokenUsage, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// let project = workspace.transaction(|tx| {
    ///     let project = tx.projects().ensure(&NewProject::new("SHOP"))?;
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

    /// Begins a transaction that stays open until it is committed, rolled back or dropped, or until `limit` has passed
    /// (10 seconds by default): then it is rolled back, and its calls fail with `Closed`. Closing the handle rolls it
    /// back, too. Otherwise as [`Workspace::transaction`].
    pub fn begin(&self, limit: Option<Duration>) -> Result<Transaction<Self>> {
        transaction::begin(self, limit, Some(std::thread::current().id()))
    }

    /// Returns a job with its task runs and its total usage by command, agent and model.
    ///
    /// Errors: `NotFound` for an unknown job.
    pub fn inspect_job(&self, job_id: &str) -> Result<JobInspection> {
        Ok(self.job_report(job_id)?.inspection)
    }

    /// [`Workspace::inspect_job`] for people: with the total of its usage.
    ///
    /// Errors: `NotFound` for an unknown job.
    pub fn job_report(&self, job_id: &str) -> Result<JobReport> {
        let query = TokenUsageQuery { job_id: Some(job_id.to_owned()), ..TokenUsageQuery::default() };
        self.access().read(|tx| telemetry::job_report(&self.query_context(tx, &query), job_id))
    }

    /// Computes what finished work costs, by agent, model, lane, epic, project or week: the cost and the tokens per completed
    /// story point and task, the share of tasks that were sent back, and what was spent on rework, on abandoned tasks and on
    /// no task. It reads each call once, and keeps memory for each group's tasks, not for the calls. Writes nothing.
    ///
    /// Errors: `NotFound` for an unknown key, `InvalidInput` for an epic key that several projects have without
    /// `project_key`, for an unknown time zone and an invalid time bound.
    pub fn economics(&self, query: &EconomicsQuery) -> Result<Economics> {
        let statuses = StatusSettings::from_configs(&self.shared().configs.load()?)?;
        let all = TokenUsageQuery::default();
        self.access().read(|tx| telemetry::economics(&self.query_context(tx, &all), query, &statuses))
    }

    /// [`Workspace::economics`] for people: with the number of calls outside of the time range, which are counted here. That takes
    /// a pass over all calls.
    ///
    /// Errors: as [`Workspace::economics`].
    pub fn economics_report(&self, query: &EconomicsQuery) -> Result<EconomicsReport> {
        let statuses = StatusSettings::from_configs(&self.shared().configs.load()?)?;
        let all = TokenUsageQuery::default();
        self.access().read(|tx| telemetry::economics_report(&self.query_context(tx, &all), query, &statuses))
    }

    /// The keys of the tasks of single calls, for a table of them.
    pub fn task_keys(&self, calls: &[TokenUsageRow]) -> Result<BacklogKeys> {
        self.access().read(|tx| BacklogKeys::of_calls(tx, calls))
    }

    /// Changes the status of the task with this id or key: the task, its metadata and the status event are written in
    /// one transaction. If the task already has the status, no event is written. The statuses are those of
    /// [`TaskStatus`](crate::TaskStatus) and those that `statuses` in `config.json` names, each with the lane in which its
    /// tasks count (`implementation`, `review`, `qa` or `done`); upper and lower case and surrounding blanks are ignored.
    ///
    /// Errors: `NotFound` for an unknown task, job or task run, `InvalidInput` for a key that several tasks have and for an
    /// unknown status, whose message has the nearest known one (`allow_unknown_status` accepts any),
    /// `Conflict` if the task does not have the status in `expected_from`.
    ///
    /// ```
    /// # fn main() -> mcoda_core::Result<()> {
    /// use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, TransitionContext, Workspace};
    ///
    /// let workspace = Workspace::open_db(":memory:")?;
    /// let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
    /// let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
    /// let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-1", "Pay by card"))?;
    /// workspace.tasks().create(&NewTask::new(story.id, "T1", "Validate card numbers"))?;
    /// let done = workspace.record_status_transition("T1", "in_progress", &TransitionContext::default())?;
    /// assert_eq!((&*done.from_status, &*done.to_status), ("not_started", "in_progress"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_status_transition(
        &self,
        task: &str,
        to_status: impl AsRef<str>,
        context: &TransitionContext,
    ) -> Result<Transition> {
        let write_context = self.write_context();
        self.access().write(|tx| lifecycle::record(tx, task, to_status.as_ref(), context, write_context))
    }

    /// Changes the statuses of many tasks, in the given order and in one transaction: all of them or none. As a history
    /// may hold the statuses of other programs, any word is accepted.
    ///
    /// Errors: as [`Workspace::record_status_transition`]; they name the transition.
    pub fn record_status_transitions(&self, transitions: &[TaskTransition]) -> Result<Vec<Transition>> {
        let write_context = self.write_context();
        self.access().write(|tx| lifecycle::record_all(tx, transitions, write_context))
    }

    fn write_context(&self) -> WriteContext<'_> {
        let shared = self.shared();
        WriteContext { ids: &shared.ids, configs: &shared.configs, clock: shared.clock }
    }

    /// Changes fields of the task with this id or key. Its status is changed by
    /// [`record_status_transition`](Self::record_status_transition) only.
    ///
    /// Errors: `NotFound` for an unknown task; `InvalidInput` for a key that several tasks have, and for a field that is both
    /// changed and made empty; `Conflict` for a key that another task of the story has.
    pub fn update_task(&self, task: &str, changes: &TaskChanges) -> Result<Task> {
        let now = self.shared().clock.now();
        self.access().write(|tx| lifecycle::update(tx, task, changes, now))
    }

    /// Lists the status events of one task or of all tasks, in order of time.
    pub fn status_events(&self, query: &StatusEventsQuery) -> Result<Vec<StatusEvent>> {
        self.access().read(|tx| lifecycle::status_events(tx, query, self.shared().clock.now()))
    }

    /// Stores the status events that a velocity with the same options infers from successful task runs. Repeating it
    /// adds nothing.
    pub fn backfill_status_events(&self, options: &EstimateOptions) -> Result<Backfilled> {
        self.access().write(|tx| estimate::backfill(tx, options, &self.shared().ids))
    }

    /// Computes the velocity of each lane, in story points per hour. Writes nothing.
    pub fn velocity(&self, options: &EstimateOptions) -> Result<Velocity> {
        let settings = self.velocity_settings()?;
        let data = self.access().read(|tx| estimate::load_velocity_data(tx, options))?;
        Ok(data.velocity(options, &settings))
    }

    /// Computes the remaining work, the velocity, and when the work will be done. Writes nothing.
    pub fn estimate(&self, options: &EstimateOptions) -> Result<Estimate> {
        let configs = self.shared().configs.load()?;
        let settings = VelocitySettings::from_configs(&configs)?;
        let forecast = ForecastSettings::from_configs(&configs)?;
        let statuses = StatusSettings::from_configs(&configs)?;
        let now = self.shared().clock.now();
        let data = self.access().read(|tx| estimate::load_estimate_data(tx, options, &statuses, now))?;
        Ok(data.estimate(options, &settings, &forecast, self.id(), now))
    }

    /// Makes forecasts for earlier times, by what was known then, and compares them with what happened. Writes nothing.
    pub fn backtest(&self, options: &EstimateOptions) -> Result<Backtest> {
        let configs = self.shared().configs.load()?;
        let settings = ForecastSettings::from_configs(&configs)?;
        let data = self.history(options, &configs)?;
        Ok(data.backtest(options, &settings, self.shared().clock.now()))
    }

    /// The visits of tasks to lanes, in the order in which they began.
    pub fn lane_visits(&self, options: &EstimateOptions) -> Result<Vec<LaneVisit>> {
        let data = self.history(options, &self.shared().configs.load()?)?;
        Ok(data.lane_visits(options, self.shared().clock.now()))
    }

    /// How many tasks were in each lane at the end of each day, from the day of the first transition to today.
    pub fn cumulative_flow(&self, options: &EstimateOptions) -> Result<Vec<FlowDay>> {
        let configs = self.shared().configs.load()?;
        let settings = ForecastSettings::from_configs(&configs)?;
        let data = self.history(options, &configs)?;
        data.cumulative_flow(options, &settings, self.shared().clock.now())
    }

    /// What was completed on each day, from the day of the first transition to today.
    pub fn throughput(&self, options: &EstimateOptions) -> Result<Vec<ThroughputDay>> {
        let configs = self.shared().configs.load()?;
        let settings = ForecastSettings::from_configs(&configs)?;
        let data = self.history(options, &configs)?;
        data.throughput(options, &settings, self.shared().clock.now())
    }

    /// The projects.
    #[must_use]
    pub fn projects(&self) -> Projects<'_> {
        Projects(self.store())
    }

    /// The epics.
    #[must_use]
    pub fn epics(&self) -> Epics<'_> {
        Epics(self.store())
    }

    /// The user stories.
    #[must_use]
    pub fn stories(&self) -> Stories<'_> {
        Stories(self.store())
    }

    /// The tasks.
    #[must_use]
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks(self.store())
    }

    /// The jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs { store: self.store(), workspace_id: self.id() }
    }

    /// The command runs.
    #[must_use]
    pub fn command_runs(&self) -> CommandRuns<'_> {
        CommandRuns { store: self.store(), workspace_id: self.id() }
    }

    /// The task runs.
    #[must_use]
    pub fn task_runs(&self) -> TaskRuns<'_> {
        TaskRuns(self.store())
    }

    fn history(&self, options: &EstimateOptions, configs: &[Config]) -> Result<HistoryData> {
        let statuses = StatusSettings::from_configs(configs)?;
        self.access().read(|tx| estimate::load_history(tx, options, &statuses))
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
