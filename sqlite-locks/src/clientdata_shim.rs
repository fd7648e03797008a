//! Two functions that a system SQLite before 3.44 lacks, and that rusqlite uses when it sets hooks.
//!
//! They store the closure of a hook together with its connection. Closing a connection does not free it: take the hook away
//! before, or what it holds stays until another connection at the same address sets that hook.
#![allow(unsafe_code, reason = "functions of SQLite's, in its own form; each block says why it is sound")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};

use rusqlite::ffi;

type Destructor = Option<unsafe extern "C" fn(*mut c_void)>;

struct Entry {
    connection: usize,
    name: CString,
    data: *mut c_void,
    destructor: Destructor,
}

// SAFETY: rusqlite stores only values that may be sent to another thread.
unsafe impl Send for Entry {}

static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// # Safety
/// As for SQLite's function: `name` is NUL-terminated, and `destructor` frees `data`.
#[unsafe(no_mangle)]
unsafe extern "C" fn sqlite3_set_clientdata(
    connection: *mut ffi::sqlite3,
    name: *const c_char,
    data: *mut c_void,
    destructor: Destructor,
) -> c_int {
    // SAFETY: by the contract of this function.
    let name = unsafe { CStr::from_ptr(name) };
    let mut entries = ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    let old = entries.iter().position(|one| one.connection == connection as usize && *one.name == *name);
    let old = old.map(|place| entries.swap_remove(place));
    if !data.is_null() {
        entries.push(Entry { connection: connection as usize, name: name.to_owned(), data, destructor });
    }
    // Freeing runs other code, which may call this function again.
    drop(entries);
    if let Some(Entry { data, destructor: Some(free), .. }) = old {
        // SAFETY: it was passed for this purpose, and is called once.
        unsafe { free(data) };
    }
    ffi::SQLITE_OK
}

/// # Safety
/// As for SQLite's function: `name` is NUL-terminated.
#[unsafe(no_mangle)]
unsafe extern "C" fn sqlite3_get_clientdata(
    connection: *mut ffi::sqlite3,
    name: *const c_char,
) -> *mut c_void {
    // SAFETY: by the contract of this function.
    let name = unsafe { CStr::from_ptr(name) };
    let entries = ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    let found = entries.iter().find(|one| one.connection == connection as usize && *one.name == *name);
    found.map_or(std::ptr::null_mut(), |one| one.data)
}
