//! The rows of one statement, between the thread that reads them and JavaScript.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcoda_core::host::{HostError, HostResult, RowChunk};

use super::reply::{SqlReplies, SqlReply};
use super::spool::Spool;
use crate::queue::{Queue, Wait};

/// How many chunks are prepared in advance.
const AHEAD: usize = 2;

/// Chunks of rows. The producer is the database's thread, the consumer requests one after the other.
pub(super) struct Stream {
    state: Mutex<State>,
    /// Whether other calls do not wait for the consumer: the remaining rows are stored temporarily.
    yields: bool,
}

struct State {
    /// The call that waits for rows. There are none in `ready` and `spool` then.
    wanted: Option<i64>,
    ready: VecDeque<RowChunk>,
    /// The chunks after those in `ready`.
    spool: Option<Spool>,
    /// The result of the statement, once it has ended.
    end: Option<HostResult<()>>,
    is_stopped: bool,
    /// Whether the database is being closed, which does not wait for the consumer.
    is_closing: bool,
}

impl State {
    fn has_space(&self) -> bool {
        self.wanted.is_some() || self.ready.len() < AHEAD || self.is_stopped
    }

    /// The next chunk, and whether there may be others; `None` if it is not there yet.
    fn next(&mut self) -> Option<HostResult<SqlReply>> {
        let chunk = match self.ready.pop_front() {
            Some(chunk) => Some(chunk),
            None => match self.spool.as_mut().map(Spool::read).transpose() {
                Ok(chunk) => chunk.flatten(),
                Err(error) => return Some(Err(error)),
            },
        };
        let is_empty = self.ready.is_empty() && self.spool.as_ref().is_none_or(Spool::is_empty);
        match (chunk, &self.end) {
            // The consumer must request an error like a chunk.
            (Some(rows), end) => Some(Ok(SqlReply { rows, more: !is_empty || !matches!(end, Some(Ok(()))) })),
            (None, Some(Ok(()))) => Some(Ok(SqlReply::default())),
            (None, Some(Err(error))) => Some(Err(error.clone())),
            (None, None) => None,
        }
    }

    /// Ends the statement because the database is closed. Returns false: do not continue.
    fn end_closed(&mut self) -> bool {
        self.is_stopped = true;
        self.end.get_or_insert(Err(HostError::closed()));
        false
    }

    fn put(&mut self, chunk: RowChunk) -> HostResult<()> {
        match &mut self.spool {
            Some(spool) => spool.write(&chunk),
            None => {
                self.ready.push_back(chunk);
                Ok(())
            }
        }
    }
}

impl Stream {
    /// A stream whose first rows are the reply to the call with this number.
    pub(super) fn new(call: i64, yields: bool) -> Self {
        let state = State {
            wanted: Some(call),
            ready: VecDeque::new(),
            spool: None,
            end: None,
            is_stopped: false,
            is_closing: false,
        };
        Self { state: Mutex::new(state), yields }
    }

    /// Takes a chunk from the producer, and waits until there is space for the next one. Returns whether to continue.
    pub(super) fn deliver(&self, chunk: RowChunk, queue: &Queue, replies: &SqlReplies) -> HostResult<bool> {
        {
            let mut state = self.lock();
            if state.is_stopped {
                return Ok(false);
            }
            if let Some(call) = state.wanted.take() {
                replies.send(call, Ok(SqlReply { rows: chunk, more: true }));
                return Ok(!state.is_closing || state.end_closed());
            }
            state.put(chunk)?;
            if state.spool.is_some() {
                return Ok(true);
            }
        }
        match queue.wait_in_job(self.yields, || self.lock().has_space()) {
            Wait::Ready => Ok(!self.lock().is_stopped),
            Wait::Preempted => {
                self.lock().spool = Some(Spool::new());
                Ok(true)
            }
            Wait::Ending => Ok(false),
        }
    }

    /// Takes the last chunk from the producer, or the error. Returns whether the consumer has all of it.
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

    /// Replies to the call with the next rows, now or when they are there. Returns whether these are the last.
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

    /// Whether the next rows are in the spool.
    pub(super) fn is_spooled(&self) -> bool {
        let state = self.lock();
        state.ready.is_empty() && state.spool.as_ref().is_some_and(|spool| !spool.is_empty())
    }

    /// Ends the producer: nobody needs its rows.
    pub(super) fn stop(&self, replies: &SqlReplies) {
        let mut state = self.lock();
        if let Some(call) = state.wanted.take() {
            replies.send(call, Ok(SqlReply::default()));
        }
        state.is_stopped = true;
        state.ready.clear();
        state.spool = None;
    }

    /// Ends the producer, if it yields, because the database is being closed. Rows that were requested before are still
    /// delivered.
    pub(super) fn close(&self) {
        if self.yields {
            let mut state = self.lock();
            state.is_closing = true;
            if state.wanted.is_none() {
                state.end_closed();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
