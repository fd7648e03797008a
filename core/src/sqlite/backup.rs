//! Copying a database that is in use into another file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::write_transaction::{WaitPolicy, begin_read};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, CONFIG_FILE, TOKEN_LOG_FILE, TOKEN_LOG_LOCK_FILE, WORKSPACE_FILE};
use crate::time::Backoff;

/// The suffixes of the files that SQLite creates beside a database.
const SIDE_FILES: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Writes one consistent state of the database into `target`, which must not exist, and flushes it to the disk. Nothing
/// is overwritten, not even a file that appears in the meantime.
pub(super) fn backup(connection: &Connection, target: &Path, wait: &WaitPolicy<'_>) -> Result<()> {
    let target = paths::absolute(target)?;
    check_name(connection, &target)?;
    refuse_existing(&target)?;
    let partial = paths::beside(&target, ".partial");
    if paths::create_new_file(&partial, None)?.is_none() {
        let message = format!(
            "{}: another backup is being written there, or one was interrupted: remove that file or choose another path",
            partial.display()
        );
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    let published = copy(connection, &partial, wait)
        .and_then(|()| refuse_existing(&target))
        .and_then(|()| publish(&partial, &target));
    let removed = std::fs::remove_file(&partial).map_err(|error| Error::storage("remove", &partial, error));
    // The error that stopped the copy is more useful than an error of the clean-up.
    published.and(removed)?;
    paths::sync_folder(&target)
}

/// A copy that is named like a side file of a database would be used as one: SQLite would replay it into the database,
/// or this library append records to it.
fn check_name(connection: &Connection, target: &Path) -> Result<()> {
    let refuse = |allowed| Err(Error::invalid("path", format_args!("{:?}", target.display()), allowed));
    let Some(name) = target.file_name() else { return refuse("the path of a file") };
    // Some file systems ignore case.
    let name = name.to_string_lossy().to_lowercase();
    if SIDE_FILES.iter().any(|suffix| name.ends_with(suffix)) {
        return refuse(
            "a name that does not end in -journal, -wal or -shm, as the files beside a database do",
        );
    }
    let folder = connection.path().filter(|path| !path.is_empty()).and_then(|path| Path::new(path).parent());
    let is_beside = folder.is_some_and(|folder| same_folder(folder, target.parent().unwrap_or(folder)));
    if is_beside && [CONFIG_FILE, WORKSPACE_FILE, TOKEN_LOG_FILE, TOKEN_LOG_LOCK_FILE].contains(&&*name) {
        return refuse("a name that this library does not use for another file beside the database");
    }
    Ok(())
}

fn same_folder(one: &Path, other: &Path) -> bool {
    let canonical = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    canonical(one) == canonical(other)
}

/// Existing files are kept. So are the side files of a former database of this name: SQLite would replay them into the
/// copy.
fn refuse_existing(target: &Path) -> Result<()> {
    let side_files = SIDE_FILES.map(|suffix| paths::beside(target, suffix));
    for file in std::iter::once(target).chain(side_files.iter().map(PathBuf::as_path)) {
        match file.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::storage("inspect", file, error)),
            Ok(_) => return Err(already_exists(file)),
        }
    }
    Ok(())
}

fn already_exists(file: &Path) -> Error {
    let message = format!("{} exists already: choose another path, or remove it", file.display());
    Error::new(ErrorKind::Conflict, message)
}

/// Gives the complete copy its final name. Unlike a rename, a hard link does not replace an existing file.
fn publish(partial: &Path, target: &Path) -> Result<()> {
    match std::fs::hard_link(partial, target) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(already_exists(target)),
        // Not every file system has hard links.
        Err(_) => write_new_file(partial, target),
    }
}

/// The bytes that identify a file as a database.
const HEADER: usize = 16;

/// Copies into a new file of the final name. Its header is written last, so that an incomplete file is not taken for a
/// database.
fn write_new_file(partial: &Path, target: &Path) -> Result<()> {
    let Some(new) = paths::create_new_file(target, None)? else { return Err(already_exists(target)) };
    let written = File::open(partial).and_then(|whole| write_header_last(whole, new));
    written.map_err(|error| {
        // The file was created by this call, and is incomplete.
        let _ = std::fs::remove_file(target);
        Error::storage("write", target, error)
    })
}

fn write_header_last(mut whole: File, mut new: File) -> io::Result<()> {
    let mut header = [0; HEADER];
    whole.read_exact(&mut header)?;
    new.write_all(&[0; HEADER])?;
    io::copy(&mut whole, &mut new)?;
    new.sync_all()?;
    new.seek(SeekFrom::Start(0))?;
    new.write_all(&header)?;
    new.sync_all()
}

fn copy(connection: &Connection, partial: &Path, wait: &WaitPolicy<'_>) -> Result<()> {
    /// The number of pages between two checks for cancellation: a few milliseconds.
    const STEP: i32 = 1024;
    let about = |error: rusqlite::Error| Error::from(error).about_file(partial);
    let mut into = Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(about)?;
    // The transaction keeps the state that is copied, so concurrent writers never make the copy start over.
    let state = begin_read(connection, wait)?;
    let backup = Backup::new(connection, &mut into).map_err(about)?;
    let backoff = Backoff::new();
    loop {
        wait.watch.check()?;
        match backup.step(STEP).map_err(about)? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked if wait.deadline.has_passed() => {
                return Err(Error::new(ErrorKind::Busy, "another writer holds the database; try again"));
            }
            StepResult::Busy | StepResult::Locked => backoff.pause(),
            _ => {}
        }
    }
    drop((backup, state));
    into.close().map_err(|(_, error)| about(error))?;
    // SQLite flushes too, unless it was built or configured not to.
    let synced = File::open(partial).and_then(|file| file.sync_all());
    synced.map_err(|error| Error::storage("write", partial, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another program creates the file while the copy is written.
    #[test]
    fn a_file_that_appears_under_the_name_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let [partial, target] = ["copy.db.partial", "copy.db"].map(|name| folder.path().join(name));
        std::fs::write(&partial, "copy").unwrap();
        std::fs::write(&target, "precious").unwrap();
        for name_it in [publish, write_new_file] {
            assert_eq!(name_it(&partial, &target).unwrap_err().kind(), ErrorKind::Conflict);
            assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
        }
    }

    #[test]
    fn a_copy_without_hard_links_is_complete_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let [partial, target] = ["copy.db.partial", "copy.db"].map(|name| folder.path().join(name));
        let database = Connection::open(&partial).unwrap();
        database.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (7)").unwrap();
        database.close().unwrap();
        write_new_file(&partial, &target).unwrap();
        assert!(std::fs::read(&target).unwrap() == std::fs::read(&partial).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_copy_without_hard_links_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [partial, target] = ["copy.db.partial", "copy.db"].map(|name| folder.path().join(name));
        std::fs::write(&partial, "too short").unwrap();
        assert_eq!(write_new_file(&partial, &target).unwrap_err().kind(), ErrorKind::Storage);
        assert!(!target.exists());
    }
}
