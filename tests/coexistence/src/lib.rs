//! Other copies of SQLite in this process.
//!
//! [`Foreign`] is the same source, compiled a second time and loaded beside ours, as a host would bring it along.
//! [`Second`] is this whole crate a second time, the library with its locks included, as in a program with the Python
//! package and the C library. Cargo builds it beside the tests, as a shared library.
#![cfg(unix)]

mod second;

pub use second::{Second, open_ours, run_on_ours};

use std::ffi::{CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;
use std::time::Duration;

use libloading::{Library, Symbol};

// The extern crate is named so that the build script gets the location of its source.
use libsqlite3_sys as _;

/// An error code of SQLite.
pub type Code = c_int;

pub const BUSY: Code = 5;

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    // SAFETY: loading SQLite runs no code of its own.
    LIBRARY.get_or_init(|| unsafe { Library::new(env!("FOREIGN_SQLITE")) }.expect("the other copy of SQLite"))
}

/// A function of the other copy.
///
/// # Safety
/// `T` is its type.
unsafe fn function<T>(name: &str) -> Symbol<'static, T> {
    // SAFETY: by the contract of this function.
    unsafe { library().get(name) }.expect(name)
}

/// A connection of the other copy. One thread at a time uses it.
#[derive(Debug)]
pub struct Foreign(*mut c_void);

// SAFETY: SQLite is compiled for use from any thread, and a mutable reference is needed to use it.
unsafe impl Send for Foreign {}

impl Foreign {
    /// Opens or creates the database.
    pub fn open(path: &Path, timeout: Duration) -> Result<Self, Code> {
        const READ_WRITE_CREATE: c_int = 6;
        Self::open_with(path, READ_WRITE_CREATE, timeout)
    }

    pub fn open_read_only(path: &Path, timeout: Duration) -> Result<Self, Code> {
        const READ_ONLY: c_int = 1;
        Self::open_with(path, READ_ONLY, timeout)
    }

    fn open_with(path: &Path, flags: c_int, timeout: Duration) -> Result<Self, Code> {
        let path = CString::new(path.to_str().expect("a name in UTF-8")).expect("a name");
        let mut connection = ptr::null_mut();
        // SAFETY: these are the functions' types; a handle is closed even if opening it failed.
        unsafe {
            let open = function::<
                unsafe extern "C" fn(*const c_char, *mut *mut c_void, c_int, *const c_char) -> Code,
            >("sqlite3_open_v2");
            let code = open(path.as_ptr(), &raw mut connection, flags, ptr::null());
            let connection = Self(connection);
            if code != 0 {
                return Err(code);
            }
            let wait = function::<unsafe extern "C" fn(*mut c_void, c_int) -> Code>("sqlite3_busy_timeout");
            wait(connection.0, timeout.as_millis() as c_int);
            Ok(connection)
        }
    }

    pub fn execute(&mut self, sql: &str) -> Result<(), Code> {
        let sql = CString::new(sql).expect("SQL");
        // SAFETY: this is the function's type, and the connection is open.
        let code = unsafe {
            function::<
                unsafe extern "C" fn(
                    *mut c_void,
                    *const c_char,
                    *const c_void,
                    *mut c_void,
                    *mut *mut c_char,
                ) -> Code,
            >("sqlite3_exec")(self.0, sql.as_ptr(), ptr::null(), ptr::null_mut(), ptr::null_mut())
        };
        if code == 0 { Ok(()) } else { Err(code) }
    }

    /// The number that a query returns.
    pub fn number(&mut self, sql: &str) -> Result<i64, Code> {
        const ROW: Code = 100;
        let sql = CString::new(sql).expect("SQL");
        let mut statement = ptr::null_mut();
        // SAFETY: these are the functions' types; the statement is used while it is prepared.
        unsafe {
            let code = function::<
                unsafe extern "C" fn(
                    *mut c_void,
                    *const c_char,
                    c_int,
                    *mut *mut c_void,
                    *const c_char,
                ) -> Code,
            >("sqlite3_prepare_v2")(
                self.0, sql.as_ptr(), -1, &raw mut statement, ptr::null()
            );
            if code != 0 {
                return Err(code);
            }
            let stepped = function::<unsafe extern "C" fn(*mut c_void) -> Code>("sqlite3_step")(statement);
            let number = function::<unsafe extern "C" fn(*mut c_void, c_int) -> i64>("sqlite3_column_int64")(
                statement, 0,
            );
            function::<unsafe extern "C" fn(*mut c_void) -> Code>("sqlite3_finalize")(statement);
            if stepped == ROW { Ok(number) } else { Err(stepped) }
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // SAFETY: nothing else uses the connection, and no statement is left.
        unsafe { function::<unsafe extern "C" fn(*mut c_void) -> Code>("sqlite3_close")(self.0) };
    }
}
