//! Token usage row by row.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, PoisonError};

use mcoda_core::calls::Reply;
use mcoda_core::{TokenUsageCursor, TokenUsageQuery};

use crate::boundary::{call, write_out};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::global::{self, mcoda_global};
use crate::handles::Handles;
use crate::input::json_or_empty;
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// The rows of `mcoda_token_usage_json`, a few at a time, in memory that depends little on how many there
/// are. It may be used by any number of threads at once: their calls queue, and each row is returned once.
/// The caller closes it with `mcoda_token_usage_cursor_close`. A call with a closed handle, or with a pointer that is
/// not such a handle, returns `MCODA_CLOSED`. The pointer cannot be dereferenced.
pub struct mcoda_token_usage_cursor(());

static CURSORS: Handles<Mutex<TokenUsageCursor>, mcoda_token_usage_cursor> = Handles::new();

pub(crate) fn of(cursor: *const mcoda_token_usage_cursor) -> Result<Arc<Mutex<TokenUsageCursor>>> {
    CURSORS.get("cursor", cursor)
}

unsafe fn token_usage_query(query: *const c_char) -> Result<TokenUsageQuery> {
    Ok(TokenUsageQuery::from_json(&json_or_empty("query", query)?)?)
}

/// Opens a cursor over the rows of `mcoda_token_usage_json`. `query` is the same as there, or NULL. The rows are
/// chosen now: those recorded later are not included, and those deleted before they are read are left out. `cursor`
/// receives the handle.
///
/// Errors: as there. Threads: any. Frees: the caller, `cursor` with `mcoda_token_usage_cursor_close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_cursor_open(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    cursor: *mut *mut mcoda_token_usage_cursor,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    CURSORS.write_out("cursor", cursor, error, || {
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
    CURSORS.write_out("cursor", cursor, error, || {
        let query = token_usage_query(query)?;
        Ok(Mutex::new(global::one_call(global, |open| open.token_usage_cursor(&query))?))
    })
}

/// The next rows, at most `limit` of them; `limit` is 1 or more. `json` (may be NULL) receives an array;
/// it is empty, `[]`, at the end only. If there are no rows because the database has those of other workspaces only,
/// `mcoda_string_other_workspaces` of it lists them.
///
/// Errors: `MCODA_INVALID_INPUT` for a limit of 0, `MCODA_CONFLICT` where the database was rebuilt or migrated
/// since the cursor was opened (open a new one), `MCODA_CLOSED` for a closed cursor or database. After other
/// errors the next call tries the same rows again. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_cursor_next_json(
    cursor: *mut mcoda_token_usage_cursor,
    limit: usize,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_out(json, error, || {
        let cursor = of(cursor)?;
        let mut cursor = cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = Reply::next_rows(&mut cursor, limit)?;
        Ok(mcoda_string::new(rows.to_json()?).with_other_workspaces(rows.other_workspaces()))
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

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, CString};
    use std::ptr::{null, null_mut};

    use mcoda_core::{TokenUsage, Workspace};

    use super::*;
    use crate::rows::{mcoda_rows_free, mcoda_rows_other_workspaces, mcoda_token_usage_cursor_next};
    use crate::string::{mcoda_string_free, mcoda_string_other_workspaces};
    use crate::workspace::{mcoda_workspace_close, mcoda_workspace_open_db};

    #[test]
    fn a_cursor_without_rows_names_the_other_workspaces() {
        let folder = std::env::temp_dir().join(format!("mcoda-cursor-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("mcoda.db");
        let made = Workspace::options().workspace_id("one").open_db(&file).unwrap();
        made.record_token_usage(&TokenUsage::default()).unwrap();
        let two = TokenUsage { workspace_id: Some("two".to_owned()), ..TokenUsage::default() };
        made.record_token_usage(&two).unwrap();
        drop(made);

        let path = CString::new(file.to_str().unwrap()).unwrap();
        let (mut workspace, mut cursor) = (null_mut(), null_mut());
        let (mut json, mut rows) = (null_mut(), null_mut());
        // SAFETY: the path ends with a NUL, all out-parameters may be written, and what they get is freed once.
        unsafe {
            mcoda_workspace_open_db(path.as_ptr(), null(), &mut workspace, null_mut());
            mcoda_token_usage_cursor_open(workspace, null(), &mut cursor, null_mut());
            mcoda_token_usage_cursor_next_json(cursor, 5, &mut json, null_mut());
            mcoda_token_usage_cursor_next(cursor, 5, &mut rows, null_mut());
            for ids in [
                mcoda_string_other_workspaces(json, null_mut()),
                mcoda_rows_other_workspaces(rows, null_mut()),
            ] {
                assert_eq!(CStr::from_ptr(ids).to_str(), Ok(r#"["one","two"]"#));
            }
            mcoda_string_free(json);
            mcoda_rows_free(rows);
            mcoda_token_usage_cursor_close(cursor, null_mut());
            mcoda_workspace_close(workspace, null_mut());
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
