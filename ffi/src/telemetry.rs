//! Whether usage is recorded, and whether records may be sent away.

use crate::boundary::answer;
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// What the config files, the environment and this handle's options say about recording and export, read
/// anew with every call. `json` (may be NULL) receives `{"localRecording", "remoteExport", "optOut",
/// "strict", "offByEnvironment", "offByHandle"}`, with `endpoint` and `configPath` where there are any.
///
/// Errors: `MCODA_CORRUPT` for a damaged config file, `MCODA_INVALID_INPUT` for a setting of the wrong type,
/// `MCODA_CLOSED`. Threads: any. Frees: the caller, `json` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_telemetry_config_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.telemetry_config()?))
}

/// Opts out of sending records away, in the `config.json` beside the database; `strict` also stops
/// recording them. A strict setting that holds already stays. `json` (may be NULL) receives what holds now,
/// as `mcoda_telemetry_config_json` gives it.
///
/// Errors: as there, and nothing in the file is changed then; `MCODA_STORAGE` for a handle that only reads,
/// `MCODA_UNSUPPORTED` for a database in memory. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_telemetry_opt_out_json(
    workspace: *mut mcoda_workspace,
    strict: bool,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.opt_out(strict)?))
}

/// Takes an opting-out back, a strict one too: records are kept, and may be sent away. `json` (may be NULL)
/// receives what holds now, as `mcoda_telemetry_config_json` gives it.
///
/// Errors: as `mcoda_telemetry_opt_out_json`. Threads: any. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_telemetry_opt_in_json(
    workspace: *mut mcoda_workspace,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    answer(json, error, || Ok(workspace::of(workspace)?.opt_in()?))
}
