//! Checkpoints of the write-ahead log, in parallel with writing calls.
//!
//! SQLite would run a checkpoint inside the commit that makes the log longer than 1000 pages, and that call would wait
//! for two disk flushes. Here a short-lived thread does it, on a connection of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::cancel::{CancelToken, Watch};
use super::connect::{ConnectOptions, set_busy_timeout};
use super::database_file::DatabaseFile;
use super::readers::Readers;
use super::writer::{Writer, refuse_inherited};
use crate::error::Result;
use crate::time::Deadline;

/// The length of the log, in pages, at which a checkpoint runs, and the growth after which the next one runs. 4 MiB
/// with the usual page size of 4 KiB. A longer log makes writing slower than checkpoints do, because it does not fit
/// into the processor's cache.
const CHECKPOINT_PAGES: i64 = 1000;

/// From this length on, queries of this handle are blocked, so that the log can start over. 16 MiB.
const RESTART_PAGES: i64 = 4096;

/// From this length on, they are blocked for longer. 64 MiB.
const LONG_BLOCK_PAGES: i64 = 16_384;

/// How long writers wait at most for readers of other handles, so that the log can start over.
pub(super) const RESTART_WAIT: Duration = Duration::from_millis(25);

/// How long new queries of this handle are blocked at most, until the running ones have ended.
const BLOCK_TIME: Duration = Duration::from_millis(100);
const LONG_BLOCK_TIME: Duration = Duration::from_secs(2);

/// After a failed attempt, the next one waits this many times as long as the failed one took.
const RETRY_FACTOR: u32 = 20;
const MAX_RETRY_DELAY: Duration = Duration::from_secs(10);

/// Runs checkpoints of one database whenever its log is long.
#[derive(Debug)]
pub(super) struct Checkpoints {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The process that opened the handle.
    process: u32,
}

#[derive(Debug)]
struct Shared {
    file: DatabaseFile,
    options: ConnectOptions,
    readers: Arc<Readers>,
    writer: Arc<Writer>,
    is_running: AtomicBool,
    /// Whether a checkpoint has ended since the last commit.
    has_ended_since_commit: AtomicBool,
    /// Cancelled when the handle is closed or dropped.
    end: CancelToken,
    /// When other calls may be made to wait again.
    next_attempt: Mutex<Option<Instant>>,
}

impl Checkpoints {
    /// Replaces SQLite's automatic checkpoints on the writing connection.
    pub(super) fn replace_automatic(
        writer: &Arc<Writer>,
        readers: &Arc<Readers>,
        file: &DatabaseFile,
        options: &ConnectOptions,
    ) -> Result<Arc<Self>> {
        let checkpoints = Arc::new(Self {
            shared: Arc::new(Shared {
                file: file.clone(),
                options: options.clone(),
                readers: Arc::clone(readers),
                writer: Arc::clone(writer),
                is_running: AtomicBool::new(false),
                has_ended_since_commit: AtomicBool::new(false),
                end: CancelToken::new(),
                next_attempt: Mutex::default(),
            }),
            thread: Mutex::default(),
            process: std::process::id(),
        });
        let watched = Arc::downgrade(&checkpoints);
        let mut length = LogGrowth::default();
        // Called after a commit, when the write lock is free again.
        writer.acquire(Deadline::never(), &Watch::default())?.connection()?.wal_hook(Some(
            move |log: &mut rusqlite::hooks::Wal, pages| {
                let Some(checkpoints) = watched.upgrade() else { return Ok(()) };
                checkpoints.shared.has_ended_since_commit.store(false, Ordering::SeqCst);
                if length.is_due(i64::from(pages)) && !checkpoints.start() {
                    // The system creates no thread. The commit has happened, so a failure here must not fail the call.
                    let _ = log.checkpoint();
                }
                Ok(())
            },
        ))?;
        Ok(checkpoints)
    }

