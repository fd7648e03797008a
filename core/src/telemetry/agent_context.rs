//! What a host knows about a call in addition to its response.

use serde_json::{Map, Value};

use super::price;
use super::price_override::PriceOverride;
use super::usage::TokenUsage;
use crate::definition::{check, record};
use crate::error::Result;
use crate::time::Timestamp;

record! {
    /// Details of a response; all of them are optional.
    ///
    /// In JSON the names are camelCase (`jobId`). Values in the response itself take precedence over `model_name`,
    /// `invocation_kind` and the times given here.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct AgentContext("context", "camelCase"): input {
        /// The provider, if the meaning of the response's numbers depends on it. Also the record's provider.
        pub provider: Option<String>,
        /// The id of the response, so that a retry counts once, if it has no id of its own.
        pub response_id: Option<String> = id,
        /// The id of the session, if the response has cumulative counts and does not name it.
        pub session_id: Option<String> = id,
        /// The workspace to which the usage belongs. Absent: the handle's own.
        pub workspace_id: Option<String>,
        /// The agent of the call.
        pub agent_id: Option<String>,
        /// The model, if the response does not name it.
        pub model_name: Option<String>,
        /// The job of the call; must exist.
        pub job_id: Option<String>,
        /// The command run of the call; must exist.
        pub command_run_id: Option<String>,
        /// The task run of the call; must exist.
        pub task_run_id: Option<String>,
        /// The task of the call; must exist.
        pub task_id: Option<String>,
        /// The project of the call; must exist.
        pub project_id: Option<String>,
        /// The epic of the call; must exist.
        pub epic_id: Option<String>,
        /// The user story of the call; must exist.
        pub user_story_id: Option<String>,
        /// The command, for example `work-on-tasks`.
        pub command_name: Option<String>,
        /// The step of the command.
        pub action: Option<String>,
        /// How the agent was called, for example `chat`.
        pub invocation_kind: Option<String>,
        /// When the call began, as measured by the host; used if the response reports no times.
        pub started_at: Option<Timestamp>,
        /// When it ended, as measured by the host; not before `started_at`.
        pub finished_at: Option<Timestamp>,
        /// Its duration in milliseconds, as measured by the host; used if the response reports no duration.
        pub duration_ms: Option<f64> = non_negative,
        /// The time by which queries select and order the call. Absent: the creation time in the response, if any, or
        /// else now.
        pub timestamp: Option<Timestamp>,
        /// Additional data; stored beside `usage` in the record's metadata.
        pub metadata: Option<Map<String, Value>> = depth,
        /// The error of the call, for example `timeout`; stored in the record's metadata.
        pub error_kind: Option<String>,
        /// Whether a response without usage is recorded too, as a call without counts. Otherwise it records nothing.
        pub record_empty: bool,
        /// Whether a cost that the response does not report is computed from the price table. Needs the crate feature
        /// `prices`; without it that is an `Unsupported` error.
        pub compute_cost: bool,
        /// Whether a response with cumulative counts of its session is recorded as the increase since the session's
        /// earlier records. Otherwise the session has one record, which holds its last count.
        pub as_deltas: bool,
        /// Prices that come before those of the config files (`telemetry.priceOverrides`) and of the table, for
        /// `compute_cost`.
        pub price_overrides: Vec<PriceOverride>,
    }
}

impl AgentContext {
    pub(super) fn check(&self) -> Result<()> {
        price::check(self.compute_cost)?;
        self.check_fields()?;
        self.price_overrides.iter().try_for_each(PriceOverride::check_fields)?;
        check::order(self.started_at, self.finished_at)
    }

    /// Adds what the host knows to what the response reported. The measured time is that of the whole response, so it
    /// is stored in the first of several records.
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
        if let Some(kind) = &self.error_kind {
            usage.metadata.get_or_insert_default().insert("error_kind".into(), kind.as_str().into());
        }
    }
}
