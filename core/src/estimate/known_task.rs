//! What is kept of a task's row.

use std::cmp::Ordering;

use crate::natural_order;
use crate::repository::task_rows::TaskRow;

/// A task. There may be many, so that its key and its id are one text, and its other columns are left out.
#[derive(Debug, Clone)]
pub(super) struct KnownTask {
    /// The key, followed by the id.
    names: Box<str>,
    key_bytes: usize,
    pub(super) story_points: Option<f64>,
    priority: Option<i64>,
}

impl KnownTask {
    pub(super) fn new(row: &TaskRow) -> Self {
        Self {
            names: [&*row.key, &*row.id].concat().into(),
            key_bytes: row.key.len(),
            story_points: row.story_points,
            priority: row.priority,
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.names[..self.key_bytes]
    }

    pub(super) fn id(&self) -> &str {
        &self.names[self.key_bytes..]
    }

    /// The order of a backlog: by priority, those without one last, and by key.
    pub(super) fn backlog_order(&self, other: &Self) -> Ordering {
        let priority = |task: &Self| (task.priority.is_none(), task.priority);
        let by_key = || natural_order::compare_rows((self.key(), self.id()), (other.key(), other.id()));
        priority(self).cmp(&priority(other)).then_with(by_key)
    }
}
