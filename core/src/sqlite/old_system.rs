//! Two functions that a system's SQLite before 3.44 lacks.
//!
//! rusqlite refers to them where it sets hooks, which this crate does not use: without them nothing could be linked.
//! A hook that somebody sets all the same is refused as if memory had run out, and none is ever found.
#![allow(unsafe_code, reason = "functions of SQLite's, in its own form; nothing that is passed is looked at")]

use std::ffi::{c_char, c_int, c_void};

use rusqlite::ffi;

#[unsafe(no_mangle)]
extern "C" fn sqlite3_set_clientdata(
    _connection: *mut ffi::sqlite3,
    _name: *const c_char,
    data: *mut c_void,
    _destructor: Option<unsafe extern "C" fn(*mut c_void)>,
) -> c_int {
    if data.is_null() { ffi::SQLITE_OK } else { ffi::SQLITE_NOMEM }
}

#[unsafe(no_mangle)]
extern "C" fn sqlite3_get_clientdata(_connection: *mut ffi::sqlite3, _name: *const c_char) -> *mut c_void {
    std::ptr::null_mut()
}
