//! Moving the write-ahead log into the database file, beside the calls that write.
//!
//! SQLite would do it inside the commit that makes the log longer than 1000 pages, and that call would wait for two
//! flushes to the disk. Here a thread does it that lives for that long, on a connection of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::cancel::{CancelToken, Watch};
use super::connect::{Connect, set_busy_timeout};
use super::readers::Readers;
use super::same_file::SameFile;
use super::slot::{Slot, refuse_inherited};
use crate::error::Result;
use crate::time::Deadline;

/// How long the log may be, in pages, until it is moved; and how much it grows until that is tried again. 4 MiB, where a
/// page has the usual 4 KiB. A longer log would make writing slower than moving it does: it leaves the processor's cache.
const STEP: i64 = 1000;

/// From here on questions of this handle are held back, so that the log can begin anew. 16 MiB.
const LONG: i64 = 4096;

/// From here on they are held back for longer. 64 MiB.
const TOO_LONG: i64 = 16_384;

/// How long writers wait at the most until readers of other handles let the log begin anew.
pub(super) const PATIENCE: Duration = Duration::from_millis(25);

/// How long questions of this handle are held back at the most until those under way have ended.
const HOLD: Duration = Duration::from_millis(100);
const LONG_HOLD: Duration = Duration::from_secs(2);

/// After an attempt that made others wait for nothing there is none for so many times as long as it took.
const PAUSE: u32 = 20;
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Moves the log of one database whenever it is long.
#[derive(Debug)]
pub(super) struct Checkpoints {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The process that opened the handle.
    process: u32,
}

#[derive(Debug)]
struct Shared {
    file: SameFile,
    how: Connect,
    readers: Arc<Readers>,
    writer: Arc<Slot>,
    is_running: AtomicBool,
    /// Cancelled when the handle is closed or dropped.
    end: CancelToken,
    /// When others may be made to wait again.
    next_attempt: Mutex<Option<Instant>>,
}

impl Checkpoints {
    /// Takes the place of SQLite's own checkpoints on the connection that writes.
    pub(super) fn instead(
        writer: &Arc<Slot>,
        readers: &Arc<Readers>,
        file: &SameFile,
        how: &Connect,
    ) -> Result<Arc<Self>> {
        let checkpoints = Arc::new(Self {
            shared: Arc::new(Shared {
                file: file.clone(),
                how: how.clone(),
                readers: Arc::clone(readers),
                writer: Arc::clone(writer),
                is_running: AtomicBool::new(false),
                end: CancelToken::new(),
                next_attempt: Mutex::default(),
            }),
            thread: Mutex::default(),
            process: std::process::id(),
        });
        let watched = Arc::downgrade(&checkpoints);
        let mut length = Length::default();
        // Called after a commit, when the write lock is free again.
        writer.lend(Deadline::never(), &Watch::default())?.connection()?.wal_hook(Some(
            move |log: &mut rusqlite::hooks::Wal, pages| {
                if length.is_due(i64::from(pages))
                    && let Some(checkpoints) = watched.upgrade()
                    && !checkpoints.start()
                {
                    // The system gives no thread. The commit has happened, so a failure here is not the caller's.
                    let _ = log.checkpoint();
                }
                Ok(())
            },
        ))?;
        Ok(checkpoints)
    }

    /// Begins a checkpoint, unless one is under way. Says whether somebody sees to it.
    fn start(&self) -> bool {
        let shared = &self.shared;
        if shared.has_ended() || shared.is_running.swap(true, Ordering::SeqCst) {
            return true;
        }
        let running = Running(Arc::clone(shared));
        let work = move || {
            // What failed is tried again when the log has grown.
            let _ = running.0.end.during(|| running.0.run());
        };
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before has nothing left to do.
        thread.take().map(JoinHandle::join);
        *thread = std::thread::Builder::new().name("mcoda-checkpoint".to_owned()).spawn(work).ok();
        thread.is_some()
    }

    /// No checkpoint begins from now on, and one that is under way makes nobody wait.
    pub(super) fn end(&self) {
        self.shared.end.cancel();
    }

    /// Ends, and waits for a checkpoint that is under way.
    pub(super) fn join(&self) {
        self.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that panicked has ended, too.
        thread.map(JoinHandle::join);
    }
}

/// A handle that is dropped leaves nothing behind that would open the file again.
impl Drop for Checkpoints {
    fn drop(&mut self) {
        if refuse_inherited(self.process).is_ok() {
            self.join();
            return;
        }
        // The thread is the parent's.
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::forget(thread.take());
    }
}

