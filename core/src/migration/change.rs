//! The one way in which a migration changes a database.

use rusqlite::Connection;

use crate::error::Result;

/// Runs one statement that changes the database. That all of them come through here lets a test end the
/// process after any one of them.
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

/// A name as SQL takes it, whatever characters it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
