//! Errors: those of the engine, those of this binding, and how C reads them.

use std::ffi::c_char;

use crate::boundary::or_default_on_panic;
use crate::code::mcoda_code;
use crate::string::Text;

/// Why a call did not succeed. The caller owns it and frees it with `mcoda_error_free`.
pub struct mcoda_error {
    code: mcoda_code,
    message: Text,
    detail: Option<Text>,
    field: Option<Text>,
}

/// The result of what an export does inside of the panic boundary.
pub(crate) type Result<T> = std::result::Result<T, mcoda_error>;

impl mcoda_error {
    /// An invalid parameter or field, with a message of the engine's form.
    pub(crate) fn invalid(name: &str, given: &str, allowed: &str) -> Self {
        Self {
            code: mcoda_code::MCODA_INVALID_INPUT,
            message: Text::new(format!("{name}: got {given}; expected {allowed}")),
            detail: None,
            field: Some(Text::new(name)),
        }
    }

    pub(crate) fn nothing_at(pointer: &str) -> Self {
        mcoda_core::Error::not_found("pointer", "value at", pointer).into()
    }

    pub(crate) fn unsupported(message: &str) -> Self {
        Self { code: mcoda_code::MCODA_UNSUPPORTED, message: Text::new(message), detail: None, field: None }
    }

    pub(crate) fn closed() -> Self {
        Self {
            code: mcoda_code::MCODA_CLOSED,
            message: Text::new(
                "this handle was closed, or is not a handle of this type and process: open a new one",
            ),
            detail: None,
            field: None,
        }
    }

    pub(crate) fn code(&self) -> mcoda_code {
        self.code
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        self.message.as_str()
    }

    #[cfg(test)]
    pub(crate) fn field(&self) -> Option<&str> {
        self.field.as_ref().map(Text::as_str)
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(Text::new(detail));
        self
    }
}

impl From<mcoda_core::Error> for mcoda_error {
    fn from(error: mcoda_core::Error) -> Self {
        Self {
            code: error.kind().into(),
            message: Text::new(error.message()),
            detail: error.detail().map(Text::new),
            field: error.field().map(Text::new),
        }
    }
}

/// The error's code; MCODA_OK for NULL. Threads: any, until the error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_error_code(error: *const mcoda_error) -> mcoda_code {
    or_default_on_panic(mcoda_code::MCODA_OK, || error.as_ref().map(|error| error.code))
}

/// One line that says what is wrong and what to do; NULL for NULL. The text belongs to the error. `length`
/// (may be NULL) receives its length in bytes without the NUL. Threads: any, until the error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_error_message(error: *const mcoda_error, length: *mut usize) -> *const c_char {
    Text::borrow(length, || Some(&error.as_ref()?.message))
}

/// The causes, from the nearest to the first; NULL where none is known. The text belongs to the error.
/// `length` (may be NULL) receives its length in bytes without the NUL, 0 for NULL. Threads: any, until the
/// error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_error_detail(error: *const mcoda_error, length: *mut usize) -> *const c_char {
    Text::borrow(length, || error.as_ref()?.detail.as_ref())
}

/// The invalid field by its JSON name, or the parameter by its name in this header; NULL where the error is not
/// about one. The text belongs to the error. `length` (may be NULL) receives its length in bytes
/// without the NUL, 0 for NULL. Threads: any, until the error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_error_field(error: *const mcoda_error, length: *mut usize) -> *const c_char {
    Text::borrow(length, || error.as_ref()?.field.as_ref())
}

/// Frees an error; NULL is fine. Its texts are gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_error_free(error: *mut mcoda_error) {
    crate::boundary::free(error);
}
