//! The codes that calls return, and the library's version.

use std::ffi::{CStr, c_char};
use std::ptr;

use mcoda_core::ErrorKind;

use crate::abi::MCODA_ABI_VERSION;

/// The result of a call. The numbers are stable: new ones are added at the end, none changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum mcoda_code {
    /// Success.
    MCODA_OK = 0,
    /// An invalid value: the error names the field or parameter, the value and what is allowed.
    MCODA_INVALID_INPUT = 1,
    /// A task, job, project key or other thing that does not exist.
    MCODA_NOT_FOUND = 2,
    /// The row changed under the caller, or a record with this id exists with other content.
    MCODA_CONFLICT = 3,
    /// Another writer held the database for longer than the timeout. A retry is safe.
    MCODA_BUSY = 4,
    /// The disk is full, a permission is missing, or reading or writing a file failed.
    MCODA_STORAGE = 5,
    /// Not a database, a damaged database, or damaged JSON that could not be moved out of the way.
    MCODA_CORRUPT = 6,
    /// The database has a newer schema than this library knows, or the file does not allow the call.
    MCODA_UNSUPPORTED = 7,
    /// The handle is closed, or is not a handle of this type.
    MCODA_CLOSED = 8,
    /// A bug in libmcoda.
    MCODA_INTERNAL = 9,
    /// The call was interrupted or reached its time limit, before it changed anything.
    MCODA_CANCELLED = 10,
}

use mcoda_code::*;

const NAMES: [(mcoda_code, &CStr); 11] = [
    (MCODA_OK, c"OK"),
    (MCODA_INVALID_INPUT, c"INVALID_INPUT"),
    (MCODA_NOT_FOUND, c"NOT_FOUND"),
    (MCODA_CONFLICT, c"CONFLICT"),
    (MCODA_BUSY, c"BUSY"),
    (MCODA_STORAGE, c"STORAGE"),
    (MCODA_CORRUPT, c"CORRUPT"),
    (MCODA_UNSUPPORTED, c"UNSUPPORTED"),
    (MCODA_CLOSED, c"CLOSED"),
    (MCODA_INTERNAL, c"INTERNAL"),
    (MCODA_CANCELLED, c"CANCELLED"),
];

impl From<ErrorKind> for mcoda_code {
    fn from(kind: ErrorKind) -> Self {
        // A kind without a code would be a bug; a test compares the two.
        let same = NAMES.iter().find(|(own, _)| *own as i32 == kind.code());
        same.map_or(MCODA_INTERNAL, |(code, _)| *code)
    }
}

/// The version of the library, for example "0.1.0". Threads: any. Frees: nobody, the text is the library's.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the library's binary interface: `MCODA_ABI_VERSION` of the header that it was built with.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_abi_version() -> u32 {
    MCODA_ABI_VERSION
}

/// The name of a code without its prefix, for example "INVALID_INPUT"; NULL for a number that is not a code.
/// Threads: any. Frees: nobody, the text is the library's.
#[unsafe(no_mangle)]
pub extern "C" fn mcoda_code_name(code: i32) -> *const c_char {
    let found = NAMES.iter().find(|(own, _)| *own as i32 == code);
    found.map_or(ptr::null(), |(_, name)| name.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_the_engines() {
        for kind in ErrorKind::ALL {
            let (code, name) = NAMES[usize::try_from(kind.code()).unwrap()];
            assert_eq!((code, code as i32), (kind.into(), kind.code()));
            assert_eq!(name.to_str(), Ok(kind.name()));
        }
        assert_eq!(NAMES.len(), ErrorKind::ALL.len() + 1);
        assert!(mcoda_code_name(11).is_null() && mcoda_code_name(-1).is_null());
    }
}
