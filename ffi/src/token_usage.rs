//! The record of one agent call.

use std::ffi::c_char;

use mcoda_core::TokenUsage;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Fields, fields};
use crate::input::exclusive;

/// A record of what one agent call cost. What is not set is not told; 0 is told to be none. The caller owns
/// it and frees it with `mcoda_token_usage_free`. One thread at a time may use it; it may be used for any
/// number of calls.
pub struct mcoda_token_usage(Fields);

/// The fields of a `mcoda_token_usage`. The numbers are stable, and new fields get new ones. The type
/// behind each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_token_usage_field {
    /// text: the record's id, so that a retry counts once. Default: a new UUID.
    MCODA_TOKEN_USAGE_ID = 1,
    /// text: the workspace that is billed. Default: the handle's.
    MCODA_TOKEN_USAGE_WORKSPACE_ID = 2,
    /// text: the agent that called.
    MCODA_TOKEN_USAGE_AGENT_ID = 3,
    /// text: the model that answered.
    MCODA_TOKEN_USAGE_MODEL_NAME = 4,
    /// text: the job that the call was part of; must exist.
    MCODA_TOKEN_USAGE_JOB_ID = 5,
    /// text: the command run that the call was part of; must exist.
    MCODA_TOKEN_USAGE_COMMAND_RUN_ID = 6,
    /// text: the task run that the call was part of; must exist.
    MCODA_TOKEN_USAGE_TASK_RUN_ID = 7,
    /// text: the task that the call worked on; must exist.
    MCODA_TOKEN_USAGE_TASK_ID = 8,
    /// text: the project that the call worked for; must exist.
    MCODA_TOKEN_USAGE_PROJECT_ID = 9,
    /// text: the epic that the call worked for; must exist.
    MCODA_TOKEN_USAGE_EPIC_ID = 10,
    /// text: the user story that the call worked for; must exist.
    MCODA_TOKEN_USAGE_USER_STORY_ID = 11,
    /// text: the command, for example `work-on-tasks`.
    MCODA_TOKEN_USAGE_COMMAND_NAME = 12,
    /// text: the step of the command, for example `plan`.
    MCODA_TOKEN_USAGE_ACTION = 13,
    /// text: how the agent was called, for example `chat`.
    MCODA_TOKEN_USAGE_INVOCATION_KIND = 14,
    /// text: who provides the model.
    MCODA_TOKEN_USAGE_PROVIDER = 15,
    /// text: the currency of the cost, for example `USD`.
    MCODA_TOKEN_USAGE_CURRENCY = 16,
    /// int: all input tokens, cached ones included; like all counts from 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_PROMPT = 17,
    /// int: all output tokens.
    MCODA_TOKEN_USAGE_TOKENS_COMPLETION = 18,
    /// int: the provider's own total. Default: prompt + completion, where both are set.
    MCODA_TOKEN_USAGE_TOKENS_TOTAL = 19,
    /// int: input tokens that came from a cache.
    MCODA_TOKEN_USAGE_TOKENS_CACHED = 20,
    /// int: input tokens that were read from a cache.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_READ = 21,
    /// int: input tokens that were written to a cache.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE = 22,
    /// real: what the call cost, in `CURRENCY`; finite, 0 or more.
    MCODA_TOKEN_USAGE_COST_ESTIMATE = 23,
    /// real: how long it took, in seconds; finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_SECONDS = 24,
    /// real: how long it took, in milliseconds; finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_MS = 25,
    /// text: when the call began.
    MCODA_TOKEN_USAGE_STARTED_AT = 26,
    /// text: when the call ended; not before it began.
    MCODA_TOKEN_USAGE_FINISHED_AT = 27,
    /// text: when the call counts. Default: now.
    MCODA_TOKEN_USAGE_TIMESTAMP = 28,
    /// json: an object with anything else.
    MCODA_TOKEN_USAGE_METADATA = 29,
}

use mcoda_token_usage_field::*;

fields! {
    MCODA_TOKEN_USAGE_ID = "id",
    MCODA_TOKEN_USAGE_WORKSPACE_ID = "workspaceId",
    MCODA_TOKEN_USAGE_AGENT_ID = "agentId",
    MCODA_TOKEN_USAGE_MODEL_NAME = "modelName",
    MCODA_TOKEN_USAGE_JOB_ID = "jobId",
    MCODA_TOKEN_USAGE_COMMAND_RUN_ID = "commandRunId",
    MCODA_TOKEN_USAGE_TASK_RUN_ID = "taskRunId",
    MCODA_TOKEN_USAGE_TASK_ID = "taskId",
    MCODA_TOKEN_USAGE_PROJECT_ID = "projectId",
    MCODA_TOKEN_USAGE_EPIC_ID = "epicId",
    MCODA_TOKEN_USAGE_USER_STORY_ID = "userStoryId",
    MCODA_TOKEN_USAGE_COMMAND_NAME = "commandName",
    MCODA_TOKEN_USAGE_ACTION = "action",
    MCODA_TOKEN_USAGE_INVOCATION_KIND = "invocationKind",
    MCODA_TOKEN_USAGE_PROVIDER = "provider",
    MCODA_TOKEN_USAGE_CURRENCY = "currency",
    MCODA_TOKEN_USAGE_TOKENS_PROMPT = "tokensPrompt",
    MCODA_TOKEN_USAGE_TOKENS_COMPLETION = "tokensCompletion",
    MCODA_TOKEN_USAGE_TOKENS_TOTAL = "tokensTotal",
    MCODA_TOKEN_USAGE_TOKENS_CACHED = "tokensCached",
    MCODA_TOKEN_USAGE_TOKENS_CACHE_READ = "tokensCacheRead",
    MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE = "tokensCacheWrite",
    MCODA_TOKEN_USAGE_COST_ESTIMATE = "costEstimate",
    MCODA_TOKEN_USAGE_DURATION_SECONDS = "durationSeconds",
    MCODA_TOKEN_USAGE_DURATION_MS = "durationMs",
    MCODA_TOKEN_USAGE_STARTED_AT = "startedAt",
    MCODA_TOKEN_USAGE_FINISHED_AT = "finishedAt",
    MCODA_TOKEN_USAGE_TIMESTAMP = "timestamp",
    MCODA_TOKEN_USAGE_METADATA = "metadata",
}

impl mcoda_token_usage {
    pub(crate) fn read(&self) -> Result<TokenUsage> {
        Ok(TokenUsage::from_json(&self.0.to_json())?)
    }
}

/// Makes a record of what one agent call cost, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_token_usage_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_token_usage_new() -> *mut mcoda_token_usage {
    make(|| mcoda_token_usage(Fields::new(FIELDS)))
}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_free(usage: *mut mcoda_token_usage) {
    free(usage);
}

/// Sets a field, a `mcoda_token_usage_field`, to text, which is copied; NULL makes it absent again. A time
/// is RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not
/// UTF-8; whether the value fits the field is checked by the call that uses it. Threads: one at a time.
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

/// Sets a field, a `mcoda_token_usage_field`, to what a JSON text says, which is copied; NULL makes it
/// absent again.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::assert_complete;

    #[test]
    fn fields_are_those_of_the_engine_in_the_order_of_their_numbers() {
        let refused = TokenUsage::from_json(&serde_json::json!({"noSuchField": 1})).unwrap_err();
        assert_complete(
            FIELDS,
            CONSTANTS,
            "MCODA_TOKEN_USAGE",
            &refused,
            &["promptTokens", "completionTokens", "costUsd"],
        );
    }
}
