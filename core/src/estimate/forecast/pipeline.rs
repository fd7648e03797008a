//! The input of a forecast: the current tasks, and their moves so far. Times are hours since a midnight.

use super::LANES;

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::estimate) enum Stage {
    /// Not started, or in a status that belongs to no lane.
    Backlog,
    /// In a lane: 0 implementation, 1 review, 2 QA.
    Lane(usize),
    /// Sent back to the implementation.
    SentBack,
    Completed,
    /// It will not be completed.
    Cancelled,
}

impl Stage {
    pub(in crate::estimate) fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Cancelled)
    }

    pub(in crate::estimate) fn lane(self) -> Option<usize> {
        if let Self::Lane(lane) = self { Some(lane) } else { None }
    }
}

/// One move of a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Event {
    pub(in crate::estimate) at: f64,
    pub(in crate::estimate) task: usize,
    pub(in crate::estimate) to: Stage,
}

/// The current state of a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Task {
    pub(in crate::estimate) points: Option<f64>,
    pub(in crate::estimate) stage: Stage,
}

/// The tasks in the order in which they are worked on, and the moves so far, in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::estimate) struct Pipeline {
    pub(in crate::estimate) tasks: Vec<Task>,
    pub(in crate::estimate) events: Vec<Event>,
    pub(in crate::estimate) now: f64,
}

impl Pipeline {
    /// The same pipeline with all times converted by a function that preserves their order.
    pub(in crate::estimate) fn with_times(&self, time: impl Fn(f64) -> f64) -> Self {
        let events = self.events.iter().map(|event| Event { at: time(event.at), ..*event });
        Self { tasks: self.tasks.clone(), events: events.collect(), now: time(self.now) }
    }

    pub(in crate::estimate) fn open_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.stage.is_open()).count()
    }

    /// The times of completions with their tasks, oldest first. A task that was reopened is included once, with its
    /// newest completion.
    pub(in crate::estimate) fn completions(&self) -> Vec<(f64, usize)> {
        let mut seen = vec![false; self.tasks.len()];
        let is_newest = |event: &&Event| {
            event.to == Stage::Completed
                && self.tasks[event.task].stage == Stage::Completed
                && !std::mem::replace(&mut seen[event.task], true)
        };
        let mut found: Vec<_> =
            self.events.iter().rev().filter(is_newest).map(|event| (event.at, event.task)).collect();
        found.reverse();
        found
    }

    /// The story points of tasks that have some, at least a quarter each: work with 0 points still takes time.
    pub(in crate::estimate) fn known_points(&self) -> Vec<f64> {
        self.tasks
            .iter()
            .filter_map(|task| task.points)
            .filter(|points| points.is_finite())
            .map(sized)
            .collect()
    }
}

/// The minimum size of a task.
const LEAST_POINTS: f64 = 0.25;

pub(in crate::estimate) fn sized(points: f64) -> f64 {
    points.clamp(LEAST_POINTS, 1e6)
}

/// A stay of a task in a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Visit {
    pub(in crate::estimate) task: usize,
    pub(in crate::estimate) lane: usize,
    /// Whether the task had been in this lane before.
    pub(in crate::estimate) is_later_pass: bool,
    pub(in crate::estimate) entered: f64,
    /// None while the visit lasts.
    pub(in crate::estimate) left: Option<f64>,
    pub(in crate::estimate) outcome: Outcome,
}

impl Visit {
    /// The hours of work that began then; None if the visit was not over: it lasts, or the task was cancelled.
    pub(super) fn hours_since(&self, began: f64) -> Option<f64> {
        self.left.filter(|_| self.outcome != Outcome::Cancelled).map(|left| left - began)
    }
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::estimate) enum Outcome {
    Open,
    /// The task went to a later lane, or was completed.
    Forward,
    /// The task went back to an earlier lane or the backlog.
    Back,
    /// The task was cancelled. How long the visit would have lasted is not known, only that it would have lasted
    /// longer.
    Cancelled,
}

/// All visits in the order in which they began, and other counts from the moves.
#[derive(Debug, Clone, Default)]
pub(in crate::estimate) struct Visits {
    pub(in crate::estimate) all: Vec<Visit>,
    /// How often each task was in each lane, including the current visit.
    pub(in crate::estimate) passes: Vec<[u32; LANES]>,
    /// How often a task skipped each lane.
    pub(in crate::estimate) skips: [usize; LANES],
}

/// Derives visits from the moves. For the present, the tasks' own stages take precedence: if a task is in a lane
/// without an open visit there, it has just arrived; an open visit is removed if its task is elsewhere.
pub(in crate::estimate) fn visits(pipeline: &Pipeline) -> Visits {
    let count = pipeline.tasks.len();
    let mut found = Visits { passes: vec![[0; LANES]; count], ..Visits::default() };
    let mut open: Vec<Option<usize>> = vec![None; count];
    for event in &pipeline.events {
        let lane = event.to.lane();
        let current = open[event.task].map(|visit| found.all[visit].lane);
        if current.is_some() && current == lane {
            continue;
        }
        if let Some(visit) = open[event.task].take() {
            let visit = &mut found.all[visit];
            visit.left = Some(event.at);
            visit.outcome = outcome(visit.lane, event.to);
        }
        let from = current.map_or(0, |lane| lane + 1);
        let to = if event.to == Stage::Completed { Some(LANES) } else { lane };
        if current.is_some()
            && let Some(to) = to
        {
            (from..to).for_each(|lane| found.skips[lane] += 1);
        }
        if let Some(lane) = lane {
            open[event.task] = Some(found.all.len());
            found.enter(event.task, lane, event.at);
        }
    }
    settle(pipeline, &mut found, &open);
    found
}

impl Visits {
    fn enter(&mut self, task: usize, lane: usize, at: f64) {
        let passes = &mut self.passes[task][lane];
        let is_later_pass = *passes > 0;
        *passes += 1;
        let outcome = Outcome::Open;
        self.all.push(Visit { task, lane, is_later_pass, entered: at, left: None, outcome });
    }
}

/// Makes the open visits agree with the tasks' stages.
fn settle(pipeline: &Pipeline, found: &mut Visits, open: &[Option<usize>]) {
    let mut is_stale = vec![false; found.all.len()];
    for (task, visit) in open.iter().enumerate() {
        let lane = pipeline.tasks[task].stage.lane();
        let is_here = visit.is_some_and(|visit| Some(found.all[visit].lane) == lane);
        if let Some(visit) = visit.filter(|_| !is_here) {
            is_stale[visit] = true;
        }
        if let Some(lane) = lane.filter(|_| !is_here) {
            found.enter(task, lane, pipeline.now);
        }
    }
    let mut index = 0;
    found.all.retain(|_| {
        index += 1;
        !is_stale.get(index - 1).copied().unwrap_or(false)
    });
}

fn outcome(lane: usize, to: Stage) -> Outcome {
    match to {
        Stage::Completed => Outcome::Forward,
        Stage::Lane(next) if next > lane => Outcome::Forward,
        Stage::Cancelled => Outcome::Cancelled,
        Stage::Lane(_) | Stage::Backlog | Stage::SentBack => Outcome::Back,
    }
}
