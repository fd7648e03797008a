//! One agent call, as a caller reports it: validation, and completion of absent fields.

use crate::definition::check;
use crate::error::Result;
pub use crate::repository::token_usage::TokenUsage;
use crate::repository::token_usage::TokenUsageRecord;
use crate::time::Timestamp;

impl TokenUsage {
    /// Validates the values, and computes absent ones from the others. A given value is never overwritten.
    ///
    /// The names that old readers look for in the metadata are not added: [`TokenUsageRecord::complete_metadata`] does that,
    /// or the statement that inserts the record.
    pub(super) fn complete(self, workspace_id: Option<&str>, now: Timestamp) -> Result<TokenUsageRecord> {
        self.check()?;
        let tokens_total = self.total()?;
        let duration_ms = self.duration_ms.or_else(|| self.measured_ms());
        let duration_seconds = self.duration_seconds.or_else(|| duration_ms.map(|ms| ms / 1000.0));
        let mut record = self.into_record(now);
        if record.workspace_id.is_none() {
            record.workspace_id = workspace_id.map(str::to_owned);
        }
        Ok(TokenUsageRecord { tokens_total, duration_ms, duration_seconds, ..record })
    }

    fn check(&self) -> Result<()> {
        self.check_fields()?;
        check::order(self.started_at, self.finished_at)
    }

    fn total(&self) -> Result<Option<i64>> {
        let sum = match (self.tokens_total, self.tokens_prompt, self.tokens_completion) {
            (None, Some(prompt), Some(completion)) => Some(prompt + completion),
            (reported, ..) => reported,
        };
        check::count("tokensTotal", &sum)?;
        Ok(sum)
    }

    fn measured_ms(&self) -> Option<f64> {
        match (self.started_at, self.finished_at) {
            (Some(start), Some(finish)) => Some((finish.millis() - start.millis()) as f64),
            // Very long durations overflow to infinity, which no column can store.
            _ => self.duration_seconds.map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::number::MAX_SAFE_INTEGER;

    fn now() -> Timestamp {
        "2026-03-20T12:00:00Z".parse().unwrap()
    }

    fn completed(input: Value) -> TokenUsageRecord {
        let mut record = TokenUsage::from_json(&input).unwrap().complete(Some("w"), now()).unwrap();
        record.complete_metadata();
        record
    }

    #[test]
    fn derivable_absent_values_are_filled_in() {
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
    fn given_values_are_never_overwritten() {
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
    fn metadata_keeps_the_callers_fields_and_gains_those_that_old_readers_need() {
        let record = completed(json!({"commandName": "code-review", "provider": "p", "metadata":
            {"z": 1, "a": {"b": [1.5]}, "provider": "mine", "action": null}}));
        let text = Value::Object(record.metadata.unwrap()).to_string();
        assert_eq!(
            text,
            r#"{"z":1,"a":{"b":[1.5]},"provider":"mine","action":null,"commandName":"code-review"}"#
        );
    }

    #[test]
    fn invalid_values_name_the_field() {
        let too_large = MAX_SAFE_INTEGER + 1;
        for (input, field) in [
            (json!({"tokensPrompt": -1}), "tokensPrompt"),
            (json!({"tokensCacheRead": too_large}), "tokensCacheRead"),
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
