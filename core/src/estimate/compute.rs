//! `velocity` and `estimate`: from rows to results.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::backlog::{self, BacklogTotals, Completions, StatusCounts};
use super::durations::{self, DurationsHours};
use super::history::History;
use super::inferred_events::{self, Run};
use super::lane::PerLane;
use super::newest::Newest;
use super::options::{EstimateOptions, VelocityMode};
use super::present::Present;
use super::progress::{self, NextTransitions, Wip};
use super::schedule::{Etas, Schedule};
use super::scope::{self, Scope};
use super::settings::VelocitySettings;
use super::source::{self, Source};
use super::velocity::{self, Measured, Velocity};
use crate::definition::{Described, Kind};
use crate::error::Result;
use crate::repository::scope_tasks::{IsPerson, TaskScope};
use crate::status::StatusSettings;
use crate::time::Timestamp;

/// The remaining work, the velocity, and when the work will be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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

/// The input of a velocity. It is read in one transaction and evaluated afterwards, so that nobody waits for the
/// computation.
pub(crate) struct VelocityData(Pace);

/// The input of an estimate.
pub(crate) struct EstimateData {
    present: Present,
    pace: Pace,
}

/// What velocities are computed from.
enum Pace {
    Config,
    Measured(Measured),
    /// A history without inferred transitions, and the successful runs on its tasks.
    History(History, Vec<Run>),
}

/// Reads the input of a velocity: if it comes from the settings, only whether the scope exists.
pub(crate) fn load_velocity_data(tx: &Connection, options: &EstimateOptions) -> Result<VelocityData> {
    options.check_fields()?;
    let scope = scope::resolve(tx, options)?;
    if !uses_history(options) {
        return Ok(VelocityData(Pace::Config));
    }
    let person = options.assignee.as_deref().map(scope::is_person);
    let scope = TaskScope { ids: &scope, person: person.as_ref().map(|is_person| is_person as IsPerson<'_>) };
    let newest = |newest: &mut Newest<'_>| newest.measured(options.window());
    Ok(VelocityData(match source::read(tx, scope, newest)? {
        Source::Newest(measured) => Pace::Measured(measured),
        Source::History(history, how) => {
            let runs = how.runs(tx, &history)?;
            Pace::History(history, runs)
        }
    }))
}

/// Reads the input of an estimate at the time `now`.
pub(crate) fn load_estimate_data(
    tx: &Connection,
    options: &EstimateOptions,
    statuses: &StatusSettings,
    now: Timestamp,
) -> Result<EstimateData> {
    options.check_fields()?;
    let now = options.now.unwrap_or(now);
    let ids = scope::resolve(tx, options)?;
    let person = options.assignee.as_deref().map(scope::is_person);
    let scope = TaskScope { ids: &ids, person: person.as_ref().map(|is_person| is_person as IsPerson<'_>) };
    let newest = |newest: &mut Newest<'_>| {
        let pace = if uses_history(options) {
            let Some(measured) = newest.measured(options.window())? else { return Ok(None) };
            Pace::Measured(measured)
        } else {
            Pace::Config
        };
        // A history with inferred transitions is for velocities alone.
        newest.forget();
        Ok(Present::newest(tx, &scope, newest, statuses, now)?.map(|present| EstimateData { present, pace }))
    };
    Ok(match source::read(tx, scope, newest)? {
        Source::Newest(data) => data,
        Source::History(history, how) => {
            let present = Present::of_history(&history, statuses, now);
            let pace = if uses_history(options) {
                let runs = how.runs(tx, &history)?;
                Pace::History(history, runs)
            } else {
                Pace::Config
            };
            EstimateData { present, pace }
        }
    })
}

fn uses_history(options: &EstimateOptions) -> bool {
    options.mode.unwrap_or_default() != VelocityMode::Config
}

impl Pace {
    fn velocity(self, options: &EstimateOptions, settings: &VelocitySettings) -> Velocity {
        let measured = match self {
            Self::Config => return velocity::from_config(settings, options),
            Self::Measured(measured) => measured,
            Self::History(mut history, runs) => {
                inferred_events::infer(&mut history, &runs, options.window());
                velocity::measured(&history, &runs, options.window())
            }
        };
        velocity::from_history(settings, options, measured)
    }
}

impl VelocityData {
    pub(crate) fn velocity(self, options: &EstimateOptions, settings: &VelocitySettings) -> Velocity {
        self.0.velocity(options, settings)
    }
}

impl EstimateData {
    /// The estimate at the time `now`, the one with which the data was read.
    pub(crate) fn estimate(
        self,
        options: &EstimateOptions,
        settings: &VelocitySettings,
        workspace_id: &str,
        now: Timestamp,
    ) -> Estimate {
        let now = options.now.unwrap_or(now);
        // Inferred events affect velocities only: ages and hours spent are computed from recorded events.
        let velocity = self.pace.velocity(options, settings);
        let present = &self.present;
        let schedule = Schedule::new(present, &velocity, now);
        Estimate {
            scope: Scope::new(workspace_id, options),
            now,
            backlog_totals: present.totals,
            durations_hours: durations::durations(present, &velocity, now),
            etas: schedule.etas(now),
            status_counts: present.counts,
            completion: backlog::completions(&present.counts),
            wip: progress::wip(present, now),
            next_transitions: progress::next_transitions(&present.tasks, &schedule, now),
            effective_velocity: velocity,
        }
    }
}
