//! Cancelling a call that waits or reads.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::writer::closed;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// Cancels a call while it waits for another writer, or while it only reads. A call that has begun to write is
/// completed, so a call that fails with [`Cancelled`](crate::ErrorKind::Cancelled) has written nothing.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use std::time::Duration;
///
/// use mcoda_core::{CancelToken, ErrorKind, SqlParams, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
/// let limit = CancelToken::with_limit(Duration::from_millis(50));
/// let error = limit.during(|| workspace.query(endless, &SqlParams::default())).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Cancelled);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Token>);

#[derive(Debug, Default)]
struct Token {
    is_cancelled: AtomicBool,
    limit: Option<(Duration, Deadline)>,
    check: Option<Check>,
    /// The handle on which the call is made, and its number of interruptions before the call.
    call: Option<(Arc<Control>, u64)>,
    /// The token of the enclosing call.
    outer: Option<CancelToken>,
}

/// A callback that is polled for changes that nobody signals, such as the pending signals of an interpreter.
struct Check {
    look: Box<dyn Fn() -> bool + Send + Sync>,
    last: Mutex<Instant>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

thread_local! {
    static CURRENT: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
    /// Whether this thread is within such a callback, which may run the host's code.
    static IN_HOST_CHECK: Cell<bool> = const { Cell::new(false) };
}

impl CancelToken {
    /// Creates a token for one call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a token for one call that is cancelled when this much time has passed from now on.
    #[must_use]
    pub fn with_limit(limit: Duration) -> Self {
        Self(Arc::new(Token { limit: Some((limit, Deadline::after(limit))), ..Token::default() }))
    }

    /// Makes a token for a part of the call that this thread makes: given up when this much time has passed, or the call
    /// is.
    pub(crate) fn with_limit_within(limit: Duration) -> Self {
        let limit = Some((limit, Deadline::after(limit)));
        Self(Arc::new(Token { limit, outer: Self::current(), ..Token::default() }))
    }

    /// Whether the call that this thread makes is to stop.
    pub(crate) fn is_current_cancelled() -> bool {
        Self::current().is_some_and(|token| token.is_cancelled())
    }

    /// Creates a token for one call, with an optional time limit, that is also cancelled as soon as `look` returns
    /// `true`. `look` is called about fifty times a second on the thread of the call while it waits or reads, and may
    /// make calls itself.
    #[doc(hidden)]
    #[must_use]
    pub fn with_check(limit: Option<Duration>, look: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let check = Check { look: Box::new(look), last: Mutex::new(Instant::now()) };
        let limit = limit.map(|limit| (limit, Deadline::after(limit)));
        Self(Arc::new(Token { limit, check: Some(check), ..Token::default() }))
    }

    /// Cancels the call; from any thread, before or while it runs.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the call is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.stop().is_some()
    }

    /// Makes this token apply to the calls that `work` makes on this thread.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let _restore = self.clone().apply();
        work()
    }

    /// Makes this token apply to the calls of this thread until the result is dropped.
    fn apply(self) -> Restore {
        Restore(exchange(Some(self)))
    }

    /// The token that applies to calls on this thread.
    pub(super) fn current() -> Option<Self> {
        // A thread that is ending has no token any more.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    fn stop(&self) -> Option<Stop> {
        let Token { is_cancelled, limit, check, call, outer } = &*self.0;
        if is_cancelled.load(Ordering::Relaxed)
            || call.as_ref().is_some_and(|(control, before)| control.interruptions() != *before)
        {
            return Some(Stop::Cancelled);
        }
        if let Some((limit, _)) = limit.filter(|(_, deadline)| deadline.has_passed()) {
            return Some(Stop::Limit(limit));
        }
        if check.as_ref().is_some_and(Check::requests_stop) {
            self.cancel();
            return Some(Stop::Cancelled);
        }
        outer.as_ref().and_then(Self::stop)
    }

    fn is_of(&self, control: &Arc<Control>) -> bool {
        let is_own = self.0.call.as_ref().is_some_and(|(own, _)| Arc::ptr_eq(own, control));
        is_own || self.0.outer.as_ref().is_some_and(|outer| outer.is_of(control))
    }
}

/// Restores the previous token, even if the work of a call panics.
struct Restore(Option<CancelToken>);

impl Drop for Restore {
    fn drop(&mut self) {
        exchange(self.0.take());
    }
}

/// Does nothing on a thread that is ending and has lost its thread-local data: calls of an exit handler have no token.
fn exchange(token: Option<CancelToken>) -> Option<CancelToken> {
    CURRENT.try_with(|current| current.replace(token)).ok().flatten()
}

impl Check {
    /// The time between two calls of the callback: acquiring an interpreter's lock delays its other threads.
    const PAUSE: Duration = Duration::from_millis(20);

    fn requests_stop(&self) -> bool {
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() < Self::PAUSE {
                return false;
            }
            *last = Instant::now();
        }
        let was_looking = is_within_host_check();
        let note = |is_looking| IN_HOST_CHECK.try_with(|own| own.set(is_looking)).is_ok();
        note(true) && {
            let result = (self.look)();
            note(was_looking);
            result
        }
    }
}

