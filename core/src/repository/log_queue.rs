//! The ids of token usage records that are committed and not yet in the JSON log. With a mark before it, an id
//! says that the log may hold an older version of the record.

use rusqlite::{Connection, params};

use super::stored::check_changed;
use super::token_usage::{self, Places, TokenUsageRecord};
use crate::error::Result;

const TABLE: &str = "token_usage_log_queue";

pub(crate) fn add(connection: &Connection, usage_id: &str) -> Result<()> {
    let added = connection
        .prepare_cached("INSERT OR IGNORE INTO token_usage_log_queue (usage_id) VALUES (?1)")?
        .execute([usage_id])?;
    // It may be there already.
    if added > 0 || has(connection, usage_id)? { Ok(()) } else { check_changed(TABLE, added) }
}

fn has(connection: &Connection, usage_id: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token_usage_log_queue WHERE usage_id = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([usage_id], |row| row.get(0))?)
}

/// The mark of a record whose older version has to leave the log. A caller's own id may begin like that: then
/// the log is looked at once in vain.
const REPLACE: &str = "replace:";

/// Queues a record that was changed.
pub(crate) fn add_changed(connection: &Connection, usage_id: &str) -> Result<()> {
    add(connection, &format!("{REPLACE}{usage_id}"))
}

/// At most `limit` records that were changed.
pub(crate) fn changed(connection: &Connection, limit: usize) -> Result<Vec<TokenUsageRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT token_usage.* FROM token_usage_log_queue AS queue
         JOIN token_usage ON token_usage.id = substr(queue.usage_id, length(?1) + 1)
         WHERE substr(queue.usage_id, 1, length(?1)) = ?1
         ORDER BY queue.rowid LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let places = Places::of(&statement)?;
    let records = statement.query_map(params![REPLACE, limit], |row| token_usage::read(row, &places))?;
    Ok(records.collect::<Result<_, _>>()?)
}

/// Takes these ids of changed records off the queue.
pub(crate) fn remove_changed(connection: &Connection, usage_ids: &[&str]) -> Result<()> {
    let marked: Vec<String> = usage_ids.iter().map(|id| format!("{REPLACE}{id}")).collect();
    remove(connection, &marked.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(crate) fn is_empty(connection: &Connection) -> Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM token_usage_log_queue)";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
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

/// At most `limit` queued records, in the order in which they were recorded.
pub(crate) fn records(connection: &Connection, limit: usize) -> Result<Vec<TokenUsageRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT token_usage.* FROM token_usage_log_queue AS queue
         JOIN token_usage ON token_usage.id = queue.usage_id
         ORDER BY queue.rowid LIMIT ?1",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let places = Places::of(&statement)?;
    let records = statement.query_map([limit], |row| token_usage::read(row, &places))?;
    Ok(records.collect::<Result<_, _>>()?)
}

/// Takes these ids off the queue.
pub(crate) fn remove(connection: &Connection, usage_ids: &[&str]) -> Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM token_usage_log_queue WHERE usage_id = ?1")?;
    for id in usage_ids {
        let removed = statement.execute([id])?;
        // It may be gone already. One that stays would be appended again and again.
        if removed == 0 && has(connection, id)? {
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
