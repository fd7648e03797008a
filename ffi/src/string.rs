//! Text that goes out: with its length, and with a NUL behind it.

use std::ffi::c_char;
use std::ptr;

use serde::Serialize;
use serde_json::Value;

use crate::boundary::{give_wanted, quietly};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::input::{parse, shared, text};

/// Text with a NUL behind it.
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        text.push('\0');
        Self(text)
    }

    fn as_str(&self) -> &str {
        &self.0[..self.0.len() - 1]
    }

    /// Lets the caller read a text that `of` finds: NULL and a length of 0 where it finds none.
    pub(crate) unsafe fn lend<'a>(
        length: *mut usize,
        of: impl FnOnce() -> Option<&'a Self>,
    ) -> *const c_char {
        let (text, bytes) = quietly((ptr::null(), 0), || {
            let text = of()?;
            Some((text.0.as_ptr().cast(), text.0.len() - 1))
        });
        if !length.is_null() {
            length.write(bytes);
        }
        text
    }
}

/// Text that a call answers, JSON where the call says so; UTF-8. The caller owns it and frees it with
/// `mcoda_string_free`.
pub struct mcoda_string(Text);

impl mcoda_string {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Text::new(text))
    }

    pub(crate) fn json(value: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_string(value).map_err(mcoda_error::unwritable)?;
        Ok(Self::new(text))
    }
}

/// The text, with a NUL behind it; NULL for NULL. It belongs to the string. `length` (may be NULL) receives
/// its length in bytes without the NUL. JSON has no other NUL in it. Threads: any, until the string is
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_text(string: *const mcoda_string, length: *mut usize) -> *const c_char {
    Text::lend(length, || Some(&string.as_ref()?.0))
}

/// A value within a JSON text that a call answered, for programs without a JSON library. `pointer` says
/// where, as RFC 6901 does: "/id", "/0/taskId"; "" is all of it. `value` receives a text as it is, and
/// anything else as JSON. Each call reads the whole text.
///
/// Errors: `MCODA_NOT_FOUND` where there is no such value, `MCODA_INVALID_INPUT` for a string that is no
/// JSON. Threads: any, until the string is freed. Frees: the caller, `value` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_at(
    json: *const mcoda_string,
    pointer: *const c_char,
    value: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    give_wanted("value", value, error, || {
        let json = parse("json", shared("json", json)?.0.as_str())?;
        let pointer = text("pointer", pointer)?;
        match json.pointer(pointer).ok_or_else(|| mcoda_error::nothing_at(pointer))? {
            Value::String(text) => Ok(mcoda_string::new(text)),
            other => mcoda_string::json(other),
        }
    })
}

/// Frees a string; NULL is fine. Its text is gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_free(string: *mut mcoda_string) {
    crate::boundary::free(string);
}
