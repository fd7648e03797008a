//! The connection that writes, lent to one call at a time.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Thread, ThreadId};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::cancel::Watch;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// How long somebody may wait before nobody else goes first. Until then a call that comes while the connection is
/// free takes it, since waking a thread for each call would take longer than most calls.
const UNFAIR: Duration = Duration::from_millis(1);

/// How soon a call that waits notices that it was given up.
pub(super) const NOTICE: Duration = Duration::from_millis(10);

/// Where the connection is.
///
/// In a forked child it is closed, whatever it was in the parent, and the connection is never touched: not even to be
/// dropped, since SQLite would then write to a file whose locks are the parent's.
#[derive(Debug)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// The process that opened the connection.
    process: u32,
    /// Whether a transaction stays open when a lease ends: its host runs `BEGIN` and `COMMIT` as calls of their own.
    keeps_transactions: bool,
}

#[derive(Debug)]
struct State {
    place: Place,
    waiting: VecDeque<Waiter>,
    next: u64,
}

#[derive(Debug)]
enum Place {
    Free(Connection),
    Lent,
    /// Lent to a transaction that ends by itself, so that calls wait for its end. Those of the thread that makes its
    /// calls, where it is known, would wait for themselves.
    LentUntilLimit(Option<ThreadId>),
    Closed,
    TurnedOff,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    /// None where it looks by itself.
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

/// This thread, to be woken. A thread that ends, in an exit handler for example, has no name left to be called by.
fn own_thread() -> Option<Thread> {
    /// Lives for as long as what the system's library knows of the thread does.
    struct Alive;
    impl Drop for Alive {
        fn drop(&mut self) {}
    }
    thread_local!(static ALIVE: Alive = const { Alive });
    ALIVE.try_with(|_| std::thread::current()).ok()
}

/// Waits to be woken, at the most for so long.
fn pause(longest: Duration) {
    match own_thread() {
        Some(_) => std::thread::park_timeout(longest),
        None => std::thread::sleep(longest.min(UNFAIR)),
    }
}

impl Slot {
    pub(super) fn new(connection: Connection) -> Arc<Self> {
        Self::at(Place::Free(connection))
    }

    /// A connection on which a host runs statements of its own, `BEGIN` and `COMMIT` among them.
    pub(super) fn of_host(connection: Connection) -> Arc<Self> {
        Self::keeping(true, Place::Free(connection))
    }

    /// A database that the environment turned off: every call says so.
    pub(super) fn turned_off() -> Arc<Self> {
        Self::at(Place::TurnedOff)
    }

    fn at(place: Place) -> Arc<Self> {
        Self::keeping(false, place)
    }

    fn keeping(keeps_transactions: bool, place: Place) -> Arc<Self> {
        let state = State { place, waiting: VecDeque::new(), next: 0 };
        Arc::new(Self { state: Mutex::new(state), process: std::process::id(), keeps_transactions })
    }

    /// `Closed` after [`Slot::close`], for calls that may not need the connection.
    pub(super) fn check_open(&self) -> Result<()> {
        match self.lock()?.place {
            Place::Closed => Err(closed()),
            Place::Free(_) | Place::Lent | Place::LentUntilLimit(_) | Place::TurnedOff => Ok(()),
        }
    }

    /// Lends the connection: `Busy` where other calls of the handle have it for longer than the deadline, or where
    /// the watch gives the call up. The time that passes within a transaction with a limit does not
    /// count, unless there was none to begin with, or the transaction is this thread's.
    pub(super) fn lend(self: &Arc<Self>, mut deadline: Deadline, watch: &Watch) -> Result<Lease> {
        let mut own = None;
        let patience = deadline.remaining();
        let waits = !deadline.has_passed();
        loop {
            // Not below the lock: a look at it may run code of the host's.
            let stopped = watch.stopped();
            let mut state = self.lock()?;
            if let Some(connection) = state.take(own)? {
                return Ok(self.lease(connection));
            }
            if waits && state.ends_by_itself() {
                // Counted anew from its end, since others who waited for that go first.
                deadline = patience.map_or_else(Deadline::never, Deadline::after);
            }
            if let Some(error) = stopped.or_else(|| given_up(deadline)) {
                state.leave(own);
                return Err(error);
            }
            let number = *own.get_or_insert_with(|| state.enter());
            debug_assert!(state.waiting.iter().any(|waiter| waiter.number == number));
            drop(state);
            let longest = if watch.listens() { NOTICE } else { Duration::MAX };
            pause(deadline.remaining().unwrap_or(Duration::MAX).min(longest));
        }
    }

    /// Closes the connection after the calls that are under way; later calls get `Closed`. Closing twice is not an
    /// error, nor is closing in a forked child, which does nothing.
    pub(super) fn close(self: &Arc<Self>) -> Result<()> {
        if self.is_inherited() {
            return Ok(());
        }
        let connection = match self.lend(Deadline::never(), &Watch::default()) {
            Ok(lease) => lease.take(),
            // It was closed before, or turned off.
            Err(_) => None,
        };
        let waiting = {
            let mut state = self.lock()?;
            state.place = Place::Closed;
            std::mem::take(&mut state.waiting)
        };
        waiting.iter().for_each(Waiter::wake);
        connection.map_or(Ok(()), |connection| connection.close().map_err(|(_, error)| error.into()))
    }

    /// Lends the connection where it is free.
    pub(super) fn lend_at_once(self: &Arc<Self>) -> Result<Option<Lease>> {
        let connection = self.lock()?.take(None)?;
        Ok(connection.map(|connection| self.lease(connection)))
    }

