//! Creating a backlog from handles, so that no program has to write JSON.

use mcoda_core::calls::Reply;

use crate::boundary::write_reply;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::Fields;
use crate::input::shared;
use crate::new_epic::mcoda_new_epic;
use crate::new_project::mcoda_new_project;
use crate::new_story::mcoda_new_story;
use crate::new_task::mcoda_new_task;
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

fn create(workspace: *const mcoda_workspace, call: &str, item: &Fields) -> Result<Reply> {
    workspace::call(workspace, call, &[item.json().clone()])
}

/// Returns the project with the key, and creates it if there is none, as `mcoda_projects_ensure_json` does. `json` (may be
/// NULL) receives the project.
///
/// Errors: as there. Threads: any; `project` one at a time. Frees: the caller, `json` with `mcoda_string_free`, and
/// `project`, which is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_projects_ensure(
    workspace: *mut mcoda_workspace,
    project: *const mcoda_new_project,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || create(workspace, "projects.ensure", &shared("project", project)?.0))
}

/// Creates an epic, as `mcoda_epics_create_json` does. `json` (may be NULL) receives it.
///
/// Errors: as there. Threads: any; `epic` one at a time. Frees: the caller, `json` with `mcoda_string_free`, and `epic`,
/// which is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_epics_create(
    workspace: *mut mcoda_workspace,
    epic: *const mcoda_new_epic,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || create(workspace, "epics.create", &shared("epic", epic)?.0))
}

/// Creates a user story, as `mcoda_stories_create_json` does. `json` (may be NULL) receives it.
///
/// Errors: as there. Threads: any; `story` one at a time. Frees: the caller, `json` with `mcoda_string_free`, and `story`,
/// which is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_stories_create(
    workspace: *mut mcoda_workspace,
    story: *const mcoda_new_story,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || create(workspace, "stories.create", &shared("story", story)?.0))
}

/// Creates a task, as `mcoda_tasks_create_json` does. `json` (may be NULL) receives it.
///
/// Errors: as there. Threads: any; `task` one at a time. Frees: the caller, `json` with `mcoda_string_free`, and `task`,
/// which is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_tasks_create(
    workspace: *mut mcoda_workspace,
    task: *const mcoda_new_task,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || create(workspace, "tasks.create", &shared("task", task)?.0))
}
