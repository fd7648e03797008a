//! Checks of values before they become columns.

use std::error::Error as _;

use rusqlite::Connection;
use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;

pub(crate) use crate::definition::check::single_line;
use crate::error::{Error, ErrorKind, Result, shorten};

/// The tables that other rows refer to by id.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Agents,
    CommandRuns,
    Epics,
    Jobs,
    Projects,
    Stories,
    TaskRuns,
    Tasks,
}

impl Table {
    fn exists(self) -> (&'static str, &'static str) {
        match self {
            Self::Agents => ("agent", "SELECT EXISTS (SELECT 1 FROM agents WHERE id = ?1)"),
            Self::CommandRuns => ("command run", "SELECT EXISTS (SELECT 1 FROM command_runs WHERE id = ?1)"),
            Self::Epics => ("epic", "SELECT EXISTS (SELECT 1 FROM epics WHERE id = ?1)"),
            Self::Jobs => ("job", "SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?1)"),
            Self::Projects => ("project", "SELECT EXISTS (SELECT 1 FROM projects WHERE id = ?1)"),
            Self::Stories => ("user story", "SELECT EXISTS (SELECT 1 FROM user_stories WHERE id = ?1)"),
            Self::TaskRuns => ("task run", "SELECT EXISTS (SELECT 1 FROM task_runs WHERE id = ?1)"),
            Self::Tasks => ("task", "SELECT EXISTS (SELECT 1 FROM tasks WHERE id = ?1)"),
        }
    }
}

/// The row that `field` refers to by id must exist, if an id is given.
pub(crate) fn reference(connection: &Connection, field: &str, table: Table, id: Option<&str>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let (what, sql) = table.exists();
    if connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))? {
        Ok(())
    } else {
        Err(Error::not_found(field, what, id))
    }
}

/// Maps a violation of a unique constraint to an error that names the key in use. Other constraints and triggers refuse
/// rows too.
pub(crate) fn unique_violation(error: Error, what: &str, key: &str) -> Error {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<rusqlite::Error>());
    let code = cause.and_then(|cause| cause.sqlite_error()).map(|failure| failure.extended_code);
    if code == Some(SQLITE_CONSTRAINT_UNIQUE) {
        return Error::new(
            ErrorKind::Conflict,
            format!("there is already a {what} {:?}: use it or choose another key", shorten(key)),
        );
    }
    error
}
