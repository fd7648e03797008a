//! A new file that takes the log's place at once: whoever reads sees the old one or the new one.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::inspect::{Contents, stamp_of};
use super::lock::{self, FileLock, Read};
use super::scan::{BUFFER, Tail};
use super::state::Stamp;
use crate::error::{Error, Result};
use crate::paths;

/// The new file has this behind the log's name. One that a process left that died is overwritten.
const SUFFIX: &str = ".new";

/// Makes a file of what `write` writes, which is told where that ends, and puts it in the place of `old`, which was like
/// `stamp` when it was read. `Busy`, and nothing has happened, where a program without a lock has changed that since.
pub(super) fn replace(
    path: &Path,
    old: &FileLock,
    stamp: Stamp,
    write: impl FnOnce(&mut dyn Write) -> io::Result<Tail>,
) -> Result<Contents> {
    // The log itself, where `path` is a link to it.
    let target = fs::canonicalize(path).map_err(|error| Error::storage("look at", path, error))?;
    let name = paths::beside(&target, SUFFIX);
    let replaced = make(&name, &target, old, write).and_then(|(file, tail)| {
        if stamp_of(path, old)? != stamp {
            return Err(lock::busy(path, "a program that knows no lock is writing to it"));
        }
        fs::rename(&name, &target).map_err(|error| Error::storage("replace", path, error))?;
        let stamp = stamp_of(path, &file)?;
        Ok(Contents { file, tail, stamp })
    });
    if replaced.is_err() {
        let _ = fs::remove_file(&name);
    }
    replaced
}

/// A whole file of the owner of `like`, on the disk, too: after a power cut an empty one must not have the log's name.
/// It is locked before anybody can find it.
fn make(
    name: &Path,
    like: &Path,
    old: &FileLock,
    write: impl FnOnce(&mut dyn Write) -> io::Result<Tail>,
) -> Result<(FileLock, Tail)> {
    let _ = fs::remove_file(name);
    let taken = || lock::busy(name, "another process has just created it");
    let file = paths::create_new_file(name, Some(like))?.ok_or_else(taken)?;
    let file = FileLock::of_new(name, Read::ByOthers, file)?.ok_or_else(taken)?;
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
