//! The table `task_runs`: the work of one command on one task.

use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::scope::{CONDITION, ScopeIds};
use super::{Store, check, row, stored, tasks};
use crate::definition::{ColumnIndices, Stored, constructor, record};
use crate::error::{Error, Result};
use crate::nullable::Nullable;
use crate::number;
use crate::sorting::{sort_by_cached_key, sort_by_key};
use crate::time::{StoredTime, Timestamp};

record! {
    /// One run of a command on one task.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct TaskRun("taskRun", "camelCase"): row("task_runs") {
        /// UUID text.
        pub id: String,
        /// The task.
        pub task_id: String,
        /// The command, for example `work-on-tasks`.
        pub command: String,
        /// The job of the run.
        pub job_id: Option<String>,
        /// The command run of the run.
        pub command_run_id: Option<String>,
        /// The agent.
        pub agent_id: Option<String>,
        /// `running`, `succeeded`, `failed`, or another status of the host's.
        pub status: String,
        /// When it began.
        pub started_at: StoredTime,
        /// When it ended.
        pub finished_at: Option<StoredTime>,
        /// The task's story points at the time.
        #[serde(serialize_with = "number::json_option")]
        pub story_points_at_run: Option<f64>,
        /// Story points per hour as measured by the host.
        #[serde(serialize_with = "number::json_option")]
        pub sp_per_hour_effective: Option<f64>,
        /// The git branch of the run.
        pub git_branch: Option<String>,
        /// The git branch that the run started from.
        pub git_base_branch: Option<String>,
        /// The git commit of the run.
        pub git_commit_sha: Option<String>,
        /// Additional data of the host.
        #[serde(default)]
        pub run_context: Nullable<Map<String, Value>>,
    }
}

record! {
    /// The fields of a new task run.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewTaskRun("taskRun", "camelCase"): input {
        /// The task; required.
        pub task_id: String,
        /// The command, for example `work-on-tasks`; required.
        pub command: String = single_line,
        /// The job of the run.
        pub job_id: Option<String>,
        /// The command run of the run.
        pub command_run_id: Option<String>,
        /// The agent.
        pub agent_id: Option<String>,
        /// Its status. Absent: `running`.
        pub status: Option<String> = single_line,
        /// When it began. Absent: now.
        pub started_at: Option<Timestamp>,
        /// When it ended, where it is recorded afterwards.
        pub finished_at: Option<Timestamp>,
        /// The task's story points. Absent: those of the task, and with `nullAsAbsent` NULL.
        pub story_points_at_run: Option<f64> = non_negative,
        /// Story points per hour as measured by the host: finite, 0 or more.
        pub sp_per_hour_effective: Option<f64> = non_negative,
        /// The git branch of the run.
        pub git_branch: Option<String>,
        /// The git branch that the run started from.
        pub git_base_branch: Option<String>,
        /// The git commit of the run.
        pub git_commit_sha: Option<String>,
        /// Additional data of the host.
        pub run_context: Map<String, Value> = depth,
    }
}

constructor! { NewTaskRun(task_id, command) }

/// The task runs of a workspace.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, NewTaskRun, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
/// let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
/// let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-1", "Pay by card"))?;
/// let task = workspace.tasks().create(&NewTask::new(story.id, "T1", "Validate card numbers"))?;
/// let run = workspace.task_runs().create(&NewTaskRun::new(&task.id, "work-on-tasks"))?;
/// workspace.task_runs().finish(&run.id, "succeeded", None)?;
/// assert_eq!(workspace.task_runs().list(&task.id)?[0].status, "succeeded");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TaskRuns<'a>(pub(crate) Store<'a>);

