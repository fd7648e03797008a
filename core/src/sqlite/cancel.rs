//! Giving up a call that waits.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use crate::error::Result;

/// Asks one call to stop while it waits for another writer, or while it only reads. A call that has begun
/// to write is finished all the same, so a call that answers [`Busy`](crate::ErrorKind::Busy) has written nothing.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

thread_local! {
    static CURRENT: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
}

impl CancelToken {
    /// Makes a token for one call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the call to stop; from any thread, before or while it runs.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the call was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes the calls that `work` makes on this thread listen to this token.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        /// The token from before is back even where `work` panics.
        struct Restore(Option<CancelToken>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        work()
    }

    /// The token that the calls of this thread listen to.
    pub(super) fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }
}

pub(super) const CANCELLED: &str = "the call was cancelled before it changed anything; try again";

/// Runs `work`, which only reads, so that the token of this thread can stop it.
pub(super) fn listening<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let Some(token) = CancelToken::current() else { return work(connection) };
    stopping(connection, move || token.is_cancelled(), work)
}

/// Runs `work`, whose statement fails as soon as `stops` says so.
pub(super) fn stopping<T>(
    connection: &mut Connection,
    stops: impl FnMut() -> bool + Send + 'static,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    /// How many steps of SQLite's machine lie between two looks at it: well under a millisecond.
    const STEPS: i32 = 1000;
    struct Listening<'c>(&'c mut Connection);
    impl Drop for Listening<'_> {
        fn drop(&mut self) {
            // Taking a handler away cannot fail.
            let _ = self.0.progress_handler(0, None::<fn() -> bool>);
        }
    }
    let listening = Listening(connection);
    listening.0.progress_handler(STEPS, Some(stops))?;
    work(listening.0)
}
