//! What a host knows about a call besides what came back from it.

use serde_json::{Map, Value};

use super::price;
use super::usage::TokenUsage;
use crate::definition::{check, record};
use crate::error::Result;
use crate::time::Timestamp;

record! {
    /// The circumstances of an agent's answer; all of them may be absent.
    ///
    /// In JSON the names are camelCase (`jobId`). What the answer itself tells holds over `model_name`,
    /// `invocation_kind` and the times given here.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct AgentContext("context", "camelCase"): input {
        /// Who answered, where the answer's numbers mean something else from one provider to another. Also the
        /// record's provider.
        pub provider: Option<String>,
        /// What the answer is known by, so that a retry counts once, where it has no id of its own.
        pub response_id: Option<String> = id,
        /// The session that counts up, where the answer does not name it.
        pub session_id: Option<String> = id,
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
        pub duration_ms: Option<f64> = measure,
        /// When the call counts. Absent: when the answer was made, where it tells, else now.
        pub timestamp: Option<Timestamp>,
        /// Anything else; kept beside `usage` in the record's metadata.
        pub metadata: Option<Map<String, Value>> = depth,
        /// Whether a cost that the answer does not tell is computed from the table of prices. Needs the crate feature
        /// `prices`; without it that is an `Unsupported` error.
        pub compute_cost: bool,
        /// Whether an answer that counts from its session's beginning is recorded as what came on top of what was
        /// recorded of the session before. Otherwise the session has one record, which holds its last count.
        pub as_deltas: bool,
    }
}

impl AgentContext {
    pub(super) fn check(&self) -> Result<()> {
        price::check(self.compute_cost)?;
        self.check_fields()?;
        check::order(self.started_at, self.finished_at)
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
