//! Work in progress: its age, and its next transitions.

use serde::{Deserialize, Serialize};

use super::lane::{Lane, PerLane};
use super::present::{OpenTask, Present};
use super::schedule::{Departure, Schedule};
use crate::number;
use crate::sorting::sort_by;
use crate::time::Timestamp;

/// The percentile of the lane's history above which a task counts as aging.
const AGING: f64 = 0.85;

/// The tasks that are in a lane now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wip {
    /// The number of tasks.
    pub tasks: usize,
    /// The number of them that are older than 85 % of the lane's finished visits.
    pub aging: usize,
    /// The tasks, oldest first.
    pub items: Vec<WipItem>,
}

/// One task that is in a lane now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WipItem {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub task_key: String,
    /// Hours since it entered the lane; null if no event shows it.
    #[serde(serialize_with = "number::json_option")]
    pub age_hours: Option<f64>,
    /// The share, from 0 to 1, of the lane's newest 1,000 finished visits that took no longer than this age; null if the
    /// lane has no history.
    #[serde(serialize_with = "number::json_option")]
    pub age_percentile: Option<f64>,
    /// Whether the percentile is above 0.85.
    pub aging: bool,
}

/// The next transitions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NextTransitions {
    /// The task that is expected to be implemented first.
    pub ready_to_review: Option<NextTransition>,
    /// The task that is expected to be reviewed first.
    pub ready_to_qa: Option<NextTransition>,
    /// The task that is expected to be completed first.
    pub complete: Option<NextTransition>,
    /// The next transition of every task that is in a lane now.
    pub tasks: Vec<NextTransition>,
}

/// An expected transition of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NextTransition {
    /// The task.
    pub task_id: String,
    /// Its key.
    pub task_key: String,
    /// Its next status.
    pub to: String,
    /// Hours from now; null if its lane has no velocity.
    #[serde(serialize_with = "number::json_option")]
    pub hours: Option<f64>,
    /// The time; null if its lane has no velocity.
    pub at: Option<Timestamp>,
}

pub(super) fn wip(present: &Present, now: Timestamp) -> PerLane<Wip> {
    PerLane::from_fn(|lane| {
        let inside = present.tasks.iter().filter(|task| Lane::of(task.status) == Some(lane));
        let mut items: Vec<WipItem> =
            inside.map(|task| item(task, lane, present.visits.of(lane), now)).collect();
        sort_by(&mut items, |a, b| {
            let age = |item: &WipItem| item.age_hours.unwrap_or(-1.0);
            age(b).total_cmp(&age(a)).then_with(|| crate::natural_order::compare(&a.task_key, &b.task_key))
        });
        Wip { tasks: items.len(), aging: items.iter().filter(|item| item.aging).count(), items }
    })
}

/// `taken` are the hours of the lane's finished visits, in ascending order.
fn item(task: &OpenTask, lane: Lane, taken: &[f64], now: Timestamp) -> WipItem {
    let age_hours = task.hours_in_lane(lane, now);
    let age_percentile = age_hours.filter(|_| !taken.is_empty()).map(|age| {
        let no_longer = taken.partition_point(|hours| *hours <= age);
        no_longer as f64 / taken.len() as f64
    });
    WipItem {
        task_id: task.known.id().to_owned(),
        task_key: task.known.key().to_owned(),
        age_hours,
        age_percentile,
        aging: age_percentile.is_some_and(|percentile| percentile > AGING),
    }
}

pub(super) fn next_transitions(tasks: &[OpenTask], schedule: &Schedule, now: Timestamp) -> NextTransitions {
    let transition = |lane: Lane, departure: &Departure| {
        let at = now.plus_hours(departure.hours);
        let task = &tasks[departure.task].known;
        NextTransition {
            task_id: task.id().to_owned(),
            task_key: task.key().to_owned(),
            to: lane.end_status().to_owned(),
            hours: at.map(|_| departure.hours),
            at,
        }
    };
    // Lanes work first in, first out, so the first departure is the earliest.
    let first = |lane| schedule.first(lane).map(|departure| transition(lane, departure));
    let own = |lane: Lane| schedule.own(lane).iter().map(move |departure| (lane, departure));
    NextTransitions {
        ready_to_review: first(Lane::Implementation),
        ready_to_qa: first(Lane::Review),
        complete: first(Lane::Qa),
        tasks: Lane::ALL
            .into_iter()
            .flat_map(own)
            .map(|(lane, departure)| transition(lane, departure))
            .collect(),
    }
}
