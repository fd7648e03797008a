//! Appending records at the end of the file, in time that does not depend on its size.
//!
//! Other programs may read the file at any time without the lock. Most incomplete reads happen when a program gets the
//! file's length before an append and its text afterwards. Therefore the array is followed by blanks, which JSON allows:
//! an append overwrites blanks, and the file grows by blanks only, before the text needs them.

use std::borrow::Borrow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::positioned::write_at;
use super::scan::Tail;
use crate::error::{Error, Result};

/// The smallest number of blanks after the array, and the step by which the file grows. Measured: with half of it, a reader
/// that takes longer than a hundred appends sees an incomplete end; twice as much gains nothing.
pub(super) const RESERVE: u64 = 32 * 1024;

/// Appends `records`, at least one, to a file of `length` bytes, and returns the new end of the array. On an error the old
/// end of the array is restored, as far as the disk allows.
pub(super) fn append(
    path: &Path,
    file: &File,
    length: u64,
    tail: Tail,
    records: &[impl Borrow<str>],
) -> Result<Tail> {
    let before = if tail.is_empty { "\n" } else { ",\n" };
    let mut text = format!("{before}{}\n]", records.join(",\n")).into_bytes();
    let close = tail.end + text.len() as u64 - 1;
    // Blanks overwrite the rest of the old end.
    let old = usize::try_from(tail.close + 1 - tail.end).unwrap_or(usize::MAX);
    text.resize(text.len().max(old), b' ');
    let written = grow(file, length, close + 1).and_then(|()| write_at(file, &text, tail.end));
    if let Err(error) = written {
        restore(file, tail.end, text.len(), length);
        return Err(Error::storage("append to", path, error));
    }
    Ok(Tail { end: close - 1, close, is_empty: false })
}

/// Writes `records`, at least one, into a new file with one write.
pub(super) fn create(path: &Path, file: &File, records: &[impl Borrow<str>]) -> Result<Tail> {
    let mut text = format!("[\n{}\n]", records.join(",\n"));
    let close = text.len() as u64 - 1;
    text.push_str(&" ".repeat(RESERVE as usize));
    write_at(file, text.as_bytes(), 0).map_err(|error| Error::storage("write", path, error))?;
    Ok(Tail { end: close - 1, close, is_empty: false })
}

/// Ensures the reserve of blanks after an array that will end at `end`. The present array stays intact, because only blanks
/// are added.
fn grow(file: &File, length: u64, end: u64) -> io::Result<()> {
    if end + RESERVE <= length {
        return Ok(());
    }
    let missing = (end + RESERVE).next_multiple_of(RESERVE) - length;
    write_at(file, " ".repeat(usize::try_from(missing).unwrap_or(usize::MAX)).as_bytes(), length)
}

/// Restores the old end of the array. Errors are ignored: the next holder reads the whole file.
fn restore(file: &File, end: u64, written: usize, length: u64) {
    let old = usize::try_from(length - end).unwrap_or(usize::MAX);
    let mut text = b"\n]".to_vec();
    text.resize(written.min(old).max(text.len()), b' ');
    let _ = write_at(file, &text, end);
    let _ = file.set_len(length.max(end + 2));
}