    fn lease(self: &Arc<Self>, connection: Connection) -> Lease {
        let undo = if self.keeps_transactions { Undo::Nothing } else { Undo::Transaction };
        Lease { connection: Some(connection), slot: Arc::clone(self), undo }
    }

    fn give_back(&self, connection: Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.place = Place::Free(connection);
        state.wake_first();
    }

    /// `Closed` in a forked child.
    pub(super) fn refuse_inherited(&self) -> Result<()> {
        refuse_inherited(self.process)
    }

    /// Never in a forked child, where a thread that does not exist there may hold the lock for ever.
    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.refuse_inherited()?;
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }
}

impl State {
    /// Takes the connection, where it is free and nobody else has waited for too long.
    fn take(&mut self, own: Option<u64>) -> Result<Option<Connection>> {
        match &self.place {
            Place::Lent | Place::LentUntilLimit(_) => return Ok(None),
            Place::Closed => return Err(closed()),
            Place::TurnedOff => {
                let message = "the database is turned off: unset MCODA_DISABLE_DB to use it";
                return Err(Error::new(ErrorKind::Storage, message));
            }
            Place::Free(_) => {}
        }
        let is_first = self
            .waiting
            .front()
            .is_none_or(|first| Some(first.number) == own || first.since.elapsed() < UNFAIR);
        if !is_first {
            return Ok(None);
        }
        if let Some(own) = own {
            self.waiting.retain(|waiter| waiter.number != own);
        }
        match std::mem::replace(&mut self.place, Place::Lent) {
            Place::Free(connection) => Ok(Some(connection)),
            other => {
                self.place = other;
                Ok(None)
            }
        }
    }

    /// Whether it is lent to a transaction for which this thread may wait beyond its deadline.
    fn ends_by_itself(&self) -> bool {
        match self.place {
            Place::LentUntilLimit(thread) => thread.is_none() || thread != own_thread().map(|own| own.id()),
            Place::Free(_) | Place::Lent | Place::Closed | Place::TurnedOff => false,
        }
    }

    fn enter(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.push_back(Waiter { number, thread: own_thread(), since: Instant::now() });
        number
    }

    fn leave(&mut self, own: Option<u64>) {
        self.waiting.retain(|waiter| Some(waiter.number) != own);
        self.wake_first();
    }

    fn wake_first(&self) {
        if let (Place::Free(_), Some(first)) = (&self.place, self.waiting.front()) {
            first.wake();
        }
    }
}

/// `Closed` in a process that `process` was forked into.
pub(super) fn refuse_inherited(process: u32) -> Result<()> {
    if process == std::process::id() {
        return Ok(());
    }
    let message = "this handle was opened before the process was forked: open a new one in the child";
    Err(Error::new(ErrorKind::Closed, message))
}

pub(super) fn given_up(deadline: Deadline) -> Option<Error> {
    deadline.has_passed().then(|| {
        Error::new(ErrorKind::Busy, "other calls of this handle held the database for too long; try again")
    })
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this handle was closed: open a new one")
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.is_inherited() {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::replace(&mut state.place, Place::Closed));
        }
    }
}

/// The connection, for as long as a call or a transaction needs it.
#[derive(Debug)]
pub(super) struct Lease {
    connection: Option<Connection>,
    slot: Arc<Slot>,
    undo: Undo,
}

/// What the end of a lease takes back, where it is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undo {
    /// What is open is the host's.
    Nothing,
    Transaction,
    /// Everything since [`SAVEPOINT`], within a transaction of the host's.
    Savepoint,
}

/// The savepoint that a transaction is within another one.
pub(super) const SAVEPOINT: &str = "mcoda_transaction";

impl Lease {
    fn take(mut self) -> Option<Connection> {
        self.connection.take()
    }

    /// Says that it ends by itself, though not soon. Its calls come from the thread, where that is known.
    pub(super) fn has_limit(&self, thread: Option<ThreadId>) {
        let mut state = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.place = Place::LentUntilLimit(thread);
        // They were to wake at a deadline that counts no more.
        state.waiting.iter().for_each(Waiter::wake);
    }

    /// Says what its end takes back.
    pub(super) fn undoes(&mut self, undo: Undo) {
        self.undo = undo;
    }

    /// Commits what its end would take back otherwise.
    pub(super) fn commit(&mut self) -> Result<()> {
        match self.undo {
            Undo::Savepoint => self.execute_batch(&format!("RELEASE {SAVEPOINT}"))?,
            Undo::Transaction | Undo::Nothing => self.execute_batch("COMMIT")?,
        }
        self.undo = Undo::Nothing;
        Ok(())
    }

    /// The connection, to be changed.
    pub(super) fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(closed)
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        // Only closing takes it out, and takes the lease for that.
        self.connection.as_ref().expect("a lease has its connection until it ends")
    }
}

/// Whatever ended the call, a panic included, the next one finds no transaction open but one of the host's.
impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.slot.is_inherited() {
            std::mem::forget(connection);
            return;
        }
        if !connection.is_autocommit() {
            // One that cannot be rolled back now is by SQLite, when the connection is used again or closed.
            let _ = match self.undo {
                Undo::Transaction => connection.execute_batch("ROLLBACK"),
                Undo::Savepoint => {
                    connection.execute_batch(&format!("ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}"))
                }
                Undo::Nothing => Ok(()),
            };
        }
        self.slot.give_back(connection);
    }
}
