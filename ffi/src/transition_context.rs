// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! The circumstances of a transition, field by field.

use std::ffi::c_char;

use mcoda_core::TransitionContext;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::Fields;
use crate::input::exclusive;

/// The circumstances of a transition. What is not set is absent. The caller owns it and frees it with `mcoda_transition_context_free`. One thread
/// at a time may use it; it may be used for any number of calls.
pub struct mcoda_transition_context(pub(crate) Fields);

/// The fields of a `mcoda_transition_context`. The numbers are stable, and new fields get new ones. The type behind
/// each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_transition_field {
    /// text: The command that changes the status, for example `work-on-tasks`.
    MCODA_TRANSITION_COMMAND_NAME = 1,
    /// text: The job in which the status changes; must exist.
    MCODA_TRANSITION_JOB_ID = 2,
    /// text: The task run in which the status changes; must exist.
    MCODA_TRANSITION_TASK_RUN_ID = 3,
    /// text: The agent that changes the status.
    MCODA_TRANSITION_AGENT_ID = 4,
    /// text: When the status changed. Absent: now.
    MCODA_TRANSITION_TIMESTAMP = 5,
    /// json: Lane details and other metadata of the event.
    MCODA_TRANSITION_METADATA = 6,
    /// json: Merged into the task's metadata: existing names get the new values.
    MCODA_TRANSITION_METADATA_PATCH = 7,
    /// text: The reason: stored as `failed_reason` or `revert_reason` if the task fails or is reverted.
    MCODA_TRANSITION_REASON = 8,
    /// text: The status that the task must have (compare-and-set); otherwise the call fails with
    /// `MCODA_CONFLICT`.
    MCODA_TRANSITION_EXPECTED_FROM = 9,
}

use mcoda_transition_field::*;

pub(crate) const FIELDS: &[(i32, &str)] = &[
    (MCODA_TRANSITION_COMMAND_NAME as i32, "commandName"),
    (MCODA_TRANSITION_JOB_ID as i32, "jobId"),
    (MCODA_TRANSITION_TASK_RUN_ID as i32, "taskRunId"),
    (MCODA_TRANSITION_AGENT_ID as i32, "agentId"),
    (MCODA_TRANSITION_TIMESTAMP as i32, "timestamp"),
    (MCODA_TRANSITION_METADATA as i32, "metadata"),
    (MCODA_TRANSITION_METADATA_PATCH as i32, "metadataPatch"),
    (MCODA_TRANSITION_REASON as i32, "reason"),
    (MCODA_TRANSITION_EXPECTED_FROM as i32, "expectedFrom"),
];

impl mcoda_transition_context {
    pub(crate) fn read(&self) -> Result<TransitionContext> {
        Ok(TransitionContext::from_json(&self.0.to_json())?)
    }
}

/// Makes the circumstances of a transition, with no field set. Threads: any. Frees: the caller, with `mcoda_transition_context_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_transition_context_new() -> *mut mcoda_transition_context {
    make(|| mcoda_transition_context(Fields::new(FIELDS)))
}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_free(context: *mut mcoda_transition_context) {
    free(context);
}

/// Sets a field, a `mcoda_transition_field`, to text, which is copied; NULL makes it absent again. A time is
/// RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not UTF-8;
/// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_set_text(
    context: *mut mcoda_transition_context,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("context", context)?.0.set_text(field, value))
}

/// Sets a field, a `mcoda_transition_field`, to what a JSON text says, which is copied; NULL makes it absent
/// again.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is no JSON;
/// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_set_json(
    context: *mut mcoda_transition_context,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("context", context)?.0.set_json(field, value))
}
