//! The backlog: projects, epics, user stories and tasks.

use std::ffi::c_char;

use mcoda_core::{NewEpic, NewProject, NewStory, NewTask};

use crate::boundary::answer;
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::input::{json, json_array, optional_text, text};
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// The project with this key, which is made where there is none: any number of processes may call this at
/// once and all get the same project. `project` is a JSON object with `key`, and `name`, `description` and
/// `metadata` as you like. `json` (may be NULL) receives the project.
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
    answer(json, error, || {
        let project = NewProject::from_json(&self::json("project", project)?)?;
        Ok(workspace::of(workspace)?.projects().ensure(&project)?)
    })
}

/// The project with this key. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_projects_get_json(
    workspace: *mut mcoda_workspace,
    key: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.projects().get(text("key", key)?)?))
}

/// All projects, by key. `json` (may be NULL) receives an array.
///
/// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_projects_list_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.projects().list()?))
}

/// Makes an epic. `epic` is a JSON object with `projectId`, `key` and `title`, and `description`,
/// `priority` and `metadata` as you like. `json` (may be NULL) receives the epic.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` without its project, `MCODA_CONFLICT` where the key is
/// taken, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_create_json(
    workspace: *mut mcoda_workspace,
    epic: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let epic = NewEpic::from_json(&self::json("epic", epic)?)?;
        Ok(workspace::of(workspace)?.epics().create(&epic)?)
    })
}

/// The epic with this id. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.epics().get(text("id", id)?)?))
}

/// The epics of a project, by key; of all projects where `project_id` is NULL. `json` (may be NULL)
/// receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_list_json(
    workspace: *mut mcoda_workspace,
    project_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        Ok(workspace::of(workspace)?.epics().list(optional_text("project_id", project_id)?)?)
    })
}

/// Makes a user story. `story` is a JSON object with `epicId`, `key` and `title`, and `description`,
/// `acceptanceCriteria`, `priority` and `metadata` as you like. `json` (may be NULL) receives the story.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` without its epic, `MCODA_CONFLICT` where the key is
/// taken, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_create_json(
    workspace: *mut mcoda_workspace,
    story: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let story = NewStory::from_json(&self::json("story", story)?)?;
        Ok(workspace::of(workspace)?.stories().create(&story)?)
    })
}

/// The user story with this id. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_get_json(
    workspace: *mut mcoda_workspace,
    id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.stories().get(text("id", id)?)?))
}

/// The user stories of an epic, by key; of all epics where `epic_id` is NULL. `json` (may be NULL) receives
/// an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_list_json(
    workspace: *mut mcoda_workspace,
    epic_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        Ok(workspace::of(workspace)?.stories().list(optional_text("epic_id", epic_id)?)?)
    })
}

/// Makes a task. `task` is a JSON object with `userStoryId`, `key` and `title`, and `description`, `type`,
/// `status`, `storyPoints`, `priority`, `assignedAgentId`, `assigneeHuman` and `metadata` as you like.
/// `json` (may be NULL) receives the task.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` without its story, `MCODA_CONFLICT` where the key is
/// taken, `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_create_json(
    workspace: *mut mcoda_workspace,
    task: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let task = NewTask::from_json(&self::json("task", task)?)?;
        Ok(workspace::of(workspace)?.tasks().create(&task)?)
    })
}

/// Makes many tasks, all of them or none. `tasks` is a JSON array of what `mcoda_tasks_create_json` takes.
/// `json` (may be NULL) receives an array of the tasks.
///
/// Errors: as there. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_create_many_json(
    workspace: *mut mcoda_workspace,
    tasks: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        let tasks = json_array("tasks", tasks, NewTask::from_json)?;
        Ok(workspace::of(workspace)?.tasks().create_many(&tasks)?)
    })
}

/// The task with this id or key. `json` (may be NULL) receives it, `null` where there is none.
///
/// Errors: `MCODA_INVALID_INPUT` for a key that several tasks have, `MCODA_CLOSED`. Threads: any. Frees:
/// the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_get_json(
    workspace: *mut mcoda_workspace,
    id_or_key: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.tasks().get(text("id_or_key", id_or_key)?)?))
}

/// The tasks of a user story, by key; of all stories where `user_story_id` is NULL. `json` (may be NULL)
/// receives an array.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_list_json(
    workspace: *mut mcoda_workspace,
    user_story_id: *const c_char,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || {
        Ok(workspace::of(workspace)?.tasks().list(optional_text("user_story_id", user_story_id)?)?)
    })
}
