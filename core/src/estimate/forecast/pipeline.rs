//! What a forecast is made from: the tasks as they are now, and how they came there. Times are hours since a midnight.

use super::LANES;

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::estimate) enum Stage {
    /// Not begun, or in a status that says nothing about its lane.
    Backlog,
    /// In a lane: 0 implementation, 1 review, 2 QA.
    Lane(usize),
    /// Sent back to the implementation.
    SentBack,
    Completed,
    /// Nothing will become of it.
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

/// A task as it is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Task {
    pub(in crate::estimate) points: Option<f64>,
    pub(in crate::estimate) stage: Stage,
}

/// The tasks in the order in which they are worked on, and the moves until now, in the order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::estimate) struct Pipeline {
    pub(in crate::estimate) tasks: Vec<Task>,
    pub(in crate::estimate) events: Vec<Event>,
    pub(in crate::estimate) now: f64,
}

impl Pipeline {
    /// The same with all times replaced, which keeps their order.
    pub(in crate::estimate) fn with_times(&self, time: impl Fn(f64) -> f64) -> Self {
        let events = self.events.iter().map(|event| Event { at: time(event.at), ..*event });
        Self { tasks: self.tasks.clone(), events: events.collect(), now: time(self.now) }
    }

    pub(in crate::estimate) fn open_tasks(&self) -> usize {
        self.tasks.iter().filter(|task| task.stage.is_open()).count()
    }

    /// The moments at which tasks were completed, with the tasks, oldest first. A task that was reopened counts once, by
    /// its newest completion.
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

    /// The story points of tasks that have some, at least a quarter each: work that counts nothing still takes time.
    pub(in crate::estimate) fn known_points(&self) -> Vec<f64> {
        self.tasks
            .iter()
            .filter_map(|task| task.points)
            .filter(|points| points.is_finite())
            .map(sized)
            .collect()
    }
}

/// The least that a task counts.
const LEAST_POINTS: f64 = 0.25;

pub(in crate::estimate) fn sized(points: f64) -> f64 {
    points.clamp(LEAST_POINTS, 1e6)
}

/// A stay of a task in a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Visit {
    pub(in crate::estimate) task: usize,
    pub(in crate::estimate) lane: usize,
    /// Whether the task was in this lane before.
    pub(in crate::estimate) is_later_pass: bool,
    pub(in crate::estimate) entered: f64,
    /// None while it lasts.
    pub(in crate::estimate) left: Option<f64>,
    pub(in crate::estimate) outcome: Outcome,
}

/// Where a visit led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::estimate) enum Outcome {
    Open,
    /// On to a later lane or to the end.
    Forward,
    /// Back to an earlier lane or the backlog.
    Back,
    /// The task was cancelled: how long the visit would have lasted is not known, only that it lasted longer.
    Cancelled,
}

/// All visits in the order in which they began, and what else the moves show.
#[derive(Debug, Clone, Default)]
pub(in crate::estimate) struct Visits {
    pub(in crate::estimate) all: Vec<Visit>,
    /// How often each task was in each lane, the present visit included.
    pub(in crate::estimate) passes: Vec<[u32; LANES]>,
    /// How often a task went past each lane without a visit.
    pub(in crate::estimate) skips: [usize; LANES],
}

/// Reads visits off the moves. What the moves say of the present is overruled by the tasks' own stages: a task that is
/// in a lane and has no open visit there has just come, and a visit that no move ended is left out where its task is
/// elsewhere.
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

/// Makes the open visits those of the tasks' stages.
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
