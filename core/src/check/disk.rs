//! How much free space the disk has.

use super::finding::{Finding, Severity};
use super::subject::Subject;
use crate::error::Result;

/// Below this, a checkpoint or a repair of the log may fail at any time.
#[cfg(unix)]
const FULL: u64 = 16 << 20;

/// Below this, space should be freed.
#[cfg(unix)]
const LOW: u64 = 256 << 20;

/// The free space on the disk of the database, and on that of the JSON log.
#[cfg(unix)]
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let own = subject.folder();
    let log = subject.log_folder.filter(|folder| **folder != own && folder.exists());
    for folder in std::iter::once(&*own).chain(log) {
        let room = rustix::fs::statvfs(folder).map_err(|error| {
            crate::error::Error::storage("ask for the free room of", folder, error.into())
        })?;
        let is_read_only = room.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
        findings.extend(of_room(
            &folder.display(),
            room.f_bavail.saturating_mul(room.f_frsize),
            (room.f_files > 0).then_some(room.f_favail),
            is_read_only,
        ));
    }
    Ok(findings)
}

#[cfg(unix)]
fn of_room(
    folder: &dyn std::fmt::Display,
    bytes: u64,
    files: Option<u64>,
    is_read_only: bool,
) -> Option<Finding> {
    let mebibytes = bytes >> 20;
    if is_read_only {
        return Some(Finding::new(
            Severity::Info,
            "read_only_disk",
            folder,
            "the file system is read-only",
            "open with readOnly, or mount it so that it can be written to",
        ));
    }
    let (severity, code, message) = match (bytes, files) {
        (_, Some(0)) => (Severity::Error, "disk_full", "the disk takes no more files".to_owned()),
        (..FULL, _) => (Severity::Error, "disk_full", format!("the disk has {mebibytes} MiB left")),
        (FULL..LOW, _) => (Severity::Warning, "disk_low", format!("the disk has {mebibytes} MiB left")),
        _ => return None,
    };
    Some(Finding::new(severity, code, folder, message, "make room on the disk"))
}

/// On other platforms the free space is not read, which is reported.
#[cfg(not(unix))]
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    Ok(vec![Finding::new(
        Severity::Info,
        "not_examined",
        subject.folder().display(),
        "how much room the disk has is not asked on this system",
        "look at it with the system's own tools",
    )])
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_found() {
        let of = |bytes, files, is_read_only| {
            of_room(&"/x", bytes, files, is_read_only).map(|found| (found.severity, found.code))
        };
        assert_eq!(of(1 << 30, Some(9), false), None);
        assert_eq!(of(1 << 30, None, false), None);
        assert_eq!(of(100 << 20, Some(9), false), Some((Severity::Warning, "disk_low".to_owned())));
        assert_eq!(of(1 << 20, Some(9), false), Some((Severity::Error, "disk_full".to_owned())));
        assert_eq!(of(1 << 30, Some(0), false), Some((Severity::Error, "disk_full".to_owned())));
        assert_eq!(of(0, Some(0), true), Some((Severity::Info, "read_only_disk".to_owned())));
    }
}
