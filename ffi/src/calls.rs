// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! The calls that take and give JSON.

use std::ffi::c_char;

use serde_json::Value;

use crate::boundary::{write_reply, write_reply_text};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::global::{self, mcoda_global};
use crate::input;
use crate::library;
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// Reads what a provider or an agent returned for what it cost, as one record for the whole: the sum of its
/// calls. Strange content is never an error: values that cannot be meant are passed over, and a body that
/// reports no usage gives an empty record.
///
/// `body` (text) is a response body, its `usage` object, the events of a stream, or a transcript. `provider`
/// (text, may be NULL) is who answered, where the shape does not say what a number means. `json` (may be
/// NULL) receives an object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
/// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
/// `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`, `tokensCached`,
/// `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`, `startedAt`,
/// `finishedAt`, `timestamp`, `metadata`.
///
/// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_extract_usage_json(
    body: *const c_char,
    provider: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        library::call(
            "extract_usage",
            &[input::string("body", body)?, input::optional_string("provider", provider)?],
        )
    })
}

/// Reads what a provider or an agent returned for what it cost, one record a model, in the order in which
/// these first appear. Their sums are what `extract_usage` returns. Empty where no usage is reported.
///
/// `body` (text) is a response body, its `usage` object, the events of a stream, or a transcript. `provider`
/// (text, may be NULL) is who answered, where the shape does not say what a number means. `json` (may be
/// NULL) receives an array.
///
/// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_extract_usages_json(
    body: *const c_char,
    provider: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        library::call(
            "extract_usages",
            &[input::string("body", body)?, input::optional_string("provider", provider)?],
        )
    })
}

/// The table of a summary, for people.
///
/// `rows` (JSON) is what `token_usage_summary` returned. `group_by` (JSON, may be NULL) is the dimensions
/// that it was grouped by. Absent: the default. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_tokens_table(
    rows: *const c_char,
    group_by: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || {
        library::call(
            "render_tokens_table",
            &[input::json("rows", rows)?, input::optional_json("group_by", group_by)?],
        )
    })
}

/// The table of single agent calls, for people.
///
/// `rows` (JSON) is what `token_usage` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_job_tokens(
    rows: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || library::call("render_job_tokens", &[input::json("rows", rows)?]))
}

/// The table of jobs, for people.
///
/// `jobs` (JSON) is what `jobs.list` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_jobs(
    jobs: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || library::call("render_jobs", &[input::json("jobs", jobs)?]))
}

/// A job with its runs and its cost, for people.
///
/// `inspection` (JSON) is what `inspect_job` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_job_inspection(
    inspection: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || {
        library::call("render_job_inspection", &[input::json("inspection", inspection)?])
    })
}

/// An estimate, for people.
///
/// `estimate` (JSON) is what `estimate` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_estimate(
    estimate: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || library::call("render_estimate", &[input::json("estimate", estimate)?]))
}

/// A velocity, for people.
///
/// `velocity` (JSON) is what `velocity` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_velocity(
    velocity: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || library::call("render_velocity", &[input::json("velocity", velocity)?]))
}

/// The table of status events, for people.
///
/// `events` (JSON) is what `status_events` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_status_events(
    events: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || library::call("render_status_events", &[input::json("events", events)?]))
}

/// The telemetry settings, for people.
///
/// `config` (JSON) is what `telemetry_config` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_telemetry_config(
    config: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply_text(text, error, || {
        library::call("render_telemetry_config", &[input::json("config", config)?])
    })
}

/// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the
/// entry in the JSON log.
///
/// `usage` (a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
/// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
/// `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`, `tokensCached`,
/// `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`, `startedAt`,
/// `finishedAt`, `timestamp`, `metadata`, all optional) is the record. `json` (may be NULL) receives an
/// object of `id`, `recorded`, `duplicate`, `logged`, `logError`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_token_usage_json(
    workspace: *mut mcoda_workspace,
    usage: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "record_token_usage", &[input::json("usage", usage)?])
    })
}

/// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the
/// entry in the JSON log.
///
/// On the user's global database, which knows no backlog.
///
/// `usage` (a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
/// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
/// `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`, `tokensCached`,
/// `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`, `startedAt`,
/// `finishedAt`, `timestamp`, `metadata`, all optional) is the record. `json` (may be NULL) receives an
/// object of `id`, `recorded`, `duplicate`, `logged`, `logError`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_token_usage_json(
    global: *mut mcoda_global,
    usage: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || global::call(global, "record_token_usage", &[input::json("usage", usage)?]))
}

/// Records many calls in one transaction: all of them or none. An error says which record it is about.
///
/// `usages` (a JSON array, each item a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`,
/// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
/// `invocationKind`, `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`,
/// `tokensCached`, `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`,
/// `startedAt`, `finishedAt`, `timestamp`, `metadata`, all optional) is the records. `json` (may be NULL)
/// receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_token_usages_json(
    workspace: *mut mcoda_workspace,
    usages: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "record_token_usages", &[input::json("usages", usages)?])
    })
}

/// Records many calls in one transaction: all of them or none. An error says which record it is about.
///
/// On the user's global database, which knows no backlog.
///
/// `usages` (a JSON array, each item a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`,
/// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
/// `invocationKind`, `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`,
/// `tokensCached`, `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`,
/// `startedAt`, `finishedAt`, `timestamp`, `metadata`, all optional) is the records. `json` (may be NULL)
/// receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_token_usages_json(
    global: *mut mcoda_global,
    usages: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        global::call(global, "record_token_usages", &[input::json("usages", usages)?])
    })
}

/// Reads what came back from an agent, as `extract_usages` does, and records it: one record for each call and
/// each model. A record's id is made of the provider's id of the response or the session, so that a retry or
/// a replay counts once; of two versions of one response the last wins. A body that reports no usage becomes
/// no record, and is no error. A response without an id is a new one each time, unless the context gives a
/// `responseId`.
///
/// `body` (text) is what came back: a response body, the events of a stream, or a transcript. `context` (a
/// JSON object of `provider`, `responseId`, `sessionId`, `workspaceId`, `agentId`, `modelName`, `jobId`,
/// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
/// `invocationKind`, `startedAt`, `finishedAt`, `durationMs`, `timestamp`, `metadata`, `computeCost`,
/// `asDeltas`, all optional, may be NULL) is what the host knows about it. `json` (may be NULL) receives an
/// object of `usage`, `records`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_agent_response_json(
    workspace: *mut mcoda_workspace,
    body: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "record_agent_response",
            &[input::string("body", body)?, input::optional_json("context", context)?],
        )
    })
}

/// Reads what came back from an agent, as `extract_usages` does, and records it: one record for each call and
/// each model. A record's id is made of the provider's id of the response or the session, so that a retry or
/// a replay counts once; of two versions of one response the last wins. A body that reports no usage becomes
/// no record, and is no error. A response without an id is a new one each time, unless the context gives a
/// `responseId`.
///
/// On the user's global database, which knows no backlog.
///
/// `body` (text) is what came back: a response body, the events of a stream, or a transcript. `context` (a
/// JSON object of `provider`, `responseId`, `sessionId`, `workspaceId`, `agentId`, `modelName`, `jobId`,
/// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
/// `invocationKind`, `startedAt`, `finishedAt`, `durationMs`, `timestamp`, `metadata`, `computeCost`,
/// `asDeltas`, all optional, may be NULL) is what the host knows about it. `json` (may be NULL) receives an
/// object of `usage`, `records`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_agent_response_json(
    global: *mut mcoda_global,
    body: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        global::call(
            global,
            "record_agent_response",
            &[input::string("body", body)?, input::optional_json("context", context)?],
        )
    })
}

