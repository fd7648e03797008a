//! One agent call, as a caller tells it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::input::{self, Fields};
use crate::number::{self, MAX_SAFE_INTEGER};
use crate::repository::check;
use crate::repository::token_usage::TokenUsageRecord;
use crate::time::Timestamp;

/// What one agent call cost. Every field may be absent, which is "not told"; 0 is "told to be none".
///
/// Token counts are whole numbers from 0 to 2^53 − 1; costs and durations are finite and not negative.
/// In JSON the names are camelCase (`tokensPrompt`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// The record's id. Recording the same id with the same content again adds nothing, so a retry is
    /// safe. Absent: a new UUID.
    pub id: Option<String>,
    /// The workspace that is billed. Absent: the handle's own.
    pub workspace_id: Option<String>,
    /// The agent that called. It is added to the agents of the command run and of the job.
    pub agent_id: Option<String>,
    /// The model that answered.
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
    /// The step of the command, for example `plan`.
    pub action: Option<String>,
    /// How the agent was called, for example `chat`.
    pub invocation_kind: Option<String>,
    /// Who provides the model.
    pub provider: Option<String>,
    /// The currency of `cost_estimate`, for example `USD`.
    pub currency: Option<String>,
    /// All input tokens, cached ones included. Alias in JSON: `promptTokens`.
    pub tokens_prompt: Option<i64>,
    /// All output tokens, reasoning included. Alias in JSON: `completionTokens`.
    pub tokens_completion: Option<i64>,
    /// The provider's own total. Absent: prompt + completion, where both are told.
    pub tokens_total: Option<i64>,
    /// Input tokens that came from a cache.
    pub tokens_cached: Option<i64>,
    /// Input tokens that were read from a cache, where the provider tells them apart.
    pub tokens_cache_read: Option<i64>,
    /// Input tokens that were written to a cache.
    pub tokens_cache_write: Option<i64>,
    /// What the call cost, in `currency`. Alias in JSON: `costUsd`.
    #[serde(serialize_with = "number::json_option")]
    pub cost_estimate: Option<f64>,
    /// How long the call took, in seconds. Absent: from `duration_ms`, else from start and finish.
    #[serde(serialize_with = "number::json_option")]
    pub duration_seconds: Option<f64>,
    /// How long the call took, in milliseconds. Absent: from start and finish, else from `duration_seconds`.
    #[serde(serialize_with = "number::json_option")]
    pub duration_ms: Option<f64>,
    /// When the call began.
    pub started_at: Option<Timestamp>,
    /// When the call ended; not before `started_at`.
    pub finished_at: Option<Timestamp>,
    /// When the call counts. Absent: now.
    pub timestamp: Option<Timestamp>,
    /// Anything else, kept unchanged. Command, action, invocation kind, provider and currency are added
    /// under their JSON names where the object does not have them, since old readers look there.
    pub metadata: Option<Map<String, Value>>,
}

const FIELDS: &[&str] = &[
    "id",
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
    "provider",
    "currency",
    "tokensPrompt",
    "promptTokens",
    "tokensCompletion",
    "completionTokens",
    "tokensTotal",
    "tokensCached",
    "tokensCacheRead",
    "tokensCacheWrite",
    "costEstimate",
    "costUsd",
    "durationSeconds",
    "durationMs",
    "startedAt",
    "finishedAt",
    "timestamp",
    "metadata",
];

