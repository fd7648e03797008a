//! Fork handling of the lock layer.
//!
//! SQLite keeps, for each open file, the locks that it holds. A child inherits that memory but none of the locks. If it
//! opened the same file again, SQLite would find the inherited entry and take the parent's locks for its own. In a
//! child, SQLite therefore sees another device number for each file than in its parent: the files that the child opens
//! are new to it, and the inherited entries are never used.
//!
//! A mutex that another thread holds at the time of the fork stays locked forever in the child, where that thread does
//! not exist. What the child uses of the inherited state is guarded by SQLite's static mutexes, so all of them are
//! taken before a fork and released after it. The child never touches the mutexes of a connection or a file.

use std::ffi::c_char;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use libc::c_int;
use rusqlite::ffi;

use super::hooks::{Call, replace};
use super::registry::{Registry, registry};
use crate::closed_in_children::Held;

/// The number of forks between this process and the one that installed the layer.
static GENERATION: AtomicU64 = AtomicU64::new(0);

static HELD: Held<Registry> = Held::nothing();

/// In the order in which SQLite takes one while it holds another: the name of the temporary folder (VFS1) uses random
/// numbers, these use the list of VFSes (MAIN), and memory is allocated anywhere. The registry comes last, since files
/// are opened and closed while most of them are held. This VFS does not use the others.
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
    // SAFETY: returns a static mutex; null if this copy is built for a single thread.
    MUTEXES.get_or_init(|| NESTED.map(|id| AtomicPtr::new(unsafe { ffi::sqlite3_mutex_alloc(id) })));
    // SAFETY: three functions that live as long as this library; the C library removes them when it is unloaded. The
    // call fails only for lack of memory; then a fork shares the state.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

extern "C" fn before() {
    // SAFETY: a static mutex lives as long as the library, and null is allowed. No callback of ours or of SQLite's runs
    // while one is held, so a forking thread holds none of them.
    mutexes().for_each(|mutex| unsafe { ffi::sqlite3_mutex_enter(mutex) });
    // SAFETY: there is one registry.
    unsafe { HELD.put(registry()) };
}

fn leave() {
    // SAFETY: this thread, or the thread of which it is the forked copy, has entered them in `before`.
    mutexes().rev().for_each(|mutex| unsafe { ffi::sqlite3_mutex_leave(mutex) });
}

extern "C" fn in_parent() {
    // SAFETY: stored there by `before`.
    drop(unsafe { HELD.take() });
    leave();
}

extern "C" fn in_child() {
    // No other thread exists yet, and the following code takes them.
    leave();
    // SAFETY: stored there by `before`.
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

/// Different devices stay different, and each differs from its number in every earlier process.
fn in_this_generation(device: libc::dev_t) -> libc::dev_t {
    let highest = libc::dev_t::BITS - 16;
    device ^ ((GENERATION.load(Ordering::Relaxed) as libc::dev_t) << highest)
}
