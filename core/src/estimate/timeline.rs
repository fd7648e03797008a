//! A history as plain data: what forecasts are computed from.

use super::forecast::{Event, Pipeline, Stage, Task};
use super::history::{History, TaskHistory, Transition};
use super::lane::{Lane, Step};
use super::schedule::history_order;
use crate::sorting::sort_by;
use crate::status;
use crate::time::Timestamp;

const MILLIS_PER_HOUR: f64 = 3_600_000.0;
const MILLIS_PER_WEEK: i64 = 7 * 24 * 3_600_000;
/// A Monday.
const FIRST_MONDAY: i64 = 4 * 24 * 3_600_000;

/// Where hours count from: a midnight of a Monday, so that hours of the day and days of the week can be read off them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin(i64);

impl Origin {
    fn before(moment: Timestamp) -> Self {
        let weeks = (moment.millis() - FIRST_MONDAY).div_euclid(MILLIS_PER_WEEK);
        Self(FIRST_MONDAY + weeks * MILLIS_PER_WEEK)
    }

    pub(super) fn hours(self, moment: Timestamp) -> f64 {
        (moment.millis() - self.0) as f64 / MILLIS_PER_HOUR
    }

    /// None outside of the years 0 to 9999.
    pub(super) fn moment(self, hours: f64) -> Option<Timestamp> {
        let millis = hours * MILLIS_PER_HOUR;
        (millis.abs() < 1e15).then(|| Timestamp::from_millis(self.0 + millis.round() as i64)).flatten()
    }
}

/// A pipeline, and which tasks of the history it has in which order.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) origin: Origin,
    pub(super) pipeline: Pipeline,
    /// For each task of the pipeline its place in the history.
    pub(super) places: Vec<usize>,
}

impl Timeline {
    /// Events after `now` are left out: they come from a clock that runs ahead, or from after the moment that was asked
    /// about.
    pub(super) fn new(history: &History, now: Timestamp) -> Self {
        let tasks = &history.tasks;
        let mut places: Vec<usize> = (0..tasks.len()).collect();
        sort_by(&mut places, |a, b| history_order(&tasks[*a], &tasks[*b]));
        let until_now =
            || tasks.iter().flat_map(|task| &task.transitions).map(|step| step.at).filter(|at| *at <= now);
        let origin = Origin::before(until_now().min().unwrap_or(now));
        let mut events = Vec::new();
        for (task, place) in places.iter().enumerate() {
            let history = &tasks[*place];
            let stages = stages(history);
            let steps = history.transitions.iter().zip(stages).filter(|(step, _)| step.at <= now);
            events
                .extend(steps.map(|(step, to)| (step.order, Event { at: origin.hours(step.at), task, to })));
        }
        events.sort_by(|(a_order, a), (b_order, b)| a.at.total_cmp(&b.at).then(a_order.cmp(b_order)));
        let task =
            |place: &usize| Task { points: tasks[*place].row.story_points, stage: stage_of(&tasks[*place]) };
        let pipeline = Pipeline {
            tasks: places.iter().map(task).collect(),
            events: events.into_iter().map(|(_, event)| event).collect(),
            now: origin.hours(now),
        };
        Self { origin, pipeline, places }
    }
}

/// Where each transition led. What leaves the lanes was sent back, but for the end of a task that is cancelled now.
fn stages(task: &TaskHistory) -> Vec<Stage> {
    let mut was_in_lane = false;
    let count = task.transitions.len();
    let stage = |(index, step): (usize, &Transition)| {
        let stage = match step.to {
            Step::Other if index + 1 == count && stage_of(task) == Stage::Cancelled => Stage::Cancelled,
            Step::Other if was_in_lane => Stage::SentBack,
            Step::Other => Stage::Backlog,
            Step::Completed => Stage::Completed,
            _ => Stage::Lane(lane_of(step.to).map_or(0, |lane| lane as usize)),
        };
        was_in_lane |= matches!(stage, Stage::Lane(_));
        stage
    };
    task.transitions.iter().enumerate().map(stage).collect()
}

fn lane_of(step: Step) -> Option<Lane> {
    Lane::ALL.into_iter().find(|lane| lane.start() == step)
}

/// By the task's own status.
fn stage_of(task: &TaskHistory) -> Stage {
    match (lane_of(Step::of(&task.row.status)), &*status::canonical(&task.row.status)) {
        (Some(lane), _) => Stage::Lane(lane as usize),
        (None, status::COMPLETED) => Stage::Completed,
        (None, status::CANCELLED) => Stage::Cancelled,
        (None, status::CHANGES_REQUESTED) => Stage::SentBack,
        (None, _) => Stage::Backlog,
    }
}
