/* libmcoda: records what AI agents cost and how tasks move, in an SQLite file that belongs to the project,
 * and answers what was spent, how fast the work goes and when it will be done. docs/c.md shows how.
 *
 * Written by cbindgen from ffi/src (make header); changes belong there.
 *
 * What holds for every function:
 *
 * - Text is UTF-8 and ends with NUL. What the library reads it has copied, if it needs it, before it returns.
 * - A function that may fail returns a code, MCODA_OK for success, and takes `mcoda_error **error` last. NULL is
 *   fine there. Otherwise a failure, and nothing else, writes an error to it, which the caller frees with
 *   mcoda_error_free. It does not free what was there before.
 * - Out-parameters are written on success alone. Those of which it says "may be NULL" may be NULL.
 * - NULL where it is not allowed, and text that is not UTF-8, is MCODA_INVALID_INPUT; the error's field is then
 *   the name of the parameter.
 * - A call that fails has changed nothing.
 * - "Threads: any" means at any time, also while other threads are in a call with the same handle. "One at a
 *   time" means any thread, but no two with the same handle at once.
 * - "Frees" says who frees what the call takes or gives. What has a `..._free` is freed by it, never by free().
 */

#ifndef MCODA_H
#define MCODA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of the library that this header came with.
#define MCODA_VERSION "0.1.0"

// The version of the binary interface that this header describes. It grows when a program that was
// compiled against an older header would no longer work; functions, fields and codes that are added do not
// change it. Compare it with `mcoda_abi_version()`, which tells the library's.
#define MCODA_ABI_VERSION 1

// What became of a call. The numbers are stable: new ones are added at the end, none changes its meaning.
enum mcoda_code
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // It was done.
    MCODA_OK = 0,
    // A bad value: the error names the field or parameter, what was given and what is allowed.
    MCODA_INVALID_INPUT = 1,
    // An unknown task, job, project key or other thing that the call names.
    MCODA_NOT_FOUND = 2,
    // The row changed under the caller, or a record with this id exists with other content.
    MCODA_CONFLICT = 3,
    // Another writer held the database for longer than the timeout. Trying again is safe.
    MCODA_BUSY = 4,
    // Disk full, permissions, input or output failed.
    MCODA_STORAGE = 5,
    // Not a database, a damaged one, or damaged JSON that could not be set aside.
    MCODA_CORRUPT = 6,
    // Made by a newer schema than this library knows, or not possible with this file.
    MCODA_UNSUPPORTED = 7,
    // The handle was closed, or is no handle of this kind.
    MCODA_CLOSED = 8,
    // A fault of libmcoda.
    MCODA_INTERNAL = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_code mcoda_code;
#else
typedef int32_t mcoda_code;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The fields of a `mcoda_options`. The numbers are stable, and new fields get new ones. The type behind
// each is what its setter is called by: text, int, real, bool or json.
enum mcoda_option
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // text: The workspace's id, which new records carry and queries look for. Default: that of `workspace.json`,
    // else the path of the root, or of the file's folder.
    MCODA_OPTION_WORKSPACE_ID = 1,
    // json: Settings in the shape of `config.json` that hold over the files'. Default: none.
    MCODA_OPTION_CONFIG = 2,
    // bool: Whether remote export is off for this handle. Default: false.
    MCODA_OPTION_NO_TELEMETRY = 3,
    // bool or text: Whether `token_usage.json` is written, or the folder that it is written to. Default: true
    // for a root; a database file gets none unless a folder is given.
    MCODA_OPTION_JSON_LOG = 4,
    // text: How far a commit goes: `normal` survives a crash, `full` a power cut, too. Default: `normal`. One of
    // normal, full.
    MCODA_OPTION_SYNCHRONOUS = 5,
    // int: How long to wait for other writers, in milliseconds, 0 or more. Default: 30000.
    MCODA_OPTION_BUSY_TIMEOUT_MS = 6,
    // bool: Whether to read alone: nothing is created, migrated or written. Default: false.
    MCODA_OPTION_READ_ONLY = 7,
    // bool: Whether a missing database is `MCODA_NOT_FOUND` in place of created. Default: false.
    MCODA_OPTION_EXISTING_ONLY = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_option mcoda_option;
#else
typedef int32_t mcoda_option;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The fields of a `mcoda_token_usage`. The numbers are stable, and new fields get new ones. The type behind
// each is what its setter is called by: text, int, real, bool or json.
enum mcoda_token_usage_field
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // text: The record's id. Recording the same id with the same content again adds nothing, so a retry is safe.
    // Absent: a new UUID.
    MCODA_TOKEN_USAGE_ID = 1,
    // text: The workspace that is billed. Absent: the handle's own.
    MCODA_TOKEN_USAGE_WORKSPACE_ID = 2,
    // text: The agent that called. It is added to the agents of the command run and of the job.
    MCODA_TOKEN_USAGE_AGENT_ID = 3,
    // text: The model that answered.
    MCODA_TOKEN_USAGE_MODEL_NAME = 4,
    // text: The job that the call was part of; must exist.
    MCODA_TOKEN_USAGE_JOB_ID = 5,
    // text: The command run that the call was part of; must exist.
    MCODA_TOKEN_USAGE_COMMAND_RUN_ID = 6,
    // text: The task run that the call was part of; must exist.
    MCODA_TOKEN_USAGE_TASK_RUN_ID = 7,
    // text: The task that the call worked on; must exist.
    MCODA_TOKEN_USAGE_TASK_ID = 8,
    // text: The project that the call worked for; must exist.
    MCODA_TOKEN_USAGE_PROJECT_ID = 9,
    // text: The epic that the call worked for; must exist.
    MCODA_TOKEN_USAGE_EPIC_ID = 10,
    // text: The user story that the call worked for; must exist.
    MCODA_TOKEN_USAGE_USER_STORY_ID = 11,
    // text: The command, for example `work-on-tasks`.
    MCODA_TOKEN_USAGE_COMMAND_NAME = 12,
    // text: The step of the command, for example `plan`.
    MCODA_TOKEN_USAGE_ACTION = 13,
    // text: How the agent was called, for example `chat`.
    MCODA_TOKEN_USAGE_INVOCATION_KIND = 14,
    // text: Who provides the model.
    MCODA_TOKEN_USAGE_PROVIDER = 15,
    // text: The currency of `cost_estimate`, for example `USD`.
    MCODA_TOKEN_USAGE_CURRENCY = 16,
    // int: All input tokens, cached ones included. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_PROMPT = 17,
    // int: All output tokens, reasoning included. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_COMPLETION = 18,
    // int: The provider's own total. Absent: prompt + completion, where both are reported. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_TOTAL = 19,
    // int: Input tokens that came from a cache; they are included in `tokens_prompt`. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHED = 20,
    // int: Input tokens that were read from a cache, where the provider reports them apart. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_READ = 21,
    // int: Input tokens that were written to a cache. From 0 to 2^53 - 1.
    MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE = 22,
    // real: What the call cost, in `currency`. Finite, 0 or more.
    MCODA_TOKEN_USAGE_COST_ESTIMATE = 23,
    // real: How long the call took, in seconds. Absent: from `duration_ms`, else from start and finish. Finite,
    // 0 or more.
    MCODA_TOKEN_USAGE_DURATION_SECONDS = 24,
    // real: How long the call took, in milliseconds. Absent: from start and finish, else from
    // `duration_seconds`. Finite, 0 or more.
    MCODA_TOKEN_USAGE_DURATION_MS = 25,
    // text: When the call began.
    MCODA_TOKEN_USAGE_STARTED_AT = 26,
    // text: When the call ended; not before `started_at`.
    MCODA_TOKEN_USAGE_FINISHED_AT = 27,
    // text: When the call counts. Absent: now.
    MCODA_TOKEN_USAGE_TIMESTAMP = 28,
    // json: Anything else, kept unchanged. Command, action, invocation kind, provider and currency are added
    // under their JSON names where the object does not have them, since old readers look there.
    MCODA_TOKEN_USAGE_METADATA = 29,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_token_usage_field mcoda_token_usage_field;
