// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! A project that is to be created, field by field.

use std::ffi::c_char;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// A project that is to be created. A field that is not set is absent. The caller owns it and frees it with
/// `mcoda_new_project_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_new_project(pub(crate) Fields);

/// The fields of a `mcoda_new_project` that `mcoda_new_project_set_text` sets to text. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_project_text_field {
    /// Its key; required, unique in the workspace.
    MCODA_NEW_PROJECT_KEY = 1,
    /// Its name.
    MCODA_NEW_PROJECT_NAME = 2,
    /// Its description.
    MCODA_NEW_PROJECT_DESCRIPTION = 3,
    /// When it was created, for an import. Absent: now.
    MCODA_NEW_PROJECT_CREATED_AT = 5,
}

/// The type of a parameter that the header declares as `mcoda_new_project_text_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_new_project_text_field_number = i32;

/// The fields of a `mcoda_new_project` that `mcoda_new_project_set_json` sets to JSON. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_project_json_field {
    /// Additional data of the host.
    MCODA_NEW_PROJECT_METADATA = 4,
}

/// The type of a parameter that the header declares as `mcoda_new_project_json_field`. It is any number,
/// since C does not check that, and a newer program may know more fields.
pub type mcoda_new_project_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_new_project_text_field::MCODA_NEW_PROJECT_KEY as i32, "key", Type::Text),
    (mcoda_new_project_text_field::MCODA_NEW_PROJECT_NAME as i32, "name", Type::Text),
    (mcoda_new_project_text_field::MCODA_NEW_PROJECT_DESCRIPTION as i32, "description", Type::Text),
    (mcoda_new_project_text_field::MCODA_NEW_PROJECT_CREATED_AT as i32, "createdAt", Type::Text),
    (mcoda_new_project_json_field::MCODA_NEW_PROJECT_METADATA as i32, "metadata", Type::Json),
];

/// Makes a project that is to be created, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_new_project_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_new_project_new() -> *mut mcoda_new_project {
    make(|| mcoda_new_project(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_project_free(project: *mut mcoda_new_project) {
    free(project);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_project_clear(
    project: *mut mcoda_new_project,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("project", project)?.0.clear();
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
pub unsafe extern "C" fn mcoda_new_project_set_text(
    project: *mut mcoda_new_project,
    field: mcoda_new_project_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("project", project)?.0.set_text(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_project_set_json(
    project: *mut mcoda_new_project,
    field: mcoda_new_project_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("project", project)?.0.set_json(field, value))
}
