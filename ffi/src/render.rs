//! Answers as the text tables that people read.

use std::ffi::c_char;

use mcoda_core::{TokenUsageQuery, report};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::boundary::give_wanted;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::input;
use crate::string::mcoda_string;

/// An answer that the caller got as JSON.
unsafe fn answered<T: DeserializeOwned>(name: &str, answer: *const c_char) -> Result<T> {
    Ok(report::read(name, &input::json(name, answer)?)?)
}

/// The table of a summary. `rows` is what `mcoda_token_usage_summary_json` answered. `group_by` is the JSON
/// array that it was grouped by, or NULL for the default. `text` receives the table.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_tokens_table(
    rows: *const c_char,
    group_by: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        let rows: Vec<_> = answered("rows", rows)?;
        let group_by = if group_by.is_null() { json!([]) } else { input::json("group_by", group_by)? };
        // A question of which only this part is told: the engine reads and checks it.
        let (_, group_by) = TokenUsageQuery::from_summary_json(&json!({ "groupBy": group_by }))?;
        Ok(mcoda_string::new(report::render_tokens_table(&rows, &group_by)))
    })
}

/// The table of single calls. `rows` is what `mcoda_token_usage_json` or a cursor answered. `text` receives
/// the table.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_job_tokens(
    rows: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        let rows: Vec<_> = answered("rows", rows)?;
        Ok(mcoda_string::new(report::render_job_tokens(&rows)))
    })
}

/// The table of jobs. `jobs` is what `mcoda_jobs_list_json` answered. `text` receives the table.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_jobs(
    jobs: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        let jobs: Vec<_> = answered("jobs", jobs)?;
        Ok(mcoda_string::new(report::render_jobs(&jobs)))
    })
}

/// A job with its runs and its cost. `inspection` is what `mcoda_inspect_job_json` answered. `text` receives
/// the page.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_job_inspection(
    inspection: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        Ok(mcoda_string::new(report::render_job_inspection(&answered("inspection", inspection)?)))
    })
}

/// An estimate. `estimate` is what `mcoda_estimate_json` or `mcoda_estimate_to_json` answered. `text`
/// receives the page.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_estimate(
    estimate: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        Ok(mcoda_string::new(report::render_estimate_json(&input::json("estimate", estimate)?)?))
    })
}

/// A velocity. `velocity` is what `mcoda_velocity_json` or `mcoda_velocity_to_json` answered. `text`
/// receives the table.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_velocity(
    velocity: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        Ok(mcoda_string::new(report::render_velocity_json(&input::json("velocity", velocity)?)?))
    })
}

/// The moves of tasks. `events` is what `mcoda_status_events_json` answered. `text` receives the table.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_status_events(
    events: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        let events: Vec<_> = answered("events", events)?;
        Ok(mcoda_string::new(report::render_status_events(&events)))
    })
}

/// The telemetry settings. `config` is what `mcoda_telemetry_config_json` answered. `text` receives the
/// table.
///
/// Errors: `MCODA_INVALID_INPUT` for other JSON. Threads: any. Frees: the caller, `text` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_telemetry_config(
    config: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        Ok(mcoda_string::new(report::render_telemetry_config(&answered("config", config)?)))
    })
}
