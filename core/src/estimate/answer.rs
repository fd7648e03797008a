//! `velocity` and `estimate`, from the rows to the answer.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::backlog::{self, BacklogTotals, Completions, StatusCounts};
use super::durations::{self, DurationsHours};
use super::history::History;
use super::lane::PerLane;
use super::options::{EstimateOptions, VelocityMode};
use super::progress::{self, NextTransitions, Wip};
use super::schedule::{Etas, Schedule};
use super::scope::{self, Scope};
use super::settings::VelocitySettings;
use super::stand_in::{self, Run};
use super::velocity::{self, Velocity};
use crate::definition::{Described, Kind};
use crate::error::Result;
use crate::time::Timestamp;

/// How much is left, how fast it goes, and when it will be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// What the estimate is about.
    pub scope: Scope,
    /// The moment that it starts from.
    pub now: Timestamp,
    /// The backlog by lanes.
    pub backlog_totals: BacklogTotals,
    /// The velocity that it uses.
    pub effective_velocity: Velocity,
    /// Hours of work left: the contract's throughput bound.
    pub durations_hours: DurationsHours,
    /// When the last task gets there, by a schedule in which each lane works through its queue.
    pub etas: Etas,
    /// How many tasks have which status.
    pub status_counts: StatusCounts,
    /// How far the milestones are reached.
    pub completion: Completions,
    /// The tasks that are in a lane now, with their ages.
    pub wip: PerLane<Wip>,
    /// Who gets where next, by the same schedule.
    pub next_transitions: NextTransitions,
}

impl Described for Estimate {
    const KIND: Kind = Kind::Named("Estimate");
}

impl Described for Velocity {
    const KIND: Kind = Kind::Named("Velocity");
}

/// What the answers are computed from. It is read in one transaction, and computed after that: nobody waits meanwhile.
pub(crate) struct Gathered {
    history: History,
    /// None where the velocity is not measured.
    runs: Option<Vec<Run>>,
}

/// Reads what a velocity needs: nothing but whether the scope is there, where it comes from the settings alone.
pub(crate) fn gather_for_velocity(tx: &Connection, options: &EstimateOptions) -> Result<Gathered> {
    if measures(options) {
        return gather(tx, options);
    }
    options.check_fields()?;
    scope::resolve(tx, options)?;
    Ok(Gathered { history: History::default(), runs: None })
}

/// Reads what an estimate needs.
pub(crate) fn gather(tx: &Connection, options: &EstimateOptions) -> Result<Gathered> {
    options.check_fields()?;
    let scope = scope::resolve(tx, options)?;
    let history = History::load(tx, &scope, options.assignee.as_deref())?;
    let runs = measures(options).then(|| stand_in::load(tx, &scope, &history)).transpose()?;
    Ok(Gathered { history, runs })
}

fn measures(options: &EstimateOptions) -> bool {
    options.mode.unwrap_or_default() != VelocityMode::Config
}

impl Gathered {
    pub(crate) fn velocity(self, options: &EstimateOptions, settings: &VelocitySettings) -> Velocity {
        match self.runs {
            None => velocity::from_config(settings, options),
            Some(runs) => measured(options, settings, self.history, &runs),
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
            // The stand-ins serve the velocity alone: ages and hours spent are about what was recorded.
            Some(runs) => measured(options, settings, self.history.clone(), runs),
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

fn measured(
    options: &EstimateOptions,
    settings: &VelocitySettings,
    mut history: History,
    runs: &[Run],
) -> Velocity {
    stand_in::fill(&mut history, runs, options.window());
    velocity::from_history(settings, options, options.mode.unwrap_or_default(), &history, runs)
}
