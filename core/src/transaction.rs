//! Several calls as one: all of them happen or none.

use std::ops::Deref;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;
use crate::sqlite::{OpenTransaction, Why};

/// How long an open transaction may last where its host does not say.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

/// A handle that can have its calls within a transaction.
pub(crate) trait Handle: Deref<Target = Session> {
    /// The same handle, with its calls within a transaction.
    fn within(&self, transaction: &Arc<OpenTransaction>) -> Self;
}

/// An open transaction. It is the handle, with every call in one transaction: all of them happen when it is
/// [committed](Transaction::commit), or none, where it is rolled back or dropped before.
///
/// Calls of the handle itself, of other handles and of other processes that write wait for it; questions of theirs do
/// not, and see the state before it (in memory they wait, too). A call that fails has changed nothing, and the
/// transaction goes on. What is recorded in it reaches the JSON log after the commit.
#[derive(Debug)]
pub struct Transaction<H> {
    handle: H,
    open: Arc<OpenTransaction>,
}

impl<H> Transaction<H> {
    /// Commits, and returns whether the JSON log holds everything that was recorded: false where there is none, or
    /// where it could not be written just now; then a later call completes it.
    ///
    /// Errors: `Closed` where the transaction has ended before, for example by its time limit.
    #[allow(private_bounds, reason = "the handles are those of this crate")]
    pub fn commit(&self) -> Result<bool>
    where
        H: Handle,
    {
        self.open.commit()?;
        Ok(self.handle.recorder().complete_log_after_commit())
    }

    /// Rolls back: nothing has happened, and a call that is under way stops. A transaction that has ended before is
    /// left as it is.
    pub fn rollback(&self) {
        self.open.roll_back(Why::Asked);
    }

    pub(crate) fn opened(&self) -> &OpenTransaction {
        &self.open
    }
}

impl<H> Deref for Transaction<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.handle
    }
}

/// Rolls back what was not committed, whoever else holds on to the handle.
impl<H> Drop for Transaction<H> {
    fn drop(&mut self) {
        self.open.roll_back(Why::Asked);
    }
}

/// Begins a transaction of the handle that ends by itself. Its calls come from the thread, where that is known.
pub(crate) fn begin<H: Handle>(
    handle: &H,
    limit: Option<Duration>,
    thread: Option<ThreadId>,
) -> Result<Transaction<H>> {
    open(handle, Some(limit.unwrap_or(DEFAULT_LIMIT)), thread)
}

fn open<H: Handle>(handle: &H, limit: Option<Duration>, thread: Option<ThreadId>) -> Result<Transaction<H>> {
    let database = handle.access().outside("a transaction")?;
    if database.is_hosted() && limit.is_some() {
        let message = "a transaction of a workspace over a host's database begins and ends there: run BEGIN IMMEDIATE, \
                       COMMIT and ROLLBACK on that database";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let open = OpenTransaction::begin(database, limit, thread)?;
    Ok(Transaction { handle: handle.within(&open), open })
}

/// Runs `work` in a transaction of the handle, and commits where that succeeds.
pub(crate) fn run<H: Handle, T>(handle: &H, work: impl FnOnce(&H) -> Result<T>) -> Result<T> {
    // No time limit: the closure ends, and a thread for each transaction would cost more than most of them.
    let transaction = open(handle, None, None)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
