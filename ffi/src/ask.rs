//! Questions about tokens, and a host's own SQL.

use std::ffi::c_char;

use mcoda_core::{SqlParams, TokenUsageQuery};
use serde_json::Value;

use crate::boundary::answer;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::input::{json, json_or_empty, text};
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// What single agent calls cost, in the order of time. `query` is a JSON object with `projectKey`, `agent`,
/// `command`, `includeRowsWithoutCommand`, `jobId`, `taskId`, `since`, `until`, `page`, `pageSize` and
/// `now`, all optional, or NULL. `json` (may be NULL) receives an array of rows with the names of the
/// OpenAPI contract (`tokens_prompt`).
///
/// Errors: `MCODA_NOT_FOUND` for an unknown project key, `MCODA_INVALID_INPUT` for a bound or a page that
/// is none, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let query = TokenUsageQuery::from_json(&json_or_empty("query", query)?)?;
        Ok(workspace::of(workspace)?.token_usage(&query)?)
    })
}

/// What agent calls cost, added up by groups. `query` is what `mcoda_token_usage_json` takes, or NULL; it
/// may have `groupBy` too, an array of `project`, `command`, `agent`, `model`, `day`, `job`, `action`,
/// `provider`, `task` (default: the first three), and `timeZone`, whose days are meant (`Europe/Berlin`;
/// default: UTC). Where `since` is absent, the last 7 days count. `json` (may be NULL) receives an array of
/// rows with the names of the OpenAPI contract.
///
/// Errors: as there. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_summary_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let (query, group_by) = TokenUsageQuery::from_summary_json(&json_or_empty("query", query)?)?;
        Ok(workspace::of(workspace)?.token_usage_summary(&query, &group_by)?)
    })
}

/// Answers one SQL statement that only reads, in one unchanging state of the database. `params` is a JSON
/// array for `?`, an object of names for `:name`, or NULL for none. `json` (may be NULL) receives an array
/// with an object a row; bytes are lower-case hexadecimal text.
///
/// Errors: `MCODA_INVALID_INPUT` for what is not one such statement, for two columns of one name, and for
/// parameters that do not fit; `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_query_json(
    workspace: *mut mcoda_workspace,
    sql: *const c_char,
    params: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let params = sql_params(params)?;
        Ok(workspace::of(workspace)?.query(text("sql", sql)?, &params)?)
    })
}

/// A statement's parameters, none for NULL.
pub(crate) unsafe fn sql_params(params: *const c_char) -> Result<SqlParams> {
    let params = if params.is_null() { Value::Null } else { json("params", params)? };
    Ok(SqlParams::from_json(&params)?)
}
