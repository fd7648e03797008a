//! The length of the write-ahead log, and which processes prevent it from being copied into the database.

use super::finding::{Finding, Severity};
use super::processes::{Reader, Readers, readers};
use super::subject::Subject;
use crate::error::{Error, Result};
use crate::paths::{self, none_if_missing};
use crate::sqlite::Wal;

/// The log stays below 80 MiB with this library and with other programs, unless somebody reads for a long time.
const LONG: u64 = 128 << 20;

/// The length of the log, the part of it that is not in the database yet, and the readers of an old state.
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let real = subject.real();
    let log = paths::beside(&real, "-wal");
    let found = none_if_missing(log.metadata()).map_err(|error| Error::storage("inspect", &log, error))?;
    let length = found.map_or(0, |log| log.len());
    let mut findings = Vec::new();
    if length == 0 {
        return Ok(findings);
    }
    let shm = paths::beside(&real, "-shm");
    let read = Wal::read(&shm);
    let index = read.as_ref().ok().copied().flatten();
    if length >= LONG {
        let pending = index.map_or(String::new(), |index| {
            let bytes = u64::from(index.pending()) * u64::from(index.page_size);
            format!(", of which {} MiB are not in the database yet", bytes >> 20)
        });
        findings.push(Finding::new(
            Severity::Warning,
            "wal_long",
            log.display(),
            format!("the write-ahead log has {} MiB{pending}", length >> 20),
            "end the questions and transactions that last long, then call checkpoint() (mcodactl checkpoint)",
        ));
    }
    let severity = if length >= LONG { Severity::Warning } else { Severity::Info };
    if let Err(error) = read {
        findings.push(unseen(severity, &format!("{} cannot be read: {error}", shm.display())));
    }
    let Some(index) = index else { return Ok(findings) };
    let holds = |reader: &&Reader| reader.bytes.iter().any(|byte| index.is_old(*byte));
    match readers(&shm)? {
        Readers::Seen { readers, hidden } => {
            findings.extend(readers.iter().filter(holds).map(|reader| pinned(reader, severity)));
            let hidden = hidden.iter().filter(|byte| index.is_old(**byte)).count();
            if hidden > 0 {
                findings.push(Finding::new(
                    severity,
                    "wal_pinned",
                    shm.display(),
                    "a process that this user may not look at reads an old state of the database",
                    "check as root, or as the user of that process, to see which one it is",
                ));
            }
        }
        Readers::Unknown(why) => findings.push(unseen(severity, &why)),
    }
    Ok(findings)
}

fn unseen(severity: Severity, why: &str) -> Finding {
    Finding::new(
        severity,
        "not_examined",
        "writeAheadLog",
        format!("who reads an old state of the database cannot be seen: {why}"),
        "where the log does not get shorter, look for programs that have the database open",
    )
}

fn pinned(reader: &Reader, severity: Severity) -> Finding {
    let who = if reader.is_own { "this process" } else { "a process" };
    Finding::new(
        severity,
        "wal_pinned",
        format!("{} {}", reader.pid, reader.command),
        format!(
            "{who} ({}, {}) reads an old state of the database: what was written since stays in the write-ahead log until \
             it ends",
            reader.pid, reader.command
        ),
        "where it lasts long, end the question or the transaction there, or the process",
    )
}
