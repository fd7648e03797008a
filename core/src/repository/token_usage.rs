//! The table `token_usage` of a workspace and of the global database.

use rusqlite::{Connection, OptionalExtension, Row, params};
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
    Ok(connection
        .prepare_cached("SELECT * FROM token_usage WHERE id = ?1")?
        .query_row([id], read)
        .optional()?)
}

/// The rows whose ids lie between these two, both included, in the order of their ids.
pub(crate) fn between(connection: &Connection, first: &str, last: &str) -> Result<Vec<TokenUsageRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM token_usage WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    Ok(statement.query_map([first, last], read)?.collect::<Result<_, _>>()?)
}

pub(crate) fn delete(connection: &Connection, id: &str) -> Result<()> {
    connection.prepare_cached("DELETE FROM token_usage WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Which rows to look at; what is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) workspace_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) job_id: Option<String>,
    pub(crate) task_id: Option<String>,
}

/// Hands the selected rows to `visit`, in insertion order, one at a time. Without a workspace id the
/// database is the global one, which has no columns for project, job and task.
pub(crate) fn for_each(
    connection: &Connection,
    selection: &Selection,
    mut visit: impl FnMut(TokenUsageRecord) -> Result<()>,
) -> Result<()> {
    let Selection { workspace_id, agent_id, project_id, job_id, task_id } = selection;
    let in_workspace = params![agent_id, workspace_id, project_id, job_id, task_id];
    let (sql, parameters) = match workspace_id {
        Some(_) => (
            "SELECT * FROM token_usage
             WHERE (?1 IS NULL OR agent_id = ?1) AND workspace_id = ?2 AND (?3 IS NULL OR project_id = ?3)
                 AND (?4 IS NULL OR job_id = ?4) AND (?5 IS NULL OR task_id = ?5)
             ORDER BY rowid",
            in_workspace,
        ),
        None => (
            "SELECT * FROM token_usage WHERE (?1 IS NULL OR agent_id = ?1) ORDER BY rowid",
            params![agent_id],
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        visit(read(row)?)?;
    }
    Ok(())
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<TokenUsageRecord> {
    // The global table has fewer columns than a workspace's.
    let own = |column: &str| match row.as_ref().column_index(column) {
        Ok(_) => row::text(row, column),
        Err(_) => Ok(None),
    };
    Ok(TokenUsageRecord {
        id: row::required_text(row, "id")?,
        workspace_id: own("workspace_id")?,
        agent_id: row::text(row, "agent_id")?,
        model_name: row::text(row, "model_name")?,
        job_id: own("job_id")?,
        command_run_id: row::text(row, "command_run_id")?,
        task_run_id: own("task_run_id")?,
        task_id: own("task_id")?,
        project_id: own("project_id")?,
        epic_id: own("epic_id")?,
        user_story_id: own("user_story_id")?,
        command_name: row::text(row, "command_name")?,
        action: row::text(row, "action")?,
        invocation_kind: row::text(row, "invocation_kind")?,
        provider: row::text(row, "provider")?,
        currency: row::text(row, "currency")?,
        tokens_prompt: row::whole(row, "tokens_prompt")?,
        tokens_completion: row::whole(row, "tokens_completion")?,
        tokens_total: row::whole(row, "tokens_total")?,
        tokens_cached: row::whole(row, "tokens_cached")?,
        tokens_cache_read: row::whole(row, "tokens_cache_read")?,
        tokens_cache_write: row::whole(row, "tokens_cache_write")?,
        cost_estimate: row::real(row, "cost_estimate")?,
        duration_seconds: row::real(row, "duration_seconds")?,
        duration_ms: row::real(row, "duration_ms")?,
        started_at: row::text(row, "started_at")?,
        finished_at: row::text(row, "finished_at")?,
        timestamp: row::required_text(row, "timestamp")?,
        metadata: row::text(row, "metadata_json")?.map(|text| row::parse_object(&text)),
    })
}
