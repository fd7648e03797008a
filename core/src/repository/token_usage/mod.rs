//! The table `token_usage` of a workspace and of the global database.

mod records;

use std::sync::OnceLock;

use rusqlite::types::{ToSqlOutput, Value as SqlValue};
use rusqlite::{CachedStatement, Connection, params_from_iter};

pub(crate) use records::{COUNTS, TokenUsageRecord, token_counts};
pub use records::{TokenUsage, TokenUsageRow};

use super::stored;
use crate::definition::{Stored, insert_sql};
use crate::error::Result;

/// Inserts records into the table, with a statement that is prepared once.
pub(crate) struct Inserter<'c> {
    statement: CachedStatement<'c>,
    is_global: bool,
}

impl<'c> Inserter<'c> {
    /// The global table lacks some of the columns.
    pub(crate) fn new(connection: &'c Connection, is_global: bool) -> Result<Self> {
        let sql = if is_global { global_insert_sql() } else { TokenUsageRecord::insert_sql() };
        Ok(Self { statement: connection.prepare_cached(sql)?, is_global })
    }

    /// Inserts a record. If `is_metadata_new`, it has no metadata yet, and that is completed here.
    pub(crate) fn insert(&mut self, record: &TokenUsageRecord, is_metadata_new: bool) -> Result<()> {
        let mut values = record.values();
        if is_metadata_new && let Some(metadata) = values.last_mut() {
            *metadata = record
                .new_metadata()?
                .map_or(ToSqlOutput::Owned(SqlValue::Null), |text| ToSqlOutput::Owned(SqlValue::Text(text)));
        }
        let inserted = if self.is_global {
            let values = TokenUsageRecord::COLUMNS.iter().zip(values);
            let values = values.filter(|(column, _)| is_global_column(column)).map(|(_, value)| value);
            self.statement.execute(params_from_iter(values))?
        } else {
            self.statement.execute(params_from_iter(values))?
        };
        stored::check_changed(TokenUsageRecord::TABLE, inserted)
    }
}

const _: () = {
    let columns = TokenUsageRecord::COLUMNS;
    assert!(matches!(columns[columns.len() - 1].as_bytes(), b"metadata_json"));
};

fn is_global_column(column: &&str) -> bool {
    !TokenUsageRecord::MAY_LACK.contains(column)
}

fn global_insert_sql() -> &'static str {
    static SQL: OnceLock<String> = OnceLock::new();
    SQL.get_or_init(|| {
        let columns: Vec<&str> = TokenUsageRecord::COLUMNS.iter().copied().filter(is_global_column).collect();
        insert_sql(TokenUsageRecord::TABLE, &columns)
    })
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
