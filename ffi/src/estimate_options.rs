//! What a caller asks of a velocity, an estimate or a backfill.

use std::ffi::c_char;

use mcoda_core::EstimateOptions;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Fields, fields};
use crate::input::exclusive;

/// Options of a velocity, an estimate or a backfill. The caller owns it and frees it with
/// `mcoda_estimate_options_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_estimate_options(Fields);

/// The fields of a `mcoda_estimate_options`. The numbers are stable, and new fields get new ones. The type
/// behind each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_estimate_option {
    /// text: only tasks of the project with this key.
    MCODA_ESTIMATE_PROJECT_KEY = 1,
    /// text: only tasks of the epic with this key.
    MCODA_ESTIMATE_EPIC_KEY = 2,
    /// text: only tasks of the user story with this key.
    MCODA_ESTIMATE_STORY_KEY = 3,
    /// text: only tasks of this person; case does not matter.
    MCODA_ESTIMATE_ASSIGNEE = 4,
    /// text: `config`, `empirical` or `mixed`. Default: `config`.
    MCODA_ESTIMATE_MODE = 5,
    /// int: how many of the newest samples of a lane make its velocity, 1 or more. Default: 10.
    MCODA_ESTIMATE_WINDOW_TASKS = 6,
    /// real: story points per hour of every lane, in place of the config's; finite.
    MCODA_ESTIMATE_SP_PER_HOUR_ALL = 7,
    /// real: story points per hour of the implementation.
    MCODA_ESTIMATE_SP_PER_HOUR_IMPLEMENTATION = 8,
    /// real: story points per hour of the review.
    MCODA_ESTIMATE_SP_PER_HOUR_REVIEW = 9,
    /// real: story points per hour of QA.
    MCODA_ESTIMATE_SP_PER_HOUR_QA = 10,
    /// text: the present moment, so that an answer can be reproduced. Default: the clock.
    MCODA_ESTIMATE_NOW = 11,
}

use mcoda_estimate_option::*;

fields! {
    MCODA_ESTIMATE_PROJECT_KEY = "projectKey",
    MCODA_ESTIMATE_EPIC_KEY = "epicKey",
    MCODA_ESTIMATE_STORY_KEY = "storyKey",
    MCODA_ESTIMATE_ASSIGNEE = "assignee",
    MCODA_ESTIMATE_MODE = "mode",
    MCODA_ESTIMATE_WINDOW_TASKS = "windowTasks",
    MCODA_ESTIMATE_SP_PER_HOUR_ALL = "spPerHourAll",
    MCODA_ESTIMATE_SP_PER_HOUR_IMPLEMENTATION = "spPerHourImplementation",
    MCODA_ESTIMATE_SP_PER_HOUR_REVIEW = "spPerHourReview",
    MCODA_ESTIMATE_SP_PER_HOUR_QA = "spPerHourQa",
    MCODA_ESTIMATE_NOW = "now",
}

impl mcoda_estimate_options {
    pub(crate) fn read(&self) -> Result<EstimateOptions> {
        Ok(EstimateOptions::from_json(&self.0.to_json())?)
    }
}

/// What a caller asked for, all defaults for NULL.
pub(crate) unsafe fn read(options: *const mcoda_estimate_options) -> Result<EstimateOptions> {
    options.as_ref().map_or_else(|| Ok(EstimateOptions::default()), mcoda_estimate_options::read)
}

/// Makes options of a velocity, an estimate or a backfill, with no field set. Threads: any. Frees: the
/// caller, with `mcoda_estimate_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_estimate_options_new() -> *mut mcoda_estimate_options {
    make(|| mcoda_estimate_options(Fields::new(FIELDS)))
}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_free(options: *mut mcoda_estimate_options) {
    free(options);
}

/// Sets a field, a `mcoda_estimate_option`, to text, which is copied; NULL makes it absent again. A time is
/// RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not
/// UTF-8; whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_text(
    options: *mut mcoda_estimate_options,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_text(field, value))
}

/// Sets a field, a `mcoda_estimate_option`, to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
/// field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_int(
    options: *mut mcoda_estimate_options,
    field: i32,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_int(field, value))
}

/// Sets a field, a `mcoda_estimate_option`, to a number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
/// field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_real(
    options: *mut mcoda_estimate_options,
    field: i32,
    value: f64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_real(field, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::assert_complete;

    #[test]
    fn fields_are_those_of_the_engine_in_the_order_of_their_numbers() {
        let refused = EstimateOptions::from_json(&serde_json::json!({"noSuchField": 1})).unwrap_err();
        assert_complete(FIELDS, CONSTANTS, "MCODA_ESTIMATE", &refused, &[]);
    }
}
