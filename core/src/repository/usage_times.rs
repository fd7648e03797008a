//! The index by time of `token_usage`, which a host may ask for.
//!
//! Other programs' queries keep their plans: the index is over an expression and has a condition, and only a query that
//! repeats both uses it.

use rusqlite::{Connection, params};

use super::indexes::{Index, is_regular};
use crate::error::Result;
use crate::time::Timestamp;

/// Rows whose time is stored in the usual form, in which text order is time order.
const TIMES: Index = Index::new(
    "libmcoda_token_usage_time",
    concat!("token_usage(substr(timestamp, 1)) WHERE ", is_regular!("timestamp")),
);
/// The other rows, all of which are read. Those without a time are in no range.
const OTHERS: Index = Index::new(
    "libmcoda_token_usage_time_irregular",
    concat!("token_usage(id) WHERE NOT (", is_regular!("timestamp"), ")"),
);

/// Both parts of it.
pub(crate) const TIME_INDEX: &[Index] = &[TIMES, OTHERS];

/// A part of all rows above which reading all of them is faster.
const PART: i64 = 8;
/// So many rows are found by the index even in a small table.
const FEW: i64 = 1_000;

/// A time range as the index has it: the texts of its bounds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UsageTimes {
    pub(super) since: String,
    pub(super) until: String,
}

impl UsageTimes {
    /// Without a bound, the range begins or ends before or after all years.
    pub(crate) fn new(since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        let text =
            |bound: Option<Timestamp>, open: &str| bound.map_or_else(|| open.to_owned(), |at| at.to_string());
        Self { since: text(since, ""), until: text(until, ":") }
    }
}

/// The condition that a row is in the range, with the numbers of its two parameters, or has an irregular time.
pub(super) fn condition(since: usize, until: usize) -> String {
    format!(
        "rowid IN (SELECT rowid FROM token_usage INDEXED BY {} WHERE {} AND substr(timestamp, 1) >= ?{since} AND \
         substr(timestamp, 1) <= ?{until} UNION ALL SELECT rowid FROM token_usage INDEXED BY {} WHERE {})",
        TIMES.name,
        is_regular!("timestamp"),
        OTHERS.name,
        concat!("NOT (", is_regular!("timestamp"), ")"),
    )
}

/// Whether the index is there and finds few of all rows.
pub(super) fn helps(connection: &Connection, range: &UsageTimes) -> Result<bool> {
    if !super::indexes::has(connection, TIME_INDEX)? {
        return Ok(false);
    }
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(rowid), 0) FROM token_usage")?
        .query_row([], |row| row.get(0))?;
    let limit = FEW.max(last / PART);
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM token_usage WHERE {} LIMIT ?3)", condition(1, 2));
    let found: i64 = connection
        .prepare_cached(&sql)?
        .query_row(params![range.since, range.until, limit], |row| row.get(0))?;
    Ok(found < limit)
}