impl TokenUsage {
    /// Reads a record from a JSON object with camelCase or snake_case names. An unknown field or one of
    /// the wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("usage", input, FIELDS)?
            .alias("promptTokens", "tokensPrompt")?
            .alias("completionTokens", "tokensCompletion")?
            .alias("costUsd", "costEstimate")?;
        Ok(Self {
            id: fields.text("id")?,
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
            provider: fields.text("provider")?,
            currency: fields.text("currency")?,
            tokens_prompt: fields.whole("tokensPrompt")?,
            tokens_completion: fields.whole("tokensCompletion")?,
            tokens_total: fields.whole("tokensTotal")?,
            tokens_cached: fields.whole("tokensCached")?,
            tokens_cache_read: fields.whole("tokensCacheRead")?,
            tokens_cache_write: fields.whole("tokensCacheWrite")?,
            cost_estimate: fields.number("costEstimate")?,
            duration_seconds: fields.number("durationSeconds")?,
            duration_ms: fields.number("durationMs")?,
            started_at: fields.time("startedAt")?,
            finished_at: fields.time("finishedAt")?,
            timestamp: fields.time("timestamp")?,
            metadata: fields.object("metadata")?,
        })
    }

    /// Reads the records of a batch from a JSON array of such objects; an error says which record it is about.
    pub fn list_from_json(input: &Value) -> Result<Vec<Self>> {
        input::list("usages", "record", input, Self::from_json)
    }

    /// Checks the values, and fills in what is absent and follows from the others.
    /// A given value is never overwritten.
    pub(super) fn complete(&self, workspace_id: Option<&str>, now: Timestamp) -> Result<TokenUsageRecord> {
        self.check()?;
        let duration_ms = self.duration_ms.or_else(|| self.measured_ms());
        Ok(TokenUsageRecord {
            id: self.id.clone().unwrap_or_default(),
            workspace_id: self.workspace_id.clone().or_else(|| workspace_id.map(str::to_owned)),
            agent_id: self.agent_id.clone(),
            model_name: self.model_name.clone(),
            job_id: self.job_id.clone(),
            command_run_id: self.command_run_id.clone(),
            task_run_id: self.task_run_id.clone(),
            task_id: self.task_id.clone(),
            project_id: self.project_id.clone(),
            epic_id: self.epic_id.clone(),
            user_story_id: self.user_story_id.clone(),
            command_name: self.command_name.clone(),
            action: self.action.clone(),
            invocation_kind: self.invocation_kind.clone(),
            provider: self.provider.clone(),
            currency: self.currency.clone(),
            tokens_prompt: self.tokens_prompt,
            tokens_completion: self.tokens_completion,
            tokens_total: self.total()?,
            tokens_cached: self.tokens_cached,
            tokens_cache_read: self.tokens_cache_read,
            tokens_cache_write: self.tokens_cache_write,
            cost_estimate: self.cost_estimate,
            duration_seconds: self.duration_seconds.or_else(|| duration_ms.map(|ms| ms / 1000.0)),
            duration_ms,
            started_at: self.started_at.map(|time| time.to_string()),
            finished_at: self.finished_at.map(|time| time.to_string()),
            timestamp: self.timestamp.unwrap_or(now).to_string(),
            metadata: self.completed_metadata(),
        })
    }

    fn check(&self) -> Result<()> {
        for (field, id) in
            [("id", &self.id), ("workspaceId", &self.workspace_id), ("agentId", &self.agent_id)]
        {
            if id.as_deref().is_some_and(|id| id.trim().is_empty()) {
                return Err(Error::invalid(field, "blank text", "an id that is not blank, or none"));
            }
        }
        for (field, count) in [
            ("tokensPrompt", self.tokens_prompt),
            ("tokensCompletion", self.tokens_completion),
            ("tokensTotal", self.tokens_total),
            ("tokensCached", self.tokens_cached),
            ("tokensCacheRead", self.tokens_cache_read),
            ("tokensCacheWrite", self.tokens_cache_write),
        ] {
            check_count(field, count)?;
        }
        for (field, measure) in [
            ("costEstimate", self.cost_estimate),
            ("durationSeconds", self.duration_seconds),
            ("durationMs", self.duration_ms),
        ] {
            check::measure(field, measure)?;
        }
        self.metadata.as_ref().map_or(Ok(()), |metadata| check::object("metadata", metadata))?;
        match (self.started_at, self.finished_at) {
            (Some(start), Some(finish)) if finish < start => {
                Err(Error::invalid("finishedAt", finish, &format!("a time at or after startedAt ({start})")))
            }
            _ => Ok(()),
        }
    }

    fn total(&self) -> Result<Option<i64>> {
        let sum = match (self.tokens_total, self.tokens_prompt, self.tokens_completion) {
            (None, Some(prompt), Some(completion)) => Some(prompt + completion),
            (told, ..) => told,
        };
        check_count("tokensTotal", sum)?;
        Ok(sum)
    }

    fn measured_ms(&self) -> Option<f64> {
        match (self.started_at, self.finished_at) {
            (Some(start), Some(finish)) => Some((finish.millis() - start.millis()) as f64),
            // Very long durations overflow to infinity, which no column holds.
            _ => self.duration_seconds.map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite()),
        }
    }

    fn completed_metadata(&self) -> Option<Map<String, Value>> {
        let mut metadata = self.metadata.clone();
        for (name, value) in [
            ("commandName", &self.command_name),
            ("action", &self.action),
            ("invocationKind", &self.invocation_kind),
            ("provider", &self.provider),
            ("currency", &self.currency),
        ] {
            if let Some(value) = value {
                let object = metadata.get_or_insert_default();
                object.entry(name).or_insert_with(|| value.as_str().into());
            }
        }
        metadata
    }
}

