//! The names that mcoda's own adapters use. Where they stand at the top they hold over what the provider's
//! usage says, each by itself.

use crate::body::Body;
use crate::fields::{Object, as_measure, count, measure, moment, object, text};
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

/// The names that an object around a body gives the body, and that hold over the body's own.
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

/// Whether the object uses any of these names.
pub(crate) fn is_in(all: &Object) -> bool {
    let named = |name: &String| INHERITED.iter().any(|names| names.contains(&name.as_str()));
    // A usage object may have a duration of its own.
    all.keys().any(named) || object(all, &["usage"]).is_some_and(|usage| usage.contains_key("duration_ms"))
}

/// Lays the adapter's names over what was read. Numbers of tokens belong to one usage alone.
pub(crate) fn overlay(body: &Body<'_>, parsed: &mut ParsedUsage, is_single: bool) {
    let all = body.all;
    // These bodies use one of the names for something else.
    let is_taken = ["tokens_evaluated", "native_tokens_prompt"].iter().any(|name| all.contains_key(*name));
    if is_single && !is_taken {
        tokens(all, parsed);
    }
    let usage = object(all, &["usage"]);
    let duration = measure(all, DURATION)
        .or_else(|| measure(usage?, &["duration_ms"]))
        .or_else(|| measure(all, SECONDS).map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite()));
    parsed.duration_ms = duration.or(parsed.duration_ms);
    parsed.started_at_ms = moment(all, START).or(parsed.started_at_ms);
    parsed.finished_at_ms = moment(all, FINISH).or(parsed.finished_at_ms);
    parsed.invocation_kind = text(all, KIND).map(str::to_owned).or(parsed.invocation_kind.take());
    if let Some(cost) = COST_USD.iter().find_map(|name| all.get(*name).and_then(as_measure)) {
        parsed.cost = Some(cost);
        parsed.currency = Some("USD".into());
    } else if let Some(cost) = measure(all, COST) {
        parsed.cost = Some(cost);
    }
    parsed.currency = text(all, &["currency"]).map(str::to_owned).or(parsed.currency.take());
}

fn tokens(all: &Object, parsed: &mut ParsedUsage) {
    let prompt = count(all, PROMPT);
    let completion = count(all, COMPLETION);
    let total = count(all, TOTAL);
    if total.is_none() && (prompt.is_some() || completion.is_some()) {
        // The provider's total was of other numbers.
        let is_same = prompt.is_none_or(|prompt| parsed.input == Some(prompt))
            && completion.is_none_or(|completion| parsed.output == Some(completion));
        parsed.total = parsed.total.filter(|_| is_same);
    }
    parsed.input = prompt.or(parsed.input);
    parsed.output = completion.or(parsed.output);
    parsed.total = total.or(parsed.total);
    let (cached, read) = (count(all, CACHED), count(all, READ));
    if cached.is_some() || read.is_some() {
        // A source that names one of the two names both.
        (parsed.cached, parsed.cache_read) = (cached.or(read), read.or(cached));
    }
    parsed.cache_write = count(all, WRITE).or(parsed.cache_write);
}

/// Whether something was reported that a record has room for, though it is no usage.
pub(crate) fn reports(parsed: &ParsedUsage) -> bool {
    parsed.duration_ms.is_some() || parsed.started_at_ms.is_some() || parsed.finished_at_ms.is_some()
}
