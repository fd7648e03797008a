//! The present state of a scope: its open tasks, and what an estimate needs of the past.

use rusqlite::Connection;

use super::backlog::{BacklogTotals, Completions, StatusCounts, Tally};
use super::history::{History, TaskHistory};
use super::known_task::KnownTask;
use super::lane::{Lane, PerLane};
use super::newest::Newest;
use crate::error::Result;
use crate::number::exact_sum;
use crate::repository::scope::ScopeIds;
use crate::repository::scope_tasks::{self, TaskScope};
use crate::repository::task_rows::TaskRow;
use crate::status::{Meaning, StatusSettings};
use crate::time::Timestamp;

/// The number of newest finished visits to a lane with which the age of a task is compared.
pub(super) const VISITS: usize = 1_000;

/// How many groups of open tasks with the same project, status and story points are told apart. Where there are more, reading
/// all tasks is not much slower.
const OPEN_GROUPS: usize = 10_000;

/// A task that is not finished.
#[derive(Debug)]
pub(super) struct OpenTask {
    pub(super) known: KnownTask,
    pub(super) status: Meaning,
    /// When it entered the lane that it is in now, by its newest transition.
    pub(super) entered: Option<Timestamp>,
}

impl OpenTask {
    /// When the task entered the lane; `None` if it is not in the lane now.
    pub(super) fn in_lane_since(&self, lane: Lane) -> Option<Timestamp> {
        self.entered.filter(|_| Lane::of(self.status) == Some(lane))
    }

    /// How long the task has been in the lane; 0 if it entered the lane in the future.
    pub(super) fn hours_in_lane(&self, lane: Lane, now: Timestamp) -> Option<f64> {
        self.in_lane_since(lane).map(|since| now.hours_since(since).max(0.0))
    }
}

/// The present state of a scope.
#[derive(Debug)]
pub(super) struct Present {
    /// The open tasks, in insertion order.
    pub(super) tasks: Vec<OpenTask>,
    pub(super) totals: BacklogTotals,
    pub(super) counts: StatusCounts,
    pub(super) completions: Completions,
    /// The sum of the hours since each task in progress entered that status.
    pub(super) hours_in_progress: f64,
    /// The mean of the known story points of all tasks.
    pub(super) mean_points: f64,
    /// The hours of each lane's newest finished visits, in ascending order.
    pub(super) visits: PerLane<Vec<f64>>,
    /// When a task last left each lane.
    pub(super) last_left: PerLane<Option<Timestamp>>,
}

impl Present {
    /// From a history without inferred transitions.
    pub(super) fn of_history(history: &History, now: Timestamp) -> Self {
        let mut tally = Tally::default();
        let mut tasks = Vec::new();
        for task in &history.tasks {
            tally.add(task.status, task.known.story_points);
            if Lane::next(task.status).is_some() {
                tasks.push(OpenTask {
                    known: task.known.clone(),
                    status: task.status,
                    entered: task.entered(),
                });
            }
        }
        let last_left = |lane: Lane| {
            let leaves = history.tasks.iter().flat_map(|task| &task.transitions);
            let is_left = |from, to| lane.is_left(from, to) || lane.is_repeated(from, to);
            leaves
                .filter(|step| is_left(step.from, step.to))
                .map(|step| step.at)
                .filter(|at| *at <= now)
                .max()
        };
        let in_progress = history.tasks.iter().filter_map(|task| task.hours_in_progress(now));
        Self {
            hours_in_progress: exact_sum(in_progress),
            visits: PerLane::from_fn(|lane| newest_visits(history, lane)),
            last_left: PerLane::from_fn(last_left),
            ..Self::new(tally, tasks)
        }
    }

    /// By the indexes on tasks and events, with the history of the tasks that are in a lane and of those with the newest
    /// visits; `None` where reading all of them is the better way.
    pub(super) fn newest(
        tx: &Connection,
        scope: &TaskScope<'_>,
        newest: &mut Newest<'_>,
        statuses: &StatusSettings,
        now: Timestamp,
    ) -> Result<Option<(Self, Vec<TaskHistory>)>> {
        let Some((tally, mut tasks)) = backlog(tx, scope, statuses)? else { return Ok(None) };
        let mut in_progress = Vec::new();
        for task in tasks.iter_mut().filter(|task| Lane::of(task.status).is_some()) {
            let history = newest.task(task.known.id())?;
            task.entered = history.and_then(TaskHistory::entered);
            in_progress.extend(history.and_then(|task| task.hours_in_progress(now)));
        }
        let mut present = Self { hours_in_progress: exact_sum(in_progress), ..Self::new(tally, tasks) };
        for lane in Lane::ALL {
            let Some(mut hours) = newest.ended_visits(lane, VISITS)? else { return Ok(None) };
            hours.sort_by(f64::total_cmp);
            *present.visits.of_mut(lane) = hours;
        }
        // More tasks were looked at than those.
        let recent = newest.take().into_recent(VISITS);
        for lane in Lane::ALL {
            let Some(left) = newest.last_left(lane, now)? else { return Ok(None) };
            *present.last_left.of_mut(lane) = left;
        }
        Ok(newest.is_ordered().then_some((present, recent)))
    }

    fn new(tally: Tally, tasks: Vec<OpenTask>) -> Self {
        Self {
            tasks,
            totals: tally.totals(),
            counts: tally.counts(),
            completions: tally.completions(),
            hours_in_progress: 0.0,
            mean_points: tally.mean_points(),
            visits: PerLane::default(),
            last_left: PerLane::default(),
        }
    }
}

/// The hours of the lane's newest finished visits, in ascending order.
fn newest_visits(history: &History, lane: Lane) -> Vec<f64> {
    let visits = history.newest_visits(lane, VISITS);
    let mut hours: Vec<f64> =
        visits.iter().map(|(visit, ..)| visit.left.hours_since(visit.entered)).collect();
    hours.sort_by(f64::total_cmp);
    hours
}

/// The tasks of the scope, and the open ones among them, without the times at which these entered their lanes.
fn backlog(
    tx: &Connection,
    scope: &TaskScope<'_>,
    statuses: &StatusSettings,
) -> Result<Option<(Tally, Vec<OpenTask>)>> {
    let mut tally = Tally::default();
    let mut tasks = Vec::new();
    let mut add_open = |row: &TaskRow| {
        let status = statuses.meaning(&row.status);
        if Lane::next(status).is_some() {
            tasks.push(OpenTask { known: KnownTask::new(row), status, entered: None });
        }
    };
    let ScopeIds { project, epic, story } = scope.ids;
    if scope.person.is_none() && epic.is_none() && story.is_none() {
        let mut open = Vec::new();
        scope_tasks::for_each_status(tx, project.as_deref(), |group| {
            let status = statuses.meaning(&String::from_utf8_lossy(group.status));
            tally.add_all(status, group.story_points, group.tasks);
            if Lane::next(status).is_some() {
                open.push(group.number);
            }
        })?;
        if open.len() > OPEN_GROUPS {
            return Ok(None);
        }
        scope_tasks::for_each_like(tx, &open, add_open)?;
    } else {
        let Some(rows) = scope_tasks::rows(tx, scope)? else { return Ok(None) };
        for row in rows {
            tally.add(statuses.meaning(&row.status), row.story_points);
            add_open(&row);
        }
    }
    Ok(Some((tally, tasks)))
}
