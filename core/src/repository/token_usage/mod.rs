//! The table `token_usage` of a workspace and of the global database.

mod records;

use std::sync::OnceLock;

use rusqlite::{Connection, OptionalExtension, Row, Statement, params_from_iter};

pub(crate) use records::{COUNTS, TokenUsageRecord, token_counts};
pub use records::{TokenUsage, TokenUsageRow};

use super::stored;
use crate::definition::{ColumnIndices, Stored, insert_sql};
use crate::error::Result;

/// What the global table lacks. Any other column that is missing is missing in an older schema.
const WORKSPACE_ONLY: [&str; 7] =
    ["workspace_id", "job_id", "task_run_id", "task_id", "project_id", "epic_id", "user_story_id"];

pub(crate) fn insert_workspace(connection: &Connection, record: &TokenUsageRecord) -> Result<()> {
    stored::insert(connection, record)
}

pub(crate) fn insert_global(connection: &Connection, record: &TokenUsageRecord) -> Result<()> {
    static SQL: OnceLock<String> = OnceLock::new();
    let is_there = |column: &&str| !WORKSPACE_ONLY.contains(column);
    let sql = SQL.get_or_init(|| {
        let columns: Vec<&str> = TokenUsageRecord::COLUMNS.iter().copied().filter(is_there).collect();
        insert_sql(TokenUsageRecord::TABLE, &columns)
    });
    let values = TokenUsageRecord::COLUMNS.iter().zip(record.values());
    let values = values.filter(|(column, _)| is_there(column)).map(|(_, value)| value);
    let inserted = connection.prepare_cached(sql)?.execute(params_from_iter(values))?;
    stored::check_changed(TokenUsageRecord::TABLE, inserted)
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

/// Deletes a row that is there.
pub(crate) fn delete(connection: &Connection, id: &str) -> Result<()> {
    let deleted = connection.prepare_cached("DELETE FROM token_usage WHERE id = ?1")?.execute([id])?;
    stored::check_changed(TokenUsageRecord::TABLE, deleted)
}

/// Where a statement over either table has the columns of a record.
#[derive(Debug)]
pub(crate) struct Places(ColumnIndices);

impl Places {
    pub(crate) fn of(statement: &Statement<'_>) -> Result<Self> {
        Ok(Self(ColumnIndices::of(statement, TokenUsageRecord::COLUMNS, &WORKSPACE_ONLY)?))
    }
}

pub(crate) fn read(row: &Row<'_>, places: &Places) -> rusqlite::Result<TokenUsageRecord> {
    TokenUsageRecord::read(row, &places.0)
}
