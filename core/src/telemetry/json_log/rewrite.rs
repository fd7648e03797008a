//! Replaces the log by a new file with one rename, so that readers see the old one or the new one.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::inspect::{Contents, stamp_of, stamp_of_written};
use super::lock::{self, FileLock, Readers};
use super::scan::{BUFFER, Tail};
use super::state::Stamp;
use crate::error::{Error, Result};
use crate::paths;

/// The new file has the log's name with this suffix. One that a killed process left is overwritten.
const SUFFIX: &str = ".new";

/// Replaces `old` by a file that `write` writes; `write` returns the end of the array. `stamp` is the state of `old` when it
/// was read: if a program without the lock has changed it since, the result is `Busy` and nothing has changed.
pub(super) fn replace(
    path: &Path,
    old: &FileLock,
    stamp: Stamp,
    write: impl FnOnce(&mut dyn Write) -> io::Result<Tail>,
) -> Result<Contents> {
    // The log itself, if `path` is a link to it.
    let target = fs::canonicalize(path).map_err(|error| Error::storage("inspect", path, error))?;
    let name = paths::beside(&target, SUFFIX);
    let replaced = make(&name, &target, old, write).and_then(|(file, tail)| {
        if stamp_of(path, old)? != stamp {
            return Err(lock::busy(path, "a program that does not use the lock is writing to it"));
        }
        fs::rename(&name, &target).map_err(|error| Error::storage("replace", path, error))?;
        let stamp = stamp_of_written(path, &file)?;
        Ok(Contents { file, tail, stamp })
    });
    if replaced.is_err() {
        let _ = fs::remove_file(&name);
    }
    replaced
}

/// Writes the new file, with the owner of `like`, and flushes it to the disk: after a power failure, an empty file must not
/// have the log's name. It is locked before other programs can find it.
fn make(
    name: &Path,
    like: &Path,
    old: &FileLock,
    write: impl FnOnce(&mut dyn Write) -> io::Result<Tail>,
) -> Result<(FileLock, Tail)> {
    let _ = fs::remove_file(name);
    let exists = || lock::busy(name, "another process has just created it");
    let file = paths::create_new_file(name, Some(like))?.ok_or_else(exists)?;
    let file = FileLock::of_new(name, Readers::Others, file)?.ok_or_else(exists)?;
    let mut out = BufWriter::with_capacity(BUFFER, file.file());
    let written = old
        .file()
        .metadata()
        .and_then(|metadata| file.file().set_permissions(metadata.permissions()))
        .and_then(|()| write(&mut out))
        .and_then(|tail| out.flush().map(|()| tail))
        .and_then(|tail| file.file().sync_all().map(|()| tail));
    drop(out);
    let tail = written.map_err(|error| Error::storage("write", name, error))?;
    Ok((file, tail))
}
