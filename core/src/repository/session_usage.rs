//! What is known of the sessions that agents count as a whole: the counts as they were reported, and which records are
//! calls of the session. From both follows what the record of the session has to hold.
//!
//! The table belongs to the engine alone, and most databases never need it: it is created by the first record of a
//! session, so a database from before there was such a table gets it as well.

use rusqlite::{Connection, OptionalExtension, params};

use super::stored::check_changed;
use super::token_usage::{self, TokenUsageRecord};
use crate::error::Result;

const TABLE: &str = "token_usage_sessions";

/// Creates the table if it is missing.
pub(crate) fn ensure(connection: &Connection) -> Result<()> {
    if !exists(connection)? {
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS token_usage_sessions (
                 session TEXT NOT NULL,
                 entry TEXT NOT NULL,
                 is_report INTEGER NOT NULL,
                 report_json TEXT,
                 PRIMARY KEY (session, is_report, entry)
             ) WITHOUT ROWID",
        )?;
    }
    Ok(())
}

fn exists(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let found: Option<i64> =
        connection.prepare_cached(sql)?.query_row([TABLE], |row| row.get(0)).optional()?;
    Ok(found.is_some())
}

/// Remembers that a record is a call of the session.
pub(crate) fn add_call(connection: &Connection, session: &str, record_id: &str) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO token_usage_sessions (session, entry, is_report) VALUES (?1, ?2, 0)";
    connection.prepare_cached(sql)?.execute([session, record_id])?;
    Ok(())
}

/// Remembers a count of the session, in place of one with the same id.
pub(crate) fn put_report(connection: &Connection, session: &str, id: &str, json: &str) -> Result<()> {
    let sql =
        "INSERT INTO token_usage_sessions (session, entry, is_report, report_json) VALUES (?1, ?2, 1, ?3)
               ON CONFLICT (session, is_report, entry) DO UPDATE SET report_json = excluded.report_json";
    let changed = connection.prepare_cached(sql)?.execute(params![session, id, json])?;
    check_changed(TABLE, changed)
}

/// The counts of the session, as JSON, in the order of their ids.
pub(crate) fn reports(connection: &Connection, session: &str) -> Result<Vec<String>> {
    let sql =
        "SELECT report_json FROM token_usage_sessions WHERE session = ?1 AND is_report = 1 ORDER BY entry";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([session], |row| row.get::<_, Option<String>>(0))?;
    Ok(rows.collect::<std::result::Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Whether the session was counted as a whole.
pub(crate) fn has_report(connection: &Connection, session: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token_usage_sessions WHERE session = ?1 AND is_report = 1
               AND report_json IS NOT NULL)";
    Ok(connection.prepare_cached(sql)?.query_row([session], |row| row.get(0))?)
}

/// The ids of the records that are calls of the session, whether or not they are still there.
pub(crate) fn call_ids(connection: &Connection, session: &str) -> Result<Vec<String>> {
    let sql = "SELECT entry FROM token_usage_sessions WHERE session = ?1 AND is_report = 0 ORDER BY entry";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([session], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The records that are calls of the session and are still there. SQLite would prepare a statement with both tables anew for
/// every session, which takes longer than to run it.
pub(crate) fn calls(connection: &Connection, session: &str) -> Result<Vec<TokenUsageRecord>> {
    let ids = call_ids(connection, session)?;
    let found = ids.iter().map(|id| token_usage::find(connection, id));
    found.filter_map(Result::transpose).collect()
}
