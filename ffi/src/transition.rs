//! Moving tasks, and their history.

use std::ffi::c_char;

use mcoda_core::{Transition, TransitionContext};

use crate::boundary::{call, free, or_default_on_panic, write_out};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::estimate_options::mcoda_estimate_options;
use crate::input::{estimate_options, text};
use crate::string::Text;
use crate::transition_context::mcoda_transition_context;
use crate::workspace::{self, mcoda_workspace};

/// The result of a transition. The caller owns it and frees it with `mcoda_transition_free`.
pub struct mcoda_transition {
    event_id: Option<Text>,
    task_id: Text,
    from_status: Text,
    to_status: Text,
    timestamp: Text,
    changed: bool,
}

impl From<Transition> for mcoda_transition {
    fn from(done: Transition) -> Self {
        Self {
            event_id: done.event_id.map(Text::new),
            task_id: Text::new(done.task_id),
            from_status: Text::new(done.from_status),
            to_status: Text::new(done.to_status),
            timestamp: Text::new(done.timestamp.to_string()),
            changed: done.changed,
        }
    }
}

/// Moves the task with this id or key to a status: the task, its metadata and the event are written in one
/// transaction. A task that has the status already gets no event. `context` may be NULL: all of
/// its fields are absent. `transition` (may be NULL) receives the result.
///
/// Errors: `MCODA_NOT_FOUND` for an unknown task, job or task run, `MCODA_INVALID_INPUT` for an invalid value
/// or a key that several tasks have, `MCODA_CONFLICT` where the task does not have the status that the context
/// expects, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Nothing is written then. Threads: any; `context`
/// one at a time. Frees: the caller, `transition` with `mcoda_transition_free`, and `context`, which is
/// only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_status_transition(
    workspace: *mut mcoda_workspace,
    task: *const c_char,
    to_status: *const c_char,
    context: *const mcoda_transition_context,
    transition: *mut *mut mcoda_transition,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_out(transition, error, || {
        let context = context.as_ref().map_or_else(|| Ok(TransitionContext::default()), |set| set.read())?;
        let (task, to) = (text("task", task)?, text("to_status", to_status)?);
        Ok(workspace::one_call(workspace, |open| open.record_status_transition(task, to, &context))?.into())
    })
}

/// Stores the status events that a velocity with the same options infers from successful task runs. Calling it again
/// adds nothing. `options` may be NULL: the defaults. `events` (may be NULL) receives how many were added.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` for an unknown key, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any; `options` one at a time. Frees: the caller, `options`, which are only
/// read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_backfill_status_events(
    workspace: *mut mcoda_workspace,
    options: *const mcoda_estimate_options,
    events: *mut u64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        let options = estimate_options(options)?;
        let added = workspace::one_call(workspace, |open| open.backfill_status_events(&options))?;
        if !events.is_null() {
            // A count of what is in memory fits.
            events.write(added.events as u64);
        }
        Ok(())
    })
}

/// The id of the event that was written; NULL where the task had the status already. The text belongs to
/// `transition`. `length` (may be NULL) receives its length in bytes without the NUL, 0 for NULL. Threads:
/// any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_event_id(
    transition: *const mcoda_transition,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || transition.as_ref()?.event_id.as_ref())
}

/// The id of the task. The text belongs to `transition`. `length` (may be NULL) receives its length in
/// bytes without the NUL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_task_id(
    transition: *const mcoda_transition,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&transition.as_ref()?.task_id))
}

/// The status that the task had. The text belongs to `transition`. `length` (may be NULL) receives its
/// length in bytes without the NUL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_from_status(
    transition: *const mcoda_transition,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&transition.as_ref()?.from_status))
}

/// The status that the task has now, as it is stored. The text belongs to `transition`. `length` (may be
/// NULL) receives its length in bytes without the NUL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_to_status(
    transition: *const mcoda_transition,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&transition.as_ref()?.to_status))
}

/// When it moved, RFC 3339 in UTC with milliseconds. The text belongs to `transition`. `length` (may be
/// NULL) receives its length in bytes without the NUL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_timestamp(
    transition: *const mcoda_transition,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&transition.as_ref()?.timestamp))
}

/// Whether the task's status changed; false for NULL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_is_changed(transition: *const mcoda_transition) -> bool {
    or_default_on_panic(false, || Some(transition.as_ref()?.changed))
}

/// Frees it; NULL is fine. Its texts are gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_transition_free(transition: *mut mcoda_transition) {
    free(transition);
}
