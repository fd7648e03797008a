//! Story points per hour, lane by lane: from the config, from history, or from both.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::history::{History, TaskHistory, Visit};
use super::inferred_events::Run;
use super::lane::{Lane, PerLane};
use super::options::{EstimateOptions, VelocityMode};
use super::settings::VelocitySettings;
use crate::number::{self, exact_sum};
use crate::sorting::sort_by_key;

/// The velocity of each lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Velocity {
    /// Story points that leave the implementation per hour of work on them.
    #[serde(serialize_with = "number::json")]
    pub implementation_sp_per_hour: f64,
    /// Story points that leave the review per hour that they spend in it.
    #[serde(serialize_with = "number::json")]
    pub review_sp_per_hour: f64,
    /// Story points that leave QA per hour that they spend in it.
    #[serde(serialize_with = "number::json")]
    pub qa_sp_per_hour: f64,
    /// The source of the numbers: `config` if no lane had history.
    pub source: VelocityMode,
    /// The mode that was requested.
    pub requested_mode: VelocityMode,
    /// The maximum number of samples of a lane.
    pub window_tasks: usize,
    /// The number of samples of each lane; 0 if its number is the config's.
    pub samples: PerLane<usize>,
}

impl Velocity {
    /// The velocity of the lane.
    pub(super) fn of(&self, lane: Lane) -> f64 {
        match lane {
            Lane::Implementation => self.implementation_sp_per_hour,
            Lane::Review => self.review_sp_per_hour,
            Lane::Qa => self.qa_sp_per_hour,
        }
    }
}

/// The velocity by the config and the call's overrides only.
pub(super) fn from_config(settings: &VelocitySettings, options: &EstimateOptions) -> Velocity {
    select_velocity(settings, options, VelocityMode::Config, PerLane::default())
}

/// What a history that includes inferred events says of each lane.
pub(super) fn measured(history: &History, runs: &[Run], window: usize) -> Measured {
    PerLane::from_fn(|lane| {
        measure(event_samples(history, lane, window))
            .or_else(|| measure(run_samples(history, runs, lane, window)))
    })
}

/// The velocity of each lane by its history; lanes without history use the config.
pub(super) fn from_history(
    settings: &VelocitySettings,
    options: &EstimateOptions,
    measured: Measured,
) -> Velocity {
    select_velocity(settings, options, options.mode.unwrap_or_default(), measured)
}

fn select_velocity(
    settings: &VelocitySettings,
    options: &EstimateOptions,
    mode: VelocityMode,
    measured: Measured,
) -> Velocity {
    let config = settings.overridden(options);
    let weight = if mode == VelocityMode::Mixed { settings.alpha } else { 1.0 };
    let speed = |lane| {
        let configured = *config.of(lane);
        measured.of(lane).map_or(configured, |found| weight * found.sp_per_hour + (1.0 - weight) * configured)
    };
    let has_history = Lane::ALL.iter().any(|lane| measured.of(*lane).is_some());
    Velocity {
        implementation_sp_per_hour: speed(Lane::Implementation),
        review_sp_per_hour: speed(Lane::Review),
        qa_sp_per_hour: speed(Lane::Qa),
        source: if has_history { mode } else { VelocityMode::Config },
        requested_mode: mode,
        window_tasks: options.window(),
        samples: PerLane::from_fn(|lane| measured.of(lane).map_or(0, |found| found.samples)),
    }
}

/// A unit of finished work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) story_points: f64,
    pub(super) hours: f64,
}

/// What the history says of each lane.
pub(super) type Measured = PerLane<Option<MeasuredVelocity>>;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MeasuredVelocity {
    sp_per_hour: f64,
    samples: usize,
}

/// ΣSP / Σhours; `None` if no story points were completed.
pub(super) fn measure(samples: Vec<Sample>) -> Option<MeasuredVelocity> {
    let story_points = exact_sum(samples.iter().map(|sample| sample.story_points));
    let hours = exact_sum(samples.iter().map(|sample| sample.hours));
    let sp_per_hour = story_points / hours;
    (story_points > 0.0 && sp_per_hour.is_finite())
        .then_some(MeasuredVelocity { sp_per_hour, samples: samples.len() })
}

/// The newest completed visits to the lane, from events.
fn event_samples(history: &History, lane: Lane, window: usize) -> Vec<Sample> {
    let visits = history
        .tasks
        .iter()
        .flat_map(|task| task.completed_visits(lane).map(move |(visit, order)| (visit, order, task)));
    newest_samples(visits.collect(), window)
}

/// The newest of these visits, each with its order and its task.
pub(super) fn newest_samples(mut visits: Vec<(Visit, i64, &TaskHistory)>, window: usize) -> Vec<Sample> {
    visits.retain(|(visit, ..)| visit.left > visit.entered);
    sort_by_key(&mut visits, |(visit, order, _)| Reverse((visit.left, *order)));
    let sample = |(visit, _, task): (Visit, i64, &TaskHistory)| Sample {
        story_points: task.known.story_points.unwrap_or(0.0),
        hours: visit.left.hours_since(visit.entered),
    };
    visits.into_iter().take(window).map(sample).collect()
}

/// The newest successful runs of the lane's command.
fn run_samples(history: &History, runs: &[Run], lane: Lane, window: usize) -> Vec<Sample> {
    let of_lane = runs.iter().filter(|run| run.row.command == lane.command());
    of_lane.filter_map(|run| run_sample(history, run)).take(window).collect()
}

/// A run as a unit of work. A run without times counts by the velocity that the host measured.
pub(super) fn run_sample(history: &History, run: &Run) -> Option<Sample> {
    let own = run.row.story_points_at_run;
    let story_points = own.or(history.tasks[run.task].known.story_points).unwrap_or(0.0);
    let hours = match (run.started, run.finished) {
        (Some(started), Some(finished)) => finished.hours_since(started),
        _ => story_points / run.row.sp_per_hour_effective.filter(|speed| *speed > 0.0)?,
    };
    (hours > 0.0).then_some(Sample { story_points, hours })
}