/// Records what a file holds: responses, events of a stream, or an agent's transcript, of any length. What
/// has no id is known by its text and by how often it came before, so reading a file again, or one that has
/// grown, adds nothing twice. Each thousand lines are one transaction: an error leaves what was recorded
/// before, and reading the file again goes on from there.
///
/// `path` (text) is the file. `context` (a JSON object of `provider`, `responseId`, `sessionId`,
/// `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`, `taskRunId`, `taskId`, `projectId`,
/// `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`, `startedAt`, `finishedAt`,
/// `durationMs`, `timestamp`, `metadata`, `computeCost`, `asDeltas`, all optional, may be NULL) is what the
/// host knows about it. `json` (may be NULL) receives an object of `bytes`, `lines`, `objects`, `recorded`,
/// `updated`, `duplicates`, `refused`, `logged`, `skipped`, `logError`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_STORAGE`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_agent_file_json(
    workspace: *mut mcoda_workspace,
    path: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "record_agent_file",
            &[input::string("path", path)?, input::optional_json("context", context)?],
        )
    })
}

/// Records what a file holds: responses, events of a stream, or an agent's transcript, of any length. What
/// has no id is known by its text and by how often it came before, so reading a file again, or one that has
/// grown, adds nothing twice. Each thousand lines are one transaction: an error leaves what was recorded
/// before, and reading the file again goes on from there.
///
/// On the user's global database, which knows no backlog.
///
/// `path` (text) is the file. `context` (a JSON object of `provider`, `responseId`, `sessionId`,
/// `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`, `taskRunId`, `taskId`, `projectId`,
/// `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`, `startedAt`, `finishedAt`,
/// `durationMs`, `timestamp`, `metadata`, `computeCost`, `asDeltas`, all optional, may be NULL) is what the
/// host knows about it. `json` (may be NULL) receives an object of `bytes`, `lines`, `objects`, `recorded`,
/// `updated`, `duplicates`, `refused`, `logged`, `skipped`, `logError`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_STORAGE`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_agent_file_json(
    global: *mut mcoda_global,
    path: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        global::call(
            global,
            "record_agent_file",
            &[input::string("path", path)?, input::optional_json("context", context)?],
        )
    })
}

/// What single agent calls cost, in the order of time.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, all optional, may be NULL) is which
/// calls. Absent: all. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "token_usage", &[input::optional_json("query", query)?])
    })
}

/// What single agent calls cost, in the order of time.
///
/// On the user's global database, which knows no backlog.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, all optional, may be NULL) is which
/// calls. Absent: all. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_token_usage_json(
    global: *mut mcoda_global,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || global::call(global, "token_usage", &[input::optional_json("query", query)?]))
}

/// What agent calls cost, added up by groups in the order in which these first appear in time. Where `since`
/// is absent, the last 7 days count.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, `groupBy`, all optional, may be NULL)
/// is which calls, and what to add them up by. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_summary_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "token_usage_summary", &[input::optional_json("query", query)?])
    })
}

/// What agent calls cost, added up by groups in the order in which these first appear in time. Where `since`
/// is absent, the last 7 days count.
///
/// On the user's global database, which knows no backlog.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, `groupBy`, all optional, may be NULL)
/// is which calls, and what to add them up by. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_token_usage_summary_json(
    global: *mut mcoda_global,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        global::call(global, "token_usage_summary", &[input::optional_json("query", query)?])
    })
}

/// Runs one SQL statement that only reads, in one unchanging state of the database, and returns an object for
/// each row.
///
/// `sql` (text) is the statement. `params` (a JSON array or an object of names, may be NULL) is values for
/// `?` in their order, or for `:name` by their names. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_query_json(
    workspace: *mut mcoda_workspace,
    sql: *const c_char,
    params: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "query",
            &[input::string("sql", sql)?, input::optional_json("params", params)?],
        )
    })
}