#else
typedef int32_t mcoda_token_usage_field;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The fields of a `mcoda_transition_context`. The numbers are stable, and new fields get new ones. The type behind
// each is what its setter is called by: text, int, real, bool or json.
enum mcoda_transition_field
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // text: The command that moves the task, for example `work-on-tasks`.
    MCODA_TRANSITION_COMMAND_NAME = 1,
    // text: The job that it is part of; must exist.
    MCODA_TRANSITION_JOB_ID = 2,
    // text: The task run that it is part of; must exist.
    MCODA_TRANSITION_TASK_RUN_ID = 3,
    // text: The agent that moves it.
    MCODA_TRANSITION_AGENT_ID = 4,
    // text: When it moved. Absent: now.
    MCODA_TRANSITION_TIMESTAMP = 5,
    // json: Lane details and whatever else belongs to the event.
    MCODA_TRANSITION_METADATA = 6,
    // json: Merged into the task's metadata: a name that is there already gets the new value.
    MCODA_TRANSITION_METADATA_PATCH = 7,
    // text: Why: stored as `failed_reason` or `revert_reason` where the task fails or is reverted.
    MCODA_TRANSITION_REASON = 8,
    // text: The status that the task must have for the call to succeed; `MCODA_CONFLICT` where it has moved on.
    MCODA_TRANSITION_EXPECTED_FROM = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_transition_field mcoda_transition_field;
#else
typedef int32_t mcoda_transition_field;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The fields of a `mcoda_estimate_options`. The numbers are stable, and new fields get new ones. The type behind
// each is what its setter is called by: text, int, real, bool or json.
enum mcoda_estimate_option
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // text: Only tasks of the project with this key.
    MCODA_ESTIMATE_PROJECT_KEY = 1,
    // text: Only tasks of the epic with this key.
    MCODA_ESTIMATE_EPIC_KEY = 2,
    // text: Only tasks of the user story with this key.
    MCODA_ESTIMATE_STORY_KEY = 3,
    // text: Only tasks of this person; case does not matter.
    MCODA_ESTIMATE_ASSIGNEE = 4,
    // text: Where the velocity comes from. Absent: `config`. One of config, empirical, mixed.
    MCODA_ESTIMATE_MODE = 5,
    // int: How many of the newest samples of a lane make its velocity, 1 or more. Absent: 10. 1 or more.
    MCODA_ESTIMATE_WINDOW_TASKS = 6,
    // real: Story points per hour of every lane, in place of the config's. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_ALL = 7,
    // real: Story points per hour of the implementation, in place of the config's. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_IMPLEMENTATION = 8,
    // real: Story points per hour of the review, in place of the config's. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_REVIEW = 9,
    // real: Story points per hour of QA, in place of the config's. Finite.
    MCODA_ESTIMATE_SP_PER_HOUR_QA = 10,
    // text: The present moment. Absent: the handle's clock.
    MCODA_ESTIMATE_NOW = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_estimate_option mcoda_estimate_option;
#else
typedef int32_t mcoda_estimate_option;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A lane that tasks go through. The numbers are stable.
enum mcoda_lane
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // From `in_progress` to `ready_to_code_review`.
    MCODA_LANE_IMPLEMENTATION = 0,
    // From `ready_to_code_review` to `ready_to_qa`.
    MCODA_LANE_REVIEW = 1,
    // From `ready_to_qa` to `completed`.
    MCODA_LANE_QA = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_lane mcoda_lane;
#else
typedef int32_t mcoda_lane;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What all tasks of the backlog reach one after the other. The numbers are stable.
enum mcoda_milestone
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Implemented: ready for review, or further.
    MCODA_MILESTONE_READY_TO_REVIEW = 0,
    // Reviewed: ready for QA, or further.
    MCODA_MILESTONE_READY_TO_QA = 1,
    // Completed.
    MCODA_MILESTONE_COMPLETE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mcoda_milestone mcoda_milestone;
#else
typedef int32_t mcoda_milestone;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Why a call did not succeed. The caller owns it and frees it with `mcoda_error_free`.
typedef struct mcoda_error mcoda_error;

// Options of a velocity, an estimate or a backfill. What is not set is absent. The caller owns it and frees it with `mcoda_estimate_options_free`. One thread
// at a time may use it; it may be used for any number of calls.
typedef struct mcoda_estimate_options mcoda_estimate_options;

// How much is left, how fast it goes and when it will be done. The caller owns it and frees it with
// `mcoda_estimate_free`.
typedef struct mcoda_estimate_result mcoda_estimate_result;

// The user's own database: agents, and what their calls outside of any project cost. A handle may be used
// by any number of threads at once: calls that write queue. The caller closes it with `mcoda_global_close`; a
// call that is made afterwards, or made with what never was such a handle, answers `MCODA_CLOSED`. It
// points to no memory that a program can read.
typedef struct mcoda_global mcoda_global;

// Options to open a database with. What is not set is absent. The caller owns it and frees it with `mcoda_options_free`. One thread
// at a time may use it; it may be used for any number of calls.
typedef struct mcoda_options mcoda_options;

// What became of one record. The caller owns it and frees it with `mcoda_recorded_free`.
typedef struct mcoda_recorded mcoda_recorded;

// Text that a call answers, JSON where the call says so; UTF-8. The caller owns it and frees it with
// `mcoda_string_free`.
typedef struct mcoda_string mcoda_string;

// A record of what one agent call cost. What is not set is absent. The caller owns it and frees it with `mcoda_token_usage_free`. One thread
// at a time may use it; it may be used for any number of calls.
typedef struct mcoda_token_usage mcoda_token_usage;

// The rows of `mcoda_token_usage_json`, a few at a time, in memory that depends little on how many there
// are. It may be used by any number of threads at once: their calls queue, and each row is given once. The
// caller closes it with `mcoda_token_usage_cursor_close`; a call that is made afterwards, or made with what
// never was such a handle, answers `MCODA_CLOSED`. It points to no memory that a program can read.
typedef struct mcoda_token_usage_cursor mcoda_token_usage_cursor;

// What a transition did. The caller owns it and frees it with `mcoda_transition_free`.
typedef struct mcoda_transition mcoda_transition;

// The circumstances of a transition. What is not set is absent. The caller owns it and frees it with `mcoda_transition_context_free`. One thread
// at a time may use it; it may be used for any number of calls.
typedef struct mcoda_transition_context mcoda_transition_context;

// How fast each lane works, in story points per hour. The caller owns it and frees it with
// `mcoda_velocity_free`.
typedef struct mcoda_velocity_result mcoda_velocity_result;

// The record of one project's work. A handle may be used by any number of threads at once: calls that
// write queue. The caller closes it with `mcoda_workspace_close`; a call that is made afterwards, or made with
// what never was such a handle, answers `MCODA_CLOSED`. It points to no memory that a program can read.
typedef struct mcoda_workspace mcoda_workspace;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library, for example "0.1.0". Threads: any. Frees: nobody, the text is the library's.
const char *mcoda_version(void);

// The version of the library's binary interface: `MCODA_ABI_VERSION` of the header that it was built with.
// Threads: any.
uint32_t mcoda_abi_version(void);

// The name of a code without its prefix, for example "INVALID_INPUT"; NULL for a number that is no code.
// Threads: any. Frees: nobody, the text is the library's.
const char *mcoda_code_name(int32_t code);

// The error's code; MCODA_OK for NULL. Threads: any, until the error is freed.
mcoda_code mcoda_error_code(const mcoda_error *error);

// One line that says what is wrong and what to do; NULL for NULL. The text belongs to the error. `length`
// (may be NULL) receives its length in bytes without the NUL. Threads: any, until the error is freed.
const char *mcoda_error_message(const mcoda_error *error, size_t *length);

// What caused it, from the nearest cause to the first one; NULL where nothing is known of that. The text
// belongs to the error. `length` (may be NULL) receives its length in bytes without the NUL, 0 for NULL.
// Threads: any, until the error is freed.
const char *mcoda_error_detail(const mcoda_error *error, size_t *length);

// The field at fault by its JSON name, or the parameter by its name in this header; NULL where the error
// is about none. The text belongs to the error. `length` (may be NULL) receives its length in bytes
// without the NUL, 0 for NULL. Threads: any, until the error is freed.
const char *mcoda_error_field(const mcoda_error *error, size_t *length);

// Frees an error; NULL is fine. Its texts are gone with it. Threads: any, once.
void mcoda_error_free(mcoda_error *error);

// The text, with a NUL behind it; NULL for NULL. It belongs to the string. `length` (may be NULL) receives
// its length in bytes without the NUL. JSON has no other NUL in it. Threads: any, until the string is
// freed.
const char *mcoda_string_text(const mcoda_string *string, size_t *length);

