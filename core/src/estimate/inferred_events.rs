//! Status events that are inferred from task runs, where none were recorded.

use std::collections::HashMap;

use rusqlite::Connection;

use super::history::{History, Transition, Visit};
use super::lane::Lane;
use crate::error::Result;
use crate::repository::scope::ScopeIds;
use crate::repository::task_runs::{self, SuccessfulRun};
use crate::sorting::sort_by_key;
use crate::status::Meaning;
use crate::time::Timestamp;

/// If both ends of a run are this close to those of a recorded visit, they are the same work.
const SAME_WORK_MS: u64 = 60_000;

/// A successful run on a task of the scope.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) row: SuccessfulRun,
    /// The index of its task in the history.
    pub(super) task: usize,
    pub(super) started: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
}

/// The start or end of a run, as the event inferred from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct InferredEvent<'r> {
    pub(super) run: &'r Run,
    pub(super) lane: Lane,
    pub(super) phase: Phase,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    Start,
    End,
}

impl InferredEvent<'_> {
    /// The statuses of the event, from and to. The status before a run is unknown.
    pub(super) fn statuses(&self) -> (Option<&'static str>, &'static str) {
        match self.phase {
            Phase::Start => (None, self.lane.start_status()),
            Phase::End => (Some(self.lane.start_status()), self.lane.end_status()),
        }
    }

    fn steps(&self) -> (Meaning, Meaning) {
        match self.phase {
            Phase::Start => (Meaning::Other, self.lane.start()),
            Phase::End => (self.lane.start(), self.lane.end()),
        }
    }

    /// Whether it is this transition, at the same time. The status before a start is ignored.
    fn matches(&self, step: &Transition) -> bool {
        let (from, to) = self.steps();
        step.to == to && (step.from == from || self.phase == Phase::Start)
    }
}

impl Run {
    /// Whether a transition can be inferred from it.
    pub(super) fn is_timed(&self) -> bool {
        self.started.is_some() && self.finished.is_some()
    }
}

/// The successful runs on the history's tasks, newest finish first, those without one last, by reading all runs.
pub(super) fn load(tx: &Connection, scope: &ScopeIds, history: &History) -> Result<Vec<Run>> {
    Ok(newest_first(task_runs::successful_in_scope(tx, scope)?, history))
}

/// As [`load`], by reading the runs of the history's tasks, one task after the other.
pub(super) fn load_of_tasks(tx: &Connection, history: &History) -> Result<Vec<Run>> {
    let ids = history.tasks.iter().map(|task| task.known.id());
    Ok(newest_first(task_runs::successful_of_tasks(tx, ids)?, history))
}

fn newest_first(rows: Vec<SuccessfulRun>, history: &History) -> Vec<Run> {
    let read = |time: &Option<String>| time.as_deref().and_then(Timestamp::read);
    let with_task = rows.into_iter().rev().filter_map(|row| {
        let task = history.task_index(&row.task_id)?;
        Some(Run { task, started: read(&row.started_at), finished: read(&row.finished_at), row })
    });
    let mut runs: Vec<Run> = with_task.collect();
    sort_by_key(&mut runs, |run| std::cmp::Reverse((run.finished, run.started)));
    runs
}

/// How many of a lane's newest runs are examined, at most.
pub(super) fn runs_examined(window: usize) -> usize {
    window.saturating_mul(3)
}

/// Adds inferred transitions to the history: for every lane with fewer transitions from its start to its end than
/// `window`, those of its newest runs, until there are that many. Returns the added events.
pub(super) fn infer<'r>(history: &mut History, runs: &'r [Run], window: usize) -> Vec<InferredEvent<'r>> {
    let mut added = Vec::new();
    for lane in Lane::ALL {
        let is_end = |step: &&Transition| step.from == lane.start() && step.to == lane.end();
        let ends = history.tasks.iter().map(|task| task.transitions.iter().filter(is_end).count()).sum();
        let of_lane = runs.iter().filter(|run| run.row.command == lane.command() && run.is_timed());
        added.extend(infer_lane(history, lane, ends, of_lane, window));
    }
    added
}

/// Adds the transitions of the lane's newest runs, as [`infer`] does, to a history in which it has `ends` of its own.
pub(super) fn infer_lane<'r>(
    history: &mut History,
    lane: Lane,
    mut ends: usize,
    runs: impl Iterator<Item = &'r Run>,
    window: usize,
) -> Vec<InferredEvent<'r>> {
    let mut added = Vec::new();
    // Compared with recorded visits only. If inferred ones counted, a backfill, which stores them, would change what the
    // next one adds.
    let mut recorded: HashMap<usize, Vec<Visit>> = HashMap::new();
    for run in runs.take(runs_examined(window)) {
        if ends >= window {
            break;
        }
        let task = &history.tasks[run.task];
        let recorded = recorded.entry(run.task).or_insert_with(|| task.recorded_visits(lane).collect());
        for inferred in missing(&task.transitions, recorded, lane, run) {
            let (from, to) = inferred.steps();
            history.add(run.task, from, to, inferred.at);
            ends += usize::from(inferred.phase == Phase::End);
            added.push(inferred);
        }
    }
    added
}

/// The ends of the run that the transitions of its task lack. Both `transitions` and the `recorded` visits to the lane
/// are in order of time, so that only those around the run are examined.
fn missing<'r>(
    transitions: &[Transition],
    recorded: &[Visit],
    lane: Lane,
    run: &'r Run,
) -> Vec<InferredEvent<'r>> {
    let (Some(started), Some(finished)) = (run.started, run.finished) else { return Vec::new() };
    let near = |a: Timestamp, b: Timestamp| a.millis().abs_diff(b.millis()) <= SAME_WORK_MS;
    let first = recorded.partition_point(|visit| visit.left < finished && !near(visit.left, finished));
    let mut around = recorded[first..].iter().take_while(|visit| near(visit.left, finished));
    let is_same_work = around.any(|visit| near(visit.entered, started));
    // A run that ends before it begins results from a clock that was set back; it is ignored.
    if is_same_work || finished < started {
        return Vec::new();
    }
    let is_recorded = |inferred: &InferredEvent<'_>| {
        let first = transitions.partition_point(|step| step.at < inferred.at);
        let mut at_once = transitions[first..].iter().take_while(|step| step.at == inferred.at);
        at_once.any(|step| inferred.matches(step))
    };
    [(Phase::Start, started), (Phase::End, finished)]
        .map(|(phase, at)| InferredEvent { run, lane, phase, at })
        .into_iter()
        .filter(|inferred| !is_recorded(inferred))
        .collect()
}
