//! What providers and agents return: reading what it tells about usage, and recording it.

use std::ffi::c_char;

use mcoda_core::{AgentContext, extract_usage, extract_usages};

use crate::boundary::answer;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::global::{self, mcoda_global};
use crate::input::{json_or_empty, optional_text, text};
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

unsafe fn agent_context(context: *const c_char) -> Result<AgentContext> {
    Ok(AgentContext::from_json(&json_or_empty("context", context)?)?)
}

/// What a text tells about usage, in all: `body` is a response of a provider, its `usage` object, or the
/// lines of a stream or of an agent's transcript. `provider` (may be NULL) helps where that does not tell
/// what a number means. `json` (may be NULL) receives a record, which is empty where nothing is told:
/// strange text is no error. No database is needed.
///
/// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_extract_usage_json(
    body: *const c_char,
    provider: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(extract_usage(text("body", body)?, optional_text("provider", provider)?)))
}

/// What a text tells about usage by model, in the order in which these appear; the sums are what
/// `mcoda_extract_usage_json` gives. `provider` may be NULL. `json` (may be NULL) receives an array of
/// records, empty where nothing is told.
///
/// Errors: as there. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_extract_usages_json(
    body: *const c_char,
    provider: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(extract_usages(text("body", body)?, optional_text("provider", provider)?)))
}

/// Reads what came back from an agent, as `mcoda_extract_usages_json` does, and records it. A retry or a
/// replay counts once, and a later version of an answer replaces its record, where the answer has an id or
/// the context a `responseId`. `context` is a JSON object like `{"taskId": "…", "agentId": "claude"}` or
/// NULL; `docs/extract.md` lists its fields. `json` (may be NULL) receives `{"usage", "records"}`: what the
/// answer tells, and what became of each record.
///
/// Errors: as `mcoda_record_token_usage`; an answer that tells no usage is none. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_agent_response_json(
    workspace: *mut mcoda_workspace,
    body: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let (body, context) = (text("body", body)?, agent_context(context)?);
        Ok(workspace::of(workspace)?.record_agent_response(body, &context)?)
    })
}

/// `mcoda_record_agent_response_json` for a file of answers, or an agent's transcript, at `path`, UTF-8, of
/// any size. Reading it again, or when it has grown, adds nothing twice. `context` is a JSON object or NULL.
/// `json` (may be NULL) receives `{"bytes", "lines", "objects", "recorded", "updated", "duplicates",
/// "refused", "logged", "skipped"}`.
///
/// Each thousand lines are one transaction: an error leaves what was recorded before, and the next call
/// goes on from there. Errors: as there, and `MCODA_STORAGE` with the file's name where it cannot be read.
/// Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_agent_file_json(
    workspace: *mut mcoda_workspace,
    path: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let (path, context) = (text("path", path)?, agent_context(context)?);
        Ok(workspace::of(workspace)?.record_agent_file(path, &context)?)
    })
}

/// `mcoda_record_agent_response_json` for an answer to a call outside of any project. `context` is a JSON
/// object or NULL; fields of the backlog are `MCODA_INVALID_INPUT` here. `json` (may be NULL) receives
/// `{"usage", "records"}`.
///
/// Errors: as there. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_agent_response_json(
    global: *mut mcoda_global,
    body: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let (body, context) = (text("body", body)?, agent_context(context)?);
        Ok(global::of(global)?.record_agent_response(body, &context)?)
    })
}

/// `mcoda_record_agent_file_json` for answers to calls outside of any project. `context` is a JSON object or
/// NULL. `json` (may be NULL) receives what was read and recorded.
///
/// Errors: as there. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_agent_file_json(
    global: *mut mcoda_global,
    path: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let (path, context) = (text("path", path)?, agent_context(context)?);
        Ok(global::of(global)?.record_agent_file(path, &context)?)
    })
}