// A value within a JSON text that a call answered, for programs without a JSON library. `pointer` says
// where, as RFC 6901 does: "/id", "/0/taskId"; "" is all of it. `value` receives a text as it is, and
// anything else as JSON. Each call reads the whole text.
//
// Errors: `MCODA_NOT_FOUND` where there is no such value, `MCODA_INVALID_INPUT` for a string that is no
// JSON. Threads: any, until the string is freed. Frees: the caller, `value` with `mcoda_string_free`.
mcoda_code mcoda_string_at(const mcoda_string *json,
                           const char *pointer,
                           mcoda_string **value,
                           mcoda_error **error);

// Frees a string; NULL is fine. Its text is gone with it. Threads: any, once.
void mcoda_string_free(mcoda_string *string);

// Makes options to open a database with, with no field set. Threads: any. Frees: the caller, with `mcoda_options_free`.
mcoda_options *mcoda_options_new(void);

// Frees it; NULL is fine. Threads: any, once.
void mcoda_options_free(mcoda_options *options);

// Sets a field, a `mcoda_option`, to text, which is copied; NULL makes it absent again. A time is RFC 3339
// text with `Z` or an offset (`2026-03-20T12:00:00Z`).
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not UTF-8;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_options_set_text(mcoda_options *options,
                                  int32_t field,
                                  const char *value,
                                  mcoda_error **error);

// Sets a field, a `mcoda_option`, to a whole number.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
// field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_options_set_int(mcoda_options *options, int32_t field, int64_t value, mcoda_error **error);

// Sets a field, a `mcoda_option`, to true or false.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
// field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_options_set_bool(mcoda_options *options, int32_t field, bool value, mcoda_error **error);

// Sets a field, a `mcoda_option`, to what a JSON text says, which is copied; NULL makes it absent again.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is no JSON;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_options_set_json(mcoda_options *options,
                                  int32_t field,
                                  const char *value,
                                  mcoda_error **error);

// Makes options to open a database with from a JSON object with the fields by their JSON names (`workspaceId`), and
// checks every value. `options` receives them. Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller,
// `options` with `mcoda_options_free`.
mcoda_code mcoda_options_from_json(const char *text,
                                   mcoda_options **options,
                                   mcoda_error **error);

// Opens the workspace of the project whose root folder is `root`, UTF-8; what is missing is created, and
// an older database is brought up to date. `options` may be NULL: the defaults. `workspace` receives the
// handle.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` (there is none, and none may be created), `MCODA_BUSY`,
// `MCODA_STORAGE`, `MCODA_CORRUPT`, `MCODA_UNSUPPORTED`. Threads: any. Frees: the caller, `workspace` with
// `mcoda_workspace_close`, and `options`, which are only read.
mcoda_code mcoda_workspace_open(const char *root,
                                const mcoda_options *options,
                                mcoda_workspace **workspace,
                                mcoda_error **error);

// Opens the workspace database in the file `path`, UTF-8; ":memory:" is a database that lives as long as
// the handle. `options` may be NULL: the defaults. `workspace` receives the handle.
//
// Errors: as `mcoda_workspace_open`. Threads: any. Frees: the caller, `workspace` with
// `mcoda_workspace_close`, and `options`, which are only read.
mcoda_code mcoda_workspace_open_db(const char *path,
                                   const mcoda_options *options,
                                   mcoda_workspace **workspace,
                                   mcoda_error **error);

// Closes the workspace after the calls that are under way in other threads. Whatever comes of it, the
// handle is closed then. Closing it again, and closing NULL, is fine.
//
// Errors: `MCODA_STORAGE`, where the last writing failed. Threads: any.
mcoda_code mcoda_workspace_close(mcoda_workspace *workspace, mcoda_error **error);

// The workspace's id, which new records carry, goes to `id`.
//
// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `id` with `mcoda_string_free`.
mcoda_code mcoda_workspace_id(mcoda_workspace *workspace, mcoda_string **id, mcoda_error **error);

// The path of the database's file goes to `path`; in a path that is not UTF-8, U+FFFD stands for what is
// not.
//
// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `path` with `mcoda_string_free`.
mcoda_code mcoda_workspace_database_path(mcoda_workspace *workspace,
                                         mcoda_string **path,
                                         mcoda_error **error);

// Copies the database as it is now into a new file at `path`, UTF-8, readable by its owner alone. Calls
// of this handle that write wait for that; questions, other handles and processes go on.
//
// Errors: `MCODA_CONFLICT` where there is something at `path`, `MCODA_INVALID_INPUT` for a name that ends in
// `-journal`, `-wal` or `-shm` or that the library uses itself, `MCODA_STORAGE` where it cannot be written,
// `MCODA_CLOSED`. Threads: any.
mcoda_code mcoda_backup_to(mcoda_workspace *workspace, const char *path, mcoda_error **error);

// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the
// entry in the JSON log. `recorded` (may be NULL) receives what became of it.
//
// Errors: `MCODA_INVALID_INPUT` (which field, what was given, what is allowed), `MCODA_NOT_FOUND` for an
// unknown job, task or other id, `MCODA_CONFLICT` where a record with this id has other content,
// `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Nothing is written then. Threads: any; `usage` one at a
// time. Frees: the caller, `recorded` with `mcoda_recorded_free`, and `usage`, which is only read.
mcoda_code mcoda_record_token_usage(mcoda_workspace *workspace,
                                    const mcoda_token_usage *usage,
                                    mcoda_recorded **recorded,
                                    mcoda_error **error);

// The record's id: the one that was given, else a new one. NULL for NULL. The text belongs to `recorded`.
// `length` (may be NULL) receives its length in bytes without the NUL. Threads: any, until it is freed.
const char *mcoda_recorded_id(const mcoda_recorded *recorded, size_t *length);

// Whether the record is kept: false where the config says `telemetry.strict`, and for NULL. Threads: any,
// until it is freed.
bool mcoda_recorded_is_recorded(const mcoda_recorded *recorded);

// Whether the record was there already, with the same content; false for NULL. Threads: any, until it is
// freed.
bool mcoda_recorded_is_duplicate(const mcoda_recorded *recorded);

// Whether the JSON log holds the record: false where the log is turned off or could not be written just
// now, and for NULL. Threads: any, until it is freed.
bool mcoda_recorded_is_logged(const mcoda_recorded *recorded);

// Frees it; NULL is fine. Its text is gone with it. Threads: any, once.
void mcoda_recorded_free(mcoda_recorded *recorded);

// Makes a record of what one agent call cost, with no field set. Threads: any. Frees: the caller, with `mcoda_token_usage_free`.
mcoda_token_usage *mcoda_token_usage_new(void);

// Frees it; NULL is fine. Threads: any, once.
void mcoda_token_usage_free(mcoda_token_usage *usage);

// Sets a field, a `mcoda_token_usage_field`, to text, which is copied; NULL makes it absent again. A time is
// RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not UTF-8;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_token_usage_set_text(mcoda_token_usage *usage,
                                      int32_t field,
                                      const char *value,
                                      mcoda_error **error);

// Sets a field, a `mcoda_token_usage_field`, to a whole number.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
// field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_token_usage_set_int(mcoda_token_usage *usage,
                                     int32_t field,
                                     int64_t value,
                                     mcoda_error **error);

// Sets a field, a `mcoda_token_usage_field`, to a number.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
// field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_token_usage_set_real(mcoda_token_usage *usage,
                                      int32_t field,
                                      double value,
                                      mcoda_error **error);

// Sets a field, a `mcoda_token_usage_field`, to what a JSON text says, which is copied; NULL makes it absent
// again.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is no JSON;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_token_usage_set_json(mcoda_token_usage *usage,
                                      int32_t field,
                                      const char *value,
                                      mcoda_error **error);

// Moves the task with this id or key to a status: the task, its metadata and the event are written in one
// transaction. A task that has the status already gets no event. `context` may be NULL: nothing more to
// tell. `transition` (may be NULL) receives what was done.
//
// Errors: `MCODA_NOT_FOUND` for an unknown task, job or task run, `MCODA_INVALID_INPUT` for a bad value or
// a key that several tasks have, `MCODA_CONFLICT` where the task does not have the status that the context
// expects, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Nothing is written then. Threads: any; `context`
// one at a time. Frees: the caller, `transition` with `mcoda_transition_free`, and `context`, which is
// only read.
mcoda_code mcoda_record_status_transition(mcoda_workspace *workspace,
                                          const char *task,
                                          const char *to_status,
                                          const mcoda_transition_context *context,
                                          mcoda_transition **transition,
                                          mcoda_error **error);