/// Runs one SQL statement that only reads, in one unchanging state of the database, and returns an object for
/// each row.
///
/// On the user's global database, which knows no backlog.
///
/// `sql` (text) is the statement. `params` (a JSON array or an object of names, may be NULL) is values for
/// `?` in their order, or for `:name` by their names. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_query_json(
    global: *mut mcoda_global,
    sql: *const c_char,
    params: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        global::call(global, "query", &[input::string("sql", sql)?, input::optional_json("params", params)?])
    })
}

/// Makes calls in one transaction: all of them happen or none. Returns what each returned, in their order. An
/// error says which call it is about. What is recorded reaches the JSON log after the commit, so `logged` is
/// false.
///
/// `calls` (a JSON array) is the calls, each an object with `call`, its name, and `args`, an array of its
/// arguments. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_batch_json(
    workspace: *mut mcoda_workspace,
    calls: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "batch", &[input::json("calls", calls)?]))
}

/// Makes calls in one transaction: all of them happen or none. Returns what each returned, in their order. An
/// error says which call it is about. What is recorded reaches the JSON log after the commit, so `logged` is
/// false.
///
/// On the user's global database, which knows no backlog.
///
/// `calls` (a JSON array) is the calls, each an object with `call`, its name, and `args`, an array of its
/// arguments. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_batch_json(
    global: *mut mcoda_global,
    calls: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || global::call(global, "batch", &[input::json("calls", calls)?]))
}

/// Moves a task: its new status, its metadata and the event of the move, in one transaction. A task that has
/// the status already gets no event.
///
/// `task` (text) is the task, by id or key. `to_status` (text) is its new status, for example `in_progress`.
/// `context` (a JSON object of `commandName`, `jobId`, `taskRunId`, `agentId`, `timestamp`, `metadata`,
/// `metadataPatch`, `reason`, `expectedFrom`, all optional, may be NULL) is the circumstances of the move.
/// `json` (may be NULL) receives an object of `eventId`, `taskId`, `fromStatus`, `toStatus`, `timestamp`,
/// `changed`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_status_transition_json(
    workspace: *mut mcoda_workspace,
    task: *const c_char,
    to_status: *const c_char,
    context: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "record_status_transition",
            &[
                input::string("task", task)?,
                input::string("to_status", to_status)?,
                input::optional_json("context", context)?,
            ],
        )
    })
}

/// The recorded moves of one task or of all tasks, in the order of time.
///
/// `query` (a JSON object of `task`, `since`, `until`, `now`, all optional, may be NULL) is which moves.
/// Absent: all. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_status_events_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "status_events", &[input::optional_json("query", query)?])
    })
}

/// Writes the status events for good that a velocity with the same options infers from successful task runs.
/// Doing it again adds nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, all optional, may be
/// NULL) is as of `velocity`. `json` (may be NULL) receives an object of `events`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_backfill_status_events_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "backfill_status_events", &[input::optional_json("options", options)?])
    })
}

/// How fast each lane works, in story points per hour. Writes nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, all optional, may be
/// NULL) is what to look at, and how. `json` (may be NULL) receives what the OpenAPI contract describes.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "velocity", &[input::optional_json("options", options)?])
    })
}

/// How much is left, how fast it goes and when it will be done. Writes nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, all optional, may be
/// NULL) is what to look at, and how. `json` (may be NULL) receives what the OpenAPI contract describes.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "estimate", &[input::optional_json("options", options)?])
    })
}

/// A job with its task runs and what it cost by command, agent and model, of all time.
///
/// `job_id` (text) is the job. `json` (may be NULL) receives an object of `job`, `taskRuns`, `tokens`.
///
/// Errors: `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller,
/// `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_inspect_job_json(
    workspace: *mut mcoda_workspace,
    job_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "inspect_job", &[input::string("job_id", job_id)?])
    })
}

