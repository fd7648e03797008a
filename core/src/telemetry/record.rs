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
use crate::repository::log_queue;
use crate::repository::token_usage::{self, Inserter, TokenUsageRecord};
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
    /// Whether the metadata is completed where the record is inserted.
    is_metadata_new: bool,
    has_id: bool,
    has_workspace_id: bool,
    has_timestamp: bool,
}

impl Prepared {
    /// `workspace_id` is `None` in the global database, which knows agents and commands but no backlog.
    pub(crate) fn new(
        usage: TokenUsage,
        workspace_id: Option<&str>,
        ids: &IdSource,
        now: Timestamp,
    ) -> Result<Self> {
        Self::without_metadata(usage, workspace_id, ids, now).map(Self::with_metadata)
    }

    fn without_metadata(
        usage: TokenUsage,
        workspace_id: Option<&str>,
        ids: &IdSource,
        now: Timestamp,
    ) -> Result<Self> {
        if workspace_id.is_none() {
            refuse_backlog(&usage)?;
        }
        let (has_id, has_workspace_id) = (usage.id.is_some(), usage.workspace_id.is_some());
        let (has_timestamp, is_metadata_new) = (usage.timestamp.is_some(), usage.metadata.is_none());
        let mut record = usage.complete(workspace_id, now)?;
        if !has_id {
            record.id = ids.next();
        }
        Ok(Self { record, is_metadata_new, has_id, has_workspace_id, has_timestamp })
    }

    fn with_metadata(mut self) -> Self {
        self.record.complete_metadata();
        self.is_metadata_new = false;
        self
    }

    /// Validates and completes a batch for [`insert_all`]; an error names the record.
    pub(crate) fn batch(
        usages: Vec<TokenUsage>,
        workspace_id: Option<&str>,
        ids: &IdSource,
        now: Timestamp,
    ) -> Result<Vec<Self>> {
        let count = usages.len();
        let prepare = |(index, usage)| {
            let prepared = Self::without_metadata(usage, workspace_id, ids, now)
                .map_err(|error| error.in_list("record", index, count))?;
            // A record that may exist already is compared with all that is stored.
            let is_left = prepared.is_metadata_new && !prepared.has_id;
            Ok(if is_left { prepared } else { prepared.with_metadata() })
        };
        usages.into_iter().enumerate().map(prepare).collect()
    }

    /// The records of a batch with their metadata, for what does not insert them.
    pub(crate) fn completed(batch: Vec<Self>) -> Vec<Self> {
        batch.into_iter().map(Self::with_metadata).collect()
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
        Inserting::new(tx, workspace_id, queue_for_log, now)?.insert_row(&latest)?;
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
        Inserting::new(tx, workspace_id, queue_for_log, now)?.insert(self)
    }

    /// Inserts the record within the caller's transaction, which has found none with its id.
    pub(super) fn insert_new(
        &self,
        tx: &Connection,
        workspace_id: Option<&str>,
        queue_for_log: bool,
        now: &str,
    ) -> Result<()> {
        Inserting::new(tx, workspace_id, queue_for_log, now)?.insert_new(self)
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

/// Inserting records within one transaction. What a record has in common with the one before it is not looked up again:
/// rows that it refers to exist, and its agent is one of its job's.
struct Inserting<'a> {
    tx: &'a Connection,
    rows: Inserter<'a>,
    is_global: bool,
    queue_for_log: bool,
    now: &'a str,
    before: Option<&'a TokenUsageRecord>,
}

impl<'a> Inserting<'a> {
    fn new(
        tx: &'a Connection,
        workspace_id: Option<&str>,
        queue_for_log: bool,
        now: &'a str,
    ) -> Result<Self> {
        let is_global = workspace_id.is_none();
        let rows = Inserter::new(tx, is_global)?;
        Ok(Self { tx, rows, is_global, queue_for_log, now, before: None })
    }

    /// Returns whether the record existed already.
    fn insert(&mut self, prepared: &'a Prepared) -> Result<bool> {
        if prepared.has_id
            && let Some(stored) = token_usage::find(self.tx, &prepared.record.id)?
        {
            return if prepared.is_same_as(stored) { Ok(true) } else { Err(prepared.conflict()) };
        }
        self.insert_new(prepared)?;
        Ok(false)
    }

    fn insert_new(&mut self, prepared: &'a Prepared) -> Result<()> {
        self.insert_row(prepared)?;
        if self.queue_for_log {
            log_queue::add(self.tx, &prepared.record.id)?;
        }
        Ok(())
    }

    fn insert_row(&mut self, prepared: &'a Prepared) -> Result<()> {
        let record = &prepared.record;
        let before = self.before.take();
        for (field, table, of) in REFERENCES.iter().filter(|(_, table, _)| self.refers_to(*table)) {
            let id = of(record).as_deref();
            if before.is_none_or(|before| of(before).as_deref() != id) {
                reference(self.tx, field, *table, id)?;
            }
        }
        self.rows.insert(record, prepared.is_metadata_new)?;
        if let Some(agent) = record.agent_id.as_ref().filter(|_| !self.is_global) {
            let is_same_agent = before.is_some_and(|before| before.agent_id.as_ref() == Some(agent));
            for (owner, of) in OWNERS {
                let is_known = is_same_agent && before.is_some_and(|before| of(before) == of(record));
                if let Some(id) = of(record).as_ref().filter(|_| !is_known) {
                    attribution::add_agent(self.tx, *owner, id, agent, self.now)?;
                }
            }
        }
        self.before = Some(record);
        Ok(())
    }

    /// The global database knows agents and commands, but no backlog. A workspace does not know its agents.
    fn refers_to(&self, table: Table) -> bool {
        match table {
            Table::CommandRuns => true,
            Table::Agents => self.is_global,
            _ => !self.is_global,
        }
    }
}

type Id = fn(&TokenUsageRecord) -> &Option<String>;

/// The columns that refer to rows of other tables.
const REFERENCES: &[(&str, Table, Id)] = &[
    ("agentId", Table::Agents, |record| &record.agent_id),
    ("jobId", Table::Jobs, |record| &record.job_id),
    ("commandRunId", Table::CommandRuns, |record| &record.command_run_id),
    ("taskRunId", Table::TaskRuns, |record| &record.task_run_id),
    ("taskId", Table::Tasks, |record| &record.task_id),
    ("projectId", Table::Projects, |record| &record.project_id),
    ("epicId", Table::Epics, |record| &record.epic_id),
    ("userStoryId", Table::Stories, |record| &record.user_story_id),
];

/// The rows to which the agent of a record is added.
const OWNERS: &[(Owner, Id)] =
    &[(Owner::CommandRun, |record| &record.command_run_id), (Owner::Job, |record| &record.job_id)];

/// Inserts a batch within the caller's transaction, and returns for each record whether it existed already.
pub(crate) fn insert_all(
    tx: &Connection,
    batch: &[Prepared],
    workspace_id: Option<&str>,
    queue_for_log: bool,
    now: Timestamp,
) -> Result<Vec<bool>> {
    let now = now.to_string();
    let mut inserting = Inserting::new(tx, workspace_id, queue_for_log, &now)?;
    let insert = |(index, prepared): (usize, _)| {
        inserting.insert(prepared).map_err(|error| error.in_list("record", index, batch.len()))
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
