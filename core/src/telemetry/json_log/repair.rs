//! Repairs a damaged file in little memory, without losing anything that was in it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::inspect::{Contents, stamp_of};
use super::lock::FileLock;
use super::positioned::{read_at, write_at};
use super::rewrite;
use super::salvage::salvage;
use super::scan::{BUFFER, Tail};
use super::state::Stamp;
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::time::Timestamp;

/// Closes the array after `end`, the end of its last complete record (0: the file is blank), and truncates the rest.
pub(super) fn close(path: &Path, file: FileLock, end: u64) -> Result<Contents> {
    let failed = |error| Error::storage("repair", path, error);
    let (start, new_end): (&[u8], u64) = if end == 0 { (b"[", 1) } else { (b"", end) };
    let is_empty = end == 0 || read_at(file.file(), end - 1, 1).map_err(failed)? == b"[";
    let text = [start, b"\n]"].concat();
    // In this order: if we die in between, the file is still the start of an array.
    file.file().set_len(end).and_then(|()| write_at(file.file(), &text, end)).map_err(failed)?;
    let stamp = stamp_of(path, &file)?;
    Ok(Contents { file, tail: Tail { end: new_end, close: new_end + 1, is_empty }, stamp })
}

/// Replaces the log by a file with the complete records: those up to `end` (0: the file is not an array), and those that
/// are found in the damaged rest, which is saved in a file beside it first.
pub(super) fn mend(path: &Path, file: &FileLock, stamp: Stamp, end: u64, now: Timestamp) -> Result<Contents> {
    save_damaged(path, file, end, now)?;
    let old = file.file();
    rewrite::replace(path, file, stamp, |out| {
        let mut is_empty = true;
        if end == 0 {
            out.write_all(b"[")?;
        } else {
            io::copy(&mut part(old, 0)?.take(end), out)?;
            is_empty = read_at(old, end - 1, 1)? == b"[";
        }
        let mut new_end = end.max(1);
        salvage(part(old, end)?, |record| {
            let before: &[u8] = if is_empty { b"\n" } else { b",\n" };
            is_empty = false;
            new_end += (before.len() + record.len()) as u64;
            out.write_all(before)?;
            out.write_all(record)
        })?;
        out.write_all(b"\n]")?;
        Ok(Tail { end: new_end, close: new_end + 1, is_empty })
    })
}

fn part(mut file: &File, start: u64) -> io::Result<&File> {
    file.seek(SeekFrom::Start(start))?;
    Ok(file)
}

/// Saves everything after `end` in a file beside the log, and flushes it to the disk. A copy from an earlier attempt is
/// enough.
fn save_damaged(path: &Path, file: &FileLock, end: u64, now: Timestamp) -> Result<()> {
    let failed = |error| Error::storage("repair", path, error);
    if is_saved(path, file.file(), end).map_err(failed)? {
        return Ok(());
    }
    let (name, mut copy) = new_file_beside(path, now)?;
    // If the file system can share blocks between files, this copies nothing.
    let written = part(file.file(), end)
        .and_then(|mut rest| io::copy(&mut rest, &mut copy))
        .and_then(|_| copy.sync_all());
    written.map_err(|error| {
        drop(copy);
        // An incomplete copy is useless, and the original is unchanged.
        let _ = fs::remove_file(&name);
        Error::storage("write", &name, error)
    })
}

fn is_saved(path: &Path, file: &File, end: u64) -> io::Result<bool> {
    let length = file.metadata()?.len().saturating_sub(end);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
    let prefix = format!("{}.corrupt-", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_like = entry.file_name().to_string_lossy().starts_with(&prefix)
            && entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == length);
        // A copy that cannot be read does not count.
        if is_like
            && let Ok(copy) = File::open(entry.path())
            && is_same(part(file, end)?, &copy)?
        {
            copy.sync_all()?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_same(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut left, mut right) = (Vec::with_capacity(BUFFER), Vec::with_capacity(BUFFER));
    loop {
        left.clear();
        right.clear();
        one.by_ref().take(BUFFER as u64).read_to_end(&mut left)?;
        other.by_ref().take(BUFFER as u64).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

fn new_file_beside(path: &Path, now: Timestamp) -> Result<(PathBuf, File)> {
    // Windows allows no colons in names.
    let time = now.to_string().replace(':', "-");
    for attempt in 1..=1000 {
        let again = if attempt > 1 { format!("-{attempt}") } else { String::new() };
        let name = paths::beside(path, &format!(".corrupt-{time}{again}"));
        if let Some(file) = paths::create_new_file(&name, Some(path))? {
            return Ok((name, file));
        }
    }
    let message = format!("{}: too many .corrupt files lie beside it; move them away", path.display());
    Err(Error::new(ErrorKind::Corrupt, message))
}
