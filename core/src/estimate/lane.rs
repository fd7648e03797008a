//! The three lanes of a task, and the statuses that delimit them.

use serde::{Deserialize, Serialize};

use crate::status;

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

    pub(super) fn start(self) -> Step {
        Step::of(self.start_status())
    }

    pub(super) fn end(self) -> Step {
        Step::of(self.end_status())
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

/// A status, as far as lanes distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    InProgress,
    ReadyToCodeReview,
    ReadyToQa,
    Completed,
    Other,
}

impl Step {
    pub(super) fn of(stored: &str) -> Self {
        // Nearly all names are stored in normalised form, and histories are long.
        let word = |word: &str| match word {
            status::IN_PROGRESS => Some(Self::InProgress),
            status::READY_TO_CODE_REVIEW => Some(Self::ReadyToCodeReview),
            status::READY_TO_QA => Some(Self::ReadyToQa),
            status::COMPLETED => Some(Self::Completed),
            status::NOT_STARTED => Some(Self::Other),
            _ => None,
        };
        word(stored).or_else(|| word(&status::canonical(stored))).unwrap_or(Self::Other)
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
