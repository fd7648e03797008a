//! What a caller tells about a transition besides the task and its new status.

use serde_json::{Map, Value};

use crate::error::Result;
use crate::input::Fields;
use crate::time::Timestamp;

/// The circumstances of a transition; all of them may be absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransitionContext {
    /// The command that moves the task, for example `work-on-tasks`.
    pub command_name: Option<String>,
    /// The job that it is part of; must exist.
    pub job_id: Option<String>,
    /// The task run that it is part of; must exist.
    pub task_run_id: Option<String>,
    /// The agent that moves it.
    pub agent_id: Option<String>,
    /// When it moved. Absent: now.
    pub timestamp: Option<Timestamp>,
    /// Lane details and whatever else belongs to the event.
    pub metadata: Option<Map<String, Value>>,
    /// Merged into the task's metadata: a name that is there already gets the new value.
    pub metadata_patch: Option<Map<String, Value>>,
    /// Why: stored as `failed_reason` or `revert_reason` where the task fails or is reverted.
    pub reason: Option<String>,
    /// The status that the task must have for the call to succeed; `Conflict` where it has moved on.
    pub expected_from: Option<String>,
}

const FIELDS: &[&str] = &[
    "commandName",
    "jobId",
    "taskRunId",
    "agentId",
    "timestamp",
    "metadata",
    "metadataPatch",
    "reason",
    "expectedFrom",
];

impl TransitionContext {
    /// Reads a context from a JSON object with camelCase or snake_case names.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("context", input, FIELDS)?;
        Ok(Self {
            command_name: fields.text("commandName")?,
            job_id: fields.text("jobId")?,
            task_run_id: fields.text("taskRunId")?,
            agent_id: fields.text("agentId")?,
            timestamp: fields.time("timestamp")?,
            metadata: fields.object("metadata")?,
            metadata_patch: fields.object("metadataPatch")?,
            reason: fields.text("reason")?,
            expected_from: fields.text("expectedFrom")?,
        })
    }
}
