// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! The calls that take and return JSON.

use std::ffi::c_char;

use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::global::mcoda_global;
use crate::json_call::{Given, On, write_json, write_text};
use crate::string::mcoda_string;
use crate::workspace::mcoda_workspace;

/// Extracts the usage from a response of a provider or an agent, as one record: the sum of its calls.
/// Unexpected content is never an error: impossible values are skipped, and a body without usage yields an
/// empty record.
///
/// `body` (text) is a response body, its `usage` object, the events of a stream, or a transcript. `provider`
/// (text, may be NULL) is the provider, if the format alone does not determine the meaning of a number.
/// `json` (may be NULL) receives an object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`,
/// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
/// `invocationKind`, `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`,
/// `tokensCached`, `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`,
/// `startedAt`, `finishedAt`, `timestamp`, `metadata`.
///
/// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_extract_usage_json(
    body: *const c_char,
    provider: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Nothing,
        "extract_usage",
        &[Given::Text("body", body), Given::OptionalText("provider", provider)],
        json,
        error,
    )
}

/// Extracts the usage from a response of a provider or an agent, one record per model, in the order in which
/// the models first appear. Their sum is the result of `extract_usage`. Empty if no usage is reported.
///
/// `body` (text) is a response body, its `usage` object, the events of a stream, or a transcript. `provider`
/// (text, may be NULL) is the provider, if the format alone does not determine the meaning of a number.
/// `json` (may be NULL) receives an array.
///
/// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_extract_usages_json(
    body: *const c_char,
    provider: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Nothing,
        "extract_usages",
        &[Given::Text("body", body), Given::OptionalText("provider", provider)],
        json,
        error,
    )
}

/// Examines a database by its path, without opening it, as `check` examines an open one: also one that is
/// damaged, of a newer schema, or not there. Nothing is written, created or repaired, and nobody is locked
/// out.
///
/// `path` (text) is the database file, or the root folder of a project. `options` (a JSON object of `full`,
/// `timeLimitMs`, `workspaceId`, `jsonLog`, `environment`, all optional, may be NULL) is how thorough, and
/// what belongs to the database. `json` (may be NULL) receives an object of `database`, `kind`,
/// `schemaVersion`, `full`, `ok`, `checked`, `findings`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_STORAGE`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_check_path_json(
    path: *const c_char,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Nothing,
        "check_path",
        &[Given::Text("path", path), Given::OptionalJson("options", options)],
        json,
        error,
    )
}

/// Lists the workspaces in the user's global folder, `.mcoda/workspaces` in the home folder, with the root of
/// the project, the id and the last use of each, the last used first. Nothing is written, and nobody is
/// locked out.
///
/// `options` (a JSON object of `environment`, all optional, may be NULL) is where to look. Absent: in the
/// home folder of the process. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_STORAGE`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspaces_json(
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Nothing, "workspaces", &[Given::OptionalJson("options", options)], json, error)
}

/// Renders a summary as a text table.
///
/// `rows` (JSON) is the result of `token_usage_summary`. `group_by` (JSON, may be NULL) is the dimensions
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
    write_text(
        On::Nothing,
        "render_tokens_table",
        &[Given::Json("rows", rows), Given::OptionalJson("group_by", group_by)],
        text,
        error,
    )
}

/// Renders single agent calls as a text table.
///
/// `rows` (JSON) is the result of `token_usage`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_job_tokens(
    rows: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_job_tokens", &[Given::Json("rows", rows)], text, error)
}

/// Renders jobs as a text table.
///
/// `jobs` (JSON) is the result of `jobs.list`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_jobs(
    jobs: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_jobs", &[Given::Json("jobs", jobs)], text, error)
}

/// Renders a job with its runs and its usage as text.
///
/// `inspection` (JSON) is the result of `inspect_job`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_job_inspection(
    inspection: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_job_inspection", &[Given::Json("inspection", inspection)], text, error)
}

/// Renders an estimate as text.
///
/// `estimate` (JSON) is the result of `estimate`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_estimate(
    estimate: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_estimate", &[Given::Json("estimate", estimate)], text, error)
}

/// Renders a velocity as text.
///
/// `velocity` (JSON) is the result of `velocity`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_velocity(
    velocity: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_velocity", &[Given::Json("velocity", velocity)], text, error)
}

/// Renders what finished work costs as a text table.
///
/// `economics` (JSON) is the result of `economics`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_economics(
    economics: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_economics", &[Given::Json("economics", economics)], text, error)
}

/// Renders status events as a text table.
///
/// `events` (JSON) is the result of `status_events`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_status_events(
    events: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_status_events", &[Given::Json("events", events)], text, error)
}

/// Renders the telemetry settings as a text table.
///
/// `config` (JSON) is the result of `telemetry_config`. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_telemetry_config(
    config: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_telemetry_config", &[Given::Json("config", config)], text, error)
}

/// What a check has found, for people.
///
/// `report` (JSON) is what `check` returned. `text` receives it.
///
/// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_render_check(
    report: *const c_char,
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_text(On::Nothing, "render_check", &[Given::Json("report", report)], text, error)
}

