//! The fields of mcoda's own adapters. At the top level, each overrides the corresponding value of the provider's
//! usage.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

const PROMPT: &[&str] = &["tokensPrompt", "tokens_prompt"];
const COMPLETION: &[&str] = &["tokensCompletion", "tokens_completion"];
const TOTAL: &[&str] = &["tokensTotal", "tokens_total"];
const CACHED: &[&str] = &["tokensCached", "tokens_cached", "cachedTokens", "cached_tokens"];
const READ: &[&str] = &["tokensCacheRead", "tokens_cache_read", "cacheRead", "cache_read"];
const WRITE: &[&str] = &["tokensCacheWrite", "tokens_cache_write", "cacheWrite", "cache_write"];
const DURATION: &[&str] = &["durationMs", "duration_ms", "elapsed_ms", "latency_ms", "latencyMs"];
const SECONDS: &[&str] = &["durationSeconds", "duration_seconds"];
const START: &[&str] = &["startedAt", "started_at", "startTime", "start_time"];
const FINISH: &[&str] = &["finishedAt", "finished_at", "endTime", "end_time", "completed_at"];
const KIND: &[&str] = &["invocationKind", "invocation_kind"];
const COST_USD: &[&str] = &["costUsd", "cost_usd", "costUSD"];
const COST: &[&str] = &["costEstimate", "cost_estimate"];

/// The fields that a body inherits from an object around it, and that override the body's own.
pub(crate) const INHERITED: &[&[&str]] = &[
    PROMPT,
    COMPLETION,
    TOTAL,
    CACHED,
    READ,
    WRITE,
    DURATION,
    SECONDS,
    START,
    FINISH,
    KIND,
    COST_USD,
    COST,
    &["provider", "vendor", "currency"],
];

/// Whether this is the name of such a field.
pub(crate) fn is_adapter_name(name: &str) -> bool {
    INHERITED.iter().any(|names| names.contains(&name))
}

/// Whether the object has any of these fields.
pub(crate) fn is_in(all: Fields<'_>) -> bool {
    // A usage object may have a duration of its own.
    all.names().any(is_adapter_name) || all.object(&["usage"]).is_some_and(|usage| usage.has("duration_ms"))
}

/// Overrides what was read with the adapter's fields. Token counts apply only if there is a single usage.
pub(crate) fn overlay(body: &Body<'_>, parsed: &mut ParsedUsage, is_single: bool) {
    let all = body.all;
    // In these bodies one of the names has another meaning.
    let is_taken = ["tokens_evaluated", "native_tokens_prompt"].iter().any(|name| all.has(name));
    if is_single && !is_taken {
        tokens(all, parsed);
    }
    let usage = all.object(&["usage"]);
    let duration = all
        .measure(DURATION)
        .or_else(|| usage?.measure(&["duration_ms"]))
        .or_else(|| all.measure(SECONDS).map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite()));
    parsed.duration_ms = duration.or(parsed.duration_ms);
    parsed.started_at_ms = all.moment(START).or(parsed.started_at_ms);
    parsed.finished_at_ms = all.moment(FINISH).or(parsed.finished_at_ms);
    parsed.invocation_kind = all.text(KIND).map(str::to_owned).or(parsed.invocation_kind.take());
    if let Some(cost) = all.measure(COST_USD) {
        parsed.cost = Some(cost);
        parsed.currency = Some("USD".into());
    } else if let Some(cost) = all.measure(COST) {
        parsed.cost = Some(cost);
    }
    parsed.currency = all.text(&["currency"]).map(str::to_owned).or(parsed.currency.take());
}

fn tokens(all: Fields<'_>, parsed: &mut ParsedUsage) {
    let prompt = all.count(PROMPT);
    let completion = all.count(COMPLETION);
    let total = all.count(TOTAL);
    if total.is_none() && (prompt.is_some() || completion.is_some()) {
        // The provider's total was the sum of other numbers.
        let is_same = prompt.is_none_or(|prompt| parsed.input == Some(prompt))
            && completion.is_none_or(|completion| parsed.output == Some(completion));
        parsed.total = parsed.total.filter(|_| is_same);
    }
    parsed.input = prompt.or(parsed.input);
    parsed.output = completion.or(parsed.output);
    parsed.total = total.or(parsed.total);
    let (cached, read) = (all.count(CACHED), all.count(READ));
    if cached.is_some() || read.is_some() {
        // If only one of the two is reported, it is the value of both.
        (parsed.cached, parsed.cache_read) = (cached.or(read), read.or(cached));
    }
    parsed.cache_write = all.count(WRITE).or(parsed.cache_write);
}

/// Whether something was reported that a record can store, although it is not usage.
pub(crate) fn reports(parsed: &ParsedUsage) -> bool {
    parsed.duration_ms.is_some() || parsed.started_at_ms.is_some() || parsed.finished_at_ms.is_some()
}
