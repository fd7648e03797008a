//! The tasks of a scope and their transitions, in memory.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::Value;

use super::known_task::KnownTask;
use super::lane::Lane;
use crate::error::Result;
use crate::repository::scope_tasks::TaskScope;
use crate::repository::status_events::{self, EventRef};
use crate::repository::task_rows::{self, TaskRow};
use crate::sorting::sort_by_key;
use crate::status::{Meaning, StatusSettings};
use crate::time::Timestamp;

/// One transition of a task. Transitions at the same time keep the order in which they were recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transition {
    pub(super) from: Meaning,
    pub(super) to: Meaning,
    pub(super) at: Timestamp,
    pub(super) order: i64,
    /// Whether it is inferred from a task run, in memory or by a backfill.
    pub(super) is_inferred: bool,
}

/// A task with its transitions, oldest first.
#[derive(Debug, Clone)]
pub(super) struct TaskHistory {
    pub(super) known: KnownTask,
    /// What its status means.
    pub(super) status: Meaning,
    pub(super) transitions: Vec<Transition>,
}

/// A visit of a task to a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Visit {
    pub(super) entered: Timestamp,
    pub(super) left: Timestamp,
}

impl TaskHistory {
    pub(super) fn new(row: &TaskRow, statuses: &StatusSettings, transitions: Vec<Transition>) -> Self {
        Self { known: KnownTask::new(row), status: statuses.meaning(&row.status), transitions }
    }

    /// When the task entered the lane that it is in now, by its newest transition.
    pub(super) fn entered(&self) -> Option<Timestamp> {
        let lane = Lane::of(self.status)?;
        self.transitions.iter().rev().find(|step| lane.is_entered(step.from, step.to)).map(|step| step.at)
    }

    /// The hours since the newest transition to `in_progress`, if that is the task's status; 0 if it is in the future.
    pub(super) fn hours_in_progress(&self, now: Timestamp) -> Option<f64> {
        let is_start = |step: &&Transition| step.to == Meaning::InProgress;
        let since =
            self.transitions.iter().rev().find(is_start).filter(|_| self.status == Meaning::InProgress)?;
        Some(now.hours_since(since.at).max(0.0))
    }

    /// The visits that led to the next lane: each ends with that transition and begins with the latest start at or
    /// before it.
    pub(super) fn completed_visits(&self, lane: Lane) -> impl Iterator<Item = (Visit, i64)> {
        start_to_end(self.transitions.iter(), lane).into_iter()
    }

    /// The completed visits by recorded transitions only, without inferred ones.
    pub(super) fn recorded_visits(&self, lane: Lane) -> impl Iterator<Item = Visit> {
        let recorded = self.transitions.iter().filter(|step| !step.is_inferred);
        start_to_end(recorded, lane).into_iter().map(|(visit, _)| visit)
    }

    /// The visits that ended, whatever status followed.
    pub(super) fn ended_visits(&self, lane: Lane) -> impl Iterator<Item = (Visit, i64)> {
        let begins = |step: &Transition| lane.is_entered(step.from, step.to);
        let ends = |step: &Transition| lane.is_left(step.from, step.to);
        visits(self.transitions.iter(), begins, ends).into_iter()
    }
}

/// The visits from the lane's start status to its end status.
fn start_to_end<'m>(
    transitions: impl Iterator<Item = &'m Transition> + Clone,
    lane: Lane,
) -> Vec<(Visit, i64)> {
    let ends = |step: &Transition| step.from == lane.start() && step.to == lane.end();
    visits(transitions, |step| step.to == lane.start(), ends)
}

/// The visits that end with a transition for which `ends` is true, oldest first, each with the order of that transition. A
/// visit begins at the latest transition for which `begins` is true at or before its end.
///
/// The result is a list, because an iterator that callers flatten compiles to a branch on uninitialised memory, which is
/// harmless but which Valgrind reports to every host.
fn visits<'m>(
    transitions: impl Iterator<Item = &'m Transition> + Clone,
    begins: impl Fn(&Transition) -> bool,
    ends: impl Fn(&Transition) -> bool,
) -> Vec<(Visit, i64)> {
    let mut starts = transitions.clone().filter(|step| begins(step)).peekable();
    let mut entered = None;
    let mut visits = Vec::new();
    for end in transitions.filter(|step| ends(step)) {
        while let Some(start) = starts.next_if(|start| start.at <= end.at) {
            entered = Some(start.at);
        }
        visits.extend(entered.map(|entered| (Visit { entered, left: end.at }, end.order)));
    }
    visits
}

/// The order of the first inferred transition: after all recorded ones.
pub(super) const INFERRED: i64 = 1 << 62;

/// The tasks of a scope, or some of them, with their transitions.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) tasks: Vec<TaskHistory>,
    index: HashMap<String, usize>,
    inferred: i64,
}