/// Records the usage of one agent call: the row, the agent's attribution to its command run and job, and the
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
    write_json(On::Workspace(workspace), "record_token_usage", &[Given::Json("usage", usage)], json, error)
}

/// Records the usage of one agent call: the row, the agent's attribution to its command run and job, and the
/// entry in the JSON log.
///
/// On the user's global database, which has no backlog.
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
    write_json(On::Global(global), "record_token_usage", &[Given::Json("usage", usage)], json, error)
}

/// Records the usage of many calls in one transaction: all of them or none. An error names the record.
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
    write_json(On::Workspace(workspace), "record_token_usages", &[Given::Json("usages", usages)], json, error)
}

/// Records the usage of many calls in one transaction: all of them or none. An error names the record.
///
/// On the user's global database, which has no backlog.
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
    write_json(On::Global(global), "record_token_usages", &[Given::Json("usages", usages)], json, error)
}

/// Extracts the usage from a response of a provider or an agent, as `extract_usages` does, and records it:
/// one record for each call and each model. A record's id is derived from the provider's id of the response
/// or the session, so that a retry or a replay counts once; of two versions of one response the last wins. A
/// body without usage records nothing and is not an error. A response without an id is a new one each time,
/// unless the context has a `responseId`.
///
/// `body` (text) is a response body, the events of a stream, or a transcript. `context` (a JSON object of
/// `provider`, `responseId`, `sessionId`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
/// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
/// `startedAt`, `finishedAt`, `durationMs`, `timestamp`, `metadata`, `errorKind`, `recordEmpty`,
/// `computeCost`, `asDeltas`, `priceOverrides`, all optional, may be NULL) is what the host knows about it.
/// `json` (may be NULL) receives an object of `usage`, `records`.
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
    write_json(
        On::Workspace(workspace),
        "record_agent_response",
        &[Given::Text("body", body), Given::OptionalJson("context", context)],
        json,
        error,
    )
}

/// Extracts the usage from a response of a provider or an agent, as `extract_usages` does, and records it:
/// one record for each call and each model. A record's id is derived from the provider's id of the response
/// or the session, so that a retry or a replay counts once; of two versions of one response the last wins. A
/// body without usage records nothing and is not an error. A response without an id is a new one each time,
/// unless the context has a `responseId`.
///
/// On the user's global database, which has no backlog.
///
/// `body` (text) is a response body, the events of a stream, or a transcript. `context` (a JSON object of
/// `provider`, `responseId`, `sessionId`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
/// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
/// `startedAt`, `finishedAt`, `durationMs`, `timestamp`, `metadata`, `errorKind`, `recordEmpty`,
/// `computeCost`, `asDeltas`, `priceOverrides`, all optional, may be NULL) is what the host knows about it.
/// `json` (may be NULL) receives an object of `usage`, `records`.
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
    write_json(
        On::Global(global),
        "record_agent_response",
        &[Given::Text("body", body), Given::OptionalJson("context", context)],
        json,
        error,
    )
}

/// Extracts and records the usage in a file: responses, events of a stream, or an agent's transcript, of any
/// length. A call without an id is identified by its text and the number of earlier occurrences of that text,
/// so reading a file again, or one that has grown, adds no duplicates. Each thousand lines are one
/// transaction: after an error, what was recorded before is kept, and reading the file again continues from
/// there.
///
/// `path` (text) is the file. `context` (a JSON object of `provider`, `responseId`, `sessionId`,
/// `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`, `taskRunId`, `taskId`, `projectId`,
/// `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`, `startedAt`, `finishedAt`,
/// `durationMs`, `timestamp`, `metadata`, `errorKind`, `recordEmpty`, `computeCost`, `asDeltas`,
/// `priceOverrides`, all optional, may be NULL) is what the host knows about it. `json` (may be NULL)
/// receives an object of `bytes`, `lines`, `objects`, `recorded`, `updated`, `duplicates`, `refused`,
/// `logged`, `skipped`, `unread`, `logError`.
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
    write_json(
        On::Workspace(workspace),
        "record_agent_file",
        &[Given::Text("path", path), Given::OptionalJson("context", context)],
        json,
        error,
    )
}

/// Extracts and records the usage in a file: responses, events of a stream, or an agent's transcript, of any
/// length. A call without an id is identified by its text and the number of earlier occurrences of that text,
/// so reading a file again, or one that has grown, adds no duplicates. Each thousand lines are one
/// transaction: after an error, what was recorded before is kept, and reading the file again continues from
/// there.
///
/// On the user's global database, which has no backlog.
///
/// `path` (text) is the file. `context` (a JSON object of `provider`, `responseId`, `sessionId`,
/// `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`, `taskRunId`, `taskId`, `projectId`,
/// `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`, `startedAt`, `finishedAt`,
/// `durationMs`, `timestamp`, `metadata`, `errorKind`, `recordEmpty`, `computeCost`, `asDeltas`,
/// `priceOverrides`, all optional, may be NULL) is what the host knows about it. `json` (may be NULL)
/// receives an object of `bytes`, `lines`, `objects`, `recorded`, `updated`, `duplicates`, `refused`,
/// `logged`, `skipped`, `unread`, `logError`.
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
    write_json(
        On::Global(global),
        "record_agent_file",
        &[Given::Text("path", path), Given::OptionalJson("context", context)],
        json,
        error,
    )
}