// Writes the status events for good that successful task runs stand in for in a velocity with the same
// options. Doing it again adds nothing. `options` may be NULL: the defaults. `events` (may be NULL)
// receives how many were added.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` for an unknown key, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any; `options` one at a time. Frees: the caller, `options`, which are only
// read.
mcoda_code mcoda_backfill_status_events(mcoda_workspace *workspace,
                                        const mcoda_estimate_options *options,
                                        uint64_t *events,
                                        mcoda_error **error);

// The id of the event that was written; NULL where the task had the status already. The text belongs to
// `transition`. `length` (may be NULL) receives its length in bytes without the NUL, 0 for NULL. Threads:
// any, until it is freed.
const char *mcoda_transition_event_id(const mcoda_transition *transition, size_t *length);

// The id of the task. The text belongs to `transition`. `length` (may be NULL) receives its length in
// bytes without the NUL. Threads: any, until it is freed.
const char *mcoda_transition_task_id(const mcoda_transition *transition, size_t *length);

// The status that the task had. The text belongs to `transition`. `length` (may be NULL) receives its
// length in bytes without the NUL. Threads: any, until it is freed.
const char *mcoda_transition_from_status(const mcoda_transition *transition, size_t *length);

// The status that the task has now, as it is stored. The text belongs to `transition`. `length` (may be
// NULL) receives its length in bytes without the NUL. Threads: any, until it is freed.
const char *mcoda_transition_to_status(const mcoda_transition *transition, size_t *length);

// When it moved, RFC 3339 in UTC with milliseconds. The text belongs to `transition`. `length` (may be
// NULL) receives its length in bytes without the NUL. Threads: any, until it is freed.
const char *mcoda_transition_timestamp(const mcoda_transition *transition, size_t *length);

// Whether the task's status is another one than before; false for NULL. Threads: any, until it is freed.
bool mcoda_transition_is_changed(const mcoda_transition *transition);

// Frees it; NULL is fine. Its texts are gone with it. Threads: any, once.
void mcoda_transition_free(mcoda_transition *transition);

// Makes the circumstances of a transition, with no field set. Threads: any. Frees: the caller, with `mcoda_transition_context_free`.
mcoda_transition_context *mcoda_transition_context_new(void);

// Frees it; NULL is fine. Threads: any, once.
void mcoda_transition_context_free(mcoda_transition_context *context);

// Sets a field, a `mcoda_transition_field`, to text, which is copied; NULL makes it absent again. A time is
// RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not UTF-8;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_transition_context_set_text(mcoda_transition_context *context,
                                             int32_t field,
                                             const char *value,
                                             mcoda_error **error);

// Sets a field, a `mcoda_transition_field`, to what a JSON text says, which is copied; NULL makes it absent
// again.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is no JSON;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_transition_context_set_json(mcoda_transition_context *context,
                                             int32_t field,
                                             const char *value,
                                             mcoda_error **error);

// Asks for what `mcoda_token_usage_json` answers, to read it a few rows at a time. `query` is what that
// takes, or NULL. Which rows come is settled now: what is recorded later does not come, and what is deleted
// before it is read is left out. `cursor` receives the handle.
//
// Errors: as there. Threads: any. Frees: the caller, `cursor` with `mcoda_token_usage_cursor_close`.
mcoda_code mcoda_token_usage_cursor_open(mcoda_workspace *workspace,
                                         const char *query,
                                         mcoda_token_usage_cursor **cursor,
                                         mcoda_error **error);

// `mcoda_token_usage_cursor_open` for the calls in this database. `query` is what
// `mcoda_global_token_usage_json` takes, or NULL. `cursor` receives the handle.
//
// Errors: as there. Threads: any. Frees: the caller, `cursor` with `mcoda_token_usage_cursor_close`.
mcoda_code mcoda_global_token_usage_cursor_open(mcoda_global *global,
                                                const char *query,
                                                mcoda_token_usage_cursor **cursor,
                                                mcoda_error **error);

// The next rows, `limit` of them at the most, 1 or more. `json` (may be NULL) receives an array: an empty
// one, `[]`, at the end and only there.
//
// Errors: `MCODA_INVALID_INPUT` for a limit of 0, `MCODA_CONFLICT` where the database was rebuilt or
// migrated since the cursor was opened (open a new one), `MCODA_CLOSED` for a cursor or a database that was
// closed. Other errors may pass: the next call asks for the same rows again. Threads: any. Frees: the
// caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_token_usage_cursor_next_json(mcoda_token_usage_cursor *cursor,
                                              size_t limit,
                                              mcoda_string **json,
                                              mcoda_error **error);

// Closes the cursor after the calls that are under way in other threads, at its end or before. Closing it
// again, and closing NULL, is fine. The database stays open.
//
// Errors: none. Threads: any.
mcoda_code mcoda_token_usage_cursor_close(mcoda_token_usage_cursor *cursor, mcoda_error **error);

// How much is left, how fast it goes and when it will be done. Writes nothing. `options` may be NULL: the
// defaults. `estimate` receives the answer.
//
// Errors: `MCODA_INVALID_INPUT` for a bad option or config file, `MCODA_NOT_FOUND` for an unknown key,
// `MCODA_CLOSED`. Threads: any; `options` one at a time. Frees: the caller, `estimate` with
// `mcoda_estimate_free`, and `options`, which are only read.
mcoda_code mcoda_estimate(mcoda_workspace *workspace,
                          const mcoda_estimate_options *options,
                          mcoda_estimate_result **estimate,
                          mcoda_error **error);

// The moment that the estimate starts from, RFC 3339 in UTC with milliseconds; NULL for NULL. The text
// belongs to `estimate`. `length` (may be NULL) receives its length in bytes without the NUL. Threads:
// any, until it is freed.
const char *mcoda_estimate_now(const mcoda_estimate_result *estimate, size_t *length);

// When the last task reaches the milestone, RFC 3339 in UTC with milliseconds; NULL where it never does,
// for NULL, and for a number that is no `mcoda_milestone`. The text belongs to `estimate`. `length` (may
// be NULL) receives its length in bytes without the NUL, 0 for NULL. Threads: any, until it is freed.
const char *mcoda_estimate_eta(const mcoda_estimate_result *estimate, int32_t milestone, size_t *length);

// How many tasks have reached the milestone, in percent of all; NaN for NULL, and for a number that is no
// `mcoda_milestone`. Threads: any, until it is freed.
double mcoda_estimate_percent(const mcoda_estimate_result *estimate, int32_t milestone);

// How many tasks the lane has before it; 0 for NULL, and for a number that is no `mcoda_lane`. Threads:
// any, until it is freed.
uint64_t mcoda_estimate_tasks(const mcoda_estimate_result *estimate, int32_t lane);

// How many story points the lane has before it; NaN for NULL, and for a number that is no `mcoda_lane`.
// Threads: any, until it is freed.
double mcoda_estimate_story_points(const mcoda_estimate_result *estimate, int32_t lane);

// The lane's speed in story points per hour; NaN for NULL, and for a number that is no `mcoda_lane`.
// Threads: any, until it is freed.
double mcoda_estimate_sp_per_hour(const mcoda_estimate_result *estimate, int32_t lane);

// Hours of work that the lane has left; NaN where it never finishes, for NULL, and for a number that is no
// `mcoda_lane`. Threads: any, until it is freed.
double mcoda_estimate_hours(const mcoda_estimate_result *estimate, int32_t lane);

// Hours until all lanes are done, working side by side; NaN where one of them never is, and for NULL.
// Threads: any, until it is freed.
double mcoda_estimate_total_hours(const mcoda_estimate_result *estimate);

// All of it as JSON goes to `json`: scope, backlog, velocity, hours, ETAs, counts, work in progress and
// next transitions, by the names of the OpenAPI contract.
//
// Errors: `MCODA_INVALID_INPUT` for NULL. Threads: any, until it is freed. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_estimate_to_json(const mcoda_estimate_result *estimate,
                                  mcoda_string **json,
                                  mcoda_error **error);

// Frees it; NULL is fine. Its texts are gone with it. Threads: any, once.
void mcoda_estimate_free(mcoda_estimate_result *estimate);

