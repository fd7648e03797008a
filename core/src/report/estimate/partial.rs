//! Velocities and estimates in which fields may be missing: an older server omits fields that are optional in the
//! contract.

use serde::Deserialize;

use crate::estimate::{
    BacklogTotals, Completions, DurationsHours, Estimate, Etas, Forecast, NextTransitions, PerLane, Scope,
    StatusCounts, Velocity, VelocityMode, Wip,
};
use crate::time::Timestamp;

/// A [`Velocity`] in which newer fields may be missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartialVelocity {
    pub(super) implementation_sp_per_hour: f64,
    pub(super) review_sp_per_hour: f64,
    pub(super) qa_sp_per_hour: f64,
    pub(super) source: VelocityMode,
    pub(super) requested_mode: Option<VelocityMode>,
    pub(super) window_tasks: Option<usize>,
    pub(super) samples: Option<PerLane<usize>>,
}

/// An [`Estimate`] in which newer fields may be missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartialEstimate {
    pub(super) scope: Scope,
    pub(super) now: Option<Timestamp>,
    pub(super) backlog_totals: BacklogTotals,
    pub(super) effective_velocity: PartialVelocity,
    pub(super) durations_hours: DurationsHours,
    pub(super) etas: Etas,
    pub(super) status_counts: Option<StatusCounts>,
    pub(super) completion: Option<Completions>,
    pub(super) wip: Option<PerLane<Wip>>,
    pub(super) next_transitions: Option<NextTransitions>,
    pub(super) forecast: Option<Forecast>,
}

impl From<&Velocity> for PartialVelocity {
    fn from(velocity: &Velocity) -> Self {
        Self {
            implementation_sp_per_hour: velocity.implementation_sp_per_hour,
            review_sp_per_hour: velocity.review_sp_per_hour,
            qa_sp_per_hour: velocity.qa_sp_per_hour,
            source: velocity.source,
            requested_mode: Some(velocity.requested_mode),
            window_tasks: Some(velocity.window_tasks),
            samples: Some(velocity.samples),
        }
    }
}

impl From<&Estimate> for PartialEstimate {
    fn from(estimate: &Estimate) -> Self {
        Self {
            scope: estimate.scope.clone(),
            now: Some(estimate.now),
            backlog_totals: estimate.backlog_totals,
            effective_velocity: (&estimate.effective_velocity).into(),
            durations_hours: estimate.durations_hours,
            etas: estimate.etas,
            status_counts: Some(estimate.status_counts),
            completion: Some(estimate.completion),
            wip: Some(estimate.wip.clone()),
            next_transitions: Some(estimate.next_transitions.clone()),
            forecast: estimate.forecast.clone(),
        }
    }
}
