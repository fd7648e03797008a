//! What a database is opened with.

use std::ffi::c_char;

use mcoda_core::Options;

use crate::boundary::{call, free, give_wanted, make};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::fields::{Fields, fields};
use crate::input::{exclusive, json};

/// Options to open a database with. The caller owns it and frees it with `mcoda_options_free`. One thread
/// at a time may use it; it may be used for any number of calls.
pub struct mcoda_options(Fields);

/// The fields of a `mcoda_options`. The numbers are stable, and new fields get new ones. The type behind
/// each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_option {
    /// text: the workspace's id. Default: that of `workspace.json`, else the path of the root, or of the
    /// file's folder.
    MCODA_OPTION_WORKSPACE_ID = 1,
    /// json: settings in the shape of `config.json` that hold over the files'. Default: none.
    MCODA_OPTION_CONFIG = 2,
    /// bool: whether remote export is off. Default: false.
    MCODA_OPTION_NO_TELEMETRY = 3,
    /// bool: whether `token_usage.json` is written; text: into which folder. Default: true for a root; a
    /// file gets none unless a folder is given.
    MCODA_OPTION_JSON_LOG = 4,
    /// text: `normal` (survives a crash) or `full` (survives a power cut too). Default: `normal`.
    MCODA_OPTION_SYNCHRONOUS = 5,
    /// int: how long to wait for other writers, in milliseconds, 0 or more. Default: 30000.
    MCODA_OPTION_BUSY_TIMEOUT_MS = 6,
    /// bool: whether to read alone: nothing is created, migrated or written. Default: false.
    MCODA_OPTION_READ_ONLY = 7,
    /// bool: whether a missing database is `MCODA_NOT_FOUND` in place of created. Default: false.
    MCODA_OPTION_EXISTING_ONLY = 8,
}

use mcoda_option::*;

fields! {
    MCODA_OPTION_WORKSPACE_ID = "workspaceId",
    MCODA_OPTION_CONFIG = "config",
    MCODA_OPTION_NO_TELEMETRY = "noTelemetry",
    MCODA_OPTION_JSON_LOG = "jsonLog",
    MCODA_OPTION_SYNCHRONOUS = "synchronous",
    MCODA_OPTION_BUSY_TIMEOUT_MS = "busyTimeoutMs",
    MCODA_OPTION_READ_ONLY = "readOnly",
    MCODA_OPTION_EXISTING_ONLY = "existingOnly",
}

impl mcoda_options {
    pub(crate) fn read(&self) -> Result<Options> {
        Ok(Options::from_json(&self.0.to_json())?)
    }
}

/// Makes options to open a database with, with no field set. Threads: any. Frees: the caller, with
/// `mcoda_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_options_new() -> *mut mcoda_options {
    make(|| mcoda_options(Fields::new(FIELDS)))
}

/// Makes them from a JSON object with the fields by their JSON names (`workspaceId`), and checks every
/// value. `options` receives them. Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller,
/// `options` with `mcoda_options_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_from_json(
    text: *const c_char,
    options: *mut *mut mcoda_options,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("options", options, error, || {
        let values = json("text", text)?;
        Options::from_json(&values)?;
        Ok(mcoda_options(Fields::filled(FIELDS, &values)))
    })
}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_free(options: *mut mcoda_options) {
    free(options);
}

/// Sets a field, a `mcoda_option`, to text, which is copied; NULL makes it absent again. A time is RFC 3339
/// text with `Z` or an offset (`2026-03-20T12:00:00Z`).
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is not
/// UTF-8; whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_text(
    options: *mut mcoda_options,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_text(field, value))
}

/// Sets a field, a `mcoda_option`, to a whole number.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
/// field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_int(
    options: *mut mcoda_options,
    field: i32,
    value: i64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_int(field, value))
}

/// Sets a field, a `mcoda_option`, to true or false.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know; whether the value fits the
/// field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_bool(
    options: *mut mcoda_options,
    field: i32,
    value: bool,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_bool(field, value))
}

/// Sets a field, a `mcoda_option`, to what a JSON text says, which is copied; NULL makes it absent again.
///
/// Errors: `MCODA_INVALID_INPUT` for a field that this version does not know, and for text that is no JSON;
/// whether the value fits the field is checked by the call that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_set_json(
    options: *mut mcoda_options,
    field: i32,
    value: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || exclusive("options", options)?.0.set_json(field, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::assert_complete;

    #[test]
    fn fields_are_those_of_the_engine_in_the_order_of_their_numbers() {
        let refused = Options::from_json(&serde_json::json!({"noSuchField": 1})).unwrap_err();
        assert_complete(FIELDS, CONSTANTS, "MCODA_OPTION", &refused, &[]);
    }
}
