//! When each task leaves each lane, if every lane processes its queue at its velocity.
//!
//! A deterministic flow shop with three machines in a row: each lane processes one task after the other, first in,
//! first out, and a task enters a lane when it has left the previous one. Finished work counts: a task in progress
//! needs less time the longer it has been in progress, and so does the task at the head of the queue of the review and
//! of QA, since the lane had nothing else to do.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::durations::hours_at;
use super::lane::{Lane, PerLane};
use super::present::{OpenTask, Present};
use super::velocity::Velocity;
use crate::sorting::sort_by;
use crate::status::Meaning;
use crate::time::Timestamp;

/// When the last task of the scope is expected to reach each milestone; `now` if no work is left, null if a lane has
/// work and no velocity. The times never decrease from one milestone to the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Etas {
    /// Everything is implemented.
    pub ready_to_review_eta: Option<Timestamp>,
    /// Everything is reviewed.
    pub ready_to_qa_eta: Option<Timestamp>,
    /// Everything is completed.
    pub complete_eta: Option<Timestamp>,
}

/// When one task leaves one lane, in hours from now; infinite if it never does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Departure {
    /// The index of the task in the scope.
    pub(super) task: usize,
    pub(super) hours: f64,
}

/// The departures from the lanes, each in chronological order. There may be many tasks, so that only those departures are kept
/// that somebody asks for.
#[derive(Debug)]
pub(super) struct Schedule {
    lanes: PerLane<Departures>,
}

/// What is kept of the departures from one lane.
#[derive(Debug, Default)]
struct Departures {
    first: Option<Departure>,
    /// Those of the tasks that are in the lane now.
    own: Vec<Departure>,
    /// The hours until the last one.
    last: f64,
}

impl Schedule {
    pub(super) fn new(present: &Present, velocity: &Velocity, now: Timestamp) -> Self {
        let plan = Plan { tasks: &present.tasks, present, velocity, now };
        let mut lanes = PerLane::<Departures>::default();
        // The tasks that wait in a lane now leave it before those that arrive from the lanes before it.
        for first in [Lane::Qa, Lane::Review, Lane::Implementation] {
            let queue = plan.queue(first);
            for (place, task) in queue.into_iter().enumerate() {
                let mut hours = 0.0;
                for lane in Lane::ALL.into_iter().skip(first as usize) {
                    let done = if lane == first { plan.done(task, lane, place) } else { 0.0 };
                    let departures = lanes.of_mut(lane);
                    hours = departures.last.max(hours) + plan.work(task, lane, done);
                    departures
                        .add(Departure { task, hours }, Lane::of(plan.tasks[task].status) == Some(lane));
                }
            }
        }
        Self { lanes }
    }

    /// The first departure from the lane.
    pub(super) fn first(&self, lane: Lane) -> Option<&Departure> {
        self.lanes.of(lane).first.as_ref()
    }

    /// The departures of the tasks that are in the lane now.
    pub(super) fn own(&self, lane: Lane) -> &[Departure] {
        &self.lanes.of(lane).own
    }

    pub(super) fn etas(&self, now: Timestamp) -> Etas {
        let mut latest = 0.0_f64;
        let mut eta = |lane| {
            latest = latest.max(self.lanes.of(lane).last);
            now.plus_hours(latest)
        };
        Etas {
            ready_to_review_eta: eta(Lane::Implementation),
            ready_to_qa_eta: eta(Lane::Review),
            complete_eta: eta(Lane::Qa),
        }
    }
}

impl Departures {
    fn add(&mut self, departure: Departure, is_own: bool) {
        self.first.get_or_insert(departure);
        if is_own {
            self.own.push(departure);
        }
        self.last = departure.hours;
    }
}

struct Plan<'a> {
    tasks: &'a [OpenTask],
    present: &'a Present,
    velocity: &'a Velocity,
    now: Timestamp,
}

impl Plan<'_> {
    /// The tasks that wait in the lane now, in the order in which it works on them.
    fn queue(&self, lane: Lane) -> Vec<usize> {
        let is_in_lane = |task: &usize| Lane::next(self.tasks[*task].status) == Some(lane);
        let mut queue: Vec<usize> = (0..self.tasks.len()).filter(is_in_lane).collect();
        sort_by(&mut queue, |a, b| {
            let (a, b) = (&self.tasks[*a], &self.tasks[*b]);
            match lane {
                Lane::Implementation => implementation_order(a, b),
                Lane::Review | Lane::Qa => arrival_order(a, b, lane),
            }
        });
        queue
    }

    /// The hours that the lane has worked on the task at this place of its queue.
    fn done(&self, task: usize, lane: Lane, place: usize) -> f64 {
        match lane {
            Lane::Implementation => self.tasks[task].hours_in_lane(lane, self.now).unwrap_or(0.0),
            Lane::Review | Lane::Qa if place == 0 => self.time_at_head(task, lane),
            Lane::Review | Lane::Qa => 0.0,
        }
    }

    /// Hours that the lane still needs for the task.
    fn work(&self, task: usize, lane: Lane, done: f64) -> f64 {
        let points = self.tasks[task].known.story_points.unwrap_or(self.present.mean_points);
        hours_at(points, self.velocity.of(lane)).map_or(f64::INFINITY, |hours| (hours - done).max(0.0))
    }

    /// How long the lane has been able to work on this task: since the task entered it, or since the previous task
    /// left.
    fn time_at_head(&self, task: usize, lane: Lane) -> f64 {
        let Some(entered) = self.tasks[task].in_lane_since(lane) else { return 0.0 };
        let since = self.present.last_left.of(lane).map_or(entered, |left| left.max(entered));
        self.now.hours_since(since).max(0.0)
    }
}

/// Tasks in progress first, then those that were sent back, then the rest by priority and key.
fn implementation_order(a: &OpenTask, b: &OpenTask) -> Ordering {
    let rank = |task: &OpenTask| match task.status {
        status if Lane::of(status).is_some() => 0,
        Meaning::ChangesRequested => 1,
        _ => 2,
    };
    rank(a).cmp(&rank(b)).then_with(|| arrival_order(a, b, Lane::Implementation))
}

/// First in, first out; tasks with an unknown entry time come last.
fn arrival_order(a: &OpenTask, b: &OpenTask, lane: Lane) -> Ordering {
    let entered = |task: &OpenTask| {
        let since = task.in_lane_since(lane);
        (since.is_none(), since)
    };
    entered(a).cmp(&entered(b)).then_with(|| a.known.backlog_order(&b.known))
}
