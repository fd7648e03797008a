// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! An epic that is to be created, field by field.

use std::ffi::c_char;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// An epic that is to be created. A field that is not set is absent. The caller owns it and frees it with
/// `mcoda_new_epic_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_new_epic(pub(crate) Fields);

/// The fields of a `mcoda_new_epic` that `mcoda_new_epic_set_text` sets to text. The numbers are stable, and
/// new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_epic_text_field {
    /// The id of its project; required.
    MCODA_NEW_EPIC_PROJECT_ID = 1,
    /// Its key; required, unique in the project.
    MCODA_NEW_EPIC_KEY = 2,
    /// Its title, on one line; required.
    MCODA_NEW_EPIC_TITLE = 3,
    /// Its description.
    MCODA_NEW_EPIC_DESCRIPTION = 4,
    /// When it was created, for an import. Absent: now.
    MCODA_NEW_EPIC_CREATED_AT = 8,
}

/// The type of a parameter that the header declares as `mcoda_new_epic_text_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_epic_text_field_number = i32;

/// The fields of a `mcoda_new_epic` that `mcoda_new_epic_set_int` sets to a whole number. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_epic_int_field {
    /// Its priority: smaller numbers come first.
    MCODA_NEW_EPIC_PRIORITY = 6,
}

/// The type of a parameter that the header declares as `mcoda_new_epic_int_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_epic_int_field_number = i32;

/// The fields of a `mcoda_new_epic` that `mcoda_new_epic_set_real` sets to a number. The numbers are stable,
/// and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_epic_real_field {
    /// Its size in story points: finite, 0 or more. Finite, 0 or more.
    MCODA_NEW_EPIC_STORY_POINTS_TOTAL = 5,
}

/// The type of a parameter that the header declares as `mcoda_new_epic_real_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_epic_real_field_number = i32;

/// The fields of a `mcoda_new_epic` that `mcoda_new_epic_set_json` sets to JSON. The numbers are stable, and
/// new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_new_epic_json_field {
    /// Additional data of the host.
    MCODA_NEW_EPIC_METADATA = 7,
}

/// The type of a parameter that the header declares as `mcoda_new_epic_json_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_new_epic_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_new_epic_text_field::MCODA_NEW_EPIC_PROJECT_ID as i32, "projectId", Type::Text),
    (mcoda_new_epic_text_field::MCODA_NEW_EPIC_KEY as i32, "key", Type::Text),
    (mcoda_new_epic_text_field::MCODA_NEW_EPIC_TITLE as i32, "title", Type::Text),
    (mcoda_new_epic_text_field::MCODA_NEW_EPIC_DESCRIPTION as i32, "description", Type::Text),
    (mcoda_new_epic_text_field::MCODA_NEW_EPIC_CREATED_AT as i32, "createdAt", Type::Text),
    (mcoda_new_epic_int_field::MCODA_NEW_EPIC_PRIORITY as i32, "priority", Type::Int),
    (mcoda_new_epic_real_field::MCODA_NEW_EPIC_STORY_POINTS_TOTAL as i32, "storyPointsTotal", Type::Real),
    (mcoda_new_epic_json_field::MCODA_NEW_EPIC_METADATA as i32, "metadata", Type::Json),
];

/// Makes an epic that is to be created, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_new_epic_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_new_epic_new() -> *mut mcoda_new_epic {
    make(|| mcoda_new_epic(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_epic_free(epic: *mut mcoda_new_epic) {
    free(epic);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_epic_clear(
    epic: *mut mcoda_new_epic,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("epic", epic)?.0.clear();
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
pub unsafe extern "C" fn mcoda_new_epic_set_text(
    epic: *mut mcoda_new_epic,
    field: mcoda_new_epic_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("epic", epic)?.0.set_text(field, value))
}

/// Sets a field to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_epic_set_int(
    epic: *mut mcoda_new_epic,
    field: mcoda_new_epic_int_field_number,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("epic", epic)?.0.set_int(field, value))
}

/// Sets a field to a number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_epic_set_real(
    epic: *mut mcoda_new_epic,
    field: mcoda_new_epic_real_field_number,
    value: f64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("epic", epic)?.0.set_real(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_new_epic_set_json(
    epic: *mut mcoda_new_epic,
    field: mcoda_new_epic_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("epic", epic)?.0.set_json(field, value))
}
