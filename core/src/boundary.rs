//! The boundary to another language, where panics end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::error::{Error, ErrorKind, Result};

/// Runs `work` at a language boundary. A panic becomes an `Internal` error, whose detail gives its location.
///
/// A panic message may contain parts of a record. It is therefore not part of the error, unless it is a constant of the
/// source, and it is not written to stderr: the first call installs a panic hook in front of the process's hook, which
/// suppresses the panics that end here.
pub fn catch_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    install_panic_hook();
    // A thread that is ending may have no thread-local data any more, and a host may record in an exit handler.
    let record_location = |is_inside| IN_BOUNDARY.try_with(|own| own.replace(is_inside)).unwrap_or(false);
    let is_inside = record_location(true);
    // Handles stay valid: an open transaction is rolled back by a panic.
    let done = catch_unwind(AssertUnwindSafe(work));
    record_location(is_inside);
    done.unwrap_or_else(|panic| {
        let message =
            "this is a bug in libmcoda, please report it; the call changed nothing that was not committed";
        Err(Error::new(ErrorKind::Internal, message).with_source(panic_text(&*panic)))
    })
}

thread_local! {
    /// Whether this thread is within [`catch_panic`].
    static IN_BOUNDARY: Cell<bool> = const { Cell::new(false) };
    /// The location of its last panic.
    static LOCATION: RefCell<String> = const { RefCell::new(String::new()) };
}

fn install_panic_hook() {
    static ONCE: Once = Once::new();
    // A hook cannot be changed while a panic unwinds, for example if that drops a handle.
    if ONCE.is_completed() || std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if IN_BOUNDARY.try_with(Cell::get).unwrap_or(false) {
                record_location(panic)
            } else {
                usual(panic)
            }
        }));
    });
}

fn record_location(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    // If the thread is ending, nothing reads it.
    let _ = LOCATION.try_with(|own| own.try_borrow_mut().map(|mut own| *own = place));
}

/// The part of a panic that may be shown: its text, if it is a constant of the program, and its location.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let place = LOCATION.try_with(RefCell::take).unwrap_or_default();
    match panic.downcast_ref::<&'static str>() {
        Some(text) => format!("{text} ({place})"),
        None => format!("a panic at {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_says_where_and_shows_nothing_of_what_it_met() {
        let error = catch_panic::<()>(|| panic!("row {}", String::from("secret"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        let detail = error.detail().unwrap();
        assert!(detail.contains("boundary.rs:") && !detail.contains("secret"), "{detail}");
        let error = catch_panic::<()>(|| panic!("words of ours")).unwrap_err();
        assert!(error.detail().unwrap().starts_with("words of ours (core/src/boundary.rs:"), "{error:?}");
        assert_eq!(catch_panic(|| Ok(7)).unwrap(), 7);
    }

    #[test]
    fn boundaries_can_be_nested() {
        let outer = catch_panic::<()>(|| {
            catch_panic::<()>(|| panic!("inner")).unwrap_err();
            panic!("outer")
        });
        assert!(outer.unwrap_err().detail().unwrap().starts_with("outer"));
        assert!(!IN_BOUNDARY.get());
    }
}
