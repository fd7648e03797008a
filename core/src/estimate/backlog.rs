//! The amount of work, and of finished work.

use serde::{Deserialize, Serialize};

use super::lane::Lane;
use crate::number::{self, ExactSum};
use crate::status::{Meaning, StatusLane};

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

/// The progress towards the milestones. A status that `statuses` in `config.json` names counts in the lane given there.
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

/// The tasks of a backlog, counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By next lane; finished tasks last.
    work: [(usize, ExactSum); 4],
    counts: StatusCounts,
    /// How many tasks are implemented, reviewed and done.
    reached: [usize; 3],
    with_points: usize,
}

impl Tally {
    pub(super) fn add(&mut self, state: Meaning, story_points: Option<f64>) {
        self.add_all(state, story_points, 1);
    }

    /// Adds so many tasks of the same state and story points.
    pub(super) fn add_all(&mut self, state: Meaning, story_points: Option<f64>, count: u64) {
        let (tasks, points) = &mut self.work[Lane::next(state).map_or(3, |lane| lane as usize)];
        points.add_times(story_points.unwrap_or(0.0), count);
        let count = count as usize;
        *tasks += count;
        self.with_points += if story_points.is_some() { count } else { 0 };
        self.counts.total += count;
        match state {
            Meaning::ReadyToCodeReview => self.counts.ready_to_code_review += count,
            Meaning::Failed => self.counts.failed += count,
            Meaning::InProgress => self.counts.in_progress += count,
            Meaning::ReadyToQa => self.counts.ready_to_qa += count,
            Meaning::Completed => self.counts.completed += count,
            Meaning::NotStarted
            | Meaning::Cancelled
            | Meaning::ChangesRequested
            | Meaning::Further(_)
            | Meaning::Other => {}
        }
        let reached = match state.lane() {
            None | Some(StatusLane::Implementation) => 0,
            Some(StatusLane::Review) => 1,
            Some(StatusLane::Qa) => 2,
            Some(StatusLane::Done) => 3,
        };
        self.reached[..reached].iter_mut().for_each(|tasks| *tasks += count);
    }

    pub(super) fn totals(&self) -> BacklogTotals {
        let of = |(tasks, sum): &(usize, ExactSum)| Backlog { tasks: *tasks, story_points: sum.value() };
        let [implementation, review, qa, done] = self.work.each_ref().map(of);
        BacklogTotals { implementation, review, qa, done }
    }

    pub(super) fn counts(&self) -> StatusCounts {
        self.counts
    }

    pub(super) fn completions(&self) -> Completions {
        let total = self.counts.total;
        let of = |done: usize| {
            let percent = if total == 0 { 0.0 } else { done as f64 / total as f64 * 100.0 };
            Completion { done, total, percent }
        };
        let [work_on_tasks, ready_to_qa, done] = self.reached.map(of);
        Completions { work_on_tasks, ready_to_qa, done }
    }

    /// The mean of the known story points; 0 if none are known.
    pub(super) fn mean_points(&self) -> f64 {
        let all = ExactSum::of_all(self.work.iter().map(|(_, sum)| sum)).value();
        if self.with_points == 0 { 0.0 } else { all / self.with_points as f64 }
    }
}
