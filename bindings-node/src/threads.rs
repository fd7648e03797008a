//! The threads on which queues run. A queue has one only while it has jobs: an open handle that nobody uses has none.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::queue::Queue;

/// How long a thread without work is kept for the next one.
const KEPT: Duration = Duration::from_secs(1);

/// Threads without work. The last one to come is the first to go, so that a handle that is used alone keeps its thread, and those
/// that nobody needs end.
static IDLE: Mutex<Vec<Arc<Seat>>> = Mutex::new(Vec::new());

static LEAVING: Mutex<Leaving> = Mutex::new(Leaving { queues: Vec::new(), has_thread: false });

/// Queues that are to be closed and have no other work. One thread does it for all: a program may release a thousand handles at
/// once.
struct Leaving {
    queues: Vec<Arc<Queue>>,
    has_thread: bool,
}

enum Work {
    Queue(Arc<Queue>),
    Leaving,
}

/// Where a thread waits for work.
#[derive(Default)]
struct Seat {
    work: Mutex<Option<Work>>,
    wake: Condvar,
}

/// Runs the queue until it has no more jobs.
///
/// Errors: the system gives no thread.
pub(crate) fn run(queue: &Arc<Queue>) -> io::Result<()> {
    start(Work::Queue(Arc::clone(queue)))
}

/// Closes the queue, after others.
///
/// Errors: the system gives no thread.
pub(crate) fn close(queue: &Arc<Queue>) -> io::Result<()> {
    let mut leaving = lock(&LEAVING);
    if !leaving.has_thread {
        start(Work::Leaving)?;
        leaving.has_thread = true;
    }
    leaving.queues.push(Arc::clone(queue));
    Ok(())
}

fn start(work: Work) -> io::Result<()> {
    if let Some(seat) = lock(&IDLE).pop() {
        *lock(&seat.work) = Some(work);
        seat.wake.notify_one();
        return Ok(());
    }
    std::thread::Builder::new().name("mcoda".to_owned()).spawn(move || work_on(work)).map(drop)
}

fn work_on(first: Work) {
    let seat = Arc::<Seat>::default();
    let mut next = Some(first);
    while let Some(work) = next {
        let free = || lock(&IDLE).push(Arc::clone(&seat));
        match work {
            Work::Queue(queue) => queue.run(free),
            Work::Leaving => {
                while let Some(queue) = next_to_leave() {
                    queue.run(|| ());
                }
                free();
            }
        }
        next = seat.wait();
    }
}

fn next_to_leave() -> Option<Arc<Queue>> {
    let mut leaving = lock(&LEAVING);
    let next = leaving.queues.pop();
    leaving.has_thread = next.is_some();
    next
}

impl Seat {
    /// The next work; `None` if there is none for a while.
    fn wait(self: &Arc<Self>) -> Option<Work> {
        let (mut work, _) = self
            .wake
            .wait_timeout_while(lock(&self.work), KEPT, |work| work.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        if work.is_some() {
            return work.take();
        }
        drop(work);
        let mut idle = lock(&IDLE);
        if let Some(place) = idle.iter().position(|seat| Arc::ptr_eq(seat, self)) {
            idle.remove(place);
            return None;
        }
        drop(idle);
        // Somebody has taken the seat, and is about to leave work on it.
        let given = self.wake.wait_while(lock(&self.work), |work| work.is_none());
        given.unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// No panic leaves what is locked half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
