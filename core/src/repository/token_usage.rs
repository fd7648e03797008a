//! The table `token_usage` of a workspace and of the global database.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::row;
use crate::error::{Error, ErrorKind, Result};
use crate::number;

/// One row, and one entry of the JSON log. Columns that a database has not are null.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenUsageRecord {
    pub(crate) id: String,
    pub(crate) workspace_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) model_name: Option<String>,
    pub(crate) job_id: Option<String>,
    pub(crate) command_run_id: Option<String>,
    pub(crate) task_run_id: Option<String>,
    pub(crate) task_id: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) epic_id: Option<String>,
    pub(crate) user_story_id: Option<String>,
    pub(crate) command_name: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) invocation_kind: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) tokens_prompt: Option<i64>,
    pub(crate) tokens_completion: Option<i64>,
    pub(crate) tokens_total: Option<i64>,
    pub(crate) tokens_cached: Option<i64>,
    pub(crate) tokens_cache_read: Option<i64>,
    pub(crate) tokens_cache_write: Option<i64>,
    #[serde(serialize_with = "number::json_option")]
    pub(crate) cost_estimate: Option<f64>,
    #[serde(serialize_with = "number::json_option")]
    pub(crate) duration_seconds: Option<f64>,
    #[serde(serialize_with = "number::json_option")]
    pub(crate) duration_ms: Option<f64>,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    pub(crate) timestamp: String,
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl TokenUsageRecord {
    /// The record as its entry in the JSON log.
    pub(crate) fn to_json(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(Error::new(ErrorKind::Internal, "a record cannot be written as JSON")),
        }
    }

    fn metadata_text(&self) -> Option<String> {
        self.metadata.clone().map(|object| Value::Object(object).to_string())
    }
}

pub(crate) fn insert_workspace(connection: &Connection, record: &TokenUsageRecord) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO token_usage (id, workspace_id, agent_id, model_name, job_id, command_run_id, task_run_id,
                 task_id, project_id, epic_id, user_story_id, command_name, action, invocation_kind, provider,
                 currency, tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_cache_read,
                 tokens_cache_write, cost_estimate, duration_seconds, duration_ms, started_at, finished_at,
                 timestamp, metadata_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
        )?
        .execute(params![
            record.id,
            record.workspace_id,
            record.agent_id,
            record.model_name,
            record.job_id,
            record.command_run_id,
            record.task_run_id,
            record.task_id,
            record.project_id,
            record.epic_id,
            record.user_story_id,
            record.command_name,
            record.action,
            record.invocation_kind,
            record.provider,
            record.currency,
            record.tokens_prompt,
            record.tokens_completion,
            record.tokens_total,
            record.tokens_cached,
            record.tokens_cache_read,
            record.tokens_cache_write,
            record.cost_estimate,
            record.duration_seconds,
            record.duration_ms,
            record.started_at,
            record.finished_at,
            record.timestamp,
            record.metadata_text(),
        ])?;
    Ok(())
}

pub(crate) fn insert_global(connection: &Connection, record: &TokenUsageRecord) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO token_usage (id, agent_id, command_run_id, model_name, command_name, action,
                 invocation_kind, provider, currency, tokens_prompt, tokens_completion, tokens_total,
                 tokens_cached, tokens_cache_read, tokens_cache_write, cost_estimate, duration_seconds,
                 duration_ms, started_at, finished_at, timestamp, metadata_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22)",
        )?
        .execute(params![
            record.id,
            record.agent_id,
            record.command_run_id,
            record.model_name,
            record.command_name,
            record.action,
            record.invocation_kind,
            record.provider,
            record.currency,
            record.tokens_prompt,
            record.tokens_completion,
            record.tokens_total,
            record.tokens_cached,
            record.tokens_cache_read,
            record.tokens_cache_write,
            record.cost_estimate,
            record.duration_seconds,
            record.duration_ms,
            record.started_at,
            record.finished_at,
            record.timestamp,
            record.metadata_text(),
        ])?;
    Ok(())
}

