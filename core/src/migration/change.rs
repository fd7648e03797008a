//! The only functions through which a migration changes a database.

use rusqlite::Connection;

use crate::error::Result;

/// Runs one statement that changes the database. All of them use this function, so that a test can kill the process
/// after each one.
pub(super) fn change(connection: &Connection, statement: &str) -> Result<()> {
    change_with(connection, statement, ())
}

/// [`change`] for a statement with parameters.
pub(super) fn change_with(
    connection: &Connection,
    statement: &str,
    parameters: impl rusqlite::Params,
) -> Result<()> {
    connection.execute(statement, parameters)?;
    #[cfg(test)]
    super::tests::after_a_change();
    Ok(())
}

/// Quotes a name for SQL, whatever characters it contains.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
