//! The first statement of a text, compiled anew or kept from before.

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection, Statement};

use super::HostResult;
use super::fault::{HostError, code};

/// Texts longer than this are compiled anew each time: lists of many parameters seldom come twice.
const LONGEST_KEPT: usize = 8192;

/// Runs `work` on the first statement of `sql`; what stands behind it is not looked at.
pub(super) fn with_first<T>(
    connection: &Connection,
    sql: &str,
    work: impl FnOnce(&mut Statement<'_>) -> HostResult<T>,
) -> HostResult<T> {
    // What cannot be kept, several statements for example, says so here.
    if may_be_kept(sql)
        && let Ok(mut kept) = connection.prepare_cached(sql)
    {
        return work(&mut kept);
    }
    match Batch::new(connection, sql).next()? {
        Some(mut statement) => work(&mut statement),
        None => Err(HostError::refused(code::MISUSE, "not an error")),
    }
}

/// Whether compiling it changes nothing, as many a `PRAGMA` does: one that is kept would do nothing the next time.
fn may_be_kept(sql: &str) -> bool {
    const KEPT: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES"];
    sql.len() <= LONGEST_KEPT && begins_with(sql, &KEPT)
}

/// Whether it ends a transaction so that what was written stays.
pub(super) fn is_end(statement: &Statement<'_>) -> bool {
    statement.column_count() == 0
        && statement.expanded_sql().is_some_and(|sql| begins_with(&sql, &["COMMIT", "END", "RELEASE"]))
}

fn begins_with(sql: &str, words: &[&str]) -> bool {
    let sql = sql.trim_start();
    let word = sql.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    words.iter().any(|one| one.eq_ignore_ascii_case(word))
}