    /// Starts a checkpoint, unless one is running. Returns whether one is running now.
    fn start(&self) -> bool {
        let shared = &self.shared;
        if shared.has_ended() || shared.is_running.swap(true, Ordering::SeqCst) {
            return true;
        }
        let running = Running(Arc::clone(shared));
        let work = move || {
            // A failed checkpoint is retried when the log has grown.
            let _ = running.0.end.during(|| running.0.run());
        };
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        // The previous thread has ended its work.
        thread.take().map(JoinHandle::join);
        *thread = std::thread::Builder::new().name("mcoda-checkpoint".to_owned()).spawn(work).ok();
        thread.is_some()
    }

    /// Whether the next commit may start the log over, for which it waits until the disk has stored the log's header.
    pub(super) fn log_may_start_over(&self) -> bool {
        self.shared.has_ended_since_commit.load(Ordering::SeqCst)
    }

    /// No further checkpoint starts, and a running one makes nobody wait.
    pub(super) fn end(&self) {
        self.shared.end.cancel();
    }

    /// Ends, and waits for a running checkpoint.
    pub(super) fn join(&self) {
        self.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that panicked has ended, too.
        thread.map(JoinHandle::join);
    }
}

/// After a handle is dropped, nothing opens the file again.
impl Drop for Checkpoints {
    fn drop(&mut self) {
        if refuse_inherited(self.process).is_ok() {
            self.join();
            return;
        }
        // The thread exists only in the parent.
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::forget(thread.take());
    }
}

/// Marks the checkpoint as ended, however it ends.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.has_ended_since_commit.store(true, Ordering::SeqCst);
        self.0.is_running.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn run(&self) -> Result<()> {
        let connection = self.file.open(&self.options)?;
        let log = checkpoint(&connection, Mode::Passive)?;
        if !self.may_attempt() {
            return Ok(());
        }
        // While somebody writes all the time, the log does not start over by itself: there is always a commit that is
        // not checkpointed yet.
        let start = Instant::now();
        if !self.restart_log(&connection, log)? {
            let pause = MAX_RETRY_DELAY.min(start.elapsed() * RETRY_FACTOR);
            let mut next = self.next_attempt.lock().unwrap_or_else(PoisonError::into_inner);
            *next = Some(Instant::now() + pause);
        }
        Ok(())
    }

    /// Lets the next commit start the log over, if no query of the handle needs its content.
    fn restart_log(&self, connection: &Connection, log: Log) -> Result<bool> {
        let longest = match log.pages {
            ..RESTART_PAGES => Duration::ZERO,
            RESTART_PAGES..LONG_BLOCK_PAGES => BLOCK_TIME,
            _ => LONG_BLOCK_TIME,
        };
        // Half of the busy timeout, so that no blocked query fails as busy.
        let deadline = Deadline::after(longest.min(self.options.busy_timeout / 2));
        let Some(held) = self.readers.block_new(deadline, &self.end) else { return Ok(false) };
        // Writers do not wait for pages that are checkpointed here.
        if checkpoint(connection, Mode::Passive)?.rest() > RESTART_PAGES {
            // Another handle reads an old part of the log, and will not finish soon.
            return Ok(false);
        }
        // Waits in the queue of the handle's writers: without that, SQLite would rarely find none of them writing. Only
        // briefly: the holder of an open transaction may be waiting for a query that is blocked here.
        let Ok(own_writer) = self.writer.acquire(Deadline::after(RESTART_WAIT), &Watch::of_thread()) else {
            return Ok(false);
        };
        set_busy_timeout(connection, RESTART_WAIT)?;
        let log = checkpoint(connection, Mode::Restart)?;
        drop((own_writer, held));
        Ok(!log.is_busy)
    }

    /// Never if the busy timeout is 0: calls would fail as busy although nobody else writes.
    fn may_attempt(&self) -> bool {
        if self.options.busy_timeout.is_zero() {
            return false;
        }
        let next = *self.next_attempt.lock().unwrap_or_else(PoisonError::into_inner);
        !self.has_ended() && next.is_none_or(|next| Instant::now() >= next)
    }

    fn has_ended(&self) -> bool {
        self.end.is_cancelled()
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// Copies the pages that no reader needs any more. Nobody waits.
    Passive,
    /// Copies all pages, and lets the next commit start the log over. Writers wait.
    Restart,
    /// As [`Mode::Restart`], and makes the file empty.
    Truncate,
}

