//! One handle: what it has open, and the queue that its calls go through.

use std::sync::Arc;

use mcoda_core::{ErrorKind, catch_panic};

use crate::engine::Engine;
use crate::queue::{Cancelled, KeepOpen, Queue};
use crate::reply::{Failure, Outcome, Replies};
use crate::slot::Slot;

/// Makes the calls of one handle, one after the other.
pub(crate) struct Worker {
    queue: Arc<Queue>,
    engine: Arc<Slot<Engine>>,
    replies: Arc<Replies>,
    /// The database of the host to which the queue belongs, if any. It continues when this handle is closed, and is not
    /// closed before, even if JavaScript has released its object.
    host: Option<Arc<KeepOpen>>,
}

impl Worker {
    pub(crate) fn new(replies: Arc<Replies>) -> Self {
        let engine = Arc::<Slot<Engine>>::default();
        let opened = Arc::clone(&engine);
        let queue = Queue::new(move || {
            let is_transaction = opened.get().is_some_and(|engine| engine.is_transaction());
            // A transaction still knows how it ended.
            let open = if is_transaction { opened.get() } else { opened.take() };
            open.map(|engine| engine.close());
        });
        Self { queue, engine, replies, host: None }
    }

    /// A handle whose calls are jobs in the queue of a host's database.
    pub(crate) fn over(host: Arc<KeepOpen>, replies: Arc<Replies>) -> Self {
        Self { queue: Arc::clone(host.queue()), engine: Arc::default(), replies, host: Some(host) }
    }

    /// Where replies are sent.
    pub(crate) fn replies(&self) -> Arc<Replies> {
        Arc::clone(&self.replies)
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Queues `work` as the call with this number; what it returns is the answer.
    pub(crate) fn submit(self: &Arc<Self>, call: i64, work: impl FnOnce(&Self) -> Outcome + Send + 'static) {
        let worker = Arc::clone(self);
        let submitted = self.queue.submit(Some(call), move || {
            let outcome = catch_panic(|| Ok(work(&worker))).map_err(Failure::from).flatten();
            worker.replies.send(call, outcome);
        });
        if let Err(error) = submitted {
            let message = format!("the system gives no thread for the call; close handles: {error}");
            self.replies.send(call, Err(Failure::new(ErrorKind::Storage, message)));
        }
    }

    /// [`Queue::run_now`] on what is open.
    pub(crate) fn run_now<T>(
        &self,
        work: impl FnOnce(&Engine) -> Option<Result<T, Failure>>,
    ) -> Option<Result<T, Failure>> {
        // The settings of a host's connection are its own: a commit may wait for the disk.
        let engine = self.engine.get().filter(|_| self.host.is_none())?;
        let work = || catch_panic(|| Ok(work(&engine))).unwrap_or_else(|panic| Some(Err(panic.into())));
        self.queue.run_now(self.replies.loop_time(), work)
    }

    /// Removes the call from the queue, or else requests it to stop. Returns whether no reply follows.
    pub(crate) fn cancel(&self, call: i64) -> bool {
        let is_removed = self.queue.cancel(call) == Cancelled::Removed;
        // What nobody waits for any more is closed as soon as it is open.
        let is_opening = self.engine.is_not_open_yet();
        if is_opening {
            self.leave();
        }
        is_removed || is_opening
    }

    /// Closes the handle once the queued calls have run.
    pub(crate) fn leave(&self) {
        if self.host.is_none() {
            self.queue.leave();
        }
    }

    /// Keeps the opened engine, and returns what it knows about itself.
    pub(crate) fn opened(&self, engine: Engine) -> Outcome {
        self.engine.put(engine).about()
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>, Failure> {
        let message = if self.is_closed() {
            "this handle was closed: open a new one"
        } else {
            "this handle is not open"
        };
        self.engine.get().ok_or_else(|| Failure::new(ErrorKind::Closed, message.to_owned()))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.engine.is_closed()
    }
}
