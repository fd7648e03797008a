//! Finding and deleting tasks.

use rusqlite::{Connection, params};

use super::scope::{self, CONDITION, ScopeIds};
use super::stored;
use super::tasks::{Task, Tasks, find};
use crate::definition::record;
use crate::error::{Error, Result};
use crate::sorting::sort_by;
use crate::{natural_order, status};

record! {
    /// Selects tasks; by default all of them.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct TaskFilter("filter", "camelCase"): input {
        /// Only tasks of the project with this key. An unknown key is `NotFound`.
        pub project_key: Option<String>,
        /// Only tasks of the epic with this key. A key that several epics have needs `projectKey`, too.
        pub epic_key: Option<String>,
        /// Only tasks of the user story with this key. A key that several stories have needs `epicKey` or `projectKey`, too.
        pub story_key: Option<String>,
        /// Only tasks with one of these statuses; case, surrounding blanks and older names do not matter.
        pub statuses: Vec<String>,
        /// Only tasks of this type.
        pub task_type as "type": Option<String>,
        /// Only tasks of this person; case is ignored.
        pub assignee: Option<String>,
        /// Only tasks that are assigned to the agent with this id.
        pub agent_id: Option<String>,
    }
}

record! {
    /// What was deleted with a task.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct DeletedTask("deletedTask", "camelCase"): {
        /// The id of the task.
        pub task_id: String,
        /// How many status events were deleted with it.
        pub status_events: u64,
        /// How many task runs were deleted with it.
        pub task_runs: u64,
        /// How many records of usage belonged to it. They are kept, without the task.
        pub token_usage: u64,
    }
}

impl Tasks<'_> {
    /// The tasks that match the filter, by key.
    ///
    /// Errors: `NotFound` for an unknown key; `InvalidInput` for a key that several epics or stories have.
    pub fn find(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        self.0.access.read(|tx| {
            let scope = filter.scope(tx)?;
            let sql = format!("SELECT * FROM tasks WHERE {CONDITION}");
            let mut found: Vec<Task> =
                stored::all(tx, &sql, params![scope.project, scope.epic, scope.story])?;
            found.retain(|task| filter.matches(task));
            sort_by(&mut found, |a, b| natural_order::compare_rows((&a.key, &a.id), (&b.key, &b.id)));
            Ok(found)
        })
    }

    /// Deletes the task with this id or key, with its status events, runs, comments and locks, in one transaction. Its
    /// usage is kept without the task: what it cost is still a part of every sum, and of the costs that belong to no task.
    /// The JSON log is not changed. It reads the recorded usage once, and once more for each run of the task.
    ///
    /// Errors: `NotFound` for an unknown task; `InvalidInput` for a key that several tasks have.
    pub fn delete(&self, id_or_key: &str) -> Result<DeletedTask> {
        self.0.access.write(|tx| {
            let task = find(tx, id_or_key)?
                .ok_or_else(|| Error::not_found("task", "task with id or key", id_or_key))?;
            let count = |table: &str| -> Result<u64> {
                let sql = format!("SELECT count(*) FROM {table} WHERE task_id = ?1");
                let count: i64 = tx.query_row(&sql, [&task.id], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            let deleted = DeletedTask {
                status_events: count("task_status_events")?,
                task_runs: count("task_runs")?,
                token_usage: count("token_usage")?,
                task_id: task.id.clone(),
            };
            stored::check_changed("tasks", tx.execute("DELETE FROM tasks WHERE id = ?1", [&task.id])?)?;
            Ok(deleted)
        })
    }
}

impl TaskFilter {
    fn scope(&self, tx: &Connection) -> Result<ScopeIds> {
        let [project, epic, story] =
            [&self.project_key, &self.epic_key, &self.story_key].map(Option::as_deref);
        scope::resolve(tx, project, epic, story)
    }

    fn matches(&self, task: &Task) -> bool {
        let is_person = |name: &String| {
            let folded = |name: &str| name.trim().to_lowercase();
            task.assignee_human.as_deref().map(folded) == Some(folded(name))
        };
        (self.statuses.is_empty() || self.statuses.iter().any(|own| status::same(own, &task.status)))
            && (self.task_type.is_none() || self.task_type == task.task_type)
            && self.assignee.as_ref().is_none_or(is_person)
            && (self.agent_id.is_none() || self.agent_id == task.assigned_agent_id)
    }
}
