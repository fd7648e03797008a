//! A transaction that stays open between calls.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::thread::ThreadId;
use std::time::Duration;

use rusqlite::Connection;

use super::cancel::{Watch, is_within_host_check, with_stop_condition};
use super::database::Database;
use super::erased::Work;
use super::read_only_query::{Collect, SqlParams, run_query};
use super::writer::{WriterGuard, busy_after};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::DATABASE;
use crate::time::{Backoff, Deadline};

/// A write transaction and its outcome. Calls from several threads run one after the other.
#[derive(Debug)]
pub(crate) struct OpenTransaction {
    database: Arc<Database>,
    state: Mutex<State>,
    /// Why it must be rolled back; checked by a running call.
    requested: Arc<OnceLock<EndReason>>,
    limit: Option<Duration>,
    end: Arc<Completion>,
}

#[derive(Debug)]
enum State {
    Open(WriterGuard),
    Ended(Outcome),
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Committed,
    BySqlite,
    RolledBack(EndReason),
}

/// Why a transaction is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The host requested it.
    Requested,
    /// Its time limit has passed.
    Limit,
    /// Its handle was closed.
    HandleClosed,
}

/// Signals that the transaction has ended.
#[derive(Debug, Default)]
struct Completion {
    is_complete: Mutex<bool>,
    changed: Condvar,
}

impl OpenTransaction {
    /// Begins a transaction. One with a limit is rolled back when that has passed, whatever the host does. `thread`
    /// makes its calls, if it is known.
    pub(crate) fn begin(
        database: &Arc<Database>,
        limit: Option<Duration>,
        thread: Option<ThreadId>,
    ) -> Result<Arc<Self>> {
        let guard = database.begin()?;
        if limit.is_some() {
            guard.set_limit(thread);
        }
        let transaction = Arc::new(Self {
            database: Arc::clone(database),
            state: Mutex::new(State::Open(guard)),
            requested: Arc::default(),
            limit,
            end: Arc::default(),
        });
        database.register(&transaction)?;
        if let Some(limit) = limit {
            watch(&transaction, limit)?;
        }
        Ok(transaction)
    }

    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Runs `work`, which only reads, within the transaction.
    pub(super) fn read_erased(&self, work: Work<'_>) -> Result<()> {
        self.with_connection(true, |connection| work(connection))
    }

    /// Runs `work` so that it changes nothing if it fails. The transaction continues either way.
    pub(super) fn write_erased(&self, work: Work<'_>) -> Result<()> {
        self.with_connection(false, |connection| in_savepoint(connection, work))
    }

    pub(crate) fn commit(&self) -> Result<()> {
        let mut state = self.lock()?;
        let guard = self.open(&mut state)?;
        // It may have been open for long.
        let committed = self.database.refuse_to_write().and_then(|()| guard.commit());
        // Dropping the guard of an open transaction rolls it back.
        let ending =
            if committed.is_ok() { Outcome::Committed } else { Outcome::RolledBack(EndReason::Requested) };
        *state = State::Ended(ending);
        self.end.complete();
        committed.map_err(|error: Error| error.about_file(self.database.path()))
    }

    /// Stops the running call, and lets no other one begin. Does not wait, and does not end the transaction yet.
    pub(crate) fn request_rollback(&self, why: EndReason) {
        // The first reason is reported to all.
        let _ = self.requested.set(why);
    }

    /// Rolls back, and returns the error of its later calls. A transaction that has ended already is not changed.
    pub(crate) fn roll_back(&self, why: EndReason) -> Error {
        self.request_rollback(why);
        // Requested from within a call of the same thread, for example by a signal handler: that call ends the
        // transaction.
        if is_within_host_check() && matches!(self.state.try_lock(), Err(TryLockError::WouldBlock)) {
            return self.ended(Outcome::RolledBack(why));
        }
        let ended = self.lock().and_then(|mut state| self.open(&mut state).map(drop));
        ended.err().unwrap_or_else(|| self.ended(Outcome::RolledBack(why)))
    }

