//! Changing a task's fields other than its status.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::metadata;
use crate::definition::record;
use crate::error::{Error, Result};
use crate::repository::tasks::{self, Task};
use crate::repository::{check, task_rows};
use crate::time::Timestamp;

record! {
    /// The changes to a task: fields that are absent stay as they are. Its status is changed by `record_status_transition`.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct TaskChanges("changes", "camelCase"): input {
        /// Its key, unique in the story.
        pub key: Option<String> = single_line,
        /// Its title, on one line.
        pub title: Option<String> = single_line,
        /// Its description.
        pub description: Option<String>,
        /// Its type.
        pub task_type as "type": Option<String>,
        /// Its size in story points: finite, 0 or more.
        pub story_points: Option<f64> = non_negative,
        /// Its priority: smaller numbers come first.
        pub priority: Option<i64>,
        /// The agent to which it is assigned.
        pub assigned_agent_id: Option<String>,
        /// The person to whom it is assigned.
        pub assignee_human: Option<String>,
        /// The git branch of its work.
        pub vcs_branch: Option<String>,
        /// The git branch that its work started from.
        pub vcs_base_branch: Option<String>,
        /// The last git commit of its work.
        pub vcs_last_commit_sha: Option<String>,
        /// Merged into the task's metadata: existing names get the new values.
        pub metadata_patch: Option<Map<String, Value>> = depth,
        /// The names of fields to make empty: `description`, `type`, `storyPoints`, `priority`, `assignedAgentId`,
        /// `assigneeHuman`, `vcsBranch`, `vcsBaseBranch`, `vcsLastCommitSha`.
        pub clear: Vec<String>,
    }
}

impl TaskChanges {
    fn apply_to(&self, task: &mut Task) -> Result<()> {
        if let Some(key) = &self.key {
            task.key.clone_from(key);
        }
        if let Some(title) = &self.title {
            task.title.clone_from(title);
        }
        let mut cleared: Vec<&str> = Vec::new();
        let mut names = Vec::new();
        // Each field that may be empty: it is changed, or made empty, or stays.
        macro_rules! change {
            ($($field:ident: $json:literal),+) => {$(
                names.push($json);
                if self.clear.iter().any(|name| crate::definition::is_same_name(name, $json)) {
                    if self.$field.is_some() {
                        let allowed = "a value for the field, or its name in clear";
                        return Err(Error::invalid($json, "both", allowed));
                    }
                    cleared.push($json);
                    task.$field = None;
                } else if self.$field.is_some() {
                    task.$field.clone_from(&self.$field);
                }
            )+};
        }
        change! {
            description: "description", task_type: "type", story_points: "storyPoints", priority: "priority",
            assigned_agent_id: "assignedAgentId", assignee_human: "assigneeHuman", vcs_branch: "vcsBranch",
            vcs_base_branch: "vcsBaseBranch", vcs_last_commit_sha: "vcsLastCommitSha"
        }
        let is_unknown =
            |name: &&String| !cleared.iter().any(|known| crate::definition::is_same_name(name, known));
        match self.clear.iter().find(is_unknown) {
            Some(name) => Err(Error::invalid(
                "clear",
                format_args!("{name:?}"),
                &format!("names of {}", names.join(", ")),
            )),
            None => Ok(()),
        }
    }
}

/// Changes the task within the caller's write transaction.
pub(crate) fn update(tx: &Connection, task: &str, changes: &TaskChanges, now: Timestamp) -> Result<Task> {
    changes.check_fields()?;
    let found = existing(tx, task)?;
    let mut changed = found.clone();
    changes.apply_to(&mut changed)?;
    if let Some(patch) = &changes.metadata_patch {
        let mut metadata = metadata::read_for_change(task_rows::metadata_text(tx, &found.id)?.as_deref());
        metadata::merge(&mut metadata, Some(patch));
        task_rows::set_metadata(tx, &found.id, &metadata, &now.to_string())?;
    }
    if changed != found {
        let written = task_rows::set_fields(tx, &changed, &now.to_string());
        written.map_err(|error| check::unique_violation(error, "task", &changed.key))?;
    }
    existing(tx, &found.id)
}

/// The task with this id or key.
pub(crate) fn existing(tx: &Connection, task: &str) -> Result<Task> {
    tasks::find(tx, task)?.ok_or_else(|| Error::not_found("task", "task with id or key", task))
}
