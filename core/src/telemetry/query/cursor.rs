//! Row-by-row reading, in order of time and with little memory.

use std::sync::Arc;

use rusqlite::Connection;

use super::row::completed;
use super::scan::{Filter, Projection, QueryContext, SortKey, for_each};
use super::{Page, TokenUsageRow};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::{usage_scan, workspace_ids};
use crate::sqlite::Database;

/// The number of rows that the iterator fetches at a time.
const CHUNK: usize = 256;

/// Lists single agent calls row by row, in order of time.
///
/// Created by [`Session::token_usage_cursor`](crate::Session::token_usage_cursor). Creating it scans all rows once and
/// keeps 16 bytes for each selected row; the rows themselves are fetched in chunks. Between chunks the handle is free
/// for other calls, and closing it makes the next chunk fail with `Closed`.
///
/// The selection and order of the rows are fixed when the cursor is created: rows that are recorded later are not
/// returned. Each row is returned as it is when its chunk is fetched; a row that was deleted in the meantime, or no
/// longer matches the query, is skipped. `Conflict` if the database was rebuilt or migrated in the meantime (`VACUUM`
/// renumbers rows): query again.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{TokenUsage, TokenUsageQuery, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// workspace.record_token_usages(&vec![TokenUsage::default(); 3])?;
/// let mut cursor = workspace.token_usage_cursor(&TokenUsageQuery::default())?;
/// let mut rows = 0;
/// loop {
///     let chunk = cursor.next_chunk(2)?;
///     if chunk.is_empty() {
///         break;
///     }
///     rows += chunk.len();
/// }
/// assert_eq!(rows, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokenUsageCursor {
    database: Arc<Database>,
    filter: Filter,
    layout: i64,
    index: Vec<SortKey>,
    next: usize,
    fetched: std::vec::IntoIter<TokenUsageRow>,
    has_failed: bool,
    other_workspaces: Vec<String>,
    pub(crate) null_as_absent: bool,
}

impl TokenUsageCursor {
    pub(crate) fn new(
        database: Arc<Database>,
        query_context: &QueryContext<'_>,
        null_as_absent: bool,
    ) -> Result<Self> {
        let (filter, index) = index(query_context)?;
        let layout = usage_scan::layout_version(query_context.tx)?;
        let fetched = Vec::new().into_iter();
        let other_workspaces = match query_context.workspace_id {
            Some(own) if index.is_empty() => workspace_ids::unseen(query_context.tx, own)?,
            _ => Vec::new(),
        };
        Ok(Self {
            database,
            filter,
            layout,
            index,
            next: 0,
            fetched,
            has_failed: false,
            other_workspaces,
            null_as_absent,
        })
    }

    /// The ids of other workspaces in the database, if there are no rows because it has those of other workspaces only: the
    /// project was moved, or is opened with another id than before. Empty otherwise.
    #[must_use]
    pub fn other_workspaces(&self) -> &[String] {
        &self.other_workspaces
    }

    /// The next rows, at most `limit`; empty at the end, and only there. After an error, the chunk can be requested
    /// again. `InvalidInput` for a limit of 0.
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
                    let message = "the database was rebuilt while its rows were read: query again";
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

/// The selected rows in order of time; rows of the same time in the order in which they were recorded, rows with an
/// invalid time last.
pub(crate) fn token_usage(query_context: &QueryContext<'_>) -> Result<Vec<TokenUsageRow>> {
    let (filter, index) = index(query_context)?;
    fetch(query_context.tx, &filter, &index)
}

/// The positions of the rows of the page, in order.
pub(super) fn index(query_context: &QueryContext<'_>) -> Result<(Filter, Vec<SortKey>)> {
    let page = Page::of(query_context.query)?;
    let filter = query_context.filter(query_context.query.since.as_deref())?;
    let mut moments = Vec::new();
    for_each(query_context.tx, &filter, Projection::default(), |row| {
        moments.push(row.sort_key);
        Ok(())
    })?;
    moments.sort_unstable();
    let mut moments: Vec<SortKey> = page.cut(moments).collect();
    moments.shrink_to_fit();
    Ok((filter, moments))
}

fn fetch(tx: &Connection, filter: &Filter, moments: &[SortKey]) -> Result<Vec<TokenUsageRow>> {
    let mut rows = Vec::with_capacity(moments.len());
    let mut found = moments.iter();
    usage_scan::for_each_at(tx, moments.iter().map(|sort_key| sort_key.rowid), |rowid, record| {
        let sort_key = found.find(|sort_key| sort_key.rowid == rowid);
        if sort_key.is_some_and(|sort_key| filter.still_matches(*sort_key, &record)) {
            let row = completed(record);
            if filter.passes_command(row.command_name.as_deref()) {
                rows.push(row);
            }
        }
    })?;
    Ok(rows)
}
