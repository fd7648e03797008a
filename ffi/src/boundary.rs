//! The border that no panic crosses. Every export runs its work through one of these functions.

use std::ptr;

use mcoda_core::calls::Reply;
use serde::Serialize;

use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::string::mcoda_string;

/// Does the work of an export that may fail; the error goes to `error`, where the caller wants one.
pub(crate) unsafe fn call(error: *mut *mut mcoda_error, work: impl FnOnce() -> Result<()>) -> mcoda_code {
    let done = mcoda_core::catch_panic(|| Ok(work())).unwrap_or_else(|panic| Err(panic.into()));
    let Err(failure) = done else { return mcoda_code::MCODA_OK };
    let code = failure.code();
    if !error.is_null() {
        error.write(Box::into_raw(Box::new(failure)));
    }
    code
}

/// Gives out what `work` makes, for the caller to own. A caller that passes NULL does not want it.
pub(crate) unsafe fn give<T>(
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

/// [`give`] where a call without the out-parameter `name` would make no sense.
pub(crate) unsafe fn give_wanted<T>(
    name: &str,
    out: *mut *mut T,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<T>,
) -> mcoda_code {
    give(out, error, || if out.is_null() { Err(mcoda_error::null(name)) } else { work() })
}

/// Gives out what `work` answers as JSON.
pub(crate) unsafe fn answer<T: Serialize>(
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<T>,
) -> mcoda_code {
    give(json, error, || mcoda_string::json(&work()?))
}

/// Gives out what a call returned, as JSON.
pub(crate) unsafe fn reply(
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<Reply>,
) -> mcoda_code {
    give(json, error, || Ok(mcoda_string::new(work()?.to_json()?)))
}

/// Gives out the text for people that a call returned. Without a place for it the call would make no sense.
pub(crate) unsafe fn text_reply(
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
    work: impl FnOnce() -> Result<Reply>,
) -> mcoda_code {
    give_wanted("text", text, error, || {
        Ok(mcoda_string::new(work()?.to_value().as_str().unwrap_or_default()))
    })
}

/// Makes a handle for the caller to own; NULL if that should panic.
pub(crate) fn make<T>(work: impl FnOnce() -> T) -> *mut T {
    quietly(ptr::null_mut(), || Some(Box::into_raw(Box::new(work()))))
}

/// Reads something off a handle; `otherwise` where there is nothing, or where the reading panics.
pub(crate) fn quietly<T>(otherwise: T, read: impl FnOnce() -> Option<T>) -> T {
    mcoda_core::catch_panic(|| Ok(read())).ok().flatten().unwrap_or(otherwise)
}

/// Frees what [`give`] gave out, or a handle that a `…_new` made.
pub(crate) unsafe fn free<T>(given: *mut T) {
    quietly((), || {
        if !given.is_null() {
            drop(Box::from_raw(given));
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
            let code = give_wanted("out", &mut out, &mut error, || panic!("row {}", String::from("7")));
            assert_eq!((code, mcoda_error_code(error)), (mcoda_code::MCODA_INTERNAL, code));
            let detail = std::ffi::CStr::from_ptr(mcoda_error_detail(error, ptr::null_mut()));
            assert!(detail.to_str().unwrap().starts_with("a panic at ffi/src/boundary.rs:"), "{detail:?}");
            mcoda_error_free(error);
            assert_eq!(answer::<()>(ptr::null_mut(), ptr::null_mut(), || panic!()), code);
        }
        assert!(out.is_null());
        assert_eq!(quietly(7, || panic!()), 7);
    }
}
