//! What the usage reader found, as records: the one place that gives its fields the names of columns.

use serde_json::{Map, Value, json};

use mcoda_usage_reader::ParsedUsage;

use super::notes;
use super::usage::TokenUsage;
use crate::number;
use crate::repository::token_usage::TokenUsageRecord;
use crate::time::Timestamp;

/// What the text reports about its calls, as one record for the whole: their sum.
///
/// `text` is a response body, its `usage` object, metadata of an adapter that wraps one, or the lines of a
/// stream or of an agent's transcript, JSON each. The shape is found by its structure. `provider` helps where
/// that does not say what a number means. Unknown text gives an empty record, never an error; so does text of
/// more than [`MAX_EXTRACT_BYTES`](crate::MAX_EXTRACT_BYTES).
///
/// Numbers have the meaning of the fields of [`TokenUsage`]; those without a field are in
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

/// The usage that the text reports, one record for each model, in the order of their first appearance. Their sums are the
/// result of [`extract_usage`]; empty if that is an empty record.
#[must_use]
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
    if !parsed.unread.is_empty() {
        extra.insert("unread".into(), parsed.unread.into());
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

/// [`record`]; if no time is reported, with the time of the line before, or of the file.
pub(super) fn timed_record(parsed: ParsedUsage, written_at: Option<Timestamp>) -> TokenUsage {
    let earlier = parsed.earlier_ms.and_then(Timestamp::from_millis);
    let mut usage = record(parsed);
    if usage.timestamp.is_none() {
        let known = earlier.map(|at| (at, "earlier_line")).or(written_at.map(|at| (at, "file")));
        if let Some((at, source)) = known {
            usage.timestamp = Some(at);
            note(&mut usage, TIME_SOURCE, source.into());
        }
    }
    usage
}

/// [`record`] of a version of a stored record. If neither version reports a time, the inferred one is kept.
pub(super) fn later_version(parsed: ParsedUsage, stored: &TokenUsageRecord) -> TokenUsage {
    let mut usage = record(parsed);
    if usage.timestamp.is_none() {
        usage.timestamp = stored.timestamp.parse().ok();
        if let Some(source) = notes::of(stored.metadata.as_ref()).and_then(|notes| notes.get(TIME_SOURCE)) {
            note(&mut usage, TIME_SOURCE, source.clone());
        }
    }
    usage
}

/// Notes that the record's time is that of its recording.
pub(super) fn note_time_of_now(usage: &mut TokenUsage) {
    note(usage, TIME_SOURCE, "now".into());
}

/// Removes the note about an inferred time.
pub(super) fn forget_time_source(usage: &mut TokenUsage) {
    let metadata = usage.metadata.as_mut().and_then(|metadata| metadata.get_mut("usage"));
    if let Some(notes) = metadata.and_then(Value::as_object_mut) {
        notes.shift_remove(TIME_SOURCE);
    }
}

/// The note with the source of a record's time, if the time was not reported.
const TIME_SOURCE: &str = "time_source";

/// Notes that the engine adds to those of the reader.
const ADDED: &[&str] =
    &[TIME_SOURCE, "cost_source", "price_table", "price_model", "price_override", "unread", "models"];

/// The usage that a record was made of.
pub(super) fn parsed(record: &TokenUsageRecord) -> ParsedUsage {
    let mut extra = notes::of(record.metadata.as_ref()).cloned().unwrap_or_default();
    let millis = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::millis);
    let time = millis(&record.timestamp).filter(|_| !extra.contains_key(TIME_SOURCE));
    let cost = record.cost_estimate.filter(|_| !is_cost_computed(record));
    ADDED.iter().for_each(|name| drop(extra.shift_remove(*name)));
    ParsedUsage {
        provider: record.provider.clone(),
        model: record.model_name.clone(),
        invocation_kind: record.invocation_kind.clone(),
        currency: record.currency.clone().filter(|_| cost.is_some()),
        input: record.tokens_prompt,
        output: record.tokens_completion,
        total: record.tokens_total,
        cached: record.tokens_cached,
        cache_read: record.tokens_cache_read,
        cache_write: record.tokens_cache_write,
        cost,
        duration_ms: record.duration_ms,
        started_at_ms: record.started_at.as_deref().and_then(millis),
        finished_at_ms: record.finished_at.as_deref().and_then(millis),
        timestamp_ms: time,
        extra,
        ..ParsedUsage::default()
    }
}

/// Whether the record's cost is from a table of prices.
pub(super) fn is_cost_computed(record: &TokenUsageRecord) -> bool {
    let source = notes::of(record.metadata.as_ref()).and_then(|notes| notes.get("cost_source"));
    source.is_some_and(|source| source == "computed")
}

/// Sets the cost to the sum of the costs that were computed for the records, if all of them have one.
pub(super) fn add_computed_cost(usage: &mut TokenUsage, records: &[&TokenUsageRecord]) {
    let Some(first) = records.first().filter(|first| first.metadata.is_some()) else { return };
    let costs: Option<Vec<f64>> = records.iter().map(|record| record.cost_estimate).collect();
    let has_one_currency = records.iter().all(|record| record.currency == first.currency);
    let Some(costs) = costs.filter(|_| has_one_currency) else {
        let is_unknown = |record: &&TokenUsageRecord| {
            notes::of(record.metadata.as_ref()).and_then(|notes| notes.get("cost_source"))
                == Some(&"unknown".into())
        };
        if records.iter().any(is_unknown) {
            note(usage, "cost_source", "unknown".into());
        }
        return;
    };
    usage.cost_estimate = Some(number::exact_sum(costs));
    usage.currency.clone_from(&first.currency);
    for name in ["cost_source", "price_table", "price_model", "price_override"] {
        if let Some(value) = notes::of(first.metadata.as_ref()).and_then(|notes| notes.get(name)) {
            note(usage, name, value.clone());
        }
    }
}

/// Adds a note to the record's `metadata.usage`.
pub(super) fn note(usage: &mut TokenUsage, name: &str, value: Value) {
    if let Some(notes) = notes::of_mut(&mut usage.metadata) {
        notes.insert(name.into(), value);
    }
}

/// The numbers of one model in `metadata.usage.models` of the whole.
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