// Makes options of a velocity, an estimate or a backfill, with no field set. Threads: any. Frees: the caller, with `mcoda_estimate_options_free`.
mcoda_estimate_options *mcoda_estimate_options_new(void);

// Frees it; NULL is fine. Threads: any, once.
void mcoda_estimate_options_free(mcoda_estimate_options *options);

// Sets a field, a `mcoda_estimate_option`, to text, which is copied; NULL makes it absent again. A time is
// RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`).
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not UTF-8;
// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_estimate_options_set_text(mcoda_estimate_options *options,
                                           int32_t field,
                                           const char *value,
                                           mcoda_error **error);

// Sets a field, a `mcoda_estimate_option`, to a whole number.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
// field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_estimate_options_set_int(mcoda_estimate_options *options,
                                          int32_t field,
                                          int64_t value,
                                          mcoda_error **error);

// Sets a field, a `mcoda_estimate_option`, to a number.
//
// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
// field is checked by the call that uses it. Threads: one at a time.
mcoda_code mcoda_estimate_options_set_real(mcoda_estimate_options *options,
                                           int32_t field,
                                           double value,
                                           mcoda_error **error);

// The speed of every lane, from the config, from history or from both. Writes nothing. `options` may be
// NULL: the defaults. `velocity` receives the answer.
//
// Errors: `MCODA_INVALID_INPUT` for a bad option or config file, `MCODA_NOT_FOUND` for an unknown key,
// `MCODA_CLOSED`. Threads: any; `options` one at a time. Frees: the caller, `velocity` with
// `mcoda_velocity_free`, and `options`, which are only read.
mcoda_code mcoda_velocity(mcoda_workspace *workspace,
                          const mcoda_estimate_options *options,
                          mcoda_velocity_result **velocity,
                          mcoda_error **error);

// The lane's speed in story points per hour; NaN for NULL and for a number that is no `mcoda_lane`.
// Threads: any, until it is freed.
double mcoda_velocity_sp_per_hour(const mcoda_velocity_result *velocity, int32_t lane);

// How many samples of its history the lane's speed comes from: 0 where it is the config's, for NULL, and
// for a number that is no `mcoda_lane`. Threads: any, until it is freed.
uint64_t mcoda_velocity_samples(const mcoda_velocity_result *velocity, int32_t lane);

// Where the numbers come from: "config" (no lane had history), "empirical" or "mixed"; NULL for NULL. The
// text belongs to `velocity`. `length` (may be NULL) receives its length in bytes without the NUL.
// Threads: any, until it is freed.
const char *mcoda_velocity_source(const mcoda_velocity_result *velocity, size_t *length);

// All of it as JSON goes to `json`: `{"implementationSpPerHour", "reviewSpPerHour", "qaSpPerHour",
// "source", "requestedMode", "windowTasks", "samples"}`.
//
// Errors: `MCODA_INVALID_INPUT` for NULL. Threads: any, until it is freed. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_velocity_to_json(const mcoda_velocity_result *velocity,
                                  mcoda_string **json,
                                  mcoda_error **error);

// Frees it; NULL is fine. Its text is gone with it. Threads: any, once.
void mcoda_velocity_free(mcoda_velocity_result *velocity);

// Opens the user's global database, `.mcoda/mcoda.db` in the home folder; what is missing is created, and
// an older database is brought up to date. `options` may be NULL: the defaults. `global` receives the
// handle.
//
// Errors: as `mcoda_workspace_open`. Threads: any. Frees: the caller, `global` with `mcoda_global_close`,
// and `options`, which are only read.
mcoda_code mcoda_global_open(const mcoda_options *options, mcoda_global **global, mcoda_error **error);

// Opens the global database in the file `path`, UTF-8; ":memory:" is a database that lives as long as the
// handle. `options` may be NULL: the defaults. `global` receives the handle.
//
// Errors: as `mcoda_workspace_open`. Threads: any. Frees: the caller, `global` with `mcoda_global_close`,
// and `options`, which are only read.
mcoda_code mcoda_global_open_db(const char *path,
                                const mcoda_options *options,
                                mcoda_global **global,
                                mcoda_error **error);

// Closes the database after the calls that are under way in other threads. Whatever comes of it, the
// handle is closed then. Closing it again, and closing NULL, is fine.
//
// Errors: `MCODA_STORAGE`, where the last writing failed. Threads: any.
mcoda_code mcoda_global_close(mcoda_global *global, mcoda_error **error);

// The path of the database's file goes to `path`; in a path that is not UTF-8, U+FFFD stands for what is
// not.
//
// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `path` with `mcoda_string_free`.
mcoda_code mcoda_global_database_path(mcoda_global *global, mcoda_string **path, mcoda_error **error);

// Records what one agent call outside of any project cost. Fields of the backlog (job, task, project …)
// are `MCODA_INVALID_INPUT` here. `recorded` (may be NULL) receives what became of it.
//
// Errors: as `mcoda_record_token_usage`. Threads: any; `usage` one at a time. Frees: the caller,
// `recorded` with `mcoda_recorded_free`, and `usage`, which is only read.
mcoda_code mcoda_global_record_token_usage(mcoda_global *global,
                                           const mcoda_token_usage *usage,
                                           mcoda_recorded **recorded,
                                           mcoda_error **error);

// `mcoda_backup_to` for this database.
//
// Errors: as there. Threads: any.
mcoda_code mcoda_global_backup_to(mcoda_global *global, const char *path, mcoda_error **error);

// Reads what a provider or an agent returned for what it cost, as one record for the whole: the sum of its
// calls. Strange content is never an error: values that cannot be meant are passed over, and a body that
// reports no usage gives an empty record.
//
// `body` (text) is a response body, its `usage` object, the events of a stream, or a transcript. `provider`
// (text, may be NULL) is who answered, where the shape does not say what a number means. `json` (may be
// NULL) receives an object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
// `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`, `tokensCached`,
// `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`, `startedAt`,
// `finishedAt`, `timestamp`, `metadata`.
//
// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_extract_usage_json(const char *body,
                                    const char *provider,
                                    mcoda_string **json,
                                    mcoda_error **error);

// Reads what a provider or an agent returned for what it cost, one record a model, in the order in which
// these first appear. Their sums are what `extract_usage` returns. Empty where no usage is reported.
//
// `body` (text) is a response body, its `usage` object, the events of a stream, or a transcript. `provider`
// (text, may be NULL) is who answered, where the shape does not say what a number means. `json` (may be
// NULL) receives an array.
//
// Errors: none of its own. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_extract_usages_json(const char *body,
                                     const char *provider,
                                     mcoda_string **json,
                                     mcoda_error **error);

// The table of a summary, for people.
//
// `rows` (JSON) is what `token_usage_summary` returned. `group_by` (JSON, may be NULL) is the dimensions
// that it was grouped by. Absent: the default. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_tokens_table(const char *rows,
                                     const char *group_by,
                                     mcoda_string **text,
                                     mcoda_error **error);

// The table of single agent calls, for people.
//
// `rows` (JSON) is what `token_usage` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_job_tokens(const char *rows, mcoda_string **text, mcoda_error **error);

// The table of jobs, for people.
//
// `jobs` (JSON) is what `jobs.list` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_jobs(const char *jobs, mcoda_string **text, mcoda_error **error);

// A job with its runs and its cost, for people.
//
// `inspection` (JSON) is what `inspect_job` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_job_inspection(const char *inspection, mcoda_string **text, mcoda_error **error);

// An estimate, for people.
//
// `estimate` (JSON) is what `estimate` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_estimate(const char *estimate, mcoda_string **text, mcoda_error **error);

// A velocity, for people.
//
// `velocity` (JSON) is what `velocity` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_velocity(const char *velocity, mcoda_string **text, mcoda_error **error);

// The table of status events, for people.
//
// `events` (JSON) is what `status_events` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_status_events(const char *events, mcoda_string **text, mcoda_error **error);

// The telemetry settings, for people.
//
// `config` (JSON) is what `telemetry_config` returned. `text` receives it.
//
// Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller, `text` with `mcoda_string_free`.
mcoda_code mcoda_render_telemetry_config(const char *config, mcoda_string **text, mcoda_error **error);

// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the
// entry in the JSON log.
//
// `usage` (a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
// `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`, `tokensCached`,
// `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`, `startedAt`,
// `finishedAt`, `timestamp`, `metadata`, all optional) is the record. `json` (may be NULL) receives an
// object of `id`, `recorded`, `duplicate`, `logged`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_record_token_usage_json(mcoda_workspace *workspace,
                                         const char *usage,
                                         mcoda_string **json,
                                         mcoda_error **error);

// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the
// entry in the JSON log.
//
// On the user's global database, which knows no backlog.
//
// `usage` (a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`,
// `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`,
// `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`, `tokensCached`,
// `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`, `startedAt`,
// `finishedAt`, `timestamp`, `metadata`, all optional) is the record. `json` (may be NULL) receives an
// object of `id`, `recorded`, `duplicate`, `logged`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_record_token_usage_json(mcoda_global *global,
                                                const char *usage,
                                                mcoda_string **json,
                                                mcoda_error **error);

// Records many calls in one transaction: all of them or none. An error says which record it is about.
//
// `usages` (a JSON array, each item a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`,
// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
// `invocationKind`, `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`,
// `tokensCached`, `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`,
// `startedAt`, `finishedAt`, `timestamp`, `metadata`, all optional) is the records. `json` (may be NULL)
// receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_record_token_usages_json(mcoda_workspace *workspace,
                                          const char *usages,
                                          mcoda_string **json,
                                          mcoda_error **error);

// Records many calls in one transaction: all of them or none. An error says which record it is about.
//
// On the user's global database, which knows no backlog.
//
// `usages` (a JSON array, each item a JSON object of `id`, `workspaceId`, `agentId`, `modelName`, `jobId`,
// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
// `invocationKind`, `provider`, `currency`, `tokensPrompt`, `tokensCompletion`, `tokensTotal`,
// `tokensCached`, `tokensCacheRead`, `tokensCacheWrite`, `costEstimate`, `durationSeconds`, `durationMs`,
// `startedAt`, `finishedAt`, `timestamp`, `metadata`, all optional) is the records. `json` (may be NULL)
// receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_record_token_usages_json(mcoda_global *global,
                                                 const char *usages,
                                                 mcoda_string **json,
                                                 mcoda_error **error);

// Reads what came back from an agent, as `extract_usages` does, and records it: one record for each call and
// each model. A record's id is made of the provider's id of the response or the session, so that a retry or
// a replay counts once; of two versions of one response the last wins. A body that reports no usage becomes
// no record, and is no error. A response without an id is a new one each time, unless the context gives a
// `responseId`.
//
// `body` (text) is what came back: a response body, the events of a stream, or a transcript. `context` (a
// JSON object of `provider`, `responseId`, `sessionId`, `workspaceId`, `agentId`, `modelName`, `jobId`,
// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
// `invocationKind`, `startedAt`, `finishedAt`, `durationMs`, `timestamp`, `metadata`, `computeCost`,
// `asDeltas`, all optional, may be NULL) is what the host knows about it. `json` (may be NULL) receives an
// object of `usage`, `records`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_record_agent_response_json(mcoda_workspace *workspace,
                                            const char *body,
                                            const char *context,
                                            mcoda_string **json,
                                            mcoda_error **error);

// Reads what came back from an agent, as `extract_usages` does, and records it: one record for each call and
// each model. A record's id is made of the provider's id of the response or the session, so that a retry or
// a replay counts once; of two versions of one response the last wins. A body that reports no usage becomes
// no record, and is no error. A response without an id is a new one each time, unless the context gives a
// `responseId`.
//
// On the user's global database, which knows no backlog.
//
// `body` (text) is what came back: a response body, the events of a stream, or a transcript. `context` (a
// JSON object of `provider`, `responseId`, `sessionId`, `workspaceId`, `agentId`, `modelName`, `jobId`,
// `commandRunId`, `taskRunId`, `taskId`, `projectId`, `epicId`, `userStoryId`, `commandName`, `action`,
// `invocationKind`, `startedAt`, `finishedAt`, `durationMs`, `timestamp`, `metadata`, `computeCost`,
// `asDeltas`, all optional, may be NULL) is what the host knows about it. `json` (may be NULL) receives an
// object of `usage`, `records`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_record_agent_response_json(mcoda_global *global,
                                                   const char *body,
                                                   const char *context,
                                                   mcoda_string **json,
                                                   mcoda_error **error);

// Records what a file holds: responses, events of a stream, or an agent's transcript, of any length. What
// has no id is known by its text and by how often it came before, so reading a file again, or one that has
// grown, adds nothing twice. Each thousand lines are one transaction: an error leaves what was recorded
// before, and reading the file again goes on from there.
//
// `path` (text) is the file. `context` (a JSON object of `provider`, `responseId`, `sessionId`,
// `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`, `taskRunId`, `taskId`, `projectId`,
// `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`, `startedAt`, `finishedAt`,
// `durationMs`, `timestamp`, `metadata`, `computeCost`, `asDeltas`, all optional, may be NULL) is what the
// host knows about it. `json` (may be NULL) receives an object of `bytes`, `lines`, `objects`, `recorded`,
// `updated`, `duplicates`, `refused`, `logged`, `skipped`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_STORAGE`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_record_agent_file_json(mcoda_workspace *workspace,
                                        const char *path,
                                        const char *context,
                                        mcoda_string **json,
                                        mcoda_error **error);

// Records what a file holds: responses, events of a stream, or an agent's transcript, of any length. What
// has no id is known by its text and by how often it came before, so reading a file again, or one that has
// grown, adds nothing twice. Each thousand lines are one transaction: an error leaves what was recorded
// before, and reading the file again goes on from there.
//
// On the user's global database, which knows no backlog.
//
// `path` (text) is the file. `context` (a JSON object of `provider`, `responseId`, `sessionId`,
// `workspaceId`, `agentId`, `modelName`, `jobId`, `commandRunId`, `taskRunId`, `taskId`, `projectId`,
// `epicId`, `userStoryId`, `commandName`, `action`, `invocationKind`, `startedAt`, `finishedAt`,
// `durationMs`, `timestamp`, `metadata`, `computeCost`, `asDeltas`, all optional, may be NULL) is what the
// host knows about it. `json` (may be NULL) receives an object of `bytes`, `lines`, `objects`, `recorded`,
// `updated`, `duplicates`, `refused`, `logged`, `skipped`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_STORAGE`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_record_agent_file_json(mcoda_global *global,
                                               const char *path,
                                               const char *context,
                                               mcoda_string **json,
                                               mcoda_error **error);

// What single agent calls cost, in the order of time.
//
// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, all optional, may be NULL) is which
// calls. Absent: all. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_token_usage_json(mcoda_workspace *workspace,
                                  const char *query,
                                  mcoda_string **json,
                                  mcoda_error **error);

// What single agent calls cost, in the order of time.
//
// On the user's global database, which knows no backlog.
//
// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, all optional, may be NULL) is which
// calls. Absent: all. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_token_usage_json(mcoda_global *global,
                                         const char *query,
                                         mcoda_string **json,
                                         mcoda_error **error);

// What agent calls cost, added up by groups in the order in which these first appear in time. Where `since`
// is absent, the last 7 days count.
//
// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, `groupBy`, all optional, may be NULL)
// is which calls, and what to add them up by. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_token_usage_summary_json(mcoda_workspace *workspace,
                                          const char *query,
                                          mcoda_string **json,
                                          mcoda_error **error);

// What agent calls cost, added up by groups in the order in which these first appear in time. Where `since`
// is absent, the last 7 days count.
//
// On the user's global database, which knows no backlog.
//
// `query` (a JSON object of `projectKey`, `agent`, `command`, `includeRowsWithoutCommand`, `jobId`,
// `taskId`, `since`, `until`, `timeZone`, `page`, `pageSize`, `now`, `groupBy`, all optional, may be NULL)
// is which calls, and what to add them up by. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_token_usage_summary_json(mcoda_global *global,
                                                 const char *query,
                                                 mcoda_string **json,
                                                 mcoda_error **error);

// Runs one SQL statement that only reads, in one unchanging state of the database, and returns an object for
// each row.
//
// `sql` (text) is the statement. `params` (a JSON array or an object of names, may be NULL) is values for
// `?` in their order, or for `:name` by their names. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
// caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_query_json(mcoda_workspace *workspace,
                            const char *sql,
                            const char *params,
                            mcoda_string **json,
                            mcoda_error **error);

