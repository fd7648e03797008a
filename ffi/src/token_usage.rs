// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! A record of what one agent call cost, field by field.

use std::ffi::c_char;

use mcoda_core::TokenUsage;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// A record of what one agent call cost. A field that is not set is absent. The caller owns it and frees it
/// with `mcoda_token_usage_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_token_usage(pub(crate) Fields);

/// The fields of a `mcoda_token_usage` that `mcoda_token_usage_set_text` sets to text. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_token_usage_text_field {
    /// The record's id. Recording the same id with the same content again adds nothing, so a retry is safe.
    /// Absent: a new UUID.
    MCODA_TOKEN_USAGE_ID = 1,
    /// The workspace to which the usage belongs. Absent: the handle's own.
    MCODA_TOKEN_USAGE_WORKSPACE_ID = 2,
    /// The agent of the call. It is added to the agents of the command run and of the job.
    MCODA_TOKEN_USAGE_AGENT_ID = 3,
    /// The model that responded.
    MCODA_TOKEN_USAGE_MODEL_NAME = 4,
    /// The job of the call; must exist.
    MCODA_TOKEN_USAGE_JOB_ID = 5,
    /// The command run of the call; must exist.
    MCODA_TOKEN_USAGE_COMMAND_RUN_ID = 6,
    /// The task run of the call; must exist.
    MCODA_TOKEN_USAGE_TASK_RUN_ID = 7,
    /// The task of the call; must exist.
    MCODA_TOKEN_USAGE_TASK_ID = 8,
    /// The project of the call; must exist.
    MCODA_TOKEN_USAGE_PROJECT_ID = 9,
    /// The epic of the call; must exist.
    MCODA_TOKEN_USAGE_EPIC_ID = 10,
    /// The user story of the call; must exist.
    MCODA_TOKEN_USAGE_USER_STORY_ID = 11,
    /// The command, for example `work-on-tasks`.
    MCODA_TOKEN_USAGE_COMMAND_NAME = 12,
    /// The step of the command, for example `plan`.
    MCODA_TOKEN_USAGE_ACTION = 13,
    /// How the agent was called, for example `chat`.
    MCODA_TOKEN_USAGE_INVOCATION_KIND = 14,
    /// The provider of the model.
    MCODA_TOKEN_USAGE_PROVIDER = 15,
    /// The currency of `cost_estimate`, for example `USD`.
    MCODA_TOKEN_USAGE_CURRENCY = 16,
    /// When the call began.
    MCODA_TOKEN_USAGE_STARTED_AT = 26,
    /// When the call ended; not before `started_at`.
    MCODA_TOKEN_USAGE_FINISHED_AT = 27,
    /// The time by which queries select and order the call. Absent: now.
    MCODA_TOKEN_USAGE_TIMESTAMP = 28,
}

/// The type of a parameter that the header declares as `mcoda_token_usage_text_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_token_usage_text_field_number = i32;

/// The fields of a `mcoda_token_usage` that `mcoda_token_usage_set_int` sets to a whole number. The numbers
/// are stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_token_usage_int_field {
    /// All input tokens, including cached ones. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_PROMPT = 17,
    /// All output tokens, including reasoning. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_COMPLETION = 18,
    /// The provider's own total. Absent: prompt + completion, if both are known. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_TOTAL = 19,
    /// Input tokens that came from a cache; they are included in `tokens_prompt`. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHED = 20,
    /// Input tokens that were read from a cache, if the provider reports them separately. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_READ = 21,
    /// Input tokens that were written to a cache. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE = 22,
}

/// The type of a parameter that the header declares as `mcoda_token_usage_int_field`. It is any number, since
/// C does not check that, and a newer program may know more fields.
pub type mcoda_token_usage_int_field_number = i32;

/// The fields of a `mcoda_token_usage` that `mcoda_token_usage_set_real` sets to a number. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_token_usage_real_field {
    /// The cost of the call, in `currency`. Finite, 0 or more.
    MCODA_TOKEN_USAGE_COST_ESTIMATE = 23,
    /// The duration of the call in seconds. Absent: computed from `duration_ms`, or else from start and finish.
    /// Finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_SECONDS = 24,
    /// The duration of the call in milliseconds. Absent: computed from start and finish, or else from
    /// `duration_seconds`. Finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_MS = 25,
}

