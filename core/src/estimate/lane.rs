//! The three lanes of a task, and the statuses that delimit them.

use serde::{Deserialize, Serialize};

use crate::status::{self, Meaning, StatusLane};

/// A stage of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Implementation,
    Review,
    Qa,
}

impl Lane {
    pub(super) const ALL: [Self; 3] = [Self::Implementation, Self::Review, Self::Qa];

    /// The status of a task that is in this lane.
    pub(super) fn start_status(self) -> &'static str {
        match self {
            Self::Implementation => status::IN_PROGRESS,
            Self::Review => status::READY_TO_CODE_REVIEW,
            Self::Qa => status::READY_TO_QA,
        }
    }

    /// The status of a task that has left this lane.
    pub(super) fn end_status(self) -> &'static str {
        match self {
            Self::Implementation => status::READY_TO_CODE_REVIEW,
            Self::Review => status::READY_TO_QA,
            Self::Qa => status::COMPLETED,
        }
    }

    pub(super) fn start(self) -> Meaning {
        match self {
            Self::Implementation => Meaning::InProgress,
            Self::Review => Meaning::ReadyToCodeReview,
            Self::Qa => Meaning::ReadyToQa,
        }
    }

    pub(super) fn end(self) -> Meaning {
        match self {
            Self::Implementation => Meaning::ReadyToCodeReview,
            Self::Review => Meaning::ReadyToQa,
            Self::Qa => Meaning::Completed,
        }
    }

    /// The lane that a task with this status is in; `None` if it is in none, or done.
    pub(super) fn of(status: Meaning) -> Option<Self> {
        match status.lane()? {
            StatusLane::Implementation => Some(Self::Implementation),
            StatusLane::Review => Some(Self::Review),
            StatusLane::Qa => Some(Self::Qa),
            StatusLane::Done => None,
        }
    }

    /// Whether a task comes into the lane by this change of status. Between two statuses of one lane it stays there, but a
    /// repeated one of the pipeline begins a new visit.
    pub(super) fn is_entered(self, from: Meaning, to: Meaning) -> bool {
        Self::of(to) == Some(self) && (Self::of(from) != Some(self) || self.is_repeated(from, to))
    }

    /// Whether a task leaves the lane by this change of status.
    pub(super) fn is_left(self, from: Meaning, to: Meaning) -> bool {
        Self::of(from) == Some(self) && Self::of(to) != Some(self)
    }

    /// Whether both are the lane's status of the pipeline.
    pub(super) fn is_repeated(self, from: Meaning, to: Meaning) -> bool {
        from == self.start() && to == self.start()
    }

    /// The next lane of a task with this status; `None` if it is finished.
    pub(super) fn next(status: Meaning) -> Option<Self> {
        let is_finished = status.is_done() || status == Meaning::Cancelled;
        if is_finished { None } else { Some(Self::of(status).unwrap_or(Self::Implementation)) }
    }

    /// Its name in results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Implementation => "implementation",
            Self::Review => "review",
            Self::Qa => "qa",
        }
    }

    /// The command that works in this lane.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Implementation => "work-on-tasks",
            Self::Review => "code-review",
            Self::Qa => "qa-tasks",
        }
    }
}

/// One value for each lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PerLane<T> {
    /// From `in_progress` to `ready_to_code_review`.
    pub implementation: T,
    /// From `ready_to_code_review` to `ready_to_qa`.
    pub review: T,
    /// From `ready_to_qa` to `completed`.
    pub qa: T,
}

impl<T> PerLane<T> {
    pub(super) fn from_fn(mut value: impl FnMut(Lane) -> T) -> Self {
        Self { implementation: value(Lane::Implementation), review: value(Lane::Review), qa: value(Lane::Qa) }
    }

    pub(super) fn of_mut(&mut self, lane: Lane) -> &mut T {
        match lane {
            Lane::Implementation => &mut self.implementation,
            Lane::Review => &mut self.review,
            Lane::Qa => &mut self.qa,
        }
    }

    pub(super) fn of(&self, lane: Lane) -> &T {
        match lane {
            Lane::Implementation => &self.implementation,
            Lane::Review => &self.review,
            Lane::Qa => &self.qa,
        }
    }
}
