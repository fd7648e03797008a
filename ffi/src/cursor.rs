//! Token usage row by row.

use std::ffi::c_char;
use std::sync::{Mutex, PoisonError};

use mcoda_core::{TokenUsageCursor, TokenUsageQuery};

use crate::boundary::{answer, call};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::global::{self, mcoda_global};
use crate::handles::Handles;
use crate::input::json_or_empty;
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// The rows of `mcoda_token_usage_json`, a few at a time, in memory that depends little on how many there
/// are. It may be used by any number of threads at once: their calls queue, and each row is given once. The
/// caller closes it with `mcoda_token_usage_cursor_close`; a call that is made afterwards, or made with what
/// never was such a handle, answers `MCODA_CLOSED`. It points to no memory that a program can read.
pub struct mcoda_token_usage_cursor(());

static CURSORS: Handles<Mutex<TokenUsageCursor>, mcoda_token_usage_cursor> = Handles::new();

unsafe fn token_usage_query(query: *const c_char) -> Result<TokenUsageQuery> {
    Ok(TokenUsageQuery::from_json(&json_or_empty("query", query)?)?)
}

/// Asks for what `mcoda_token_usage_json` answers, to read it a few rows at a time. `query` is what that
/// takes, or NULL. Which rows come is settled now: what is recorded later does not come, and what is deleted
/// before it is read is left out. `cursor` receives the handle.
///
/// Errors: as there. Threads: any. Frees: the caller, `cursor` with `mcoda_token_usage_cursor_close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_cursor_open(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    cursor: *mut *mut mcoda_token_usage_cursor,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    CURSORS.give("cursor", cursor, error, || {
        let query = token_usage_query(query)?;
        Ok(Mutex::new(workspace::one_call(workspace, |open| open.token_usage_cursor(&query))?))
    })
}

/// `mcoda_token_usage_cursor_open` for the calls in this database. `query` is what
/// `mcoda_global_token_usage_json` takes, or NULL. `cursor` receives the handle.
///
/// Errors: as there. Threads: any. Frees: the caller, `cursor` with `mcoda_token_usage_cursor_close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_token_usage_cursor_open(
    global: *mut mcoda_global,
    query: *const c_char,
    cursor: *mut *mut mcoda_token_usage_cursor,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    CURSORS.give("cursor", cursor, error, || {
        let query = token_usage_query(query)?;
        Ok(Mutex::new(global::one_call(global, |open| open.token_usage_cursor(&query))?))
    })
}

/// The next rows, `limit` of them at the most, 1 or more. `json` (may be NULL) receives an array: an empty
/// one, `[]`, at the end and only there.
///
/// Errors: `MCODA_INVALID_INPUT` for a limit of 0, `MCODA_CONFLICT` where the database was rebuilt or
/// migrated since the cursor was opened (open a new one), `MCODA_CLOSED` for a cursor or a database that was
/// closed. Other errors may pass: the next call asks for the same rows again. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_cursor_next_json(
    cursor: *mut mcoda_token_usage_cursor,
    limit: usize,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let cursor = CURSORS.get("cursor", cursor)?;
        let mut cursor = cursor.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cursor.next_chunk(limit)?)
    })
}

/// Closes the cursor after the calls that are under way in other threads, at its end or before. Closing it
/// again, and closing NULL, is fine. The database stays open.
///
/// Errors: none. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_cursor_close(
    cursor: *mut mcoda_token_usage_cursor,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        drop(CURSORS.take(cursor));
        Ok(())
    })
}
