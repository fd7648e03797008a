//! A transaction that stays open from one call to the next.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::thread::ThreadId;
use std::time::Duration;

use rusqlite::Connection;

use super::cancel::{Watch, is_within_a_call, stopping};
use super::database::Database;
use super::select::{SqlParams, Table, select};
use super::slot::{Lease, given_up};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Deadline, Pauses};

/// A transaction that writes, and what became of it. Calls from several threads queue.
#[derive(Debug)]
pub(crate) struct OpenTransaction {
    database: Arc<Database>,
    state: Mutex<State>,
    /// Why it is to be rolled back, which a call that is under way notices.
    asked: Arc<OnceLock<Why>>,
    limit: Option<Duration>,
    end: Arc<End>,
}

#[derive(Debug)]
enum State {
    Open(Lease),
    Ended(Ending),
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Committed,
    BySqlite,
    RolledBack(Why),
}

/// Why a transaction is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its host wants it.
    Asked,
    /// Its time is over.
    Limit,
    /// Its handle is closed.
    HandleClosed,
}

/// Says when there is nothing left to watch.
#[derive(Debug, Default)]
struct End {
    has_come: Mutex<bool>,
    changed: Condvar,
}

impl OpenTransaction {
    /// Begins a transaction. One with a limit is rolled back when that has passed, whatever its host does. Its calls
    /// come from the thread, where that is known.
    pub(crate) fn begin(
        database: &Arc<Database>,
        limit: Option<Duration>,
        thread: Option<ThreadId>,
    ) -> Result<Arc<Self>> {
        let lease = database.begin()?;
        if limit.is_some() {
            lease.has_limit(thread);
        }
        let transaction = Arc::new(Self {
            database: Arc::clone(database),
            state: Mutex::new(State::Open(lease)),
            asked: Arc::default(),
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

    /// Runs `work`, which only reads, on what the transaction sees.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.with_lease(true, |connection| work(connection))
    }

    /// Runs `work` so that it changes nothing where it fails. The transaction goes on either way.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.with_lease(false, |connection| in_savepoint(connection, work))
    }

    pub(crate) fn commit(&self) -> Result<()> {
        let mut state = self.lock()?;
        let lease = self.open(&mut state)?;
        // It may have been open for long.
        let committed = self.database.refuse_to_write().and_then(|()| lease.commit());
        // A lease that ends with an open transaction rolls it back.
        let ending = if committed.is_ok() { Ending::Committed } else { Ending::RolledBack(Why::Asked) };
        *state = State::Ended(ending);
        self.end.come();
        committed.map_err(|error: Error| error.about_file(self.database.path()))
    }

    /// Stops the call that is under way, and lets no other one begin. Waits for nothing, and is no end yet.
    pub(crate) fn ask_to_end(&self, why: Why) {
        // The first reason is the one that all are told.
        let _ = self.asked.set(why);
    }

    /// Rolls back, and says what its calls say from then on. One that has ended already is left as it is.
    pub(crate) fn roll_back(&self, why: Why) -> Error {
        self.ask_to_end(why);
        // Asked from within a call of the same thread, as by a handler of signals: that call ends it.
        if is_within_a_call() && matches!(self.state.try_lock(), Err(TryLockError::WouldBlock)) {
            return self.ended(Ending::RolledBack(why));
        }
        let ended = self.lock().and_then(|mut state| self.open(&mut state).map(drop));
        ended.err().unwrap_or_else(|| self.ended(Ending::RolledBack(why)))
    }

    /// When it is rolled back, counted from its beginning.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// The open transaction, which ends here where somebody asked for that.
    fn open<'s>(&self, state: &'s mut State) -> Result<&'s mut Lease> {
        if let (State::Open(_), Some(why)) = (&*state, self.asked.get()) {
            *state = State::Ended(Ending::RolledBack(*why));
            self.end.come();
        }
        match state {
            State::Open(lease) => Ok(lease),
            State::Ended(ending) => Err(self.ended(*ending)),
        }
    }

    /// Runs a statement of the host's that only reads.
    pub(super) fn select(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.with_lease(true, |connection| select(connection, sql, params, None, self.database.query_bytes()))
    }

    fn with_lease<T>(&self, only_reads: bool, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let watch = self.database.watch();
        let mut state = self.lock_before(Deadline::after(self.database.busy_timeout()), &watch)?;
        let lease = self.open(&mut state)?;
        let (asked, own) = (Arc::clone(&self.asked), watch.clone());
        // A call that has begun to write is finished, whatever its token says.
        let stops = move || asked.get().is_some() || only_reads && own.is_to_stop();
        let done = stopping(lease.connection()?, &watch, stops, work);
        // It ended while the call was under way: that is why the call failed, or what it did is undone.
        let lease = self.open(&mut state)?;
        if lease.is_autocommit() {
            // A full disk, for example, makes SQLite roll everything back.
            *state = State::Ended(Ending::BySqlite);
            self.end.come();
        }
        done.map_err(|error| error.about_file(self.database.path()))
    }

    /// As [`OpenTransaction::lock`], unless other calls of the transaction have it for longer than the deadline, or the
    /// watch gives the call up.
    fn lock_before(&self, deadline: Deadline, watch: &Watch) -> Result<MutexGuard<'_, State>> {
        self.database.refuse_inherited()?;
        let pauses = Pauses::new();
        loop {
            watch.check()?;
            match self.state.try_lock() {
                Ok(state) => return Ok(state),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => given_up(deadline).map_or(Ok(()), Err)?,
            }
            pauses.pause();
        }
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.database.refuse_inherited()?;
        // A panic in another thread's call rolled that call back.
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ended(&self, ending: Ending) -> Error {
        let message = match ending {
            Ending::Committed => "the transaction was committed: begin a new one".to_owned(),
            Ending::BySqlite => {
                "SQLite rolled the transaction back after an error: begin a new one".to_owned()
            }
            Ending::RolledBack(Why::Asked) => "the transaction was rolled back: begin a new one".to_owned(),
            Ending::RolledBack(Why::HandleClosed) => {
                "the transaction was rolled back, since its handle was closed".to_owned()
            }
            Ending::RolledBack(Why::Limit) => format!(
                "the transaction was rolled back after {} s, its time limit: begin a new one, do less in it, and \
                 wait in it for no call of the handle, which waits for its end",
                self.limit.unwrap_or_default().as_secs_f64()
            ),
        };
        Error::new(ErrorKind::Closed, message)
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        // In a forked child a thread that does not exist there may hold the lock.
        if self.database.refuse_inherited().is_ok() {
            self.end.come();
        }
    }
}

