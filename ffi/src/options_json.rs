//! Options from JSON.

use std::ffi::c_char;

use mcoda_core::Options;

use crate::boundary::write_required_out;
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::fields::Fields;
use crate::input::json;
use crate::options::{FIELDS, mcoda_options};

/// Makes options to open a database with from a JSON object with the fields by their JSON names (`workspaceId`), and
/// checks every value. `options` receives them. Errors: `MCODA_INVALID_INPUT`. Threads: any. Frees: the caller,
/// `options` with `mcoda_options_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_options_from_json(
    text: *const c_char,
    options: *mut *mut mcoda_options,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("options", options, error, || {
        let values = json("text", text)?;
        drop(Options::from_json(&values)?);
        Ok(mcoda_options(Fields::filled(FIELDS, &values)))
    })
}
