//! The indexes that this library adds for speed.

use std::time::Duration;

use rusqlite::Connection;

use super::DatabaseKind;
use super::change::change;
use crate::error::{ErrorKind, Result};
use crate::notice::{DATABASE, file_of};
use crate::repository::indexes::{INDEXES, Index, are_present};
use crate::repository::usage_times::TIME_INDEX;
use crate::sqlite::{WaitPolicy, begin_write};
use crate::time::Deadline;

/// How long opening waits for other writers in order to create them. The next handle tries again.
const PATIENCE: Duration = Duration::from_millis(250);

/// Creates the indexes that are missing, in a transaction of their own. They do not raise the schema's version: older
/// builds open the database, and maintain them.
///
/// Results do not depend on them, so a database in which they cannot be created, because others are writing, the disk is
/// full or a table is damaged, is opened without them.
pub(super) fn add(connection: &Connection, kind: DatabaseKind, wait: &WaitPolicy<'_>) -> Result<()> {
    if kind != DatabaseKind::Workspace || !connection.is_autocommit() || are_present(connection)? {
        return Ok(());
    }
    let wait = WaitPolicy { deadline: Deadline::after(PATIENCE.min(wait.timeout)), ..*wait };
    match create(connection, &wait) {
        Ok(created) => {
            if created > 0 {
                log::info!(target: DATABASE, "{}: created {created} indexes", file_of(connection));
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        Err(error) => {
            let file = file_of(connection);
            log::warn!(
                target: DATABASE,
                "{file}: its indexes cannot be created, and velocities and estimates take longer: {error}"
            );
            Ok(())
        }
    }
}

/// Creates the indexes of a new database, within the caller's transaction.
pub(super) fn create_all(connection: &Connection, kind: DatabaseKind) -> Result<()> {
    if kind == DatabaseKind::Workspace {
        create_missing(connection, INDEXES)?;
    }
    Ok(())
}

fn create(connection: &Connection, wait: &WaitPolicy<'_>) -> Result<usize> {
    let transaction = begin_write(connection, wait)?;
    let created = create_missing(&transaction, INDEXES)?;
    transaction.commit()?;
    Ok(created)
}

/// Creates the index by time of recorded usage, within the caller's transaction. Returns whether it was missing.
pub(crate) fn create_time_index(connection: &Connection) -> Result<bool> {
    Ok(create_missing(connection, TIME_INDEX)? > 0)
}

/// Creates the indexes that are missing, and returns their number.
fn create_missing(connection: &Connection, indexes: &[Index]) -> Result<usize> {
    let mut created = 0;
    for index in indexes {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
        let exists: bool = connection.query_row(sql, [index.name], |row| row.get(0))?;
        if !exists {
            change(connection, &index.statement())?;
            created += 1;
        }
    }
    Ok(created)
}
