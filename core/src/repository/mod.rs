//! SQL, one file per table group: rows in, rows out, no policy.

pub(crate) mod check;
mod command_runs;
mod epics;
mod projects;
pub(crate) mod stored;
mod stories;
mod task_filter;

pub(crate) mod agent_names;
pub(crate) mod agents;
pub(crate) mod health;
pub(crate) mod indexes;
pub(crate) mod jobs;
pub(crate) mod log_queue;
pub(crate) mod newest_events;
mod newest_first;
pub(crate) mod newest_runs;
pub(crate) mod scope;
pub(crate) mod scope_tasks;
pub(crate) mod session_usage;
pub(crate) mod status_events;
pub(crate) mod task_costs;
pub(crate) mod task_rows;
pub(crate) mod task_runs;
pub(crate) mod tasks;
pub(crate) mod token_usage;
pub(crate) mod usage_scan;
pub(crate) mod usage_times;
pub(crate) mod workspace_ids;

pub use command_runs::{CommandRun, CommandRunEnd, CommandRuns, NewCommandRun};
pub use epics::{Epic, Epics, NewEpic};
pub use jobs::{Job, Jobs, NewJob};
pub use projects::{NewProject, Project, Projects};
pub use status_events::StatusEvent;
pub use stories::{NewStory, Stories, Story};
pub use task_filter::{DeletedTask, TaskFilter};
pub use task_runs::{NewTaskRun, TaskRun, TaskRuns};
pub use tasks::{NewTask, Task, Tasks};
pub use workspace_ids::{KnownWorkspace, Relocated};

use rusqlite::Connection;

use crate::error::Result;
use crate::id::IdSource;
use crate::sqlite::{Access, row};
use crate::time::Clock;

/// The part of a handle that a repository needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Store<'a> {
    pub(crate) access: &'a Access,
    pub(crate) clock: Clock,
    pub(crate) ids: &'a IdSource,
    /// Whether a counter that the caller does not give is NULL.
    pub(crate) null_as_absent: bool,
}

impl Store<'_> {
    /// Inserts many rows in one transaction: all or none. All are checked before the first one is inserted. An error names
    /// the row by its place.
    fn insert_many<N, R>(
        &self,
        noun: &str,
        new: &[N],
        check: impl Fn(&N) -> Result<()>,
        insert: impl Fn(&Connection, &N) -> Result<R>,
    ) -> Result<Vec<R>> {
        let place = |index: usize| format!("{noun} {} of {}", index + 1, new.len());
        for (index, one) in new.iter().enumerate() {
            check(one).map_err(|error| error.context(place(index)))?;
        }
        self.access.write(|tx| {
            let rows = new.iter().enumerate();
            rows.map(|(index, one)| insert(tx, one).map_err(|error| error.context(place(index)))).collect()
        })
    }
}
