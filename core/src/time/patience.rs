//! Calls that must not wait for others, since their thread has other work: that of an event loop.

use std::cell::Cell;

thread_local! {
    static MUST_NOT_WAIT: Cell<bool> = const { Cell::new(false) };
}

/// Whether what this thread does must not wait for others.
pub(crate) fn must_not_wait() -> bool {
    // A thread that is ending has no event loop.
    MUST_NOT_WAIT.try_with(Cell::get).unwrap_or(false)
}

/// Runs `work` so that [`must_not_wait`] returns this.
pub(crate) fn with_patience<T>(must_not_wait: bool, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(MUST_NOT_WAIT.try_with(|own| own.replace(must_not_wait)).unwrap_or(false));
    work()
}

/// Restores what applied before, even if the work panics.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = MUST_NOT_WAIT.try_with(|own| own.set(self.0));
    }
}
