//! `velocity` and `estimate`: from rows to results.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::backlog::{BacklogTotals, Completions, StatusCounts};
use super::backtest::{self, Backtest};
use super::durations::{self, DurationsHours};
use super::flow_rows::{self, FlowDay, LaneVisit, ThroughputDay};
use super::forecast::FEWEST_COSTS;
use super::history::{History, TaskHistory};
use super::inferred_events::{self, Run};
use super::lane::PerLane;
use super::lane_times::{self, LaneTime};
use super::newest::Newest;
use super::options::{EstimateOptions, VelocityMode};
use super::prediction::{self, Forecast};
use super::present::{Present, VISITS};
use super::progress::{self, NextTransitions, Wip};
use super::schedule::{Etas, Schedule};
use super::scope::{self, Scope};
use super::settings::VelocitySettings;
use super::source::{self, How, Source};
use super::timeline::Timeline;
use super::velocity::{self, Measured, Velocity};
use super::working_time::WorkingTime;
use crate::definition::{Described, Kind};
use crate::error::Result;
use crate::paths::Config;
use crate::repository::scope_tasks::{IsPerson, TaskScope};
use crate::repository::task_costs::{self, TaskCost};
use crate::status::StatusSettings;
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

/// The input of a velocity. It is read in one transaction and evaluated afterwards, so that nobody waits for the
/// computation.
pub(crate) struct VelocityData(Pace);

/// The input of an estimate.
pub(crate) struct EstimateData {
    present: Present,
    /// The tasks that lane times and the forecast are computed from.
    past: Past,
    pace: Pace,
    /// Empty if no forecast is to be made of it.
    costs: Vec<TaskCost>,
    /// The call's own calendar.
    working_time: Option<WorkingTime>,
}

/// Tasks without inferred transitions.
enum Past {
    /// Of the tasks in a lane and those with the newest visits.
    Newest(Vec<TaskHistory>),
    /// Of all tasks in the scope. It is that of the pace, if that has one.
    All(Option<History>),
}

/// What velocities are computed from.
enum Pace {
    Config,
    Measured(Measured),
    /// A history without inferred transitions, and the successful runs on its tasks.
    History(History, Vec<Run>),
}

/// The input of what is computed from the recorded transitions alone.
pub(crate) struct HistoryData {
    history: History,
    /// The call's own calendar.
    working_time: Option<WorkingTime>,
}

