//! The newest part of a scope's history: only the tasks that a question is about, each with all of its transitions.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use rusqlite::Connection;

use super::history::{History, INFERRED, TaskHistory, Visit, transitions};
use super::inferred_events::{Run, infer_lane, runs_examined};
use super::lane::Lane;
use super::velocity::{Measured, Sample, measure, newest_samples, run_sample};
use crate::error::Result;
use crate::repository::newest_events::{self, Event, Read, Spellings};
use crate::repository::newest_runs;
use crate::repository::scope_tasks::{self, TaskScope};
use crate::status::{Meaning, StatusSettings};
use crate::time::Timestamp;

/// How many events or runs are looked at for one lane. Where that is not enough, reading all of them is faster.
const LIMIT: usize = 10_000;
/// The largest window for which the newest part is looked at.
const LARGEST_WINDOW: usize = 1_000;

/// Parts of a history, which are read when they are needed. Each question has no answer (`None`) where reading the whole
/// history is the better way.
pub(super) struct Newest<'t> {
    tx: &'t Connection,
    scope: TaskScope<'t>,
    statuses: &'t StatusSettings,
    spellings: Spellings,
    history: History,
    /// The tasks that were looked for and are not in the scope.
    outside: HashSet<String>,
    /// False if a row's number is too large to order recorded transitions before inferred ones.
    is_ordered: bool,
}

impl<'t> Newest<'t> {
    pub(super) fn new(
        tx: &'t Connection,
        scope: TaskScope<'t>,
        statuses: &'t StatusSettings,
    ) -> Result<Option<Self>> {
        let Some(spellings) = newest_events::spellings(tx)? else { return Ok(None) };
        let history = History::default();
        let outside = HashSet::new();
        Ok(Some(Self { tx, scope, statuses, spellings, history, outside, is_ordered: true }))
    }

    /// What the history says of each lane, as [`velocity::measured`](super::velocity::measured) finds it in the whole one.
    pub(super) fn measured(&mut self, window: usize) -> Result<Option<Measured>> {
        if window > LARGEST_WINDOW {
            return Ok(None);
        }
        for lane in Lane::ALL {
            let mut ends = 0;
            let is_end = |from, to| from == lane.start() && to == lane.end();
            let read = self.for_each_event(is_end, None, |_, _, _| {
                ends += 1;
                ends < window
            })?;
            if read == Read::TooMany {
                return Ok(None);
            }
            if ends < window {
                let Some(runs) = self.timed_runs(lane, runs_examined(window))? else { return Ok(None) };
                infer_lane(&mut self.history, lane, ends, runs.iter(), window);
            }
        }
        let mut measured = Measured::default();
        for lane in Lane::ALL {
            let Some(samples) = self.event_samples(lane, window)? else { return Ok(None) };
            let mut found = measure(samples);
            if found.is_none() {
                let Some(samples) = self.run_samples(lane, window)? else { return Ok(None) };
                found = measure(samples);
            }
            *measured.of_mut(lane) = found;
        }
        Ok(Some(measured))
    }

    /// The history that was read, with what was inferred from runs, which is forgotten here.
    pub(super) fn take(&mut self) -> History {
        std::mem::take(&mut self.history)
    }

    /// False if a row's number is too large to order recorded transitions.
    pub(super) fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// A task of the scope.
    pub(super) fn task(&mut self, task_id: &str) -> Result<Option<&TaskHistory>> {
        Ok(self.place(task_id)?.map(|place| &self.history.tasks[place]))
    }

    /// The hours of the newest finished visits to the lane, whatever status followed.
    pub(super) fn ended_visits(&mut self, lane: Lane, count: usize) -> Result<Option<Vec<f64>>> {
        let mut hours = Vec::new();
        let mut visits = KnownVisits::default();
        let is_end = |from, to| lane.is_left(from, to);
        let read = self.for_each_event(is_end, None, |history, task, event| {
            let visit = visits.find(task, event.rowid, || history.tasks[task].ended_visits(lane).collect());
            hours.extend(visit.map(|visit| visit.left.hours_since(visit.entered)));
            hours.len() < count
        })?;
        Ok((read == Read::Enough).then_some(hours))
    }

    /// When a task last left the lane, up to `now`.
    pub(super) fn last_left(&mut self, lane: Lane, now: Timestamp) -> Result<Option<Option<Timestamp>>> {
        let mut left = None;
        let read = self.for_each_event(
            |from, to| lane.is_left(from, to) || lane.is_repeated(from, to),
            Some(now),
            |_, _, event| {
                left = Some(event.at);
                false
            },
        )?;
        Ok((read == Read::Enough).then_some(left))
    }

