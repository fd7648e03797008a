//! The facts about the tasks on which calls were made. Each task is read once.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::Connection;

use crate::error::Result;
use crate::repository::scope_tasks;
use crate::repository::status_events;
use crate::status::{Meaning, StatusLane, StatusSettings};
use crate::time::Timestamp;

/// The outcome of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    Completed,
    /// Cancelled or failed.
    Abandoned,
}

#[derive(Debug)]
pub(super) struct TaskFacts {
    pub(super) outcome: Outcome,
    pub(super) story_points: Option<f64>,
    pub(super) project: u32,
    pub(super) epic: u32,
    pub(super) first_sent_back: Option<Timestamp>,
    /// When it last got into a status that means done, if it has one now and an event shows it.
    pub(super) completed_at: Option<Timestamp>,
    /// The time and the lane of each of its transitions, oldest first.
    moves: Box<[(Timestamp, Option<&'static str>)]>,
}

/// The tasks that have been read.
pub(super) struct Facts<'t> {
    tx: &'t Connection,
    statuses: &'t StatusSettings,
    pub(super) tasks: Vec<TaskFacts>,
    /// `None` for ids of tasks that do not exist.
    places: HashMap<Box<str>, Option<usize>>,
    pub(super) names: Names,
}

impl<'t> Facts<'t> {
    pub(super) fn new(tx: &'t Connection, statuses: &'t StatusSettings) -> Self {
        Self { tx, statuses, tasks: Vec::new(), places: HashMap::new(), names: Names::default() }
    }

    /// The index of the task with this id in `tasks`; `None` if it does not exist.
    pub(super) fn of(&mut self, id: &str) -> Result<Option<usize>> {
        if let Some(place) = self.places.get(id) {
            return Ok(*place);
        }
        let place = match scope_tasks::outcome_row(self.tx, id)? {
            None => None,
            Some(row) => {
                let facts = self.read(id, &row)?;
                self.tasks.push(facts);
                Some(self.tasks.len() - 1)
            }
        };
        self.places.insert(id.into(), place);
        Ok(place)
    }

    fn read(&mut self, id: &str, row: &scope_tasks::OutcomeRow) -> Result<TaskFacts> {
        let mut events = Vec::new();
        status_events::for_each_of_task(self.tx, id, |number, event| {
            if let Some(at) = Timestamp::read(event.timestamp) {
                let from = event.from_status.map_or(Meaning::Other, |from| self.statuses.meaning(from));
                events.push(Move { at, number, from, to: self.statuses.meaning(event.to_status) });
            }
        })?;
        events.sort_by_key(|event| (event.at, event.number));
        let outcome = match self.statuses.meaning(&row.status) {
            Meaning::Cancelled | Meaning::Failed => Outcome::Abandoned,
            status if status.is_done() => Outcome::Completed,
            _ => Outcome::Open,
        };
        Ok(TaskFacts {
            outcome,
            story_points: row.story_points,
            project: self.names.number(row.project_id.as_deref()),
            epic: self.names.number(row.epic_id.as_deref()),
            first_sent_back: events.iter().find(|event| event.is_sent_back()).map(|event| event.at),
            completed_at: completed_at(&events).filter(|_| outcome == Outcome::Completed),
            moves: events.iter().map(|event| (event.at, lane_of(event.to))).collect(),
        })
    }
}

/// A transition of a task.
struct Move {
    at: Timestamp,
    number: i64,
    from: Meaning,
    to: Meaning,
}

impl Move {
    fn is_sent_back(&self) -> bool {
        stage(self.from).zip(stage(self.to)).is_some_and(|(from, to)| to < from)
    }
}

/// When the task was last completed. A task that is done and gets another such status was completed before.
fn completed_at(moves: &[Move]) -> Option<Timestamp> {
    let stays_done = |place: usize| moves[place].from.is_done() && place > 0 && moves[place - 1].to.is_done();
    let places = (0..moves.len()).rev();
    places
        .filter(|place| moves[*place].to.is_done())
        .find(|place| !stays_done(*place))
        .map(|place| moves[place].at)
}

/// The progress that a status represents; `None` for a status outside of the pipeline.
fn stage(status: Meaning) -> Option<StatusLane> {
    match status {
        Meaning::NotStarted | Meaning::ChangesRequested => Some(StatusLane::Implementation),
        other => other.lane(),
    }
}

/// The lane in which a task with this status is worked on.
fn lane_of(status: Meaning) -> Option<&'static str> {
    match status {
        Meaning::ChangesRequested => Some("implementation"),
        other => match other.lane()? {
            StatusLane::Implementation => Some("implementation"),
            StatusLane::Review => Some("review"),
            StatusLane::Qa => Some("qa"),
            StatusLane::Done => None,
        },
    }
}

/// The lane of a call: from the newest transition of its task up to that time, or else from its command.
pub(super) fn lane(
    task: Option<&TaskFacts>,
    at: Option<Timestamp>,
    command: Option<&str>,
) -> Option<&'static str> {
    let newest = task.zip(at).and_then(|(task, at)| {
        let count = task.moves.partition_point(|(moved, _)| *moved <= at);
        task.moves[..count].last()
    });
    match (newest, command) {
        (Some((_, lane)), _) => *lane,
        (None, Some("work-on-tasks")) => Some("implementation"),
        (None, Some("code-review")) => Some("review"),
        (None, Some("qa-tasks")) => Some("qa"),
        _ => None,
    }
}

/// Texts, each stored once and identified by a number; 0 means absent.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Rc<str>, u32>,
    texts: Vec<Rc<str>>,
}

impl Names {
    pub(super) fn number(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let shared: Rc<str> = text.into();
        self.texts.push(Rc::clone(&shared));
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(shared, number);
        number
    }

    pub(super) fn text(&self, number: u32) -> Option<&str> {
        let place = (number as usize).checked_sub(1)?;
        self.texts.get(place).map(|text| &**text)
    }
}
