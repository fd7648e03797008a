//! Finding out what is in the file before anything is written to it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind as IoErrorKind};
use std::path::Path;
use std::time::Duration;

use super::lock;
use super::positioned::read_at;
use super::repair::repair;
use super::scan::{Scan, Tail, is_blank, scan};
use super::state::{Clean, Stamp};
use crate::error::{Error, Result};
use crate::sqlite::Watch;
use crate::time::{Clock, Deadline, Timestamp};

/// A program that knows no lock empties the file and then writes it. One that did neither for so long is done.
const SETTLED_AFTER_MILLIS: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(10);

/// What is read of the file at once.
pub(super) const BUFFER: usize = 64 * 1024;

/// More blanks than this between the last record and the `]` are worth a look at the whole file.
const LONGEST_GAP: u64 = 4096;

/// The file, open, and what is known about it.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) file: File,
    pub(super) tail: Tail,
    /// The file when `tail` was read or written.
    pub(super) stamp: Stamp,
}

/// The file, where it is still as `recorded` says. Reads a few bytes at its end.
pub(super) fn if_unchanged(path: &Path, recorded: &Clean) -> Result<Option<Contents>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let stamp = stamp_of(path, &file)?;
    if stamp != recorded.stamp {
        return Ok(None);
    }
    let tail = tail_at(&file, recorded.end, recorded.close);
    let tail = tail.map_err(|error| Error::storage("read", path, error))?;
    Ok(tail.map(|tail| Contents { file, tail, stamp }))
}

/// The file after a look at all of it, and after its repair where it needs one. `None` where it is missing.
pub(super) fn whole(path: &Path, deadline: Deadline, now: Timestamp) -> Result<Option<Contents>> {
    loop {
        let Some(file) = open(path)? else { return Ok(None) };
        let stamp = stamp_of(path, &file)?;
        let found = scan(BufReader::with_capacity(BUFFER, &file), |_, _| {});
        let found = found.map_err(|error| Error::storage("read", path, error))?;
        if stamp_of(path, &file)? == stamp {
            let (end, is_damaged) = match found {
                Scan::Intact(tail) => return Ok(Some(Contents { file, tail, stamp })),
                Scan::Blank => (0, false),
                Scan::Unclosed { end } => (end, false),
                Scan::Damaged { end } => (end, true),
            };
            if is_settled(stamp) {
                let tail = repair(path, &file, end, is_damaged, now)?;
                let stamp = stamp_of(path, &file)?;
                return Ok(Some(Contents { file, tail, stamp }));
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

pub(super) fn stamp_of(path: &Path, file: &File) -> Result<Stamp> {
    let stamp = file.metadata().and_then(|metadata| Stamp::of(&metadata));
    stamp.map_err(|error| Error::storage("look at", path, error))
}

fn open(path: &Path) -> Result<Option<File>> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::storage("open", path, error)),
    }
}
