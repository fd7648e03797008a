// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! A record of what one agent call cost, field by field.

use std::ffi::c_char;

use mcoda_core::TokenUsage;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::Fields;
use crate::input::exclusive;

/// A record of what one agent call cost. What is not set is absent. The caller owns it and frees it with `mcoda_token_usage_free`. One thread
/// at a time may use it; it may be used for any number of calls.
pub struct mcoda_token_usage(pub(crate) Fields);

/// The fields of a `mcoda_token_usage`. The numbers are stable, and new fields get new ones. The type behind
/// each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_token_usage_field {
    /// text: The record's id. Recording the same id with the same content again adds nothing, so a retry is safe.
    /// Absent: a new UUID.
    MCODA_TOKEN_USAGE_ID = 1,
    /// text: The workspace to which the usage belongs. Absent: the handle's own.
    MCODA_TOKEN_USAGE_WORKSPACE_ID = 2,
    /// text: The agent of the call. It is added to the agents of the command run and of the job.
    MCODA_TOKEN_USAGE_AGENT_ID = 3,
    /// text: The model that responded.
    MCODA_TOKEN_USAGE_MODEL_NAME = 4,
    /// text: The job of the call; must exist.
    MCODA_TOKEN_USAGE_JOB_ID = 5,
    /// text: The command run of the call; must exist.
    MCODA_TOKEN_USAGE_COMMAND_RUN_ID = 6,
    /// text: The task run of the call; must exist.
    MCODA_TOKEN_USAGE_TASK_RUN_ID = 7,
    /// text: The task of the call; must exist.
    MCODA_TOKEN_USAGE_TASK_ID = 8,
    /// text: The project of the call; must exist.
    MCODA_TOKEN_USAGE_PROJECT_ID = 9,
    /// text: The epic of the call; must exist.
    MCODA_TOKEN_USAGE_EPIC_ID = 10,
    /// text: The user story of the call; must exist.
    MCODA_TOKEN_USAGE_USER_STORY_ID = 11,
    /// text: The command, for example `work-on-tasks`.
    MCODA_TOKEN_USAGE_COMMAND_NAME = 12,
    /// text: The step of the command, for example `plan`.
    MCODA_TOKEN_USAGE_ACTION = 13,
    /// text: How the agent was called, for example `chat`.
    MCODA_TOKEN_USAGE_INVOCATION_KIND = 14,
    /// text: The provider of the model.
    MCODA_TOKEN_USAGE_PROVIDER = 15,
    /// text: The currency of `cost_estimate`, for example `USD`.
    MCODA_TOKEN_USAGE_CURRENCY = 16,
    /// int: All input tokens, including cached ones. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_PROMPT = 17,
    /// int: All output tokens, including reasoning. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_COMPLETION = 18,
    /// int: The provider's own total. Absent: prompt + completion, if both are known. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_TOTAL = 19,
    /// int: Input tokens that came from a cache; they are included in `tokens_prompt`. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHED = 20,
    /// int: Input tokens that were read from a cache, if the provider reports them separately. From 0 to 2^53 -
    /// 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_READ = 21,
    /// int: Input tokens that were written to a cache. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE = 22,
    /// real: The cost of the call, in `currency`. Finite, 0 or more.
    MCODA_TOKEN_USAGE_COST_ESTIMATE = 23,
    /// real: The duration of the call in seconds. Absent: computed from `duration_ms`, or else from start and
    /// finish. Finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_SECONDS = 24,
    /// real: The duration of the call in milliseconds. Absent: computed from start and finish, or else from
    /// `duration_seconds`. Finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_MS = 25,
    /// text: When the call began.
    MCODA_TOKEN_USAGE_STARTED_AT = 26,
    /// text: When the call ended; not before `started_at`.
    MCODA_TOKEN_USAGE_FINISHED_AT = 27,
    /// text: The time by which queries select and order the call. Absent: now.
    MCODA_TOKEN_USAGE_TIMESTAMP = 28,
    /// json: Additional data, kept unchanged. Command, action, invocation kind, provider and currency are added
    /// under their JSON names if the object lacks them, because older readers look for them there.
    MCODA_TOKEN_USAGE_METADATA = 29,
}