/// Reads the input of a velocity: if it comes from the settings, only whether the scope exists.
pub(crate) fn load_velocity_data(tx: &Connection, options: &EstimateOptions) -> Result<VelocityData> {
    options.check()?;
    let ids = scope::resolve(tx, options)?;
    if !uses_history(options) {
        return Ok(VelocityData(Pace::Config));
    }
    let person = options.assignee.as_deref().map(scope::is_person);
    let scope = TaskScope { ids: &ids, person: person.as_ref().map(|is_person| is_person as IsPerson<'_>) };
    let newest = |newest: &mut Newest<'_>| newest.measured(options.window());
    // Velocities know the pipeline's statuses only.
    let statuses = StatusSettings::default();
    Ok(VelocityData(match source::read(tx, scope, &statuses, newest)? {
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
    let working_time = options.check()?;
    let now = options.now.unwrap_or(now);
    let ids = scope::resolve(tx, options)?;
    let person = options.assignee.as_deref().map(scope::is_person);
    let scope = TaskScope { ids: &ids, person: person.as_ref().map(|is_person| is_person as IsPerson<'_>) };
    // A forecast is made of the whole history, and so are the times of more visits than the newest.
    let needs_all = makes_forecast(options) || options.window() > VISITS;
    if needs_all {
        let (history, how) = source::read_all(tx, scope, statuses)?;
        return of_history(tx, options, history, &how, now).map(|data| EstimateData { working_time, ..data });
    }
    let newest = |newest: &mut Newest<'_>| {
        let pace = if uses_history(options) {
            let Some(measured) = newest.measured(options.window())? else { return Ok(None) };
            Pace::Measured(measured)
        } else {
            Pace::Config
        };
        // A history with inferred transitions is for velocities alone.
        newest.take();
        let found = Present::newest(tx, &scope, newest, statuses, now)?;
        Ok(found.map(|(present, recent)| (present, Past::Newest(recent), pace)))
    };
    let found = if source::has_few_rows(tx)? {
        let (history, how) = source::read_all(tx, scope, statuses)?;
        Source::History(history, how)
    } else {
        source::read(tx, scope, statuses, newest)?
    };
    match found {
        Source::Newest((present, past, pace)) => {
            Ok(EstimateData { present, past, pace, costs: Vec::new(), working_time })
        }
        Source::History(history, how) => {
            let recent = history.recent(VISITS);
            let data = of_history(tx, options, history, &how, now)?;
            Ok(EstimateData { past: Past::Newest(recent), working_time, ..data })
        }
    }
}

/// The input of an estimate that has the whole history.
fn of_history(
    tx: &Connection,
    options: &EstimateOptions,
    history: History,
    how: &How,
    now: Timestamp,
) -> Result<EstimateData> {
    // The costs take a pass over all usage records, so they are not read in vain.
    let is_done = |task: &&TaskHistory| task.status.is_done();
    let has_samples = history.tasks.iter().filter(is_done).count() >= FEWEST_COSTS;
    let costs = if makes_forecast(options) && has_samples { task_costs::all(tx)? } else { Vec::new() };
    let present = Present::of_history(&history, now);
    let (past, pace) = if uses_history(options) {
        let runs = how.runs(tx, &history)?;
        (Past::All(None), Pace::History(history, runs))
    } else {
        (Past::All(Some(history)), Pace::Config)
    };
    Ok(EstimateData { present, past, pace, costs, working_time: None })
}

/// Reads the input of what is computed from the recorded transitions alone.
pub(crate) fn load_history(
    tx: &Connection,
    options: &EstimateOptions,
    statuses: &StatusSettings,
) -> Result<HistoryData> {
    let working_time = options.check()?;
    let ids = scope::resolve(tx, options)?;
    let person = options.assignee.as_deref().map(scope::is_person);
    let scope = TaskScope { ids: &ids, person: person.as_ref().map(|is_person| is_person as IsPerson<'_>) };
    let (history, _) = source::read_all(tx, scope, statuses)?;
    Ok(HistoryData { history, working_time })
}

fn uses_history(options: &EstimateOptions) -> bool {
    options.mode.unwrap_or_default() != VelocityMode::Config
}

fn makes_forecast(options: &EstimateOptions) -> bool {
    options.forecast != Some(false)
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

impl HistoryData {
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
}

impl EstimateData {
    /// The estimate at the time `now`, the one with which the data was read.
    pub(crate) fn estimate(
        self,
        options: &EstimateOptions,
        settings: &VelocitySettings,
        forecast_settings: &ForecastSettings,
        workspace_id: &str,
        now: Timestamp,
    ) -> Estimate {
        let now = options.now.unwrap_or(now);
        let working_time = self.working_time.as_ref().or(forecast_settings.0.as_ref());
        let none = History::default();
        // Inferred events affect velocities only: everything else is computed from recorded events.
        let all = match (&self.past, &self.pace) {
            (Past::All(Some(history)), _) => history,
            (Past::All(None), Pace::History(history, _)) => history,
            _ => &none,
        };
        let forecast = makes_forecast(options)
            .then(|| prediction::forecast(options, all, &self.costs, working_time, now));
        let past = if let Past::Newest(tasks) = &self.past { tasks } else { &all.tasks };
        let lane_times = lane_times::lane_times(&Timeline::new(past, now), options.window());
        // There may be many tasks, which nothing below needs.
        drop(self.past);
        let velocity = self.pace.velocity(options, settings);
        let present = &self.present;
        let schedule = Schedule::new(present, &velocity, now);
        Estimate {
            scope: Scope::new(workspace_id, options),
            now,
            backlog_totals: present.totals,
            durations_hours: durations::durations(present, &velocity),
            etas: etas(options, forecast.as_ref(), &schedule, now),
            status_counts: present.counts,
            completion: present.completions,
            wip: progress::wip(present, now),
            next_transitions: progress::next_transitions(&present.tasks, &schedule, now),
            effective_velocity: velocity,
            lane_times,
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
