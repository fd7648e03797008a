//! The length of the write-ahead log, and which processes prevent it from being copied into the database.

use std::path::Path;
use std::time::Duration;

use super::finding::{Finding, Severity};
use super::processes::{Reader, Readers, readers};
use super::subject::Subject;
use crate::error::{Error, Result};
use crate::paths::{self, none_if_missing};
use crate::sqlite::Wal;

/// The log stays below 80 MiB with this library and with other programs, unless somebody reads for a long time.
const LONG: u64 = 128 << 20;

/// Longer than most questions take.
const MOMENT: Duration = Duration::from_millis(25);

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
    match lasting_readers(&shm, index)? {
        Readers::Seen { readers, hidden } => {
            findings.extend(readers.iter().map(|reader| pinned(reader, severity)));
            if !hidden.is_empty() {
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

/// The readers of an old state that still read one after [`MOMENT`]. Whoever has just finished prevents nothing, and may be
/// seen holding a lock without being seen as its holder.
fn lasting_readers(shm: &Path, index: Wal) -> Result<Readers> {
    let mut first = readers_of_old_states(shm, index)?;
    if let Readers::Seen { readers, hidden } = &mut first
        && !(readers.is_empty() && hidden.is_empty())
    {
        std::thread::sleep(MOMENT);
        if let Ok(Some(index)) = Wal::read(shm)
            && let Readers::Seen { readers: now, hidden: still } = readers_of_old_states(shm, index)?
        {
            readers.retain(|reader| now.iter().any(|one| one.pid == reader.pid));
            hidden.retain(|byte| still.contains(byte));
        }
    }
    Ok(first)
}

fn readers_of_old_states(shm: &Path, index: Wal) -> Result<Readers> {
    let mut found = readers(shm)?;
    if let Readers::Seen { readers, hidden } = &mut found {
        readers.retain(|reader| reader.bytes.iter().any(|byte| index.is_old(*byte)));
        hidden.retain(|byte| index.is_old(*byte));
    }
    Ok(found)
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
