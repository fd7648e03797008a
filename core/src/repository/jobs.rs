//! The table `jobs`.

use std::cmp::Reverse;

use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Store, agents, check, stored};
use crate::definition::{Stored, constructor, record};
use crate::error::{Error, Result};
use crate::nullable::Nullable;
use crate::sorting::sort_by_cached_key;
use crate::time::{StoredTime, Timestamp};

record! {
    /// A job: a long-running work of one command, which a host may resume.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct Job("job", "camelCase"): row("jobs") {
        /// UUID text.
        pub id: String,
        /// The workspace that it belongs to.
        pub workspace_id: String,
        /// Its type.
        pub job_type as "type": String,
        /// `running`, `completed`, `failed`, or another state of the host's.
        pub state: String,
        /// The command that started it.
        pub command_name: Option<String>,
        /// The first agent that worked on it.
        pub agent_id: Option<String>,
        /// All agents that worked on it, in order of their first call.
        #[serde(default)]
        pub agent_ids: Nullable<Vec<String>>,
        /// Data that the host needs to resume it.
        #[serde(default)]
        pub payload: Nullable<Map<String, Value>>,
        /// The number of items.
        pub total_items: Option<i64>,
        /// The number of finished items.
        pub processed_items: Option<i64>,
        /// The last point from which the host can resume it.
        pub last_checkpoint: Option<String>,
        /// When the row was created.
        pub created_at: StoredTime,
        /// When the row last changed.
        pub updated_at: StoredTime,
        /// When it ended.
        pub completed_at: Option<StoredTime>,
        /// Why it failed.
        pub error_summary: Option<String>,
    }
}

record! {
    /// The fields of a new job.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewJob("job", "camelCase"): input {
        /// Its type; required.
        pub job_type as "type": String = single_line,
        /// Its state. Absent: `running`.
        pub state: Option<String>,
        /// The command that starts it.
        pub command_name: Option<String>,
        /// The agent that works on it first. Absent: the first of `agentIds`.
        pub agent_id: Option<String>,
        /// All agents that work on it. Absent: `agentId` alone.
        pub agent_ids: Vec<String>,
        /// Data that the host needs to resume it.
        pub payload: Map<String, Value> = depth,
        /// The number of items.
        pub total_items: Option<i64>,
        /// The number of finished items. Absent: 0, and with `nullAsAbsent` NULL.
        pub processed_items: Option<i64>,
        /// The last point from which the host can resume it.
        pub last_checkpoint: Option<String>,
        /// When it was created, for an import. Absent: now.
        pub created_at: Option<Timestamp>,
    }
}

constructor! { NewJob(job_type) }

/// The jobs of a workspace.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewJob, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let job = workspace.jobs().create(&NewJob { total_items: Some(12), ..NewJob::new("sprint") })?;
/// let job = workspace.jobs().finish(&job.id, "completed", None)?;
/// assert!(job.completed_at.and_then(|at| at.timestamp()).is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Jobs<'a> {
    pub(crate) store: Store<'a>,
    pub(crate) workspace_id: &'a str,
}

impl Jobs<'_> {
    /// Creates a job.
    pub fn create(&self, new: &NewJob) -> Result<Job> {
        new.check_fields()?;
        let id = self.store.ids.next();
        let now = StoredTime::from(self.store.clock.now());
        self.store.access.write(|tx| {
            let job = Job {
                id,
                workspace_id: self.workspace_id.to_owned(),
                job_type: new.job_type.clone(),
                state: new.state.clone().unwrap_or_else(|| "running".to_owned()),
                command_name: new.command_name.clone(),
                agent_id: new.agent_id.clone().or_else(|| new.agent_ids.first().cloned()),
                agent_ids: agents::all(new.agent_id.as_deref(), &new.agent_ids).into(),
                payload: new.payload.clone().into(),
                total_items: new.total_items,
                processed_items: new.processed_items.or((!self.store.null_as_absent).then_some(0)),
                last_checkpoint: new.last_checkpoint.clone(),
                created_at: new.created_at.map_or_else(|| now.clone(), StoredTime::from),
                updated_at: now,
                completed_at: None,
                error_summary: None,
            };
            stored::insert(tx, &job)?;
            Ok(job)
        })
    }

    /// The job with this id.
    pub fn get(&self, id: &str) -> Result<Option<Job>> {
        self.store.access.read(|tx| by_id(tx, id))
    }

    /// The jobs of this workspace, newest first; jobs with an invalid time come last.
    pub fn list(&self) -> Result<Vec<Job>> {
        self.store.access.read(|tx| {
            let sql = "SELECT * FROM jobs WHERE workspace_id = ?1 ORDER BY rowid DESC";
            let mut jobs: Vec<Job> = stored::all(tx, sql, [self.workspace_id])?;
            sort_by_cached_key(&mut jobs, |job| Reverse(Timestamp::read(&job.created_at)));
            Ok(jobs)
        })
    }

    /// Finishes a job: `state` is its final state, `error_summary` the reason of a failure.
    pub fn finish(&self, id: &str, state: &str, error_summary: Option<&str>) -> Result<Job> {
        check::single_line("state", &Some(state))?;
        let now = self.store.clock.now().to_string();
        self.store.access.write(|tx| {
            let changed = tx
                .prepare_cached(
                    "UPDATE jobs SET state = ?2, error_summary = ?3, completed_at = ?4, updated_at = ?4 WHERE id = ?1",
                )?
                .execute(params![id, state, error_summary, now])?;
            let job = existing(tx, id)?;
            stored::check_changed(Job::TABLE, changed)?;
            Ok(job)
        })
    }
}

fn existing(connection: &Connection, id: &str) -> Result<Job> {
    by_id(connection, id)?.ok_or_else(|| Error::not_found("jobId", "job", id))
}

pub(crate) fn by_id(connection: &Connection, id: &str) -> Result<Option<Job>> {
    stored::one(connection, "SELECT * FROM jobs WHERE id = ?1", [id])
}
