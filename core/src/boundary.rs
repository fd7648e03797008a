//! The border to another language, which no panic crosses.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::error::{Error, ErrorKind, Result};

/// Runs `work` at a language boundary, which no panic may cross: one becomes an `Internal` error, whose detail
/// says where it was.
///
/// What a panic says may hold what it tripped over, a piece of somebody's record. So it is neither part of the
/// error, but for words that stand in the source, nor is it written to stderr: the first call puts a hook
/// before the process's panic hook, which keeps the panics that end here to itself.
pub fn catch_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    be_quiet();
    // A thread that ends may have no data of its own any more, and a host may record in an exit handler.
    let note = |is_inside| INSIDE.try_with(|own| own.replace(is_inside)).unwrap_or(false);
    let is_inside = note(true);
    // Handles stay sound: a transaction that a panic leaves is rolled back.
    let done = catch_unwind(AssertUnwindSafe(work));
    note(is_inside);
    done.unwrap_or_else(|panic| {
        let message =
            "a fault of libmcoda, please report it; the call changed nothing that was not committed";
        Err(Error::new(ErrorKind::Internal, message).with_source(told(&*panic)))
    })
}

thread_local! {
    /// Whether this thread is within [`catch_panic`].
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Where its last panic was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn be_quiet() {
    static ONCE: Once = Once::new();
    // A hook cannot be changed while a panic unwinds, as where a handle is dropped by it.
    if ONCE.is_completed() || std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if INSIDE.try_with(Cell::get).unwrap_or(false) { note(panic) } else { usual(panic) }
        }));
    });
}

fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    // Where the thread is ending, nobody will ask.
    let _ = PLACE.try_with(|own| own.try_borrow_mut().map(|mut own| *own = place));
}

/// What may be said of a panic: its text where that is a constant of the program, and its place.
fn told(panic: &(dyn Any + Send)) -> String {
    let place = PLACE.try_with(RefCell::take).unwrap_or_default();
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
    fn one_boundary_may_lie_within_another() {
        let outer = catch_panic::<()>(|| {
            catch_panic::<()>(|| panic!("inner")).unwrap_err();
            panic!("outer")
        });
        assert!(outer.unwrap_err().detail().unwrap().starts_with("outer"));
        assert!(!INSIDE.get());
    }
}
