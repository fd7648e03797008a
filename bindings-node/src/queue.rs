//! The queue of one database. Neither the event loop nor libuv's pool ever waits for a database.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use mcoda_core::CancelToken;
use napi::Env;

use crate::loop_time::LoopTime;
use crate::threads;

struct Job {
    /// The number by which it can be cancelled.
    call: Option<i64>,
    token: CancelToken,
    work: Box<dyn FnOnce() + Send>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// The running job.
    running: Option<(Option<i64>, CancelToken)>,
    /// Whether a thread runs the jobs, or is about to.
    has_thread: bool,
    /// Whether the queue is closed when there are no more jobs.
    leaving: bool,
    /// Whether a job has run since the queue was closed the last time, or at all.
    is_open: bool,
}

/// Runs jobs one after the other, in the order in which they were submitted.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    /// Closes what the jobs use.
    close: Box<dyn Fn() + Send + Sync>,
}

/// The result of [`Queue::cancel`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// The job will not run.
    Removed,
    /// The job is running or has ended: it replies.
    Requested,
}

/// Why a job stopped waiting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The condition holds.
    Ready,
    /// Another job is waiting.
    Preempted,
    /// The queue is ending.
    Ending,
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
        state.jobs.push_back(Job { call, token: CancelToken::new(), work: Box::new(work) });
        if state.has_thread {
            // The running job may be waiting, too.
            self.wake.notify_all();
            return Ok(());
        }
        let started = threads::run(self);
        state.has_thread = started.is_ok();
        if started.is_err() {
            state.jobs.pop_back();
        }
        started
    }

    /// Runs `work` on this thread, that of the event loop, if the loop has time for it, no job is queued or running, and what the
    /// jobs use is open. Jobs that are queued in the meantime run after it. It must not panic.
    pub(crate) fn run_now<T>(
        self: &Arc<Self>,
        loop_time: &LoopTime,
        work: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        loop_time.lend(|| self.run_in_place(work))
    }

    fn run_in_place<T>(self: &Arc<Self>, work: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        if state.has_thread || state.leaving || !state.is_open || !state.jobs.is_empty() {
            return None;
        }
        // It is this one.
        state.has_thread = true;
        drop(state);
        let done = work();
        let mut state = self.lock();
        let is_needed = !state.jobs.is_empty() || state.leaving;
        // Without a thread the jobs wait for the next one that is submitted.
        state.has_thread = is_needed && threads::run(self).is_ok();
        done
    }

    /// Removes the job from the queue, or requests it to stop.
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
        Cancelled::Requested
    }

    /// Closes what the jobs use, once those that are queued are done. A later job is run all the same.
    pub(crate) fn leave(self: &Arc<Self>) {
        self.close_at_end(&mut self.lock());
    }

    /// As [`Queue::leave`], as soon as that is safe: a call that has begun to write is finished, and no other is made.
    fn give_up(self: &Arc<Self>) {
        let mut state = self.lock();
        state.jobs.clear();
        if let Some((_, token)) = &state.running {
            token.cancel();
        }
        self.close_at_end(&mut state);
    }

    fn close_at_end(self: &Arc<Self>, state: &mut State) {
        state.leaving = true;
        self.wake.notify_all();
        if state.is_open && !state.has_thread {
            // On a thread, since the event loop must not wait for it. Without one it is closed when it is dropped.
            state.has_thread = threads::close(self).is_ok();
        }
    }

    /// Lets the running job wait until `is_ready` returns true; if it `yields`, at most until another job is waiting. A
    /// caller of [`Queue::notify`] must not hold a lock that `is_ready` takes.
    pub(crate) fn wait_in_job(&self, yields: bool, mut is_ready: impl FnMut() -> bool) -> Wait {
        let mut state = self.lock();
        loop {
            if state.leaving {
                return Wait::Ending;
            }
            if is_ready() {
                return Wait::Ready;
            }
            if yields && !state.jobs.is_empty() {
                return Wait::Preempted;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes a waiting job check its condition again.
    pub(crate) fn notify(&self) {
        drop(self.lock());
        self.wake.notify_all();
    }

    /// Runs the jobs, until there are no more. Calls `free` then, before another thread can start with the next one.
    pub(crate) fn run(&self, free: impl FnOnce()) {
        loop {
            let mut state = self.lock();
            if let Some(job) = state.jobs.pop_front() {
                state.running = Some((job.call, job.token.clone()));
                state.is_open = true;
                drop(state);
                job.token.during(job.work);
                self.lock().running = None;
            } else if state.leaving && state.is_open {
                state.is_open = false;
                drop(state);
                // Here, because the last reference may be dropped on the event loop.
                (self.close)();
            } else {
                state.has_thread = false;
                return free();
            }
        }
    }

    /// No panic leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a queue, and what it closes at its end, until nobody needs them.
pub(crate) struct KeepOpen(Arc<Queue>);

impl KeepOpen {
    pub(crate) fn new(queue: &Arc<Queue>) -> Arc<Self> {
        Arc::new(Self(Arc::clone(queue)))
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.0
    }
}

/// When the objects are garbage-collected, their pending calls are still made.
impl Drop for KeepOpen {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// The queues of one JavaScript environment.
#[derive(Default)]
pub(crate) struct Queues(Mutex<Vec<Weak<Queue>>>);

impl Queues {
    /// Their jobs end with the environment, which then receives no more replies.
    pub(crate) fn of(env: &Env) -> napi::Result<Arc<Self>> {
        let queues = Arc::new(Self::default());
        env.add_env_cleanup_hook(queues.clone(), |queues| queues.give_up())?;
        Ok(queues)
    }

    pub(crate) fn add(&self, queue: &Arc<Queue>) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(queue));
    }

    fn give_up(&self) {
        let queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.iter().filter_map(Weak::upgrade).for_each(|queue| queue.give_up());
    }
}
