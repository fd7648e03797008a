//! The user's global database.

use std::ffi::c_char;
use std::sync::Arc;

use mcoda_core::Global;
use mcoda_core::calls::{Reply, Target};
use serde_json::Value;

use crate::boundary::{self, write_out, write_required_out};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::handles::Handles;
use crate::input::{shared, text};
use crate::options::mcoda_options;
use crate::record::mcoda_recorded;
use crate::string::mcoda_string;
use crate::token_usage::mcoda_token_usage;
use crate::workspace;

/// The user's own database: agents, and what their calls outside of any project cost. A handle may be used
/// by any number of threads at once: calls that write queue. The caller closes it with `mcoda_global_close`. A call
/// with a closed handle, or with a pointer that is not such a handle, returns `MCODA_CLOSED`. The pointer cannot be
/// dereferenced.
pub struct mcoda_global(());

static GLOBALS: Handles<Global, mcoda_global> = Handles::new();

/// The database of a call, which keeps it for as long as it runs.
pub(crate) fn of(global: *const mcoda_global) -> Result<Arc<Global>> {
    GLOBALS.get("global", global)
}

/// Runs `work` on it as one call, which is interrupted and timed as a whole.
pub(crate) fn one_call<T>(
    global: *const mcoda_global,
    work: impl FnOnce(&Global) -> mcoda_core::Result<T>,
) -> Result<T> {
    let open = of(global)?;
    Ok(open.as_one_call(|| work(&open))?)
}

/// Makes a call on the global database.
pub(crate) fn call(global: *const mcoda_global, name: &str, arguments: &[Value]) -> Result<Reply> {
    Ok(Target::Global(&*of(global)?).call(name, arguments)?)
}

/// Opens the user's global database, `.mcoda/mcoda.db` in the home folder; what is missing is created, and
/// an older database is brought up to date. `options` may be NULL: the defaults. `global` receives the
/// handle.
///
/// Errors: as `mcoda_workspace_open`. Threads: any. Frees: the caller, `global` with `mcoda_global_close`,
/// and `options`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_open(
    options: *const mcoda_options,
    global: *mut *mut mcoda_global,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    GLOBALS.write_out("global", global, error, || Ok(workspace::options(options)?.open_global()?))
}

/// Opens the global database in the file `path`, UTF-8; ":memory:" is a database that lives as long as the
/// handle. `options` may be NULL: the defaults. `global` receives the handle.
///
/// Errors: as `mcoda_workspace_open`. Threads: any. Frees: the caller, `global` with `mcoda_global_close`,
/// and `options`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_open_db(
    path: *const c_char,
    options: *const mcoda_options,
    global: *mut *mut mcoda_global,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    GLOBALS.write_out("global", global, error, || {
        Ok(workspace::options(options)?.open_global_db(text("path", path)?)?)
    })
}

/// Cancels the calls of this handle that other threads are in: those that wait and those that only read return
/// `MCODA_CANCELLED` within some milliseconds, a batch is rolled back, and a single call that has begun to write
/// finishes. Later calls are not affected. It does not wait. It takes a lock, so a signal handler must not call it:
/// set a flag there and call it elsewhere.
///
/// Errors: `MCODA_CLOSED`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_interrupt(
    global: *mut mcoda_global,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    boundary::call(error, || {
        of(global)?.interrupt();
        Ok(())
    })
}

/// Closes the database after the calls that other threads are in; those that only read are cancelled and return
/// `MCODA_CLOSED`. The handle is closed even if this fails. Closing it again, and closing NULL, does nothing.
///
/// Errors: `MCODA_STORAGE`, where the last write failed. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_close(
    global: *mut mcoda_global,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    boundary::call(error, || GLOBALS.take(global).map_or(Ok(()), |open| Ok(open.close()?)))
}

/// The path of the database's file goes to `path`; bytes that are not UTF-8 are replaced by U+FFFD.
///
/// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `path` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_database_path(
    global: *mut mcoda_global,
    path: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("path", path, error, || {
        Ok(mcoda_string::new(of(global)?.database_path().to_string_lossy()))
    })
}

/// Records what one agent call outside of any project cost. Fields of the backlog (job, task, project …)
/// are `MCODA_INVALID_INPUT` here. `recorded` (may be NULL) receives the result.
///
/// Errors: as `mcoda_record_token_usage`. Threads: any; `usage` one at a time. Frees: the caller,
/// `recorded` with `mcoda_recorded_free`, and `usage`, which is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_record_token_usage(
    global: *mut mcoda_global,
    usage: *const mcoda_token_usage,
    recorded: *mut *mut mcoda_recorded,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_out(recorded, error, || {
        let usage = shared("usage", usage)?.read()?;
        Ok(one_call(global, |open| open.record_token_usage(&usage))?.into())
    })
}

/// `mcoda_backup_to` for this database.
///
/// Errors: as there. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_backup_to(
    global: *mut mcoda_global,
    path: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    boundary::call(error, || {
        let path = text("path", path)?;
        one_call(global, |open| open.backup_to(path))
    })
}
