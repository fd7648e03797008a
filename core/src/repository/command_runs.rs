//! The table `command_runs` of a workspace.

use std::cmp::Reverse;

use rusqlite::{Connection, params};

use super::{Store, agents, check, stored};
use crate::definition::{Stored, constructor, record};
use crate::error::{Error, Result};
use crate::nullable::Nullable;
use crate::number;
use crate::sorting::sort_by_cached_key;
use crate::time::{StoredTime, Timestamp};

record! {
    /// One run of a command.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct CommandRun("commandRun", "camelCase"): row("command_runs") {
        /// UUID text.
        pub id: String,
        /// The workspace that it belongs to.
        pub workspace_id: String,
        /// The command, for example `work-on-tasks`.
        pub command_name: String,
        /// The job of the run.
        pub job_id: Option<String>,
        /// The first agent that worked in it.
        pub agent_id: Option<String>,
        /// All agents that worked in it, in order of their first call.
        pub agent_ids: Nullable<Vec<String>>,
        /// The tasks of the run, as the host recorded them.
        pub task_ids: Nullable<Vec<String>>,
        /// The git branch of the run.
        pub git_branch: Option<String>,
        /// The git branch that the run started from.
        pub git_base_branch: Option<String>,
        /// When it began.
        pub started_at: StoredTime,
        /// When it ended.
        pub completed_at: Option<StoredTime>,
        /// `running`, `succeeded`, `failed`, or another status of the host's.
        pub status: String,
        /// Why it failed.
        pub error_summary: Option<String>,
        /// Its duration in seconds.
        #[serde(serialize_with = "number::json_option")]
        pub duration_seconds: Option<f64>,
        /// The number of story points processed.
        #[serde(serialize_with = "number::json_option")]
        pub sp_processed: Option<f64>,
    }
}

record! {
    /// The fields of a new command run.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewCommandRun("commandRun", "camelCase"): input {
        /// The command, for example `work-on-tasks`; required.
        pub command_name: String = single_line,
        /// The job of the run.
        pub job_id: Option<String>,
        /// The agent that works in it first.
        pub agent_id: Option<String>,
        /// The tasks of the run.
        pub task_ids: Vec<String>,
        /// The git branch of the run.
        pub git_branch: Option<String>,
        /// The git branch that the run started from.
        pub git_base_branch: Option<String>,
        /// When it began. Absent: now.
        pub started_at: Option<Timestamp>,
        /// Its status. Absent: `running`.
        pub status: Option<String> = single_line,
        /// The number of story points processed: finite, 0 or more.
        pub sp_processed: Option<f64> = non_negative,
    }
}

constructor! { NewCommandRun(command_name) }

record! {
    /// The end of a command run.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct CommandRunEnd("commandRunEnd", "camelCase"): input {
        /// Its final status, for example `succeeded`; required.
        pub status: String = single_line,
        /// Why it failed.
        pub error_summary: Option<String>,
        /// The number of story points processed: finite, 0 or more.
        pub sp_processed: Option<f64> = non_negative,
        /// When it ended. Absent: now.
        pub completed_at: Option<Timestamp>,
    }
}

constructor! { CommandRunEnd(status) }

/// The command runs of a workspace.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{CommandRunEnd, NewCommandRun, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let run = workspace.command_runs().create(&NewCommandRun::new("work-on-tasks"))?;
/// let run = workspace.command_runs().finish(&run.id, &CommandRunEnd::new("succeeded"))?;
/// assert!(run.duration_seconds.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CommandRuns<'a> {
    pub(crate) store: Store<'a>,
    pub(crate) workspace_id: &'a str,
}

impl CommandRuns<'_> {
    /// Begins a command run. `NotFound` if its job is unknown.
    pub fn create(&self, new: &NewCommandRun) -> Result<CommandRun> {
        new.check_fields()?;
        let id = self.store.ids.next();
        let started_at = StoredTime::from(new.started_at.unwrap_or_else(|| self.store.clock.now()));
        self.store.access.write(|tx| {
            check::reference(tx, "jobId", check::Table::Jobs, new.job_id.as_deref())?;
            let run = CommandRun {
                id,
                workspace_id: self.workspace_id.to_owned(),
                command_name: new.command_name.clone(),
                job_id: new.job_id.clone(),
                agent_id: new.agent_id.clone(),
                agent_ids: agents::all(new.agent_id.as_deref(), &[]).into(),
                task_ids: new.task_ids.clone().into(),
                git_branch: new.git_branch.clone(),
                git_base_branch: new.git_base_branch.clone(),
                started_at,
                completed_at: None,
                status: new.status.clone().unwrap_or_else(|| "running".to_owned()),
                error_summary: None,
                duration_seconds: None,
                sp_processed: new.sp_processed,
            };
            stored::insert(tx, &run)?;
            Ok(run)
        })
    }

    /// The command run with this id.
    pub fn get(&self, id: &str) -> Result<Option<CommandRun>> {
        self.store.access.read(|tx| by_id(tx, id))
    }

    /// The command runs of this workspace, newest first; runs with an invalid time come last.
    pub fn list(&self) -> Result<Vec<CommandRun>> {
        self.store.access.read(|tx| {
            let sql = "SELECT * FROM command_runs WHERE workspace_id = ?1 ORDER BY rowid DESC";
            let mut runs: Vec<CommandRun> = stored::all(tx, sql, [self.workspace_id])?;
            sort_by_cached_key(&mut runs, |run| Reverse(Timestamp::read(&run.started_at)));
            Ok(runs)
        })
    }

    /// Finishes a command run. Its duration is the time since it began.
    pub fn finish(&self, id: &str, end: &CommandRunEnd) -> Result<CommandRun> {
        end.check_fields()?;
        let completed_at = end.completed_at.unwrap_or_else(|| self.store.clock.now());
        self.store.access.write(|tx| {
            let started_at = Timestamp::read(&existing(tx, id)?.started_at);
            let seconds = started_at.map(|start| (completed_at.hours_since(start) * 3600.0).max(0.0));
            let changed = tx
                .prepare_cached(
                    "UPDATE command_runs SET status = ?2, error_summary = ?3, completed_at = ?4, duration_seconds = ?5,
                         sp_processed = ?6 WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    end.status,
                    end.error_summary,
                    completed_at.to_string(),
                    seconds,
                    end.sp_processed
                ])?;
            stored::check_changed(CommandRun::TABLE, changed)?;
            existing(tx, id)
        })
    }
}

fn existing(connection: &Connection, id: &str) -> Result<CommandRun> {
    by_id(connection, id)?.ok_or_else(|| Error::not_found("commandRunId", "command run", id))
}

fn by_id(connection: &Connection, id: &str) -> Result<Option<CommandRun>> {
    stored::one(connection, "SELECT * FROM command_runs WHERE id = ?1", [id])
}
