//! The clock: the only module that reads the system's time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Timestamp;
use super::patience::must_not_wait;
use crate::error::{Error, ErrorKind, Result};

/// The source of the current time.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{Clock, NewProject, Workspace};
///
/// let noon = "2026-03-20T12:00:00Z".parse()?;
/// let workspace = Workspace::options().clock(Clock::fixed(noon)).open_db(":memory:")?;
/// let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
/// assert_eq!(project.created_at.timestamp(), Some(noon));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock(Option<Timestamp>);

impl Clock {
    /// A clock that always returns `now`, for tests and reproducible results.
    #[must_use]
    pub fn fixed(now: Timestamp) -> Self {
        Self(Some(now))
    }

    /// The current time.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    #[must_use]
    pub fn now(&self) -> Timestamp {
        // The call has checked the clock before, or will do so before it changes anything.
        self.0.unwrap_or_else(|| reading(SystemTime::now()).unwrap_or(Timestamp::EPOCH))
    }
}

/// Fails if the clock shows no usable time, before anything is dated or computed by it.
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn check_clock() -> Result<()> {
    reading(SystemTime::now()).map(drop)
}

fn reading(now: SystemTime) -> Result<Timestamp> {
    let wrong = |when| {
        let message =
            format!("the system's clock shows a time {when}: set it, since records are dated by it");
        Error::new(ErrorKind::Unsupported, message).located()
    };
    let since_epoch = now.duration_since(UNIX_EPOCH).map_err(|_| wrong("before 1970"))?;
    let millis = i64::try_from(since_epoch.as_millis()).ok();
    millis.and_then(Timestamp::from_millis).ok_or_else(|| wrong("after the year 9999"))
}

/// A time on the monotonic clock at which a wait ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// For waiting for others: as [`Deadline::after`], or passed already if this thread must not wait.
    pub(crate) fn of_wait(timeout: Duration) -> Self {
        Self::after(if must_not_wait() { Duration::ZERO } else { timeout })
    }

    /// A deadline that never passes.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    pub(crate) fn has_passed(self) -> bool {
        self.0.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The remaining time; `None` if the deadline is too far away to be represented.
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Pauses between attempts to take a lock that another process holds. Each is an eighth of the time waited so far:
/// waiting takes little longer than necessary, long waits cost little processor time, and the longest waiters do not
/// retry much less often than others.
#[derive(Debug)]
pub(crate) struct Backoff(Instant);

impl Backoff {
    const SHORTEST: Duration = Duration::from_micros(20);
    /// The longest time until a waiting call checks whether it is cancelled.
    const LONGEST: Duration = Duration::from_millis(10);

    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn pause(&self) {
        std::thread::sleep((self.0.elapsed() / 8).clamp(Self::SHORTEST, Self::LONGEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_1970_or_after_9999_is_an_error() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let early = reading(UNIX_EPOCH - Duration::from_millis(1)).unwrap_err();
        assert!(early.message().contains("before 1970"), "{early}");
        let late = reading(at(253_402_300_800)).unwrap_err();
        assert!(late.message().contains("after the year 9999"), "{late}");
        assert_eq!(late.kind(), ErrorKind::Unsupported);
        for (seconds, text) in
            [(0, "1970-01-01T00:00:00.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z")]
        {
            assert_eq!(reading(at(seconds)).unwrap().to_string(), text);
        }
        check_clock().unwrap();
    }
}
