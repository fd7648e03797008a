//! The clock: the only place that reads the system's time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Timestamp;

/// Says what time it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock(Option<Timestamp>);

impl Clock {
    /// A clock that always shows `now`, for tests and for answers that can be reproduced.
    pub fn fixed(now: Timestamp) -> Self {
        Self(Some(now))
    }

    /// The present moment.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> Timestamp {
        self.0.unwrap_or_else(|| {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_millis(millis).unwrap_or(Timestamp::EPOCH)
        })
    }
}

/// A moment on the monotonic clock until which it is worth waiting for something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// One that never passes.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    pub(crate) fn has_passed(self) -> bool {
        self.0.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// How long there is still to wait; `None` where the deadline is too far away to be a moment.
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Pauses between attempts at a lock that other processes have. Each is an eighth of what was waited so far, so
/// that waiting takes little longer than it must, costs little where it takes long, and does not make those who
/// wait longest try much more seldom than others.
#[derive(Debug)]
pub(crate) struct Pauses(Instant);

impl Pauses {
    const SHORTEST: Duration = Duration::from_micros(20);
    /// How soon a call that waits notices that it was given up.
    const LONGEST: Duration = Duration::from_millis(10);

    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn pause(&self) {
        std::thread::sleep((self.0.elapsed() / 8).clamp(Self::SHORTEST, Self::LONGEST));
    }
}
