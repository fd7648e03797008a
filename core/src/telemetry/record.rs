//! Writing usage records into the database: each once, with its attribution, or not at all.

use rusqlite::Connection;
use serde_json::Value;

use super::attribution;
use super::merge_versions::merge_versions;
use super::usage::TokenUsage;
use crate::definition::record;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::id::IdSource;
use crate::repository::agents::Owner;
use crate::repository::check::{Table, reference};
use crate::repository::token_usage::{self, TokenUsageRecord};
use crate::repository::{log_queue, stored};
use crate::time::Timestamp;

record! {
    /// The outcome of one record.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Recorded("recorded", "camelCase"): {
        /// The record's id: the given one, or else a new one.
        pub id: String,
        /// Whether the record is kept. `false` where the config says `telemetry.strict`.
        pub recorded: bool,
        /// Whether the record existed already, with the same content.
        pub duplicate: bool,
        /// Whether the JSON log contains the record. `false` if the log is disabled, or could not be written just now:
        /// then a later call or the next open completes it.
        pub logged: bool,
        /// Why the log could not be written. Absent if it contains the record, or is not written by this call.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_error: Option<String>,
    }
}

/// The state of the JSON log that a call reports. By default nothing was written to it, and nothing failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logging {
    pub(crate) is_logged: bool,
    pub(crate) error: Option<String>,
}

impl Logging {
    pub(crate) fn done() -> Self {
        Self { is_logged: true, error: None }
    }
}

impl From<Result<()>> for Logging {
    fn from(written: Result<()>) -> Self {
        Self { is_logged: written.is_ok(), error: written.err().map(|error| error.to_string()) }
    }
}

/// The outcome of a record that may replace an older version of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpsertOutcome {
    Inserted,
    Updated,
    Duplicate,
}

/// A validated and completed record, and which fields the caller omitted.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    record: TokenUsageRecord,
    has_id: bool,
    has_workspace_id: bool,
    has_timestamp: bool,
}

impl Prepared {
    /// `workspace_id` is `None` in the global database, which knows agents and commands but no backlog.
    pub(crate) fn new(
        usage: &TokenUsage,
        workspace_id: Option<&str>,
        ids: &IdSource,
        now: Timestamp,
    ) -> Result<Self> {
        if workspace_id.is_none() {
            refuse_backlog(usage)?;
        }
        let mut record = usage.complete(workspace_id, now)?;
        if usage.id.is_none() {
            record.id = ids.next();
        }
        Ok(Self {
            record,
            has_id: usage.id.is_some(),
            has_workspace_id: usage.workspace_id.is_some(),
            has_timestamp: usage.timestamp.is_some(),
        })
    }

    /// Validates and completes a batch; an error names the record.
    pub(crate) fn batch(
        usages: &[TokenUsage],
        workspace_id: Option<&str>,
        ids: &IdSource,
        now: Timestamp,
    ) -> Result<Vec<Self>> {
        let prepare = |(index, usage)| {
            Self::new(usage, workspace_id, ids, now)
                .map_err(|error| error.in_list("record", index, usages.len()))
        };
        usages.iter().enumerate().map(prepare).collect()
    }

    pub(crate) fn record(&self) -> &TokenUsageRecord {
        &self.record
    }

    pub(crate) fn into_record(self) -> TokenUsageRecord {
        self.record
    }

    /// The result that a call reports for this record.
    pub(crate) fn outcome(&self, recorded: bool, duplicate: bool, log: &Logging) -> Recorded {
        let log_error = log.error.clone();
        Recorded { id: self.record.id.clone(), recorded, duplicate, logged: log.is_logged, log_error }
    }

    /// Whether the caller chose the id, so that the record may exist already.
    pub(crate) fn has_id(&self) -> bool {
        self.has_id
    }

    /// Inserts the record within the caller's transaction, or replaces the existing version.
    pub(super) fn upsert(
        &self,
        tx: &Connection,
        workspace_id: Option<&str>,
        queue_for_log: bool,
        now: &str,
    ) -> Result<UpsertOutcome> {
        let Some(stored) = token_usage::find(tx, &self.record.id)? else {
            self.insert_new(tx, workspace_id, queue_for_log, now)?;
            return Ok(UpsertOutcome::Inserted);
        };
        let latest = self.over(&stored);
        if latest.record == stored {
            return Ok(UpsertOutcome::Duplicate);
        }
        token_usage::delete(tx, &stored.id)?;
        latest.insert_row(tx, workspace_id, now)?;
        if queue_for_log {
            log_queue::add_changed(tx, &stored.id)?;
        }
        Ok(UpsertOutcome::Updated)
    }

    /// This record as the later version of `stored`.
    pub(super) fn over(&self, stored: &TokenUsageRecord) -> Self {
        Self { record: merge_versions(&self.record, stored, self.has_timestamp), ..self.clone() }
    }

