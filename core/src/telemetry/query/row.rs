//! One recorded agent call, as answers show it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::told;
use crate::number;
use crate::repository::token_usage::TokenUsageRecord;

/// What one agent call cost. Null is "not told", 0 is "told to be none".
///
/// Columns hold what was recorded; command, action and duration are completed as their fields say.
/// Empty text counts as not told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenUsageRow {
    /// The record's id.
    pub id: String,
    /// The workspace that is billed; null in the global database.
    pub workspace_id: Option<String>,
    /// The agent that called.
    pub agent_id: Option<String>,
    /// The model that answered.
    pub model_name: Option<String>,
    /// The job that the call was part of.
    pub job_id: Option<String>,
    /// The command run that the call was part of.
    pub command_run_id: Option<String>,
    /// The task run that the call was part of.
    pub task_run_id: Option<String>,
    /// The task that the call worked on.
    pub task_id: Option<String>,
    /// The project that the call worked for.
    pub project_id: Option<String>,
    /// The epic that the call worked for.
    pub epic_id: Option<String>,
    /// The user story that the call worked for.
    pub user_story_id: Option<String>,
    /// The command; where the column is empty, metadata `commandName`, `command_name` or `command`.
    pub command_name: Option<String>,
    /// The step of the command; where the column is empty, metadata `action` or `phase`.
    pub action: Option<String>,
    /// How the agent was called.
    pub invocation_kind: Option<String>,
    /// Who provides the model.
    pub provider: Option<String>,
    /// The currency of `cost_estimate`.
    pub currency: Option<String>,
    /// Input tokens.
    pub tokens_prompt: Option<i64>,
    /// Output tokens.
    pub tokens_completion: Option<i64>,
    /// All tokens.
    pub tokens_total: Option<i64>,
    /// Input tokens that came from a cache.
    pub tokens_cached: Option<i64>,
    /// Input tokens that were read from a cache.
    pub tokens_cache_read: Option<i64>,
    /// Input tokens that were written to a cache.
    pub tokens_cache_write: Option<i64>,
    /// What the call cost, in `currency`.
    #[serde(serialize_with = "number::json_option")]
    pub cost_estimate: Option<f64>,
    /// How long the call took, in seconds, where that was recorded.
    #[serde(serialize_with = "number::json_option")]
    pub duration_seconds: Option<f64>,
    /// How long the call took, in milliseconds; where the column is empty, `duration_seconds` to the
    /// nearest millisecond.
    #[serde(serialize_with = "number::json_option")]
    pub duration_ms: Option<f64>,
    /// When the call began, as stored.
    pub started_at: Option<String>,
    /// When the call ended, as stored.
    pub finished_at: Option<String>,
    /// When the call counts, as stored.
    pub timestamp: String,
    /// What went wrong: metadata `error_kind`, `errorKind` or `error`.
    pub error_kind: Option<String>,
    /// Whatever else was recorded; empty where there is nothing, or nothing that is a JSON object.
    pub metadata: Map<String, Value>,
}

impl From<TokenUsageRecord> for TokenUsageRow {
    fn from(record: TokenUsageRecord) -> Self {
        let metadata = record.metadata.unwrap_or_default();
        let text = |column: Option<String>, names: &[&str]| {
            column.filter(|text| !text.is_empty()).or_else(|| first_text(&metadata, names))
        };
        Self {
            command_name: text(record.command_name, &told::COMMAND),
            action: text(record.action, &told::ACTION),
            error_kind: text(None, &told::ERROR_KIND),
            duration_ms: record.duration_ms.or_else(|| record.duration_seconds.and_then(millis)),
            id: record.id,
            workspace_id: record.workspace_id,
            agent_id: record.agent_id,
            model_name: record.model_name,
            job_id: record.job_id,
            command_run_id: record.command_run_id,
            task_run_id: record.task_run_id,
            task_id: record.task_id,
            project_id: record.project_id,
            epic_id: record.epic_id,
            user_story_id: record.user_story_id,
            invocation_kind: record.invocation_kind,
            provider: record.provider,
            currency: record.currency,
            tokens_prompt: record.tokens_prompt,
            tokens_completion: record.tokens_completion,
            tokens_total: record.tokens_total,
            tokens_cached: record.tokens_cached,
            tokens_cache_read: record.tokens_cache_read,
            tokens_cache_write: record.tokens_cache_write,
            cost_estimate: record.cost_estimate,
            duration_seconds: record.duration_seconds,
            started_at: record.started_at,
            finished_at: record.finished_at,
            timestamp: record.timestamp,
            metadata,
        }
    }
}

/// The first of the fields that holds text with something in it.
pub(super) fn first_text(metadata: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let texts = names.iter().filter_map(|name| metadata.get(*name)?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).next()
}

/// Seconds in whole milliseconds; none where they overflow to infinity, which JSON has no number for.
pub(in super::super) fn millis(seconds: f64) -> Option<f64> {
    Some((seconds * 1000.0).round()).filter(|millis| millis.is_finite())
}
