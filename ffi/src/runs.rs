//! What was run: jobs, command runs and task runs.

use std::ffi::c_char;

use mcoda_core::{CommandRunEnd, NewCommandRun, NewJob, NewTaskRun, Timestamp};

use crate::boundary::answer;
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::input::{json, optional_text, text};
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// Makes a job. `job` is a JSON object with `type`, and `state`, `commandName`, `payload` and `totalItems`
/// as you like. `json` (may be NULL) receives the job.
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
    answer(json, error, || {
        let job = NewJob::from_json(&self::json("job", job)?)?;
        Ok(workspace::of(workspace)?.jobs().create(&job)?)
    })
}

/// The job with this id. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.jobs().get(text("id", id)?)?))
}

/// All jobs of the workspace, in the order of time. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_list_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.jobs().list()?))
}

/// A job with its task runs and what it cost by command, agent and model, of all time. `json` (may be NULL)
/// receives `{"job", "taskRuns", "tokens"}`.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` for an unknown job, `MCODA_CLOSED`. Threads: any. Frees:
/// the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_inspect_job_json(
    workspace: *mut mcoda_workspace,
    job_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.inspect_job(text("job_id", job_id)?)?))
}

/// Ends a job: `state` is what became of it. `error_summary` is why, or NULL. `json` (may be NULL) receives
/// the job.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`.
/// Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_jobs_finish_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    state: *const c_char,
    error_summary: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let summary = optional_text("error_summary", error_summary)?;
        Ok(workspace::of(workspace)?.jobs().finish(text("id", id)?, text("state", state)?, summary)?)
    })
}

/// Makes a command run. `command_run` is a JSON object with `commandName`, and `jobId` and `startedAt` as
/// you like. `json` (may be NULL) receives the run.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` for an unknown job, `MCODA_BUSY`, `MCODA_STORAGE`,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_create_json(
    workspace: *mut mcoda_workspace,
    command_run: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let run = NewCommandRun::from_json(&self::json("command_run", command_run)?)?;
        Ok(workspace::of(workspace)?.command_runs().create(&run)?)
    })
}

/// The command run with this id. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.command_runs().get(text("id", id)?)?))
}

/// Ends a command run. `end` is a JSON object with `status`, and `errorSummary`, `spProcessed` and
/// `completedAt` as you like. `json` (may be NULL) receives the run.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`.
/// Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_command_runs_finish_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    end: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let end = CommandRunEnd::from_json(&self::json("end", end)?)?;
        Ok(workspace::of(workspace)?.command_runs().finish(text("id", id)?, &end)?)
    })
}

/// Makes a run on a task. `task_run` is a JSON object with `taskId` and `command`, and `jobId`,
/// `commandRunId`, `agentId`, `startedAt`, `storyPointsAtRun` and `runContext` as you like. `json` (may be
/// NULL) receives the run.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` for an unknown task or job, `MCODA_BUSY`,
/// `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_create_json(
    workspace: *mut mcoda_workspace,
    task_run: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let run = NewTaskRun::from_json(&self::json("task_run", task_run)?)?;
        Ok(workspace::of(workspace)?.task_runs().create(&run)?)
    })
}

/// The task run with this id. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.task_runs().get(text("id", id)?)?))
}

/// The runs on the task with this id, oldest first. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_list_json(
    workspace: *mut mcoda_workspace,
    task_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.task_runs().list(text("task_id", task_id)?)?))
}

/// Ends a task run: `status` is what became of it. `finished_at` is when, RFC 3339, or NULL for now. `json`
/// (may be NULL) receives the run.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`.
/// Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_task_runs_finish_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    status: *const c_char,
    finished_at: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let finished_at = optional_text("finished_at", finished_at)?;
        let finished_at = finished_at.map(|text| Timestamp::read_field("finishedAt", text)).transpose()?;
        let (id, status) = (text("id", id)?, text("status", status)?);
        Ok(workspace::of(workspace)?.task_runs().finish(id, status, finished_at)?)
    })
}
