//! Looking at a database without changing anything: neither a file, nor when others may write.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::cancel::{Watch, with_cancellation};
use super::database::Database;
use super::write_transaction::{WaitPolicy, begin_read};
use super::{immutable, locks};
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::time::{Backoff, Clock, Deadline};

/// A database to look at.
#[derive(Debug)]
pub(crate) enum View<'d> {
    /// By an open handle, beside its other calls.
    Handle(&'d Database),
    /// By a file, whoever has it open.
    File(FileView),
}

impl View<'_> {
    /// Runs `work` on one unchanging state of the database. It may be run again where the database changed meanwhile.
    pub(crate) fn read<T>(&self, work: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        match self {
            Self::Handle(database) => database.read(work),
            Self::File(view) => view.read(work),
        }
    }
}

/// A database file that no handle has open.
///
/// SQLite has no way to read a database of the mode WAL that leaves everything as it is: it makes `-wal` and `-shm` where
/// they are missing, and rebuilds `-shm` after a crash. So a database that nobody is writing to is read without locks,
/// and with an index of the log in private memory. Whether somebody wrote meanwhile shows in sizes and times. Where
/// somebody has it open in that mode, `-shm` is locked, and it is read as any reader does, who is in no writer's way.
#[derive(Debug)]
pub(crate) struct FileView {
    path: PathBuf,
}

/// How often it is looked at anew where it changes.
const ATTEMPTS: usize = 5;

/// A file that was written to within this time may be written to again without a new time of change.
const SETTLES_WITHIN: Duration = Duration::from_secs(1);

/// How long to wait for others' locks, which readers seldom meet.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The files of a database as they were.
#[derive(Debug, PartialEq, Eq)]
struct State {
    database: Stamp,
    journal: Option<Stamp>,
    log: Option<Stamp>,
}

type Stamp = (u64, Option<std::time::SystemTime>);

impl FileView {
    /// The database at `path`, with all links followed, as SQLite does.
    pub(crate) fn of(path: &Path) -> Self {
        Self { path: path.canonicalize().unwrap_or_else(|_| path.to_owned()) }
    }

    fn read<T>(&self, work: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        locks::install();
        let watch = Watch::of_thread();
        for _ in 0..ATTEMPTS {
            watch.check()?;
            let (mut connection, before) = self.open(&watch)?;
            let done = Self::run(&mut connection, &watch, &work);
            drop(connection);
            match before {
                Some(before) if before != State::of(&self.path)? => {}
                _ => return done.map_err(|error| error.about_file(&self.path)),
            }
        }
        let message = "it changes while it is looked at: look again when no program writes to it";
        Err(Error::new(ErrorKind::Busy, message).about_file(&self.path))
    }

    fn run<T>(
        connection: &mut Connection,
        watch: &Watch,
        work: impl Fn(&Connection) -> Result<T>,
    ) -> Result<T> {
        // What a damaged or a hostile database holds runs nothing, and its pages are not believed.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection
            .execute_batch("PRAGMA query_only=1; PRAGMA cell_size_check=1; PRAGMA temp_store=MEMORY")?;
        with_cancellation(connection, watch, |connection| {
            let begun = begin_read(connection, &WaitPolicy::new(BUSY_TIMEOUT, watch))?;
            work(&begun)
        })
    }

    /// A connection, and how the files were where they must not change under it.
    fn open(&self, watch: &Watch) -> Result<(Connection, Option<State>)> {
        let pauses = (Deadline::after(2 * SETTLES_WITHIN), Backoff::new());
        loop {
            let state = State::of(&self.path)?;
            let shm = paths::beside(&self.path, "-shm");
            // Whoever closes a file that he opened without locks would drop those that this process has on it.
            if state.log.is_some() && shm.exists() && locks::is_open_with_posix_locks(&self.path) {
                return Ok((self.open_in_use()?, None));
            }
            if state.is_settled() || cfg!(not(unix)) {
                return Ok((self.open_at_rest(&state)?, Some(state)));
            }
            // Whoever has a database of this mode open has a lock there, so the files are not made or rebuilt by this.
            if state.log.is_some() && locks::is_locked(&shm) == Some(true) {
                return Ok((self.open_in_use()?, None));
            }
            watch.check()?;
            if pauses.0.has_passed() {
                let message = "it is being written to: look again when no program does";
                return Err(Error::new(ErrorKind::Busy, message).about_file(&self.path));
            }
            pauses.1.pause();
        }
    }

    fn open_at_rest(&self, state: &State) -> Result<Connection> {
        let has_content = |file: &Option<Stamp>| file.is_some_and(|(length, _)| length > 0);
        if !has_content(&state.log) && !has_content(&state.journal) {
            return immutable::open_immutable(&self.path);
        }
        if cfg!(not(unix)) {
            return self.open_in_use();
        }
        // Without locks there is no shared memory, and so the index of the log is a private one.
        let connection = Connection::open_with_flags_and_vfs(&self.path, READ, "unix-none")?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
    }