use mcoda_token_usage_field::*;

pub(crate) const FIELDS: &[(i32, &str)] = &[
    (MCODA_TOKEN_USAGE_ID as i32, "id"),
    (MCODA_TOKEN_USAGE_WORKSPACE_ID as i32, "workspaceId"),
    (MCODA_TOKEN_USAGE_AGENT_ID as i32, "agentId"),
    (MCODA_TOKEN_USAGE_MODEL_NAME as i32, "modelName"),
    (MCODA_TOKEN_USAGE_JOB_ID as i32, "jobId"),
    (MCODA_TOKEN_USAGE_COMMAND_RUN_ID as i32, "commandRunId"),
    (MCODA_TOKEN_USAGE_TASK_RUN_ID as i32, "taskRunId"),
    (MCODA_TOKEN_USAGE_TASK_ID as i32, "taskId"),
    (MCODA_TOKEN_USAGE_PROJECT_ID as i32, "projectId"),
    (MCODA_TOKEN_USAGE_EPIC_ID as i32, "epicId"),
    (MCODA_TOKEN_USAGE_USER_STORY_ID as i32, "userStoryId"),
    (MCODA_TOKEN_USAGE_COMMAND_NAME as i32, "commandName"),
    (MCODA_TOKEN_USAGE_ACTION as i32, "action"),
    (MCODA_TOKEN_USAGE_INVOCATION_KIND as i32, "invocationKind"),
    (MCODA_TOKEN_USAGE_PROVIDER as i32, "provider"),
    (MCODA_TOKEN_USAGE_CURRENCY as i32, "currency"),
    (MCODA_TOKEN_USAGE_TOKENS_PROMPT as i32, "tokensPrompt"),
    (MCODA_TOKEN_USAGE_TOKENS_COMPLETION as i32, "tokensCompletion"),
    (MCODA_TOKEN_USAGE_TOKENS_TOTAL as i32, "tokensTotal"),
    (MCODA_TOKEN_USAGE_TOKENS_CACHED as i32, "tokensCached"),
    (MCODA_TOKEN_USAGE_TOKENS_CACHE_READ as i32, "tokensCacheRead"),
    (MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE as i32, "tokensCacheWrite"),
    (MCODA_TOKEN_USAGE_COST_ESTIMATE as i32, "costEstimate"),
    (MCODA_TOKEN_USAGE_DURATION_SECONDS as i32, "durationSeconds"),
    (MCODA_TOKEN_USAGE_DURATION_MS as i32, "durationMs"),
    (MCODA_TOKEN_USAGE_STARTED_AT as i32, "startedAt"),
    (MCODA_TOKEN_USAGE_FINISHED_AT as i32, "finishedAt"),
    (MCODA_TOKEN_USAGE_TIMESTAMP as i32, "timestamp"),
    (MCODA_TOKEN_USAGE_METADATA as i32, "metadata"),
];

impl mcoda_token_usage {
    pub(crate) fn read(&self) -> Result<TokenUsage> {
        Ok(TokenUsage::from_json(&self.0.to_json())?)
    }
}

/// Makes a record of what one agent call cost, with no field set. Threads: any. Frees: the caller, with `mcoda_token_usage_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_token_usage_new() -> *mut mcoda_token_usage {
    make(|| mcoda_token_usage(Fields::new(FIELDS)))
}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_free(usage: *mut mcoda_token_usage) {
    free(usage);
}

/// Sets a field, a `mcoda_token_usage_field`, to text, which is copied; NULL makes it absent again. A time is
/// RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not UTF-8;
/// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_text(
    usage: *mut mcoda_token_usage,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_text(field, value))
}

/// Sets a field, a `mcoda_token_usage_field`, to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
/// field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_int(
    usage: *mut mcoda_token_usage,
    field: i32,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_int(field, value))
}

/// Sets a field, a `mcoda_token_usage_field`, to a number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
/// field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_real(
    usage: *mut mcoda_token_usage,
    field: i32,
    value: f64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_real(field, value))
}

/// Sets a field, a `mcoda_token_usage_field`, to what a JSON text says, which is copied; NULL makes it absent
/// again.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is no JSON;
/// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_json(
    usage: *mut mcoda_token_usage,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_json(field, value))
}
