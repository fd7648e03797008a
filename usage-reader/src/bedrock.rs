//! Amazon Bedrock: Converse and the metrics of invoke. Cached tokens are counted in addition to the input; the
//! total has them in it.

use crate::body::Body;
use crate::fields::{Object, count, measure, object, objects, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

const READ: &[&str] = &["cacheReadInputTokens", "cacheReadInputTokenCount"];
const WRITE: &[&str] = &["cacheWriteInputTokens", "cacheWriteInputTokenCount"];

/// Whether the keys are Converse's own.
pub(crate) fn is_usage(body: &Body<'_>, usage: &Object) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| usage.contains_key(*name));
    let is_plain = has(&["inputTokens", "outputTokens"]);
    has(WRITE)
        || has(&["cacheReadInputTokenCount", "cacheDetails", "inputTokenCount", "outputTokenCount"])
        || (is_plain && has(READ))
        || (is_plain && (body.all.contains_key("stopReason") || body.all.contains_key("metrics")))
}

/// Converse, its stream's `metadata` event, and Nova's answers to invoke.
pub(crate) fn converse(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let reported = RawCounts {
        input: count(usage, &["inputTokens", "inputTokenCount"]),
        output: count(usage, &["outputTokens", "outputTokenCount"]),
        total: count(usage, &["totalTokens", "totalTokenCount"]),
        cache_read: count(usage, READ),
        cache_write: count(usage, WRITE).or_else(|| count(usage, &["cacheCreationInputTokens"])),
        ..RawCounts::default()
    };
    [reported.input, reported.output, reported.total, reported.cache_read, reported.cache_write]
        .iter()
        .any(Option::is_some)
        .then_some(())?;
    let mut parsed = ParsedUsage::new("bedrock", reported, CachedTokens::Additional);
    body.name_provider(&mut parsed, "bedrock");
    let (mut five_minutes, mut hour) = (None, None);
    for detail in objects(usage, "cacheDetails") {
        let place = match text(detail, &["ttl"]) {
            Some("5m") => &mut five_minutes,
            Some("1h") => &mut hour,
            _ => continue,
        };
        *place = crate::fields::reported_sum([*place, count(detail, &["inputTokens"])]);
    }
    parsed.note_count("cache_write_5m", five_minutes);
    parsed.note_count("cache_write_1h", hour);
    parsed.duration_ms = object(body.all, &["metrics"])
        .and_then(|metrics| measure(metrics, &["latencyMs"]))
        .or_else(|| latency(body));
    Some(parsed)
}

/// Titan's answers to invoke.
pub(crate) fn titan(body: &Body<'_>) -> Option<ParsedUsage> {
    let input = count(body.all, &["inputTextTokenCount"])?;
    let results = objects(body.all, "results").map(|result| count(result, &["tokenCount"]));
    let reported = RawCounts {
        input: Some(input),
        output: count(body.all, &["totalOutputTextTokenCount"])
            .or_else(|| crate::fields::reported_sum(results)),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("bedrock", reported, CachedTokens::Additional);
    body.name_provider(&mut parsed, "bedrock");
    Some(parsed)
}

/// Llama's answers to invoke. IBM's watsonx counts in the same place, by other names.
pub(crate) fn llama(body: &Body<'_>) -> Option<ParsedUsage> {
    let (provider, input, output) = if body.all.contains_key("generated_token_count") {
        ("watsonx", "input_token_count", "generated_token_count")
    } else {
        ("bedrock", "prompt_token_count", "generation_token_count")
    };
    let reported = RawCounts {
        input: count(body.all, &[input]),
        output: Some(count(body.all, &[output])?),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new(provider, reported, CachedTokens::Included);
    body.name_provider(&mut parsed, provider);
    Some(parsed)
}

/// How long an invocation took, from the metrics that end its stream.
pub(crate) fn latency(body: &Body<'_>) -> Option<f64> {
    measure(metrics(body.all)?, &["invocationLatency"])
}

pub(crate) fn metrics(all: &Object) -> Option<&Object> {
    object(all, &["amazon-bedrock-invocationMetrics"])
}
