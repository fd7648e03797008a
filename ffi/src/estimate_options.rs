// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! Options of a velocity, an estimate or a backfill, field by field.

use std::ffi::c_char;

use mcoda_core::EstimateOptions;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// Options of a velocity, an estimate or a backfill. A field that is not set is absent. The caller owns it
/// and frees it with `mcoda_estimate_options_free`. One thread at a time may use it; it may be used for any
/// number of calls.
pub struct mcoda_estimate_options(pub(crate) Fields);

/// The fields of a `mcoda_estimate_options` that `mcoda_estimate_options_set_text` sets to text. The numbers
/// are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_estimate_options_text_field {
    /// Only tasks of the project with this key.
    MCODA_ESTIMATE_PROJECT_KEY = 1,
    /// Only tasks of the epic with this key.
    MCODA_ESTIMATE_EPIC_KEY = 2,
    /// Only tasks of the user story with this key.
    MCODA_ESTIMATE_STORY_KEY = 3,
    /// Only tasks of this person; case is ignored.
    MCODA_ESTIMATE_ASSIGNEE = 4,
    /// The source of the velocity. Absent: `config`. One of config, empirical, mixed.
    MCODA_ESTIMATE_MODE = 5,
    /// The current time. Absent: the handle's clock.
    MCODA_ESTIMATE_NOW = 11,
    /// The time for which the forecast says how probable it is that everything is completed.
    MCODA_ESTIMATE_BY = 14,
}

/// The type of a parameter that the header declares as `mcoda_estimate_options_text_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_estimate_options_text_field_number = i32;

/// The fields of a `mcoda_estimate_options` that `mcoda_estimate_options_set_int` sets to a whole number. The
/// numbers are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_estimate_options_int_field {
    /// The number of newest samples of a lane from which its velocity is computed, 1 or more. Absent: 10. 1 or
    /// more.
    MCODA_ESTIMATE_WINDOW_TASKS = 6,
    /// The number of trials of a forecast, 1 to 100,000; less are made if there are many tasks. Absent: 1,000,
    /// and 200 for each forecast of a backtest. 1 or more.
    MCODA_ESTIMATE_TRIALS = 13,
    /// The seed of the trials, 0 or more. Absent: 1. From 0 to 2^53 - 1.
    MCODA_ESTIMATE_SEED = 15,
}

/// The type of a parameter that the header declares as `mcoda_estimate_options_int_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_estimate_options_int_field_number = i32;

/// The fields of a `mcoda_estimate_options` that `mcoda_estimate_options_set_real` sets to a number. The
/// numbers are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_estimate_options_real_field {
    /// Story points per hour of every lane; overrides the config. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_ALL = 7,
    /// Story points per hour of the implementation; overrides the config. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_IMPLEMENTATION = 8,
    /// Story points per hour of the review; overrides the config. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_REVIEW = 9,
    /// Story points per hour of QA; overrides the config. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_QA = 10,
}

/// The type of a parameter that the header declares as `mcoda_estimate_options_real_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_estimate_options_real_field_number = i32;

/// The fields of a `mcoda_estimate_options` that `mcoda_estimate_options_set_bool` sets to true or false. The
/// numbers are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_estimate_options_bool_field {
    /// Whether `estimate` makes a forecast. Absent: it does.
    MCODA_ESTIMATE_FORECAST = 12,
}

/// The type of a parameter that the header declares as `mcoda_estimate_options_bool_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_estimate_options_bool_field_number = i32;

/// The fields of a `mcoda_estimate_options` that `mcoda_estimate_options_set_json` sets to JSON. The numbers
/// are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_estimate_options_json_field {
    /// When work happens: `timeZone`, `hours` (`09:00-17:30`), `days` (`["mon", "tue"]`) and `daysOff`
    /// (`["2026-12-25"]`), each of them optional. Absent: the `calendar` of the settings, else the one that the
    /// events show.
    MCODA_ESTIMATE_CALENDAR = 16,
}

/// The type of a parameter that the header declares as `mcoda_estimate_options_json_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_estimate_options_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_PROJECT_KEY as i32, "projectKey", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_EPIC_KEY as i32, "epicKey", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_STORY_KEY as i32, "storyKey", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_ASSIGNEE as i32, "assignee", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_MODE as i32, "mode", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_NOW as i32, "now", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_BY as i32, "by", Type::Text),
    (mcoda_estimate_options_int_field::MCODA_ESTIMATE_WINDOW_TASKS as i32, "windowTasks", Type::Int),
    (mcoda_estimate_options_int_field::MCODA_ESTIMATE_TRIALS as i32, "trials", Type::Int),
    (mcoda_estimate_options_int_field::MCODA_ESTIMATE_SEED as i32, "seed", Type::Int),
    (mcoda_estimate_options_real_field::MCODA_ESTIMATE_SP_PER_HOUR_ALL as i32, "spPerHourAll", Type::Real),
    (
        mcoda_estimate_options_real_field::MCODA_ESTIMATE_SP_PER_HOUR_IMPLEMENTATION as i32,
        "spPerHourImplementation",
        Type::Real,
    ),
    (
        mcoda_estimate_options_real_field::MCODA_ESTIMATE_SP_PER_HOUR_REVIEW as i32,
        "spPerHourReview",
        Type::Real,
    ),
    (mcoda_estimate_options_real_field::MCODA_ESTIMATE_SP_PER_HOUR_QA as i32, "spPerHourQa", Type::Real),
    (mcoda_estimate_options_bool_field::MCODA_ESTIMATE_FORECAST as i32, "forecast", Type::Bool),
    (mcoda_estimate_options_json_field::MCODA_ESTIMATE_CALENDAR as i32, "calendar", Type::Json),
];

impl mcoda_estimate_options {
    pub(crate) fn read(&self) -> Result<EstimateOptions> {
        Ok(EstimateOptions::from_json(self.0.json())?)
    }
}

/// Makes options of a velocity, an estimate or a backfill, with no field set. Threads: any. Frees: the
/// caller, with `mcoda_estimate_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_estimate_options_new() -> *mut mcoda_estimate_options {
    make(|| mcoda_estimate_options(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_free(options: *mut mcoda_estimate_options) {
    free(options);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_clear(
    options: *mut mcoda_estimate_options,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("options", options)?.0.clear();
        Ok(())
    })
}

/// Sets a field to text, which is copied; NULL makes it absent. A time is RFC 3339 text with `Z` or an offset
/// (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not UTF-8. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_text(
    options: *mut mcoda_estimate_options,
    field: mcoda_estimate_options_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_text(field, value))
}

/// Sets a field to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_int(
    options: *mut mcoda_estimate_options,
    field: mcoda_estimate_options_int_field_number,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_int(field, value))
}

/// Sets a field to a number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_real(
    options: *mut mcoda_estimate_options,
    field: mcoda_estimate_options_real_field_number,
    value: f64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_real(field, value))
}

/// Sets a field to true or false.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_bool(
    options: *mut mcoda_estimate_options,
    field: mcoda_estimate_options_bool_field_number,
    value: bool,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_bool(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_options_set_json(
    options: *mut mcoda_estimate_options,
    field: mcoda_estimate_options_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_json(field, value))
}
