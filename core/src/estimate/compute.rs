//! `velocity` and `estimate`: from rows to results.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::backlog::{self, BacklogTotals, Completions, StatusCounts};
use super::backtest::{self, Backtest};
use super::durations::{self, DurationsHours};
use super::flow_rows::{self, FlowDay, LaneVisit, ThroughputDay};
use super::forecast::FEWEST_COSTS;
use super::history::{History, TaskHistory};
use super::inferred_events::{self, Run};
use super::lane::{PerLane, Step};
use super::lane_times::{self, LaneTime};
use super::options::{EstimateOptions, VelocityMode};
use super::prediction::{self, Forecast};
use super::progress::{self, NextTransitions, Wip};
use super::schedule::{Etas, Schedule};
use super::scope::{self, Scope};
use super::settings::VelocitySettings;
use super::timeline::Timeline;
use super::velocity::{self, Velocity};
use super::working_time::WorkingTime;
use crate::definition::{Described, Kind};
use crate::error::Result;
use crate::paths::Config;
use crate::repository::task_costs::{self, TaskCost};
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
    /// When the last task reaches each milestone: the forecast's P50, or, if the velocity comes from the settings or there
    /// is no forecast, a schedule in which each lane processes its queue.
    pub etas: Etas,
    /// The number of tasks by status.
    pub status_counts: StatusCounts,
    /// The progress towards the milestones.
    pub completion: Completions,
    /// The tasks that are in a lane now, with their ages.
    pub wip: PerLane<Wip>,
    /// The next transitions, by the same schedule.
    pub next_transitions: NextTransitions,
    /// How long tasks spend in each lane.
    pub lane_times: PerLane<LaneTime>,
    /// When the milestones are reached, and how sure that is; absent if it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
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
    /// Empty if no forecast is to be made of it.
    costs: Vec<TaskCost>,
    /// The call's own calendar.
    working_time: Option<WorkingTime>,
}

/// Reads the input of a velocity: if it comes from the settings, only whether the scope exists.
pub(crate) fn load_velocity_data(tx: &Connection, options: &EstimateOptions) -> Result<EstimateData> {
    if uses_history(options) {
        return load(tx, options);
    }
    options.check()?;
    scope::resolve(tx, options)?;
    Ok(EstimateData::new(History::default()))
}

/// Reads the input of an estimate.
pub(crate) fn load_estimate_data(tx: &Connection, options: &EstimateOptions) -> Result<EstimateData> {
    let mut data = load(tx, options)?;
    // The costs take a pass over all usage records, so they are not read in vain.
    let is_done = |task: &&TaskHistory| task.step == Step::Completed;
    let has_samples = data.history.tasks.iter().filter(is_done).count() >= FEWEST_COSTS;
    if options.forecast != Some(false) && has_samples {
        data.costs = task_costs::all(tx)?;
    }
    Ok(data)
}

/// Reads the input of what is computed from the recorded transitions alone.
pub(crate) fn load_history(tx: &Connection, options: &EstimateOptions) -> Result<EstimateData> {
    let working_time = options.check()?;
    let scope = scope::resolve(tx, options)?;
    let history = History::load(tx, &scope, options.assignee.as_deref())?;
    Ok(EstimateData { working_time, ..EstimateData::new(history) })
}

fn load(tx: &Connection, options: &EstimateOptions) -> Result<EstimateData> {
    let mut data = load_history(tx, options)?;
    if uses_history(options) {
        let scope = scope::resolve(tx, options)?;
        data.runs = Some(inferred_events::load(tx, &scope, &data.history)?);
    }
    Ok(data)
}

fn uses_history(options: &EstimateOptions) -> bool {
    options.mode.unwrap_or_default() != VelocityMode::Config
}

impl EstimateData {
    fn new(history: History) -> Self {
        Self { history, runs: None, costs: Vec::new(), working_time: None }
    }

    pub(crate) fn backtest(
        self,
        options: &EstimateOptions,
        settings: &ForecastSettings,
        now: Timestamp,
    ) -> Backtest {
        let working_time = self.working_time.as_ref().or(settings.0.as_ref());
        backtest::backtest(options, &self.history, working_time, options.now.unwrap_or(now))
    }

    pub(crate) fn lane_visits(self, options: &EstimateOptions, now: Timestamp) -> Vec<LaneVisit> {
        flow_rows::lane_visits(&self.history, options.now.unwrap_or(now))
    }

    pub(crate) fn cumulative_flow(
        self,
        options: &EstimateOptions,
        settings: &ForecastSettings,
        now: Timestamp,
    ) -> Result<Vec<FlowDay>> {
        let working_time = self.working_time.as_ref().or(settings.0.as_ref());
        flow_rows::cumulative_flow(&self.history, working_time, options.now.unwrap_or(now))
    }

    pub(crate) fn throughput(
        self,
        options: &EstimateOptions,
        settings: &ForecastSettings,
        now: Timestamp,
    ) -> Result<Vec<ThroughputDay>> {
        let working_time = self.working_time.as_ref().or(settings.0.as_ref());
        flow_rows::throughput(&self.history, working_time, options.now.unwrap_or(now))
    }

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
        forecast_settings: &ForecastSettings,
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
        let working_time = self.working_time.as_ref().or(forecast_settings.0.as_ref());
        let forecast = (options.forecast != Some(false))
            .then(|| prediction::forecast(options, &self.history, &self.costs, working_time, now));
        Estimate {
            scope: Scope::new(workspace_id, options),
            now,
            backlog_totals,
            durations_hours: durations::durations(tasks, &backlog_totals, &velocity, now),
            etas: etas(options, forecast.as_ref(), &schedule, now),
            status_counts,
            completion: backlog::completions(&status_counts),
            wip: progress::wip(tasks, now),
            next_transitions: progress::next_transitions(tasks, &schedule, now),
            effective_velocity: velocity,
            lane_times: lane_times::lane_times(&Timeline::new(&self.history, now), options.window()),
            forecast,
        }
    }
}

/// The working calendar of the settings.
#[derive(Debug, Clone)]
pub(crate) struct ForecastSettings(Option<WorkingTime>);

impl ForecastSettings {
    pub(crate) fn from_configs(configs: &[Config]) -> Result<Self> {
        WorkingTime::from_configs(configs).map(Self)
    }
}

/// The forecast's P50, unless the velocity is to come from the settings, or there is no history to forecast from.
fn etas(options: &EstimateOptions, forecast: Option<&Forecast>, schedule: &Schedule, now: Timestamp) -> Etas {
    let forecast = forecast.filter(|forecast| uses_history(options) && forecast.samples > 0);
    let milestones = forecast.and_then(|found| {
        Some([found.ready_to_review.as_ref()?, found.ready_to_qa.as_ref()?, found.complete.as_ref()?])
    });
    let Some(milestones) = milestones else { return schedule.etas(now) };
    let [ready_to_review_eta, ready_to_qa_eta, complete_eta] = milestones.map(|milestone| milestone.at.p50);
    Etas { ready_to_review_eta, ready_to_qa_eta, complete_eta }
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
