//! The table `task_runs`: the work of one command on one task.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scope::{CONDITION, ScopeIds};
use super::{Store, check, row};
use crate::error::{Error, Result};
use crate::input::Fields;
use crate::number;
use crate::time::Timestamp;

/// One run of a command on one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskRun {
    /// UUID text.
    pub id: String,
    /// The task that was worked on.
    pub task_id: String,
    /// The command, for example `work-on-tasks`.
    pub command: String,
    /// The job that it is part of.
    pub job_id: Option<String>,
    /// The command run that it is part of.
    pub command_run_id: Option<String>,
    /// The agent that worked.
    pub agent_id: Option<String>,
    /// `running`, `succeeded`, `failed`, or another word of the host's.
    pub status: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// The task's story points at the time.
    #[serde(serialize_with = "number::json_option")]
    pub story_points_at_run: Option<f64>,
    /// Story points per hour as the host measured them.
    #[serde(serialize_with = "number::json_option")]
    pub sp_per_hour_effective: Option<f64>,
    /// Whatever the host keeps with it.
    #[serde(default)]
    pub run_context: Map<String, Value>,
}

/// What a new task run is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewTaskRun {
    /// The task that is worked on; required.
    pub task_id: String,
    /// The command, for example `work-on-tasks`; required.
    pub command: String,
    /// The job that it is part of.
    pub job_id: Option<String>,
    /// The command run that it is part of.
    pub command_run_id: Option<String>,
    /// The agent that works.
    pub agent_id: Option<String>,
    /// When it began; now where absent.
    pub started_at: Option<Timestamp>,
    /// The task's story points; those of the task where absent.
    pub story_points_at_run: Option<f64>,
    /// Whatever the host keeps with it.
    pub run_context: Map<String, Value>,
}

const FIELDS: &[&str] =
    &["taskId", "command", "jobId", "commandRunId", "agentId", "startedAt", "storyPointsAtRun", "runContext"];

impl NewTaskRun {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("taskRun", input, FIELDS)?;
        Ok(Self {
            task_id: fields.required_text("taskId")?,
            command: fields.required_text("command")?,
            job_id: fields.text("jobId")?,
            command_run_id: fields.text("commandRunId")?,
            agent_id: fields.text("agentId")?,
            started_at: fields.time("startedAt")?,
            story_points_at_run: fields.number("storyPointsAtRun")?,
            run_context: fields.object("runContext")?.unwrap_or_default(),
        })
    }
}

/// The task runs of a workspace.
#[derive(Debug)]
pub struct TaskRuns<'a>(pub(crate) Store<'a>);

impl TaskRuns<'_> {
    /// Begins a task run, with status `running`. `NotFound` where its task, job or command run is unknown.
    pub fn create(&self, new: &NewTaskRun) -> Result<TaskRun> {
        check::line("command", &new.command)?;
        check::object("runContext", &new.run_context)?;
        check::measure("storyPointsAtRun", new.story_points_at_run)?;
        let id = self.0.ids.next();
        let started_at = new.started_at.unwrap_or_else(|| self.0.clock.now()).to_string();
        self.0.database.write(|tx| {
            check::reference(tx, "taskId", check::Table::Tasks, Some(&new.task_id))?;
            check::reference(tx, "jobId", check::Table::Jobs, new.job_id.as_deref())?;
            check::reference(tx, "commandRunId", check::Table::CommandRuns, new.command_run_id.as_deref())?;
            tx.prepare_cached(
                "INSERT INTO task_runs (id, task_id, command, job_id, command_run_id, agent_id, status, started_at,
                     story_points_at_run, run_context_json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', ?7,
                     coalesce(?8, (SELECT story_points FROM tasks WHERE id = ?2)), ?9)",
            )?
            .execute(params![
                id,
                new.task_id,
                new.command,
                new.job_id,
                new.command_run_id,
                new.agent_id,
                started_at,
                new.story_points_at_run,
                row::object_text(&new.run_context)
            ])?;
            existing(tx, &id)
        })
    }

    /// The task run with this id.
    pub fn get(&self, id: &str) -> Result<Option<TaskRun>> {
        self.0.database.read(|tx| by_id(tx, id))
    }

    /// The runs on a task, oldest first, those whose time cannot be read last.
    pub fn list(&self, task_id: &str) -> Result<Vec<TaskRun>> {
        self.0.database.read(|tx| {
            let sql = "SELECT * FROM task_runs WHERE task_id = ?1 ORDER BY rowid";
            let mut statement = tx.prepare_cached(sql)?;
            let mut runs = statement.query_map([task_id], read)?.collect::<Result<Vec<_>, _>>()?;
            runs.sort_by_cached_key(|run| {
                let started = Timestamp::read(&run.started_at);
                (started.is_none(), started)
            });
            Ok(runs)
        })
    }

    /// Ends a task run: `status` is what became of it, `finished_at` is now where absent.
    pub fn finish(&self, id: &str, status: &str, finished_at: Option<Timestamp>) -> Result<TaskRun> {
        check::line("status", status)?;
        let finished_at = finished_at.unwrap_or_else(|| self.0.clock.now()).to_string();
        self.0.database.write(|tx| {
            tx.prepare_cached("UPDATE task_runs SET status = ?2, finished_at = ?3 WHERE id = ?1")?
                .execute(params![id, status, finished_at])?;
            existing(tx, id)
        })
    }
}

fn existing(connection: &Connection, id: &str) -> Result<TaskRun> {
    by_id(connection, id)?.ok_or_else(|| Error::not_found("taskRunId", "task run", id))
}

fn by_id(connection: &Connection, id: &str) -> Result<Option<TaskRun>> {
    Ok(connection
        .prepare_cached("SELECT * FROM task_runs WHERE id = ?1")?
        .query_row([id], read)
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<TaskRun> {
    Ok(TaskRun {
        id: row::required_text(row, "id")?,
        task_id: row::required_text(row, "task_id")?,
        command: row::required_text(row, "command")?,
        job_id: row::text(row, "job_id")?,
        command_run_id: row::text(row, "command_run_id")?,
        agent_id: row::text(row, "agent_id")?,
        status: row::required_text(row, "status")?,
        started_at: row::required_text(row, "started_at")?,
        finished_at: row::text(row, "finished_at")?,
        story_points_at_run: row::real(row, "story_points_at_run")?,
        sp_per_hour_effective: row::real(row, "sp_per_hour_effective")?,
        run_context: row::object(row, "run_context_json")?,
    })
}

/// The runs of a job with the keys of their tasks, oldest first, those whose time cannot be read last.
pub(crate) fn of_job(connection: &Connection, job_id: &str) -> Result<Vec<(TaskRun, Option<String>)>> {
    let sql = "SELECT task_runs.*, tasks.key AS task_key
               FROM task_runs LEFT JOIN tasks ON tasks.id = task_runs.task_id
               WHERE task_runs.job_id = ?1 ORDER BY task_runs.rowid";
    let mut statement = connection.prepare_cached(sql)?;
    let runs = statement.query_map([job_id], |row| Ok((read(row)?, row::text(row, "task_key")?)))?;
    let mut runs = runs.collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_cached_key(|(run, _)| {
        let started = Timestamp::read(&run.started_at);
        (started.is_none(), started)
    });
    Ok(runs)
}

/// A successful run, as the velocity needs it.
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
    let rows = statement.query_map(params![scope.project, scope.epic, scope.story], |row| {
        Ok(SuccessfulRun {
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
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
