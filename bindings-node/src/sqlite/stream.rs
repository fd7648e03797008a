//! The rows of one statement on their way to whoever takes them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcoda_core::host::{HostError, HostResult, RowChunk};

use super::reply::{SqlReplies, SqlReply};
use super::spool::Spool;
use crate::queue::{Queue, Wait};

/// How many chunks are made before somebody asks for them.
const AHEAD: usize = 2;

/// Chunks of rows: a producer on the database's thread, and a consumer that asks for one after the other.
pub(super) struct Stream {
    state: Mutex<State>,
    /// Whether others do not wait for the consumer: rows that it has not taken by then are set aside.
    yields: bool,
}

struct State {
    /// The call that waits for rows. Nothing is ready then, and nothing set aside.
    wanted: Option<i64>,
    ready: VecDeque<RowChunk>,
    /// What comes after those that are ready.
    set_aside: Option<Spool>,
    /// How the statement ended, once it has.
    end: Option<HostResult<()>>,
    is_stopped: bool,
    /// Whether the database is being closed, which waits for nobody who takes rows.
    is_closing: bool,
}

impl State {
    fn has_room(&self) -> bool {
        self.wanted.is_some() || self.ready.len() < AHEAD || self.is_stopped
    }

    /// The next chunk, and whether there may be another one; none where it is yet to come.
    fn next(&mut self) -> Option<HostResult<SqlReply>> {
        let chunk = match self.ready.pop_front() {
            Some(chunk) => Some(chunk),
            None => match self.set_aside.as_mut().map(Spool::read).transpose() {
                Ok(chunk) => chunk.flatten(),
                Err(error) => return Some(Err(error)),
            },
        };
        let is_empty = self.ready.is_empty() && self.set_aside.as_ref().is_none_or(Spool::is_empty);
        match (chunk, &self.end) {
            // An error has to be asked for.
            (Some(rows), end) => Some(Ok(SqlReply { rows, more: !is_empty || !matches!(end, Some(Ok(()))) })),
            (None, Some(Ok(()))) => Some(Ok(SqlReply::default())),
            (None, Some(Err(error))) => Some(Err(error.clone())),
            (None, None) => None,
        }
    }

    /// Ends the statement for a database that is closed. False: it does not go on.
    fn stop_for_good(&mut self) -> bool {
        self.is_stopped = true;
        self.end.get_or_insert(Err(HostError::closed()));
        false
    }

    fn put(&mut self, chunk: RowChunk) -> HostResult<()> {
        match &mut self.set_aside {
            Some(spool) => spool.write(&chunk),
            None => {
                self.ready.push_back(chunk);
                Ok(())
            }
        }
    }
}

impl Stream {
    /// A stream of which the call with this number waits for the first rows.
    pub(super) fn new(call: i64, yields: bool) -> Self {
        let state = State {
            wanted: Some(call),
            ready: VecDeque::new(),
            set_aside: None,
            end: None,
            is_stopped: false,
            is_closing: false,
        };
        Self { state: Mutex::new(state), yields }
    }

    /// Takes a chunk from the producer, and waits until there is room for the next one. Says whether to go on.
    pub(super) fn deliver(&self, chunk: RowChunk, queue: &Queue, replies: &SqlReplies) -> HostResult<bool> {
        {
            let mut state = self.lock();
            if state.is_stopped {
                return Ok(false);
            }
            if let Some(call) = state.wanted.take() {
                replies.send(call, Ok(SqlReply { rows: chunk, more: true }));
                return Ok(!state.is_closing || state.stop_for_good());
            }
            state.put(chunk)?;
            if state.set_aside.is_some() {
                return Ok(true);
            }
        }
        match queue.wait_in_job(self.yields, || self.lock().has_room()) {
            Wait::Over => Ok(!self.lock().is_stopped),
            Wait::OthersWait => {
                self.lock().set_aside = Some(Spool::new());
                Ok(true)
            }
            Wait::NobodyListens => Ok(false),
        }
    }

    /// Takes the last chunk from the producer, or what went wrong. Says whether nobody will ask for more.
    pub(super) fn finish(&self, outcome: HostResult<RowChunk>, replies: &SqlReplies) -> bool {
        let mut state = self.lock();
        let end = outcome.and_then(|chunk| match state.wanted.take() {
            Some(call) => {
                replies.send(call, Ok(SqlReply::last(chunk)));
                Ok(true)
            }
            None if chunk.json.is_empty() => Ok(false),
            None => state.put(chunk).map(|()| false),
        });
        match (end, state.wanted.take()) {
            (Ok(is_over), _) => {
                state.end.get_or_insert(Ok(()));
                is_over
            }
            (Err(error), Some(call)) => {
                replies.send(call, Err(error));
                true
            }
            (Err(error), None) => {
                state.end.get_or_insert(Err(error));
                false
            }
        }
    }

    /// Replies to the call with the next rows, now or when they are there. Says whether there are no others.
    pub(super) fn take(&self, call: i64, replies: &SqlReplies) -> bool {
        let mut state = self.lock();
        let Some(next) = state.next() else {
            state.wanted = Some(call);
            return false;
        };
        let is_last = next.as_ref().map_or(true, |reply| !reply.more);
        replies.send(call, next);
        is_last
    }

    /// Whether the next rows are in a file.
    pub(super) fn is_set_aside(&self) -> bool {
        let state = self.lock();
        state.ready.is_empty() && state.set_aside.as_ref().is_some_and(|spool| !spool.is_empty())
    }

    /// Lets the producer end: nobody takes its rows.
    pub(super) fn stop(&self, replies: &SqlReplies) {
        let mut state = self.lock();
        if let Some(call) = state.wanted.take() {
            replies.send(call, Ok(SqlReply::default()));
        }
        state.is_stopped = true;
        state.ready.clear();
        state.set_aside = None;
    }

    /// Lets the producer end, for a database that is being closed: one that others do not wait for. What was asked for
    /// before still comes.
    pub(super) fn close(&self) {
        if self.yields {
            let mut state = self.lock();
            state.is_closing = true;
            if state.wanted.is_none() {
                state.stop_for_good();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
