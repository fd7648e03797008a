//! What the usage reader found, as records: the one place that gives its fields the names of columns.

use serde_json::{Map, Value, json};

use mcoda_usage_reader::ParsedUsage;

use super::usage::TokenUsage;
use crate::number;
use crate::time::Timestamp;

/// What the text reports about its calls, as one record for the whole: their sum.
///
/// `text` is a response body, its `usage` object, metadata of an adapter that wraps one, or the lines of a
/// stream or of an agent's transcript, JSON each. The shape is found by its structure. `provider` helps where
/// that does not say what a number means. Unknown text gives an empty record, never an error; so does text of
/// more than [`MAX_EXTRACT_BYTES`](crate::MAX_EXTRACT_BYTES).
///
/// Numbers have the meaning of the fields of [`TokenUsage`]; what these have no room for stands in
/// `metadata.usage`. The fields of the backlog and the id are never set.
///
/// ```
/// let body = r#"{"model": "claude-x", "usage": {"input_tokens": 4, "cache_read_input_tokens": 900, "output_tokens": 30}}"#;
/// let usage = mcoda_core::extract_usage(body, None);
/// assert_eq!((usage.tokens_prompt, usage.tokens_cached, usage.tokens_total), (Some(904), Some(900), Some(934)));
/// ```
#[must_use]
pub fn extract_usage(text: &str, provider: Option<&str>) -> TokenUsage {
    record_or_empty(mcoda_usage_reader::total(text, provider))
}

/// What the text reports about its calls, one record for each model, in the order of their first appearance. Their
/// sums are what [`extract_usage`] gives; empty where that is an empty record.
pub fn extract_usages(text: &str, provider: Option<&str>) -> Vec<TokenUsage> {
    mcoda_usage_reader::by_model(text, provider).into_iter().map(record).collect()
}

pub(super) fn record_or_empty(parsed: Option<ParsedUsage>) -> TokenUsage {
    parsed.map_or_else(TokenUsage::default, record)
}

pub(super) fn record(parsed: ParsedUsage) -> TokenUsage {
    let mut extra = parsed.extra;
    if !parsed.models.is_empty() {
        let named = parsed.models.iter().filter_map(|one| Some((one.model.clone()?, summary(one))));
        extra.insert("models".into(), Value::Object(named.collect()));
    }
    if parsed.cost.is_some() {
        extra.entry("cost_source").or_insert_with(|| "provider".into());
    }
    let time = |millis: Option<i64>| millis.and_then(Timestamp::from_millis);
    TokenUsage {
        model_name: parsed.model,
        invocation_kind: parsed.invocation_kind,
        provider: parsed.provider,
        currency: parsed.currency,
        tokens_prompt: parsed.input,
        tokens_completion: parsed.output,
        tokens_total: parsed.total,
        tokens_cached: parsed.cached,
        tokens_cache_read: parsed.cache_read,
        tokens_cache_write: parsed.cache_write,
        cost_estimate: parsed.cost,
        duration_ms: parsed.duration_ms,
        started_at: time(parsed.started_at_ms),
        finished_at: time(parsed.finished_at_ms),
        timestamp: time(parsed.timestamp_ms),
        metadata: (!extra.is_empty()).then(|| Map::from_iter([("usage".to_owned(), Value::Object(extra))])),
        ..TokenUsage::default()
    }
}

/// The numbers of one model, as they stand in the whole's `metadata.usage.models`.
fn summary(parsed: &ParsedUsage) -> Value {
    let cost = parsed.cost.map_or(Value::Null, number::to_json);
    let numbers = json!({
        "tokens_prompt": parsed.input,
        "tokens_completion": parsed.output,
        "tokens_cache_read": parsed.cache_read,
        "tokens_cache_write": parsed.cache_write,
        "cost": cost,
    });
    match numbers {
        Value::Object(numbers) => numbers.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}
