//! Two functions that a system's SQLite before 3.44 lacks, and to which rusqlite refers where it sets hooks.
//!
//! They keep what a hook calls beside its connection. What is left when a connection is closed is let go when another
//! one at the same address sets that hook, or never: it is little.
#![allow(unsafe_code, reason = "functions of SQLite's, in its own form; each block says why it is sound")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};

use rusqlite::ffi;

type Destructor = Option<unsafe extern "C" fn(*mut c_void)>;

struct Kept {
    connection: usize,
    name: CString,
    data: *mut c_void,
    destructor: Destructor,
}

// SAFETY: rusqlite keeps only what may be sent to another thread.
unsafe impl Send for Kept {}

static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// # Safety
/// As for SQLite's function: `name` ends with a zero byte, and `destructor` frees `data`.
#[unsafe(no_mangle)]
unsafe extern "C" fn sqlite3_set_clientdata(
    connection: *mut ffi::sqlite3,
    name: *const c_char,
    data: *mut c_void,
    destructor: Destructor,
) -> c_int {
    // SAFETY: by the contract of this function.
    let name = unsafe { CStr::from_ptr(name) };
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let old = kept.iter().position(|one| one.connection == connection as usize && *one.name == *name);
    let old = old.map(|place| kept.swap_remove(place));
    if !data.is_null() {
        kept.push(Kept { connection: connection as usize, name: name.to_owned(), data, destructor });
    }
    // Freeing runs code of others, which may come back here.
    drop(kept);
    if let Some(Kept { data, destructor: Some(free), .. }) = old {
        // SAFETY: it was given for this, and is called once.
        unsafe { free(data) };
    }
    ffi::SQLITE_OK
}

/// # Safety
/// As for SQLite's function: `name` ends with a zero byte.
#[unsafe(no_mangle)]
unsafe extern "C" fn sqlite3_get_clientdata(
    connection: *mut ffi::sqlite3,
    name: *const c_char,
) -> *mut c_void {
    // SAFETY: by the contract of this function.
    let name = unsafe { CStr::from_ptr(name) };
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept.iter().find(|one| one.connection == connection as usize && *one.name == *name);
    found.map_or(std::ptr::null_mut(), |one| one.data)
}
