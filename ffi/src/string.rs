//! Text that goes out: with its length, and with a NUL behind it.

use std::ffi::c_char;
use std::ptr;

use serde::Serialize;

use crate::boundary::quietly;
use crate::error::{Result, mcoda_error};

/// Text with a NUL behind it.
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        text.push('\0');
        Self(text)
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
/// its length in bytes without the NUL. JSON has no other NUL in it. Threads: any, until the string is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_text(string: *const mcoda_string, length: *mut usize) -> *const c_char {
    Text::lend(length, || Some(&string.as_ref()?.0))
}

/// Frees a string; NULL is fine. Its text is gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_string_free(string: *mut mcoda_string) {
    crate::boundary::free(string);
}