pub(crate) fn find(connection: &Connection, id: &str) -> Result<Option<TokenUsageRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM token_usage WHERE id = ?1")?;
    let places = Places::of(&statement)?;
    Ok(statement.query_row([id], |row| read(row, &places)).optional()?)
}

/// The rows whose ids lie between these two, both included, in the order of their ids.
pub(crate) fn between(connection: &Connection, first: &str, last: &str) -> Result<Vec<TokenUsageRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM token_usage WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let places = Places::of(&statement)?;
    let records = statement.query_map([first, last], |row| read(row, &places))?;
    Ok(records.collect::<Result<_, _>>()?)
}

pub(crate) fn delete(connection: &Connection, id: &str) -> Result<()> {
    connection.prepare_cached("DELETE FROM token_usage WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// The columns of a record, in the order of its fields.
const COLUMNS: [&str; 29] = [
    "id",
    "workspace_id",
    "agent_id",
    "model_name",
    "job_id",
    "command_run_id",
    "task_run_id",
    "task_id",
    "project_id",
    "epic_id",
    "user_story_id",
    "command_name",
    "action",
    "invocation_kind",
    "provider",
    "currency",
    "tokens_prompt",
    "tokens_completion",
    "tokens_total",
    "tokens_cached",
    "tokens_cache_read",
    "tokens_cache_write",
    "cost_estimate",
    "duration_seconds",
    "duration_ms",
    "started_at",
    "finished_at",
    "timestamp",
    "metadata_json",
];

/// What the global table lacks. Any other column that is missing is missing in an older schema.
const WORKSPACE_ONLY: [&str; 7] =
    ["workspace_id", "job_id", "task_run_id", "task_id", "project_id", "epic_id", "user_story_id"];

/// Where a statement has the columns of a record. Looking for names in every row would take longer than
/// reading it.
#[derive(Debug)]
pub(crate) struct Places([Option<usize>; COLUMNS.len()]);

impl Places {
    pub(crate) fn of(statement: &Statement<'_>) -> Result<Self> {
        let mut places = [None; COLUMNS.len()];
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            *place = match statement.column_index(name) {
                Err(_) if WORKSPACE_ONLY.contains(&name) => None,
                found => Some(found?),
            };
        }
        Ok(Self(places))
    }
}

pub(crate) fn read(row: &Row<'_>, places: &Places) -> rusqlite::Result<TokenUsageRecord> {
    let mut places = places.0.iter().copied();
    let mut next = || places.next().flatten().map_or(Ok(ValueRef::Null), |place| row.get_ref(place));
    Ok(TokenUsageRecord {
        id: row::as_text(next()?).unwrap_or_default(),
        workspace_id: row::as_text(next()?),
        agent_id: row::as_text(next()?),
        model_name: row::as_text(next()?),
        job_id: row::as_text(next()?),
        command_run_id: row::as_text(next()?),
        task_run_id: row::as_text(next()?),
        task_id: row::as_text(next()?),
        project_id: row::as_text(next()?),
        epic_id: row::as_text(next()?),
        user_story_id: row::as_text(next()?),
        command_name: row::as_text(next()?),
        action: row::as_text(next()?),
        invocation_kind: row::as_text(next()?),
        provider: row::as_text(next()?),
        currency: row::as_text(next()?),
        tokens_prompt: row::as_whole(next()?),
        tokens_completion: row::as_whole(next()?),
        tokens_total: row::as_whole(next()?),
        tokens_cached: row::as_whole(next()?),
        tokens_cache_read: row::as_whole(next()?),
        tokens_cache_write: row::as_whole(next()?),
        cost_estimate: row::as_real(next()?),
        duration_seconds: row::as_real(next()?),
        duration_ms: row::as_real(next()?),
        started_at: row::as_text(next()?),
        finished_at: row::as_text(next()?),
        timestamp: row::as_text(next()?).unwrap_or_default(),
        metadata: row::as_text(next()?).map(|text| row::parse_object(&text)),
    })
}
