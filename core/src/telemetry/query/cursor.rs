//! Rows one after the other, in the order of time and in little memory.

use std::sync::Arc;

use rusqlite::Connection;

use super::pass::{Asked, Filter, Moment, Reads, for_each};
use super::row::completed;
use super::{Page, TokenUsageRow};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::usage_scan;
use crate::sqlite::Database;

/// How many rows the iterator fetches at once.
const CHUNK: usize = 256;

/// What single agent calls cost, row by row in the order of time, however many there are.
///
/// Made by [`Session::token_usage_cursor`](crate::Session::token_usage_cursor). Making it looks at all
/// rows once and keeps 16 bytes for each that is asked for; rows themselves are fetched in chunks. Between
/// chunks the handle is free for other calls, and closing it makes the next chunk `Closed`.
///
/// Which rows come and in what order is settled when the cursor is made: rows that are recorded later do not
/// come. Each is shown as it is when its chunk is fetched; one that was deleted meanwhile, or that no longer
/// is what was asked for, is left out. `Conflict` where the database was rebuilt or migrated meanwhile
/// (`VACUUM` numbers rows anew): ask again.
#[derive(Debug)]
pub struct TokenUsageCursor {
    database: Arc<Database>,
    filter: Filter,
    layout: i64,
    index: Vec<Moment>,
    next: usize,
    fetched: std::vec::IntoIter<TokenUsageRow>,
    has_failed: bool,
}

impl TokenUsageCursor {
    pub(crate) fn new(database: Arc<Database>, asked: &Asked<'_>) -> Result<Self> {
        let (filter, index) = index(asked)?;
        let layout = usage_scan::layout_version(asked.tx)?;
        let fetched = Vec::new().into_iter();
        Ok(Self { database, filter, layout, index, next: 0, fetched, has_failed: false })
    }

    /// The next rows, `limit` at the most; none at the end, and only there. A chunk that failed may be
    /// asked for again. `InvalidInput` for a limit of 0.
    pub fn next_chunk(&mut self, limit: usize) -> Result<Vec<TokenUsageRow>> {
        if limit == 0 {
            return Err(Error::invalid("limit", limit, "a whole number, 1 or more"));
        }
        if self.fetched.len() > 0 {
            return Ok(self.fetched.by_ref().take(limit).collect());
        }
        loop {
            let chunk = &self.index[self.next..self.next.saturating_add(limit).min(self.index.len())];
            let rows = self.database.read(|tx| {
                if usage_scan::layout_version(tx)? != self.layout {
                    let message = "the database was rebuilt while its rows were read: ask again";
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
                fetch(tx, &self.filter, chunk)
            })?;
            self.next += chunk.len();
            if !rows.is_empty() || self.next == self.index.len() {
                return Ok(rows);
            }
        }
    }
}

/// After an error the iterator ends.
impl Iterator for TokenUsageCursor {
    type Item = Result<TokenUsageRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(row) = self.fetched.next() {
            return Some(Ok(row));
        }
        if self.has_failed || self.next == self.index.len() {
            return None;
        }
        match self.next_chunk(CHUNK) {
            Ok(rows) => {
                self.fetched = rows.into_iter();
                self.fetched.next().map(Ok)
            }
            Err(error) => {
                self.has_failed = true;
                Some(Err(error))
            }
        }
    }
}

impl std::iter::FusedIterator for TokenUsageCursor {}

/// The rows that the query asks for, in the order of time; those of the same moment in the order in which
/// they were recorded, those whose time cannot be read last.
pub(crate) fn token_usage(asked: &Asked<'_>) -> Result<Vec<TokenUsageRow>> {
    let (filter, index) = index(asked)?;
    fetch(asked.tx, &filter, &index)
}

/// Where the rows of the page are, in their order.
fn index(asked: &Asked<'_>) -> Result<(Filter, Vec<Moment>)> {
    let page = Page::of(asked.query)?;
    let filter = asked.filter(asked.query.since.as_deref())?;
    let mut moments = Vec::new();
    for_each(asked.tx, &filter, Reads::default(), |row| {
        moments.push(row.moment);
        Ok(())
    })?;
    moments.sort_unstable();
    let mut moments: Vec<Moment> = page.cut(moments).collect();
    moments.shrink_to_fit();
    Ok((filter, moments))
}

fn fetch(tx: &Connection, filter: &Filter, moments: &[Moment]) -> Result<Vec<TokenUsageRow>> {
    let mut rows = Vec::with_capacity(moments.len());
    let mut found = moments.iter();
    usage_scan::for_each_at(tx, moments.iter().map(|moment| moment.rowid), |rowid, record| {
        let moment = found.find(|moment| moment.rowid == rowid);
        if moment.is_some_and(|moment| filter.still_holds(*moment, &record)) {
            let row = completed(record);
            if filter.passes_command(row.command_name.as_deref()) {
                rows.push(row);
            }
        }
    })?;
    Ok(rows)
}
