//! Adding records at the end of the file, in time that does not depend on its size.
//!
//! Other programs may read the file at any moment, without a lock. What they see torn is, above all, a
//! file whose length they asked for before an append and whose text they read after it. So blanks, which
//! JSON allows behind an array, are kept in reserve behind the `]`: an append writes over blanks, and the
//! file grows by blanks alone, long before its text gets there.

use std::borrow::Borrow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::positioned::write_at;
use super::scan::Tail;
use crate::error::{Error, Result};

/// How many blanks there are behind the array at least, and in what steps the file grows. Measured: half
/// of it lets a reader that is slower than a hundred appends see a torn end, twice as much gains nothing.
pub(super) const RESERVE: u64 = 32 * 1024;

/// Adds `records`, of which there is at least one, to a file of `length` bytes and returns the new end of its
/// array. Where that fails the array is put back as it was, as far as the disk lets us.
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
    // What is left of the old end would otherwise stand behind the new one.
    let old = usize::try_from(tail.close + 1 - tail.end).unwrap_or(usize::MAX);
    text.resize(text.len().max(old), b' ');
    let written = grow(file, length, close + 1).and_then(|()| write_at(file, &text, tail.end));
    if let Err(error) = written {
        put_back(file, tail.end, text.len(), length);
        return Err(Error::storage("append to", path, error));
    }
    Ok(Tail { end: close - 1, close, is_empty: false })
}

/// Makes a new file of `records`, of which there is at least one, with one write.
pub(super) fn create(path: &Path, file: &File, records: &[impl Borrow<str>]) -> Result<Tail> {
    let mut text = format!("[\n{}\n]", records.join(",\n"));
    let close = text.len() as u64 - 1;
    text.push_str(&" ".repeat(RESERVE as usize));
    write_at(file, text.as_bytes(), 0).map_err(|error| Error::storage("write", path, error))?;
    Ok(Tail { end: close - 1, close, is_empty: false })
}

/// Keeps the reserve behind an array that will end at `end`. The array that is there stays whole all the
/// while, since only blanks are added.
fn grow(file: &File, length: u64, end: u64) -> io::Result<()> {
    if end + RESERVE <= length {
        return Ok(());
    }
    let missing = (end + RESERVE).next_multiple_of(RESERVE) - length;
    write_at(file, " ".repeat(usize::try_from(missing).unwrap_or(usize::MAX)).as_bytes(), length)
}

/// Both steps are tried, since there is nothing better to do about one that fails: the next holder will
/// look at the whole file.
fn put_back(file: &File, end: u64, written: usize, length: u64) {
    let old = usize::try_from(length - end).unwrap_or(usize::MAX);
    let mut text = b"\n]".to_vec();
    text.resize(written.min(old).max(text.len()), b' ');
    let _ = write_at(file, &text, end);
    let _ = file.set_len(length.max(end + 2));
}
