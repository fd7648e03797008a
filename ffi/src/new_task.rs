// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! A task that is to be created, field by field.

use std::ffi::c_char;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// A task that is to be created. A field that is not set is absent. The caller owns it and frees it with
/// `mcoda_new_task_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_new_task(pub(crate) Fields);

/// The fields of a `mcoda_new_task` that `mcoda_new_task_set_text` sets to text. The numbers are stable, and
/// new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_task_text_field {
    /// The id of its user story, which determines its epic and project; required.
    MCODA_NEW_TASK_USER_STORY_ID = 1,
    /// The id of its epic, where the caller has it; that of the story.
    MCODA_NEW_TASK_EPIC_ID = 2,
    /// The id of its project, where the caller has it; that of the story.
    MCODA_NEW_TASK_PROJECT_ID = 3,
    /// Its key; required, unique in the story.
    MCODA_NEW_TASK_KEY = 4,
    /// Its title, on one line; required.
    MCODA_NEW_TASK_TITLE = 5,
    /// Its description.
    MCODA_NEW_TASK_DESCRIPTION = 6,
    /// Its type.
    MCODA_NEW_TASK_TYPE = 7,
    /// Its status. Absent: `not_started`.
    MCODA_NEW_TASK_STATUS = 8,
    /// The agent to which it is assigned.
    MCODA_NEW_TASK_ASSIGNED_AGENT_ID = 11,
    /// The person to whom it is assigned.
    MCODA_NEW_TASK_ASSIGNEE_HUMAN = 12,
    /// The git branch of its work.
    MCODA_NEW_TASK_VCS_BRANCH = 13,
    /// The git branch that its work started from.
    MCODA_NEW_TASK_VCS_BASE_BRANCH = 14,
    /// The last git commit of its work.
    MCODA_NEW_TASK_VCS_LAST_COMMIT_SHA = 15,
    /// The version of the OpenAPI document that it was created from.
    MCODA_NEW_TASK_OPENAPI_VERSION_AT_CREATION = 16,
    /// When it was created, for an import. Absent: now.
    MCODA_NEW_TASK_CREATED_AT = 18,
}

/// The type of a parameter that the header declares as `mcoda_new_task_text_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_task_text_field_number = i32;

/// The fields of a `mcoda_new_task` that `mcoda_new_task_set_int` sets to a whole number. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_task_int_field {
    /// Its priority: smaller numbers come first.
    MCODA_NEW_TASK_PRIORITY = 10,
}

/// The type of a parameter that the header declares as `mcoda_new_task_int_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_task_int_field_number = i32;

/// The fields of a `mcoda_new_task` that `mcoda_new_task_set_real` sets to a number. The numbers are stable,
/// and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_task_real_field {
    /// Its size in story points: finite, 0 or more. Finite, 0 or more.
    MCODA_NEW_TASK_STORY_POINTS = 9,
}

/// The type of a parameter that the header declares as `mcoda_new_task_real_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_task_real_field_number = i32;

/// The fields of a `mcoda_new_task` that `mcoda_new_task_set_json` sets to JSON. The numbers are stable, and
/// new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_task_json_field {
    /// Additional data of the host.
    MCODA_NEW_TASK_METADATA = 17,
}

/// The type of a parameter that the header declares as `mcoda_new_task_json_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_task_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_new_task_text_field::MCODA_NEW_TASK_USER_STORY_ID as i32, "userStoryId", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_EPIC_ID as i32, "epicId", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_PROJECT_ID as i32, "projectId", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_KEY as i32, "key", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_TITLE as i32, "title", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_DESCRIPTION as i32, "description", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_TYPE as i32, "type", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_STATUS as i32, "status", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_ASSIGNED_AGENT_ID as i32, "assignedAgentId", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_ASSIGNEE_HUMAN as i32, "assigneeHuman", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_VCS_BRANCH as i32, "vcsBranch", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_VCS_BASE_BRANCH as i32, "vcsBaseBranch", Type::Text),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_VCS_LAST_COMMIT_SHA as i32, "vcsLastCommitSha", Type::Text),
    (
        mcoda_new_task_text_field::MCODA_NEW_TASK_OPENAPI_VERSION_AT_CREATION as i32,
        "openapiVersionAtCreation",
        Type::Text,
    ),
    (mcoda_new_task_text_field::MCODA_NEW_TASK_CREATED_AT as i32, "createdAt", Type::Text),
    (mcoda_new_task_int_field::MCODA_NEW_TASK_PRIORITY as i32, "priority", Type::Int),
    (mcoda_new_task_real_field::MCODA_NEW_TASK_STORY_POINTS as i32, "storyPoints", Type::Real),
    (mcoda_new_task_json_field::MCODA_NEW_TASK_METADATA as i32, "metadata", Type::Json),
];

/// Makes a task that is to be created, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_new_task_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_new_task_new() -> *mut mcoda_new_task {
    make(|| mcoda_new_task(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_task_free(task: *mut mcoda_new_task) {
    free(task);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_task_clear(
    task: *mut mcoda_new_task,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("task", task)?.0.clear();
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
pub unsafe extern "C" fn mcoda_new_task_set_text(
    task: *mut mcoda_new_task,
    field: mcoda_new_task_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("task", task)?.0.set_text(field, value))
}

/// Sets a field to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_task_set_int(
    task: *mut mcoda_new_task,
    field: mcoda_new_task_int_field_number,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("task", task)?.0.set_int(field, value))
}

/// Sets a field to a number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_task_set_real(
    task: *mut mcoda_new_task,
    field: mcoda_new_task_real_field_number,
    value: f64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("task", task)?.0.set_real(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_task_set_json(
    task: *mut mcoda_new_task,
    field: mcoda_new_task_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("task", task)?.0.set_json(field, value))
}
