//! The time that calls take on the thread of the event loop.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long calls may take there in one turn of the loop, all together, and the longest that one of them may read. A way to
/// another thread and back takes a twentieth of it.
pub(crate) const PER_TURN: Duration = Duration::from_millis(1);

/// The time of one event loop that calls have taken and not given back.
#[derive(Debug, Default)]
pub(crate) struct LoopTime {
    nanos: AtomicU64,
}

impl LoopTime {
    /// Runs `work` on this thread, that of the loop, unless earlier calls have taken the time of this turn. A program that
    /// awaits one call after the other would otherwise never let the loop turn.
    pub(crate) fn lend<T>(&self, work: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.nanos.load(Ordering::Relaxed) >= nanos(PER_TURN) {
            return None;
        }
        let start = Instant::now();
        let done = work();
        self.nanos.fetch_add(nanos(start.elapsed()), Ordering::Relaxed);
        done
    }

    /// The loop has turned: a reply of another thread has arrived. What took longer than a turn may is given back in several.
    pub(crate) fn turned(&self) {
        let given_back = |taken: u64| Some(taken.saturating_sub(nanos(PER_TURN)));
        let _ = self.nanos.fetch_update(Ordering::Relaxed, Ordering::Relaxed, given_back);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
