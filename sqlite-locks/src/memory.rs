//! Returning freed memory to the system.
//!
//! A connection needs a few hundred KiB. The allocator of glibc keeps what is freed if anything above it in its heap is still
//! in use, so that after a thousand handles were open at once, hundreds of MiB stayed although all of it was free.

#![allow(unsafe_code, reason = "two functions of C; each block says why it is sound")]

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use rusqlite::ffi;

/// From this use on, memory is returned: below it, what stays is little, and returning it would cost those who open one
/// handle after the other.
const MUCH: i64 = 16 << 20;

/// When less than this is in use, everything has been returned that is worth it.
const LITTLE: i64 = 1 << 20;

/// When less than this is in use, everything is closed: a connection needs more.
const NOTHING: i64 = 32 << 10;

/// What a handle needs beside its connections, with what lies on the same pages, in bytes.
const HANDLE: i64 = 48 << 10;

/// How many handles there are, closed ones included.
static HANDLES: AtomicI64 = AtomicI64::new(0);

/// No lock, which a forked child could find taken. Threads that come between each other at worst return memory once more,
/// or later.
static USAGE: Usage = Usage::new();

/// Counts a new handle.
pub fn handle_opened() {
    HANDLES.fetch_add(1, Relaxed);
}

/// Counts a handle that is freed, and returns memory to the system if much was freed.
pub fn handle_freed() {
    returning_memory(|| HANDLES.fetch_sub(1, Relaxed));
}

/// Runs `free`, which closes a connection, and returns memory to the system if much was freed.
pub fn returning_memory<T>(free: impl FnOnce() -> T) -> T {
    USAGE.before(in_use());
    let freed = free();
    if USAGE.after(in_use()) {
        return_memory();
    }
    freed
}

/// The memory in use, over time.
#[derive(Debug)]
struct Usage {
    /// The most since memory was returned, in bytes.
    peak: AtomicI64,
    /// Whether it was much, and nearly all of it has not been freed yet.
    was_much: AtomicBool,
    /// Whether it was much since everything was closed the last time.
    is_last_due: AtomicBool,
}

impl Usage {
    const fn new() -> Self {
        Self {
            peak: AtomicI64::new(0),
            was_much: AtomicBool::new(false),
            is_last_due: AtomicBool::new(false),
        }
    }

    fn before(&self, now: i64) {
        let peak = self.peak.fetch_max(now, Relaxed).max(now);
        if peak >= MUCH {
            self.was_much.store(true, Relaxed);
            self.is_last_due.store(true, Relaxed);
        }
    }

    /// Whether to return memory now: each time when half of it has been freed, since each time costs a walk through the heap
    /// of the whole process; and when everything is closed. Until the last connection to a file is closed, SQLite keeps a few
    /// bytes for each other one, and each of them keeps pages of the memory around it.
    fn after(&self, now: i64) -> bool {
        let is_half_freed = self.was_much.load(Relaxed) && now <= self.peak.load(Relaxed) / 2;
        let is_last = now < NOTHING && self.is_last_due.swap(false, Relaxed);
        if !is_half_freed && !is_last {
            return false;
        }
        self.peak.store(now, Relaxed);
        self.was_much.store(now >= LITTLE, Relaxed);
        true
    }
}

/// The memory that SQLite and the handles use, in bytes.
fn in_use() -> i64 {
    // SAFETY: it has no preconditions.
    let used = unsafe { ffi::sqlite3_memory_used() };
    used + HANDLE * HANDLES.load(Relaxed)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn return_memory() {
    // SAFETY: it has no preconditions. Memory in use is not touched.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators return memory by themselves, or have no such function.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn return_memory() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// For uses in KiB.
    fn returns_small(uses: &[(i64, i64)]) -> Vec<bool> {
        let usage = Usage::new();
        let returned = |(before, after): (i64, i64)| {
            usage.before(before << 10);
            usage.after(after << 10)
        };
        uses.iter().copied().map(returned).collect()
    }

    /// For uses in MiB.
    fn returns(uses: &[(i64, i64)]) -> Vec<bool> {
        let small: Vec<_> = uses.iter().map(|(before, after)| (before << 10, after << 10)).collect();
        returns_small(&small)
    }

    #[test]
    fn one_handle_after_the_other_returns_nothing() {
        assert_eq!(returns(&[(3, 0); 20]), [false; 20]);
    }

    #[test]
    fn many_handles_return_memory_whenever_half_of_it_is_freed() {
        let uses =
            [(64, 50), (50, 33), (33, 32), (32, 17), (17, 16), (16, 8), (8, 4), (4, 2), (2, 1), (1, 0)];
        let returned = [false, false, true, false, true, true, true, true, true, true];
        assert_eq!(returns(&uses), returned);
    }

    #[test]
    fn memory_is_returned_once_more_when_everything_is_closed() {
        let uses = [(20_000, 900), (900, 450), (450, 50), (450, 0), (450, 0)];
        assert_eq!(returns_small(&uses), [true, false, false, true, false]);
        // A handle that stays open has nothing returned for each one that comes and goes beside it.
        let uses = [(20_000, 900), (3_000, 400), (800, 400), (3_000, 400)];
        assert_eq!(returns_small(&uses), [true, false, false, false]);
    }

    #[test]
    fn returning_memory_begins_again() {
        assert_eq!(returns(&[(16, 0), (3, 0), (15, 0), (16, 0)]), [true, false, false, true]);
    }
}
