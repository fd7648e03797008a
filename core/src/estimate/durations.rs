//! The contract's throughput bound: remaining hours at this velocity.

use serde::{Deserialize, Serialize};

use super::present::Present;
use super::velocity::Velocity;
use crate::number;

/// Remaining hours in each lane; null if a lane has work and no velocity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DurationsHours {
    /// Story points to implement / velocity, minus the hours already spent on tasks in progress; 0 or more.
    #[serde(serialize_with = "number::json_option")]
    pub implementation_hours: Option<f64>,
    /// Story points to review / velocity.
    #[serde(serialize_with = "number::json_option")]
    pub review_hours: Option<f64>,
    /// Story points to test / velocity.
    #[serde(serialize_with = "number::json_option")]
    pub qa_hours: Option<f64>,
    /// The largest of: the implementation, everything not yet reviewed / review velocity, everything not yet completed
    /// / QA velocity.
    #[serde(serialize_with = "number::json_option")]
    pub total_hours: Option<f64>,
}

pub(super) fn durations(present: &Present, velocity: &Velocity) -> DurationsHours {
    let totals = &present.totals;
    let (implementation, review, qa) =
        (totals.implementation.story_points, totals.review.story_points, totals.qa.story_points);
    let implementation_hours = hours_at(implementation, velocity.implementation_sp_per_hour)
        .map(|hours| (hours - present.hours_in_progress).max(0.0));
    let to_review = hours_at(implementation + review, velocity.review_sp_per_hour);
    let to_test = hours_at(implementation + review + qa, velocity.qa_sp_per_hour);
    let total = || Some(implementation_hours?.max(to_review?).max(to_test?));
    DurationsHours {
        implementation_hours,
        review_hours: hours_at(review, velocity.review_sp_per_hour),
        qa_hours: hours_at(qa, velocity.qa_sp_per_hour),
        total_hours: total(),
    }
}

/// No work takes no time, whatever the velocity; work without velocity never ends.
pub(super) fn hours_at(story_points: f64, sp_per_hour: f64) -> Option<f64> {
    if story_points <= 0.0 {
        return Some(0.0);
    }
    let hours = story_points / sp_per_hour;
    (sp_per_hour > 0.0 && hours.is_finite()).then_some(hours)
}
