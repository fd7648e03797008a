//! What all tables have in common: reading rows as records, and inserting records.

use rusqlite::{Connection, OptionalExtension, Params, params_from_iter};

use crate::definition::{ColumnIndices, Stored};
use crate::error::Result;

/// The row that the statement finds.
pub(crate) fn one<R: Stored>(connection: &Connection, sql: &str, params: impl Params) -> Result<Option<R>> {
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of(&statement, R::COLUMNS, &[])?;
    Ok(statement.query_row(params, |row| R::read(row, &indices)).optional()?)
}

/// The rows that the statement finds, in its order.
pub(crate) fn all<R: Stored>(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<R>> {
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of(&statement, R::COLUMNS, &[])?;
    let rows = statement.query_map(params, |row| R::read(row, &indices))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Inserts the record into its table.
pub(crate) fn insert<R: Stored>(connection: &Connection, record: &R) -> rusqlite::Result<()> {
    connection.prepare_cached(R::insert_sql())?.execute(params_from_iter(record.values()))?;
    Ok(())
}
