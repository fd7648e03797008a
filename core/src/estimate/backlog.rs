//! The amount of work, and of finished work.

use serde::{Deserialize, Serialize};

use super::lane::Lane;
use crate::number::{self, ExactSum};
use crate::status::{self, StatusLane, StatusSettings};

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
    /// Not started, in progress, sent back, and every status that is not listed below. A status that `statuses` in
    /// `config.json` names counts in the lane given there.
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

/// The status of a task, as far as estimates distinguish statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskState {
    InProgress,
    ReadyToCodeReview,
    ReadyToQa,
    Completed,
    Cancelled,
    Failed,
    ChangesRequested,
    /// One that the settings name.
    Further(StatusLane),
    Other,
}

impl TaskState {
    /// The state by the status as stored; a status that is not one of the pipeline counts as the settings say.
    pub(super) fn of(stored: &str, statuses: &StatusSettings) -> Self {
        match &*status::canonical(stored) {
            status::IN_PROGRESS => Self::InProgress,
            status::READY_TO_CODE_REVIEW => Self::ReadyToCodeReview,
            status::READY_TO_QA => Self::ReadyToQa,
            status::COMPLETED => Self::Completed,
            status::CANCELLED => Self::Cancelled,
            status::FAILED => Self::Failed,
            status::CHANGES_REQUESTED => Self::ChangesRequested,
            other => statuses.lane(other).map_or(Self::Other, Self::Further),
        }
    }

    /// The next lane of the task; `None` if it is finished.
    pub(super) fn next_lane(self) -> Option<Lane> {
        match self {
            Self::Completed | Self::Cancelled | Self::Further(StatusLane::Done) => None,
            Self::ReadyToCodeReview | Self::Further(StatusLane::Review) => Some(Lane::Review),
            Self::ReadyToQa | Self::Further(StatusLane::Qa) => Some(Lane::Qa),
            Self::InProgress
            | Self::Failed
            | Self::ChangesRequested
            | Self::Further(StatusLane::Implementation)
            | Self::Other => Some(Lane::Implementation),
        }
    }

    /// The lane that the task is in now.
    pub(super) fn lane(self) -> Option<Lane> {
        match self {
            Self::InProgress => Some(Lane::Implementation),
            Self::ReadyToCodeReview => Some(Lane::Review),
            Self::ReadyToQa => Some(Lane::Qa),
            _ => None,
        }
    }
}

/// The tasks of a backlog, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By next lane; finished tasks last.
    work: [(usize, ExactSum); 4],
    counts: StatusCounts,
    with_points: usize,
}

impl Tally {
    pub(super) fn add(&mut self, state: TaskState, story_points: Option<f64>) {
        self.add_all(state, story_points, 1);
    }

    /// Adds so many tasks of the same state and story points.
    pub(super) fn add_all(&mut self, state: TaskState, story_points: Option<f64>, count: u64) {
        let (tasks, points) = &mut self.work[state.next_lane().map_or(3, |lane| lane as usize)];
        points.add_times(story_points.unwrap_or(0.0), count);
        let count = count as usize;
        *tasks += count;
        self.with_points += if story_points.is_some() { count } else { 0 };
        self.counts.total += count;
        match state {
            TaskState::ReadyToCodeReview => self.counts.ready_to_code_review += count,
            TaskState::Failed => self.counts.failed += count,
            TaskState::InProgress => self.counts.in_progress += count,
            TaskState::ReadyToQa => self.counts.ready_to_qa += count,
            TaskState::Completed => self.counts.completed += count,
            TaskState::Cancelled | TaskState::ChangesRequested | TaskState::Further(_) | TaskState::Other => {
            }
        }
    }

    pub(super) fn totals(&self) -> BacklogTotals {
        let of = |(tasks, sum): &(usize, ExactSum)| Backlog { tasks: *tasks, story_points: sum.value() };
        let [implementation, review, qa, done] = self.work.each_ref().map(of);
        BacklogTotals { implementation, review, qa, done }
    }

    pub(super) fn counts(&self) -> StatusCounts {
        self.counts
    }

    /// The mean of the known story points; 0 if none are known.
    pub(super) fn mean_points(&self) -> f64 {
        let all = ExactSum::of_all(self.work.iter().map(|(_, sum)| sum)).value();
        if self.with_points == 0 { 0.0 } else { all / self.with_points as f64 }
    }
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
