// Written by `cargo xtask generate` from the definitions in core; changes belong there.

//! Options to open a database with, field by field.

use std::ffi::c_char;

use mcoda_core::Options;

use crate::boundary::{call, free, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Field, Fields, Type};
use crate::input::exclusive;

/// Options to open a database with. A field that is not set is absent. The caller owns it and frees it with
/// `mcoda_options_free`. One thread at a time may use it; it may be used for any number of calls.
pub struct mcoda_options(pub(crate) Fields);

/// The fields of a `mcoda_options` that `mcoda_options_set_text` sets to text. The numbers are stable, and
/// new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_options_text_field {
    /// The workspace id that is stored in new records and used in queries. Default: the id in `workspace.json`,
    /// which a new workspace of a root gets; else the path of the root, or of the file's folder, unless the
    /// database has no rows of that path and those of one other id: then that one.
    MCODA_OPTION_WORKSPACE_ID = 1,
    /// Whether `token_usage.json` is written, or the folder in which it is written. Default: true for a root; a
    /// database file has no log unless a folder is given.
    MCODA_OPTION_JSON_LOG_FOLDER = 4,
    /// Which failures a commit survives: `normal` a crash, `full` a power failure too. Default: `normal`. One of
    /// normal, full.
    MCODA_OPTION_SYNCHRONOUS = 5,
}

/// The type of a parameter that the header declares as `mcoda_options_text_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_options_text_field_number = i32;

/// The fields of a `mcoda_options` that `mcoda_options_set_int` sets to a whole number. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_options_int_field {
    /// How long to wait for other writers, in milliseconds, 0 or more. Default: 30000.
    MCODA_OPTION_BUSY_TIMEOUT_MS = 6,
    /// The longest duration of a call, including waiting, in milliseconds, above 0: beyond it the call is
    /// `MCODA_CANCELLED`, unless it has begun to write. Default: no limit.
    MCODA_OPTION_CALL_TIMEOUT_MS = 10,
    /// The largest result of one `query` in memory, in bytes, 1 or more. Default: 536870912 (512 MiB).
    MCODA_OPTION_QUERY_BYTES = 11,
}

/// The type of a parameter that the header declares as `mcoda_options_int_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_options_int_field_number = i32;

/// The fields of a `mcoda_options` that `mcoda_options_set_bool` sets to true or false. The numbers are
/// stable, and new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_options_bool_field {
    /// Whether remote export is off for this handle. Default: false.
    MCODA_OPTION_NO_TELEMETRY = 3,
    /// Whether `token_usage.json` is written, or the folder in which it is written. Default: true for a root; a
    /// database file has no log unless a folder is given.
    MCODA_OPTION_JSON_LOG = 4,
    /// Whether the handle only reads: nothing is created, migrated or written. Default: false.
    MCODA_OPTION_READ_ONLY = 7,
    /// Whether a missing database is `MCODA_NOT_FOUND` instead of being created. Default: false.
    MCODA_OPTION_EXISTING_ONLY = 8,
    /// Whether NULL in the database is null in results where it is otherwise an empty object or list (`metadata`,
    /// `payload`, `runContext`, `agentIds`, `taskIds`), and whether a new job's `processedItems` and a new task
    /// run's `storyPointsAtRun` are NULL if they are not given, as in mcoda's TypeScript packages. Default:
    /// false.
    MCODA_OPTION_NULL_AS_ABSENT = 12,
}

/// The type of a parameter that the header declares as `mcoda_options_bool_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_options_bool_field_number = i32;

/// The fields of a `mcoda_options` that `mcoda_options_set_json` sets to JSON. The numbers are stable, and
/// new fields get new ones.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_options_json_field {
    /// Settings in the format of `config.json`, which override those of the files. Default: none.
    MCODA_OPTION_CONFIG = 2,
    /// The environment variables for this handle as long as it is open: text under the names `HOME`,
    /// `USERPROFILE`, `MCODA_CONFIG`, `MCODA_DISABLE_DB` and `MCODA_TELEMETRY`; other names are ignored. Default:
    /// those of the process (in Node, `process.env`) when the handle is opened.
    MCODA_OPTION_ENVIRONMENT = 9,
}

/// The type of a parameter that the header declares as `mcoda_options_json_field`. It is any number, since C
/// does not check that, and a newer program may know more fields.
pub type mcoda_options_json_field_number = i32;

pub(crate) const FIELDS: &[Field] = &[
    (mcoda_options_text_field::MCODA_OPTION_WORKSPACE_ID as i32, "workspaceId", Type::Text),
    (mcoda_options_text_field::MCODA_OPTION_JSON_LOG_FOLDER as i32, "jsonLog", Type::Text),
    (mcoda_options_text_field::MCODA_OPTION_SYNCHRONOUS as i32, "synchronous", Type::Text),
    (mcoda_options_int_field::MCODA_OPTION_BUSY_TIMEOUT_MS as i32, "busyTimeoutMs", Type::Int),
    (mcoda_options_int_field::MCODA_OPTION_CALL_TIMEOUT_MS as i32, "callTimeoutMs", Type::Int),
    (mcoda_options_int_field::MCODA_OPTION_QUERY_BYTES as i32, "queryBytes", Type::Int),
    (mcoda_options_bool_field::MCODA_OPTION_NO_TELEMETRY as i32, "noTelemetry", Type::Bool),
    (mcoda_options_bool_field::MCODA_OPTION_JSON_LOG as i32, "jsonLog", Type::Bool),
    (mcoda_options_bool_field::MCODA_OPTION_READ_ONLY as i32, "readOnly", Type::Bool),
    (mcoda_options_bool_field::MCODA_OPTION_EXISTING_ONLY as i32, "existingOnly", Type::Bool),
    (mcoda_options_bool_field::MCODA_OPTION_NULL_AS_ABSENT as i32, "nullAsAbsent", Type::Bool),
    (mcoda_options_json_field::MCODA_OPTION_CONFIG as i32, "config", Type::Json),
    (mcoda_options_json_field::MCODA_OPTION_ENVIRONMENT as i32, "environment", Type::Json),
];

impl mcoda_options {
    pub(crate) fn read(&self) -> Result<Options> {
        Ok(Options::from_json(self.0.json())?)
    }
}

/// Makes options to open a database with, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_options_new() -> *mut mcoda_options {
    make(|| mcoda_options(Fields::new(FIELDS)))
}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_free(options: *mut mcoda_options) {
    free(options);
}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_clear(
    options: *mut mcoda_options,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        exclusive("options", options)?.0.clear();
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
pub unsafe extern "C" fn mcoda_options_set_text(
    options: *mut mcoda_options,
    field: mcoda_options_text_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_text(field, value))
}

/// Sets a field to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_int(
    options: *mut mcoda_options,
    field: mcoda_options_int_field_number,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_int(field, value))
}

/// Sets a field to true or false.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type. The
/// call that uses the handle checks whether the value is allowed. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_bool(
    options: *mut mcoda_options,
    field: mcoda_options_bool_field_number,
    value: bool,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_bool(field, value))
}

/// Sets a field to the value of a JSON text; NULL makes it absent.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another type, and
/// text that is not JSON. The call that uses the handle checks whether the value is allowed. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_json(
    options: *mut mcoda_options,
    field: mcoda_options_json_field_number,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_json(field, value))
}
