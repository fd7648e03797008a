//! The handle of a project's database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::estimate::{self, Backfilled, Estimate, EstimateOptions, Velocity, VelocitySettings};
use crate::id::IdSource;
use crate::lifecycle::{self, Moves, StatusEventsQuery, Transition, TransitionContext};
use crate::migration;
use crate::options::{JsonLogPlace, Options};
use crate::paths::{self, CONFIG_FILE, ConfigSources, DATABASE_FILE, Locations, WORKSPACE_FILE};
use crate::repository::{CommandRuns, Epics, Jobs, Projects, StatusEvent, Store, Stories, TaskRuns, Tasks};
use crate::sqlite::{Database, IN_MEMORY};
use crate::telemetry::{self, Home, JsonLog, Prepared, Recorded, TelemetrySettings, TokenUsage};
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
    database: Database,
    log: Option<JsonLog>,
    configs: ConfigSources,
    clock: Clock,
    ids: IdSource,
    busy_timeout: Duration,
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

    pub(crate) fn open_with(root: &Path, options: Options) -> Result<Self> {
        let root = paths::absolute(root)?;
        let locations = Locations::new(&options.environment)?;
        let folder = locations.workspace_folder(&root)?;
        if !options.is_read_only() {
            paths::create_folder(&folder)?;
            paths::refuse_world_writable(&folder)?;
        }
        let log_folder = match &options.json_log {
            JsonLogPlace::Usual => Some(folder.clone()),
            JsonLogPlace::Off => None,
            JsonLogPlace::In(other) => Some(other.clone()),
        };
        let configs = ConfigSources {
            files: vec![locations.global_config().to_owned(), folder.join(CONFIG_FILE)],
            given: options.config.clone(),
        };
        let id = workspace_id(&options, &folder, &root)?;
        Self::assemble(&folder.join(DATABASE_FILE), id, log_folder, configs, options)
    }

    pub(crate) fn open_db_with(file: &Path, options: Options) -> Result<Self> {
        let (file, folder) = if file.as_os_str() == IN_MEMORY {
            (file.to_owned(), PathBuf::new())
        } else {
            let file = paths::absolute(file)?;
            let folder = file.parent().unwrap_or(&file).to_owned();
            (file, folder)
        };
        let log_folder = match &options.json_log {
            JsonLogPlace::In(folder) => Some(folder.clone()),
            JsonLogPlace::Usual | JsonLogPlace::Off => None,
        };
        // A database that is opened by its file needs no home folder.
        let global_config =
            Locations::new(&options.environment).ok().map(|own| own.global_config().to_owned());
        let beside = (file.as_os_str() != IN_MEMORY).then(|| folder.join(CONFIG_FILE));
        let configs = ConfigSources {
            files: global_config.into_iter().chain(beside).collect(),
            given: options.config.clone(),
        };
        let id = if file.as_os_str() == IN_MEMORY {
            options.workspace_id.clone().unwrap_or_else(|| IN_MEMORY.to_owned())
        } else {
            workspace_id(&options, &folder, &folder)?
        };
        Self::assemble(&file, id, log_folder, configs, options)
    }

    fn assemble(
        file: &Path,
        id: String,
        log_folder: Option<PathBuf>,
        configs: ConfigSources,
        options: Options,
    ) -> Result<Self> {
        let writes_log = !options.is_read_only();
        if let Some(folder) = log_folder.as_deref().filter(|_| writes_log) {
            paths::create_folder(folder)?;
        }
        let workspace = Self {
            id,
            database: options.open_database(file, migration::migrate_workspace)?,
            log: log_folder.filter(|_| writes_log).map(|folder| JsonLog::new(&folder)),
            configs,
            clock: options.clock,
            ids: options.ids,
            busy_timeout: options.busy_timeout,
        };
        workspace.complete_log();
        Ok(workspace)
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
        let mut recorded = self.record_token_usages(std::slice::from_ref(usage))?;
        recorded.pop().ok_or_else(|| Error::new(ErrorKind::Internal, "a record got no outcome"))
    }

    /// Records many calls in one transaction: all of them or none.
    pub fn record_token_usages(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.database.check_open()?;
        let home = Home::Workspace(&self.id);
        let now = self.clock.now();
        let batch = Prepared::batch(usages, home, &self.ids, now)?;
        if TelemetrySettings::from_configs(&self.configs.load()?)?.strict {
            return Ok(batch.iter().map(|one| one.outcome(false, false, false)).collect());
        }
        let (duplicates, logged) = match &self.log {
            Some(log) if self.database.is_turned_off() => {
                (telemetry::append_alone(log, &batch, self.clock, self.busy_timeout)?, true)
            }
            log => {
                let insert = |tx: &_| telemetry::insert_all(tx, &batch, home, log.is_some(), now);
                (self.database.write(insert)?, self.complete_log())
            }
        };
        let outcome = |(one, duplicate): (&Prepared, bool)| one.outcome(true, duplicate, logged);
        Ok(batch.iter().zip(duplicates).map(outcome).collect())
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

    /// Brings the JSON log up to date. A log that cannot be written must not stop the work: what is
    /// missing stays queued in the database.
    fn complete_log(&self) -> bool {
        let catch_up = |log| telemetry::catch_up(&self.database, log, self.clock, self.busy_timeout).is_ok();
        !self.database.is_turned_off() && self.log.as_ref().is_some_and(catch_up)
    }
}

/// The id that was given, else that of `workspace.json` in the workspace's folder, else `otherwise`.
fn workspace_id(options: &Options, folder: &Path, otherwise: &Path) -> Result<String> {
    if let Some(id) = &options.workspace_id {
        return if id.trim().is_empty() {
            Err(Error::invalid("workspaceId", "blank text", "an id that is not blank"))
        } else {
            Ok(id.clone())
        };
    }
    let file = folder.join(WORKSPACE_FILE);
    match paths::read_object(&file)?.and_then(|mut object| object.remove("id")) {
        None | Some(Value::Null) => Ok(otherwise.display().to_string()),
        Some(Value::String(id)) if !id.trim().is_empty() => Ok(id),
        Some(_) => {
            let message = format!("{}: id must be text that is not blank: repair the file", file.display());
            Err(Error::new(ErrorKind::Corrupt, message))
        }
    }
}
