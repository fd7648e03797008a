//! What a host knows about a call besides what came back from it.

use serde_json::{Map, Value};

use super::price;
use super::usage::TokenUsage;
use crate::error::{Error, Result};
use crate::input::Fields;
use crate::repository::check;
use crate::time::Timestamp;

/// The circumstances of an agent's answer; all of them may be absent.
///
/// In JSON the names are camelCase (`jobId`). What the answer itself tells holds over `model_name`,
/// `invocation_kind` and the times given here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentContext {
    /// Who answered, where the answer's numbers mean something else from one provider to another. Also the
    /// record's provider.
    pub provider: Option<String>,
    /// What the answer is known by, so that a retry counts once, where it has no id of its own.
    pub response_id: Option<String>,
    /// The session that counts up, where the answer does not name it.
    pub session_id: Option<String>,
    /// The workspace that is billed. Absent: the handle's own.
    pub workspace_id: Option<String>,
    /// The agent that called.
    pub agent_id: Option<String>,
    /// The model, where the answer does not name it.
    pub model_name: Option<String>,
    /// The job that the call was part of; must exist.
    pub job_id: Option<String>,
    /// The command run that the call was part of; must exist.
    pub command_run_id: Option<String>,
    /// The task run that the call was part of; must exist.
    pub task_run_id: Option<String>,
    /// The task that the call worked on; must exist.
    pub task_id: Option<String>,
    /// The project that the call worked for; must exist.
    pub project_id: Option<String>,
    /// The epic that the call worked for; must exist.
    pub epic_id: Option<String>,
    /// The user story that the call worked for; must exist.
    pub user_story_id: Option<String>,
    /// The command, for example `work-on-tasks`.
    pub command_name: Option<String>,
    /// The step of the command.
    pub action: Option<String>,
    /// How the agent was called, for example `chat`.
    pub invocation_kind: Option<String>,
    /// When the call began, as measured here; used where the answer tells no times.
    pub started_at: Option<Timestamp>,
    /// When it ended, as measured here; not before `started_at`.
    pub finished_at: Option<Timestamp>,
    /// How long it took, in milliseconds, as measured here; used where the answer tells no duration.
    pub duration_ms: Option<f64>,
    /// When the call counts. Absent: when the answer was made, where it tells, else now.
    pub timestamp: Option<Timestamp>,
    /// Anything else; kept beside `usage` in the record's metadata.
    pub metadata: Option<Map<String, Value>>,
    /// Whether a cost that the answer does not tell is computed from the table of prices. Needs the crate feature
    /// `prices`; without it that is an `Unsupported` error.
    pub compute_cost: bool,
    /// Whether an answer that counts from its session's beginning is recorded as what came on top of what was
    /// recorded of the session before. Otherwise the session has one record, which holds its last count.
    pub as_deltas: bool,
}

const FIELDS: &[&str] = &[
    "provider",
    "responseId",
    "sessionId",
    "workspaceId",
    "agentId",
    "modelName",
    "jobId",
    "commandRunId",
    "taskRunId",
    "taskId",
    "projectId",
    "epicId",
    "userStoryId",
    "commandName",
    "action",
    "invocationKind",
    "startedAt",
    "finishedAt",
    "durationMs",
    "timestamp",
    "metadata",
    "computeCost",
    "asDeltas",
];

impl AgentContext {
    /// Reads a context from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("context", input, FIELDS)?;
        Ok(Self {
            provider: fields.text("provider")?,
            response_id: fields.text("responseId")?,
            session_id: fields.text("sessionId")?,
            workspace_id: fields.text("workspaceId")?,
            agent_id: fields.text("agentId")?,
            model_name: fields.text("modelName")?,
            job_id: fields.text("jobId")?,
            command_run_id: fields.text("commandRunId")?,
            task_run_id: fields.text("taskRunId")?,
            task_id: fields.text("taskId")?,
            project_id: fields.text("projectId")?,
            epic_id: fields.text("epicId")?,
            user_story_id: fields.text("userStoryId")?,
            command_name: fields.text("commandName")?,
            action: fields.text("action")?,
            invocation_kind: fields.text("invocationKind")?,
            started_at: fields.time("startedAt")?,
            finished_at: fields.time("finishedAt")?,
            duration_ms: fields.number("durationMs")?,
            timestamp: fields.time("timestamp")?,
            metadata: fields.object("metadata")?,
            compute_cost: fields.boolean("computeCost")?.unwrap_or(false),
            as_deltas: fields.boolean("asDeltas")?.unwrap_or(false),
        })
    }

    pub(super) fn check(&self) -> Result<()> {
        price::check(self.compute_cost)?;
        for (field, id) in [("responseId", &self.response_id), ("sessionId", &self.session_id)] {
            if id.as_deref().is_some_and(|id| id.trim().is_empty()) {
                return Err(Error::invalid(field, "blank text", "an id that is not blank, or none"));
            }
        }
        check::measure("durationMs", self.duration_ms)?;
        match (self.started_at, self.finished_at) {
            (Some(start), Some(finish)) if finish < start => {
                Err(Error::invalid("finishedAt", finish, &format!("a time at or after startedAt ({start})")))
            }
            _ => Ok(()),
        }
    }

    /// Puts what the host knows beside what the answer told. The time that was measured is that of the whole
    /// answer, so of several records it stands in the first.
    pub(super) fn apply(&self, usage: &mut TokenUsage, is_first: bool) {
        let or = |own: &Option<String>, given: &Option<String>| own.clone().or_else(|| given.clone());
        usage.workspace_id.clone_from(&self.workspace_id);
        usage.agent_id.clone_from(&self.agent_id);
        usage.job_id.clone_from(&self.job_id);
        usage.command_run_id.clone_from(&self.command_run_id);
        usage.task_run_id.clone_from(&self.task_run_id);
        usage.task_id.clone_from(&self.task_id);
        usage.project_id.clone_from(&self.project_id);
        usage.epic_id.clone_from(&self.epic_id);
        usage.user_story_id.clone_from(&self.user_story_id);
        usage.command_name.clone_from(&self.command_name);
        usage.action.clone_from(&self.action);
        usage.model_name = or(&usage.model_name, &self.model_name);
        usage.invocation_kind = or(&usage.invocation_kind, &self.invocation_kind);
        if is_first && usage.duration_ms.is_none() {
            usage.duration_ms = self.duration_ms;
        }
        if is_first && usage.started_at.is_none() && usage.finished_at.is_none() {
            (usage.started_at, usage.finished_at) = (self.started_at, self.finished_at);
        }
        usage.timestamp = self.timestamp.or(usage.timestamp);
        for (name, value) in self.metadata.iter().flatten().filter(|(name, _)| *name != "usage") {
            usage.metadata.get_or_insert_default().insert(name.clone(), value.clone());
        }
    }
}