/// Lists single agent calls in order of time.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, all
/// optional, may be NULL) is selects the calls. Absent: all. `json` (may be NULL) receives an array.
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
    write_json(On::Workspace(workspace), "token_usage", &[Given::OptionalJson("query", query)], json, error)
}

/// Lists single agent calls in order of time.
///
/// On the user's global database, which has no backlog.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, all
/// optional, may be NULL) is selects the calls. Absent: all. `json` (may be NULL) receives an array.
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
    write_json(On::Global(global), "token_usage", &[Given::OptionalJson("query", query)], json, error)
}

/// Sums the usage of agent calls by groups, in the order in which the groups first appear in time. If `since`
/// is absent, only the last 7 days are included.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`,
/// `groupBy`, all optional, may be NULL) is selects the calls, and the dimensions to group by. `json` (may be
/// NULL) receives an array.
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
    write_json(
        On::Workspace(workspace),
        "token_usage_summary",
        &[Given::OptionalJson("query", query)],
        json,
        error,
    )
}

/// Sums the usage of agent calls by groups, in the order in which the groups first appear in time. If `since`
/// is absent, only the last 7 days are included.
///
/// On the user's global database, which has no backlog.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`,
/// `groupBy`, all optional, may be NULL) is selects the calls, and the dimensions to group by. `json` (may be
/// NULL) receives an array.
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
    write_json(On::Global(global), "token_usage_summary", &[Given::OptionalJson("query", query)], json, error)
}

/// Returns the time range of a summary with this query: its first and last time, and the time from which
/// spans count back. Reads no records.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`,
/// `groupBy`, all optional, may be NULL) is the query of the summary. `json` (may be NULL) receives an object
/// of `since`, `until`, `now`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_range_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "token_usage_range",
        &[Given::OptionalJson("query", query)],
        json,
        error,
    )
}

/// Returns the time range of a summary with this query: its first and last time, and the time from which
/// spans count back. Reads no records.
///
/// On the user's global database, which has no backlog.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`,
/// `groupBy`, all optional, may be NULL) is the query of the summary. `json` (may be NULL) receives an object
/// of `since`, `until`, `now`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_token_usage_range_json(
    global: *mut mcoda_global,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Global(global), "token_usage_range", &[Given::OptionalJson("query", query)], json, error)
}

/// Counts the calls that a summary with this query leaves out because of its time range: those that match the
/// rest of the query, and are before or after the range or have an invalid time. It reads them.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`,
/// `groupBy`, all optional, may be NULL) is the query of the summary. `json` (may be NULL) receives an object
/// of `calls`, `before`, `after`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_calls_outside_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "calls_outside", &[Given::OptionalJson("query", query)], json, error)
}

/// Counts the calls that a summary with this query leaves out because of its time range: those that match the
/// rest of the query, and are before or after the range or have an invalid time. It reads them.
///
/// On the user's global database, which has no backlog.
///
/// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
/// `taskId`, `epicKey`, `model`, `provider`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`,
/// `groupBy`, all optional, may be NULL) is the query of the summary. `json` (may be NULL) receives an object
/// of `calls`, `before`, `after`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_calls_outside_json(
    global: *mut mcoda_global,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Global(global), "calls_outside", &[Given::OptionalJson("query", query)], json, error)
}

/// Runs one read-only SQL statement on a consistent state of the database, and returns an object for each
/// row.
///
/// `sql` (text) is the statement. `params` (a JSON array or an object of names, may be NULL) is values for
/// `?` in order, or for `:name` by name. `json` (may be NULL) receives an array.
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
    write_json(
        On::Workspace(workspace),
        "query",
        &[Given::Text("sql", sql), Given::OptionalJson("params", params)],
        json,
        error,
    )
}

/// Runs one read-only SQL statement on a consistent state of the database, and returns an object for each
/// row.
///
/// On the user's global database, which has no backlog.
///
/// `sql` (text) is the statement. `params` (a JSON array or an object of names, may be NULL) is values for
/// `?` in order, or for `:name` by name. `json` (may be NULL) receives an array.
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
    write_json(
        On::Global(global),
        "query",
        &[Given::Text("sql", sql), Given::OptionalJson("params", params)],
        json,
        error,
    )
}

/// Makes calls in one transaction: all of them or none. Returns their results in order. An error names the
/// call. The records are written to the JSON log after the commit, so `logged` is false.
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
    write_json(On::Workspace(workspace), "batch", &[Given::Json("calls", calls)], json, error)
}

/// Makes calls in one transaction: all of them or none. Returns their results in order. An error names the
/// call. The records are written to the JSON log after the commit, so `logged` is false.
///
/// On the user's global database, which has no backlog.
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
    write_json(On::Global(global), "batch", &[Given::Json("calls", calls)], json, error)
}

