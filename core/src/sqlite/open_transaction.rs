//! A transaction that stays open from one call to the next.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rusqlite::Connection;

use super::database::Database;
use super::select::{SqlParams, Table, select};
use super::slot::Lease;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Deadline;

/// A transaction that writes, and what became of it. Calls from several threads queue.
#[derive(Debug)]
pub(crate) struct OpenTransaction {
    database: Arc<Database>,
    state: Mutex<State>,
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
    RolledBack,
    BySqlite,
    AfterLimit(Duration),
    WithHandle,
}

/// Says when there is nothing left to watch.
#[derive(Debug, Default)]
struct End {
    has_come: Mutex<bool>,
    changed: Condvar,
}

impl OpenTransaction {
    /// Begins a transaction. One with a limit is rolled back when that has passed, whatever its host does.
    pub(crate) fn begin(database: &Arc<Database>, limit: Option<Duration>) -> Result<Arc<Self>> {
        let lease = database.begin()?;
        let transaction = Arc::new(Self {
            database: Arc::clone(database),
            state: Mutex::new(State::Open(lease)),
            end: Arc::default(),
        });
        database.register(&transaction);
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
        self.with_lease(|lease| work(lease))
    }

    /// Runs `work` so that it changes nothing where it fails. The transaction goes on either way.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.with_lease(|lease| {
            let connection: &Connection = lease;
            connection.execute_batch("SAVEPOINT mcoda_call")?;
            let undo = Undo(connection);
            let value = work(connection)?;
            std::mem::forget(undo);
            connection.execute_batch("RELEASE mcoda_call")?;
            Ok(value)
        })
    }

    pub(crate) fn commit(&self) -> Result<()> {
        let mut state = self.lock()?;
        let State::Open(lease) = &mut *state else { return Err(self.ended(&state)) };
        let committed = lease.execute_batch("COMMIT");
        // A lease that ends with an open transaction rolls it back.
        let ending = if committed.is_ok() { Ending::Committed } else { Ending::RolledBack };
        *state = State::Ended(ending);
        self.end.come();
        committed.map_err(|error| Error::from(error).about_file(self.database.path()))
    }

    /// Rolls back. One that has ended already is left as it is.
    pub(crate) fn roll_back(&self) {
        self.end_as(Ending::RolledBack);
    }

    /// Rolls back because the handle is closed.
    pub(super) fn end_with_handle(&self) {
        self.end_as(Ending::WithHandle);
    }

    fn end_as(&self, ending: Ending) {
        if let Ok(mut state) = self.lock()
            && matches!(*state, State::Open(_))
        {
            *state = State::Ended(ending);
            self.end.come();
        }
    }

    /// Runs a statement of the host's that only reads.
    pub(super) fn select(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.with_lease(|lease| select(lease.connection()?, sql, params))
    }

    fn with_lease<T>(&self, work: impl FnOnce(&mut Lease) -> Result<T>) -> Result<T> {
        let mut state = self.lock()?;
        let State::Open(lease) = &mut *state else { return Err(self.ended(&state)) };
        let done = work(lease);
        if lease.is_autocommit() {
            // A full disk, for example, makes SQLite roll everything back.
            *state = State::Ended(Ending::BySqlite);
            self.end.come();
        }
        done.map_err(|error| error.about_file(self.database.path()))
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.database.refuse_inherited()?;
        // A panic in another thread's call rolled that call back.
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ended(&self, state: &State) -> Error {
        let message = match state {
            State::Ended(Ending::Committed) => "the transaction was committed: begin a new one".to_owned(),
            State::Ended(Ending::AfterLimit(limit)) => format!(
                "the transaction was rolled back after {} s, its time limit: begin a new one and do less in it",
                limit.as_secs_f64()
            ),
            State::Ended(Ending::WithHandle) => {
                "the transaction was rolled back, since its handle was closed".to_owned()
            }
            State::Ended(Ending::BySqlite) => {
                "SQLite rolled the transaction back after an error: begin a new one".to_owned()
            }
            State::Ended(Ending::RolledBack) | State::Open(_) => {
                "the transaction was rolled back: begin a new one".to_owned()
            }
        };
        Error::new(ErrorKind::Closed, message)
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        self.end.come();
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
            transaction.end_as(Ending::AfterLimit(limit));
        }
    };
    let thread = std::thread::Builder::new().name("mcoda-limit".to_owned()).spawn(watch);
    thread.map(drop).map_err(|error| {
        let message = format!("the system gives no thread for the transaction's time limit: {error}");
        Error::new(ErrorKind::Storage, message).with_source(error)
    })
}
