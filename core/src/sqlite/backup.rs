//! Copying a database that is in use into another file.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::time::Deadline;

/// Writes one unchanging state of the database into `target`, which must not be there yet. A copy that
/// stops half-way never has the target's name.
pub(super) fn backup(connection: &Connection, target: &Path, timeout: Duration) -> Result<()> {
    let target = paths::absolute(target)?;
    refuse_existing(&target)?;
    let Some(name) = target.file_name() else {
        return Err(Error::invalid("path", format_args!("{:?}", target.display()), "the path of a file"));
    };
    let mut partial = name.to_owned();
    partial.push(".partial");
    let partial = target.with_file_name(partial);
    if paths::create_new_file(&partial)?.is_none() {
        let message = format!(
            "{}: another backup is being written there, or one was cut off: remove that file or choose another path",
            partial.display()
        );
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    let written = copy(connection, &partial, timeout).and_then(|()| {
        refuse_existing(&target)?;
        std::fs::rename(&partial, &target).map_err(|error| Error::storage("create", &target, error))
    });
    if written.is_err() {
        // The error that stopped the copy says more than one of the tidying would.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn refuse_existing(target: &Path) -> Result<()> {
    match target.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::storage("look at", target, error)),
        Ok(_) => {
            let message = format!("{} is there already: choose another path, or remove it", target.display());
            Err(Error::new(ErrorKind::Conflict, message))
        }
    }
}

fn copy(connection: &Connection, partial: &Path, timeout: Duration) -> Result<()> {
    let about = |error: rusqlite::Error| Error::from(error).about_file(partial);
    let mut into = Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(about)?;
    let deadline = Deadline::after(timeout);
    let backup = Backup::new(connection, &mut into).map_err(about)?;
    loop {
        // All pages in one step: nobody can change the database in between, so it never starts over.
        match backup.step(-1).map_err(about)? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked if deadline.has_passed() => {
                return Err(Error::new(ErrorKind::Busy, "another writer holds the database; try again"));
            }
            _ => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    drop(backup);
    into.close().map_err(|(_, error)| about(error))
}
