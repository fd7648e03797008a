//! Transactions over several calls: all of them or none.

use std::ops::Deref;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;
use crate::sqlite::{EndReason, OpenTransaction};

/// The default time limit of an open transaction.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

/// A handle that can run its calls within a transaction.
pub(crate) trait Handle: Deref<Target = Session> {
    /// The same handle, with its calls within a transaction.
    fn within(&self, transaction: &Arc<OpenTransaction>) -> Self;
}

/// An open transaction. It has the calls of its handle, in one transaction: all of them take effect when it is
/// [committed](Transaction::commit), or none if it is rolled back or dropped before.
///
/// Writing calls of the handle itself, of other handles and of other processes wait for it. Their queries do not wait,
/// and see the state before it (in an in-memory database they wait, too). A call that fails has changed nothing, and
/// the transaction continues. Its records are written to the JSON log after the commit.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewProject, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let transaction = workspace.begin(None)?;
/// transaction.projects().ensure(&NewProject::new("SHOP"))?;
/// transaction.rollback();
/// assert_eq!(workspace.projects().get("SHOP")?, None);
///
/// let transaction = workspace.begin(None)?;
/// transaction.projects().ensure(&NewProject::new("SHOP"))?;
/// transaction.commit()?;
/// assert!(workspace.projects().get("SHOP")?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transaction is rolled back when it is dropped"]
pub struct Transaction<H> {
    handle: H,
    open: Arc<OpenTransaction>,
}

impl<H> Transaction<H> {
    /// Commits, and returns whether the JSON log contains everything that was recorded: false if there is no log, or if
    /// it could not be written just now; then a later call completes it.
    ///
    /// Errors: `Closed` if the transaction has ended before, for example by its time limit.
    #[allow(private_bounds, reason = "the handles are those of this crate")]
    pub fn commit(&self) -> Result<bool>
    where
        H: Handle,
    {
        self.open.commit()?;
        Ok(self.handle.recorder().complete_log_after_commit())
    }

    /// Rolls back: nothing takes effect, and a running call stops. A transaction that has ended before is not changed.
    pub fn rollback(&self) {
        self.open.roll_back(EndReason::Requested);
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

/// Rolls back what was not committed, even if clones of the handle still exist.
impl<H> Drop for Transaction<H> {
    fn drop(&mut self) {
        self.open.roll_back(EndReason::Requested);
    }
}

/// Begins a transaction of the handle that ends at its limit. `thread` makes its calls, if it is known.
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
        let message = "a workspace over a database has the transactions of that database: run BEGIN IMMEDIATE, COMMIT and \
                       ROLLBACK there";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let open = OpenTransaction::begin(database, limit, thread)?;
    Ok(Transaction { handle: handle.within(&open), open })
}

/// Runs `work` in a transaction of the handle, and commits if it succeeds.
pub(crate) fn run<H: Handle, T>(handle: &H, work: impl FnOnce(&H) -> Result<T>) -> Result<T> {
    // No time limit: the closure ends, and a thread for each transaction would cost more than most of them.
    let transaction = open(handle, None, None)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
