//! The writing connection, used by one call at a time.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Thread, ThreadId};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::cancel::Watch;
use super::locks;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// How long a call may wait before nobody may overtake it. Until then, a call that finds the connection free takes it,
/// since waking a thread for each call would take longer than most calls.
const BARGING_LIMIT: Duration = Duration::from_millis(1);

/// How often a waiting call checks whether it is cancelled.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The writing connection of a handle.
///
/// In a forked child it counts as closed, and the connection is never touched, not even dropped: SQLite would then
/// write to a file whose locks are the parent's.
#[derive(Debug)]
pub(super) struct Writer {
    state: Mutex<State>,
    /// The process that opened the connection.
    process: u32,
    /// Whether a transaction stays open after a call: a host runs `BEGIN` and `COMMIT` as calls of their own.
    keeps_transactions: bool,
}

#[derive(Debug)]
struct State {
    availability: Availability,
    waiting: VecDeque<Waiter>,
    next: u64,
}

#[derive(Debug)]
enum Availability {
    Free(Connection),
    InUse,
    /// In use by a transaction that ends at its limit, so that calls wait for its end, except those of the thread that
    /// makes the transaction's calls, if it is known: they would wait for themselves.
    InUseUntilLimit(Option<ThreadId>),
    Closed,
    TurnedOff,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    /// `None` if it polls.
    thread: Option<Thread>,
    since: Instant,
}

impl Waiter {
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

/// This thread, so that it can be woken. A thread that is ending, in an exit handler for example, has no handle any
/// more.
fn current_thread() -> Option<Thread> {
    /// Lives as long as the thread-local data.
    struct Alive;
    impl Drop for Alive {
        fn drop(&mut self) {}
    }
    thread_local!(static ALIVE: Alive = const { Alive });
    ALIVE.try_with(|_| std::thread::current()).ok()
}

/// Waits to be woken, at most this long.
fn pause(longest: Duration) {
    match current_thread() {
        Some(_) => std::thread::park_timeout(longest),
        None => std::thread::sleep(longest.min(BARGING_LIMIT)),
    }
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Arc<Self> {
        Self::at(Availability::Free(connection))
    }

    /// A connection on which a host runs its own statements, `BEGIN` and `COMMIT` included.
    pub(super) fn of_host(connection: Connection) -> Arc<Self> {
        Self::with_state(Availability::Free(connection), true)
    }

    /// A database that the environment turned off: every call fails.
    pub(super) fn turned_off() -> Arc<Self> {
        Self::at(Availability::TurnedOff)
    }

    fn at(availability: Availability) -> Arc<Self> {
        Self::with_state(availability, false)
    }

    fn with_state(availability: Availability, keeps_transactions: bool) -> Arc<Self> {
        let state = State { availability, waiting: VecDeque::new(), next: 0 };
        Arc::new(Self { state: Mutex::new(state), process: std::process::id(), keeps_transactions })
    }

    /// `Closed` after [`Writer::close`], for calls that may not need the connection.
    pub(super) fn check_open(&self) -> Result<()> {
        match self.lock()?.availability {
            Availability::Closed => Err(closed()),
            Availability::Free(_)
            | Availability::InUse
            | Availability::InUseUntilLimit(_)
            | Availability::TurnedOff => Ok(()),
        }
    }

    /// Acquires the connection: `Busy` if other calls of the handle hold it beyond the deadline, or the error of the
    /// watch. Time that passes within a transaction with a limit does not count, unless the deadline has already
    /// passed, or the transaction belongs to this thread.
    pub(super) fn acquire(self: &Arc<Self>, mut deadline: Deadline, watch: &Watch) -> Result<WriterGuard> {
        let mut own = None;
        let timeout = deadline.remaining();
        let waits = !deadline.has_passed();
        loop {
            // Not while holding the lock: the check may run the host's code.
            let stopped = watch.stopped();
            let mut state = self.lock()?;
            if let Some(connection) = state.take(own)? {
                return Ok(self.guard(connection));
            }
            if waits && state.ends_at_limit() {
                // Counted again from its end, since others who waited for it go first.
                deadline = timeout.map_or_else(Deadline::never, Deadline::after);
            }
            if let Some(error) = stopped.or_else(|| busy_after(deadline)) {
                state.leave(own);
                return Err(error);
            }
            let number = *own.get_or_insert_with(|| state.enter());
            debug_assert!(state.waiting.iter().any(|waiter| waiter.number == number));
            drop(state);
            let longest = if watch.listens() { POLL_INTERVAL } else { Duration::MAX };
            pause(deadline.remaining().unwrap_or(Duration::MAX).min(longest));
        }
    }

    /// Closes the connection after the running calls; later calls fail with `Closed`. Closing twice is not an error;
    /// closing in a forked child does nothing.
    pub(super) fn close(self: &Arc<Self>) -> Result<()> {
        if self.is_inherited() {
            return Ok(());
        }
        let connection = match self.acquire(Deadline::never(), &Watch::default()) {
            Ok(guard) => guard.take(),
            // It was closed before, or is turned off.
            Err(_) => None,
        };
        let waiting = {
            let mut state = self.lock()?;
            state.availability = Availability::Closed;
            std::mem::take(&mut state.waiting)
        };
        waiting.iter().for_each(Waiter::wake);
        connection.map_or(Ok(()), |connection| close(connection).map_err(Error::from))
    }

    /// Acquires the connection if it is free.
    pub(super) fn try_acquire(self: &Arc<Self>) -> Result<Option<WriterGuard>> {
        let connection = self.lock()?.take(None)?;
        Ok(connection.map(|connection| self.guard(connection)))
    }

    fn guard(self: &Arc<Self>, connection: Connection) -> WriterGuard {
        let on_drop = if self.keeps_transactions { OnDrop::Keep } else { OnDrop::RollBack };
        WriterGuard { connection: Some(connection), writer: Arc::clone(self), on_drop }
    }

    fn release(&self, connection: Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.availability = Availability::Free(connection);
        state.wake_first();
    }

    /// `Closed` in a forked child.
    pub(super) fn refuse_inherited(&self) -> Result<()> {
        refuse_inherited(self.process)
    }

    /// Never in a forked child, where a thread that does not exist there may hold the lock forever.
    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.refuse_inherited()?;
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }
}

