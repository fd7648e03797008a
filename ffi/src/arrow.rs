//! Rows as a stream of Apache Arrow.

use std::ffi::c_char;

#[cfg(feature = "arrow")]
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use mcoda_core::calls::Target;
use serde_json::Value;

use crate::boundary::call;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::global::{self, mcoda_global};
use crate::input::{optional_json, text};
use crate::workspace::{self, mcoda_workspace};

/// The stream of Arrow's C stream interface. The headers of Arrow libraries declare it, and
/// <https://arrow.apache.org/docs/format/CStreamInterface.html> has its declaration for programs without one.
pub struct ArrowArrayStream(());

/// Makes a call that returns rows, and exports its rows as a stream of Apache Arrow (C stream interface). `name` is the
/// name of the call, for example `token_usage`, `token_usage_summary`, `jobs.list` or `query`; `arguments` (a JSON array,
/// may be NULL) are its arguments in their order, for example `[{"since": "30d"}]`. `stream` receives the stream, and may be
/// uninitialized.
///
/// The rows are read now: the stream is independent of the database and of later calls. Its `release` frees it, and must be
/// called, as the interface demands. Columns have the names and types that docs/c.md lists.
///
/// Errors: those of the call; `MCODA_INVALID_INPUT` for a call that returns no rows, and for a column of a statement whose
/// values have several types; `MCODA_UNSUPPORTED` if this library was built without the feature `arrow`. Threads: any; the
/// stream one at a time. Frees: the caller, `stream` with its own `release`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_arrow_stream(
    workspace: *mut mcoda_workspace,
    name: *const c_char,
    arguments: *const c_char,
    stream: *mut ArrowArrayStream,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        let (name, arguments) = read(name, arguments, stream)?;
        export(&Target::Workspace(&*workspace::of(workspace)?), name, &arguments, stream)
    })
}

/// `mcoda_arrow_stream` for the calls in the user's global database. `arguments` (a JSON array, may be NULL), `name` and
/// `stream` are as there.
///
/// Errors: as there. Threads: any; the stream one at a time. Frees: the caller, `stream` with its own `release`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_arrow_stream(
    global: *mut mcoda_global,
    name: *const c_char,
    arguments: *const c_char,
    stream: *mut ArrowArrayStream,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        let (name, arguments) = read(name, arguments, stream)?;
        export(&Target::Global(&*global::of(global)?), name, &arguments, stream)
    })
}

unsafe fn read<'a>(
    name: *const c_char,
    arguments: *const c_char,
    stream: *mut ArrowArrayStream,
) -> Result<(&'a str, Vec<Value>)> {
    let name = text("name", name)?;
    let arguments = match optional_json("arguments", arguments)? {
        Value::Null => Vec::new(),
        Value::Array(arguments) => arguments,
        _ => return Err(mcoda_error::invalid("arguments", "other JSON", "a JSON array")),
    };
    if stream.is_null() {
        return Err(mcoda_error::null("stream"));
    }
    Ok((name, arguments))
}

#[cfg(feature = "arrow")]
unsafe fn export(
    target: &Target<'_>,
    name: &str,
    arguments: &[Value],
    stream: *mut ArrowArrayStream,
) -> Result<()> {
    let (columns, _) = target.columns(name, arguments)?;
    // What was there before is not released: the interface takes uninitialized memory.
    stream.cast::<FFI_ArrowArrayStream>().write(FFI_ArrowArrayStream::new(columns.reader()?));
    Ok(())
}

#[cfg(not(feature = "arrow"))]
unsafe fn export(
    _target: &Target<'_>,
    _name: &str,
    _arguments: &[Value],
    _stream: *mut ArrowArrayStream,
) -> Result<()> {
    Err(mcoda_error::unsupported("this library was built without Apache Arrow: make install FEATURES=arrow"))
}