    fn open_in_use(&self) -> Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, READ)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
    }
}

const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

impl State {
    fn of(path: &Path) -> Result<Self> {
        let stamp = |suffix| {
            let path = paths::beside(path, suffix);
            let metadata = paths::none_if_missing(path.metadata());
            let metadata = metadata.map_err(|error| Error::storage("inspect", &path, error))?;
            Ok::<_, Error>(metadata.map(|metadata| (metadata.len(), metadata.modified().ok())))
        };
        let missing = || Error::new(ErrorKind::NotFound, "there is no such file").about_file(path);
        Ok(Self {
            database: stamp("")?.ok_or_else(missing)?,
            journal: stamp("-journal")?,
            log: stamp("-wal")?,
        })
    }

    /// Whether a change from now on would show. A time that lies further ahead than that was set by another clock.
    fn is_settled(&self) -> bool {
        let now = Clock::default().now().millis();
        let millis = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
        };
        [Some(self.database), self.journal, self.log].into_iter().flatten().all(|(_, time)| {
            time.is_some_and(|time| u128::from(now.abs_diff(millis(time))) >= SETTLES_WITHIN.as_millis())
        })
    }
}

// With the system's SQLite, whose locks are its own, the files of a crash are read as by any reader.
#[cfg(test)]
#[cfg(all(unix, feature = "bundled"))]
mod tests {
    use std::collections::BTreeMap;
    use std::hash::{Hash, Hasher};

    use super::*;

    fn all_files(folder: &Path) -> BTreeMap<PathBuf, (u64, Stamp)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let of = |path: PathBuf| {
            let metadata = path.metadata().unwrap();
            let mut content = std::hash::DefaultHasher::new();
            std::fs::read(&path).unwrap().hash(&mut content);
            (path.clone(), (content.finish(), (metadata.len(), metadata.modified().ok())))
        };
        entries.map(of).collect()
    }

    fn count(view: &FileView) -> Result<i64> {
        view.read(|connection| Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?))
    }

    /// What a crash left: a log that nobody has copied into the database, with `-shm` or without it.
    #[test]
    fn a_log_that_was_left_is_read_and_nothing_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        locks::install();
        let writer = Connection::open(&file).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            .unwrap();
        for suffixes in [&["", "-wal", "-shm"][..], &["", "-wal"]] {
            let left = tempfile::tempdir().unwrap();
            let copy = left.path().join("x.db");
            for suffix in suffixes {
                std::fs::copy(paths::beside(&file, suffix), paths::beside(&copy, suffix)).unwrap();
            }
            let before = all_files(left.path());
            assert_eq!(count(&FileView::of(&copy)).unwrap(), 1);
            assert_eq!(all_files(left.path()), before);
        }
    }

    #[test]
    fn a_database_that_was_closed_is_read_and_nothing_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        for mode in ["WAL", "DELETE"] {
            let writer = Connection::open(&file).unwrap();
            writer
                .execute_batch(&format!("PRAGMA journal_mode={mode}; CREATE TABLE IF NOT EXISTS t (a)"))
                .unwrap();
            drop(writer);
            let before = all_files(folder.path());
            assert_eq!(count(&FileView::of(&file)).unwrap(), 0, "{mode}");
            assert_eq!(all_files(folder.path()), before, "{mode}");
        }
    }

    #[test]
    fn a_writer_is_not_waited_for_and_what_it_commits_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        locks::install();
        let writer = Connection::open(&file).unwrap();
        writer.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (a)").unwrap();
        let view = FileView::of(&file);
        for committed in 1..20 {
            writer
                .execute_batch("INSERT INTO t VALUES (1); BEGIN IMMEDIATE; INSERT INTO t VALUES (2)")
                .unwrap();
            assert_eq!(count(&view).unwrap(), committed);
            writer.execute_batch("ROLLBACK").unwrap();
        }
    }

    #[test]
    fn a_change_under_a_look_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        locks::install();
        let writer = Connection::open(&file).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            .unwrap();
        std::thread::sleep(SETTLES_WITHIN);
        let runs = std::cell::Cell::new(0);
        let sum = FileView::of(&file).read(|connection| {
            runs.set(runs.get() + 1);
            if runs.get() == 1 {
                writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
            }
            Ok(connection.query_row("SELECT sum(a) FROM t", [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!((sum.unwrap(), runs.get()), (3, 2));
    }

    #[test]
    fn what_is_missing_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let error = count(&FileView::of(&folder.path().join("x.db"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(all_files(folder.path()).is_empty());
    }
}