impl End {
    fn come(&self) {
        *self.has_come.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether it came before the deadline.
    fn comes_before(&self, deadline: Deadline) -> bool {
        let mut has_come = self.has_come.lock().unwrap_or_else(PoisonError::into_inner);
        while !*has_come && !deadline.has_passed() {
            let remaining = deadline.remaining().unwrap_or(Duration::MAX);
            has_come =
                self.changed.wait_timeout(has_come, remaining).unwrap_or_else(PoisonError::into_inner).0;
        }
        *has_come
    }
}

/// Runs `work` within an open transaction so that it changes nothing where it fails.
pub(super) fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    connection.execute_batch("SAVEPOINT mcoda_call")?;
    let undo = Undo(connection);
    let value = work(connection)?;
    std::mem::forget(undo);
    connection.execute_batch("RELEASE mcoda_call")?;
    Ok(value)
}

/// Takes back what a call has changed, unless it is forgotten.
struct Undo<'c>(&'c Connection);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        // Where SQLite has rolled back everything there is no savepoint left.
        let _ = self.0.execute_batch("ROLLBACK TO mcoda_call; RELEASE mcoda_call");
    }
}

/// Rolls the transaction back at its limit. A host that forgets it must not keep all others from writing.
fn watch(transaction: &Arc<OpenTransaction>, limit: Duration) -> Result<()> {
    let (end, watched) = (Arc::clone(&transaction.end), Arc::downgrade(transaction));
    let deadline = Deadline::after(limit);
    let watch = move || {
        if !end.comes_before(deadline)
            && let Some(transaction) = Weak::upgrade(&watched)
        {
            transaction.roll_back(Why::Limit);
        }
    };
    let thread = std::thread::Builder::new().name("mcoda-limit".to_owned()).spawn(watch);
    thread.map(drop).map_err(|error| {
        let message = format!("the system gives no thread for the transaction's time limit: {error}");
        Error::new(ErrorKind::Storage, message).with_source(error)
    })
}