    /// Inserts the record within the caller's transaction. Returns whether it existed already.
    pub(super) fn insert(
        &self,
        tx: &Connection,
        workspace_id: Option<&str>,
        queue_for_log: bool,
        now: &str,
    ) -> Result<bool> {
        if self.has_id
            && let Some(stored) = token_usage::find(tx, &self.record.id)?
        {
            return if self.is_same_as(stored) { Ok(true) } else { Err(self.conflict()) };
        }
        self.insert_new(tx, workspace_id, queue_for_log, now)?;
        Ok(false)
    }

    /// Inserts the record within the caller's transaction, which has found none with its id.
    pub(super) fn insert_new(
        &self,
        tx: &Connection,
        workspace_id: Option<&str>,
        queue_for_log: bool,
        now: &str,
    ) -> Result<()> {
        self.insert_row(tx, workspace_id, now)?;
        if queue_for_log {
            log_queue::add(tx, &self.record.id)?;
        }
        Ok(())
    }

    fn insert_row(&self, tx: &Connection, workspace_id: Option<&str>, now: &str) -> Result<()> {
        match workspace_id {
            Some(_) => self.insert_workspace(tx, now),
            None => self.insert_global(tx),
        }
    }

    fn insert_workspace(&self, tx: &Connection, now: &str) -> Result<()> {
        let record = &self.record;
        for (field, table, id) in [
            ("jobId", Table::Jobs, &record.job_id),
            ("commandRunId", Table::CommandRuns, &record.command_run_id),
            ("taskRunId", Table::TaskRuns, &record.task_run_id),
            ("taskId", Table::Tasks, &record.task_id),
            ("projectId", Table::Projects, &record.project_id),
            ("epicId", Table::Epics, &record.epic_id),
            ("userStoryId", Table::Stories, &record.user_story_id),
        ] {
            reference(tx, field, table, id.as_deref())?;
        }
        stored::insert(tx, record)?;
        if let Some(agent) = &record.agent_id {
            for (owner, id) in [(Owner::CommandRun, &record.command_run_id), (Owner::Job, &record.job_id)] {
                if let Some(id) = id {
                    attribution::add_agent(tx, owner, id, agent, now)?;
                }
            }
        }
        Ok(())
    }

    fn insert_global(&self, tx: &Connection) -> Result<()> {
        reference(tx, "agentId", Table::Agents, self.record.agent_id.as_deref())?;
        reference(tx, "commandRunId", Table::CommandRuns, self.record.command_run_id.as_deref())?;
        token_usage::insert_global(tx, &self.record)
    }

    /// Whether `stored` is what this record would have become. Fields that the caller omitted are ignored: a retry
    /// comes later than the first attempt, and the workspace may have another id by now.
    fn is_same_as(&self, mut stored: TokenUsageRecord) -> bool {
        if !self.has_workspace_id {
            stored.workspace_id.clone_from(&self.record.workspace_id);
        }
        if !self.has_timestamp {
            stored.timestamp.clone_from(&self.record.timestamp);
        }
        stored == self.record
    }

    /// [`Prepared::is_same_as`] for an entry of the JSON log.
    pub(crate) fn is_same_as_logged(&self, stored: &Value) -> Result<bool> {
        let left_open = |name: &str| match name {
            "workspaceId" => !self.has_workspace_id,
            "timestamp" => !self.has_timestamp,
            _ => false,
        };
        let own = self.record.to_json()?;
        Ok(own
            .iter()
            .all(|(name, value)| left_open(name) || stored.get(name).unwrap_or(&Value::Null) == value))
    }

    pub(crate) fn conflict(&self) -> Error {
        let message = format!(
            "id: there is a record {:?} with other content: give a new record a new id, or send the same content again",
            shorten(&self.record.id)
        );
        Error::new(ErrorKind::Conflict, message)
    }
}

/// Inserts a batch within the caller's transaction, and returns for each record whether it existed already.
pub(crate) fn insert_all(
    tx: &Connection,
    batch: &[Prepared],
    workspace_id: Option<&str>,
    queue_for_log: bool,
    now: Timestamp,
) -> Result<Vec<bool>> {
    let now = now.to_string();
    let insert = |(index, prepared): (usize, &Prepared)| {
        prepared
            .insert(tx, workspace_id, queue_for_log, &now)
            .map_err(|error| error.in_list("record", index, batch.len()))
    };
    batch.iter().enumerate().map(insert).collect()
}

/// The global database has no columns for the backlog; ignoring the caller's values would lose them.
fn refuse_backlog(usage: &TokenUsage) -> Result<()> {
    for (field, value) in [
        ("workspaceId", &usage.workspace_id),
        ("jobId", &usage.job_id),
        ("taskRunId", &usage.task_run_id),
        ("taskId", &usage.task_id),
        ("projectId", &usage.project_id),
        ("epicId", &usage.epic_id),
        ("userStoryId", &usage.user_story_id),
    ] {
        if let Some(value) = value {
            return Err(Error::invalid(field, value, "nothing: the global database has no such column"));
        }
    }
    Ok(())
}
