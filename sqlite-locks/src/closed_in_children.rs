//! Lock files that a forked child must not keep.
//!
//! A child inherits the open file description on which its parent has a lock. If the parent is killed, the lock
//! would live as long as the child does. So a child closes such files first of all; that unlocks nothing of the
//! parent's, whose own descriptor is still open.
#![allow(
    unsafe_code,
    reason = "a handler of forks, and closing a descriptor in a child; each block says why it is sound"
)]

use std::cell::UnsafeCell;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What is to be closed, and the number under which its owner knows it: a child may get the same descriptor for
/// something else.
type Files = Vec<(u64, RawFd)>;

static FILES: Mutex<Files> = Mutex::new(Vec::new());

/// An open file that forked children do not have. A fork comes before it is opened or when it can be closed in the
/// child, and never in between: a lock that is taken later would be the child's, too.
#[derive(Debug)]
pub struct ClosedInChildren(ManuallyDrop<File>, u64);

impl ClosedInChildren {
    /// Opens the file with `open`, whose error is returned as it is.
    pub fn open<E>(open: impl FnOnce() -> Result<File, E>) -> Result<Self, E> {
        static ONCE: Once = Once::new();
        // SAFETY: three functions that live as long as this library; the C library forgets them if it is
        // unloaded. The call can fail only for lack of memory; then a fork shares what it should not.
        ONCE.call_once(|| unsafe {
            libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
        });
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let mut files = files();
        let file = open()?;
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        files.push((number, file.as_raw_fd()));
        Ok(Self(ManuallyDrop::new(file), number))
    }

    /// Whether this process was forked since it was opened. It is closed then, and must not be used: its descriptor may
    /// be another file's.
    pub fn is_inherited(&self) -> bool {
        files().iter().all(|(number, _)| *number != self.1)
    }
}

impl Deref for ClosedInChildren {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for ClosedInChildren {
    fn drop(&mut self) {
        let mut files = files();
        let Some(place) = files.iter().position(|(number, _)| *number == self.1) else { return };
        files.swap_remove(place);
        // SAFETY: here alone, and nothing uses it afterwards.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

fn files() -> MutexGuard<'static, Files> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mutex's guard, kept while a fork is under way: no other thread may be in the middle of a change then.
pub(crate) struct Held<T: 'static>(UnsafeCell<Option<MutexGuard<'static, T>>>);

// SAFETY: only the thread that forks touches it, between taking and releasing the mutex.
unsafe impl<T> Sync for Held<T> {}

impl<T> Held<T> {
    pub(crate) const fn nothing() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// # Safety
    /// Every guard that is put here is one of the same mutex.
    pub(crate) unsafe fn put(&self, guard: MutexGuard<'static, T>) {
        // SAFETY: this thread has the mutex, so no other one is here.
        unsafe { *self.0.get() = Some(guard) };
    }

    /// # Safety
    /// This thread, or the one that this one is the forked copy of, has put a guard here.
    pub(crate) unsafe fn take(&self) -> Option<MutexGuard<'static, T>> {
        // SAFETY: this thread has had the mutex since then, so no other one is here.
        unsafe { (*self.0.get()).take() }
    }
}

static HELD: Held<Files> = Held::nothing();

extern "C" fn before() {
    // SAFETY: it is always that of `FILES`.
    unsafe { HELD.put(files()) };
}

extern "C" fn in_parent() {
    // SAFETY: put there by `before`.
    drop(unsafe { HELD.take() });
}

extern "C" fn in_child() {
    // SAFETY: put there by `before`.
    if let Some(mut files) = unsafe { HELD.take() } {
        for (_, fd) in files.drain(..) {
            // SAFETY: whoever has the file is a thread that does not exist in this process.
            unsafe { libc::close(fd) };
        }
    }
}