impl State {
    /// Takes the connection if it is free and nobody else has waited for too long.
    fn take(&mut self, own: Option<u64>) -> Result<Option<Connection>> {
        match &self.availability {
            Availability::InUse | Availability::InUseUntilLimit(_) => return Ok(None),
            Availability::Closed => return Err(closed()),
            Availability::TurnedOff => {
                let message = "the database is turned off: unset MCODA_DISABLE_DB to use it";
                return Err(Error::new(ErrorKind::Storage, message));
            }
            Availability::Free(_) => {}
        }
        let is_first = self
            .waiting
            .front()
            .is_none_or(|first| Some(first.number) == own || first.since.elapsed() < BARGING_LIMIT);
        if !is_first {
            return Ok(None);
        }
        if let Some(own) = own {
            self.waiting.retain(|waiter| waiter.number != own);
        }
        match std::mem::replace(&mut self.availability, Availability::InUse) {
            Availability::Free(connection) => Ok(Some(connection)),
            other => {
                self.availability = other;
                Ok(None)
            }
        }
    }

    /// Whether it is in use by a transaction for which this thread may wait beyond its deadline.
    fn ends_at_limit(&self) -> bool {
        match self.availability {
            Availability::InUseUntilLimit(thread) => {
                thread.is_none() || thread != current_thread().map(|own| own.id())
            }
            Availability::Free(_) | Availability::InUse | Availability::Closed | Availability::TurnedOff => {
                false
            }
        }
    }

    fn enter(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.push_back(Waiter { number, thread: current_thread(), since: Instant::now() });
        number
    }

    fn leave(&mut self, own: Option<u64>) {
        self.waiting.retain(|waiter| Some(waiter.number) != own);
        self.wake_first();
    }