/// Examines the database and what lies beside it for everything that is wrong or soon will be, each with what
/// to do: whether it holds together, its schema and references, values that cannot be read, rows of other
/// workspaces, the JSON log, permissions, links, the room on the disk, how long the write-ahead log is and
/// who keeps it from being copied, and other copies of SQLite in this process. It only looks, and records go
/// on meanwhile. What cannot be examined is a finding as well.
///
/// `options` (a JSON object of `full`, `timeLimitMs`, all optional, may be NULL) is how thorough. Absent:
/// without comparing indexes with their tables, and without a time limit. `json` (may be NULL) receives an
/// object of `database`, `kind`, `schemaVersion`, `full`, `ok`, `checked`, `findings`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`.
/// Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_check_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "check", &[Given::OptionalJson("options", options)], json, error)
}

/// Examines the database and what lies beside it for everything that is wrong or soon will be, each with what
/// to do: whether it holds together, its schema and references, values that cannot be read, rows of other
/// workspaces, the JSON log, permissions, links, the room on the disk, how long the write-ahead log is and
/// who keeps it from being copied, and other copies of SQLite in this process. It only looks, and records go
/// on meanwhile. What cannot be examined is a finding as well.
///
/// On the user's global database, which has no backlog.
///
/// `options` (a JSON object of `full`, `timeLimitMs`, all optional, may be NULL) is how thorough. Absent:
/// without comparing indexes with their tables, and without a time limit. `json` (may be NULL) receives an
/// object of `database`, `kind`, `schemaVersion`, `full`, `ok`, `checked`, `findings`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`.
/// Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_check_json(
    global: *mut mcoda_global,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Global(global), "check", &[Given::OptionalJson("options", options)], json, error)
}

/// Copies the write-ahead log into the database file and empties it. Somebody who reads an old state is
/// waited for up to the busy timeout, while others write; where that was in vain, `busy` says so, and what
/// could be copied was.
///
/// `json` (may be NULL) receives an object of `frames`, `checkpointed`, `truncated`, `busy`, `walBytes`.
///
/// Errors: `MCODA_STORAGE`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any.
/// Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_checkpoint_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "checkpoint", &[], json, error)
}

/// Copies the write-ahead log into the database file and empties it. Somebody who reads an old state is
/// waited for up to the busy timeout, while others write; where that was in vain, `busy` says so, and what
/// could be copied was.
///
/// On the user's global database, which has no backlog.
///
/// `json` (may be NULL) receives an object of `frames`, `checkpointed`, `truncated`, `busy`, `walBytes`.
///
/// Errors: `MCODA_STORAGE`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any.
/// Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_checkpoint_json(
    global: *mut mcoda_global,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Global(global), "checkpoint", &[], json, error)
}

/// Creates an index of the recorded usage by time, with which queries of a short time range read that range
/// instead of all rows. It stays in the database, for every handle and process. Creating it takes about a
/// second for each million rows, during which others cannot write. The queries of other programs do not use
/// it.
///
/// `json` (may be NULL) receives an object of `created`.
///
/// Errors: `MCODA_UNSUPPORTED`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_create_time_index_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "create_time_index", &[], json, error)
}

/// Creates an index of the recorded usage by time, with which queries of a short time range read that range
/// instead of all rows. It stays in the database, for every handle and process. Creating it takes about a
/// second for each million rows, during which others cannot write. The queries of other programs do not use
/// it.
///
/// On the user's global database, which has no backlog.
///
/// `json` (may be NULL) receives an object of `created`.
///
/// Errors: `MCODA_UNSUPPORTED`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
/// caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_create_time_index_json(
    global: *mut mcoda_global,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Global(global), "create_time_index", &[], json, error)
}

/// Computes what finished work costs, by agent, model, lane, epic, project or week: the cost and the tokens
/// per completed story point and task, the share of tasks that were sent back, and what was spent on rework,
/// on abandoned tasks and on no task. Writes nothing.
///
/// `query` (a JSON object of `groupBy`, `projectKey`, `epicKey`, `agent`, `model`, `provider`, `since`,
/// `until`, `timeZone`, `now`, all optional, may be NULL) is selects the calls, and the dimensions to group
/// by. Absent: all of the workspace, by agent and model. `json` (may be NULL) receives an object of
/// `group_by`, `rows`, `total`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_economics_json(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "economics", &[Given::OptionalJson("query", query)], json, error)
}

/// Changes the status of a task: its status, its metadata and the status event, in one transaction. If the
/// task already has the status, no event is written. An unknown status is refused, with the nearest known one
/// in the message: known are those of the pipeline, and those that `statuses` in `config.json` names, each
/// with the lane in which its tasks count: `implementation`, `review`, `qa` or `done`.
///
/// `task` (text) is the task, by id or key. `to_status` (text) is its new status, for example `in_progress`.
/// `context` (a JSON object of `commandName`, `jobId`, `taskRunId`, `agentId`, `timestamp`, `metadata`,
/// `metadataPatch`, `reason`, `expectedFrom`, `allowUnknownStatus`, all optional, may be NULL) is details of
/// the transition. `json` (may be NULL) receives an object of `eventId`, `taskId`, `fromStatus`, `toStatus`,
/// `timestamp`, `changed`.
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
    write_json(
        On::Workspace(workspace),
        "record_status_transition",
        &[
            Given::Text("task", task),
            Given::Text("to_status", to_status),
            Given::OptionalJson("context", context),
        ],
        json,
        error,
    )
}

