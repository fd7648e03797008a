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

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_PROJECT_KEY as i32, "projectKey", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_EPIC_KEY as i32, "epicKey", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_STORY_KEY as i32, "storyKey", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_ASSIGNEE as i32, "assignee", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_MODE as i32, "mode", Type::Text),
    (mcoda_estimate_options_text_field::MCODA_ESTIMATE_NOW as i32, "now", Type::Text),
    (mcoda_estimate_options_int_field::MCODA_ESTIMATE_WINDOW_TASKS as i32, "windowTasks", Type::Int),
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
];

impl mcoda_estimate_options {
    pub(crate) fn read(&self) -> Result<EstimateOptions> {
        Ok(EstimateOptions::from_json(self.0.json())?)
    }
}

/// Makes options of a velocity, an estimate or a backfill, with no field set. Threads: any. Frees: the caller, with `mcoda_estimate_options_free`.
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
