//! One open database that several threads share.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rusqlite::{Connection, Transaction};

use super::backup::backup;
use super::begin::{Patience, begin, begin_reading};
use super::cancel::{Control, Watch, is_within_a_call, listening};
use super::checkpoint::Checkpoints;
use super::connect::{Connect, IN_MEMORY, busy_timeout_of, forget_pages, is_whole};
use super::host::{HostConnection, refuse_loose};
use super::open_transaction::{OpenTransaction, Why, in_savepoint};
use super::readers::Readers;
use super::same_file::SameFile;
use super::select::{SqlParams, Table, select};
use super::slot::{Lease, SAVEPOINT, Slot, Undo, closed};
use super::{fault, locks};
use crate::error::{Error, Result};
use crate::time::check_clock;

/// One connection that writes, lent to one call at a time, and some that read beside it: no transaction can ever run
/// inside of another one's.
#[derive(Debug)]
pub(crate) struct Database {
    /// None where nothing is written to a log. A handle that is dropped ends its parts in this order: the last
    /// connection tidies up, which takes one that writes.
    checkpoints: Option<Arc<Checkpoints>>,
    /// None where one connection does everything.
    readers: Option<Arc<Readers>>,
    slot: Arc<Slot>,
    is_turned_off: bool,
    is_read_only: bool,
    /// Whether the connection is a host's, which may have a transaction of its own open.
    is_hosted: bool,
    busy_timeout: Duration,
    query_bytes: usize,
    file: SameFile,
    control: Arc<Control>,
    /// Whether it was closed without its connection: from within a call, or since that is a host's.
    is_left: AtomicBool,
    /// The transaction that a host has open, which closing the handle ends.
    open_transaction: Mutex<Weak<OpenTransaction>>,
}

impl Database {
    pub(crate) fn new(path: &Path, connection: Connection, how: &Connect) -> Result<Self> {
        let has_log = path.as_os_str() != IN_MEMORY && is_wal(&connection, how)?;
        let file = if how.read_only { SameFile::only_read_at(path) } else { SameFile::at(path) };
        let file = if has_log && !how.read_only { file.with_log() } else { file };
        let mut database = Self::with_slot(file.clone(), Slot::new(connection), how.busy_timeout);
        database.is_read_only = how.read_only;
        if has_log {
            let readers = Readers::new(file.clone(), how);
            if !how.read_only {
                database.checkpoints = Some(Checkpoints::instead(&database.slot, &readers, &file, how)?);
            }
            database.readers = Some(readers);
        }
        Ok(database)
    }

    /// The same with bounds: how long a call may take, and how many bytes the answer of a host's statement may have.
    pub(crate) fn bounded(self, call_timeout: Option<Duration>, query_bytes: usize) -> Self {
        Self { control: Control::new(call_timeout), query_bytes, ..self }
    }

    /// The database that a host has open, on its connection. Calls are part of the host's transaction where it has one
    /// open.
    pub(crate) fn over(host: &HostConnection, busy_timeout: Duration) -> Self {
        let database = Self::with_slot(host.file().clone(), Arc::clone(host.slot()), busy_timeout);
        Self { is_hosted: true, is_read_only: host.is_read_only(), ..database }
    }

    /// A database that the environment turned off: every call says so.
    pub(crate) fn turned_off(path: &Path) -> Self {
        let file = SameFile::at(path);
        Self { is_turned_off: true, ..Self::with_slot(file, Slot::turned_off(), Duration::ZERO) }
    }

    fn with_slot(file: SameFile, slot: Arc<Slot>, busy_timeout: Duration) -> Self {
        Self {
            readers: None,
            slot,
            checkpoints: None,
            is_turned_off: false,
            is_read_only: false,
            is_hosted: false,
            busy_timeout,
            query_bytes: usize::MAX,
            file,
            control: Arc::default(),
            is_left: AtomicBool::new(false),
            open_transaction: Mutex::default(),
        }
    }

    pub(crate) fn is_turned_off(&self) -> bool {
        self.is_turned_off
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// `Closed` after [`Database::close`], for calls that may not need the database.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_left.load(Ordering::SeqCst) { Err(closed()) } else { self.slot.check_open() }
    }

    /// Whether the connection is a host's.
    pub(crate) fn is_hosted(&self) -> bool {
        self.is_hosted
    }

    /// Whether what was written last is part of a transaction that the host has yet to end.
    pub(crate) fn is_uncommitted(&self) -> bool {
        self.is_hosted
            && self.lend(&Watch::writing(&self.control)).is_ok_and(|(lease, _)| !lease.is_autocommit())
    }

    /// `Closed` in a forked child.
    pub(super) fn refuse_inherited(&self) -> Result<()> {
        self.slot.refuse_inherited()
    }

