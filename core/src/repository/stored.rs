//! Reading rows as records, and inserting and changing rows, for all tables.

use rusqlite::{Connection, OptionalExtension, Params, params_from_iter};

use crate::definition::{ColumnIndices, Stored};
use crate::error::{Error, ErrorKind, Result};

/// The row that the statement returns.
pub(crate) fn one<R: Stored>(connection: &Connection, sql: &str, params: impl Params) -> Result<Option<R>> {
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of::<R>(&statement)?;
    Ok(statement.query_row(params, |row| R::read(row, &indices)).optional()?)
}

/// The rows that the statement returns, in its order.
pub(crate) fn all<R: Stored>(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<R>> {
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of::<R>(&statement)?;
    let rows = statement.query_map(params, |row| R::read(row, &indices))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the last row, which this statement returns; 0 without rows.
pub(crate) fn largest_number(connection: &Connection, sql: &str) -> Result<usize> {
    let number: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(number.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Inserts the record into its table.
pub(crate) fn insert<R: Stored>(connection: &Connection, record: &R) -> Result<()> {
    let inserted = connection.prepare_cached(R::insert_sql())?.execute(params_from_iter(record.values()))?;
    check_changed(R::TABLE, inserted)
}

/// `Conflict` if a statement that had to change a row of `table` changed none. `RAISE(IGNORE)` in a trigger of another
/// program does that, and SQLite reports it as success.
pub(crate) fn check_changed(table: &str, rows: usize) -> Result<()> {
    if rows > 0 {
        return Ok(());
    }
    let message = format!(
        "a trigger of another program refused a row of the table {table}, and nothing was changed: \
         change or drop that trigger"
    );
    Err(Error::new(ErrorKind::Conflict, message))
}
