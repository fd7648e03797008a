//! Checks the file before anything is written to it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind as IoErrorKind};
use std::path::Path;
use std::time::Duration;

use super::entries::{Entries, Offsets};
use super::lock::{self, FileLock};
use super::positioned::read_at;
use super::repair;
use super::scan::{Scan, Tail, is_blank, scan_file};
use super::state::{Clean, Stamp};
use crate::at_once::refuse_to_wait;
use crate::error::{Error, Result};
use crate::notice::JSON_LOG;
use crate::paths;
use crate::sqlite::Watch;
use crate::time::{Clock, Deadline, Timestamp};

/// A program that does not use the lock empties the file and then writes it. After this time without a change it is done.
const SETTLED_AFTER_MILLIS: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(10);

/// With more blanks than this between the last record and the `]`, the whole file is read.
const LONGEST_GAP: u64 = 4096;

/// The open file and its state.
#[derive(Debug)]
pub(super) struct Contents {
    /// Locked in addition to the lock file, so that writers exclude each other even if that one is removed.
    pub(super) file: FileLock,
    pub(super) tail: Tail,
    /// The file's stamp when `tail` was read or written.
    pub(super) stamp: Stamp,
}

/// The recorded tail and stamp of the file, if they still apply. Reads a few bytes at its end.
pub(super) fn if_unchanged(path: &Path, file: &FileLock, recorded: &Clean) -> Result<Option<(Tail, Stamp)>> {
    let stamp = stamp_of(path, file)?;
    if stamp != recorded.stamp {
        return Ok(None);
    }
    let tail = tail_at(file.file(), recorded.end, recorded.close);
    let tail = tail.map_err(|error| Error::storage("read", path, error))?;
    Ok(tail.map(|tail| (tail, stamp)))
}

/// Reads the whole file and repairs it if necessary. Also returns the offsets of the records, unless it was repaired.
pub(super) fn whole(
    path: &Path,
    locked: FileLock,
    deadline: Deadline,
    watch: &Watch,
    now: Timestamp,
) -> Result<(Contents, Option<Entries>)> {
    refuse_to_wait()?;
    loop {
        let stamp = stamp_of(path, &locked)?;
        let mut offsets = Offsets::default();
        let found = scan_file(locked.file(), |found| offsets.add(found))
            .map_err(|error| Error::storage("read", path, error))?;
        if stamp_of(path, &locked)? == stamp {
            if let Scan::Intact(tail) = found {
                let contents = Contents { file: locked, tail, stamp };
                let entries = offsets.of(&contents);
                return Ok((contents, entries));
            }
            if is_settled(stamp) {
                let repaired = match &found {
                    Scan::Intact(_) | Scan::Blank => repair::close(path, locked, 0),
                    Scan::Unclosed { end } => repair::close(path, locked, *end),
                    Scan::Damaged { end } => repair::mend(path, &locked, stamp, *end, now),
                };
                let repaired = repaired?;
                report(path, &found);
                return Ok((repaired, None));
            }
        }
        if deadline.has_passed() {
            return Err(lock::busy(path, "it is incomplete, and was changed a moment ago"));
        }
        watch.check()?;
        std::thread::sleep(PAUSE.min(deadline.remaining().unwrap_or(PAUSE)));
    }
}

/// Says what was repaired. A blank file is a new one.
fn report(path: &Path, found: &Scan) {
    let path = path.display();
    match found {
        Scan::Intact(_) | Scan::Blank => {}
        Scan::Unclosed { .. } => {
            log::warn!(target: JSON_LOG, "{path}: closed after its last complete record: a program ended while it wrote");
        }
        Scan::Damaged { .. } => log::warn!(
            target: JSON_LOG,
            "{path}: it was damaged; its complete records are kept, and the damaged part is in a .corrupt file beside it"
        ),
    }
}

/// A modification time further in the future than that was set by another clock, and is ignored.
fn is_settled(stamp: Stamp) -> bool {
    Clock::default().now().millis().abs_diff(stamp.modified_millis()) >= SETTLED_AFTER_MILLIS
}

/// The tail at these offsets, if there is one.
fn tail_at(file: &File, end: u64, close: u64) -> io::Result<Option<Tail>> {
    let gap = match close.checked_sub(end) {
        Some(gap) if end > 0 && gap <= LONGEST_GAP => gap as usize,
        _ => return Ok(None),
    };
    let bytes = read_at(file, end - 1, gap + 2)?;
    let [last, blanks @ .., b']'] = &*bytes else { return Ok(None) };
    let is_tail = bytes.len() == gap + 2 && blanks.iter().all(|byte| is_blank(*byte)) && !is_blank(*last);
    Ok(is_tail.then_some(Tail { end, close, is_empty: *last == b'[' }))
}

/// The stamp of the file now. `Busy` if it is no longer the file at `path`, because writes to a removed file are lost.
pub(super) fn stamp_of(path: &Path, file: &FileLock) -> Result<Stamp> {
    let failed = |error| Error::storage("inspect", path, error);
    match path.metadata() {
        Ok(metadata) if file.is(&metadata) => Stamp::of(&metadata).map_err(failed),
        Err(error) if error.kind() != IoErrorKind::NotFound => Err(failed(error)),
        _ => Err(lock::busy(path, "it was removed or replaced a moment ago")),
    }
}

/// The stamp of a file that was just written to. It may have been moved away in the meantime: what was written is there,
/// and must not be written again. `Busy` if it was removed, and that with it.
pub(super) fn stamp_of_written(path: &Path, file: &FileLock) -> Result<Stamp> {
    let metadata = file.file().metadata().map_err(|error| Error::storage("inspect", path, error))?;
    if cfg!(unix) && paths::links_of(&metadata) > 0 {
        return Stamp::of(&metadata).map_err(|error| Error::storage("inspect", path, error));
    }
    stamp_of(path, file)
}

pub(super) fn open(path: &Path) -> Result<Option<File>> {
    let opened = paths::open_own(path, OpenOptions::new().read(true).write(true));
    paths::none_if_missing(opened).map_err(|error| Error::storage("open", path, error))
}
