//! Opening, closing and copying a workspace.

use std::ffi::c_char;
use std::sync::Arc;

use mcoda_core::calls::{Reply, Target};
use mcoda_core::{Options, Workspace};
use serde_json::Value;

use crate::boundary::{self, write_required_out};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::handles::Handles;
use crate::input::text;
use crate::options::mcoda_options;
use crate::string::mcoda_string;

/// The record of one project's work. A handle may be used by any number of threads at once: calls that
/// write queue. The caller closes it with `mcoda_workspace_close`. A call with a closed handle, or with a pointer that
/// is not such a handle, returns `MCODA_CLOSED`. The pointer cannot be dereferenced.
pub struct mcoda_workspace(());

static WORKSPACES: Handles<Workspace, mcoda_workspace> = Handles::new();

/// The workspace of a call, which keeps it for as long as it runs.
pub(crate) fn of(workspace: *const mcoda_workspace) -> Result<Arc<Workspace>> {
    WORKSPACES.get("workspace", workspace)
}

/// Runs `work` on it as one call, which is interrupted and timed as a whole.
pub(crate) fn one_call<T>(
    workspace: *const mcoda_workspace,
    work: impl FnOnce(&Workspace) -> mcoda_core::Result<T>,
) -> Result<T> {
    let open = of(workspace)?;
    Ok(open.as_one_call(|| work(&open))?)
}

/// Makes a call on a workspace.
pub(crate) fn call(workspace: *const mcoda_workspace, name: &str, arguments: &[Value]) -> Result<Reply> {
    Ok(Target::Workspace(&*of(workspace)?).call(name, arguments)?)
}

/// The options that a caller passed, or the defaults for NULL.
pub(crate) unsafe fn options(options: *const mcoda_options) -> Result<Options> {
    options.as_ref().map_or_else(|| Ok(Workspace::options()), mcoda_options::read)
}

/// Opens the workspace of the project whose root folder is `root`, UTF-8; what is missing is created, and
/// an older database is brought up to date. `options` may be NULL: the defaults. `workspace` receives the
/// handle.
///
/// Errors: `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND` (it does not exist and may not be created), `MCODA_BUSY`,
/// `MCODA_STORAGE`, `MCODA_CORRUPT`, `MCODA_UNSUPPORTED`. Threads: any. Frees: the caller, `workspace` with
/// `mcoda_workspace_close`, and `options`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspace_open(
    root: *const c_char,
    options: *const mcoda_options,
    workspace: *mut *mut mcoda_workspace,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    WORKSPACES
        .write_out("workspace", workspace, error, || Ok(self::options(options)?.open(text("root", root)?)?))
}

/// Opens the workspace database in the file `path`, UTF-8; ":memory:" is a database that lives as long as
/// the handle. `options` may be NULL: the defaults. `workspace` receives the handle.
///
/// Errors: as `mcoda_workspace_open`. Threads: any. Frees: the caller, `workspace` with
/// `mcoda_workspace_close`, and `options`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspace_open_db(
    path: *const c_char,
    options: *const mcoda_options,
    workspace: *mut *mut mcoda_workspace,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    WORKSPACES.write_out("workspace", workspace, error, || {
        Ok(self::options(options)?.open_db(text("path", path)?)?)
    })
}

/// Cancels the calls of this handle that other threads are in: those that wait and those that only read return
/// `MCODA_CANCELLED` within some milliseconds, a batch is rolled back, and a single call that has begun to write
/// finishes. Later calls are not affected. It does not wait. It takes a lock, so a signal handler must not call it:
/// set a flag there and call it elsewhere.
///
/// Errors: `MCODA_CLOSED`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_interrupt(
    workspace: *mut mcoda_workspace,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    boundary::call(error, || {
        of(workspace)?.interrupt();
        Ok(())
    })
}

/// Closes the workspace after the calls that other threads are in; those that only read are cancelled and return
/// `MCODA_CLOSED`. The handle is closed even if this fails. Closing it again, and closing NULL, does nothing.
///
/// Errors: `MCODA_STORAGE`, where the last write failed. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspace_close(
    workspace: *mut mcoda_workspace,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    boundary::call(error, || WORKSPACES.take(workspace).map_or(Ok(()), |open| Ok(open.close()?)))
}

/// The workspace's id, which new records carry, goes to `id`.
///
/// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `id` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspace_id(
    workspace: *mut mcoda_workspace,
    id: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("id", id, error, || Ok(mcoda_string::new(of(workspace)?.id())))
}

/// The path of the database's file goes to `path`; bytes that are not UTF-8 are replaced by U+FFFD.
///
/// Errors: `MCODA_CLOSED`. Threads: any. Frees: the caller, `path` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_workspace_database_path(
    workspace: *mut mcoda_workspace,
    path: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("path", path, error, || {
        Ok(mcoda_string::new(of(workspace)?.database_path().to_string_lossy()))
    })
}

/// Copies the database as it is now into a new file at `path`, UTF-8, readable by its owner alone. Calls
/// of this handle that write wait for it; calls that read, other handles and other processes do not.
///
/// Errors: `MCODA_CONFLICT` where `path` exists, `MCODA_INVALID_INPUT` for a name that ends in
/// `-journal`, `-wal` or `-shm` or that the library uses itself, `MCODA_STORAGE` where it cannot be written,
/// `MCODA_CLOSED`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_backup_to(
    workspace: *mut mcoda_workspace,
    path: *const c_char,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    boundary::call(error, || {
        let path = text("path", path)?;
        one_call(workspace, |open| open.backup_to(path))
    })
}