fn check_count(field: &str, count: Option<i64>) -> Result<()> {
    match count {
        Some(count) if !(0..=MAX_SAFE_INTEGER).contains(&count) => {
            Err(Error::invalid(field, count, "a whole number from 0 to 2^53-1 (9007199254740991)"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-03-20T12:00:00Z".parse().unwrap()
    }

    fn completed(input: Value) -> TokenUsageRecord {
        TokenUsage::from_json(&input).unwrap().complete(Some("w"), now()).unwrap()
    }

    #[test]
    fn what_is_absent_and_follows_is_filled_in() {
        let record =
            completed(json!({"tokensPrompt": 7, "tokensCompletion": 0, "startedAt": "2026-03-20T11:59:58Z",
                                      "finishedAt": "2026-03-20T11:59:59.500Z"}));
        assert_eq!(record.tokens_total, Some(7));
        assert_eq!(record.duration_ms, Some(1500.0));
        assert_eq!(record.duration_seconds, Some(1.5));
        assert_eq!(record.timestamp, "2026-03-20T12:00:00.000Z");
        assert_eq!(record.workspace_id.as_deref(), Some("w"));
        assert_eq!(completed(json!({"durationSeconds": 2})).duration_ms, Some(2000.0));
        assert_eq!(completed(json!({"durationMs": 250})).duration_seconds, Some(0.25));
        assert_eq!(completed(json!({"tokensPrompt": 7})).tokens_total, None);
    }

    #[test]
    fn what_is_given_is_never_overwritten() {
        let record =
            completed(json!({"tokensPrompt": 7, "tokensCompletion": 1, "tokensTotal": 0, "durationMs": 1,
                                      "durationSeconds": 9, "workspaceId": "other"}));
        assert_eq!(record.tokens_total, Some(0));
        assert_eq!((record.duration_ms, record.duration_seconds), (Some(1.0), Some(9.0)));
        assert_eq!(record.workspace_id.as_deref(), Some("other"));
    }

    #[test]
    fn absent_stays_null_and_zero_stays_zero() {
        let record = completed(json!({"tokensCached": 0, "costUsd": 0, "tokensCacheRead": null}));
        assert_eq!(record.tokens_cached, Some(0));
        assert_eq!(record.cost_estimate, Some(0.0));
        assert_eq!((record.tokens_prompt, record.tokens_cache_read, record.metadata), (None, None, None));
    }

    #[test]
    fn metadata_keeps_what_the_caller_gave_and_gains_what_old_readers_look_for() {
        let record = completed(json!({"commandName": "code-review", "provider": "p", "metadata":
            {"z": 1, "a": {"b": [1.5]}, "provider": "mine", "action": null}}));
        let text = Value::Object(record.metadata.unwrap()).to_string();
        assert_eq!(
            text,
            r#"{"z":1,"a":{"b":[1.5]},"provider":"mine","action":null,"commandName":"code-review"}"#
        );
    }

    #[test]
    fn bad_values_name_the_field() {
        let too_large = MAX_SAFE_INTEGER + 1;
        for (input, field) in [
            (json!({"tokensPrompt": -1}), "tokensPrompt"),
            (json!({"tokensCacheWrite": too_large}), "tokensCacheWrite"),
            (json!({"tokensPrompt": MAX_SAFE_INTEGER, "tokensCompletion": 1}), "tokensTotal"),
            (json!({"costEstimate": -0.01}), "costEstimate"),
            (json!({"durationMs": -5}), "durationMs"),
            (
                json!({"startedAt": "2026-03-20T12:00:01Z", "finishedAt": "2026-03-20T12:00:00Z"}),
                "finishedAt",
            ),
            (json!({"timestamp": "2026-02-30"}), "timestamp"),
            (json!({"tokensTotal": 1.5}), "tokensTotal"),
            (json!({"metadata": [1]}), "metadata"),
            (json!({"id": " "}), "id"),
        ] {
            let result = TokenUsage::from_json(&input).and_then(|usage| usage.complete(None, now()));
            assert_eq!(result.unwrap_err().field(), Some(field), "{input}");
        }
        for cost in [f64::NAN, f64::INFINITY] {
            let usage = TokenUsage { cost_estimate: Some(cost), ..TokenUsage::default() };
            assert_eq!(usage.complete(None, now()).unwrap_err().field(), Some("costEstimate"));
        }
    }
}