/// Changes the statuses of many tasks, in the given order and in one transaction: all of them or none. As a
/// history may hold the statuses of other programs, any word is accepted. An error names the transition.
///
/// `transitions` (a JSON array, each item a JSON object of `task`, `toStatus`, and optionally `commandName`,
/// `jobId`, `taskRunId`, `agentId`, `timestamp`, `metadata`, `metadataPatch`, `reason`, `expectedFrom`,
/// `allowUnknownStatus`) is the transitions. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_status_transitions_json(
    workspace: *mut mcoda_workspace,
    transitions: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "record_status_transitions",
        &[Given::Json("transitions", transitions)],
        json,
        error,
    )
}

/// Lists the status events of one task or of all tasks, in order of time.
///
/// `query` (a JSON object of `task`, `since`, `until`, `timeZone`, `now`, all optional, may be NULL) is
/// selects the events. Absent: all. `json` (may be NULL) receives an array.
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
    write_json(On::Workspace(workspace), "status_events", &[Given::OptionalJson("query", query)], json, error)
}

/// Stores the status events that a velocity with the same options infers from successful task runs. Repeating
/// it adds nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is as for `velocity`. `json` (may be NULL) receives
/// an object of `events`.
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
    write_json(
        On::Workspace(workspace),
        "backfill_status_events",
        &[Given::OptionalJson("options", options)],
        json,
        error,
    )
}

/// Computes the velocity of each lane, in story points per hour. Writes nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is the scope and the settings. `json` (may be NULL)
/// receives what the OpenAPI contract describes.
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
    write_json(On::Workspace(workspace), "velocity", &[Given::OptionalJson("options", options)], json, error)
}

/// Computes the remaining work, the velocity, and when the work will be done. Writes nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is the scope and the settings. `json` (may be NULL)
/// receives what the OpenAPI contract describes.
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
    write_json(On::Workspace(workspace), "estimate", &[Given::OptionalJson("options", options)], json, error)
}

/// Makes forecasts for earlier times, each right after a completion and by what was known then, and compares
/// them with what happened: how often P50, P85 and P95 were not exceeded, and how far off they were, beside
/// the throughput bootstrap and the contract's formula. Writes nothing.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is the scope and how to compute it, as for
/// `estimate`. `json` (may be NULL) receives an object of `origins`, `trials`, `seed`, `horizons`, `rows`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_backtest_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "backtest", &[Given::OptionalJson("options", options)], json, error)
}

/// The visits of tasks to lanes by the recorded transitions, in the order in which they began.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is the scope, as for `estimate`. `json` (may be NULL)
/// receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_lane_visits_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "lane_visits",
        &[Given::OptionalJson("options", options)],
        json,
        error,
    )
}

/// How many tasks were in each lane at the end of each day in the calendar's time zone, from the day of the
/// first transition to today: the rows of a cumulative flow diagram.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is the scope and the calendar, as for `estimate`.
/// `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_cumulative_flow_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "cumulative_flow",
        &[Given::OptionalJson("options", options)],
        json,
        error,
    )
}

/// What was completed on each day in the calendar's time zone, from the day of the first transition to today.
///
/// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
/// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, `forecast`, `trials`,
/// `by`, `seed`, `calendar`, all optional, may be NULL) is the scope and the calendar, as for `estimate`.
/// `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_throughput_json(
    workspace: *mut mcoda_workspace,
    options: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "throughput",
        &[Given::OptionalJson("options", options)],
        json,
        error,
    )
}

/// Returns a job with its task runs and its total usage by command, agent and model.
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
    write_json(On::Workspace(workspace), "inspect_job", &[Given::Text("job_id", job_id)], json, error)
}

/// Returns the settings for recording and export that result from the config files, the environment and the
/// options of the handle. The files are read again with every call.
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
    write_json(On::Workspace(workspace), "telemetry_config", &[], json, error)
}

/// Opts out of remote export, in the `config.json` beside the database. Nothing else in the file is changed,
/// and a damaged file stays as it is. An existing strict opt-out remains in effect. Returns the new settings.
///
/// `strict` (true or false) is whether to stop local recording as well. `json` (may be NULL) receives an
/// object of `localRecording`, `remoteExport`, `optOut`, `strict`, `offByEnvironment`, `offByHandle`,
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
    write_json(On::Workspace(workspace), "opt_out", &[Given::Boolean(strict)], json, error)
}

/// Undoes an opt-out, including a strict one: records are kept, and may be exported. Returns the new
/// settings.
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
    write_json(On::Workspace(workspace), "opt_in", &[], json, error)
}

/// Lists the workspaces whose rows are in the database, by id. Usually it is this one alone; several may
/// share a database, and a project that was moved may have rows under two ids.
///
/// `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspace_ids_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "workspace_ids", &[], json, error)
}

