//! Story points per hour, lane by lane: from the config, from history, or from both.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::history::{History, TaskHistory, Visit};
use super::lane::{Lane, PerLane};
use super::options::{EstimateOptions, VelocityMode};
use super::settings::VelocitySettings;
use super::stand_in::Run;
use crate::number::{self, exact_sum};

/// How fast each lane works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Where the numbers come from: `config` where no lane had history.
    pub source: VelocityMode,
    /// What the call asked for.
    pub requested_mode: VelocityMode,
    /// How many samples of a lane count at most.
    pub window_tasks: usize,
    /// How many samples each lane had; 0 where its number is the config's.
    pub samples: PerLane<usize>,
}

impl Velocity {
    /// The lane's speed.
    pub(super) fn of(&self, lane: Lane) -> f64 {
        match lane {
            Lane::Implementation => self.implementation_sp_per_hour,
            Lane::Review => self.review_sp_per_hour,
            Lane::Qa => self.qa_sp_per_hour,
        }
    }
}

/// The velocity by the config and the call's overrides alone.
pub(super) fn from_config(settings: &VelocitySettings, options: &EstimateOptions) -> Velocity {
    combine(settings, options, VelocityMode::Config, PerLane::default())
}

/// The velocity by a history whose gaps the runs have filled already; lanes without any use the config.
pub(super) fn from_history(
    settings: &VelocitySettings,
    options: &EstimateOptions,
    mode: VelocityMode,
    history: &History,
    runs: &[Run],
) -> Velocity {
    let window = options.window();
    let measured = PerLane::from_fn(|lane| {
        measure(event_samples(history, lane, window))
            .or_else(|| measure(run_samples(history, runs, lane, window)))
    });
    combine(settings, options, mode, measured)
}

fn combine(
    settings: &VelocitySettings,
    options: &EstimateOptions,
    mode: VelocityMode,
    measured: PerLane<Option<Measured>>,
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

/// A piece of finished work.
#[derive(Debug, Clone, Copy)]
struct Sample {
    story_points: f64,
    hours: f64,
}

#[derive(Debug, Clone, Copy)]
struct Measured {
    sp_per_hour: f64,
    samples: usize,
}

/// ΣSP / Σhours; nothing where no story point was moved.
fn measure(samples: Vec<Sample>) -> Option<Measured> {
    let story_points = exact_sum(samples.iter().map(|sample| sample.story_points));
    let hours = exact_sum(samples.iter().map(|sample| sample.hours));
    let sp_per_hour = story_points / hours;
    (story_points > 0.0 && sp_per_hour.is_finite())
        .then_some(Measured { sp_per_hour, samples: samples.len() })
}

/// The newest passes through the lane, as the events tell them.
fn event_samples(history: &History, lane: Lane, window: usize) -> Vec<Sample> {
    let passes = history
        .tasks
        .iter()
        .flat_map(|task| task.passes(lane).map(move |(visit, order)| (visit, order, task)));
    let mut passes: Vec<_> = passes.filter(|(visit, ..)| visit.left > visit.entered).collect();
    passes.sort_by_key(|(visit, order, _)| Reverse((visit.left, *order)));
    let newest = passes.into_iter().take(window);
    let sample = |(visit, _, task): (Visit, usize, &TaskHistory)| Sample {
        story_points: task.row.story_points.unwrap_or(0.0),
        hours: visit.left.hours_since(visit.entered),
    };
    newest.map(sample).collect()
}

/// The newest successful runs of the lane's command. A run without its times counts by the speed that
/// the host measured.
fn run_samples(history: &History, runs: &[Run], lane: Lane, window: usize) -> Vec<Sample> {
    let of_lane = runs.iter().filter(|run| run.row.command == lane.command());
    let sample = |run: &Run| {
        let own = run.row.story_points_at_run;
        let story_points = own.or(history.tasks[run.task].row.story_points).unwrap_or(0.0);
        let hours = match (run.started, run.finished) {
            (Some(started), Some(finished)) => finished.hours_since(started),
            _ => story_points / run.row.sp_per_hour_effective.filter(|speed| *speed > 0.0)?,
        };
        (hours > 0.0).then_some(Sample { story_points, hours })
    };
    of_lane.filter_map(sample).take(window).collect()
}
