//! What a fork must not share.
//!
//! SQLite keeps, for each file that is open, which locks it has. A child inherits that memory and none of the
//! locks. If it opens the same file again, SQLite would find the inherited entry and take the parent's locks
//! for its own. So in a child a file has another device number than in its parent, as far as SQLite can see:
//! what the child opens is new to it, and what it inherited is never touched again.

use std::ffi::c_char;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::c_int;

use super::hooks::{Call, replace};
use super::registry::{Registry, registry};
use crate::sqlite::fork::Held;

/// How many forks lie between this process and the one that installed the layer.
static GENERATION: AtomicU64 = AtomicU64::new(0);

static HELD: Held<Registry> = Held::nothing();

pub(super) fn install() {
    // SAFETY: three functions that live as long as this library; the C library forgets them if it is unloaded.
    // The call can fail only for lack of memory; then a fork shares what it should not.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

extern "C" fn before() {
    // SAFETY: there is one registry.
    unsafe { HELD.put(registry()) };
}

extern "C" fn in_parent() {
    // SAFETY: put there by `before`.
    drop(unsafe { HELD.take() });
}

extern "C" fn in_child() {
    // SAFETY: put there by `before`.
    if let Some(mut registry) = unsafe { HELD.take() } {
        registry.forget_inherited();
        GENERATION.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the functions have the signatures of `fstat` and `stat`.
        unsafe {
            replace(c"fstat", std::mem::transmute::<FstatCall, Call>(fstat));
            replace(c"stat", std::mem::transmute::<StatCall, Call>(stat));
        }
    }
}

type FstatCall = unsafe extern "C" fn(c_int, *mut libc::stat) -> c_int;
type StatCall = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;

/// # Safety
/// As for the system call.
unsafe extern "C" fn fstat(fd: c_int, status: *mut libc::stat) -> c_int {
    // SAFETY: by the contract of this function.
    unsafe {
        let result = libc::fstat(fd, status);
        if result == 0 {
            (*status).st_dev = in_this_generation((*status).st_dev);
        }
        result
    }
}

/// # Safety
/// As for the system call.
unsafe extern "C" fn stat(path: *const c_char, status: *mut libc::stat) -> c_int {
    // SAFETY: by the contract of this function.
    unsafe {
        let result = libc::stat(path, status);
        if result == 0 {
            (*status).st_dev = in_this_generation((*status).st_dev);
        }
        result
    }
}

/// Different devices stay different, and each is another one than in any process before.
fn in_this_generation(device: libc::dev_t) -> libc::dev_t {
    let highest = libc::dev_t::BITS - 16;
    device ^ ((GENERATION.load(Ordering::Relaxed) as libc::dev_t) << highest)
}