/// The type of a parameter that the header declares as `mcoda_token_usage_real_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_token_usage_real_field_number = i32;

/// The fields of a `mcoda_token_usage` that `mcoda_token_usage_set_json` sets to JSON. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_token_usage_json_field {
    /// Additional data, kept unchanged. Command, action, invocation kind, provider and currency are added under
    /// their JSON names if the object lacks them, because older readers look for them there.
    MCODA_TOKEN_USAGE_METADATA = 29,
}

/// The type of a parameter that the header declares as `mcoda_token_usage_json_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_token_usage_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_ID as i32, "id", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_WORKSPACE_ID as i32, "workspaceId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_AGENT_ID as i32, "agentId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_MODEL_NAME as i32, "modelName", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_JOB_ID as i32, "jobId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_COMMAND_RUN_ID as i32, "commandRunId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_TASK_RUN_ID as i32, "taskRunId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_TASK_ID as i32, "taskId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_PROJECT_ID as i32, "projectId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_EPIC_ID as i32, "epicId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_USER_STORY_ID as i32, "userStoryId", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_COMMAND_NAME as i32, "commandName", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_ACTION as i32, "action", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_INVOCATION_KIND as i32, "invocationKind", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_PROVIDER as i32, "provider", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_CURRENCY as i32, "currency", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_STARTED_AT as i32, "startedAt", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_FINISHED_AT as i32, "finishedAt", Type::Text),
    (mcoda_token_usage_text_field::MCODA_TOKEN_USAGE_TIMESTAMP as i32, "timestamp", Type::Text),
    (mcoda_token_usage_int_field::MCODA_TOKEN_USAGE_TOKENS_PROMPT as i32, "tokensPrompt", Type::Int),
    (mcoda_token_usage_int_field::MCODA_TOKEN_USAGE_TOKENS_COMPLETION as i32, "tokensCompletion", Type::Int),
    (mcoda_token_usage_int_field::MCODA_TOKEN_USAGE_TOKENS_TOTAL as i32, "tokensTotal", Type::Int),
    (mcoda_token_usage_int_field::MCODA_TOKEN_USAGE_TOKENS_CACHED as i32, "tokensCached", Type::Int),
    (mcoda_token_usage_int_field::MCODA_TOKEN_USAGE_TOKENS_CACHE_READ as i32, "tokensCacheRead", Type::Int),
    (mcoda_token_usage_int_field::MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE as i32, "tokensCacheWrite", Type::Int),
    (mcoda_token_usage_real_field::MCODA_TOKEN_USAGE_COST_ESTIMATE as i32, "costEstimate", Type::Real),
    (mcoda_token_usage_real_field::MCODA_TOKEN_USAGE_DURATION_SECONDS as i32, "durationSeconds", Type::Real),
    (mcoda_token_usage_real_field::MCODA_TOKEN_USAGE_DURATION_MS as i32, "durationMs", Type::Real),
    (mcoda_token_usage_json_field::MCODA_TOKEN_USAGE_METADATA as i32, "metadata", Type::Json),
];

impl mcoda_token_usage {
    pub(crate) fn read(&self) -> Result<TokenUsage> {
        Ok(TokenUsage::from_json(self.0.json())?)
    }
}

/// Makes a record of what one agent call cost, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_token_usage_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_token_usage_new() -> *mut mcoda_token_usage {
    make(|| mcoda_token_usage(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_free(usage: *mut mcoda_token_usage) {
    free(usage);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_clear(
    usage: *mut mcoda_token_usage,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("usage", usage)?.0.clear();
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
pub unsafe extern "C" fn mcoda_token_usage_set_text(
    usage: *mut mcoda_token_usage,
    field: mcoda_token_usage_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_text(field, value))
}

/// Sets a field to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_int(
    usage: *mut mcoda_token_usage,
    field: mcoda_token_usage_int_field_number,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_int(field, value))
}

/// Sets a field to a number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_real(
    usage: *mut mcoda_token_usage,
    field: mcoda_token_usage_real_field_number,
    value: f64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_real(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_set_json(
    usage: *mut mcoda_token_usage,
    field: mcoda_token_usage_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("usage", usage)?.0.set_json(field, value))
}