    fn event_samples(&mut self, lane: Lane, window: usize) -> Result<Option<Vec<Sample>>> {
        let mut found: Vec<(Visit, i64, usize)> = Vec::new();
        let mut visits = KnownVisits::default();
        let is_end = |from, to| from == lane.start() && to == lane.end();
        let read = self.for_each_event(is_end, None, |history, task, event| {
            let visit =
                visits.find(task, event.rowid, || history.tasks[task].completed_visits(lane).collect());
            let visit = visit.filter(|visit| visit.left > visit.entered);
            found.extend(visit.map(|visit| (visit, event.rowid, task)));
            found.len() < window
        })?;
        if read == Read::TooMany {
            return Ok(None);
        }
        let with_task = |(visit, order, task): (Visit, i64, usize)| (visit, order, &self.history.tasks[task]);
        let inferred = self.history.tasks.iter().flat_map(|task: &TaskHistory| {
            let inferred = task.completed_visits(lane).filter(|(_, order)| *order >= INFERRED);
            inferred.map(move |(visit, order)| (visit, order, task))
        });
        Ok(Some(newest_samples(found.into_iter().map(with_task).chain(inferred).collect(), window)))
    }

    fn timed_runs(&mut self, lane: Lane, count: usize) -> Result<Option<Vec<Run>>> {
        let mut found = Vec::new();
        let read = self.for_each_run(lane, |_, run| {
            if run.is_timed() {
                found.push(run);
            }
            found.len() < count
        })?;
        Ok((read == Read::Enough).then_some(found))
    }

    fn run_samples(&mut self, lane: Lane, window: usize) -> Result<Option<Vec<Sample>>> {
        let mut samples = Vec::new();
        let read = self.for_each_run(lane, |history, run| {
            samples.extend(run_sample(history, &run));
            samples.len() < window
        })?;
        Ok((read == Read::Enough).then_some(samples))
    }

    /// Passes the recorded transitions of the scope's tasks to `visit`, newest first, until it returns false.
    fn for_each_event(
        &mut self,
        is_wanted: impl Fn(Meaning, Meaning) -> bool,
        until: Option<Timestamp>,
        mut visit: impl FnMut(&History, usize, &Event) -> bool,
    ) -> Result<Read> {
        let meaning = |word: &str| self.statuses.meaning(word);
        let wanted = self.spellings.select(|from, to| is_wanted(meaning(from), meaning(to)));
        let read = newest_events::newest_first(self.tx, &wanted, until, LIMIT, |event| {
            let goes_on = match self.place(&event.task_id)? {
                Some(task) => visit(&self.history, task, &event),
                None => true,
            };
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(if self.is_ordered { read } else { Read::TooMany })
    }

    /// Passes the successful runs of the lane's command on the scope's tasks to `visit`, newest first, until it returns false.
    fn for_each_run(&mut self, lane: Lane, mut visit: impl FnMut(&History, Run) -> bool) -> Result<Read> {
        let read = newest_runs::newest_first(self.tx, lane.command(), LIMIT, |found| {
            let goes_on = match self.place(&found.row.task_id)? {
                Some(task) => {
                    let (started, finished) = (found.started, found.finished);
                    visit(&self.history, Run { row: found.row, task, started, finished })
                }
                None => true,
            };
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(if self.is_ordered { read } else { Read::TooMany })
    }

    /// The place of the task in the history, where it is added with all its transitions if it is in the scope.
    fn place(&mut self, task_id: &str) -> Result<Option<usize>> {
        let known = self.history.task_index(task_id);
        if known.is_some() || self.outside.contains(task_id) {
            return Ok(known);
        }
        let Some(row) = scope_tasks::by_id(self.tx, &self.scope, task_id)? else {
            self.outside.insert(task_id.to_owned());
            return Ok(None);
        };
        let steps = transitions(self.tx, &row.id, self.statuses)?;
        self.is_ordered &= steps.is_some();
        let task = TaskHistory::new(&row, self.statuses, steps.unwrap_or_default());
        Ok(Some(self.history.push(task)))
    }
}

/// Visits to a lane by the order of the transitions that ended them.
#[derive(Default)]
struct KnownVisits {
    visits: HashMap<i64, Visit>,
    tasks: HashSet<usize>,
}

impl KnownVisits {
    /// The visit that ended with the transition of this order. `of_task` are all visits of its task.
    fn find(
        &mut self,
        task: usize,
        order: i64,
        of_task: impl FnOnce() -> Vec<(Visit, i64)>,
    ) -> Option<Visit> {
        if self.tasks.insert(task) {
            self.visits.extend(of_task().into_iter().map(|(visit, order)| (order, visit)));
        }
        self.visits.get(&order).copied()
    }
}