/// Says that the checkpoint is over, however it ended.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn run(&self) -> Result<()> {
        let connection = self.file.open(&self.how)?;
        let log = checkpoint(&connection, Mode::Passive)?;
        if !self.may_attempt() {
            return Ok(());
        }
        // While somebody writes all the time the log does not begin anew by itself: there is always a commit behind
        // the part that was moved.
        let start = Instant::now();
        if !self.begin_anew(&connection, log)? {
            let pause = LONGEST_PAUSE.min(start.elapsed() * PAUSE);
            let mut next = self.next_attempt.lock().unwrap_or_else(PoisonError::into_inner);
            *next = Some(Instant::now() + pause);
        }
        Ok(())
    }

    /// Lets the next commit begin the log anew, when no question of the handle needs what is in it.
    fn begin_anew(&self, connection: &Connection, log: Log) -> Result<bool> {
        let longest = match log.pages {
            ..LONG => Duration::ZERO,
            LONG..TOO_LONG => HOLD,
            _ => LONG_HOLD,
        };
        // Nobody whose question is held back finds that the database is busy.
        let deadline = Deadline::after(longest.min(self.how.busy_timeout / 2));
        let Some(held) = self.readers.hold_back(deadline, &self.end) else { return Ok(false) };
        // What is moved now writers do not wait for.
        if checkpoint(connection, Mode::Passive)?.rest() > LONG {
            // Another handle reads an old part of the log, and does not end with that in a moment.
            return Ok(false);
        }
        // In turn with the handle's own calls: SQLite would have to be lucky to find none of them writing. Not for
        // long: who has a transaction open may be asking a question that is held back here.
        let Ok(own_writer) = self.writer.lend(Deadline::after(PATIENCE), &Watch::of_thread()) else {
            return Ok(false);
        };
        set_busy_timeout(connection, PATIENCE)?;
        let log = checkpoint(connection, Mode::Restart)?;
        drop((own_writer, held));
        Ok(!log.is_busy)
    }

    /// Never where calls wait for nobody: they would be turned away although nobody else writes.
    fn may_attempt(&self) -> bool {
        if self.how.busy_timeout.is_zero() {
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
    /// Moves what no reader needs any more. Nobody waits.
    Passive,
    /// Moves all, and lets the next commit begin the log anew. Writers wait.
    Restart,
    /// As [`Mode::Restart`], and makes the file empty.
    Truncate,
}

/// What a checkpoint left.
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

/// How long the log was when it was last looked at.
#[derive(Debug, Default)]
struct Length {
    last: i64,
    due: i64,
}

impl Length {
    /// Whether it has grown by so much that it is to be moved.
    fn is_due(&mut self, pages: i64) -> bool {
        if pages < self.last || self.due == 0 {
            // It has begun anew.
            self.due = STEP;
        }
        self.last = pages;
        if pages < self.due {
            return false;
        }
        // Flushing slows writers down, so it is not done more often than it helps.
        self.due = pages + STEP;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::connect::{Synchronous, connect};
    use super::*;

    fn open(file: &Path) -> (Arc<Slot>, Arc<Checkpoints>) {
        let how = Connect {
            read_only: false,
            busy_timeout: Duration::from_secs(30),
            synchronous: Synchronous::Normal,
            newest_schema: 1,
        };
        let writer = Slot::new(connect(file, &how).unwrap());
        let same = SameFile::at(file);
        let checkpoints =
            Checkpoints::instead(&writer, &Readers::new(same.clone(), &how), &same, &how).unwrap();
        (writer, checkpoints)
    }

    fn commit(writer: &Arc<Slot>, count: usize) {
        let writer = writer.lend(Deadline::never(), &Watch::default()).unwrap();
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
    fn a_commit_moves_nothing_by_itself() {
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
    fn a_long_log_is_moved_beside_the_commits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let (writer, checkpoints) = open(&file);
        commit(&writer, 2000);
        checkpoints.join();
        let (database, _) = sizes(&file);
        // A commit writes several pages to the log for one that is new, so this is less than a step.
        assert!(database > 250 * 4096, "{database}");
    }

    #[test]
    fn no_checkpoint_opens_a_file_that_has_taken_the_name_or_makes_one() {
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
    fn the_log_is_moved_each_time_that_it_has_grown_by_a_step() {
        let mut length = Length::default();
        let mut due = |pages| length.is_due(pages);
        assert!(!due(999));
        assert!(due(1003));
        assert!(!due(2002));
        assert!(due(2003));
        assert!(!due(7), "it has begun anew");
        assert!(due(1000));
    }
}