/// Gives all rows of a workspace in this database another workspace id, in one transaction, and returns how
/// many there were in each table. If `workspace.json` beside the database names the old id, it names the new
/// one from then on. The JSON log `token_usage.json` is not changed: its entries keep the old id.
/// `MCODA_NOT_FOUND` for an old id of which the database has no rows, and for a new one that is neither the
/// id of the handle nor in the database. `MCODA_INVALID_INPUT` if the old id is that of the handle: open it
/// with the new id first.
///
/// `old_id` (text) is the id that the rows have. `new_id` (text) is the id that they get. `json` (may be
/// NULL) receives an object of `tokenUsage`, `jobs`, `commandRuns`, `workspaceFile`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`,
/// `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_relocate_json(
    workspace: *mut mcoda_workspace,
    old_id: *const c_char,
    new_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "relocate",
        &[Given::Text("old_id", old_id), Given::Text("new_id", new_id)],
        json,
        error,
    )
}

/// Returns the project with this key, and creates it if there is none: any number of processes may call this
/// at the same time, and all get the same project.
///
/// `project` (a JSON object of `key`, and optionally `name`, `description`, `metadata`, `createdAt`) is the
/// project. `json` (may be NULL) receives an object of `id`, `key`, `name`, `description`, `metadata`,
/// `createdAt`, `updatedAt`.
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
    write_json(On::Workspace(workspace), "projects.ensure", &[Given::Json("project", project)], json, error)
}

/// Returns the project with this key.
///
/// `key` (text) is the key. `json` (may be NULL) receives an object of `id`, `key`, `name`, `description`,
/// `metadata`, `createdAt`, `updatedAt`, or `null`.
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
    write_json(On::Workspace(workspace), "projects.get", &[Given::Text("key", key)], json, error)
}

/// Lists all projects, by key.
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
    write_json(On::Workspace(workspace), "projects.list", &[], json, error)
}

/// Creates an epic. `MCODA_NOT_FOUND` if its project is unknown, `MCODA_CONFLICT` if the project has an epic
/// with this key.
///
/// `epic` (a JSON object of `projectId`, `key`, `title`, and optionally `description`, `storyPointsTotal`,
/// `priority`, `metadata`, `createdAt`) is the epic. `json` (may be NULL) receives an object of `id`,
/// `projectId`, `key`, `title`, `description`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`,
/// `updatedAt`.
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
    write_json(On::Workspace(workspace), "epics.create", &[Given::Json("epic", epic)], json, error)
}

/// Creates many epics in one transaction: all or none. An error names the epic.
///
/// `epics` (a JSON array, each item a JSON object of `projectId`, `key`, `title`, and optionally
/// `description`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`) is the epics. `json` (may be NULL)
/// receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_create_many_json(
    workspace: *mut mcoda_workspace,
    epics: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "epics.create_many", &[Given::Json("epics", epics)], json, error)
}

/// Returns the epic with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `projectId`, `key`, `title`,
/// `description`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`, `updatedAt`, or `null`.
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
    write_json(On::Workspace(workspace), "epics.get", &[Given::Text("id", id)], json, error)
}

/// Lists the epics of a project, or of all projects, by key.
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
    write_json(
        On::Workspace(workspace),
        "epics.list",
        &[Given::OptionalText("project_id", project_id)],
        json,
        error,
    )
}

/// Creates a user story. `MCODA_NOT_FOUND` if its epic is unknown, `MCODA_CONFLICT` if the epic has a story
/// with this key.
///
/// `story` (a JSON object of `epicId`, `key`, `title`, and optionally `projectId`, `description`,
/// `acceptanceCriteria`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`) is the user story. `json`
/// (may be NULL) receives an object of `id`, `projectId`, `epicId`, `key`, `title`, `description`,
/// `acceptanceCriteria`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`, `updatedAt`.
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
    write_json(On::Workspace(workspace), "stories.create", &[Given::Json("story", story)], json, error)
}

/// Creates many user stories in one transaction: all or none. An error names the story.
///
/// `stories` (a JSON array, each item a JSON object of `epicId`, `key`, `title`, and optionally `projectId`,
/// `description`, `acceptanceCriteria`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`) is the user
/// stories. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_create_many_json(
    workspace: *mut mcoda_workspace,
    stories: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "stories.create_many",
        &[Given::Json("stories", stories)],
        json,
        error,
    )
}

/// Returns the user story with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `projectId`, `epicId`, `key`,
/// `title`, `description`, `acceptanceCriteria`, `storyPointsTotal`, `priority`, `metadata`, `createdAt`,
/// `updatedAt`, or `null`.
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
    write_json(On::Workspace(workspace), "stories.get", &[Given::Text("id", id)], json, error)
}

/// Lists the user stories of an epic, or of all epics, by key.
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
    write_json(
        On::Workspace(workspace),
        "stories.list",
        &[Given::OptionalText("epic_id", epic_id)],
        json,
        error,
    )
}

