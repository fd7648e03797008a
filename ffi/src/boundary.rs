//! The panic boundary. Every export runs its work through one of these functions.

use std::ptr;

use mcoda_core::calls::Reply;

use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::log::after_the_call;
use crate::string::mcoda_string;

/// Runs the work of an export that may fail; the error is written to `error` unless that is NULL.
pub(crate) unsafe fn call(error: *mut *mut mcoda_error, work: impl FnOnce() -> Result<()>) -> mcoda_code {
    let mut work = Some(work);
    call_erased(error, &mut || work.take().map_or(Ok(()), |work| work()))
}

/// [`call`], compiled once for all exports.
unsafe fn call_erased(error: *mut *mut mcoda_error, work: &mut dyn FnMut() -> Result<()>) -> mcoda_code {
    let guarded = || mcoda_core::catch_panic(|| Ok(work())).unwrap_or_else(|panic| Err(panic.into()));
    let done = after_the_call(guarded);
    let Err(failure) = done else { return mcoda_code::MCODA_OK };
    let code = failure.code();
    if !error.is_null() {
        error.write(Box::into_raw(Box::new(failure)));
    }
    code
}

/// Writes what `work` makes to `out`; the caller owns it. It is dropped where `out` is NULL.
pub(crate) unsafe fn write_out<T>(
    out: *mut *mut T,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<T>,
) -> mcoda_code {
    call(error, || {
        let made = work()?;
        if !out.is_null() {
            out.write(Box::into_raw(Box::new(made)));
        }
        Ok(())
    })
}

/// [`write_out`] for an out-parameter, called `name` in the header, that may not be NULL.
pub(crate) unsafe fn write_required_out<T>(
    name: &str,
    out: *mut *mut T,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<T>,
) -> mcoda_code {
    write_out(out, error, || if out.is_null() { Err(mcoda_error::null(name)) } else { work() })
}

/// Writes the result of a call as JSON to `json`.
pub(crate) unsafe fn write_reply(
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<Reply>,
) -> mcoda_code {
    write_out(json, error, || {
        let reply = work()?;
        Ok(mcoda_string::of_result(reply.to_json()?)?.with_other_workspaces(reply.other_workspaces()))
    })
}

/// Makes a handle that the caller owns; NULL on a panic.
pub(crate) fn make<T>(work: impl FnOnce() -> T) -> *mut T {
    or_default_on_panic(ptr::null_mut(), || Some(Box::into_raw(Box::new(work()))))
}

/// Reads a value of a handle; `default` where there is none, and on a panic.
pub(crate) fn or_default_on_panic<T>(default: T, read: impl FnOnce() -> Option<T>) -> T {
    let (mut read, mut found) = (Some(read), None);
    ignoring_panics(&mut || found = read.take().and_then(|read| read()));
    found.unwrap_or(default)
}

fn ignoring_panics(work: &mut dyn FnMut()) {
    // What reads or frees a handle has no error that it could return.
    let _ = after_the_call(|| {
        mcoda_core::catch_panic(|| {
            work();
            Ok(())
        })
    });
}

/// Frees what [`write_out`] wrote, or a handle that a `…_new` made.
pub(crate) unsafe fn free<T>(owned: *mut T) {
    or_default_on_panic((), || {
        if !owned.is_null() {
            drop(Box::from_raw(owned));
        }
        Some(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{mcoda_error_code, mcoda_error_detail, mcoda_error_free};

    #[test]
    fn a_panic_becomes_an_error_and_writes_no_out_parameter() {
        let mut error = ptr::null_mut();
        let mut out: *mut mcoda_string = ptr::null_mut();
        // SAFETY: both out-parameters may be written, and the error is freed once.
        unsafe {
            let code =
                write_required_out("out", &mut out, &mut error, || panic!("row {}", String::from("7")));
            assert_eq!((code, mcoda_error_code(error)), (mcoda_code::MCODA_INTERNAL, code));
            let detail = std::ffi::CStr::from_ptr(mcoda_error_detail(error, ptr::null_mut()));
            assert!(detail.to_str().unwrap().starts_with("a panic at ffi/src/boundary.rs:"), "{detail:?}");
            mcoda_error_free(error);
            assert_eq!(write_reply(ptr::null_mut(), ptr::null_mut(), || panic!()), code);
        }
        assert!(out.is_null());
        assert_eq!(or_default_on_panic(7, || panic!()), 7);
    }
}