    /// The time limit, counted from the beginning.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// The open transaction. It ends here if a rollback was requested.
    fn open<'s>(&self, state: &'s mut State) -> Result<&'s mut WriterGuard> {
        if let (State::Open(_), Some(why)) = (&*state, self.requested.get()) {
            *state = State::Ended(Outcome::RolledBack(*why));
            self.end.complete();
        }
        match state {
            State::Open(guard) => Ok(guard),
            State::Ended(ending) => Err(self.ended(*ending)),
        }
    }

    /// Runs a read-only statement of the host.
    pub(super) fn select<C: Collect>(&self, sql: &str, params: &SqlParams) -> Result<C::Collected> {
        self.with_connection(true, |connection| {
            run_query::<C>(connection, sql, params, None, self.database.query_bytes())
        })
    }

    fn with_connection<T>(
        &self,
        only_reads: bool,
        work: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        let watch = self.database.watch();
        let mut state = self.lock_before(Deadline::of_wait(self.database.busy_timeout()), &watch)?;
        let guard = self.open(&mut state)?;
        let (requested, own) = (Arc::clone(&self.requested), watch.clone());
        // A call that has begun to write is completed, even if its token is cancelled.
        let stops = move || requested.get().is_some() || only_reads && own.should_stop();
        let done = with_stop_condition(guard.connection()?, &watch, stops, work);
        // If the transaction ended during the call, the call failed for that reason, or its changes are rolled back.
        let guard = self.open(&mut state)?;
        if guard.is_autocommit() {
            // A full disk, for example, makes SQLite roll everything back.
            *state = State::Ended(Outcome::BySqlite);
            self.end.complete();
        }
        done.map_err(|error| error.about_file(self.database.path()))
    }

    /// As [`OpenTransaction::lock`], but fails if other calls of the transaction hold it beyond the deadline, or if the
    /// watch stops the call.
    fn lock_before(&self, deadline: Deadline, watch: &Watch) -> Result<MutexGuard<'_, State>> {
        self.database.refuse_inherited()?;
        let backoff = Backoff::new();
        loop {
            watch.check()?;
            match self.state.try_lock() {
                Ok(state) => return Ok(state),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => busy_after(deadline).map_or(Ok(()), Err)?,
            }
            backoff.pause();
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.database.refuse_inherited()?;
        // A panic in another thread's call rolled that call back.
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ended(&self, ending: Outcome) -> Error {
        let message = match ending {
            Outcome::Committed => "the transaction was committed: begin a new one".to_owned(),
            Outcome::BySqlite => {
                "SQLite rolled the transaction back after an error: begin a new one".to_owned()
            }
            Outcome::RolledBack(EndReason::Requested) => {
                "the transaction was rolled back: begin a new one".to_owned()
            }
            Outcome::RolledBack(EndReason::HandleClosed) => {
                "the transaction was rolled back, since its handle was closed".to_owned()
            }
            Outcome::RolledBack(EndReason::Limit) => format!(
                "the transaction was rolled back after {} s, its time limit: begin a new one, do less in it, \
                 and make no writing calls of the handle itself in it, which wait for its end",
                self.limit.unwrap_or_default().as_secs_f64()
            ),
        };
        Error::new(ErrorKind::Closed, message)
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        // In a forked child, a thread that does not exist there may hold the lock.
        if self.database.refuse_inherited().is_ok() {
            self.end.complete();
        }
    }
}

impl Completion {
    fn complete(&self) {
        *self.is_complete.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for the end. Returns whether it came before the deadline.
    fn completes_before(&self, deadline: Deadline) -> bool {
        let mut is_complete = self.is_complete.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_complete && !deadline.has_passed() {
            let remaining = deadline.remaining().unwrap_or(Duration::MAX);
            is_complete =
                self.changed.wait_timeout(is_complete, remaining).unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_complete
    }
}

/// Runs `work` within an open transaction so that it changes nothing if it fails.
pub(super) fn in_savepoint(connection: &Connection, work: Work<'_>) -> Result<()> {
    connection.execute_batch("SAVEPOINT mcoda_call")?;
    let undo = RollbackGuard(connection);
    work(connection)?;
    std::mem::forget(undo);
    Ok(connection.execute_batch("RELEASE mcoda_call")?)
}

/// Undoes the changes of a call, unless it is forgotten.
struct RollbackGuard<'c>(&'c Connection);

impl Drop for RollbackGuard<'_> {
    fn drop(&mut self) {
        // If SQLite has rolled back everything, there is no savepoint left.
        let _ = self.0.execute_batch("ROLLBACK TO mcoda_call; RELEASE mcoda_call");
    }
}

/// Rolls the transaction back at its limit: a forgotten transaction must not block other writers.
fn watch(transaction: &Arc<OpenTransaction>, limit: Duration) -> Result<()> {
    let (end, watched) = (Arc::clone(&transaction.end), Arc::downgrade(transaction));
    let deadline = Deadline::after(limit);
    let watch = move || {
        if !end.completes_before(deadline)
            && let Some(transaction) = Weak::upgrade(&watched)
        {
            transaction.roll_back(EndReason::Limit);
            let file = transaction.database.path().display();
            log::warn!(target: DATABASE, "{file}: a transaction was rolled back at its limit of {limit:?}");
        }
    };
    let thread = std::thread::Builder::new().name("mcoda-limit".to_owned()).spawn(watch);
    thread.map(drop).map_err(|error| {
        let message = format!("the system cannot create a thread for the transaction's time limit: {error}");
        Error::new(ErrorKind::Storage, message).with_source(error)
    })
}
