//! The reading connections.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::cancel::{CancelToken, Watch};
use super::connect::ConnectOptions;
use super::database_file::DatabaseFile;
use super::writer::{POLL_INTERVAL, busy_after, closed, refuse_inherited};
use crate::error::Result;
use crate::time::Deadline;

/// Their maximum number. Each has a cache of up to 2 MiB and three descriptors.
const MAX_READERS: usize = 4;

/// A few read-only connections, opened when they are first needed and kept for the next query.
///
/// As with the [`Writer`](super::writer::Writer), a forked child never touches them.
#[derive(Debug)]
pub(super) struct Readers {
    state: Mutex<State>,
    changed: Condvar,
    file: DatabaseFile,
    options: ConnectOptions,
    /// The process that opened the handle.
    process: u32,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Connection>,
    in_use: usize,
    /// Who waits, longest first, so that a caller that queries repeatedly does not overtake others.
    waiting: VecDeque<u64>,
    next: u64,
    is_blocked: bool,
    is_closed: bool,
}

impl Readers {
    pub(super) fn new(file: DatabaseFile, options: &ConnectOptions) -> Arc<Self> {
        let options = ConnectOptions { read_only: true, ..options.clone() };
        let process = std::process::id();
        Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), file, options, process })
    }

    /// Acquires a connection: `Busy` if other queries hold all of them beyond the deadline, or the error of the watch.
    pub(super) fn acquire(self: &Arc<Self>, deadline: Deadline, watch: &Watch) -> Result<Reader> {
        let idle = self.wait(deadline, watch)?;
        // From here on dropping it releases the slot, even if opening fails.
        let mut reader = Reader { connection: idle, readers: Arc::clone(self) };
        if reader.connection.is_none() {
            let opened = self.file.open(&self.options);
            reader.connection = Some(opened.map_err(|error| error.about_file(self.file.path()))?);
        }
        Ok(reader)
    }

    /// Takes a slot, and the most recently used idle connection, whose cache is warm.
    fn wait(&self, deadline: Deadline, watch: &Watch) -> Result<Option<Connection>> {
        let mut state = self.lock()?;
        if state.is_closed {
            return Err(closed());
        }
        let mut own = None;
        while !state.can_start(own) {
            // Not while holding the lock: the check may run the host's code.
            drop(state);
            let stopped = watch.stopped();
            state = self.lock()?;
            if state.can_start(own) {
                break;
            }
            if let Some(error) = stopped.or_else(|| busy_after(deadline)) {
                self.leave(&mut state, own);
                return Err(error);
            }
            own.get_or_insert_with(|| state.enter());
            let longest = if watch.listens() { POLL_INTERVAL } else { Duration::MAX };
            let longest = deadline.remaining().unwrap_or(Duration::MAX).min(longest);
            state = self.changed.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.leave(&mut state, own);
        state.in_use += 1;
        Ok(state.idle.pop())
    }

    fn leave(&self, state: &mut State, own: Option<u64>) {
        if own.is_some() {
            state.waiting.retain(|number| Some(*number) != own);
            self.changed.notify_all();
        }
    }

    fn release(&self, connection: Option<Connection>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_use -= 1;
        state.idle.extend(connection);
        // Few ever wait, and only one of them is the first.
        if state.is_closed || state.is_blocked || !state.waiting.is_empty() {
            self.changed.notify_all();
        }
    }

    /// Blocks new queries until the returned guard is dropped. It is returned when the running ones have ended; `None`
    /// if the deadline passes before that, or the token is cancelled.
    pub(super) fn block_new(&self, deadline: Deadline, token: &CancelToken) -> Option<BlockedReaders<'_>> {
        let mut state = self.lock().ok().filter(|state| !state.is_closed)?;
        state.is_blocked = true;
        let held = BlockedReaders(self);
        while state.in_use > 0 && !deadline.has_passed() && !token.is_cancelled() {
            let longest = deadline.remaining().unwrap_or(POLL_INTERVAL).min(POLL_INTERVAL);
            state = self.changed.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0;
        }
        let is_quiet = state.in_use == 0;
        // Dropping the guard takes the lock.
        drop(state);
        is_quiet.then_some(held)
    }

    /// Closes all of them after the running queries; later ones fail with `Closed`. Closing twice is not an error.
    pub(super) fn close(&self) -> Result<()> {
        let mut state = self.lock()?;
        state.is_closed = true;
        while state.in_use > 0 || !state.waiting.is_empty() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        // An error of one must not keep the others open.
        let closed: Vec<_> = idle.into_iter().map(Connection::close).collect();
        closed.into_iter().try_for_each(|one| one.map_err(|(_, error)| error.into()))
    }

    /// Never in a forked child, where a thread that does not exist there may hold the lock forever.
    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        refuse_inherited(self.process)?;
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_inherited(&self) -> bool {
        refuse_inherited(self.process).is_err()
    }
}

impl State {
    fn can_start(&self, own: Option<u64>) -> bool {
        let is_first = self.waiting.front().is_none_or(|first| Some(*first) == own);
        is_first && self.in_use < MAX_READERS && !self.is_blocked
    }

    fn enter(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.push_back(number);
        number
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        if self.is_inherited() {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::take(&mut state.idle));
        }
    }
}

/// New queries wait as long as it lives.
#[derive(Debug)]
pub(super) struct BlockedReaders<'r>(&'r Readers);

impl Drop for BlockedReaders<'_> {
    fn drop(&mut self) {
        if let Ok(mut state) = self.0.lock() {
            state.is_blocked = false;
            self.0.changed.notify_all();
        }
    }
}

/// A reading connection, for the duration of one query.
#[derive(Debug)]
pub(super) struct Reader {
    connection: Option<Connection>,
    readers: Arc<Readers>,
}

impl Reader {
    pub(super) fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(closed)
    }
}

/// However the query ended, even with a panic, the next one finds no transaction open.
impl Drop for Reader {
    fn drop(&mut self) {
        if self.readers.is_inherited() {
            std::mem::forget(self.connection.take());
            return;
        }
        let is_at_rest = |connection: &Connection| {
            connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok()
        };
        // A connection that cannot be rolled back would show an old state forever: it is closed.
        self.readers.release(self.connection.take().filter(is_at_rest));
    }
}
