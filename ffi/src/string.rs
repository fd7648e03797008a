//! Text for the caller: with its length, and terminated by a NUL.

use std::ffi::c_char;
use std::ptr;

use mcoda_core::calls::json_of;
use mcoda_core::memory::reserve_text;
use serde::Serialize;
use serde_json::Value;

use crate::boundary::{or_default_on_panic, write_required_out};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::input::{parse, shared, text};

/// Text terminated by a NUL.
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        text.push('\0');
        Self(text)
    }

    /// The result of a call, which may be as large as memory allows.
    pub(crate) fn of_result(mut text: String) -> Result<Self> {
        reserve_text(&mut text, 1)?;
        Ok(Self::new(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0[..self.0.len() - 1]
    }

    /// A pointer to the text that `of` returns, for the caller to read; NULL and a length of 0 where there is none.
    pub(crate) unsafe fn borrow<'a>(
        length: *mut usize,
        of: impl FnOnce() -> Option<&'a Self>,
    ) -> *const c_char {
        let (text, bytes) = or_default_on_panic((ptr::null(), 0), || {
            let text = of()?;
            Some((text.0.as_ptr().cast(), text.0.len() - 1))
        });
        if !length.is_null() {
            length.write(bytes);
        }
        text
    }
}

/// Text that a call returns, in UTF-8; JSON where the call's comment says so. The caller owns it and frees it with
/// `mcoda_string_free`.
pub struct mcoda_string(Text, Option<Text>);

/// The ids as JSON; `None` if there are none.
pub(crate) fn other_workspaces(ids: &[String]) -> Option<Text> {
    (!ids.is_empty()).then(|| Text::new(Value::from(ids).to_string()))
}

impl mcoda_string {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Text::new(text), None)
    }

    /// The result of a call, which may be as large as memory allows.
    pub(crate) fn of_result(json: String) -> Result<Self> {
        Ok(Self(Text::of_result(json)?, None))
    }

    /// The same, with the ids of other workspaces if the result is empty because of them.
    pub(crate) fn with_other_workspaces(self, ids: &[String]) -> Self {
        Self(self.0, other_workspaces(ids))
    }

    pub(crate) fn json(value: &impl Serialize) -> Result<Self> {
        Self::of_result(json_of(value)?)
    }
}

/// The text, terminated by a NUL; NULL for NULL. It belongs to the string. `length` (may be NULL) receives
/// its length in bytes without the NUL. JSON contains no other NUL. Threads: any, until the string is
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_text(string: *const mcoda_string, length: *mut usize) -> *const c_char {
    Text::borrow(length, || Some(&string.as_ref()?.0))
}

/// The ids of other workspaces, as a JSON array, if the result of the call is empty because the database has rows of other
/// workspaces only: the project was moved, or was opened with another id than before. NULL otherwise, and for NULL. It
/// belongs to the string. `length` (may be NULL) receives its length in bytes without the NUL. Threads: any, until the
/// string is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_other_workspaces(
    string: *const mcoda_string,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || string.as_ref()?.1.as_ref())
}

/// A value within a JSON text that a call returned, for programs without a JSON library. `pointer` is a JSON pointer
/// (RFC 6901): "/id", "/0/taskId"; "" is the whole. `value` receives a string without its quotes, and anything else
/// as JSON. Each call parses the whole text.
///
/// Errors: `MCODA_NOT_FOUND` where there is no such value, `MCODA_INVALID_INPUT` for text that is not JSON.
/// Threads: any, until the string is freed. Frees: the caller, `value` with `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_at(
    json: *const mcoda_string,
    pointer: *const c_char,
    value: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("value", value, error, || {
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
