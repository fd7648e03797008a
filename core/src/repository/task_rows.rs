//! The columns of `tasks` that estimates and transitions use.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::scope::{CONDITION, ScopeIds};
use super::tasks::Task;
use super::{row, stored};
use crate::error::{Error, ErrorKind, Result};

/// The fields of a task that an estimate needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TaskRow {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) status: String,
    pub(crate) story_points: Option<f64>,
    pub(crate) priority: Option<i64>,
    pub(crate) assignee: Option<String>,
}

/// The tasks of a scope, in insertion order.
pub(crate) fn in_scope(connection: &Connection, scope: &ScopeIds) -> Result<Vec<TaskRow>> {
    let sql = format!(
        "SELECT id, key, status, story_points, priority, assignee_human FROM tasks WHERE {CONDITION} ORDER BY rowid"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![scope.project, scope.epic, scope.story], TaskRow::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl TaskRow {
    /// Whether `id` is what is stored, so that it is that of what refers to the task. A foreign row may have no text there, or
    /// text that is not valid.
    pub(crate) fn has_own_id(&self) -> bool {
        !self.id.is_empty() && !self.id.contains(char::REPLACEMENT_CHARACTER)
    }

    /// A row whose first columns are the fields.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |index| Ok::<_, rusqlite::Error>(row::as_text(row.get_ref(index)?));
        Ok(Self {
            id: text(0)?.unwrap_or_default(),
            key: text(1)?.unwrap_or_default(),
            status: text(2)?.unwrap_or_default(),
            story_points: row::as_real(row.get_ref(3)?),
            priority: row::as_whole(row.get_ref(4)?),
            assignee: text(5)?,
        })
    }
}

/// The text of the task's metadata, which may be invalid.
pub(crate) fn metadata_text(connection: &Connection, id: &str) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT metadata_json FROM tasks WHERE id = ?1")?;
    let found = statement.query_row([id], |row| row::text(row, "metadata_json")).optional()?;
    found.ok_or_else(without_id)
}

/// The error for a task that was found by its key, and is not found by its id.
fn without_id() -> Error {
    let message = "the task's id is not text, so that nothing can refer to it: repair its row";
    Error::new(ErrorKind::Corrupt, message)
}

pub(crate) fn set_status(connection: &Connection, id: &str, status: &str, now: &str) -> Result<()> {
    let changed = connection
        .prepare_cached("UPDATE tasks SET status = ?2, updated_at = ?3 WHERE id = ?1")?
        .execute(params![id, status, now])?;
    check_changed(connection, id, changed)
}

/// Writes the fields of the task that people change, other than its status and its metadata.
pub(crate) fn set_fields(connection: &Connection, task: &Task, now: &str) -> Result<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE tasks SET key = ?2, title = ?3, description = ?4, type = ?5, story_points = ?6, priority = ?7,
                 assigned_agent_id = ?8, assignee_human = ?9, vcs_branch = ?10, vcs_base_branch = ?11,
                 vcs_last_commit_sha = ?12, updated_at = ?13 WHERE id = ?1",
        )?
        .execute(params![
            task.id,
            task.key,
            task.title,
            task.description,
            task.task_type,
            task.story_points,
            task.priority,
            task.assigned_agent_id,
            task.assignee_human,
            task.vcs_branch,
            task.vcs_base_branch,
            task.vcs_last_commit_sha,
            now
        ])?;
    check_changed(connection, &task.id, changed)
}

pub(crate) fn set_metadata(
    connection: &Connection,
    id: &str,
    metadata: &Map<String, Value>,
    now: &str,
) -> Result<()> {
    let changed = connection
        .prepare_cached("UPDATE tasks SET metadata_json = ?2, updated_at = ?3 WHERE id = ?1")?
        .execute(params![id, Value::Object(metadata.clone()).to_string(), now])?;
    check_changed(connection, id, changed)
}

fn check_changed(connection: &Connection, id: &str, rows: usize) -> Result<()> {
    if rows == 0 {
        // If the row does not exist, that is the error; otherwise a trigger refused the change.
        metadata_text(connection, id)?;
    }
    stored::check_changed("tasks", rows)
}
