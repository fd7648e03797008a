//! The tasks of a scope and their moves, in memory.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::Value;

use super::lane::{Lane, Step};
use crate::error::Result;
use crate::repository::scope::ScopeIds;
use crate::repository::status_events;
use crate::repository::task_rows::{self, TaskRow};
use crate::time::Timestamp;

/// One move of a task. Moves at the same moment are told apart by the order in which they were recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Move {
    pub(super) from: Step,
    pub(super) to: Step,
    pub(super) at: Timestamp,
    pub(super) order: usize,
    /// Whether a task run stands in for it, in memory or written by a backfill.
    pub(super) is_stand_in: bool,
}

/// A task with its moves, oldest first.
#[derive(Debug, Clone)]
pub(super) struct TaskHistory {
    pub(super) row: TaskRow,
    pub(super) step: Step,
    pub(super) moves: Vec<Move>,
}

/// A stay of a task in a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Visit {
    pub(super) entered: Timestamp,
    pub(super) left: Timestamp,
}

impl TaskHistory {
    /// When the task came into the lane, by the newest move of all; none where it is not in it now.
    pub(super) fn in_lane_since(&self, lane: Lane) -> Option<Timestamp> {
        let entered = self.moves.iter().rev().find(|step| step.to == lane.start())?;
        (self.step == lane.start()).then_some(entered.at)
    }

    /// For how long the task has been in the lane; 0 where it came there in the future.
    pub(super) fn hours_in_lane(&self, lane: Lane, now: Timestamp) -> Option<f64> {
        self.in_lane_since(lane).map(|since| now.hours_since(since).max(0.0))
    }

    /// The lane's visits that led on to the next lane: each end with the latest start at or before it.
    pub(super) fn passes(&self, lane: Lane) -> impl Iterator<Item = (Visit, usize)> {
        visits(self.moves.iter(), lane, |end| end.to == lane.end()).into_iter()
    }

    /// The passes by recorded moves alone, stand-ins left out.
    pub(super) fn recorded_passes(&self, lane: Lane) -> impl Iterator<Item = Visit> {
        let recorded = self.moves.iter().filter(|step| !step.is_stand_in);
        visits(recorded, lane, |end| end.to == lane.end()).into_iter().map(|(visit, _)| visit)
    }

    /// The lane's visits that ended, wherever they led.
    pub(super) fn ended_visits(&self, lane: Lane) -> impl Iterator<Item = Visit> {
        visits(self.moves.iter(), lane, |end| end.to != lane.start()).into_iter().map(|(visit, _)| visit)
    }
}

/// The visits of the lane by these moves, oldest first, that end with a move that `ends`, each with that
/// move's order. A visit begins at the latest move into the lane at or before its end.
///
/// A list, since an iterator that is flattened further up compiles to a jump on memory that was never written, which
/// is harmless, and which Valgrind reports to every host.
fn visits<'m>(
    moves: impl Iterator<Item = &'m Move> + Clone,
    lane: Lane,
    ends: impl Fn(&Move) -> bool,
) -> Vec<(Visit, usize)> {
    let mut starts = moves.clone().filter(|step| step.to == lane.start()).peekable();
    let mut entered = None;
    let mut visits = Vec::new();
    for end in moves.filter(|step| step.from == lane.start() && ends(step)) {
        while let Some(start) = starts.next_if(|start| start.at <= end.at) {
            entered = Some(start.at);
        }
        visits.extend(entered.map(|entered| (Visit { entered, left: end.at }, end.order)));
    }
    visits
}

/// The tasks of a scope, with what happened to them.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) tasks: Vec<TaskHistory>,
    index: HashMap<String, usize>,
    moves: usize,
}

impl History {
    /// Moves whose time cannot be read are left out.
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
                let is_stand_in = event.metadata.is_some_and(is_backfilled);
                let step =
                    Move { from, to: Step::of(event.to_status), at, order: history.moves, is_stand_in };
                history.tasks[task].moves.push(step);
                history.moves += 1;
            }
        })?;
        for task in &mut history.tasks {
            task.moves.sort_by_key(|step| (step.at, step.order));
        }
        Ok(history)
    }

    fn of_tasks(rows: Vec<TaskRow>) -> Self {
        let index = rows.iter().enumerate().map(|(index, row)| (row.id.clone(), index)).collect();
        let tasks =
            rows.into_iter().map(|row| TaskHistory { step: Step::of(&row.status), row, moves: Vec::new() });
        Self { tasks: tasks.collect(), index, moves: 0 }
    }

    /// Adds a move that a run stands in for, after the recorded ones of the same moment.
    pub(super) fn add(&mut self, task: usize, from: Step, to: Step, at: Timestamp) {
        let moves = &mut self.tasks[task].moves;
        let place = moves.partition_point(|step| step.at <= at);
        moves.insert(place, Move { from, to, at, order: self.moves, is_stand_in: true });
        self.moves += 1;
    }

    /// The place of the task with this id in `tasks`.
    pub(super) fn place(&self, task_id: &str) -> Option<usize> {
        self.index.get(task_id).copied()
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether an event's metadata says that a backfill wrote it.
fn is_backfilled(metadata: &str) -> bool {
    // Most metadata does not hold the word, and need not be parsed.
    metadata.contains("backfilled")
        && serde_json::from_str::<Value>(metadata).is_ok_and(|metadata| metadata["backfilled"] == true)
}
