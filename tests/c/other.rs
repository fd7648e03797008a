//! Another Rust library in the same program: it brings its own copy of Rust's library, with its panics.

use std::ffi::{CStr, c_char};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn other_length_of_caught_panic(text: *const c_char) -> i32 {
    // SAFETY: the one caller passes text that ends with NUL.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    std::panic::set_hook(Box::new(|_| ()));
    let panic = std::panic::catch_unwind(|| std::panic::panic_any(text)).unwrap_err();
    panic.downcast_ref::<String>().map_or(-1, |text| text.len() as i32)
}
