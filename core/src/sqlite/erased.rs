//! Running the work of a call through code that does not depend on its types.

use rusqlite::Connection;

use crate::error::{Error, ErrorKind, Result};

/// The work of a call, as the code around it sees it. Waiting, transactions and cancellation would otherwise be compiled
/// anew for every call.
pub(super) type Work<'w> = &'w mut dyn FnMut(&Connection) -> Result<()>;

/// What `work` returns when `run` runs it, which it does once.
pub(super) fn erased<T>(
    work: impl FnOnce(&Connection) -> Result<T>,
    run: impl FnOnce(Work<'_>) -> Result<()>,
) -> Result<T> {
    let (mut work, mut done) = (Some(work), None);
    run(&mut |connection| {
        let work = work.take().ok_or_else(fault)?;
        done = Some(work(connection)?);
        Ok(())
    })?;
    done.ok_or_else(fault)
}

#[cold]
fn fault() -> Error {
    Error::new(ErrorKind::Internal, "the work of a call did not run once")
}
