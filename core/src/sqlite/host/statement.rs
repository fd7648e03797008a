//! Preparing the first statement of a text, with a cache.

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection, Statement};

use super::HostResult;
use super::fault::{HostError, code};

/// Longer texts are not cached: lists of many parameters seldom occur twice.
const LONGEST_CACHED: usize = 8192;

/// Runs `work` on the first statement of `sql`. The text behind it is not even parsed.
pub(super) fn with_first<T>(
    connection: &Connection,
    sql: &str,
    work: impl FnOnce(&mut Statement<'_>) -> HostResult<T>,
) -> HostResult<T> {
    // This fails for several statements, which cannot be cached as one.
    if is_cacheable(sql)
        && let Ok(mut cached) = connection.prepare_cached(sql)
    {
        return work(&mut cached);
    }
    match Batch::new(connection, sql).next()? {
        Some(mut statement) => work(&mut statement),
        None => Err(HostError::refused(code::MISUSE, "not an error")),
    }
}

/// Whether preparing it has no effect. Many a `PRAGMA` takes effect when it is prepared, and a cached one would do nothing.
pub(super) fn is_cacheable(sql: &str) -> bool {
    const CACHEABLE: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES"];
    sql.len() <= LONGEST_CACHED && begins_with(sql, &CACHEABLE)
}

/// Whether it commits a transaction or a savepoint.
pub(super) fn is_commit(statement: &Statement<'_>) -> bool {
    statement.column_count() == 0
        && statement.expanded_sql().is_some_and(|sql| begins_with(&sql, &["COMMIT", "END", "RELEASE"]))
}

fn begins_with(sql: &str, words: &[&str]) -> bool {
    let sql = sql.trim_start();
    let word = sql.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
    words.iter().any(|one| one.eq_ignore_ascii_case(word))
}