impl TaskRuns<'_> {
    /// Begins a task run. `NotFound` if its task, job or command run is unknown.
    pub fn create(&self, new: &NewTaskRun) -> Result<TaskRun> {
        new.check_fields()?;
        let id = self.0.ids.next();
        let started_at = StoredTime::from(new.started_at.unwrap_or_else(|| self.0.clock.now()));
        self.0.access.write(|tx| {
            let task = tasks::by_id(tx, &new.task_id)?;
            let task = task.ok_or_else(|| Error::not_found("taskId", "task", &new.task_id))?;
            check::reference(tx, "jobId", check::Table::Jobs, new.job_id.as_deref())?;
            check::reference(tx, "commandRunId", check::Table::CommandRuns, new.command_run_id.as_deref())?;
            let run = TaskRun {
                id,
                task_id: task.id,
                command: new.command.clone(),
                job_id: new.job_id.clone(),
                command_run_id: new.command_run_id.clone(),
                agent_id: new.agent_id.clone(),
                status: new.status.clone().unwrap_or_else(|| "running".to_owned()),
                started_at,
                finished_at: new.finished_at.map(StoredTime::from),
                story_points_at_run: new
                    .story_points_at_run
                    .or(task.story_points.filter(|_| !self.0.null_as_absent)),
                sp_per_hour_effective: new.sp_per_hour_effective,
                git_branch: new.git_branch.clone(),
                git_base_branch: new.git_base_branch.clone(),
                git_commit_sha: new.git_commit_sha.clone(),
                run_context: new.run_context.clone().into(),
            };
            stored::insert(tx, &run)?;
            Ok(run)
        })
    }

    /// The task run with this id.
    pub fn get(&self, id: &str) -> Result<Option<TaskRun>> {
        self.0.access.read(|tx| by_id(tx, id))
    }

    /// The runs of a task, oldest first; runs with an invalid time come last.
    pub fn list(&self, task_id: &str) -> Result<Vec<TaskRun>> {
        self.0.access.read(|tx| {
            let sql = "SELECT * FROM task_runs WHERE task_id = ?1 ORDER BY rowid";
            let mut runs: Vec<TaskRun> = stored::all(tx, sql, [task_id])?;
            sort_by_cached_key(&mut runs, |run| {
                let started = Timestamp::read(&run.started_at);
                (started.is_none(), started)
            });
            Ok(runs)
        })
    }

    /// Finishes a task run: `status` is its final status; `finished_at` defaults to now.
    pub fn finish(&self, id: &str, status: &str, finished_at: Option<Timestamp>) -> Result<TaskRun> {
        check::single_line("status", &Some(status))?;
        let finished_at = finished_at.unwrap_or_else(|| self.0.clock.now()).to_string();
        self.0.access.write(|tx| {
            let changed = tx
                .prepare_cached("UPDATE task_runs SET status = ?2, finished_at = ?3 WHERE id = ?1")?
                .execute(params![id, status, finished_at])?;
            let run = existing(tx, id)?;
            stored::check_changed(TaskRun::TABLE, changed)?;
            Ok(run)
        })
    }
}

fn existing(connection: &Connection, id: &str) -> Result<TaskRun> {
    by_id(connection, id)?.ok_or_else(|| Error::not_found("taskRunId", "task run", id))
}

fn by_id(connection: &Connection, id: &str) -> Result<Option<TaskRun>> {
    stored::one(connection, "SELECT * FROM task_runs WHERE id = ?1", [id])
}

/// The runs of a job with the keys of their tasks, oldest first; runs with an invalid time come last.
pub(crate) fn of_job(connection: &Connection, job_id: &str) -> Result<Vec<(TaskRun, Option<String>)>> {
    let sql = "SELECT task_runs.*, tasks.key AS task_key
               FROM task_runs LEFT JOIN tasks ON tasks.id = task_runs.task_id
               WHERE task_runs.job_id = ?1 ORDER BY task_runs.rowid";
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of::<TaskRun>(&statement)?;
    let runs = statement
        .query_map([job_id], |row| Ok((TaskRun::read(row, &indices)?, row::text(row, "task_key")?)))?;
    let mut runs = runs.collect::<Result<Vec<_>, _>>()?;
    sort_by_cached_key(&mut runs, |(run, _)| {
        let started = Timestamp::read(&run.started_at);
        (started.is_none(), started)
    });
    Ok(runs)
}

/// The fields of a successful run that the velocity needs.
#[derive(Debug, Clone)]
pub(crate) struct SuccessfulRun {
    pub(crate) id: String,
    pub(crate) task_id: String,
    pub(crate) command: String,
    pub(crate) job_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    pub(crate) story_points_at_run: Option<f64>,
    pub(crate) sp_per_hour_effective: Option<f64>,
}

/// The successful runs on the scope's tasks, in insertion order.
pub(crate) fn successful_in_scope(connection: &Connection, scope: &ScopeIds) -> Result<Vec<SuccessfulRun>> {
    let sql = format!(
        "SELECT task_runs.* FROM task_runs JOIN tasks ON tasks.id = task_runs.task_id
         WHERE task_runs.status IN ('succeeded', 'success') AND {CONDITION} ORDER BY task_runs.rowid"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![scope.project, scope.epic, scope.story], SuccessfulRun::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The successful runs on these tasks, in insertion order.
pub(crate) fn successful_of_tasks<'t>(
    connection: &Connection,
    task_ids: impl Iterator<Item = &'t str>,
) -> Result<Vec<SuccessfulRun>> {
    let sql = "SELECT *, rowid AS number FROM task_runs
               WHERE task_id = ?1 AND status IN ('succeeded', 'success')";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = Vec::new();
    for id in task_ids {
        let rows =
            statement.query_map([id], |row| Ok((row.get::<_, i64>("number")?, SuccessfulRun::read(row)?)))?;
        for row in rows {
            found.push(row?);
        }
    }
    sort_by_key(&mut found, |(rowid, _)| *rowid);
    Ok(found.into_iter().map(|(_, run)| run).collect())
}

impl SuccessfulRun {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row::required_text(row, "id")?,
            task_id: row::required_text(row, "task_id")?,
            command: row::required_text(row, "command")?,
            job_id: row::text(row, "job_id")?,
            agent_id: row::text(row, "agent_id")?,
            started_at: row::text(row, "started_at")?,
            finished_at: row::text(row, "finished_at")?,
            story_points_at_run: row::real(row, "story_points_at_run")?,
            sp_per_hour_effective: row::real(row, "sp_per_hour_effective")?,
        })
    }
}