impl History {
    /// Loads the history of a scope by reading all tasks and events. Transitions with an invalid time are left out.
    pub(super) fn load(tx: &Connection, scope: &TaskScope<'_>, statuses: &StatusSettings) -> Result<Self> {
        let mut rows = task_rows::in_scope(tx, scope.ids)?;
        if let Some(is_person) = scope.person {
            rows.retain(|row| row.assignee.as_deref().is_some_and(is_person));
        }
        let have_own_ids = rows.iter().all(TaskRow::has_own_id);
        let mut history = Self::of_tasks(rows, statuses);
        let mut order = 0;
        let mut add = |event: EventRef<'_>| {
            if let Some(&task) = history.index.get(event.task_id)
                && let Some(step) = transition(&event, order, statuses)
            {
                history.tasks[task].transitions.push(step);
                order += 1;
            }
        };
        // Looking up a task here is faster than in the database.
        if have_own_ids {
            status_events::for_each(tx, &mut add)?;
        } else {
            status_events::for_each_in_scope(tx, scope.ids, &mut add)?;
        }
        for task in &mut history.tasks {
            task.transitions.sort_by_key(|step| (step.at, step.order));
        }
        Ok(history)
    }

    /// Loads the history of these tasks, one after the other, for a scope that is a small part of the backlog. `None` if
    /// the events are numbered in such a way that they cannot be put in order.
    pub(super) fn load_tasks(
        tx: &Connection,
        rows: Vec<TaskRow>,
        statuses: &StatusSettings,
    ) -> Result<Option<Self>> {
        let mut history = Self::of_tasks(rows, statuses);
        for task in &mut history.tasks {
            let Some(transitions) = transitions(tx, task.known.id(), statuses)? else { return Ok(None) };
            task.transitions = transitions;
        }
        Ok(Some(history))
    }

    fn of_tasks(rows: Vec<TaskRow>, statuses: &StatusSettings) -> Self {
        let (mut tasks, mut index) = (Vec::with_capacity(rows.len()), HashMap::with_capacity(rows.len()));
        for row in rows {
            let place = tasks.len();
            tasks.push(TaskHistory::new(&row, statuses, Vec::new()));
            index.insert(row.id, place);
        }
        Self { tasks, index, inferred: 0 }
    }

    /// Adds a task with its recorded transitions, oldest first, and returns its index.
    pub(super) fn push(&mut self, task: TaskHistory) -> usize {
        let place = self.tasks.len();
        self.index.insert(task.known.id().to_owned(), place);
        self.tasks.push(task);
        place
    }

    /// The tasks that are in a lane, and those with the newest finished visits to each lane, `count` of them.
    pub(super) fn recent(&self, count: usize) -> Vec<TaskHistory> {
        let with_place = self.tasks.iter().zip(self.are_recent(count));
        with_place.filter(|(_, is_recent)| *is_recent).map(|(task, _)| task.clone()).collect()
    }

    /// [`recent`](Self::recent) of a history that is not needed any more.
    pub(super) fn into_recent(mut self, count: usize) -> Vec<TaskHistory> {
        let mut are_recent = self.are_recent(count).into_iter();
        self.tasks.retain(|_| are_recent.next() == Some(true));
        self.tasks
    }

    fn are_recent(&self, count: usize) -> Vec<bool> {
        let mut are_recent: Vec<bool> =
            self.tasks.iter().map(|task| Lane::of(task.status).is_some()).collect();
        for lane in Lane::ALL {
            for (_, _, place) in self.newest_visits(lane, count) {
                are_recent[place] = true;
            }
        }
        are_recent
    }

    /// The lane's newest finished visits, whatever status followed: the newest first, each with the place of its task.
    pub(super) fn newest_visits(&self, lane: Lane, count: usize) -> Vec<(Visit, i64, usize)> {
        let of_task = |(place, task): (usize, &TaskHistory)| {
            let visits: Vec<_> = task.ended_visits(lane).collect();
            visits.into_iter().map(move |(visit, order)| (visit, order, place))
        };
        let mut visits: Vec<_> = self.tasks.iter().enumerate().flat_map(of_task).collect();
        sort_by_key(&mut visits, |(visit, order, _)| std::cmp::Reverse((visit.left, *order)));
        visits.truncate(count);
        visits
    }

    /// Adds an inferred transition, after the recorded ones of the same time.
    pub(super) fn add(&mut self, task: usize, from: Meaning, to: Meaning, at: Timestamp) {
        let transitions = &mut self.tasks[task].transitions;
        let index = transitions.partition_point(|step| step.at <= at);
        let order = INFERRED + self.inferred;
        transitions.insert(index, Transition { from, to, at, order, is_inferred: true });
        self.inferred += 1;
    }

    /// The index of the task with this id in `tasks`.
    pub(super) fn task_index(&self, task_id: &str) -> Option<usize> {
        self.index.get(task_id).copied()
    }
}

/// The recorded transitions of a task, oldest first, in the order of their rows' numbers; `None` if a number is too large.
pub(super) fn transitions(
    tx: &Connection,
    task_id: &str,
    statuses: &StatusSettings,
) -> Result<Option<Vec<Transition>>> {
    let (mut found, mut are_in_order) = (Vec::new(), true);
    status_events::for_each_of_task(tx, task_id, |number, event| {
        are_in_order &= number < INFERRED;
        found.extend(transition(&event, number, statuses));
    })?;
    found.sort_by_key(|step: &Transition| (step.at, step.order));
    found.shrink_to_fit();
    Ok(are_in_order.then_some(found))
}

/// The event as a transition; `None` if its time is invalid.
fn transition(event: &EventRef<'_>, order: i64, statuses: &StatusSettings) -> Option<Transition> {
    let at = Timestamp::read(event.timestamp)?;
    let from = event.from_status.map_or(Meaning::Other, |from| statuses.meaning(from));
    let is_inferred = event.metadata.is_some_and(is_backfilled);
    Some(Transition { from, to: statuses.meaning(event.to_status), at, order, is_inferred })
}

/// Whether an event was written by a backfill.
fn is_backfilled(metadata: &str) -> bool {
    // Most metadata does not contain the word, and need not be parsed.
    metadata.contains("backfilled")
        && serde_json::from_str::<Value>(metadata).is_ok_and(|metadata| metadata["backfilled"] == true)
}
