//! The table `token_usage` of a workspace and of the global database.

mod records;

use std::sync::OnceLock;

use rusqlite::{Connection, params_from_iter};

pub(crate) use records::{COUNTS, TokenUsageRecord, token_counts};
pub use records::{TokenUsage, TokenUsageRow};

use super::stored;
use crate::definition::{Stored, insert_sql};
use crate::error::Result;

/// Inserts a record into the global table, without the columns that it lacks.
pub(crate) fn insert_global(connection: &Connection, record: &TokenUsageRecord) -> Result<()> {
    static SQL: OnceLock<String> = OnceLock::new();
    let is_there = |column: &&str| !TokenUsageRecord::MAY_LACK.contains(column);
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
    stored::one(connection, "SELECT * FROM token_usage WHERE id = ?1", [id])
}

/// The rows whose ids are between these two, inclusive, in order of their ids.
pub(crate) fn between(connection: &Connection, first: &str, last: &str) -> Result<Vec<TokenUsageRecord>> {
    stored::all(connection, "SELECT * FROM token_usage WHERE id BETWEEN ?1 AND ?2 ORDER BY id", [first, last])
}

/// Deletes an existing row.
pub(crate) fn delete(connection: &Connection, id: &str) -> Result<()> {
    let deleted = connection.prepare_cached("DELETE FROM token_usage WHERE id = ?1")?.execute([id])?;
    stored::check_changed(TokenUsageRecord::TABLE, deleted)
}