/// What the config files, the environment and the options of the handle say about recording and export. The
/// files are read anew with every call.
///
/// `json` (may be NULL) receives an object of `localRecording`, `remoteExport`, `optOut`, `strict`,
/// `offByEnvironment`, `offByHandle`, `endpoint`, `configPath`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CORRUPT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_telemetry_config_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "telemetry_config", &[]))
}

/// Opts out of sending records away, in the `config.json` beside the database. Nothing else in the file
/// changes, and one that is damaged stays as it is. A strict setting that holds already stays, too. Returns
/// what holds now.
///
/// `strict` (true or false) is whether nothing is to be recorded here either. `json` (may be NULL) receives
/// an object of `localRecording`, `remoteExport`, `optOut`, `strict`, `offByEnvironment`, `offByHandle`,
/// `endpoint`, `configPath`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CORRUPT`, `MCODA_STORAGE`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`,
/// `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_telemetry_opt_out_json(
    workspace: *mut mcoda_workspace,
    strict: bool,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "opt_out", &[Value::Bool(strict)]))
}

/// Takes an opting-out back, a strict one too: records are kept, and may be sent away. Returns what holds
/// now.
///
/// `json` (may be NULL) receives an object of `localRecording`, `remoteExport`, `optOut`, `strict`,
/// `offByEnvironment`, `offByHandle`, `endpoint`, `configPath`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CORRUPT`, `MCODA_STORAGE`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`,
/// `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_telemetry_opt_in_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "opt_in", &[]))
}

/// The project with this key, which is made where there is none: any number of processes may call this at
/// once and all get the same project.
///
/// `project` (a JSON object of `key`, and optionally `name`, `description`, `metadata`) is the project.
/// `json` (may be NULL) receives an object of `id`, `key`, `name`, `description`, `metadata`, `createdAt`,
/// `updatedAt`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_projects_ensure_json(
    workspace: *mut mcoda_workspace,
    project: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "projects.ensure", &[input::json("project", project)?])
    })
}

/// The project with this key.
///
/// `key` (text) is the key. `json` (may be NULL) receives an object of `id`, `key`, `name`, `description`,
/// `metadata`, `createdAt`, `updatedAt`, `null` where there is none.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_projects_get_json(
    workspace: *mut mcoda_workspace,
    key: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "projects.get", &[input::string("key", key)?]))
}

/// All projects, by key.
///
/// `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_projects_list_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "projects.list", &[]))
}

/// Makes an epic. `MCODA_NOT_FOUND` without its project, `MCODA_CONFLICT` where the project has an epic with
/// this key.
///
/// `epic` (a JSON object of `projectId`, `key`, `title`, and optionally `description`, `priority`,
/// `metadata`) is the epic. `json` (may be NULL) receives an object of `id`, `projectId`, `key`, `title`,
/// `description`, `priority`, `metadata`, `createdAt`, `updatedAt`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_create_json(
    workspace: *mut mcoda_workspace,
    epic: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "epics.create", &[input::json("epic", epic)?]))
}

/// The epic with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `projectId`, `key`, `title`,
/// `description`, `priority`, `metadata`, `createdAt`, `updatedAt`, `null` where there is none.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "epics.get", &[input::string("id", id)?]))
}

/// The epics of a project, or of all projects, by key.
///
/// `project_id` (text, may be NULL) is the project. Absent: all. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_list_json(
    workspace: *mut mcoda_workspace,
    project_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "epics.list", &[input::optional_string("project_id", project_id)?])
    })
}

/// Makes a user story. `MCODA_NOT_FOUND` without its epic, `MCODA_CONFLICT` where the epic has a story with
/// this key.
///
/// `story` (a JSON object of `epicId`, `key`, `title`, and optionally `description`, `acceptanceCriteria`,
/// `priority`, `metadata`) is the user story. `json` (may be NULL) receives an object of `id`, `projectId`,
/// `epicId`, `key`, `title`, `description`, `acceptanceCriteria`, `priority`, `metadata`, `createdAt`,
/// `updatedAt`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_create_json(
    workspace: *mut mcoda_workspace,
    story: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "stories.create", &[input::json("story", story)?]))
}