/// Whether this thread is within the callback of another call of its own, which cannot continue in the meantime.
pub(super) fn is_within_host_check() -> bool {
    IN_HOST_CHECK.try_with(Cell::get).unwrap_or(false)
}

/// Cancellation of all calls of one handle.
#[derive(Debug, Default)]
pub(crate) struct Control {
    interruptions: AtomicU64,
    is_closing: AtomicBool,
    /// The time limit of a call.
    limit: Option<Duration>,
}

impl Control {
    pub(crate) fn new(limit: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { limit, ..Self::default() })
    }

    /// Cancels the running calls.
    pub(crate) fn interrupt(&self) {
        self.interruptions.fetch_add(1, Ordering::SeqCst);
    }

    /// Stops calls that only read, now and from now on.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    fn interruptions(&self) -> u64 {
        self.interruptions.load(Ordering::SeqCst)
    }

    /// Makes everything that `work` does on the handle one call, which is cancelled and timed as a whole.
    pub(crate) fn as_one_call<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        // `work` is in the code once, since it is the whole of a call.
        let _restore = self.begin_call();
        work()
    }

    /// `None` within a call of the handle.
    fn begin_call(self: &Arc<Self>) -> Option<Restore> {
        match CancelToken::current() {
            Some(current) if current.is_of(self) => None,
            outer => Some(self.token(outer).apply()),
        }
    }

    fn token(self: &Arc<Self>, outer: Option<CancelToken>) -> CancelToken {
        let limit = self.limit.map(|limit| (limit, Deadline::after(limit)));
        let call = Some((Arc::clone(self), self.interruptions()));
        CancelToken(Arc::new(Token { limit, call, outer, ..Token::default() }))
    }
}

/// Why a call is stopped.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Cancelled,
    Limit(Duration),
    Closed,
}

impl Stop {
    fn error(self) -> Error {
        match self {
            Self::Cancelled => Error::new(ErrorKind::Cancelled, CANCELLED),
            Self::Limit(limit) => {
                let message = format!(
                    "the call was cancelled after {} s, its time limit, before it changed anything: increase \
                     the limit, or request less",
                    limit.as_secs_f64()
                );
                Error::new(ErrorKind::Cancelled, message)
            }
            Self::Closed => closed(),
        }
    }
}

pub(super) const CANCELLED: &str = "the call was cancelled before it changed anything";

/// The reasons for which a part of a call must stop while it waits or reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    token: Option<CancelToken>,
    /// Set if closing the handle stops it as well.
    closing: Option<Arc<Control>>,
}

impl Watch {
    /// Observes only the token of this thread.
    pub(crate) fn of_thread() -> Self {
        Self { token: CancelToken::current(), closing: None }
    }

    /// For a part that writes, or will write: closing the handle waits for it.
    pub(super) fn writing(control: &Arc<Control>) -> Self {
        let token = match CancelToken::current() {
            Some(current) if current.is_of(control) => current,
            outer => control.token(outer),
        };
        Self { token: Some(token), closing: None }
    }

    /// For a part that only reads.
    pub(super) fn reading(control: &Arc<Control>) -> Self {
        Self { closing: Some(Arc::clone(control)), ..Self::writing(control) }
    }

    /// The error with which to stop, if any.
    pub(crate) fn stopped(&self) -> Option<Error> {
        self.stop().map(Stop::error)
    }

    /// Whether to stop.
    pub(super) fn should_stop(&self) -> bool {
        self.stop().is_some()
    }

    /// [`Watch::stopped`] as a result.
    pub(crate) fn check(&self) -> Result<()> {
        self.stopped().map_or(Ok(()), Err)
    }

    /// Whether it must be polled.
    pub(super) fn listens(&self) -> bool {
        self.token.is_some() || self.closing.is_some()
    }

    fn stop(&self) -> Option<Stop> {
        if self.closing.as_ref().is_some_and(|control| control.is_closing()) {
            return Some(Stop::Closed);
        }
        self.token.as_ref().and_then(CancelToken::stop)
    }
}

/// Runs `work`, which only reads, so that it fails soon after the watch says so.
pub(super) fn with_cancellation<T>(
    connection: &mut Connection,
    watch: &Watch,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let own = watch.clone();
    with_stop_condition(connection, watch, move || own.should_stop(), work)
}

/// Runs `work`, whose statement fails as soon as `stops` returns `true`, with the error of the watch.
pub(super) fn with_stop_condition<T>(
    connection: &mut Connection,
    watch: &Watch,
    stops: impl FnMut() -> bool + Send + 'static,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    /// The number of SQLite's virtual machine steps between two checks: well under a millisecond.
    const STEPS: i32 = 1000;
    struct HandlerGuard<'c>(&'c mut Connection);
    impl Drop for HandlerGuard<'_> {
        fn drop(&mut self) {
            // Removing a handler cannot fail.
            let _ = self.0.progress_handler(0, None::<fn() -> bool>);
        }
    }
    let guard = HandlerGuard(connection);
    guard.0.progress_handler(STEPS, Some(stops))?;
    work(guard.0).map_err(|error| match error.kind() {
        ErrorKind::Cancelled => watch.stopped().unwrap_or(error),
        _ => error,
    })
}
