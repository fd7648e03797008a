//! A second copy of the library, in a shared library of its own.

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use libloading::Library;
use mcoda_core::Workspace;
use rusqlite::Connection;

use crate::Code;

/// A connection of this crate's own copy, with the library's locks.
pub fn open_ours(file: &Path, wait: Duration) -> Connection {
    // The library installs its locks when it opens its first database.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(Workspace::open_db(":memory:").expect("a database")));
    let connection = Connection::open(file).expect("a database");
    connection.busy_timeout(wait).expect("a timeout");
    // Slow flushes are irrelevant here. Other errors are found by the transactions.
    let _ = connection.execute_batch("PRAGMA synchronous=OFF");
    connection
}

pub fn run_on_ours(connection: &Connection, sql: &str) -> Result<(), Code> {
    connection.execute_batch(sql).map_err(|error| match error {
        rusqlite::Error::SqliteFailure(error, _) => error.extended_code & 0xff,
        other => panic!("{other}"),
    })
}

type Open = unsafe extern "C" fn(*const c_char, c_int) -> *mut Connection;
type Run = unsafe extern "C" fn(*mut Connection, *const c_char) -> Code;
type Close = unsafe extern "C" fn(*mut Connection);

/// The exports of the shared library.
///
/// # Safety
/// `file` is NUL-terminated.
#[unsafe(no_mangle)]
unsafe extern "C" fn second_open(file: *const c_char, wait: c_int) -> *mut Connection {
    // SAFETY: by the contract of this function.
    let file = unsafe { CStr::from_ptr(file) }.to_str().expect("a name in UTF-8");
    Box::into_raw(Box::new(open_ours(Path::new(file), Duration::from_millis(wait as u64))))
}

/// # Safety
/// `connection` comes from [`second_open`], `sql` is NUL-terminated.
#[unsafe(no_mangle)]
unsafe extern "C" fn second_run(connection: *mut Connection, sql: *const c_char) -> Code {
    // SAFETY: by the contract of this function.
    let (connection, sql) = unsafe { (&*connection, CStr::from_ptr(sql)) };
    run_on_ours(connection, sql.to_str().expect("SQL")).err().unwrap_or(0)
}

/// # Safety
/// `connection` comes from [`second_open`] and is not used again.
#[unsafe(no_mangle)]
unsafe extern "C" fn second_close(connection: *mut Connection) {
    // SAFETY: by the contract of this function.
    drop(unsafe { Box::from_raw(connection) });
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let beside = std::env::current_exe().expect("a test has a file");
        let library: PathBuf = beside.with_file_name("libmcoda_coexistence.so");
        // SAFETY: loading it runs no code of its own.
        unsafe { Library::new(&library) }.expect("the library a second time")
    })
}

/// A connection of the second copy of the library.
#[derive(Debug)]
pub struct Second(*mut Connection);

// SAFETY: a `Connection` may be sent, and a mutable reference is needed to use it.
unsafe impl Send for Second {}

impl Second {
    pub fn open(file: &Path, wait: Duration) -> Self {
        let file = CString::new(file.to_str().expect("a name in UTF-8")).expect("a name");
        // SAFETY: this is the function's type.
        Self(unsafe {
            library().get::<Open>("second_open").expect("exported")(file.as_ptr(), wait.as_millis() as c_int)
        })
    }

    pub fn execute(&mut self, sql: &str) -> Result<(), Code> {
        let sql = CString::new(sql).expect("SQL");
        // SAFETY: this is the function's type, and the connection is open.
        let code = unsafe { library().get::<Run>("second_run").expect("exported")(self.0, sql.as_ptr()) };
        if code == 0 { Ok(()) } else { Err(code) }
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // SAFETY: this is the function's type, and nothing else has the connection.
        unsafe { library().get::<Close>("second_close").expect("exported")(self.0) };
    }
}