/// Creates a task. `MCODA_NOT_FOUND` if its story is unknown, `MCODA_CONFLICT` if the story has a task with
/// this key.
///
/// `task` (a JSON object of `userStoryId`, `key`, `title`, and optionally `epicId`, `projectId`,
/// `description`, `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`,
/// `vcsBranch`, `vcsBaseBranch`, `vcsLastCommitSha`, `openapiVersionAtCreation`, `metadata`, `createdAt`) is
/// the task. `json` (may be NULL) receives an object of `id`, `projectId`, `epicId`, `userStoryId`, `key`,
/// `title`, `description`, `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`,
/// `vcsBranch`, `vcsBaseBranch`, `vcsLastCommitSha`, `openapiVersionAtCreation`, `metadata`, `createdAt`,
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
    write_json(On::Workspace(workspace), "tasks.create", &[Given::Json("task", task)], json, error)
}

/// Creates many tasks in one transaction: all or none. An error names the task.
///
/// `tasks` (a JSON array, each item a JSON object of `userStoryId`, `key`, `title`, and optionally `epicId`,
/// `projectId`, `description`, `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`,
/// `assigneeHuman`, `vcsBranch`, `vcsBaseBranch`, `vcsLastCommitSha`, `openapiVersionAtCreation`, `metadata`,
/// `createdAt`) is the tasks. `json` (may be NULL) receives an array.
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
    write_json(On::Workspace(workspace), "tasks.create_many", &[Given::Json("tasks", tasks)], json, error)
}

/// Returns the task with this id or key. A key that several tasks have is `MCODA_INVALID_INPUT`, and the
/// error lists them.
///
/// `id_or_key` (text) is the id or the key. `json` (may be NULL) receives an object of `id`, `projectId`,
/// `epicId`, `userStoryId`, `key`, `title`, `description`, `type`, `status`, `storyPoints`, `priority`,
/// `assignedAgentId`, `assigneeHuman`, `vcsBranch`, `vcsBaseBranch`, `vcsLastCommitSha`,
/// `openapiVersionAtCreation`, `metadata`, `createdAt`, `updatedAt`, or `null`.
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
    write_json(On::Workspace(workspace), "tasks.get", &[Given::Text("id_or_key", id_or_key)], json, error)
}

/// Lists the tasks of a user story, or of all stories, by key.
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
    write_json(
        On::Workspace(workspace),
        "tasks.list",
        &[Given::OptionalText("user_story_id", user_story_id)],
        json,
        error,
    )
}

/// Lists the tasks that match the filter, by key. `MCODA_INVALID_INPUT` for a key that several epics or
/// stories have.
///
/// `filter` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `statuses`, `type`, `assignee`, `agentId`,
/// all optional, may be NULL) is selects the tasks. Absent: all. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_find_json(
    workspace: *mut mcoda_workspace,
    filter: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "tasks.find", &[Given::OptionalJson("filter", filter)], json, error)
}

/// Changes fields of a task. Its status is changed by `record_status_transition` only. `MCODA_CONFLICT` for a
/// key that another task of the story has.
///
/// `task` (text) is the task, by id or key. `changes` (a JSON object of `key`, `title`, `description`,
/// `type`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`, `vcsBranch`, `vcsBaseBranch`,
/// `vcsLastCommitSha`, `metadataPatch`, `clear`, all optional) is the changes. `json` (may be NULL) receives
/// an object of `id`, `projectId`, `epicId`, `userStoryId`, `key`, `title`, `description`, `type`, `status`,
/// `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`, `vcsBranch`, `vcsBaseBranch`,
/// `vcsLastCommitSha`, `openapiVersionAtCreation`, `metadata`, `createdAt`, `updatedAt`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_update_json(
    workspace: *mut mcoda_workspace,
    task: *const c_char,
    changes: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(
        On::Workspace(workspace),
        "tasks.update",
        &[Given::Text("task", task), Given::Json("changes", changes)],
        json,
        error,
    )
}

/// Deletes a task with its status events, runs, comments and locks, in one transaction. Its usage is kept
/// without the task: what it cost is still a part of every sum. The JSON log is not changed.
///
/// `task` (text) is the task, by id or key. `json` (may be NULL) receives an object of `taskId`,
/// `statusEvents`, `taskRuns`, `tokenUsage`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
/// any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_delete_json(
    workspace: *mut mcoda_workspace,
    task: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "tasks.delete", &[Given::Text("task", task)], json, error)
}

/// Creates a job.
///
/// `job` (a JSON object of `type`, and optionally `state`, `commandName`, `agentId`, `agentIds`, `payload`,
/// `totalItems`, `processedItems`, `lastCheckpoint`, `createdAt`) is the job. `json` (may be NULL) receives
/// an object of `id`, `workspaceId`, `type`, `state`, `commandName`, `agentId`, `agentIds`, `payload`,
/// `totalItems`, `processedItems`, `lastCheckpoint`, `createdAt`, `updatedAt`, `completedAt`, `errorSummary`.
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
    write_json(On::Workspace(workspace), "jobs.create", &[Given::Json("job", job)], json, error)
}

/// Returns the job with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `workspaceId`, `type`, `state`,
/// `commandName`, `agentId`, `agentIds`, `payload`, `totalItems`, `processedItems`, `lastCheckpoint`,
/// `createdAt`, `updatedAt`, `completedAt`, `errorSummary`, or `null`.
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
    write_json(On::Workspace(workspace), "jobs.get", &[Given::Text("id", id)], json, error)
}

