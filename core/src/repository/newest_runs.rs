//! The newest successful runs of a command, by the indexes on them.

use std::cell::RefCell;
use std::ops::ControlFlow;

use rusqlite::{CachedStatement, Connection, Row, Rows};

use super::indexes::{IRREGULAR_RUNS, IS_IRREGULAR_RUN, IS_REGULAR_RUN, RUNS};
use super::newest_events::Read;
use super::newest_first::NewestFirst;
use super::task_runs::SuccessfulRun;
use crate::error::Result;
use crate::sorting::sort_by_key;
use crate::time::Timestamp;

/// A successful run with its times, as far as they are valid.
#[derive(Debug, Clone)]
pub(crate) struct FoundRun {
    rowid: i64,
    pub(crate) row: SuccessfulRun,
    pub(crate) started: Option<Timestamp>,
    pub(crate) finished: Option<Timestamp>,
}

impl FoundRun {
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::read);
        let rowid = row.get("number")?;
        let row = SuccessfulRun::read(row)?;
        Ok(Self { rowid, started: time(&row.started_at), finished: time(&row.finished_at), row })
    }
}

const STATUSES: [&str; 2] = ["succeeded", "success"];

/// Passes the runs to `visit`, the last to finish first, those with an invalid time last, until it breaks or has had `limit`
/// of them. Of runs that finished at the same time, the last to start comes first, and else the last recorded.
pub(crate) fn newest_first(
    connection: &Connection,
    command: &str,
    limit: usize,
    mut visit: impl FnMut(FoundRun) -> Result<ControlFlow<()>>,
) -> Result<Read> {
    let Some(irregular) = irregular_runs(connection, command, limit)? else { return Ok(Read::TooMany) };
    let (others, endless): (Vec<_>, Vec<_>) = irregular.into_iter().partition(|run| run.finished.is_some());
    let endless = RefCell::new(endless);
    let sql = format!(
        "SELECT *, rowid AS number FROM task_runs INDEXED BY {}
         WHERE {IS_REGULAR_RUN} AND command = ?1 AND status = ?2 ORDER BY finished_at DESC, rowid DESC",
        RUNS.name
    );
    let mut statements: Vec<CachedStatement<'_>> =
        STATUSES.iter().map(|_| connection.prepare_cached(&sql)).collect::<Result<_, _>>()?;
    let place = |run: &FoundRun| (run.finished.unwrap_or(Timestamp::EPOCH), run.rowid);
    let mut runs = NewestFirst::new(others, |rows| next_finished(rows, &endless), place);
    for (statement, status) in statements.iter_mut().zip(STATUSES) {
        runs.merge(statement.query([command, status])?)?;
    }
    let mut passed = 0;
    let mut pass = |at_once: &mut Vec<FoundRun>| -> Result<Option<Read>> {
        sort_by_key(at_once, |run| std::cmp::Reverse((run.started, run.rowid)));
        for run in at_once.drain(..) {
            if passed == limit {
                return Ok(Some(Read::TooMany));
            }
            passed += 1;
            if visit(run)?.is_break() {
                return Ok(Some(Read::Enough));
            }
        }
        Ok(None)
    };
    let mut at_once: Vec<FoundRun> = Vec::new();
    while let Some(run) = runs.next()? {
        if at_once.last().is_some_and(|last| last.finished != run.finished)
            && let Some(done) = pass(&mut at_once)?
        {
            return Ok(done);
        }
        at_once.push(run);
    }
    for mut rest in [at_once, endless.take()] {
        if let Some(done) = pass(&mut rest)? {
            return Ok(done);
        }
    }
    Ok(Read::Enough)
}

/// The next run whose end is valid; those before it, whose is not, are added to `endless`.
fn next_finished(rows: &mut Rows<'_>, endless: &RefCell<Vec<FoundRun>>) -> Result<Option<FoundRun>> {
    while let Some(row) = rows.next()? {
        let run = FoundRun::read(row)?;
        if run.finished.is_some() {
            return Ok(Some(run));
        }
        endless.borrow_mut().push(run);
    }
    Ok(None)
}

/// The runs that have no end, or one that is stored in another form; `None` if they are more than `limit`.
fn irregular_runs(connection: &Connection, command: &str, limit: usize) -> Result<Option<Vec<FoundRun>>> {
    let sql = format!(
        "SELECT *, rowid AS number FROM task_runs INDEXED BY {}
         WHERE {IS_IRREGULAR_RUN} AND command = ?1 AND status = ?2",
        IRREGULAR_RUNS.name
    );
    let mut runs = Vec::new();
    for status in STATUSES {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([command, status])?;
        while let Some(row) = rows.next()? {
            runs.push(FoundRun::read(row)?);
            if runs.len() > limit {
                return Ok(None);
            }
        }
    }
    Ok(Some(runs))
}
