//! The amount of work, and of finished work.

use serde::{Deserialize, Serialize};

use super::history::TaskHistory;
use super::lane::Lane;
use crate::number::{self, ExactSum};
use crate::status;

/// Tasks and their story points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Backlog {
    /// The number of tasks.
    pub tasks: usize,
    /// The sum of their story points; a task without story points counts as 0.
    #[serde(serialize_with = "number::json")]
    pub story_points: f64,
}

/// The backlog, by the next lane of each task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BacklogTotals {
    /// Not started, in progress, sent back, and every status not listed below.
    pub implementation: Backlog,
    /// Ready for review.
    pub review: Backlog,
    /// Ready for QA.
    pub qa: Backlog,
    /// Completed or cancelled.
    pub done: Backlog,
}

/// The number of tasks by status. `total` counts all tasks, including cancelled ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the statuses")]
#[non_exhaustive]
pub struct StatusCounts {
    pub total: usize,
    pub ready_to_code_review: usize,
    pub failed: usize,
    pub in_progress: usize,
    pub ready_to_qa: usize,
    pub completed: usize,
}

/// The progress towards a milestone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Completion {
    /// Tasks that have reached it.
    pub done: usize,
    /// All tasks.
    pub total: usize,
    /// 100 × done / total; 0 if there are no tasks.
    #[serde(serialize_with = "number::json")]
    pub percent: f64,
}

/// The progress towards the milestones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Completions {
    /// Implemented: ready for review, ready for QA, or completed.
    pub work_on_tasks: Completion,
    /// Reviewed: ready for QA or completed.
    pub ready_to_qa: Completion,
    /// Completed.
    pub done: Completion,
}

/// The next lane of a task; `None` if it is finished.
pub(super) fn next_lane(task: &TaskHistory) -> Option<Lane> {
    match &*status::canonical(&task.row.status) {
        status::COMPLETED | status::CANCELLED => None,
        status::READY_TO_CODE_REVIEW => Some(Lane::Review),
        status::READY_TO_QA => Some(Lane::Qa),
        _ => Some(Lane::Implementation),
    }
}

pub(super) fn totals(tasks: &[TaskHistory]) -> BacklogTotals {
    let of = |lane: Option<Lane>| {
        let mut count = 0;
        let mut sum = ExactSum::default();
        for task in tasks.iter().filter(|task| next_lane(task) == lane) {
            count += 1;
            sum.add(task.row.story_points.unwrap_or(0.0));
        }
        Backlog { tasks: count, story_points: sum.value() }
    };
    BacklogTotals {
        implementation: of(Some(Lane::Implementation)),
        review: of(Some(Lane::Review)),
        qa: of(Some(Lane::Qa)),
        done: of(None),
    }
}

pub(super) fn status_counts(tasks: &[TaskHistory]) -> StatusCounts {
    let mut counts = StatusCounts { total: tasks.len(), ..StatusCounts::default() };
    for task in tasks {
        match &*status::canonical(&task.row.status) {
            status::READY_TO_CODE_REVIEW => counts.ready_to_code_review += 1,
            status::FAILED => counts.failed += 1,
            status::IN_PROGRESS => counts.in_progress += 1,
            status::READY_TO_QA => counts.ready_to_qa += 1,
            status::COMPLETED => counts.completed += 1,
            _ => {}
        }
    }
    counts
}

pub(super) fn completions(counts: &StatusCounts) -> Completions {
    let of = |done: usize| {
        let percent = if counts.total == 0 { 0.0 } else { done as f64 / counts.total as f64 * 100.0 };
        Completion { done, total: counts.total, percent }
    };
    let reviewed = counts.ready_to_qa + counts.completed;
    Completions {
        work_on_tasks: of(counts.ready_to_code_review + reviewed),
        ready_to_qa: of(reviewed),
        done: of(counts.completed),
    }
}
