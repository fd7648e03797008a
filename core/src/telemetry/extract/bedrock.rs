//! Amazon Bedrock: Converse and the metrics of invoke. Cached tokens come on top of the input; the total has
//! them in it.

use super::body::Body;
use super::fields::{Object, count, measure, object, objects, text};
use super::reading::{Cache, Reading, Told};

const READ: &[&str] = &["cacheReadInputTokens", "cacheReadInputTokenCount"];
const WRITE: &[&str] = &["cacheWriteInputTokens", "cacheWriteInputTokenCount"];

/// Whether the keys are Converse's own.
pub(super) fn is_usage(body: &Body<'_>, usage: &Object) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| usage.contains_key(*name));
    let is_plain = has(&["inputTokens", "outputTokens"]);
    has(WRITE)
        || has(&["cacheReadInputTokenCount", "cacheDetails", "inputTokenCount", "outputTokenCount"])
        || (is_plain && has(READ))
        || (is_plain && (body.all.contains_key("stopReason") || body.all.contains_key("metrics")))
}

/// Converse, its stream's `metadata` event, and Nova's answers to invoke.
pub(super) fn converse(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let told = Told {
        input: count(usage, &["inputTokens", "inputTokenCount"]),
        output: count(usage, &["outputTokens", "outputTokenCount"]),
        total: count(usage, &["totalTokens", "totalTokenCount"]),
        read: count(usage, READ),
        write: count(usage, WRITE).or_else(|| count(usage, &["cacheCreationInputTokens"])),
        ..Told::default()
    };
    [told.input, told.output, told.total, told.read, told.write].iter().any(Option::is_some).then_some(())?;
    let mut reading = Reading::new("bedrock", told, Cache::OnTop);
    body.name_provider(&mut reading, "bedrock");
    let (mut five_minutes, mut hour) = (None, None);
    for detail in objects(usage, "cacheDetails") {
        let place = match text(detail, &["ttl"]) {
            Some("5m") => &mut five_minutes,
            Some("1h") => &mut hour,
            _ => continue,
        };
        *place = super::fields::told_sum([*place, count(detail, &["inputTokens"])]);
    }
    reading.note_count("cache_write_5m", five_minutes);
    reading.note_count("cache_write_1h", hour);
    reading.duration_ms = object(body.all, &["metrics"])
        .and_then(|metrics| measure(metrics, &["latencyMs"]))
        .or_else(|| latency(body));
    Some(reading)
}

/// Titan's answers to invoke.
pub(super) fn titan(body: &Body<'_>) -> Option<Reading> {
    let input = count(body.all, &["inputTextTokenCount"])?;
    let results = objects(body.all, "results").map(|result| count(result, &["tokenCount"]));
    let told = Told {
        input: Some(input),
        output: count(body.all, &["totalOutputTextTokenCount"]).or_else(|| super::fields::told_sum(results)),
        ..Told::default()
    };
    let mut reading = Reading::new("bedrock", told, Cache::OnTop);
    body.name_provider(&mut reading, "bedrock");
    Some(reading)
}

/// Llama's answers to invoke. IBM's watsonx counts in the same place, by other names.
pub(super) fn llama(body: &Body<'_>) -> Option<Reading> {
    let (provider, input, output) = if body.all.contains_key("generated_token_count") {
        ("watsonx", "input_token_count", "generated_token_count")
    } else {
        ("bedrock", "prompt_token_count", "generation_token_count")
    };
    let told = Told {
        input: count(body.all, &[input]),
        output: Some(count(body.all, &[output])?),
        ..Told::default()
    };
    let mut reading = Reading::new(provider, told, Cache::Part);
    body.name_provider(&mut reading, provider);
    Some(reading)
}

/// How long an invocation took, from the metrics that end its stream.
pub(super) fn latency(body: &Body<'_>) -> Option<f64> {
    measure(metrics(body.all)?, &["invocationLatency"])
}

pub(super) fn metrics(all: &Object) -> Option<&Object> {
    object(all, &["amazon-bedrock-invocationMetrics"])
}
