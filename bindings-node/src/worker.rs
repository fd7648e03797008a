//! The thread of one handle and its queue. Neither the event loop nor libuv's thread pool ever waits for a database.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use mcoda_core::{CancelToken, ErrorKind, catch_panic};

use crate::engine::Engine;
use crate::reply::{Failure, Outcome, Replies};

type Work = Box<dyn FnOnce(&Worker) -> Outcome + Send>;

struct Job {
    call: i64,
    token: CancelToken,
    work: Work,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// The running call.
    running: Option<(i64, CancelToken)>,
    has_thread: bool,
    /// The thread ends when the queue is empty. A later call starts a new one.
    leaving: bool,
}

/// Runs the calls of one handle, one after the other.
pub(crate) struct Worker {
    state: Mutex<State>,
    wake: Condvar,
    engine: OnceLock<Engine>,
    replies: Arc<Replies>,
}

impl Worker {
    pub(crate) fn new(replies: Arc<Replies>) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), engine: OnceLock::new(), replies }
    }

    /// Where replies are sent.
    pub(crate) fn replies(&self) -> Arc<Replies> {
        Arc::clone(&self.replies)
    }

    /// Queues `work` as the call with this number. What it returns is the reply.
    pub(crate) fn submit(self: &Arc<Self>, call: i64, work: impl FnOnce(&Self) -> Outcome + Send + 'static) {
        let mut state = self.lock();
        if !state.has_thread {
            let worker = self.clone();
            let thread = std::thread::Builder::new().name("mcoda".to_owned());
            if let Err(error) = thread.spawn(move || worker.run()) {
                let message = format!("the system cannot start a thread for the call; close handles: {error}");
                return self.replies.send(call, Err(Failure::new(ErrorKind::Storage, message)));
            }
            state.has_thread = true;
        }
        state.queue.push_back(Job { call, token: CancelToken::new(), work: Box::new(work) });
        self.wake.notify_one();
    }

    /// Removes the call from the queue, or else requests it to stop. Returns whether no reply follows.
    pub(crate) fn cancel(&self, call: i64) -> bool {
        let mut state = self.lock();
        let queued = state.queue.iter().position(|job| job.call == call);
        if let Some(place) = queued {
            state.queue.remove(place);
        }
        if let Some((running, token)) = &state.running
            && *running == call
        {
            token.cancel();
        }
        // A handle whose opening was cancelled is closed as soon as it is open.
        let is_opening = self.engine.get().is_none();
        if is_opening {
            state.leaving = true;
            self.wake.notify_one();
        }
        queued.is_some() || is_opening
    }

    /// Ends the thread once the queued calls have run.
    pub(crate) fn leave(&self) {
        self.lock().leaving = true;
        self.wake.notify_one();
    }

    /// Ends the thread as soon as that is safe: a call that has begun to write is completed.
    fn give_up(&self) {
        let mut state = self.lock();
        state.queue.clear();
        if let Some((_, token)) = &state.running {
            token.cancel();
        }
        state.leaving = true;
        self.wake.notify_one();
    }

    /// Keeps the opened engine, and returns what it knows about itself.
    pub(crate) fn opened(&self, engine: Engine) -> Outcome {
        self.engine.get_or_init(|| engine).about()
    }

    pub(crate) fn engine(&self) -> Result<&Engine, Failure> {
        self.engine.get().ok_or_else(|| Failure::new(ErrorKind::Closed, "this handle is not open".to_owned()))
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            let work = || catch_panic(|| Ok((job.work)(self)));
            let outcome = job.token.during(work).map_err(Failure::from).flatten();
            self.lock().running = None;
            self.replies.send(job.call, outcome);
        }
    }

    /// The next job, or none where this thread has to end.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        let mut is_closed = false;
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.running = Some((job.call, job.token.clone()));
                return Some(job);
            }
            if !state.leaving {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else if is_closed {
                state.has_thread = false;
                return None;
            } else {
                // Here, and not where the last reference is dropped, which may be the event loop.
                drop(state);
                self.engine.get().map(Engine::close);
                is_closed = true;
                state = self.lock();
            }
        }
    }

    /// No panic leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handles of one JavaScript environment.
#[derive(Default)]
pub(crate) struct Workers(Mutex<Vec<Weak<Worker>>>);

impl Workers {
    pub(crate) fn add(&self, worker: &Arc<Worker>) {
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| worker.strong_count() > 0);
        workers.push(Arc::downgrade(worker));
    }

    /// Called when the environment ends: it receives no replies, and no call may run on without end.
    pub(crate) fn give_up(&self) {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.iter().filter_map(Weak::upgrade).for_each(|worker| worker.give_up());
    }
}