// Runs one SQL statement that only reads, in one unchanging state of the database, and returns an object for
// each row.
//
// On the user's global database, which knows no backlog.
//
// `sql` (text) is the statement. `params` (a JSON array or an object of names, may be NULL) is values for
// `?` in their order, or for `:name` by their names. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
// caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_query_json(mcoda_global *global,
                                   const char *sql,
                                   const char *params,
                                   mcoda_string **json,
                                   mcoda_error **error);

// Makes calls in one transaction: all of them happen or none. Returns what each returned, in their order. An
// error says which call it is about. What is recorded reaches the JSON log after the commit, so `logged` is
// false.
//
// `calls` (a JSON array) is the calls, each an object with `call`, its name, and `args`, an array of its
// arguments. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_batch_json(mcoda_workspace *workspace,
                            const char *calls,
                            mcoda_string **json,
                            mcoda_error **error);

// Makes calls in one transaction: all of them happen or none. Returns what each returned, in their order. An
// error says which call it is about. What is recorded reaches the JSON log after the commit, so `logged` is
// false.
//
// On the user's global database, which knows no backlog.
//
// `calls` (a JSON array) is the calls, each an object with `call`, its name, and `args`, an array of its
// arguments. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_global_batch_json(mcoda_global *global,
                                   const char *calls,
                                   mcoda_string **json,
                                   mcoda_error **error);

// Moves a task: its new status, its metadata and the event of the move, in one transaction. A task that has
// the status already gets no event.
//
// `task` (text) is the task, by id or key. `to_status` (text) is its new status, for example `in_progress`.
// `context` (a JSON object of `commandName`, `jobId`, `taskRunId`, `agentId`, `timestamp`, `metadata`,
// `metadataPatch`, `reason`, `expectedFrom`, all optional, may be NULL) is the circumstances of the move.
// `json` (may be NULL) receives an object of `eventId`, `taskId`, `fromStatus`, `toStatus`, `timestamp`,
// `changed`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_record_status_transition_json(mcoda_workspace *workspace,
                                               const char *task,
                                               const char *to_status,
                                               const char *context,
                                               mcoda_string **json,
                                               mcoda_error **error);

// The recorded moves of one task or of all tasks, in the order of time.
//
// `query` (a JSON object of `task`, `since`, `until`, `now`, all optional, may be NULL) is which moves.
// Absent: all. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_status_events_json(mcoda_workspace *workspace,
                                    const char *query,
                                    mcoda_string **json,
                                    mcoda_error **error);

// Writes the status events for good that a velocity with the same options infers from successful task runs.
// Doing it again adds nothing.
//
// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, all optional, may be
// NULL) is as of `velocity`. `json` (may be NULL) receives an object of `events`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_backfill_status_events_json(mcoda_workspace *workspace,
                                             const char *options,
                                             mcoda_string **json,
                                             mcoda_error **error);

// How fast each lane works, in story points per hour. Writes nothing.
//
// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, all optional, may be
// NULL) is what to look at, and how. `json` (may be NULL) receives what the OpenAPI contract describes.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_velocity_json(mcoda_workspace *workspace,
                               const char *options,
                               mcoda_string **json,
                               mcoda_error **error);

// How much is left, how fast it goes and when it will be done. Writes nothing.
//
// `options` (a JSON object of `projectKey`, `epicKey`, `storyKey`, `assignee`, `mode`, `windowTasks`,
// `spPerHourAll`, `spPerHourImplementation`, `spPerHourReview`, `spPerHourQa`, `now`, all optional, may be
// NULL) is what to look at, and how. `json` (may be NULL) receives what the OpenAPI contract describes.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_estimate_json(mcoda_workspace *workspace,
                               const char *options,
                               mcoda_string **json,
                               mcoda_error **error);

// A job with its task runs and what it cost by command, agent and model, of all time.
//
// `job_id` (text) is the job. `json` (may be NULL) receives an object of `job`, `taskRuns`, `tokens`.
//
// Errors: `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller,
// `json` with `mcoda_string_free`.
mcoda_code mcoda_inspect_job_json(mcoda_workspace *workspace,
                                  const char *job_id,
                                  mcoda_string **json,
                                  mcoda_error **error);

// What the config files, the environment and the options of the handle say about recording and export. The
// files are read anew with every call.
//
// `json` (may be NULL) receives an object of `localRecording`, `remoteExport`, `optOut`, `strict`,
// `offByEnvironment`, `offByHandle`, `endpoint`, `configPath`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_CORRUPT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_telemetry_config_json(mcoda_workspace *workspace, mcoda_string **json, mcoda_error **error);

// Opts out of sending records away, in the `config.json` beside the database. Nothing else in the file
// changes, and one that is damaged stays as it is. A strict setting that holds already stays, too. Returns
// what holds now.
//
// `strict` (true or false) is whether nothing is to be recorded here either. `json` (may be NULL) receives
// an object of `localRecording`, `remoteExport`, `optOut`, `strict`, `offByEnvironment`, `offByHandle`,
// `endpoint`, `configPath`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_CORRUPT`, `MCODA_STORAGE`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`,
// `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_telemetry_opt_out_json(mcoda_workspace *workspace,
                                        bool strict,
                                        mcoda_string **json,
                                        mcoda_error **error);

// Takes an opting-out back, a strict one too: records are kept, and may be sent away. Returns what holds
// now.
//
// `json` (may be NULL) receives an object of `localRecording`, `remoteExport`, `optOut`, `strict`,
// `offByEnvironment`, `offByHandle`, `endpoint`, `configPath`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_CORRUPT`, `MCODA_STORAGE`, `MCODA_UNSUPPORTED`, `MCODA_BUSY`,
// `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_telemetry_opt_in_json(mcoda_workspace *workspace, mcoda_string **json, mcoda_error **error);

// The project with this key, which is made where there is none: any number of processes may call this at
// once and all get the same project.
//
// `project` (a JSON object of `key`, and optionally `name`, `description`, `metadata`) is the project.
// `json` (may be NULL) receives an object of `id`, `key`, `name`, `description`, `metadata`, `createdAt`,
// `updatedAt`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
// caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_projects_ensure_json(mcoda_workspace *workspace,
                                      const char *project,
                                      mcoda_string **json,
                                      mcoda_error **error);

// The project with this key.
//
// `key` (text) is the key. `json` (may be NULL) receives an object of `id`, `key`, `name`, `description`,
// `metadata`, `createdAt`, `updatedAt`, `null` where there is none.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_projects_get_json(mcoda_workspace *workspace,
                                   const char *key,
                                   mcoda_string **json,
                                   mcoda_error **error);

// All projects, by key.
//
// `json` (may be NULL) receives an array.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_projects_list_json(mcoda_workspace *workspace, mcoda_string **json, mcoda_error **error);

// Makes an epic. `MCODA_NOT_FOUND` without its project, `MCODA_CONFLICT` where the project has an epic with
// this key.
//
// `epic` (a JSON object of `projectId`, `key`, `title`, and optionally `description`, `priority`,
// `metadata`) is the epic. `json` (may be NULL) receives an object of `id`, `projectId`, `key`, `title`,
// `description`, `priority`, `metadata`, `createdAt`, `updatedAt`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_epics_create_json(mcoda_workspace *workspace,
                                   const char *epic,
                                   mcoda_string **json,
                                   mcoda_error **error);

// The epic with this id.
//
// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `projectId`, `key`, `title`,
// `description`, `priority`, `metadata`, `createdAt`, `updatedAt`, `null` where there is none.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_epics_get_json(mcoda_workspace *workspace,
                                const char *id,
                                mcoda_string **json,
                                mcoda_error **error);

// The epics of a project, or of all projects, by key.
//
// `project_id` (text, may be NULL) is the project. Absent: all. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_epics_list_json(mcoda_workspace *workspace,
                                 const char *project_id,
                                 mcoda_string **json,
                                 mcoda_error **error);

// Makes a user story. `MCODA_NOT_FOUND` without its epic, `MCODA_CONFLICT` where the epic has a story with
// this key.
//
// `story` (a JSON object of `epicId`, `key`, `title`, and optionally `description`, `acceptanceCriteria`,
// `priority`, `metadata`) is the user story. `json` (may be NULL) receives an object of `id`, `projectId`,
// `epicId`, `key`, `title`, `description`, `acceptanceCriteria`, `priority`, `metadata`, `createdAt`,
// `updatedAt`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_stories_create_json(mcoda_workspace *workspace,
                                     const char *story,
                                     mcoda_string **json,
                                     mcoda_error **error);

