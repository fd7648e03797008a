//! The table `task_status_events`.

use rusqlite::{Connection, Row, Rows, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::scope::{CONDITION, ScopeIds};
use super::stored;
use crate::definition::record;
use crate::error::Result;
use crate::nullable::Nullable;
use crate::time::StoredTime;

record! {
    /// A status change of a task.
    #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
    #[serde(default)]
    #[non_exhaustive]
    pub struct StatusEvent("event", "camelCase"): row("task_status_events") {
        /// UUID text.
        pub id: String,
        /// The task.
        pub task_id: String,
        /// The status before; null if unknown.
        pub from_status: Option<String>,
        /// The status after.
        pub to_status: String,
        /// When the status changed, as stored.
        pub timestamp: StoredTime,
        /// The command that changed it.
        pub command_name: Option<String>,
        /// The job in which it changed.
        pub job_id: Option<String>,
        /// The task run in which it changed.
        pub task_run_id: Option<String>,
        /// The agent that changed it.
        pub agent_id: Option<String>,
        /// Lane details and additional data of the host; invalid metadata reads as empty.
        pub metadata: Nullable<Map<String, Value>>,
    }
}

pub(crate) fn insert(connection: &Connection, event: &StatusEvent) -> Result<()> {
    stored::insert(connection, event)
}

/// The events of one task, or of all tasks, in insertion order.
pub(crate) fn list(connection: &Connection, task_id: Option<&str>) -> Result<Vec<StatusEvent>> {
    let sql = match task_id {
        Some(_) => "SELECT * FROM task_status_events WHERE task_id = ?1 ORDER BY rowid",
        None => "SELECT * FROM task_status_events WHERE ?1 IS NULL ORDER BY rowid",
    };
    stored::all(connection, sql, [task_id])
}

/// The fields of an event that a history needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventRef<'a> {
    pub(crate) task_id: &'a str,
    pub(crate) from_status: Option<&'a str>,
    pub(crate) to_status: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) metadata: Option<&'a str>,
}

const COLUMNS: &str =
    "event.task_id, event.from_status, event.to_status, event.timestamp, event.metadata_json";

/// Passes all events to `visit`, in insertion order, one at a time. Events with values that are not text are skipped.
pub(crate) fn for_each(connection: &Connection, visit: &mut dyn FnMut(EventRef<'_>)) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM task_status_events AS event ORDER BY event.rowid");
    let mut statement = connection.prepare_cached(&sql)?;
    pass(statement.query([])?, visit)
}

/// As [`for_each`], only the events of the scope's tasks, each of which is looked up.
pub(crate) fn for_each_in_scope(
    connection: &Connection,
    scope: &ScopeIds,
    visit: &mut dyn FnMut(EventRef<'_>),
) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} FROM task_status_events AS event JOIN tasks ON tasks.id = event.task_id
         WHERE {CONDITION} ORDER BY event.rowid"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    pass(statement.query(params![scope.project, scope.epic, scope.story])?, visit)
}

fn pass(mut rows: Rows<'_>, visit: &mut dyn FnMut(EventRef<'_>)) -> Result<()> {
    while let Some(row) = rows.next()? {
        if let Some(event) = EventRef::read(row)? {
            visit(event);
        }
    }
    Ok(())
}

/// About as many events as the database has, or more.
pub(crate) fn largest_number(connection: &Connection) -> Result<usize> {
    stored::largest_number(connection, "SELECT max(rowid) FROM task_status_events")
}

/// Passes the events of one task to `visit`, in no order, each with the number of its row. Events with values that
/// are not text are skipped.
pub(crate) fn for_each_of_task(
    connection: &Connection,
    task_id: &str,
    mut visit: impl FnMut(i64, EventRef<'_>),
) -> Result<()> {
    let sql =
        "SELECT task_id, from_status, to_status, timestamp, metadata_json, rowid FROM task_status_events
               WHERE task_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([task_id])?;
    while let Some(row) = rows.next()? {
        if let Some(event) = EventRef::read(row)? {
            visit(row.get(5)?, event);
        }
    }
    Ok(())
}

impl<'r> EventRef<'r> {
    /// The event in the first columns of the row; `None` if a value is not text.
    fn read(row: &'r Row<'_>) -> Result<Option<Self>> {
        let column = |index| row.get_ref(index).map(|value| value.as_str().ok());
        let required = (column(0)?, column(2)?, column(3)?);
        let (Some(task_id), Some(to_status), Some(timestamp)) = required else { return Ok(None) };
        Ok(Some(Self { task_id, from_status: column(1)?, to_status, timestamp, metadata: column(4)? }))
    }
}
