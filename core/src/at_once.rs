//! Calls on the thread of an event loop, which must neither wait for others nor take long.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::sqlite::CancelToken;
use crate::time::{must_not_wait, with_patience};

/// Makes the call `work` on this thread if that is possible without waiting for other threads or processes, or for the disk
/// to store a commit, and if it reads for at most `limit`. `None` if it is not: the call has changed nothing then, and is to be
/// made where it may wait. A call that has begun to write is completed in any case.
#[doc(hidden)]
pub fn at_once<T>(limit: Duration, work: impl FnOnce() -> Result<T>) -> Option<Result<T>> {
    let done = with_patience(true, || CancelToken::with_limit(limit).during(work));
    match &done {
        Err(error) if is_for_later(error.kind()) => None,
        _ => Some(done),
    }
}

/// Whether the call may succeed where it may wait. A file that is half written looks damaged.
fn is_for_later(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Busy | ErrorKind::Cancelled | ErrorKind::Corrupt)
}

/// Runs what is left of a call that has written: it is completed, even if the call is cancelled, or takes longer than [`at_once`]
/// allows.
pub(crate) fn complete<T>(work: impl FnOnce() -> T) -> T {
    with_patience(false, || CancelToken::new().during(work))
}

/// `Busy` if the call must not wait, for what may take long.
pub(crate) fn refuse_to_wait() -> Result<()> {
    if must_not_wait() {
        return Err(Error::new(ErrorKind::Busy, "the call would have to wait"));
    }
    Ok(())
}
