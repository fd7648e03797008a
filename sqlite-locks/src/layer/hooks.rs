//! Replacements for the system calls of SQLite.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Once;
use std::time::Duration;

use libc::{c_int, flock, mode_t};
use rusqlite::ffi;

use super::fork;
use super::registry::{self, Lock, Opening, Outcome, registry};
use super::sys::{self, Errno, Fd};
use crate::switch;

/// Installs the layer below this copy's unix VFS, once.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if switch::is_off() {
            return;
        }
        // SAFETY: no operation has this number, so nothing else is read and nothing is changed. The result
        // distinguishes a call that comes too late from an unknown one.
        let is_late = unsafe { ffi::sqlite3_config(-1) } == ffi::SQLITE_MISUSE;
        registry().start(is_late, switch::is_refused());
        fork::install();
        // SAFETY: each function has the signature with which SQLite calls the replaced one, except that `fcntl` is
        // variadic: on the systems where the layer takes locks, a variadic call passes integers and pointers like any
        // other call. SQLite itself casts the pointer back.
        unsafe {
            replace(c"open", std::mem::transmute::<OpenCall, Call>(open));
            replace(c"close", std::mem::transmute::<CloseCall, Call>(close));
            if sys::HAS_DESCRIPTION_LOCKS {
                replace(c"fcntl", std::mem::transmute::<FcntlCall, Call>(fcntl));
            }
        }
    });
}

pub(super) type Call = unsafe extern "C" fn();
type OpenCall = unsafe extern "C" fn(*const c_char, c_int, c_int) -> Fd;
type CloseCall = extern "C" fn(Fd) -> c_int;
type FcntlCall = unsafe extern "C" fn(Fd, c_int, *mut c_void) -> c_int;

/// Replaces a system call of the unix VFSes; they share one table.
///
/// # Safety
/// SQLite calls `with` with the arguments of the system call `name`.
pub(super) unsafe fn replace(name: &CStr, with: Call) {
    // SAFETY: the VFS is static, and only its own method is called. An SQLite without a unix VFS has none.
    unsafe {
        let vfs = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        if let Some(vfs) = vfs.as_mut()
            && let Some(set) = vfs.xSetSystemCall
        {
            set(vfs, name.as_ptr(), Some(with));
        }
    }
}

fn as_c_result(result: Result<c_int, Errno>) -> c_int {
    result.unwrap_or_else(|error| {
        sys::set_last_error(error);
        -1
    })
}

/// # Safety
/// `path` is NUL-terminated.
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> Fd {
    // SAFETY: by the contract of this function.
    let path = unsafe { CStr::from_ptr(path) };
    let mode = mode as mode_t;
    let number = match registry().begin_open(path, flags, mode) {
        Opening::Done(opened) => return as_c_result(opened),
        Opening::Begun(number) => number,
    };
    // Without the registry, since it can take long and a fork waits for the registry.
    let mut opened = registry::open(path, flags, mode);
    if opened == Err(libc::EMFILE) {
        registry().close_all_parked();
        opened = registry::open(path, flags, mode);
    }
    registry().end_open(number, path, flags, opened);
    as_c_result(opened)
}

extern "C" fn close(fd: Fd) -> c_int {
    as_c_result(registry().close(fd).map(|()| 0))
}

/// # Safety
/// `argument` is what the command requires.
unsafe extern "C" fn fcntl(fd: Fd, command: c_int, argument: *mut c_void) -> c_int {
    if !matches!(command, libc::F_SETLK | libc::F_SETLKW | libc::F_GETLK) {
        // SAFETY: the caller's own call.
        return unsafe { libc::fcntl(fd, command, argument) };
    }
    let request = argument.cast::<flock>();
    // SAFETY: these commands come with a `flock` of the caller.
    let wanted = Lock::new(unsafe { &*request });
    loop {
        let outcome = registry().lock(fd, command == libc::F_GETLK, wanted);
        return match outcome {
            // SAFETY: the caller's own call.
            Outcome::PassThrough => unsafe { libc::fcntl(fd, command, argument) },
            Outcome::Done => 0,
            Outcome::Conflict(found) => {
                // SAFETY: as above; it is written as the system call would.
                unsafe { *request = found };
                0
            }
            // The registry must not be held during a wait.
            Outcome::Failed(libc::EAGAIN | libc::EACCES) if command == libc::F_SETLKW => {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            Outcome::Failed(error) => as_c_result(Err(error)),
        };
    }
}
