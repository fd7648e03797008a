//! One call that an agent reports both in its transcript and in its telemetry, under different ids.
//!
//! The names of a call and the other ids of a record are kept like the calls of a session, so they need no table of
//! their own.

use mcoda_usage_reader::Twin;
use rusqlite::Connection;

use crate::error::Result;
use crate::repository::session_usage;
use crate::repository::token_usage::TokenUsageRecord;

/// The record of the call that would get the record id `id`, if another channel has reported the call.
pub(super) fn find(tx: &Connection, twin: &Twin, id: &str) -> Result<Option<TokenUsageRecord>> {
    if let Some(known) = session_usage::calls(tx, &also(id))?.pop() {
        return Ok(Some(known));
    }
    let others = session_usage::calls(tx, &twin.other_name())?;
    if others.is_empty() {
        return Ok(None);
    }
    // Each report of one channel has at most one counterpart in the other.
    let taken = session_usage::call_ids(tx, &twin.own_name())?;
    Ok(others.into_iter().find(|other| !taken.contains(&other.id)))
}

/// Stores that the call with the record id `id` is in this record.
pub(super) fn remember(tx: &Connection, twin: &Twin, id: &str, record_id: &str) -> Result<()> {
    if id != record_id {
        session_usage::add_call(tx, &also(id), record_id)?;
    }
    session_usage::add_call(tx, &twin.own_name(), record_id)
}

fn also(id: &str) -> String {
    format!("also\0{id}")
}
