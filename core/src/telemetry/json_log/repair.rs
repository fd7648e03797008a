//! Making an array of a damaged file again, without losing anything that was in it, in little memory.

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

/// Closes the array behind `end`, the end of its last whole record (0: the file is blank), and cuts the rest off.
pub(super) fn close(path: &Path, file: FileLock, end: u64) -> Result<Contents> {
    let failed = |error| Error::storage("repair", path, error);
    let (start, new_end): (&[u8], u64) = if end == 0 { (b"[", 1) } else { (b"", end) };
    let is_empty = end == 0 || read_at(file.file(), end - 1, 1).map_err(failed)? == b"[";
    let text = [start, b"\n]"].concat();
    // In this order: were we to die in between, what is left would still be the start of an array.
    file.file().set_len(end).and_then(|()| write_at(file.file(), &text, end)).map_err(failed)?;
    let stamp = stamp_of(path, &file)?;
    Ok(Contents { file, tail: Tail { end: new_end, close: new_end + 1, is_empty }, stamp })
}

/// Makes a new file of the whole records: those up to `end` (0: the file is no array at all), and those that can be
/// found in the damaged rest, which is kept in a file beside it first. The new one then takes the old one's name.
pub(super) fn mend(path: &Path, file: &FileLock, stamp: Stamp, end: u64, now: Timestamp) -> Result<Contents> {
    keep_aside(path, file, end, now)?;
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

/// Sees to it that all of the file behind `end` lies beside it, on the disk, too. A copy that an earlier attempt left
/// will do.
fn keep_aside(path: &Path, file: &FileLock, end: u64, now: Timestamp) -> Result<()> {
    let failed = |error| Error::storage("repair", path, error);
    if is_kept(path, file.file(), end).map_err(failed)? {
        return Ok(());
    }
    let (name, mut copy) = new_file_beside(path, now)?;
    // Where the file system can share blocks between files, this copies nothing.
    let written = part(file.file(), end)
        .and_then(|mut rest| io::copy(&mut rest, &mut copy))
        .and_then(|_| copy.sync_all());
    written.map_err(|error| {
        drop(copy);
        // Half a copy is of no use, and the original is still whole.
        let _ = fs::remove_file(&name);
        Error::storage("write", &name, error)
    })
}

fn is_kept(path: &Path, file: &File, end: u64) -> io::Result<bool> {
    let length = file.metadata()?.len().saturating_sub(end);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
    let prefix = format!("{}.corrupt-", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_like = entry.file_name().to_string_lossy().starts_with(&prefix)
            && entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == length);
        // One that cannot be read is none.
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
