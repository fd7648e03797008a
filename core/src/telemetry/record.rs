//! Writing usage records into the database: each once, with everything that belongs to it, or not at all.

use rusqlite::Connection;
use serde_json::Value;

use super::attribution;
use super::latest::latest;
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
    /// What became of one record.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Recorded("recorded", "camelCase"): {
        /// The record's id: the given one, else a new one.
        pub id: String,
        /// Whether the record is kept. `false` where the config says `telemetry.strict`.
        pub recorded: bool,
        /// Whether the record was there already, with the same content.
        pub duplicate: bool,
        /// Whether the JSON log holds the record. `false` where the log is turned off, or could not be
        /// written just now: then a later call or the next open completes it.
        pub logged: bool,
        /// Why the log could not be written. Absent where it holds the record, or is not written by this call.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_error: Option<String>,
    }
}

/// What a call reports of the JSON log. By default nothing was written to it, and nothing failed.
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

/// The database that takes the records.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Home<'a> {
    /// A workspace, by its id.
    Workspace(&'a str),
    /// The user's global database, which knows agents and commands but no backlog.
    Global,
}

/// What became of a record that may replace an older version of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upserted {
    Inserted,
    Updated,
    Duplicate,
}

/// A checked and completed record, and what of it the caller left open.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    record: TokenUsageRecord,
    has_id: bool,
    has_workspace_id: bool,
    has_timestamp: bool,
}

impl Prepared {
    pub(crate) fn new(usage: &TokenUsage, home: Home<'_>, ids: &IdSource, now: Timestamp) -> Result<Self> {
        let workspace_id = match home {
            Home::Workspace(id) => Some(id),
            Home::Global => {
                refuse_backlog(usage)?;
                None
            }
        };
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

    /// Checks and completes a batch; an error says which record it is about.
    pub(crate) fn batch(
        usages: &[TokenUsage],
        home: Home<'_>,
        ids: &IdSource,
        now: Timestamp,
    ) -> Result<Vec<Self>> {
        let prepare = |(index, usage)| {
            Self::new(usage, home, ids, now).map_err(|error| error.in_list("record", index, usages.len()))
        };
        usages.iter().enumerate().map(prepare).collect()
    }

    pub(crate) fn record(&self) -> &TokenUsageRecord {
        &self.record
    }

    /// What a call reports of this record.
    pub(crate) fn outcome(&self, recorded: bool, duplicate: bool, log: &Logging) -> Recorded {
        let log_error = log.error.clone();
        Recorded { id: self.record.id.clone(), recorded, duplicate, logged: log.is_logged, log_error }
    }

    /// Whether the caller chose the id, so that the record may be there already.
    pub(crate) fn has_id(&self) -> bool {
        self.has_id
    }

    /// Inserts the record within the caller's transaction, or lays it over the version that is there.
    pub(super) fn upsert(
        &self,
        tx: &Connection,
        home: Home<'_>,
        queue_for_log: bool,
        now: &str,
    ) -> Result<Upserted> {
        let Some(stored) = token_usage::find(tx, &self.record.id)? else {
            self.insert(tx, home, queue_for_log, now)?;
            return Ok(Upserted::Inserted);
        };
        let latest = self.over(&stored);
        if latest.record == stored {
            return Ok(Upserted::Duplicate);
        }
        token_usage::delete(tx, &stored.id)?;
        latest.insert_row(tx, home, now)?;
        if queue_for_log {
            log_queue::add_changed(tx, &stored.id)?;
        }
        Ok(Upserted::Updated)
    }

    /// This record as the later version of `stored`.
    pub(super) fn over(&self, stored: &TokenUsageRecord) -> Self {
        Self { record: latest(&self.record, stored, self.has_timestamp), ..self.clone() }
    }

    /// Inserts the record within the caller's transaction. `true` where it was there already.
    pub(super) fn insert(
        &self,
        tx: &Connection,
        home: Home<'_>,
        queue_for_log: bool,
        now: &str,
    ) -> Result<bool> {
        if self.has_id
            && let Some(stored) = token_usage::find(tx, &self.record.id)?
        {
            return if self.is_same_as(stored) { Ok(true) } else { Err(self.conflict()) };
        }
        self.insert_row(tx, home, now)?;
        if queue_for_log {
            log_queue::add(tx, &self.record.id)?;
        }
        Ok(false)
    }

    fn insert_row(&self, tx: &Connection, home: Home<'_>, now: &str) -> Result<()> {
        match home {
            Home::Workspace(_) => self.insert_workspace(tx, now),
            Home::Global => self.insert_global(tx),
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

    /// Whether `stored` is what this record would have become. What the caller left open does not count: a
    /// retry comes later than the first try, and the workspace may have got another id meanwhile.
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

/// Inserts a batch within the caller's transaction, and says of each record whether it was there already.
pub(crate) fn insert_all(
    tx: &Connection,
    batch: &[Prepared],
    home: Home<'_>,
    queue_for_log: bool,
    now: Timestamp,
) -> Result<Vec<bool>> {
    let now = now.to_string();
    let insert = |(index, prepared): (usize, &Prepared)| {
        prepared
            .insert(tx, home, queue_for_log, &now)
            .map_err(|error| error.in_list("record", index, batch.len()))
    };
    batch.iter().enumerate().map(insert).collect()
}

/// The global database has no columns for the backlog; dropping what the caller said would lose it.
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
