//! When each task leaves each lane, if every lane processes its queue at its velocity.
//!
//! A deterministic flow shop with three machines in a row: each lane processes one task after the other, first in,
//! first out, and a task enters a lane when it has left the previous one. Finished work counts: a task in progress
//! needs less time the longer it has been in progress, and so does the task at the head of the queue of the review and
//! of QA, since the lane had nothing else to do.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::durations::hours_at;
use super::history::TaskHistory;
use super::lane::Lane;
use super::present::{OpenTask, Present};
use super::velocity::Velocity;
use crate::natural_order;
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

/// The departures from each lane, in chronological order.
#[derive(Debug)]
pub(super) struct Schedule {
    departures: [Vec<Departure>; 3],
}

impl Schedule {
    pub(super) fn new(present: &Present, velocity: &Velocity, now: Timestamp) -> Self {
        let plan = Plan { tasks: &present.tasks, present, velocity, now };
        let implementation = plan.implementation();
        let review = plan.queue(Lane::Review, &implementation);
        let qa = plan.queue(Lane::Qa, &review);
        Self { departures: [implementation, review, qa] }
    }

    pub(super) fn departures(&self, lane: Lane) -> &[Departure] {
        &self.departures[lane as usize]
    }

    pub(super) fn etas(&self, now: Timestamp) -> Etas {
        let mut latest = 0.0_f64;
        let mut eta = |lane| {
            latest =
                self.departures(lane).iter().fold(latest, |latest, departure| latest.max(departure.hours));
            now.plus_hours(latest)
        };
        Etas {
            ready_to_review_eta: eta(Lane::Implementation),
            ready_to_qa_eta: eta(Lane::Review),
            complete_eta: eta(Lane::Qa),
        }
    }
}

struct Plan<'a> {
    tasks: &'a [OpenTask],
    present: &'a Present,
    velocity: &'a Velocity,
    now: Timestamp,
}

impl Plan<'_> {
    fn implementation(&self) -> Vec<Departure> {
        let mut queue = self.in_lane(Lane::Implementation);
        sort_by(&mut queue, |a, b| implementation_order(&self.tasks[*a], &self.tasks[*b]));
        let mut clock = 0.0;
        let depart = |task: usize| {
            clock += self.work(
                task,
                Lane::Implementation,
                self.tasks[task].hours_in_lane(Lane::Implementation, self.now).unwrap_or(0.0),
            );
            Departure { task, hours: clock }
        };
        queue.into_iter().map(depart).collect()
    }

    /// The tasks that wait in the lane now, then those that arrive from the previous lane.
    fn queue(&self, lane: Lane, arrivals: &[Departure]) -> Vec<Departure> {
        let mut waiting = self.in_lane(lane);
        sort_by(&mut waiting, |a, b| arrival_order(&self.tasks[*a], &self.tasks[*b], lane));
        let head = waiting.first().copied();
        let present = waiting.into_iter().map(|task| Departure { task, hours: 0.0 });
        let mut clock = 0.0_f64;
        let depart = |arrival: Departure| {
            let done = if head == Some(arrival.task) { self.time_at_head(arrival.task, lane) } else { 0.0 };
            clock = clock.max(arrival.hours) + self.work(arrival.task, lane, done);
            Departure { task: arrival.task, hours: clock }
        };
        present.chain(arrivals.iter().copied()).map(depart).collect()
    }

    /// Hours that the lane still needs for the task.
    fn work(&self, task: usize, lane: Lane, done: f64) -> f64 {
        let points = self.tasks[task].story_points.unwrap_or(self.present.mean_points);
        hours_at(points, self.velocity.of(lane)).map_or(f64::INFINITY, |hours| (hours - done).max(0.0))
    }

    /// How long the lane has been able to work on this task: since the task entered it, or since the previous task
    /// left.
    fn time_at_head(&self, task: usize, lane: Lane) -> f64 {
        let Some(entered) = self.tasks[task].in_lane_since(lane) else { return 0.0 };
        let since = self.present.last_left.of(lane).map_or(entered, |left| left.max(entered));
        self.now.hours_since(since).max(0.0)
    }

    fn in_lane(&self, lane: Lane) -> Vec<usize> {
        (0..self.tasks.len()).filter(|task| Lane::next(self.tasks[*task].status) == Some(lane)).collect()
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
    entered(a).cmp(&entered(b)).then_with(|| backlog_order(a, b))
}

fn backlog_order(a: &OpenTask, b: &OpenTask) -> Ordering {
    let place = |task: &OpenTask| (task.priority.is_none(), task.priority);
    let by_key = || natural_order::compare_rows((&a.key, &a.id), (&b.key, &b.id));
    place(a).cmp(&place(b)).then_with(by_key)
}

/// [`backlog_order`] of tasks with their history.
pub(super) fn history_order(a: &TaskHistory, b: &TaskHistory) -> Ordering {
    let priority = |task: &TaskHistory| (task.row.priority.is_none(), task.row.priority);
    let by_key = || natural_order::compare(&a.row.key, &b.row.key).then_with(|| a.row.id.cmp(&b.row.id));
    priority(a).cmp(&priority(b)).then_with(by_key)
}
