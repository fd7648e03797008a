//! Copying the write-ahead log into the database when a host asks for it.

use std::path::Path;

use rusqlite::Connection;

use super::checkpoint::{Mode, checkpoint};
use super::connect::set_busy_timeout;
use super::write_transaction::WaitPolicy;
use crate::definition::record;
use crate::error::{ErrorKind, Result};
use crate::paths;
use crate::time::Deadline;

record! {
    /// What became of copying the write-ahead log into the database.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Checkpoint("checkpoint", "camelCase"): {
        /// How many pages the log had.
        pub frames: i64,
        /// How many of them are in the database now.
        pub checkpointed: i64,
        /// Whether the log is empty now.
        pub truncated: bool,
        /// Whether somebody who reads, or another checkpoint, kept it from being finished.
        pub busy: bool,
        /// How many bytes the file of the log has now.
        pub wal_bytes: i64,
    }
}

impl Checkpoint {
    pub(super) fn at(self, path: &Path) -> Self {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let length = paths::beside(&path, "-wal").metadata().map_or(0, |log| log.len());
        Self { wal_bytes: i64::try_from(length).unwrap_or(i64::MAX), ..self }
    }
}

/// Copies what it can, and then tries once to empty the log, on a connection that writes. Writers of other handles and
/// programs wait for that, though no longer than `patience` for those who read.
pub(super) fn attempt(
    connection: &Connection,
    how: &WaitPolicy<'_>,
    patience: std::time::Duration,
) -> Result<Checkpoint> {
    // What is copied now nobody waits for.
    let copied = checkpoint(connection, Mode::Passive)?;
    set_busy_timeout(connection, patience.min(how.timeout))?;
    let emptied = checkpoint(connection, Mode::Truncate);
    set_busy_timeout(connection, how.timeout)?;
    let is_busy = match emptied {
        Ok(log) => log.is_busy,
        // As PRAGMA wal_checkpoint says of some locks in this way, and of others in that.
        Err(error) if error.kind() == ErrorKind::Busy => true,
        Err(error) => return Err(error),
    };
    // A log that is empty counts as copied.
    let frames = copied.pages.max(0);
    let checkpointed = if is_busy { copied.moved.clamp(0, frames) } else { frames };
    Ok(Checkpoint { frames, checkpointed, truncated: !is_busy, busy: is_busy, wal_bytes: 0 })
}

/// Whether it is worth trying once more.
pub(super) fn is_done(checkpoint: &Checkpoint, deadline: Deadline) -> bool {
    !checkpoint.busy || deadline.has_passed()
}
