//! What a fork must not share.
//!
//! SQLite keeps, for each file that is open, which locks it has. A child inherits that memory and none of the
//! locks. If it opens the same file again, SQLite would find the inherited entry and take the parent's locks
//! for its own. So in a child a file has another device number than in its parent, as far as SQLite can see:
//! what the child opens is new to it, and what it inherited is never touched again.
//!
//! A mutex that another thread has in the moment of the fork stays locked for ever in the child, where that thread is
//! not. What the child uses of what it inherited is guarded by SQLite's static mutexes, so they are all taken before a
//! fork and released behind it. Those of a connection or a file the child never touches.

use std::ffi::c_char;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use libc::c_int;
use rusqlite::ffi;

use super::hooks::{Call, replace};
use super::registry::{Registry, registry};
use crate::closed_in_children::Held;

/// How many forks lie between this process and the one that installed the layer.
static GENERATION: AtomicU64 = AtomicU64::new(0);

static HELD: Held<Registry> = Held::nothing();

/// In the order in which SQLite takes one while it has another: the temporary folder's name (VFS1) is made of random
/// numbers, these ask for the list of VFSes (MAIN), and memory is asked for anywhere. The registry comes last of all,
/// since files are opened and closed under most of them. The others are not used by this VFS.
const NESTED: [c_int; 7] = [
    ffi::SQLITE_MUTEX_STATIC_OPEN,
    ffi::SQLITE_MUTEX_STATIC_VFS1,
    ffi::SQLITE_MUTEX_STATIC_PRNG,
    ffi::SQLITE_MUTEX_STATIC_MAIN,
    ffi::SQLITE_MUTEX_STATIC_LRU,
    ffi::SQLITE_MUTEX_STATIC_PMEM,
    ffi::SQLITE_MUTEX_STATIC_MEM,
];

static MUTEXES: OnceLock<[AtomicPtr<ffi::sqlite3_mutex>; NESTED.len()]> = OnceLock::new();

fn mutexes() -> impl DoubleEndedIterator<Item = *mut ffi::sqlite3_mutex> {
    MUTEXES.get().into_iter().flatten().map(|mutex| mutex.load(Ordering::Relaxed))
}

pub(super) fn install() {
    // SAFETY: asks where a static mutex is; null where this copy is used by one thread alone.
    MUTEXES.get_or_init(|| NESTED.map(|id| AtomicPtr::new(unsafe { ffi::sqlite3_mutex_alloc(id) })));
    // SAFETY: three functions that live as long as this library; the C library forgets them if it is unloaded.
    // The call can fail only for lack of memory; then a fork shares what it should not.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

extern "C" fn before() {
    // SAFETY: a static mutex lives as long as the library, and null is allowed. No callback of ours or of SQLite's
    // runs under one of them, so a thread that forks has none of them.
    mutexes().for_each(|mutex| unsafe { ffi::sqlite3_mutex_enter(mutex) });
    // SAFETY: there is one registry.
    unsafe { HELD.put(registry()) };
}

fn leave() {
    // SAFETY: this thread, or the one that this one is the forked copy of, has entered them in `before`.
    mutexes().rev().for_each(|mutex| unsafe { ffi::sqlite3_mutex_leave(mutex) });
}

extern "C" fn in_parent() {
    // SAFETY: put there by `before`.
    drop(unsafe { HELD.take() });
    leave();
}

extern "C" fn in_child() {
    // Nobody else is there yet, and what follows needs them.
    leave();
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
