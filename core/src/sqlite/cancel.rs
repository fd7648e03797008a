//! Giving up a call that waits or reads.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::slot::closed;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// Asks one call to stop while it waits for another writer, or while it only reads. A call that has begun
/// to write is finished all the same, so a call that answers [`Cancelled`](crate::ErrorKind::Cancelled) has written
/// nothing.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Token>);

#[derive(Debug, Default)]
struct Token {
    is_cancelled: AtomicBool,
    limit: Option<(Duration, Deadline)>,
    check: Option<Check>,
    /// The handle that the call is made on, and how often its calls had been interrupted before.
    call: Option<(Arc<Control>, u64)>,
    /// What the caller's own call listens to.
    outer: Option<CancelToken>,
}

/// A look at something that tells nobody when it changes, such as the signals of an interpreter.
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
    /// Whether this thread is within a look, which may run code of the host's.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

impl CancelToken {
    /// Makes a token for one call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a token for one call that is given up when this much time has passed from now on.
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

    /// Makes a token for one call, with a time limit or none, that is also given up as soon as `look` says so. That is
    /// asked some fifty times a second, on the thread of the call, while this waits or reads; it may make calls itself.
    pub fn with_check(limit: Option<Duration>, look: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let check = Check { look: Box::new(look), last: Mutex::new(Instant::now()) };
        let limit = limit.map(|limit| (limit, Deadline::after(limit)));
        Self(Arc::new(Token { limit, check: Some(check), ..Token::default() }))
    }

    /// Asks the call to stop; from any thread, before or while it runs.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the call is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.stop().is_some()
    }

    /// Makes the calls that `work` makes on this thread listen to this token.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        /// The token from before is back even where `work` panics.
        struct Restore(Option<CancelToken>);
        impl Drop for Restore {
            fn drop(&mut self) {
                exchange(self.0.take());
            }
        }
        let _restore = Restore(exchange(Some(self.clone())));
        work()
    }

    /// The token that the calls of this thread listen to.
    pub(super) fn current() -> Option<Self> {
        // A thread that ends has none any more.
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
        if check.as_ref().is_some_and(Check::says_so) {
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

/// Nothing happens on a thread that ends, whose own data is gone: a call that an exit handler makes goes on without.
fn exchange(token: Option<CancelToken>) -> Option<CancelToken> {
    CURRENT.try_with(|current| current.replace(token)).ok().flatten()
}

impl Check {
    /// How long a look is good for: getting hold of an interpreter costs its other threads something.
    const PAUSE: Duration = Duration::from_millis(20);

    fn says_so(&self) -> bool {
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() < Self::PAUSE {
                return false;
            }
            *last = Instant::now();
        }
        let was_looking = is_within_a_call();
        let note = |is_looking| LOOKING.try_with(|own| own.set(is_looking)).is_ok();
        note(true) && {
            let answer = (self.look)();
            note(was_looking);
            answer
        }
    }
}

/// Whether this thread makes a call from within a look of another call of its own, which cannot go on meanwhile.
pub(super) fn is_within_a_call() -> bool {
    LOOKING.try_with(Cell::get).unwrap_or(false)
}

/// What stops the calls of one handle.
#[derive(Debug, Default)]
pub(crate) struct Control {
    interruptions: AtomicU64,
    is_closing: AtomicBool,
    /// How long a call may take.
    limit: Option<Duration>,
}

impl Control {
    pub(crate) fn new(limit: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { limit, ..Self::default() })
    }

    /// Gives up the calls that are under way.
    pub(crate) fn interrupt(&self) {
        self.interruptions.fetch_add(1, Ordering::SeqCst);
    }

    /// Stops what only reads, now and from now on.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    fn interruptions(&self) -> u64 {
        self.interruptions.load(Ordering::SeqCst)
    }

    /// Makes what `work` does on the handle one call, which is interrupted and timed as a whole.
    pub(crate) fn as_one_call<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        match CancelToken::current() {
            Some(current) if current.is_of(self) => work(),
            outer => self.token(outer).during(work),
        }
    }

    fn token(self: &Arc<Self>, outer: Option<CancelToken>) -> CancelToken {
        let limit = self.limit.map(|limit| (limit, Deadline::after(limit)));
        let call = Some((Arc::clone(self), self.interruptions()));
        CancelToken(Arc::new(Token { limit, call, outer, ..Token::default() }))
    }
}

/// Why a call is given up.
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
                    "the call was given up after {} s, its time limit, before it changed anything: give it more \
                     time, or ask for less",
                    limit.as_secs_f64()
                );
                Error::new(ErrorKind::Cancelled, message)
            }
            Self::Closed => closed(),
        }
    }
}

pub(super) const CANCELLED: &str = "the call was given up before it changed anything";

/// What a part of a call listens to while it waits or reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    token: Option<CancelToken>,
    /// Where closing the handle stops it, too.
    closing: Option<Arc<Control>>,
}

impl Watch {
    /// What listens to the token of this thread alone.
    pub(crate) fn of_thread() -> Self {
        Self { token: CancelToken::current(), closing: None }
    }

    /// A part that writes, or will: closing the handle waits for it.
    pub(super) fn writing(control: &Arc<Control>) -> Self {
        let token = match CancelToken::current() {
            Some(current) if current.is_of(control) => current,
            outer => control.token(outer),
        };
        Self { token: Some(token), closing: None }
    }

    /// A part that only reads.
    pub(super) fn reading(control: &Arc<Control>) -> Self {
        Self { closing: Some(Arc::clone(control)), ..Self::writing(control) }
    }

    /// Why to give up, where there is a reason.
    pub(crate) fn stopped(&self) -> Option<Error> {
        self.stop().map(Stop::error)
    }

    /// Whether to give up.
    pub(super) fn is_to_stop(&self) -> bool {
        self.stop().is_some()
    }

    /// [`Watch::stopped`] as a result.
    pub(crate) fn check(&self) -> Result<()> {
        self.stopped().map_or(Ok(()), Err)
    }

    /// Whether it is to look more often than it would be woken.
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
pub(super) fn listening<T>(
    connection: &mut Connection,
    watch: &Watch,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    let own = watch.clone();
    stopping(connection, watch, move || own.is_to_stop(), work)
}

/// Runs `work`, whose statement fails as soon as `stops` says so; the watch says with which words.
pub(super) fn stopping<T>(
    connection: &mut Connection,
    watch: &Watch,
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
    work(listening.0).map_err(|error| match error.kind() {
        ErrorKind::Cancelled => watch.stopped().unwrap_or(error),
        _ => error,
    })
}
