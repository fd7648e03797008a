//! The table `command_runs` of a workspace.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;

use super::{Store, agents, check, row};
use crate::error::{Error, Result};
use crate::input::Fields;
use crate::number;
use crate::time::Timestamp;

/// One run of a command.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandRun {
    /// UUID text.
    pub id: String,
    /// The workspace that it belongs to.
    pub workspace_id: String,
    /// The command, for example `work-on-tasks`.
    pub command_name: String,
    /// The job that it is part of.
    pub job_id: Option<String>,
    /// The first agent that worked in it.
    pub agent_id: Option<String>,
    /// All agents that worked in it, in the order in which they came.
    pub agent_ids: Vec<String>,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub completed_at: Option<String>,
    /// `running`, `succeeded`, `failed`, or another word of the host's.
    pub status: String,
    /// Why it failed.
    pub error_summary: Option<String>,
    /// How long it took, in seconds.
    #[serde(serialize_with = "number::json_option")]
    pub duration_seconds: Option<f64>,
    /// How many story points it moved.
    #[serde(serialize_with = "number::json_option")]
    pub sp_processed: Option<f64>,
}

/// What a new command run is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewCommandRun {
    /// The command, for example `work-on-tasks`; required.
    pub command_name: String,
    /// The job that it is part of.
    pub job_id: Option<String>,
    /// When it began; now where absent.
    pub started_at: Option<Timestamp>,
}

/// How a command run ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandRunEnd {
    /// What became of it, for example `succeeded`; required.
    pub status: String,
    /// Why it failed.
    pub error_summary: Option<String>,
    /// How many story points it moved: finite, 0 or more.
    pub sp_processed: Option<f64>,
    /// When it ended; now where absent.
    pub completed_at: Option<Timestamp>,
}

impl NewCommandRun {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("commandRun", input, &["commandName", "jobId", "startedAt"])?;
        Ok(Self {
            command_name: fields.required_text("commandName")?,
            job_id: fields.text("jobId")?,
            started_at: fields.time("startedAt")?,
        })
    }
}

impl CommandRunEnd {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let known = ["status", "errorSummary", "spProcessed", "completedAt"];
        let fields = Fields::new("commandRunEnd", input, &known)?;
        Ok(Self {
            status: fields.required_text("status")?,
            error_summary: fields.text("errorSummary")?,
            sp_processed: fields.number("spProcessed")?,
            completed_at: fields.time("completedAt")?,
        })
    }
}

/// The command runs of a workspace.
#[derive(Debug)]
pub struct CommandRuns<'a> {
    pub(crate) store: Store<'a>,
    pub(crate) workspace_id: &'a str,
}

impl CommandRuns<'_> {
    /// Begins a command run, with status `running`. `NotFound` where its job is unknown.
    pub fn create(&self, new: &NewCommandRun) -> Result<CommandRun> {
        check::line("commandName", &new.command_name)?;
        let id = self.store.ids.next();
        let started_at = new.started_at.unwrap_or_else(|| self.store.clock.now()).to_string();
        self.store.database.write(|tx| {
            check::reference(tx, "jobId", check::Table::Jobs, new.job_id.as_deref())?;
            tx.prepare_cached(
                "INSERT INTO command_runs (id, workspace_id, command_name, job_id, started_at, status)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'running')",
            )?
            .execute(params![
                id,
                self.workspace_id,
                new.command_name,
                new.job_id,
                started_at
            ])?;
            existing(tx, &id)
        })
    }

    /// The command run with this id.
    pub fn get(&self, id: &str) -> Result<Option<CommandRun>> {
        self.store.database.read(|tx| by_id(tx, id))
    }

    /// Ends a command run. Its duration is the time since it began.
    pub fn finish(&self, id: &str, end: &CommandRunEnd) -> Result<CommandRun> {
        check::line("status", &end.status)?;
        check::measure("spProcessed", end.sp_processed)?;
        let completed_at = end.completed_at.unwrap_or_else(|| self.store.clock.now());
        self.store.database.write(|tx| {
            let started_at = Timestamp::read(&existing(tx, id)?.started_at);
            let seconds = started_at.map(|start| (completed_at.hours_since(start) * 3600.0).max(0.0));
            tx.prepare_cached(
                "UPDATE command_runs SET status = ?2, error_summary = ?3, completed_at = ?4, duration_seconds = ?5,
                     sp_processed = ?6 WHERE id = ?1",
            )?
            .execute(params![
                id,
                end.status,
                end.error_summary,
                completed_at.to_string(),
                seconds,
                end.sp_processed
            ])?;
            existing(tx, id)
        })
    }
}

fn existing(connection: &Connection, id: &str) -> Result<CommandRun> {
    by_id(connection, id)?.ok_or_else(|| Error::not_found("commandRunId", "command run", id))
}

fn by_id(connection: &Connection, id: &str) -> Result<Option<CommandRun>> {
    Ok(connection
        .prepare_cached("SELECT * FROM command_runs WHERE id = ?1")?
        .query_row([id], read)
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<CommandRun> {
    Ok(CommandRun {
        id: row::required_text(row, "id")?,
        workspace_id: row::required_text(row, "workspace_id")?,
        command_name: row::required_text(row, "command_name")?,
        job_id: row::text(row, "job_id")?,
        agent_id: row::text(row, "agent_id")?,
        agent_ids: agents::parse_ids(row::text(row, "agent_ids_json")?.as_deref()),
        started_at: row::required_text(row, "started_at")?,
        completed_at: row::text(row, "completed_at")?,
        status: row::required_text(row, "status")?,
        error_summary: row::text(row, "error_summary")?,
        duration_seconds: row::real(row, "duration_seconds")?,
        sp_processed: row::real(row, "sp_processed")?,
    })
}