    /// Runs `work` on one unchanging state of the database, while others may write.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        check_clock()?;
        self.with_reader(|connection, how| self.read_on(connection, how, work))
    }

    /// As [`Database::read`], on the connection that writes: for what takes less time than opening another one.
    pub(crate) fn read_on_writer<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let watch = Watch::writing(&self.control);
        self.with_writer(&watch, |connection, how| self.read_on(connection, how, work))
    }

    fn read_on<T>(
        &self,
        connection: &mut Connection,
        how: &Patience<'_>,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        let is_within = self.is_within_hosts(connection);
        listening(connection, how.watch, |connection| {
            if is_within { work(connection) } else { finish(begin_reading(connection, how)?, work) }
        })
    }

    /// Whether the host has a transaction open, which a call is part of then.
    fn is_within_hosts(&self, connection: &Connection) -> bool {
        self.is_hosted && !connection.is_autocommit()
    }

    /// Runs `work` as one transaction that takes the write lock at its start: all of it happens or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let watch = Watch::writing(&self.control);
        self.with_writer(&watch, |connection, how| {
            if self.is_within_hosts(connection) {
                self.check_to_write(connection)?;
                self.refuse_to_write()?;
                in_savepoint(connection, work)
            } else {
                finish(self.begin_on(connection, how)?, work)
            }
        })
    }

    /// Begins a transaction that stays open as long as the lease lives.
    pub(super) fn begin(&self) -> Result<Lease> {
        let watch = Watch::writing(&self.control);
        let (mut lease, how) = self.lend(&watch)?;
        let is_within = self.is_within_hosts(&lease);
        let begun = if is_within {
            let checked = self.check_to_write(&lease).and_then(|()| self.refuse_to_write());
            checked.and_then(|()| Ok(lease.execute_batch(&format!("SAVEPOINT {SAVEPOINT}"))?))
        } else {
            self.begin_on(&lease, &how).map(std::mem::forget)
        };
        begun.map_err(|error| error.about_file(self.path()))?;
        lease.undoes(if is_within { Undo::Savepoint } else { Undo::Transaction });
        Ok(lease)
    }

    /// What has to hold before a call writes.
    fn check_to_write(&self, connection: &Connection) -> Result<()> {
        check_clock()?;
        locks::refuse_foreign(self.path())?;
        if self.is_hosted { refuse_loose(connection) } else { Ok(()) }
    }

    /// Makes the transaction one that ends with the handle. `Closed`, and it ends at once, where that is being closed.
    pub(super) fn register(&self, transaction: &Arc<OpenTransaction>) -> Result<()> {
        *self.open_transaction.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(transaction);
        if self.control.is_closing() {
            transaction.roll_back(Why::HandleClosed);
            return Err(closed());
        }
        Ok(())
    }

    fn begin_on<'c>(&self, connection: &'c Connection, how: &Patience<'_>) -> Result<Transaction<'c>> {
        self.check_to_write(connection)?;
        let begun = begin(connection, how);
        // Afterwards, since waiting for others can take long; and it says more than what SQLite makes of it.
        self.refuse_to_write()?;
        begun
    }

    /// Refuses where what is written would be lost, since the files are not those that were opened.
    pub(super) fn refuse_to_write(&self) -> Result<()> {
        self.file.refuse_to_write()
    }

    /// Runs a statement of the host's that only reads.
    pub(crate) fn select(&self, sql: &str, params: &SqlParams) -> Result<Table> {
        self.with_reader(|connection, how| {
            let begins = (!self.is_within_hosts(connection)).then_some(how);
            listening(connection, how.watch, |connection| {
                select(connection, sql, params, begins, self.query_bytes)
            })
        })
    }

    /// Copies the database as it is now into a file that is not there yet.
    pub(crate) fn backup_to(&self, target: &Path) -> Result<()> {
        let watch = Watch::reading(&self.control);
        self.with_writer(&watch, |connection, how| backup(connection, target, how))
    }

    /// Gives up the calls that are under way, unless they have begun to write.
    pub(crate) fn interrupt(&self) {
        self.control.interrupt();
    }

    /// What stops the calls of this handle.
    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// Closes the connections after the calls that are under way; later calls get `Closed`, and so do those that only
    /// read. A transaction that a host has open is rolled back. Closing twice is not an error, nor is closing in a
    /// forked child, which does nothing.
    pub(crate) fn close(&self) -> Result<()> {
        if self.refuse_inherited().is_err() {
            return Ok(());
        }
        // Set before it looks for a transaction: one that begins meanwhile sees it, and ends itself.
        self.control.close();
        let open = self.open_transaction.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(transaction) = open {
            transaction.roll_back(Why::HandleClosed);
        }
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.end();
        }
        // The connection stays the host's, who closes it.
        if self.is_hosted {
            self.is_left.store(true, Ordering::SeqCst);
            return Ok(());
        }
        // A host closes the handle from within a call of the same thread, as a handler of signals may. That call ends
        // once this has returned; the connections are closed when the handle is dropped.
        if is_within_a_call() {
            self.is_left.store(true, Ordering::SeqCst);
            return Ok(());
        }
        let readers = self.readers.as_ref().map_or(Ok(()), |readers| readers.close());
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.join();
        }
        // Last: this one moves the log into the database file, where no other process has it open.
        self.slot.close().and(readers).map_err(|error| error.about_file(self.path()))
    }

    fn with_writer<T>(
        &self,
        watch: &Watch,
        work: impl FnOnce(&mut Connection, &Patience<'_>) -> Result<T>,
    ) -> Result<T> {
        let (mut lease, how) = self.lend(watch)?;
        self.watching(lease.connection()?, |connection| work(connection, &how))
    }

    /// The connection that writes, and how to wait for other handles and processes.
    fn lend<'w>(&self, watch: &'w Watch) -> Result<(Lease, Patience<'w>)> {
        if self.is_left.load(Ordering::SeqCst) {
            return Err(closed());
        }
        let how = self.patience(watch);
        let lease = self.slot.lend(how.deadline, watch)?;
        // A transaction of the handle may have lasted longer.
        let mut how = if how.deadline.has_passed() { self.patience(watch) } else { how };
        if self.is_hosted {
            how.timeout = busy_timeout_of(&lease)?;
        }
        Ok((lease, how))
    }

    pub(super) fn query_bytes(&self) -> usize {
        self.query_bytes
    }

    pub(super) fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// What a call within an open transaction listens to. Closing the handle ends that by itself.
    pub(super) fn watch(&self) -> Watch {
        Watch::writing(&self.control)
    }

    fn patience<'w>(&self, watch: &'w Watch) -> Patience<'w> {
        Patience::new(self.busy_timeout, watch)
    }

    fn with_reader<T>(&self, work: impl FnOnce(&mut Connection, &Patience<'_>) -> Result<T>) -> Result<T> {
        let watch = &Watch::reading(&self.control);
        let Some(readers) = &self.readers else {
            return self.with_writer(watch, work);
        };
        let how = self.patience(watch);
        // The connection of a handle that only reads keeps nobody from writing.
        if self.is_read_only
            && let Some(mut lease) = self.slot.lend_at_once()?
        {
            return self.watching(lease.connection()?, |connection| work(connection, &how));
        }
        let mut reader = readers.lend(how.deadline, watch)?;
        self.watching(reader.connection()?, |connection| work(connection, &how))
    }

    /// Runs `work`, unless the file changed that SQLite was told does not, before or meanwhile. An error names the file.
    fn watching<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        let unchanged = || self.file.refuse_changed();
        let done = unchanged().and_then(|()| {
            let done = work(connection);
            unchanged().and(done)
        });
        done.map_err(|error| self.explain(error, connection))
    }

    /// Names the file. What a read that went wrong showed is no damage, if the database is whole when it is read again.
    fn explain(&self, error: Error, connection: &Connection) -> Error {
        // An error that names a file is about another one: the agents' database, for example.
        if fault::says_damaged(&error) && !error.is_located() {
            forget_pages(connection);
            if self.file.read_anew(self.busy_timeout).is_ok_and(|anew| is_whole(&anew)) {
                return fault::read_wrong(error).about_file(self.path());
            }
        }
        error.about_file(self.path())
    }
}

