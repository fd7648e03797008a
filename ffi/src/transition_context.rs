//! What a caller tells about a transition.

use std::ffi::c_char;

use mcoda_core::TransitionContext;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Fields, fields};
use crate::input::exclusive;

/// The circumstances of a transition. The caller owns it and frees it with `mcoda_transition_context_free`.
/// One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_transition_context(Fields);

/// The fields of a `mcoda_transition_context`. The numbers are stable, and new fields get new ones. The
/// type behind each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_transition_field {
    /// text: the command that moves the task.
    MCODA_TRANSITION_COMMAND_NAME = 1,
    /// text: the job that the move is part of; must exist.
    MCODA_TRANSITION_JOB_ID = 2,
    /// text: the task run that the move is part of; must exist.
    MCODA_TRANSITION_TASK_RUN_ID = 3,
    /// text: the agent that moves it.
    MCODA_TRANSITION_AGENT_ID = 4,
    /// text: when it moved. Default: now.
    MCODA_TRANSITION_TIMESTAMP = 5,
    /// json: an object with whatever belongs to the event.
    MCODA_TRANSITION_METADATA = 6,
    /// json: an object that is merged into the task's metadata.
    MCODA_TRANSITION_METADATA_PATCH = 7,
    /// text: why: stored where the task fails or is reverted.
    MCODA_TRANSITION_REASON = 8,
    /// text: the status that the task must have; `MCODA_CONFLICT` where it has moved on.
    MCODA_TRANSITION_EXPECTED_FROM = 9,
}

use mcoda_transition_field::*;

fields! {
    MCODA_TRANSITION_COMMAND_NAME = "commandName",
    MCODA_TRANSITION_JOB_ID = "jobId",
    MCODA_TRANSITION_TASK_RUN_ID = "taskRunId",
    MCODA_TRANSITION_AGENT_ID = "agentId",
    MCODA_TRANSITION_TIMESTAMP = "timestamp",
    MCODA_TRANSITION_METADATA = "metadata",
    MCODA_TRANSITION_METADATA_PATCH = "metadataPatch",
    MCODA_TRANSITION_REASON = "reason",
    MCODA_TRANSITION_EXPECTED_FROM = "expectedFrom",
}

impl mcoda_transition_context {
    pub(crate) fn read(&self) -> Result<TransitionContext> {
        Ok(TransitionContext::from_json(&self.0.to_json())?)
    }
}

/// Makes the circumstances of a transition, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_transition_context_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_transition_context_new() -> *mut mcoda_transition_context {
    make(|| mcoda_transition_context(Fields::new(FIELDS)))
}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_free(context: *mut mcoda_transition_context) {
    free(context);
}

/// Sets a field, a `mcoda_transition_field`, to text, which is copied; NULL makes it absent again. A time
/// is RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not
/// UTF-8; whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_context_set_text(
    context: *mut mcoda_transition_context,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("context", context)?.0.set_text(field, value))
}

/// Sets a field, a `mcoda_transition_field`, to what a JSON text says, which is copied; NULL makes it
/// absent again.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::assert_complete;

    #[test]
    fn fields_are_those_of_the_engine_in_the_order_of_their_numbers() {
        let refused = TransitionContext::from_json(&serde_json::json!({"noSuchField": 1})).unwrap_err();
        assert_complete(FIELDS, CONSTANTS, "MCODA_TRANSITION", &refused, &[]);
    }
}
