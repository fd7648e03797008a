//! Checks of values before they become columns.

use rusqlite::Connection;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result, shorten};

/// A name, key or status: not blank, and one line, since it is shown in tables and messages.
pub(crate) fn line(field: &str, value: &str) -> Result<()> {
    if value.trim().is_empty() || value.contains(char::is_control) {
        return Err(Error::invalid(field, format_args!("{value:?}"), "one line of text that is not blank"));
    }
    Ok(())
}

/// A measure such as story points: finite and not negative.
pub(crate) fn measure(field: &str, value: Option<f64>) -> Result<()> {
    match value {
        Some(value) if !value.is_finite() || value < 0.0 => {
            Err(Error::invalid(field, value, "a finite number, 0 or more"))
        }
        _ => Ok(()),
    }
}

/// How deep JSON that is kept may be nested. Many parsers, our own included, give up at 128 levels, and an
/// entry of the JSON log needs some of them itself: what is deeper could be written and never be read.
const DEEPEST: usize = 100;

/// Metadata and the like: an object that can be read again.
pub(crate) fn object(field: &str, object: &Map<String, Value>) -> Result<()> {
    if object.values().any(|value| is_deeper_than(DEEPEST - 1, value)) {
        let allowed = format!("arrays and objects in at most {DEEPEST} levels");
        return Err(Error::invalid(field, "JSON that is nested deeper", &allowed));
    }
    Ok(())
}

fn is_deeper_than(levels: usize, value: &Value) -> bool {
    let inside = |inner: &Value| is_deeper_than(levels - 1, inner);
    match value {
        Value::Array(values) => levels == 0 || values.iter().any(inside),
        Value::Object(object) => levels == 0 || object.values().any(inside),
        _ => false,
    }
}

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

/// The row that `field` names by id must exist, where one is named.
pub(crate) fn reference(connection: &Connection, field: &str, table: Table, id: Option<&str>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let (what, sql) = table.exists();
    if connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))? {
        Ok(())
    } else {
        Err(Error::not_found(field, what, id))
    }
}

/// Says which key is taken where an insert met a row with the same unique columns.
pub(crate) fn taken(error: rusqlite::Error, what: &str, key: &str) -> Error {
    let error = Error::from(error);
    if error.kind() == ErrorKind::Conflict {
        return Error::new(
            ErrorKind::Conflict,
            format!("there is already a {what} {:?}: use it or choose another key", shorten(key)),
        );
    }
    error
}
