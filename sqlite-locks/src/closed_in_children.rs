//! Lock files that a forked child must not keep open.
//!
//! A child inherits the open file description on which its parent holds a lock. If the parent is killed, the lock would
//! live as long as the child. A child therefore closes such files first; that does not release the parent's lock, since
//! the parent's own descriptor is still open.
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

/// The descriptors to close, each with its owner's number for it: a child may reuse the same descriptor for another
/// file.
type Files = Vec<(u64, RawFd)>;

static FILES: Mutex<Files> = Mutex::new(Vec::new());

/// An open file that forked children do not have. A fork happens either before it is opened or when it can be closed in
/// the child, never in between: otherwise a later lock would be the child's, too.
#[derive(Debug)]
pub struct ClosedInChildren(ManuallyDrop<File>, u64);

impl ClosedInChildren {
    /// Opens the file with `open`, whose error is returned unchanged.
    pub fn open<E>(open: impl FnOnce() -> Result<File, E>) -> Result<Self, E> {
        static ONCE: Once = Once::new();
        // SAFETY: three functions that live as long as this library; the C library removes them when it is unloaded.
        // The call fails only for lack of memory; then a fork shares the files.
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
    /// be another file.
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
        // SAFETY: only here, and it is not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

fn files() -> MutexGuard<'static, Files> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The guard of a mutex during a fork, so that no other thread is in the middle of a change.
pub(crate) struct Held<T: 'static>(UnsafeCell<Option<MutexGuard<'static, T>>>);

// SAFETY: only the forking thread accesses it, between locking and unlocking the mutex.
unsafe impl<T> Sync for Held<T> {}

impl<T> Held<T> {
    pub(crate) const fn nothing() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// # Safety
    /// Every guard that is stored here belongs to the same mutex.
    pub(crate) unsafe fn put(&self, guard: MutexGuard<'static, T>) {
        // SAFETY: this thread holds the mutex, so no other thread is here.
        unsafe { *self.0.get() = Some(guard) };
    }

    /// # Safety
    /// This thread, or the thread of which it is the forked copy, has stored a guard here.
    pub(crate) unsafe fn take(&self) -> Option<MutexGuard<'static, T>> {
        // SAFETY: this thread has held the mutex since then, so no other thread is here.
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
            // SAFETY: the owner of the file is a thread that does not exist in this process.
            unsafe { libc::close(fd) };
        }
    }
}