fn is_wal(connection: &Connection, how: &Connect) -> Result<bool> {
    // One that writes has made it so.
    if !how.read_only {
        return Ok(true);
    }
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal")
}

/// Rolls back where `work` fails or panics.
fn finish<T>(transaction: Transaction<'_>, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::super::connect::{Synchronous, connect};
    use super::*;
    use crate::error::ErrorKind;

    /// A read of the disk that went wrong and would go right the next time.
    #[test]
    fn a_database_that_is_whole_is_not_called_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let busy_timeout = Duration::ZERO;
        let how =
            Connect { read_only: false, busy_timeout, synchronous: Synchronous::Normal, newest_schema: 0 };
        let database = Database::new(&file, connect(&file, &how).unwrap(), &how).unwrap();
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            let failed = || Err::<(), _>(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into());
            for error in [
                database.read(|_| failed()).unwrap_err(),
                database.read_on_writer(|_| failed()).unwrap_err(),
                database.write(|_| failed()).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                assert!(error.message().contains("try again") && error.message().contains("x.db"), "{error}");
            }
        }
        // A row of another program's that holds a value of the wrong type does so the next time, too.
        let wrong = rusqlite::Error::InvalidColumnType(0, "a".to_owned(), rusqlite::types::Type::Text);
        assert_eq!(database.read(|_| Err::<(), _>(wrong.into())).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
