//! The indexes that keep the cost of a question from growing with the history.
//!
//! Every program that writes to the database maintains them, whatever its SQLite is built with. They are therefore made of
//! plain columns, and their conditions of `length` and `substr`, which cannot fail on any stored value. Nothing depends on
//! them but speed: a database without them gives the same results.

use rusqlite::Connection;

use crate::error::Result;

/// An index, by its name and the rest of the statement that creates it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    definition: &'static str,
}

/// Whether a time is stored in the form `2026-03-20T12:00:00.000Z`: then text order is time order, among the valid ones.
macro_rules! is_regular {
    ($column:literal) => {
        concat!(
            "length(",
            $column,
            ") = 24 AND substr(",
            $column,
            ", 24) = 'Z' AND substr(",
            $column,
            ", 11, 1) = 'T'"
        )
    };
}
pub(super) use is_regular;

/// The condition of [`EVENTS`].
pub(super) const IS_REGULAR_EVENT: &str = is_regular!("timestamp");
/// The condition of [`IRREGULAR_EVENTS`].
pub(super) const IS_IRREGULAR_EVENT: &str = concat!("NOT (", is_regular!("timestamp"), ")");
/// The condition of [`RUNS`].
pub(super) const IS_REGULAR_RUN: &str = is_regular!("finished_at");
/// The condition of [`IRREGULAR_RUNS`].
pub(super) const IS_IRREGULAR_RUN: &str =
    concat!("(finished_at IS NULL OR NOT (", is_regular!("finished_at"), "))");

/// A task by its key.
const TASK_KEYS: Index = Index::new("libmcoda_tasks_key", "tasks(key)");
/// What a backlog consists of, without reading its tasks.
pub(super) const TASKS_OF_PROJECT: Index =
    Index::new("libmcoda_tasks_project", "tasks(project_id, status, story_points)");
pub(super) const TASKS_OF_EPIC: Index =
    Index::new("libmcoda_tasks_epic", "tasks(epic_id, status, story_points)");
pub(super) const TASKS_OF_ASSIGNEE: Index =
    Index::new("libmcoda_tasks_assignee", "tasks(assignee_human) WHERE assignee_human IS NOT NULL");
/// The transitions between two statuses, in order of time.
pub(super) const EVENTS: Index = Index::new(
    "libmcoda_events",
    concat!("task_status_events(from_status, to_status, timestamp) WHERE ", is_regular!("timestamp")),
);
/// Those that other programs wrote in another form.
pub(super) const IRREGULAR_EVENTS: Index = Index::new(
    "libmcoda_events_irregular",
    concat!("task_status_events(from_status, to_status) WHERE NOT (", is_regular!("timestamp"), ")"),
);
pub(super) const RUNS_OF_TASK: Index = Index::new("libmcoda_task_runs_task", "task_runs(task_id)");
/// The runs of a command, in order of the time at which they finished.
pub(super) const RUNS: Index = Index::new(
    "libmcoda_task_runs",
    concat!("task_runs(command, status, finished_at) WHERE ", is_regular!("finished_at")),
);
/// Those that have not finished, or whose time another program wrote in another form.
pub(super) const IRREGULAR_RUNS: Index = Index::new(
    "libmcoda_task_runs_irregular",
    concat!(
        "task_runs(command, status) WHERE (finished_at IS NULL OR NOT (",
        is_regular!("finished_at"),
        "))"
    ),
);

/// All of them.
pub(crate) const INDEXES: &[Index] = &[
    TASK_KEYS,
    TASKS_OF_PROJECT,
    TASKS_OF_EPIC,
    TASKS_OF_ASSIGNEE,
    EVENTS,
    IRREGULAR_EVENTS,
    RUNS_OF_TASK,
    RUNS,
    IRREGULAR_RUNS,
];

impl Index {
    pub(super) const fn new(name: &'static str, definition: &'static str) -> Self {
        Self { name, definition }
    }

    /// The statement that creates it, as SQLite stores it.
    pub(crate) fn statement(&self) -> String {
        format!("CREATE INDEX {} ON {}", self.name, self.definition)
    }
}

/// Whether the database has all of them, and the index of the data model for the events of a task.
pub(crate) fn are_present(connection: &Connection) -> Result<bool> {
    Ok(has(connection, INDEXES)? && {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema
                    WHERE name = 'idx_task_status_events_task_id_timestamp' AND type = 'index')";
        connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?
    })
}

/// Whether the database has these indexes.
pub(crate) fn has(connection: &Connection, indexes: &[Index]) -> Result<bool> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND name LIKE 'libmcoda%'";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let (Ok(name), Ok(sql)) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_str()) else { continue };
        found += usize::from(indexes.iter().any(|index| index.name == name && is_made_by(sql, index)));
    }
    Ok(found == indexes.len())
}

/// Whether the index was created by this statement, and is not another one of the same name.
fn is_made_by(sql: &str, index: &Index) -> bool {
    let rest = sql.strip_prefix("CREATE INDEX ").and_then(|rest| rest.strip_prefix(index.name));
    rest.and_then(|rest| rest.strip_prefix(" ON ")) == Some(index.definition)
}