    fn wake_first(&self) {
        if let (Availability::Free(_), Some(first)) = (&self.availability, self.waiting.front()) {
            first.wake();
        }
    }
}

/// `Closed` in a process that was forked from `process`.
pub(super) fn refuse_inherited(process: u32) -> Result<()> {
    if process == std::process::id() {
        return Ok(());
    }
    let message = "this handle was opened before the process was forked: open a new one in the child";
    Err(Error::new(ErrorKind::Closed, message))
}

pub(super) fn busy_after(deadline: Deadline) -> Option<Error> {
    deadline.has_passed().then(|| {
        Error::new(ErrorKind::Busy, "other calls of this handle held the database for too long; try again")
    })
}

/// Frees the hook before the connection: a SQLite of the system before 3.44 would keep it, and with it pages of memory.
fn close(mut connection: Connection) -> rusqlite::Result<()> {
    locks::returning_memory(|| {
        let unhooked = connection.wal_hook(None::<fn(&mut Wal, c_int) -> rusqlite::Result<()>>);
        connection.close().map_err(|(_, error)| error).and(unhooked)
    })
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this handle was closed: open a new one")
}

impl Drop for Writer {
    fn drop(&mut self) {
        let is_inherited = self.is_inherited();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let availability = std::mem::replace(&mut state.availability, Availability::Closed);
        if is_inherited {
            std::mem::forget(availability);
        } else if let Availability::Free(connection) = availability {
            // Nobody is left to be told.
            let _ = close(connection);
        }
    }
}

/// The connection, for the duration of a call or a transaction.
#[derive(Debug)]
pub(super) struct WriterGuard {
    connection: Option<Connection>,
    writer: Arc<Writer>,
    on_drop: OnDrop,
}

/// What dropping the guard does with a transaction that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDrop {
    /// The transaction belongs to the host.
    Keep,
    RollBack,
    /// Rolls back to [`SAVEPOINT`], within a transaction of the host.
    RollBackToSavepoint,
}

/// The savepoint of a transaction that runs within a transaction of the host.
pub(super) const SAVEPOINT: &str = "mcoda_transaction";

impl WriterGuard {
    fn take(mut self) -> Option<Connection> {
        self.connection.take()
    }

    /// Marks it as a transaction that ends at its limit. `thread` makes its calls, if it is known.
    pub(super) fn set_limit(&self, thread: Option<ThreadId>) {
        let mut state = self.writer.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.availability = Availability::InUseUntilLimit(thread);
        // They would wake at a deadline that no longer applies.
        state.waiting.iter().for_each(Waiter::wake);
    }

    pub(super) fn set_on_drop(&mut self, on_drop: OnDrop) {
        self.on_drop = on_drop;
    }

    /// Commits what dropping the guard would roll back.
    pub(super) fn commit(&mut self) -> Result<()> {
        match self.on_drop {
            OnDrop::RollBackToSavepoint => self.execute_batch(&format!("RELEASE {SAVEPOINT}"))?,
            OnDrop::RollBack | OnDrop::Keep => self.execute_batch("COMMIT")?,
        }
        self.on_drop = OnDrop::Keep;
        Ok(())
    }

    /// The connection, mutably.
    pub(super) fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(closed)
    }
}

impl Deref for WriterGuard {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        // Only closing takes it out, and consumes the guard.
        self.connection.as_ref().expect("the guard holds the connection until it is dropped")
    }
}

/// However the call ended, even with a panic, the next one finds no transaction open, except one of the host.
impl Drop for WriterGuard {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.writer.is_inherited() {
            std::mem::forget(connection);
            return;
        }
        if !connection.is_autocommit() {
            // If it cannot be rolled back now, SQLite does so when the connection is used again or closed.
            let _ = match self.on_drop {
                OnDrop::Keep => Ok(()),
                OnDrop::RollBack => connection.execute_batch("ROLLBACK"),
                OnDrop::RollBackToSavepoint => {
                    connection.execute_batch(&format!("ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}"))
                }
            };
        }
        self.writer.release(connection);
    }
}
