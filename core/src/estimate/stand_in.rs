//! Task runs that stand in for status events which nobody recorded.

use rusqlite::Connection;

use super::history::{History, Move, Visit};
use super::lane::{Lane, Step};
use crate::error::Result;
use crate::repository::scope::ScopeIds;
use crate::repository::task_runs::{self, SuccessfulRun};
use crate::time::Timestamp;

/// A run whose ends are both this near to those of a recorded visit is the same work.
const SAME_WORK_MS: u64 = 60_000;

/// A successful run on a task of the scope.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) row: SuccessfulRun,
    /// Its task's place in the history.
    pub(super) task: usize,
    pub(super) started: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
}

/// One end of a run, as the event that it stands in for.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandIn<'r> {
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

impl StandIn<'_> {
    /// The statuses that the event tells, from and to. Where a run found its task nobody knows.
    pub(super) fn statuses(&self) -> (Option<&'static str>, &'static str) {
        match self.phase {
            Phase::Start => (None, self.lane.start_status()),
            Phase::End => (Some(self.lane.start_status()), self.lane.end_status()),
        }
    }

    fn steps(&self) -> (Step, Step) {
        match self.phase {
            Phase::Start => (Step::Other, self.lane.start()),
            Phase::End => (self.lane.start(), self.lane.end()),
        }
    }

    /// Whether this move at the same moment is it. Where it came from does not matter at a start.
    fn is_shown_by(&self, step: &Move) -> bool {
        let (from, to) = self.steps();
        step.to == to && (step.from == from || self.phase == Phase::Start)
    }
}

/// The successful runs on the history's tasks, newest finish first, those without one last.
pub(super) fn load(tx: &Connection, scope: &ScopeIds, history: &History) -> Result<Vec<Run>> {
    let rows = task_runs::successful_in_scope(tx, scope)?;
    let read = |time: &Option<String>| time.as_deref().and_then(Timestamp::read);
    let with_task = rows.into_iter().rev().filter_map(|row| {
        let task = history.place(&row.task_id)?;
        Some(Run { task, started: read(&row.started_at), finished: read(&row.finished_at), row })
    });
    let mut runs: Vec<Run> = with_task.collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.finished, run.started)));
    Ok(runs)
}

/// Adds to the history what the runs show and the events do not: for every lane that has fewer moves from
/// its start to its end than `window`, its newest runs, until there are that many. Returns what was added.
pub(super) fn fill<'r>(history: &mut History, runs: &'r [Run], window: usize) -> Vec<StandIn<'r>> {
    let mut added = Vec::new();
    for lane in Lane::ALL {
        let is_end = |step: &&Move| step.from == lane.start() && step.to == lane.end();
        let mut ends: usize = history.tasks.iter().map(|task| task.moves.iter().filter(is_end).count()).sum();
        let of_lane = runs.iter().filter(|run| run.row.command == lane.command());
        let timed = of_lane.filter(|run| run.started.is_some() && run.finished.is_some());
        // By what was recorded alone: what other runs stand in for must not decide, else a backfill, which
        // writes that for good, would change what the next one adds.
        let recorded: Vec<Vec<Visit>> =
            history.tasks.iter().map(|task| task.recorded_passes(lane).collect()).collect();
        for run in timed.take(window.saturating_mul(3)) {
            if ends >= window {
                break;
            }
            for stand_in in missing(&history.tasks[run.task].moves, &recorded[run.task], lane, run) {
                let (from, to) = stand_in.steps();
                history.add(run.task, from, to, stand_in.at);
                ends += usize::from(stand_in.phase == Phase::End);
                added.push(stand_in);
            }
        }
    }
    added
}

/// The ends of the run that its task's moves do not show. Both `moves` and the `recorded` visits of the lane
/// are in the order of time, so that however many there are only those around the run are looked at.
fn missing<'r>(moves: &[Move], recorded: &[Visit], lane: Lane, run: &'r Run) -> Vec<StandIn<'r>> {
    let (Some(started), Some(finished)) = (run.started, run.finished) else { return Vec::new() };
    let near = |a: Timestamp, b: Timestamp| a.millis().abs_diff(b.millis()) <= SAME_WORK_MS;
    let first = recorded.partition_point(|visit| visit.left < finished && !near(visit.left, finished));
    let mut around = recorded[first..].iter().take_while(|visit| near(visit.left, finished));
    let is_same_work = around.any(|visit| near(visit.entered, started));
    // A run that ends before it begins comes from a clock that was set back: it says nothing.
    if is_same_work || finished < started {
        return Vec::new();
    }
    let is_shown = |stand_in: &StandIn<'_>| {
        let first = moves.partition_point(|step| step.at < stand_in.at);
        let mut at_once = moves[first..].iter().take_while(|step| step.at == stand_in.at);
        at_once.any(|step| stand_in.is_shown_by(step))
    };
    [(Phase::Start, started), (Phase::End, finished)]
        .map(|(phase, at)| StandIn { run, lane, phase, at })
        .into_iter()
        .filter(|stand_in| !is_shown(stand_in))
        .collect()
}
