// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! The circumstances of a transition, field by field.

use std::ffi::c_char;

use mcoda_core::TransitionContext;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// The circumstances of a transition. A field that is not set is absent. The caller owns it and frees it with
/// `mcoda_transition_context_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_transition_context(pub(crate) Fields);

/// The fields of a `mcoda_transition_context` that `mcoda_transition_context_set_text` sets to text. The
/// numbers are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_transition_context_text_field {
    /// The command that changes the status, for example `work-on-tasks`.
    MCODA_TRANSITION_COMMAND_NAME = 1,
    /// The job in which the status changes; must exist.
    MCODA_TRANSITION_JOB_ID = 2,
    /// The task run in which the status changes; must exist.
    MCODA_TRANSITION_TASK_RUN_ID = 3,
    /// The agent that changes the status.
    MCODA_TRANSITION_AGENT_ID = 4,
    /// When the status changed. Absent: now.
    MCODA_TRANSITION_TIMESTAMP = 5,
    /// The reason: stored as `failed_reason` or `revert_reason` if the task fails or is reverted.
    MCODA_TRANSITION_REASON = 8,
    /// The status that the task must have (compare-and-set); otherwise the call fails with `MCODA_CONFLICT`.
    MCODA_TRANSITION_EXPECTED_FROM = 9,
}

/// The type of a parameter that the header declares as `mcoda_transition_context_text_field`. It is any
/// number, since C does not check that, and a newer program may know more fields.
pub type mcoda_transition_context_text_field_number = i32;

/// The fields of a `mcoda_transition_context` that `mcoda_transition_context_set_bool` sets to true or false.
/// The numbers are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_transition_context_bool_field {
    /// Whether a status is accepted that is neither one of the pipeline nor named under `statuses` in
    /// `config.json`.
    MCODA_TRANSITION_ALLOW_UNKNOWN_STATUS = 10,
}

/// The type of a parameter that the header declares as `mcoda_transition_context_bool_field`. It is any
/// number, since C does not check that, and a newer program may know more fields.
pub type mcoda_transition_context_bool_field_number = i32;

/// The fields of a `mcoda_transition_context` that `mcoda_transition_context_set_json` sets to JSON. The
/// numbers are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_transition_context_json_field {
    /// Lane details and other metadata of the event.
    MCODA_TRANSITION_METADATA = 6,
    /// Merged into the task's metadata: existing names get the new values.
    MCODA_TRANSITION_METADATA_PATCH = 7,
}

/// The type of a parameter that the header declares as `mcoda_transition_context_json_field`. It is any
/// number, since C does not check that, and a newer program may know more fields.
pub type mcoda_transition_context_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_transition_context_text_field::MCODA_TRANSITION_COMMAND_NAME as i32, "commandName", Type::Text),
    (mcoda_transition_context_text_field::MCODA_TRANSITION_JOB_ID as i32, "jobId", Type::Text),
    (mcoda_transition_context_text_field::MCODA_TRANSITION_TASK_RUN_ID as i32, "taskRunId", Type::Text),
    (mcoda_transition_context_text_field::MCODA_TRANSITION_AGENT_ID as i32, "agentId", Type::Text),
    (mcoda_transition_context_text_field::MCODA_TRANSITION_TIMESTAMP as i32, "timestamp", Type::Text),
    (mcoda_transition_context_text_field::MCODA_TRANSITION_REASON as i32, "reason", Type::Text),
    (mcoda_transition_context_text_field::MCODA_TRANSITION_EXPECTED_FROM as i32, "expectedFrom", Type::Text),
    (
        mcoda_transition_context_bool_field::MCODA_TRANSITION_ALLOW_UNKNOWN_STATUS as i32,
        "allowUnknownStatus",
        Type::Bool,
    ),
    (mcoda_transition_context_json_field::MCODA_TRANSITION_METADATA as i32, "metadata", Type::Json),
    (
        mcoda_transition_context_json_field::MCODA_TRANSITION_METADATA_PATCH as i32,
        "metadataPatch",
        Type::Json,
    ),
];

impl mcoda_transition_context {
    pub(crate) fn read(&self) -> Result<TransitionContext> {
        Ok(TransitionContext::from_json(self.0.json())?)
    }
}

/// Makes the circumstances of a transition, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_transition_context_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_transition_context_new() -> *mut mcoda_transition_context {
    make(|| mcoda_transition_context(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_free(context: *mut mcoda_transition_context) {
    free(context);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_clear(
    context: *mut mcoda_transition_context,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("context", context)?.0.clear();
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
pub unsafe extern "C" fn mcoda_transition_context_set_text(
    context: *mut mcoda_transition_context,
    field: mcoda_transition_context_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("context", context)?.0.set_text(field, value))
}

/// Sets a field to true or false.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_set_bool(
    context: *mut mcoda_transition_context,
    field: mcoda_transition_context_bool_field_number,
    value: bool,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("context", context)?.0.set_bool(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_set_json(
    context: *mut mcoda_transition_context,
    field: mcoda_transition_context_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("context", context)?.0.set_json(field, value))
}
