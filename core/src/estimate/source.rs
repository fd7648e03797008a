//! Which part of the history a question reads: what is needed of the newest part, the tasks of a small scope, or all of it.
//! The result is the same; only the cost differs.

use rusqlite::Connection;

use super::history::History;
use super::inferred_events::{self, Run};
use super::newest::Newest;
use crate::error::Result;
use crate::repository::indexes;
use crate::repository::scope::ScopeIds;
use crate::repository::scope_tasks::{self, TaskScope};
use crate::repository::status_events;
use crate::status::StatusSettings;

/// Up to so many tasks, all of a scope is read.
const SMALL: usize = 1_000;
/// In a workspace with up to so many tasks and so many events, reading all of them takes no longer than looking up the tasks
/// with the newest events.
const FEW: usize = 5_000;
/// A scope that has at most this part of all tasks is read by itself if its newest part does not suffice.
const PART: usize = 4;

/// What was read.
pub(super) enum Source<T> {
    /// The answer, from the newest part.
    Newest(T),
    /// The history of the scope, and how it was read.
    History(History, How),
}

/// How a history was read.
pub(super) enum How {
    /// One task after the other.
    Tasks,
    /// All rows.
    All(ScopeIds),
}

impl How {
    /// Reads the successful runs on the history's tasks.
    pub(super) fn runs(&self, tx: &Connection, history: &History) -> Result<Vec<Run>> {
        match self {
            Self::Tasks => inferred_events::load_of_tasks(tx, history),
            Self::All(scope) => inferred_events::load(tx, scope, history),
        }
    }
}

/// Reads the history of the scope, unless `newest` finds the answer in its newest part.
pub(super) fn read<T>(
    tx: &Connection,
    scope: TaskScope<'_>,
    statuses: &StatusSettings,
    newest: impl FnOnce(&mut Newest<'_>) -> Result<Option<T>>,
) -> Result<Source<T>> {
    // A handle that only reads may find a database without the indexes.
    if indexes::are_present(tx)? {
        let is_small = !scope.is_whole() && scope_tasks::count_up_to(tx, &scope, SMALL + 1)? <= SMALL;
        if !is_small
            && let Some(mut found) = Newest::new(tx, scope, statuses)?
            && let Some(answer) = newest(&mut found)?
        {
            return Ok(Source::Newest(answer));
        }
    }
    let (history, how) = read_all(tx, scope, statuses)?;
    Ok(Source::History(history, how))
}

/// Whether the workspace is so small that an estimate is better made of all rows.
pub(super) fn has_few_rows(tx: &Connection) -> Result<bool> {
    Ok(scope_tasks::largest_number(tx)? <= FEW && status_events::largest_number(tx)? <= FEW)
}

/// Reads the whole history of the scope.
pub(super) fn read_all(
    tx: &Connection,
    scope: TaskScope<'_>,
    statuses: &StatusSettings,
) -> Result<(History, How)> {
    if !scope.is_whole() && indexes::are_present(tx)? {
        let part = scope_tasks::largest_number(tx)? / PART;
        let few = if has_few_rows(tx)? { part } else { SMALL.max(part) };
        if scope_tasks::count_up_to(tx, &scope, few + 1)? <= few
            && let Some(history) = of_tasks(tx, &scope, statuses)?
        {
            return Ok((history, How::Tasks));
        }
    }
    Ok((History::load(tx, &scope, statuses)?, How::All(scope.ids.clone())))
}

fn of_tasks(tx: &Connection, scope: &TaskScope<'_>, statuses: &StatusSettings) -> Result<Option<History>> {
    match scope_tasks::rows(tx, scope)? {
        Some(rows) => History::load_tasks(tx, rows, statuses),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
