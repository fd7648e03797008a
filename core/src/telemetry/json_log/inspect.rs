//! Finding out what is in the file before anything is written to it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind as IoErrorKind};
use std::path::Path;
use std::time::Duration;

use super::entries::{Entries, Places};
use super::lock::{self, FileLock};
use super::positioned::read_at;
use super::repair;
use super::scan::{Scan, Tail, is_blank, scan_file};
use super::state::{Clean, Stamp};
use crate::error::{Error, Result};
use crate::paths;
use crate::sqlite::Watch;
use crate::time::{Clock, Deadline, Timestamp};

/// A program that knows no lock empties the file and then writes it. One that did neither for so long is done.
const SETTLED_AFTER_MILLIS: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(10);

/// More blanks than this between the last record and the `]` are worth a look at the whole file.
const LONGEST_GAP: u64 = 4096;

/// The file, open, and what is known about it.
#[derive(Debug)]
pub(super) struct Contents {
    /// Locked as well as the lock file: whoever removes that one still keeps writers apart.
    pub(super) file: FileLock,
    pub(super) tail: Tail,
    /// The file when `tail` was read or written.
    pub(super) stamp: Stamp,
}

/// Where it stands what was recorded of the file, if it is still so. Reads a few bytes at its end.
pub(super) fn if_unchanged(path: &Path, file: &FileLock, recorded: &Clean) -> Result<Option<(Tail, Stamp)>> {
    let stamp = stamp_of(path, file)?;
    if stamp != recorded.stamp {
        return Ok(None);
    }
    let tail = tail_at(file.file(), recorded.end, recorded.close);
    let tail = tail.map_err(|error| Error::storage("read", path, error))?;
    Ok(tail.map(|tail| (tail, stamp)))
}

/// The file after a look at all of it, and after its repair where it needs one; and where its records stand, if it needed
/// none.
pub(super) fn whole(
    path: &Path,
    locked: FileLock,
    deadline: Deadline,
    now: Timestamp,
) -> Result<(Contents, Option<Entries>)> {
    loop {
        let stamp = stamp_of(path, &locked)?;
        let mut places = Places::default();
        let found = scan_file(locked.file(), |found| places.add(found))
            .map_err(|error| Error::storage("read", path, error))?;
        if stamp_of(path, &locked)? == stamp {
            if let Scan::Intact(tail) = found {
                let contents = Contents { file: locked, tail, stamp };
                let entries = places.of(&contents);
                return Ok((contents, entries));
            }
            if is_settled(stamp) {
                let repaired = match found {
                    Scan::Intact(_) | Scan::Blank => repair::close(path, locked, 0),
                    Scan::Unclosed { end } => repair::close(path, locked, end),
                    Scan::Damaged { end } => repair::mend(path, &locked, stamp, end, now),
                };
                return Ok((repaired?, None));
            }
        }
        if deadline.has_passed() {
            return Err(lock::busy(path, "it is not whole, and was changed a moment ago"));
        }
        Watch::of_thread().check()?;
        std::thread::sleep(PAUSE.min(deadline.remaining().unwrap_or(PAUSE)));
    }
}

/// A time of change that lies further ahead than that was set by another clock and says nothing.
fn is_settled(stamp: Stamp) -> bool {
    Clock::default().now().millis().abs_diff(stamp.modified_millis()) >= SETTLED_AFTER_MILLIS
}

/// The tail at these offsets, where there is one.
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

/// The file as it is now. `Busy` where it is not the one that lies at `path`: what is written to a file that lost its
/// name is lost.
pub(super) fn stamp_of(path: &Path, file: &FileLock) -> Result<Stamp> {
    let failed = |error| Error::storage("look at", path, error);
    match path.metadata() {
        Ok(metadata) if file.is(&metadata) => Stamp::of(&metadata).map_err(failed),
        Err(error) if error.kind() != IoErrorKind::NotFound => Err(failed(error)),
        _ => Err(lock::busy(path, "it was removed or replaced a moment ago")),
    }
}

pub(super) fn open(path: &Path) -> Result<Option<File>> {
    let opened = paths::open_own(path, OpenOptions::new().read(true).write(true));
    paths::none_if_missing(opened).map_err(|error| Error::storage("open", path, error))
}
