//! A history as plain data: what forecasts are computed from.

use super::forecast::{Event, Pipeline, Stage, Task};
use super::history::{TaskHistory, Transition};
use super::lane::Lane;
use crate::sorting::sort_by;
use crate::status::Meaning;
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

/// A pipeline, and which tasks of a history it has in which order.
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
    pub(super) fn new(tasks: &[TaskHistory], now: Timestamp) -> Self {
        let mut places: Vec<usize> = (0..tasks.len()).collect();
        sort_by(&mut places, |a, b| tasks[*a].known.backlog_order(&tasks[*b].known));
        let until_now =
            || tasks.iter().flat_map(|task| &task.transitions).map(|step| step.at).filter(|at| *at <= now);
        let origin = Origin::before(until_now().min().unwrap_or(now));
        let mut events = Vec::new();
        for (task, place) in places.iter().enumerate() {
            let history = &tasks[*place];
            let stages = stages(history);
            let steps = history.transitions.iter().zip(stages).filter(|(step, _)| step.at <= now);
            let event = |(step, to): (&Transition, Option<Stage>)| {
                Some((step.order, Event { at: origin.hours(step.at), task, to: to? }))
            };
            events.extend(steps.filter_map(event));
        }
        events.sort_by(|(a_order, a), (b_order, b)| a.at.total_cmp(&b.at).then(a_order.cmp(b_order)));
        let task = |place: &usize| Task {
            points: tasks[*place].known.story_points,
            stage: stage_of(tasks[*place].status),
        };
        let pipeline = Pipeline {
            tasks: places.iter().map(task).collect(),
            events: events.into_iter().map(|(_, event)| event).collect(),
            now: origin.hours(now),
        };
        Self { origin, pipeline, places }
    }
}

/// Where each transition led. What leaves the lanes was sent back, but for the end of a task that is cancelled now. A
/// task that is done and gets another such status, which finishes nothing more, led nowhere.
fn stages(task: &TaskHistory) -> Vec<Option<Stage>> {
    let (mut was_in_lane, mut was_done) = (false, false);
    let count = task.transitions.len();
    let stage = |(index, step): (usize, &Transition)| {
        let stage = match stage_of(step.to) {
            stage @ (Stage::Lane(_) | Stage::Completed) => stage,
            _ if index + 1 == count && task.status == Meaning::Cancelled => Stage::Cancelled,
            _ if was_in_lane => Stage::SentBack,
            _ => Stage::Backlog,
        };
        let is_done = stage == Stage::Completed;
        let stays_done = is_done && was_done && step.from.is_done();
        was_in_lane |= matches!(stage, Stage::Lane(_));
        was_done = is_done;
        (!stays_done).then_some(stage)
    };
    task.transitions.iter().enumerate().map(stage).collect()
}

fn stage_of(status: Meaning) -> Stage {
    match (Lane::of(status), status) {
        (Some(lane), _) => Stage::Lane(lane as usize),
        (None, Meaning::Cancelled) => Stage::Cancelled,
        (None, Meaning::ChangesRequested) => Stage::SentBack,
        (None, status) if status.is_done() => Stage::Completed,
        (None, _) => Stage::Backlog,
    }
}