/// The user story with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `projectId`, `epicId`, `key`,
/// `title`, `description`, `acceptanceCriteria`, `priority`, `metadata`, `createdAt`, `updatedAt`, `null`
/// where there is none.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "stories.get", &[input::string("id", id)?]))
}

/// The user stories of an epic, or of all epics, by key.
///
/// `epic_id` (text, may be NULL) is the epic. Absent: all. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_list_json(
    workspace: *mut mcoda_workspace,
    epic_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "stories.list", &[input::optional_string("epic_id", epic_id)?])
    })
}

/// Makes a task. `MCODA_NOT_FOUND` without its story, `MCODA_CONFLICT` where the story has a task with this
/// key.
///
/// `task` (a JSON object of `userStoryId`, `key`, `title`, and optionally `description`, `type`, `status`,
/// `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`, `metadata`) is the task. `json` (may be
/// NULL) receives an object of `id`, `projectId`, `epicId`, `userStoryId`, `key`, `title`, `description`,
/// `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`, `metadata`, `createdAt`,
/// `updatedAt`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_create_json(
    workspace: *mut mcoda_workspace,
    task: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "tasks.create", &[input::json("task", task)?]))
}

/// Makes many tasks in one transaction: all or none. An error says which task it is about.
///
/// `tasks` (a JSON array, each item a JSON object of `userStoryId`, `key`, `title`, and optionally
/// `description`, `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`,
/// `metadata`) is the tasks. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_create_many_json(
    workspace: *mut mcoda_workspace,
    tasks: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "tasks.create_many", &[input::json("tasks", tasks)?])
    })
}

/// The task with this id or key. A key that several tasks have is `MCODA_INVALID_INPUT` and lists them.
///
/// `id_or_key` (text) is the id or the key. `json` (may be NULL) receives an object of `id`, `projectId`,
/// `epicId`, `userStoryId`, `key`, `title`, `description`, `type`, `status`, `storyPoints`, `priority`,
/// `assignedAgentId`, `assigneeHuman`, `metadata`, `createdAt`, `updatedAt`, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_get_json(
    workspace: *mut mcoda_workspace,
    id_or_key: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "tasks.get", &[input::string("id_or_key", id_or_key)?])
    })
}

/// The tasks of a user story, or of all stories, by key.
///
/// `user_story_id` (text, may be NULL) is the user story. Absent: all. `json` (may be NULL) receives an
/// array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_list_json(
    workspace: *mut mcoda_workspace,
    user_story_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "tasks.list", &[input::optional_string("user_story_id", user_story_id)?])
    })
}

/// Makes a job.
///
/// `job` (a JSON object of `type`, and optionally `state`, `commandName`, `payload`, `totalItems`) is the
/// job. `json` (may be NULL) receives an object of `id`, `workspaceId`, `type`, `state`, `commandName`,
/// `agentId`, `agentIds`, `payload`, `totalItems`, `processedItems`, `createdAt`, `updatedAt`, `completedAt`,
/// `errorSummary`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_create_json(
    workspace: *mut mcoda_workspace,
    job: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "jobs.create", &[input::json("job", job)?]))
}

/// The job with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `workspaceId`, `type`, `state`,
/// `commandName`, `agentId`, `agentIds`, `payload`, `totalItems`, `processedItems`, `createdAt`, `updatedAt`,
/// `completedAt`, `errorSummary`, `null` where there is none.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "jobs.get", &[input::string("id", id)?]))
}

/// The jobs of this workspace, newest first.
///
/// `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_list_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "jobs.list", &[]))
}

