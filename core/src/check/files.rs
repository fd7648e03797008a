//! Whether the database is one regular file, and whether the permissions of it and of the files beside it are right.

use std::path::Path;

use super::finding::{Finding, Severity};
use super::subject::Subject;
use crate::error::Result;
use crate::paths;
use crate::sqlite::{refuse_aliases, refuse_network};

/// Whether there is one file, under one name, on a disk that SQLite supports.
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let database = subject.database;
    let mut findings = Vec::new();
    if subject.is_turned_off {
        findings.push(Finding::new(
            Severity::Info,
            "turned_off",
            "MCODA_DISABLE_DB",
            "the environment turns the database off: records go to the JSON log alone, and all else is refused",
            "unset MCODA_DISABLE_DB where the database is to be used",
        ));
    }
    if let Some(missing) = missing(database) {
        findings.push(missing);
        return Ok(findings);
    }
    for path in subject.beside() {
        if let Err(error) = paths::refuse_irregular_at(&path) {
            findings.push(Finding::new(
                Severity::Error,
                "not_a_file",
                path.display(),
                error.message(),
                "move it away; where a database was here, restore a backup",
            ));
        }
    }
    if let Err(error) = refuse_aliases(database) {
        findings.push(Finding::of_error(Severity::Error, "second_name", database.display(), &error));
    }
    if let Err(error) = refuse_network(&subject.folder()) {
        findings.push(Finding::of_error(Severity::Error, "network_disk", subject.folder().display(), &error));
    }
    Ok(findings)
}

fn missing(database: &Path) -> Option<Finding> {
    let finding = |code, message: String, advice| {
        Some(Finding::new(Severity::Error, code, database.display(), message, advice))
    };
    match database.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => finding(
            "missing",
            "there is no database here".to_owned(),
            "check the path, or create the database (mcodactl init)",
        ),
        Err(error) => finding(
            "unreadable",
            format!("it cannot be looked at: {error}"),
            "check the permissions of the folders above it",
        ),
        Ok(file) if file.is_dir() => finding(
            "not_a_file",
            "it is a folder".to_owned(),
            "name the database file, or the root folder of the project",
        ),
        Ok(_) => None,
    }
}

/// Whether this user can write to the files, and no other user can change or replace them.
pub(super) fn permissions(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(user) = subject.own_place()
        && let Err(error) = user.refuse_planted(&subject.folder_by_name())
    {
        findings.push(Finding::of_error(
            Severity::Error,
            "planted",
            subject.folder_by_name().display(),
            &error,
        ));
    }
    if let Some(folder) = subject.log_folder
        && let Err(error) = paths::refuse_open_folder(folder)
    {
        findings.push(Finding::of_error(Severity::Error, "planted", folder.display(), &error));
    }
    for path in subject.log().into_iter().chain(subject.log_lock()) {
        if let Err(error) = paths::refuse_planted(&path) {
            let severity = Severity::Warning;
            findings.push(Finding::of_error(severity, "planted", path.display(), &error));
        }
    }
    #[cfg(unix)]
    unix::permissions(subject, &mut findings)?;
    Ok(findings)
}

#[cfg(unix)]
mod unix {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use rustix::fs::{Access, AtFlags, CWD, accessat};

    use crate::check::finding::{Finding, Severity};
    use crate::check::subject::Subject;
    use crate::error::{Error, Result};
    use crate::paths::none_if_missing;

    const OTHERS_WRITE: u32 = 0o022;
    const EVERYBODY_WRITES: u32 = 0o002;
    const OTHERS_READ: u32 = 0o044;

    pub(super) fn permissions(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        let folder = subject.folder();
        let owner = look(&subject.real())?.map(|database| database.uid());
        of_folder(&folder, look(&folder)?.as_ref(), findings);
        let log = subject.log().into_iter().chain(subject.log_lock());
        let all: Vec<PathBuf> =
            subject.beside().into_iter().chain(log).chain(subject.settings.clone()).collect();
        let mut readable = Vec::new();
        for path in all {
            let Some(file) = look(&path)? else { continue };
            if file.mode() & OTHERS_READ != 0 {
                readable.push(path.display().to_string());
            }
            of_file(&path, &file, owner, findings);
        }
        if !readable.is_empty() {
            let count = readable.len() as u64;
            readable.truncate(crate::check::finding::EXAMPLES);
            let message = "other users can read files, as far as they can reach them";
            let advice = "run `chmod go-r` on them, unless that is meant; this library makes them for their owner alone";
            let finding =
                Finding::new(Severity::Info, "readable_by_others", folder.display(), message, advice);
            findings.push(finding.counted(count).with_examples(readable));
        }
        Ok(())
    }

    fn look(path: &Path) -> Result<Option<Metadata>> {
        none_if_missing(path.metadata()).map_err(|error| Error::storage("inspect", path, error))
    }

    fn of_folder(folder: &Path, found: Option<&Metadata>, findings: &mut Vec<Finding>) {
        if found.is_some_and(|folder| folder.mode() & EVERYBODY_WRITES != 0) {
            findings.push(Finding::new(
                Severity::Warning,
                "folder_open",
                folder.display(),
                "everybody can write to the folder, and so exchange what is in it or put files there",
                "run `chmod o-w` on it, or move the database into a folder of its own",
            ));
        }
        if !may_write(folder) {
            findings.push(Finding::new(
                Severity::Warning,
                "not_writable",
                folder.display(),
                format!(
                    "user {} cannot write to the folder, and SQLite keeps files beside a database",
                    user()
                ),
                "give the folder to this user, run as its owner, or open with readOnly",
            ));
        }
    }

    fn of_file(path: &Path, file: &Metadata, owner: Option<u32>, findings: &mut Vec<Finding>) {
        if file.mode() & OTHERS_WRITE != 0 {
            findings.push(Finding::new(
                Severity::Warning,
                "writable_by_others",
                path.display(),
                format!("other users can write to it (mode {:04o})", file.mode() & 0o7777),
                "run `chmod go-w` on it",
            ));
        }
        if owner.is_some_and(|owner| owner != file.uid()) {
            findings.push(Finding::new(
                Severity::Warning,
                "other_owner",
                path.display(),
                format!(
                    "it belongs to user {}, and the database to user {}, who may not be able to write to it",
                    file.uid(),
                    owner.unwrap_or_default()
                ),
                format!("run `chown {}` on it", owner.unwrap_or_default()),
            ));
        }
        if !may_write(path) {
            findings.push(Finding::new(
                Severity::Warning,
                "not_writable",
                path.display(),
                format!(
                    "user {} cannot write to it (owner {}, mode {:04o})",
                    user(),
                    file.uid(),
                    file.mode() & 0o7777
                ),
                "give the file to this user, run as its owner, or open with readOnly",
            ));
        }
    }

    fn may_write(path: &Path) -> bool {
        accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
    }

    fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }
}
