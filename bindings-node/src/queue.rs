//! The thread of one database and its queue. Neither the event loop nor libuv's pool ever waits for a database.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use mcoda_core::CancelToken;

struct Job {
    /// The number by which it can be cancelled.
    call: Option<i64>,
    token: CancelToken,
    work: Box<dyn FnOnce() + Send>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// What is under way.
    running: Option<(Option<i64>, CancelToken)>,
    has_thread: bool,
    /// The thread ends when there are no more jobs. A job that comes all the same gets a new one.
    leaving: bool,
}

/// Runs jobs one after the other, in the order in which they came.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    /// Closes what the jobs use, when the thread ends.
    close: Box<dyn Fn() + Send + Sync>,
}

/// What became of a job that was to be cancelled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It will not run.
    Removed,
    /// It is under way, or was: it replies.
    Asked,
}

/// How the waiting of a job ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// What it waited for has come.
    Over,
    /// Another job waits for its end.
    OthersWait,
    /// Nobody waits for what it does.
    NobodyListens,
}

impl Queue {
    pub(crate) fn new(close: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), wake: Condvar::new(), close: Box::new(close) })
    }

    /// Queues `work`. It must not panic.
    ///
    /// Errors: the system gives no thread.
    pub(crate) fn submit(
        self: &Arc<Self>,
        call: Option<i64>,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let mut state = self.lock();
        if !state.has_thread {
            let queue = self.clone();
            std::thread::Builder::new().name("mcoda".to_owned()).spawn(move || queue.run())?;
            state.has_thread = true;
        }
        state.jobs.push_back(Job { call, token: CancelToken::new(), work: Box::new(work) });
        // Where a job waits for others to come, it is not the only one that waits.
        self.wake.notify_all();
        Ok(())
    }

    /// Takes the job from the queue, else asks it to stop.
    pub(crate) fn cancel(&self, call: i64) -> Cancelled {
        let mut state = self.lock();
        if let Some(place) = state.jobs.iter().position(|job| job.call == Some(call)) {
            state.jobs.remove(place);
            return Cancelled::Removed;
        }
        if let Some((running, token)) = &state.running
            && *running == Some(call)
        {
            token.cancel();
        }
        Cancelled::Asked
    }

    /// Ends the thread once the jobs that are queued are done.
    pub(crate) fn leave(&self) {
        self.lock().leaving = true;
        self.wake.notify_all();
    }

    /// Ends the thread as soon as that is safe: a call that has begun to write is finished.
    fn give_up(&self) {
        let mut state = self.lock();
        state.jobs.clear();
        if let Some((_, token)) = &state.running {
            token.cancel();
        }
        state.leaving = true;
        self.wake.notify_all();
    }

    /// Lets the job that is under way wait until `is_over` says so, and where it `yields` no longer than until another
    /// job waits for its end. Who calls [`Queue::tell`] must hold nothing that `is_over` needs.
    pub(crate) fn wait_in_job(&self, yields: bool, mut is_over: impl FnMut() -> bool) -> Wait {
        let mut state = self.lock();
        loop {
            if state.leaving {
                return Wait::NobodyListens;
            }
            if is_over() {
                return Wait::Over;
            }
            if yields && !state.jobs.is_empty() {
                return Wait::OthersWait;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Wakes the job that waits, to look again.
    pub(crate) fn tell(&self) {
        drop(self.lock());
        self.wake.notify_all();
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            job.token.during(job.work);
            self.lock().running = None;
        }
    }

    /// The next job; none where this thread has to end.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        let mut is_closed = false;
        loop {
            if let Some(job) = state.jobs.pop_front() {
                state.running = Some((job.call, job.token.clone()));
                return Some(job);
            }
            if !state.leaving {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else if is_closed {
                state.has_thread = false;
                return None;
            } else {
                // Here, and not where the last reference is dropped: that may be the event loop.
                drop(state);
                (self.close)();
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

/// The queues of one JavaScript environment.
#[derive(Default)]
pub(crate) struct Queues(Mutex<Vec<Weak<Queue>>>);

impl Queues {
    pub(crate) fn add(&self, queue: &Arc<Queue>) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(queue));
    }

    /// The environment ends: nobody waits for these jobs any more, and nothing may go on without end.
    pub(crate) fn give_up(&self) {
        let queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.iter().filter_map(Weak::upgrade).for_each(|queue| queue.give_up());
    }
}