/// Ends a job.
///
/// `id` (text) is the job. `state` (text) is what became of it, for example `completed`. `error_summary`
/// (text, may be NULL) is why it failed, where it did. `json` (may be NULL) receives an object of `id`,
/// `workspaceId`, `type`, `state`, `commandName`, `agentId`, `agentIds`, `payload`, `totalItems`,
/// `processedItems`, `createdAt`, `updatedAt`, `completedAt`, `errorSummary`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_finish_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    state: *const c_char,
    error_summary: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "jobs.finish",
            &[
                input::string("id", id)?,
                input::string("state", state)?,
                input::optional_string("error_summary", error_summary)?,
            ],
        )
    })
}

/// Begins a command run, with status `running`. `MCODA_NOT_FOUND` where its job is unknown.
///
/// `command_run` (a JSON object of `commandName`, and optionally `jobId`, `startedAt`) is the command run.
/// `json` (may be NULL) receives an object of `id`, `workspaceId`, `commandName`, `jobId`, `agentId`,
/// `agentIds`, `startedAt`, `completedAt`, `status`, `errorSummary`, `durationSeconds`, `spProcessed`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_create_json(
    workspace: *mut mcoda_workspace,
    command_run: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "command_runs.create", &[input::json("command_run", command_run)?])
    })
}

/// The command run with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `workspaceId`, `commandName`,
/// `jobId`, `agentId`, `agentIds`, `startedAt`, `completedAt`, `status`, `errorSummary`, `durationSeconds`,
/// `spProcessed`, `null` where there is none.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "command_runs.get", &[input::string("id", id)?]))
}

/// Ends a command run. Its duration is the time since it began.
///
/// `id` (text) is the command run. `end` (a JSON object of `status`, and optionally `errorSummary`,
/// `spProcessed`, `completedAt`) is how it ended. `json` (may be NULL) receives an object of `id`,
/// `workspaceId`, `commandName`, `jobId`, `agentId`, `agentIds`, `startedAt`, `completedAt`, `status`,
/// `errorSummary`, `durationSeconds`, `spProcessed`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_finish_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    end: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "command_runs.finish",
            &[input::string("id", id)?, input::json("end", end)?],
        )
    })
}

/// Begins a task run, with status `running`. `MCODA_NOT_FOUND` where its task, job or command run is unknown.
///
/// `task_run` (a JSON object of `taskId`, `command`, and optionally `jobId`, `commandRunId`, `agentId`,
/// `startedAt`, `storyPointsAtRun`, `runContext`) is the task run. `json` (may be NULL) receives an object of
/// `id`, `taskId`, `command`, `jobId`, `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`,
/// `storyPointsAtRun`, `spPerHourEffective`, `runContext`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_create_json(
    workspace: *mut mcoda_workspace,
    task_run: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "task_runs.create", &[input::json("task_run", task_run)?])
    })
}

/// The task run with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `taskId`, `command`, `jobId`,
/// `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`, `storyPointsAtRun`, `spPerHourEffective`,
/// `runContext`, `null` where there is none.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || workspace::call(workspace, "task_runs.get", &[input::string("id", id)?]))
}

/// The runs on a task, oldest first.
///
/// `task_id` (text) is the task. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_list_json(
    workspace: *mut mcoda_workspace,
    task_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(workspace, "task_runs.list", &[input::string("task_id", task_id)?])
    })
}

/// Ends a task run.
///
/// `id` (text) is the task run. `status` (text) is what became of it, for example `succeeded`. `finished_at`
/// (RFC 3339 text, may be NULL) is when it ended. Absent: now. `json` (may be NULL) receives an object of
/// `id`, `taskId`, `command`, `jobId`, `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`,
/// `storyPointsAtRun`, `spPerHourEffective`, `runContext`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_finish_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    status: *const c_char,
    finished_at: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || {
        workspace::call(
            workspace,
            "task_runs.finish",
            &[
                input::string("id", id)?,
                input::string("status", status)?,
                input::optional_string("finished_at", finished_at)?,
            ],
        )
    })
}