/// The state after a checkpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    pub(super) is_busy: bool,
    pub(super) pages: i64,
    pub(super) moved: i64,
}

impl Log {
    fn rest(self) -> i64 {
        self.pages - self.moved
    }
}

pub(super) fn checkpoint(connection: &Connection, mode: Mode) -> Result<Log> {
    let sql = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Restart => "PRAGMA wal_checkpoint(RESTART)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let log = connection
        .query_row(sql, [], |row| Ok(Log { is_busy: row.get(0)?, pages: row.get(1)?, moved: row.get(2)? }));
    Ok(log?)
}

/// The length of the log at the last check.
#[derive(Debug, Default)]
struct LogGrowth {
    last: i64,
    due: i64,
}

impl LogGrowth {
    /// Whether it has grown enough for a checkpoint.
    fn is_due(&mut self, pages: i64) -> bool {
        if pages < self.last || self.due == 0 {
            // It has started over.
            self.due = CHECKPOINT_PAGES;
        }
        self.last = pages;
        if pages < self.due {
            return false;
        }
        // Flushing slows writers down, so checkpoints are not more frequent than useful.
        self.due = pages + CHECKPOINT_PAGES;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::connect::{Synchronous, connect};
    use super::*;

    fn open(file: &Path) -> (Arc<Writer>, Arc<Checkpoints>) {
        let options = ConnectOptions {
            read_only: false,
            busy_timeout: Duration::from_secs(30),
            synchronous: Synchronous::Normal,
            newest_schema: 1,
        };
        let writer = Writer::new(connect(file, &options).unwrap());
        let same = DatabaseFile::at(file);
        let checkpoints =
            Checkpoints::replace_automatic(&writer, &Readers::new(same.clone(), &options), &same, &options)
                .unwrap();
        (writer, checkpoints)
    }

    fn commit(writer: &Arc<Writer>, count: usize) {
        let writer = writer.acquire(Deadline::never(), &Watch::default()).unwrap();
        writer.execute_batch("CREATE TABLE IF NOT EXISTS t (a)").unwrap();
        for _ in 0..count {
            writer.execute_batch("INSERT INTO t VALUES (zeroblob(4000))").unwrap();
        }
    }

    fn sizes(file: &Path) -> (u64, u64) {
        let size = |file: &Path| file.metadata().map_or(0, |file| file.len());
        (size(file), size(&file.with_extension("db-wal")))
    }

    #[test]
    fn a_commit_runs_no_checkpoint_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let (writer, checkpoints) = open(&file);
        let before = sizes(&file).0;
        checkpoints.join();
        commit(&writer, 2000);
        let (database, log) = sizes(&file);
        assert_eq!(database, before);
        assert!(log > 2000 * 4096, "{log}");
    }

    #[test]
    fn a_long_log_is_checkpointed_in_parallel_with_commits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let (writer, checkpoints) = open(&file);
        commit(&writer, 2000);
        checkpoints.join();
        let (database, _) = sizes(&file);
        // A commit writes several pages to the log for one new page, so this is less than the growth of the log.
        assert!(database > 250 * 4096, "{database}");
    }

    #[test]
    fn no_checkpoint_opens_a_replaced_file_or_creates_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let (writer, checkpoints) = open(&file);
        commit(&writer, 1);
        std::fs::remove_file(&file).unwrap();
        commit(&writer, 2000);
        checkpoints.join();
        assert!(!file.exists());
    }

    #[test]
    fn a_checkpoint_is_due_each_time_the_log_has_grown_by_a_step() {
        let mut length = LogGrowth::default();
        let mut due = |pages| length.is_due(pages);
        assert!(!due(999));
        assert!(due(1003));
        assert!(!due(2002));
        assert!(due(2003));
        assert!(!due(7), "it has started over");
        assert!(due(1000));
    }
}
