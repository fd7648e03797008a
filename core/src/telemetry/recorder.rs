//! Recording, from what the caller told to the database and the JSON log.

use std::time::Duration;

use super::json_log::JsonLog;
use super::log_writer;
use super::record::{Home, Logging, Prepared, Recorded, insert_all};
use super::settings;
use super::usage::TokenUsage;
use crate::error::{Error, ErrorKind, Result};
use crate::id::IdSource;
use crate::paths::ConfigSources;
use crate::sqlite::Access;
use crate::time::Clock;

/// What a handle records with.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    pub(crate) home: Home<'a>,
    pub(crate) access: &'a Access,
    pub(crate) log: Option<&'a JsonLog>,
    pub(crate) configs: &'a ConfigSources,
    pub(crate) clock: Clock,
    pub(crate) ids: &'a IdSource,
    pub(crate) busy_timeout: Duration,
}

impl Recorder<'_> {
    pub(crate) fn record_one(&self, usage: &TokenUsage) -> Result<Recorded> {
        let mut recorded = self.record(std::slice::from_ref(usage))?;
        recorded.pop().ok_or_else(|| Error::new(ErrorKind::Internal, "a record got no outcome"))
    }

    /// All of the records or none. Under strict telemetry none, which is no error.
    pub(crate) fn record(&self, usages: &[TokenUsage]) -> Result<Vec<Recorded>> {
        self.access.database().check_open()?;
        let now = self.clock.now();
        let batch = Prepared::batch(usages, self.home, self.ids, now)?;
        if self.is_strict()? {
            return Ok(batch.iter().map(|one| one.outcome(false, false, &Logging::default())).collect());
        }
        let (duplicates, log) = match self.log {
            Some(log) if self.access.database().is_turned_off() => {
                (log_writer::append_alone(log, &batch, self.clock, self.busy_timeout)?, Logging::done())
            }
            log => {
                let insert = |tx: &_| insert_all(tx, &batch, self.home, log.is_some(), now);
                let duplicates = self.access.write(insert)?;
                let ids: Vec<&str> = batch.iter().map(|one| one.record().id.as_str()).collect();
                let is_queued = duplicates.contains(&false);
                let log = self.complete_log(&ids, is_queued);
                (duplicates, log)
            }
        };
        let outcome = |(one, duplicate): (&Prepared, bool)| one.outcome(true, duplicate, &log);
        Ok(batch.iter().zip(duplicates).map(outcome).collect())
    }

    /// Whether the settings forbid to keep anything.
    pub(super) fn is_strict(&self) -> Result<bool> {
        settings::is_strict(&self.configs.load()?)
    }

    /// Brings the JSON log up to date, at least with the records that have these ids, and says whether it is.
    /// A log that cannot be written must not stop the work: what it lacks stays queued in the database. Within a
    /// transaction nothing is committed yet, so nothing is logged.
    pub(crate) fn complete_log(&self, ids: &[&str], is_queued: bool) -> Logging {
        if self.access.is_within() { Logging::default() } else { self.catch_up(ids, is_queued) }
    }

    /// Brings the JSON log up to date with what a transaction recorded, and says whether it is.
    pub(crate) fn complete_log_after_commit(&self) -> bool {
        self.catch_up(&[], false).is_logged
    }

    fn catch_up(&self, ids: &[&str], is_queued: bool) -> Logging {
        let database = self.access.database();
        match self.log {
            // A host that has a transaction open has yet to commit what was recorded in it.
            Some(_) if database.is_uncommitted() => Logging::default(),
            Some(log) if !database.is_turned_off() => {
                log_writer::catch_up(database, log, self.clock, self.busy_timeout, ids, is_queued).into()
            }
            _ => Logging::default(),
        }
    }
}
