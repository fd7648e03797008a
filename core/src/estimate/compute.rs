//! `velocity` and `estimate`: from rows to results.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::backlog::{self, BacklogTotals, Completions, StatusCounts};
use super::durations::{self, DurationsHours};
use super::history::History;
use super::inferred_events::{self, Run};
use super::lane::PerLane;
use super::options::{EstimateOptions, VelocityMode};
use super::progress::{self, NextTransitions, Wip};
use super::schedule::{Etas, Schedule};
use super::scope::{self, Scope};
use super::settings::VelocitySettings;
use super::velocity::{self, Velocity};
use crate::definition::{Described, Kind};
use crate::error::Result;
use crate::time::Timestamp;

/// The remaining work, the velocity, and when the work will be done.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{EstimateOptions, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let options = EstimateOptions { sp_per_hour_all: Some(6.0), ..EstimateOptions::default() };
/// let estimate = workspace.estimate(&options)?;
/// assert_eq!(estimate.etas.complete_eta, Some(estimate.now)); // nothing is left to do
/// # #[cfg(feature = "report")]
/// println!("{estimate}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Estimate {
    /// The scope of the estimate.
    pub scope: Scope,
    /// The time at which it starts.
    pub now: Timestamp,
    /// The backlog by lanes.
    pub backlog_totals: BacklogTotals,
    /// The velocity used.
    pub effective_velocity: Velocity,
    /// Remaining hours: the contract's throughput bound.
    pub durations_hours: DurationsHours,
    /// When the last task reaches each milestone, by a schedule in which each lane processes its queue.
    pub etas: Etas,
    /// The number of tasks by status.
    pub status_counts: StatusCounts,
    /// The progress towards the milestones.
    pub completion: Completions,
    /// The tasks that are in a lane now, with their ages.
    pub wip: PerLane<Wip>,
    /// The next transitions, by the same schedule.
    pub next_transitions: NextTransitions,
}

impl Described for Estimate {
    const KIND: Kind = Kind::Named("Estimate");
}

impl Described for Velocity {
    const KIND: Kind = Kind::Named("Velocity");
}

/// The input of the computation. It is read in one transaction and evaluated afterwards, so that nobody waits for the
/// computation.
pub(crate) struct EstimateData {
    history: History,
    /// `None` if the velocity comes from the settings.
    runs: Option<Vec<Run>>,
}

/// Reads the input of a velocity: if it comes from the settings, only whether the scope exists.
pub(crate) fn load_velocity_data(tx: &Connection, options: &EstimateOptions) -> Result<EstimateData> {
    if uses_history(options) {
        return load_estimate_data(tx, options);
    }
    options.check_fields()?;
    scope::resolve(tx, options)?;
    Ok(EstimateData { history: History::default(), runs: None })
}

/// Reads the input of an estimate.
pub(crate) fn load_estimate_data(tx: &Connection, options: &EstimateOptions) -> Result<EstimateData> {
    options.check_fields()?;
    let scope = scope::resolve(tx, options)?;
    let history = History::load(tx, &scope, options.assignee.as_deref())?;
    let runs = uses_history(options).then(|| inferred_events::load(tx, &scope, &history)).transpose()?;
    Ok(EstimateData { history, runs })
}

fn uses_history(options: &EstimateOptions) -> bool {
    options.mode.unwrap_or_default() != VelocityMode::Config
}

impl EstimateData {
    pub(crate) fn velocity(self, options: &EstimateOptions, settings: &VelocitySettings) -> Velocity {
        match self.runs {
            None => velocity::from_config(settings, options),
            Some(runs) => velocity_from_history(options, settings, self.history, &runs),
        }
    }

    pub(crate) fn estimate(
        self,
        options: &EstimateOptions,
        settings: &VelocitySettings,
        workspace_id: &str,
        now: Timestamp,
    ) -> Estimate {
        let now = options.now.unwrap_or(now);
        let velocity = match &self.runs {
            None => velocity::from_config(settings, options),
            // Inferred events affect velocities only: ages and hours spent are computed from recorded events.
            Some(runs) => velocity_from_history(options, settings, self.history.clone(), runs),
        };
        let tasks = &self.history.tasks;
        let backlog_totals = backlog::totals(tasks);
        let status_counts = backlog::status_counts(tasks);
        let schedule = Schedule::new(tasks, &velocity, now);
        Estimate {
            scope: Scope::new(workspace_id, options),
            now,
            backlog_totals,
            durations_hours: durations::durations(tasks, &backlog_totals, &velocity, now),
            etas: schedule.etas(now),
            status_counts,
            completion: backlog::completions(&status_counts),
            wip: progress::wip(tasks, now),
            next_transitions: progress::next_transitions(tasks, &schedule, now),
            effective_velocity: velocity,
        }
    }
}

fn velocity_from_history(
    options: &EstimateOptions,
    settings: &VelocitySettings,
    mut history: History,
    runs: &[Run],
) -> Velocity {
    inferred_events::infer(&mut history, runs, options.window());
    velocity::from_history(settings, options, options.mode.unwrap_or_default(), &history, runs)
}
