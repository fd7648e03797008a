//! Memory of the library. Where there is none, calls whose results may be large fail, and others end the process with one
//! line on stderr.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Cursor, Write};

/// The system's allocator. The standard library would print several lines and, depending on the environment, a
/// backtrace, which itself needs memory.
struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

// SAFETY: everything is the system allocator's, unless the process ends. Whoever may fail handles NULL.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        or_end(System.alloc(layout), layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        or_end(System.alloc_zeroed(layout), layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        or_end(System.realloc(memory, layout, size), size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        System.dealloc(memory, layout);
    }
}

#[inline]
fn or_end(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() && !mcoda_core::memory::may_fail() {
        end(size);
    }
    memory
}

#[cold]
fn end(size: usize) -> ! {
    let mut line = Cursor::new([0_u8; 80]);
    let _ = writeln!(line, "libmcoda: out of memory: {size} bytes are not available");
    let length = line.position() as usize;
    let _ = std::io::stderr().write_all(&line.get_ref()[..length]);
    std::process::abort()
}