// The user story with this id.
//
// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `projectId`, `epicId`, `key`,
// `title`, `description`, `acceptanceCriteria`, `priority`, `metadata`, `createdAt`, `updatedAt`, `null`
// where there is none.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_stories_get_json(mcoda_workspace *workspace,
                                  const char *id,
                                  mcoda_string **json,
                                  mcoda_error **error);

// The user stories of an epic, or of all epics, by key.
//
// `epic_id` (text, may be NULL) is the epic. Absent: all. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_stories_list_json(mcoda_workspace *workspace,
                                   const char *epic_id,
                                   mcoda_string **json,
                                   mcoda_error **error);

// Makes a task. `MCODA_NOT_FOUND` without its story, `MCODA_CONFLICT` where the story has a task with this
// key.
//
// `task` (a JSON object of `userStoryId`, `key`, `title`, and optionally `description`, `type`, `status`,
// `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`, `metadata`) is the task. `json` (may be
// NULL) receives an object of `id`, `projectId`, `epicId`, `userStoryId`, `key`, `title`, `description`,
// `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`, `metadata`, `createdAt`,
// `updatedAt`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_tasks_create_json(mcoda_workspace *workspace,
                                   const char *task,
                                   mcoda_string **json,
                                   mcoda_error **error);

// Makes many tasks in one transaction: all or none. An error says which task it is about.
//
// `tasks` (a JSON array, each item a JSON object of `userStoryId`, `key`, `title`, and optionally
// `description`, `type`, `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman`,
// `metadata`) is the tasks. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_CONFLICT`, `MCODA_BUSY`, `MCODA_STORAGE`,
// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_tasks_create_many_json(mcoda_workspace *workspace,
                                        const char *tasks,
                                        mcoda_string **json,
                                        mcoda_error **error);

// The task with this id or key. A key that several tasks have is `MCODA_INVALID_INPUT` and lists them.
//
// `id_or_key` (text) is the id or the key. `json` (may be NULL) receives an object of `id`, `projectId`,
// `epicId`, `userStoryId`, `key`, `title`, `description`, `type`, `status`, `storyPoints`, `priority`,
// `assignedAgentId`, `assigneeHuman`, `metadata`, `createdAt`, `updatedAt`, `null` where there is none.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
// caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_tasks_get_json(mcoda_workspace *workspace,
                                const char *id_or_key,
                                mcoda_string **json,
                                mcoda_error **error);

// The tasks of a user story, or of all stories, by key.
//
// `user_story_id` (text, may be NULL) is the user story. Absent: all. `json` (may be NULL) receives an
// array.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_tasks_list_json(mcoda_workspace *workspace,
                                 const char *user_story_id,
                                 mcoda_string **json,
                                 mcoda_error **error);

// Makes a job.
//
// `job` (a JSON object of `type`, and optionally `state`, `commandName`, `payload`, `totalItems`) is the
// job. `json` (may be NULL) receives an object of `id`, `workspaceId`, `type`, `state`, `commandName`,
// `agentId`, `agentIds`, `payload`, `totalItems`, `processedItems`, `createdAt`, `updatedAt`, `completedAt`,
// `errorSummary`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the
// caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_jobs_create_json(mcoda_workspace *workspace,
                                  const char *job,
                                  mcoda_string **json,
                                  mcoda_error **error);

// The job with this id.
//
// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `workspaceId`, `type`, `state`,
// `commandName`, `agentId`, `agentIds`, `payload`, `totalItems`, `processedItems`, `createdAt`, `updatedAt`,
// `completedAt`, `errorSummary`, `null` where there is none.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_jobs_get_json(mcoda_workspace *workspace,
                               const char *id,
                               mcoda_string **json,
                               mcoda_error **error);

// The jobs of this workspace, newest first.
//
// `json` (may be NULL) receives an array.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_jobs_list_json(mcoda_workspace *workspace, mcoda_string **json, mcoda_error **error);

// Ends a job.
//
// `id` (text) is the job. `state` (text) is what became of it, for example `completed`. `error_summary`
// (text, may be NULL) is why it failed, where it did. `json` (may be NULL) receives an object of `id`,
// `workspaceId`, `type`, `state`, `commandName`, `agentId`, `agentIds`, `payload`, `totalItems`,
// `processedItems`, `createdAt`, `updatedAt`, `completedAt`, `errorSummary`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_jobs_finish_json(mcoda_workspace *workspace,
                                  const char *id,
                                  const char *state,
                                  const char *error_summary,
                                  mcoda_string **json,
                                  mcoda_error **error);

// Begins a command run, with status `running`. `MCODA_NOT_FOUND` where its job is unknown.
//
// `command_run` (a JSON object of `commandName`, and optionally `jobId`, `startedAt`) is the command run.
// `json` (may be NULL) receives an object of `id`, `workspaceId`, `commandName`, `jobId`, `agentId`,
// `agentIds`, `startedAt`, `completedAt`, `status`, `errorSummary`, `durationSeconds`, `spProcessed`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_command_runs_create_json(mcoda_workspace *workspace,
                                          const char *command_run,
                                          mcoda_string **json,
                                          mcoda_error **error);

// The command run with this id.
//
// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `workspaceId`, `commandName`,
// `jobId`, `agentId`, `agentIds`, `startedAt`, `completedAt`, `status`, `errorSummary`, `durationSeconds`,
// `spProcessed`, `null` where there is none.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_command_runs_get_json(mcoda_workspace *workspace,
                                       const char *id,
                                       mcoda_string **json,
                                       mcoda_error **error);

// Ends a command run. Its duration is the time since it began.
//
// `id` (text) is the command run. `end` (a JSON object of `status`, and optionally `errorSummary`,
// `spProcessed`, `completedAt`) is how it ended. `json` (may be NULL) receives an object of `id`,
// `workspaceId`, `commandName`, `jobId`, `agentId`, `agentIds`, `startedAt`, `completedAt`, `status`,
// `errorSummary`, `durationSeconds`, `spProcessed`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_command_runs_finish_json(mcoda_workspace *workspace,
                                          const char *id,
                                          const char *end,
                                          mcoda_string **json,
                                          mcoda_error **error);

// Begins a task run, with status `running`. `MCODA_NOT_FOUND` where its task, job or command run is unknown.
//
// `task_run` (a JSON object of `taskId`, `command`, and optionally `jobId`, `commandRunId`, `agentId`,
// `startedAt`, `storyPointsAtRun`, `runContext`) is the task run. `json` (may be NULL) receives an object of
// `id`, `taskId`, `command`, `jobId`, `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`,
// `storyPointsAtRun`, `spPerHourEffective`, `runContext`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_task_runs_create_json(mcoda_workspace *workspace,
                                       const char *task_run,
                                       mcoda_string **json,
                                       mcoda_error **error);

// The task run with this id.
//
// `id` (text) is the id. `json` (may be NULL) receives an object of `id`, `taskId`, `command`, `jobId`,
// `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`, `storyPointsAtRun`, `spPerHourEffective`,
// `runContext`, `null` where there is none.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_task_runs_get_json(mcoda_workspace *workspace,
                                    const char *id,
                                    mcoda_string **json,
                                    mcoda_error **error);

// The runs on a task, oldest first.
//
// `task_id` (text) is the task. `json` (may be NULL) receives an array.
//
// Errors: `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
// `mcoda_string_free`.
mcoda_code mcoda_task_runs_list_json(mcoda_workspace *workspace,
                                     const char *task_id,
                                     mcoda_string **json,
                                     mcoda_error **error);

// Ends a task run.
//
// `id` (text) is the task run. `status` (text) is what became of it, for example `succeeded`. `finished_at`
// (RFC 3339 text, may be NULL) is when it ended. Absent: now. `json` (may be NULL) receives an object of
// `id`, `taskId`, `command`, `jobId`, `commandRunId`, `agentId`, `status`, `startedAt`, `finishedAt`,
// `storyPointsAtRun`, `spPerHourEffective`, `runContext`.
//
// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads:
// any. Frees: the caller, `json` with `mcoda_string_free`.
mcoda_code mcoda_task_runs_finish_json(mcoda_workspace *workspace,
                                       const char *id,
                                       const char *status,
                                       const char *finished_at,
                                       mcoda_string **json,
                                       mcoda_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MCODA_H */
