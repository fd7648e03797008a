//! The records that are committed and not yet in the JSON log, by their ids.
//!
//! A few may be in the log already: its lock file says which, and the next transaction takes them off.
//!
//! Most are new: the log lacks them, and they are appended. With a mark before it, an id says that the log may hold
//! some version of the record already. An id that itself begins like the mark is always queued with one, and an
//! entry that can be read in two ways stands for both records. Older builds queue such ids without a mark, and skip
//! what is queued already; so no entry tells more than this, and a column for it could not either.

use rusqlite::{Connection, params};

use super::stored::{self, check_changed};
use super::token_usage::TokenUsageRecord;
use crate::definition::{ColumnIndices, Stored};
use crate::error::Result;

const TABLE: &str = "token_usage_log_queue";

/// The mark of a record that the log may hold already.
const REPLACE: &str = "replace:";

/// Queues a new record.
pub(crate) fn add(connection: &Connection, usage_id: &str) -> Result<()> {
    if usage_id.starts_with(REPLACE) { add_changed(connection, usage_id) } else { put(connection, usage_id) }
}

/// Queues a record that was changed.
pub(crate) fn add_changed(connection: &Connection, usage_id: &str) -> Result<()> {
    put(connection, &format!("{REPLACE}{usage_id}"))
}

fn put(connection: &Connection, entry: &str) -> Result<()> {
    let added = connection
        .prepare_cached("INSERT OR IGNORE INTO token_usage_log_queue (usage_id) VALUES (?1)")?
        .execute([entry])?;
    // It may be there already.
    if added > 0 || has(connection, entry)? { Ok(()) } else { check_changed(TABLE, added) }
}

fn has(connection: &Connection, entry: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token_usage_log_queue WHERE usage_id = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([entry], |row| row.get(0))?)
}

/// An entry with a mark.
#[derive(Debug, PartialEq)]
pub(crate) struct Changed {
    /// As it stands on the queue.
    pub(crate) entry: String,
    /// The record that was changed, and the one whose id is the entry: one of them at least.
    pub(crate) records: Vec<TokenUsageRecord>,
}

/// At most `limit` entries of records that were changed. A limit that is bound would make SQLite prepare the statement
/// anew each time, which takes longer than to run it.
pub(crate) fn changed(connection: &Connection, limit: usize) -> Result<Vec<Changed>> {
    let sql = format!(
        "WITH marked AS (
             SELECT rowid AS place, usage_id AS entry, substr(usage_id, length(?1) + 1) AS id
             FROM token_usage_log_queue
             WHERE substr(usage_id, 1, length(?1)) = ?1
               AND EXISTS (
                   SELECT 1 FROM token_usage
                   WHERE token_usage.id IN (usage_id, substr(usage_id, length(?1) + 1))
               )
             ORDER BY rowid LIMIT {limit}
         )
         SELECT marked.entry AS queue_entry, token_usage.*
         FROM marked CROSS JOIN token_usage ON token_usage.id IN (marked.entry, marked.id)
         ORDER BY marked.place"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let indices = ColumnIndices::of::<TokenUsageRecord>(&statement)?;
    let rows = statement.query_map([REPLACE], |row| {
        Ok((row.get::<_, String>("queue_entry")?, TokenUsageRecord::read(row, &indices)?))
    })?;
    let mut changed: Vec<Changed> = Vec::new();
    for row in rows {
        let (entry, record) = row?;
        match changed.last_mut() {
            Some(last) if last.entry == entry => last.records.push(record),
            _ => changed.push(Changed { entry, records: vec![record] }),
        }
    }
    Ok(changed)
}

/// What the queue holds, whatever has become of the records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    /// Not above the limit.
    pub(crate) entries: usize,
    /// Whether one of them has the mark.
    pub(crate) has_changed: bool,
}

/// Looks at no more than `limit` entries.
pub(crate) fn summary(connection: &Connection, limit: usize) -> Result<Summary> {
    let mut summary = Summary { entries: 0, has_changed: false };
    visit(connection, |entry| {
        summary.entries += 1;
        summary.has_changed |= entry.is_some_and(|entry| entry.starts_with(REPLACE));
        summary.entries < limit
    })?;
    Ok(summary)
}

/// Whether anything is queued but these entries.
pub(crate) fn has_others(connection: &Connection, known: &[String]) -> Result<bool> {
    let mut has_others = false;
    visit(connection, |entry| {
        has_others |= !known.iter().any(|known| Some(known.as_str()) == entry);
        !has_others
    })?;
    Ok(has_others)
}

/// Shows entries to `see` for as long as that says so; `None` for what only another program can have put there.
fn visit(connection: &Connection, mut see: impl FnMut(Option<&str>) -> bool) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT usage_id FROM token_usage_log_queue")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !see(row.get_ref(0)?.as_str().ok()) {
            break;
        }
    }
    Ok(())
}

/// Whether a record with one of these ids is queued, be it new or changed.
pub(crate) fn has_any(connection: &Connection, usage_ids: &[&str]) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token_usage_log_queue WHERE usage_id IN (?1, ?2 || ?1))";
    let mut statement = connection.prepare_cached(sql)?;
    for id in usage_ids {
        if statement.query_row(params![id, REPLACE], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// At most `limit` new records, in the order in which they were recorded.
pub(crate) fn records(connection: &Connection, limit: usize) -> Result<Vec<TokenUsageRecord>> {
    let sql = format!(
        "SELECT token_usage.* FROM token_usage_log_queue AS queue
               JOIN token_usage ON token_usage.id = queue.usage_id
               WHERE substr(queue.usage_id, 1, length(?1)) <> ?1
               ORDER BY queue.rowid LIMIT {limit}"
    );
    stored::all(connection, &sql, [REPLACE])
}

/// Takes these entries off the queue; that of a new record is its id.
pub(crate) fn remove<'e>(connection: &Connection, entries: impl IntoIterator<Item = &'e str>) -> Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM token_usage_log_queue WHERE usage_id = ?1")?;
    for entry in entries {
        let removed = statement.execute([entry])?;
        // It may be gone already. One that stays would be appended again and again.
        if removed == 0 && has(connection, entry)? {
            check_changed(TABLE, removed)?;
        }
    }
    Ok(())
}

/// Takes off the ids of records that were deleted before they could be logged.
pub(crate) fn remove_orphans(connection: &Connection) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM token_usage_log_queue
             WHERE NOT EXISTS (
                 SELECT 1 FROM token_usage
                 WHERE id IN (
                     usage_id,
                     CASE substr(usage_id, 1, length(?1)) WHEN ?1 THEN substr(usage_id, length(?1) + 1) END
                 )
             )",
        )?
        .execute([REPLACE])?;
    Ok(())
}
