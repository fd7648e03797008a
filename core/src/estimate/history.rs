//! The tasks of a scope and their transitions, in memory.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::Value;

use super::lane::{Lane, Step};
use crate::error::Result;
use crate::repository::scope::ScopeIds;
use crate::repository::status_events;
use crate::repository::task_rows::{self, TaskRow};
use crate::time::Timestamp;

/// One transition of a task. Transitions at the same time keep the order in which they were recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transition {
    pub(super) from: Step,
    pub(super) to: Step,
    pub(super) at: Timestamp,
    pub(super) order: usize,
    /// Whether it is inferred from a task run, in memory or by a backfill.
    pub(super) is_inferred: bool,
}

/// A task with its transitions, oldest first.
#[derive(Debug, Clone)]
pub(super) struct TaskHistory {
    pub(super) row: TaskRow,
    pub(super) step: Step,
    pub(super) transitions: Vec<Transition>,
}

/// A visit of a task to a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Visit {
    pub(super) entered: Timestamp,
    pub(super) left: Timestamp,
}

impl TaskHistory {
    /// When the task entered the lane, by its newest transition; `None` if it is not in the lane now.
    pub(super) fn in_lane_since(&self, lane: Lane) -> Option<Timestamp> {
        let entered = self.transitions.iter().rev().find(|step| step.to == lane.start())?;
        (self.step == lane.start()).then_some(entered.at)
    }

    /// How long the task has been in the lane; 0 if it entered the lane in the future.
    pub(super) fn hours_in_lane(&self, lane: Lane, now: Timestamp) -> Option<f64> {
        self.in_lane_since(lane).map(|since| now.hours_since(since).max(0.0))
    }

    /// The visits that led to the next lane: each ends with that transition and begins with the latest start at or
    /// before it.
    pub(super) fn completed_visits(&self, lane: Lane) -> impl Iterator<Item = (Visit, usize)> {
        visits(self.transitions.iter(), lane, |end| end.to == lane.end()).into_iter()
    }

    /// The completed visits by recorded transitions only, without inferred ones.
    pub(super) fn recorded_visits(&self, lane: Lane) -> impl Iterator<Item = Visit> {
        let recorded = self.transitions.iter().filter(|step| !step.is_inferred);
        visits(recorded, lane, |end| end.to == lane.end()).into_iter().map(|(visit, _)| visit)
    }

    /// The visits that ended, whatever status followed.
    pub(super) fn ended_visits(&self, lane: Lane) -> impl Iterator<Item = Visit> {
        visits(self.transitions.iter(), lane, |end| end.to != lane.start())
            .into_iter()
            .map(|(visit, _)| visit)
    }
}

/// The visits to the lane that end with a transition for which `ends` is true, oldest first, each with the order of
/// that transition. A visit begins at the latest transition into the lane at or before its end.
///
/// The result is a list, because an iterator that callers flatten compiles to a branch on uninitialised memory, which is
/// harmless but which Valgrind reports to every host.
fn visits<'m>(
    transitions: impl Iterator<Item = &'m Transition> + Clone,
    lane: Lane,
    ends: impl Fn(&Transition) -> bool,
) -> Vec<(Visit, usize)> {
    let mut starts = transitions.clone().filter(|step| step.to == lane.start()).peekable();
    let mut entered = None;
    let mut visits = Vec::new();
    for end in transitions.filter(|step| step.from == lane.start() && ends(step)) {
        while let Some(start) = starts.next_if(|start| start.at <= end.at) {
            entered = Some(start.at);
        }
        visits.extend(entered.map(|entered| (Visit { entered, left: end.at }, end.order)));
    }
    visits
}

/// The tasks of a scope, with their transitions.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) tasks: Vec<TaskHistory>,
    index: HashMap<String, usize>,
    transitions: usize,
}

impl History {
    /// Loads the history. Transitions with an invalid time are left out.
    pub(super) fn load(tx: &Connection, scope: &ScopeIds, assignee: Option<&str>) -> Result<Self> {
        let mut rows = task_rows::in_scope(tx, scope)?;
        if let Some(assignee) = assignee.map(folded) {
            rows.retain(|row| row.assignee.as_deref().is_some_and(|own| folded(own) == assignee));
        }
        let mut history = Self::of_tasks(rows);
        status_events::for_each_in_scope(tx, scope, |event| {
            if let (Some(&task), Some(at)) =
                (history.index.get(event.task_id), Timestamp::read(event.timestamp))
            {
                let from = event.from_status.map_or(Step::Other, Step::of);
                let is_inferred = event.metadata.is_some_and(is_backfilled);
                let step = Transition {
                    from,
                    to: Step::of(event.to_status),
                    at,
                    order: history.transitions,
                    is_inferred,
                };
                history.tasks[task].transitions.push(step);
                history.transitions += 1;
            }
        })?;
        for task in &mut history.tasks {
            task.transitions.sort_by_key(|step| (step.at, step.order));
        }
        Ok(history)
    }

    fn of_tasks(rows: Vec<TaskRow>) -> Self {
        let index = rows.iter().enumerate().map(|(index, row)| (row.id.clone(), index)).collect();
        let tasks = rows.into_iter().map(|row| TaskHistory {
            step: Step::of(&row.status),
            row,
            transitions: Vec::new(),
        });
        Self { tasks: tasks.collect(), index, transitions: 0 }
    }

    /// Adds an inferred transition, after the recorded ones of the same time.
    pub(super) fn add(&mut self, task: usize, from: Step, to: Step, at: Timestamp) {
        let transitions = &mut self.tasks[task].transitions;
        let index = transitions.partition_point(|step| step.at <= at);
        transitions.insert(index, Transition { from, to, at, order: self.transitions, is_inferred: true });
        self.transitions += 1;
    }

    /// The index of the task with this id in `tasks`.
    pub(super) fn task_index(&self, task_id: &str) -> Option<usize> {
        self.index.get(task_id).copied()
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether an event was written by a backfill.
fn is_backfilled(metadata: &str) -> bool {
    // Most metadata does not contain the word, and need not be parsed.
    metadata.contains("backfilled")
        && serde_json::from_str::<Value>(metadata).is_ok_and(|metadata| metadata["backfilled"] == true)
}