/// Lists the jobs of this workspace, newest first.
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
    write_json(On::Workspace(workspace), "jobs.list", &[], json, error)
}

/// Finishes a job.
///
/// `id` (text) is the job. `state` (text) is its final state, for example `completed`. `error_summary` (text,
/// may be NULL) is why it failed, if it did. `json` (may be NULL) receives an object of `id`, `workspaceId`,
/// `type`, `state`, `commandName`, `agentId`, `agentIds`, `payload`, `totalItems`, `processedItems`,
/// `lastCheckpoint`, `createdAt`, `updatedAt`, `completedAt`, `errorSummary`.
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
    write_json(
        On::Workspace(workspace),
        "jobs.finish",
        &[
            Given::Text("id", id),
            Given::Text("state", state),
            Given::OptionalText("error_summary", error_summary),
        ],
        json,
        error,
    )
}

/// Begins a command run. `MCODA_NOT_FOUND` if its job is unknown.
///
/// `command_run` (a JSON object of `commandName`, and optionally `jobId`, `agentId`, `taskIds`, `gitBranch`,
/// `gitBaseBranch`, `startedAt`, `status`, `spProcessed`) is the command run. `json` (may be NULL) receives
/// an object of `id`, `workspaceId`, `commandName`, `jobId`, `agentId`, `agentIds`, `taskIds`, `gitBranch`,
/// `gitBaseBranch`, `startedAt`, `completedAt`, `status`, `errorSummary`, `durationSeconds`, `spProcessed`.
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
    write_json(
        On::Workspace(workspace),
        "command_runs.create",
        &[Given::Json("command_run", command_run)],
        json,
        error,
    )
}

/// Returns the command run with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `workspaceId`, `commandName`,
/// `jobId`, `agentId`, `agentIds`, `taskIds`, `gitBranch`, `gitBaseBranch`, `startedAt`, `completedAt`,
/// `status`, `errorSummary`, `durationSeconds`, `spProcessed`, or `null`.
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
    write_json(On::Workspace(workspace), "command_runs.get", &[Given::Text("id", id)], json, error)
}

/// Lists the command runs of this workspace, newest first.
///
/// `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_list_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_json(On::Workspace(workspace), "command_runs.list", &[], json, error)
}

/// Finishes a command run. Its duration is the time since it began.
///
/// `id` (text) is the command run. `end` (a JSON object of `status`, and optionally `errorSummary`,
/// `spProcessed`, `completedAt`) is the result of the run. `json` (may be NULL) receives an object of `id`,
/// `workspaceId`, `commandName`, `jobId`, `agentId`, `agentIds`, `taskIds`, `gitBranch`, `gitBaseBranch`,
/// `startedAt`, `completedAt`, `status`, `errorSummary`, `durationSeconds`, `spProcessed`.
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
    write_json(
        On::Workspace(workspace),
        "command_runs.finish",
        &[Given::Text("id", id), Given::Json("end", end)],
        json,
        error,
    )
}

/// Begins a task run. `MCODA_NOT_FOUND` if its task, job or command run is unknown.
///
/// `task_run` (a JSON object of `taskId`, `command`, and optionally `jobId`, `commandRunId`, `agentId`,
/// `status`, `startedAt`, `finishedAt`, `storyPointsAtRun`, `spPerHourEffective`, `gitBranch`,
/// `gitBaseBranch`, `gitCommitSha`, `runContext`) is the task run. `json` (may be NULL) receives an object of
/// `id`, `taskId`, `command`, `jobId`, `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`,
/// `storyPointsAtRun`, `spPerHourEffective`, `gitBranch`, `gitBaseBranch`, `gitCommitSha`, `runContext`.
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
    write_json(
        On::Workspace(workspace),
        "task_runs.create",
        &[Given::Json("task_run", task_run)],
        json,
        error,
    )
}

/// Returns the task run with this id.
///
/// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `taskId`, `command`, `jobId`,
/// `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`, `storyPointsAtRun`, `spPerHourEffective`,
/// `gitBranch`, `gitBaseBranch`, `gitCommitSha`, `runContext`, or `null`.
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
    write_json(On::Workspace(workspace), "task_runs.get", &[Given::Text("id", id)], json, error)
}

/// Lists the runs of a task, oldest first.
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
    write_json(On::Workspace(workspace), "task_runs.list", &[Given::Text("task_id", task_id)], json, error)
}

/// Finishes a task run.
///
/// `id` (text) is the task run. `status` (text) is its final status, for example `succeeded`. `finished_at`
/// (RFC 3339 text, may be NULL) is when it ended. Absent: now. `json` (may be NULL) receives an object of
/// `id`, `taskId`, `command`, `jobId`, `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`,
/// `storyPointsAtRun`, `spPerHourEffective`, `gitBranch`, `gitBaseBranch`, `gitCommitSha`, `runContext`.
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
    write_json(
        On::Workspace(workspace),
        "task_runs.finish",
        &[
            Given::Text("id", id),
            Given::Text("status", status),
            Given::OptionalText("finished_at", finished_at),
        ],
        json,
        error,
    )
}
