//! Copying a shared database, and its write-ahead log.

use std::path::Path;

use super::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::sqlite::backup::backup;
use crate::sqlite::cancel::Watch;
use crate::sqlite::checkpoint::RESTART_WAIT;
use crate::sqlite::locks;
use crate::sqlite::transfer::{self, Checkpoint};
use crate::time::{Backoff, Deadline, check_clock};

impl Database {
    /// Copies the current state of the database into a new file.
    pub(crate) fn backup_to(&self, target: &Path) -> Result<()> {
        self.refuse_host_transaction("a backup")?;
        let watch = Watch::reading(&self.control);
        self.with_writer(&watch, |connection, wait| backup(connection, target, wait))
    }

    /// Copies the write-ahead log into the database and empties it. Somebody who reads is waited for up to the busy
    /// timeout, in attempts between which others write.
    pub(crate) fn checkpoint(&self) -> Result<Checkpoint> {
        if self.is_read_only {
            let message = "the handle only reads, and a checkpoint writes: open the database for writing";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.refuse_host_transaction("a checkpoint")?;
        let watch = Watch::writing(&self.control);
        let (deadline, backoff) = (Deadline::after(self.busy_timeout), Backoff::new());
        let mut first: Option<Checkpoint> = None;
        loop {
            let done = self.with_writer(&watch, |connection, how| {
                check_clock()?;
                locks::refuse_foreign(self.path())?;
                self.refuse_to_write()?;
                transfer::attempt(connection, how, RESTART_WAIT)
            })?;
            // What others add meanwhile was not there when it was asked for.
            let frames = first.get_or_insert(done).frames.max(done.frames);
            let done = Checkpoint { frames, ..done };
            if transfer::is_done(&done, deadline) {
                let checkpointed = if done.truncated { frames } else { done.checkpointed };
                return Ok(Checkpoint { checkpointed, ..done }.at(self.path()));
            }
            watch.check()?;
            backoff.pause();
        }
    }

    fn refuse_host_transaction(&self, call: &str) -> Result<()> {
        if !self.has_host_transaction() {
            return Ok(());
        }
        let message =
            format!("{call} is not possible within a transaction: call it when the host has ended its own");
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}
