//! The newest transitions between statuses, by the indexes on them: what is read does not grow with the history.

use std::ops::ControlFlow;

use rusqlite::{CachedStatement, Connection, Rows, params};

use super::indexes::{EVENTS, IRREGULAR_EVENTS, IS_IRREGULAR_EVENT, IS_REGULAR_EVENT};
use super::newest_first::NewestFirst;
use crate::error::Result;
use crate::time::Timestamp;

/// A recorded transition with a valid time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Events of the same time are ordered by it, in the order in which they were recorded.
    pub(crate) rowid: i64,
    pub(crate) task_id: String,
    pub(crate) at: Timestamp,
}

/// A status before, and one after, as stored.
type Words = (String, String);

/// How transitions are spelled.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    regular: Vec<Words>,
    irregular: Vec<Words>,
}

/// How many different transitions are looked at. Where other programs have written more, the index is no help.
const SPELLINGS: usize = 300;

impl Spellings {
    /// Those of the transitions that `is_wanted`.
    pub(crate) fn select(&self, is_wanted: impl Fn(&str, &str) -> bool) -> Self {
        let of = |words: &[Words]| words.iter().filter(|(from, to)| is_wanted(from, to)).cloned().collect();
        Self { regular: of(&self.regular), irregular: of(&self.irregular) }
    }
}

/// How the transitions in the database are spelled; `None` if there are too many spellings.
pub(crate) fn spellings(connection: &Connection) -> Result<Option<Spellings>> {
    let mut found = Spellings::default();
    for (index, condition, words) in [
        (EVENTS.name, IS_REGULAR_EVENT, &mut found.regular),
        (IRREGULAR_EVENTS.name, IS_IRREGULAR_EVENT, &mut found.irregular),
    ] {
        let from_sql = format!(
            "SELECT from_status FROM task_status_events INDEXED BY {index}
             WHERE {condition} AND from_status > ?1 ORDER BY from_status LIMIT 1"
        );
        let to_sql = format!(
            "SELECT to_status FROM task_status_events INDEXED BY {index}
             WHERE {condition} AND from_status = ?2 AND to_status > ?1 ORDER BY to_status LIMIT 1"
        );
        let mut count = 0;
        let mut from = String::new();
        while let Some(next) = next_word(connection, &from_sql, &from, None)? {
            from = next;
            let mut to = String::new();
            while let Some(next) = next_word(connection, &to_sql, &to, Some(&from))? {
                to = next;
                words.push((from.clone(), to.clone()));
            }
            // A status without a next one that is text counts, too: it was looked at.
            count += 1;
            if count.max(words.len()) > SPELLINGS {
                return Ok(None);
            }
        }
    }
    Ok(Some(found))
}

/// The word after this one; `None` at the end of the words, after which come values that are not text.
fn next_word(connection: &Connection, sql: &str, after: &str, from: Option<&str>) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = match from {
        Some(from) => statement.query([after, from])?,
        None => statement.query([after])?,
    };
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned))
}

/// Whether all transitions that were asked for were passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Up to the last one, or until `visit` had enough.
    Enough,
    /// Not: there were more than the limit.
    TooMany,
}

/// Passes the transitions to `visit`, the newest first, those of the same time the last recorded first, until it breaks or
/// has had `limit` of them. `until` leaves out those after it.
pub(crate) fn newest_first(
    connection: &Connection,
    transitions: &Spellings,
    until: Option<Timestamp>,
    limit: usize,
    mut visit: impl FnMut(Event) -> Result<ControlFlow<()>>,
) -> Result<Read> {
    let Some(irregular) = irregular_events(connection, &transitions.irregular, until, limit)? else {
        return Ok(Read::TooMany);
    };
    let sql = format!(
        "SELECT rowid, task_id, timestamp FROM task_status_events INDEXED BY {}
         WHERE {IS_REGULAR_EVENT} AND from_status = ?1 AND to_status = ?2 AND timestamp <= ?3
         ORDER BY timestamp DESC, rowid DESC",
        EVENTS.name
    );
    // Any text that begins with a digit is before it.
    let until = until.map_or_else(|| ":".to_owned(), |until| until.to_string());
    let words = &transitions.regular;
    let mut statements: Vec<CachedStatement<'_>> =
        words.iter().map(|_| connection.prepare_cached(&sql)).collect::<Result<_, _>>()?;
    let mut events = NewestFirst::new(irregular, next_event, |event| (event.at, event.rowid));
    for (statement, (from, to)) in statements.iter_mut().zip(words) {
        events.merge(statement.query(params![from, to, until])?)?;
    }
    let mut passed = 0;
    while let Some(event) = events.next()? {
        if passed == limit {
            return Ok(Read::TooMany);
        }
        passed += 1;
        if visit(event)?.is_break() {
            break;
        }
    }
    Ok(Read::Enough)
}

/// The next event whose time and task are valid.
fn next_event(rows: &mut Rows<'_>) -> Result<Option<Event>> {
    while let Some(row) = rows.next()? {
        let column = |index| row.get_ref(index).map(|value| value.as_str().ok());
        if let (Some(task_id), Some(at)) = (column(1)?, column(2)?.and_then(Timestamp::read)) {
            return Ok(Some(Event { rowid: row.get(0)?, task_id: task_id.to_owned(), at }));
        }
    }
    Ok(None)
}

/// Those whose time is valid, but stored in another form; `None` if they are more than `limit`.
fn irregular_events(
    connection: &Connection,
    words: &[Words],
    until: Option<Timestamp>,
    limit: usize,
) -> Result<Option<Vec<Event>>> {
    let sql = format!(
        "SELECT rowid, task_id, timestamp FROM task_status_events INDEXED BY {}
         WHERE {IS_IRREGULAR_EVENT} AND from_status = ?1 AND to_status = ?2",
        IRREGULAR_EVENTS.name
    );
    let mut events = Vec::new();
    for (from, to) in words {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([from, to])?;
        while let Some(event) = next_event(&mut rows)? {
            events.push(event);
            if events.len() > limit {
                return Ok(None);
            }
        }
    }
    events.retain(|event| until.is_none_or(|until| event.at <= until));
    Ok(Some(events))
}
