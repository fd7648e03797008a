//! Recording: from the caller's input to the database and the JSON log.

use std::time::Duration;

use rusqlite::Connection;

use super::json_log::{JsonLog, Locked};
use super::log_writer;
use super::record::{Logging, Prepared, Recorded, insert_all};
use super::settings;
use super::usage::TokenUsage;
use crate::error::{Error, ErrorKind, Result};
use crate::id::IdSource;
use crate::paths::ConfigSources;
use crate::sqlite::Access;
use crate::time::{Clock, must_not_wait};

/// The parts of a handle that recording needs.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    pub(crate) workspace_id: Option<&'a str>,
    pub(crate) access: &'a Access,
    pub(crate) log: Option<&'a JsonLog>,
    pub(crate) configs: &'a ConfigSources,
    pub(crate) clock: Clock,
    pub(crate) ids: &'a IdSource,
    pub(crate) busy_timeout: Duration,
}

impl Recorder<'_> {
    pub(crate) fn record_one(&self, usage: TokenUsage) -> Result<Recorded> {
        let mut recorded = self.record(vec![usage])?;
        recorded.pop().ok_or_else(|| Error::new(ErrorKind::Internal, "a record got no outcome"))
    }

    /// All of the records or none. With strict telemetry none, which is not an error.
    pub(crate) fn record(&self, usages: Vec<TokenUsage>) -> Result<Vec<Recorded>> {
        self.access.database().check_open()?;
        let now = self.clock.now();
        let batch = Prepared::batch(usages, self.workspace_id, self.ids, now)?;
        if settings::is_strict(&self.configs.load()?)? {
            return Ok(batch.iter().map(|one| one.outcome(false, false, &Logging::default())).collect());
        }
        match self.log {
            Some(log) if self.access.database().is_turned_off() => {
                let batch = Prepared::completed(batch);
                let duplicates = log_writer::append_alone(log, &batch, self.clock, self.busy_timeout)?;
                Ok(outcomes(&batch, duplicates, &Logging::done()))
            }
            log => {
                let insert = |tx: &_| insert_all(tx, &batch, self.workspace_id, log.is_some(), now);
                let (duplicates, locked) = self.write(insert)?;
                let ids: Vec<&str> = batch.iter().map(|one| one.record().id.as_str()).collect();
                let is_queued = duplicates.contains(&false);
                let log = self.complete_log(locked, &ids, is_queued);
                Ok(outcomes(&batch, duplicates, &log))
            }
        }
    }

    /// Runs `work`, which writes records, as one transaction. A call that must not wait locks the log before that, since it
    /// cannot be made once more when the records are committed.
    pub(super) fn write<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T>,
    ) -> Result<(T, Option<Locked<'_>>)> {
        let log = self.log.filter(|_| must_not_wait() && !self.access.is_within());
        let lock = |log| log_writer::lock_at_once(self.access.database(), log, self.clock.now());
        let locked = log.map(lock).transpose()?;
        Ok((log_writer::write(self.access, self.log, work)?, locked))
    }

    /// Completes the JSON log, at least with the records that have these ids, and returns whether that succeeded. A
    /// failure of the log must not fail the call: missing records stay queued in the database. Within a transaction
    /// nothing is committed yet, so nothing is logged.
    pub(crate) fn complete_log(&self, locked: Option<Locked<'_>>, ids: &[&str], is_queued: bool) -> Logging {
        if self.access.is_within() {
            return Logging::default();
        }
        self.catch_up(locked, ids, is_queued)
    }

    /// Completes the JSON log with the records of a transaction, and returns whether that succeeded.
    pub(crate) fn complete_log_after_commit(&self) -> bool {
        !self.access.database().has_host_transaction() && self.catch_up(None, &[], false).is_logged
    }

    fn catch_up(&self, locked: Option<Locked<'_>>, ids: &[&str], is_queued: bool) -> Logging {
        let database = self.access.database();
        match self.log {
            Some(log) if !database.is_turned_off() => {
                log_writer::catch_up(database, log, locked, self.clock, self.busy_timeout, ids, is_queued)
                    .into()
            }
            _ => Logging::default(),
        }
    }
}

fn outcomes(batch: &[Prepared], duplicates: Vec<bool>, log: &Logging) -> Vec<Recorded> {
    let outcome = |(one, duplicate): (&Prepared, bool)| one.outcome(true, duplicate, log);
    batch.iter().zip(duplicates).map(outcome).collect()
}
