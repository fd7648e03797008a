//! The table `jobs`.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Store, agents, check, row};
use crate::error::{Error, Result};
use crate::input::Fields;
use crate::time::Timestamp;

/// A job: a long piece of work of one command, which a host may resume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// UUID text.
    pub id: String,
    /// The workspace that it belongs to.
    pub workspace_id: String,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub job_type: String,
    /// `running`, `completed`, `failed`, or another word of the host's.
    pub state: String,
    /// The command that started it.
    pub command_name: Option<String>,
    /// The first agent that worked on it.
    pub agent_id: Option<String>,
    /// All agents that worked on it, in the order in which they came.
    #[serde(default)]
    pub agent_ids: Vec<String>,
    /// What the host needs to go on with it.
    #[serde(default)]
    pub payload: Map<String, Value>,
    /// How many items there are to do.
    pub total_items: Option<i64>,
    /// How many of them are done.
    pub processed_items: Option<i64>,
    /// When the row was made.
    pub created_at: String,
    /// When the row last changed.
    pub updated_at: String,
    /// When it ended.
    pub completed_at: Option<String>,
    /// Why it failed.
    pub error_summary: Option<String>,
}

/// What a new job is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewJob {
    /// What kind of work it is; required.
    pub job_type: String,
    /// `running` where absent.
    pub state: Option<String>,
    /// The command that starts it.
    pub command_name: Option<String>,
    /// What the host needs to go on with it.
    pub payload: Map<String, Value>,
    /// How many items there are to do.
    pub total_items: Option<i64>,
}

const FIELDS: &[&str] = &["type", "state", "commandName", "payload", "totalItems"];

impl NewJob {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("job", input, FIELDS)?;
        Ok(Self {
            job_type: fields.required_text("type")?,
            state: fields.text("state")?,
            command_name: fields.text("commandName")?,
            payload: fields.object("payload")?.unwrap_or_default(),
            total_items: fields.whole("totalItems")?,
        })
    }
}

/// The jobs of a workspace.
#[derive(Debug)]
pub struct Jobs<'a> {
    pub(crate) store: Store<'a>,
    pub(crate) workspace_id: &'a str,
}

impl Jobs<'_> {
    /// Makes a job.
    pub fn create(&self, new: &NewJob) -> Result<Job> {
        check::line("type", &new.job_type)?;
        check::object("payload", &new.payload)?;
        let id = self.store.ids.next();
        let now = self.store.clock.now().to_string();
        self.store.database.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO jobs (id, workspace_id, type, state, command_name, payload_json, total_items,
                     processed_items, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?8)",
            )?
            .execute(params![
                id,
                self.workspace_id,
                new.job_type,
                new.state.as_deref().unwrap_or("running"),
                new.command_name,
                row::object_text(&new.payload),
                new.total_items,
                now
            ])?;
            existing(tx, &id)
        })
    }

    /// The job with this id.
    pub fn get(&self, id: &str) -> Result<Option<Job>> {
        self.store.database.read(|tx| by_id(tx, id))
    }

    /// The jobs of this workspace, newest first, those whose time cannot be read last.
    pub fn list(&self) -> Result<Vec<Job>> {
        self.store.database.read(|tx| {
            let sql = "SELECT * FROM jobs WHERE workspace_id = ?1 ORDER BY rowid DESC";
            let mut statement = tx.prepare_cached(sql)?;
            let mut jobs = statement.query_map([self.workspace_id], read)?.collect::<Result<Vec<_>, _>>()?;
            jobs.sort_by_cached_key(|job| Reverse(Timestamp::read(&job.created_at)));
            Ok(jobs)
        })
    }

    /// Ends a job: `state` is what became of it, `error_summary` why it failed.
    pub fn finish(&self, id: &str, state: &str, error_summary: Option<&str>) -> Result<Job> {
        check::line("state", state)?;
        let now = self.store.clock.now().to_string();
        self.store.database.write(|tx| {
            tx.prepare_cached(
                "UPDATE jobs SET state = ?2, error_summary = ?3, completed_at = ?4, updated_at = ?4 WHERE id = ?1",
            )?
            .execute(params![id, state, error_summary, now])?;
            existing(tx, id)
        })
    }
}

fn existing(connection: &Connection, id: &str) -> Result<Job> {
    by_id(connection, id)?.ok_or_else(|| Error::not_found("jobId", "job", id))
}

pub(crate) fn by_id(connection: &Connection, id: &str) -> Result<Option<Job>> {
    Ok(connection.prepare_cached("SELECT * FROM jobs WHERE id = ?1")?.query_row([id], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: row::required_text(row, "id")?,
        workspace_id: row::required_text(row, "workspace_id")?,
        job_type: row::required_text(row, "type")?,
        state: row::required_text(row, "state")?,
        command_name: row::text(row, "command_name")?,
        agent_id: row::text(row, "agent_id")?,
        agent_ids: agents::parse_ids(row::text(row, "agent_ids_json")?.as_deref()),
        payload: row::object(row, "payload_json")?,
        total_items: row::whole(row, "total_items")?,
        processed_items: row::whole(row, "processed_items")?,
        created_at: row::required_text(row, "created_at")?,
        updated_at: row::required_text(row, "updated_at")?,
        completed_at: row::text(row, "completed_at")?,
        error_summary: row::text(row, "error_summary")?,
    })
}
