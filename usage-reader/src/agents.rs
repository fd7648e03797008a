//! Coding agents with shapes of their own: opencode, Cursor and Kimi keep the cache apart from the input, Copilot
//! has it in there.

use crate::body::Body;
use crate::fields::{Object, count, measure, moment, object, reported_sum, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// A message of opencode, or the end of one of its steps. Only the total shows whether reasoning is part of the
/// output, which it was before opencode reported totals.
pub(crate) fn opencode(body: &Body<'_>) -> Option<ParsedUsage> {
    let tokens = object(body.all, &["tokens"])?;
    let cache = object(tokens, &["cache"])?;
    let [input, output, reasoning] = ["input", "output", "reasoning"].map(|name| count(tokens, &[name]));
    let [read, write] = ["read", "write"].map(|name| count(cache, &[name]));
    let total = count(tokens, &["total"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let with_reasoning = reported_sum([output, reasoning]);
    let all = [input, read, write, with_reasoning];
    let is_on_top = reasoning > output || (total.is_some() && reported_sum(all) == total);
    let output = if is_on_top { with_reasoning } else { output };
    let reported = RawCounts {
        input,
        output,
        total,
        cache_read: read,
        cache_write: write,
        reasoning,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("opencode", reported, CachedTokens::Additional);
    parsed.provider = text(body.all, &["providerID"]).map(str::to_owned);
    parsed.cost = measure(body.all, &["cost"]);
    parsed.currency = parsed.cost.map(|_| "USD".into());
    if let Some(time) = object(body.all, &["time"]) {
        parsed.started_at_ms = moment(time, &["created"]);
        parsed.finished_at_ms = moment(time, &["completed"]);
        parsed.timestamp_ms = parsed.finished_at_ms.or(parsed.started_at_ms);
    }
    Some(parsed)
}

/// The end of a run of Cursor's agent, and the events of its dashboard. No other run that ends so has these names.
pub(crate) fn cursor(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let reported = RawCounts {
        input: Some(count(usage, &["inputTokens"])?),
        output: count(usage, &["outputTokens"]),
        cache_read: count(usage, &["cacheReadTokens"]),
        cache_write: count(usage, &["cacheWriteTokens"]),
        ..RawCounts::default()
    };
    let is_end = text(body.all, &["type"]) == Some("result")
        && reported.cache_read.is_some()
        && reported.cache_write.is_some();
    let cents = measure(usage, &["totalCents"]);
    if !is_end && cents.is_none() && !body.hint_is(&["cursor"]) {
        return None;
    }
    let mut parsed = ParsedUsage::new("cursor", reported, CachedTokens::Additional);
    body.name_provider(&mut parsed, "cursor");
    parsed.cost = cents.map(|cents| cents / 100.0);
    parsed.currency = parsed.cost.map(|_| "USD".into());
    parsed.note_text("session", text(body.all, &["session_id", "conversationId"]));
    Some(parsed)
}

/// A call of Kimi's command line.
pub(crate) fn kimi(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let reported = RawCounts {
        input: count(usage, &["input_other", "inputOther"]),
        output: count(usage, &["output"]),
        cache_read: count(usage, &["input_cache_read", "inputCacheRead"]),
        cache_write: count(usage, &["input_cache_creation", "inputCacheCreation"]),
        ..RawCounts::default()
    };
    if reported.input.is_none() && reported.cache_read.is_none() {
        return None;
    }
    let mut parsed = ParsedUsage::new("kimi", reported, CachedTokens::Additional);
    body.name_provider(&mut parsed, "moonshot");
    parsed.timestamp_ms = moment(body.all, &["time"]);
    Some(parsed)
}

/// What all calls of a session of Copilot CLI came to, one usage for each model.
pub(crate) fn copilot(body: &Body<'_>) -> Option<Vec<ParsedUsage>> {
    let models = object(body.all, &["modelMetrics"])?;
    let of_model = |(name, metrics): (&String, &serde_json::Value)| {
        let metrics = metrics.as_object()?;
        let usage = object(metrics, &["usage"])?;
        let input = count(usage, &["inputTokens"]);
        // A part of what is not reported would be more than the whole beside other models.
        let part = |name| count(usage, &[name]).filter(|_| input.is_some());
        let reported = RawCounts {
            input,
            output: count(usage, &["outputTokens"]),
            cache_read: part("cacheReadTokens"),
            cache_write: part("cacheWriteTokens"),
            reasoning: count(usage, &["reasoningTokens"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new("copilot", reported, CachedTokens::Included);
        parsed.model = Some(name.clone());
        body.name_provider(&mut parsed, "github-copilot");
        parsed.note_count("requests", object(metrics, &["requests"]).and_then(|all| count(all, &["count"])));
        parsed.note("cumulative", true);
        parsed.has_usage().then_some(parsed)
    };
    let mut usages: Vec<ParsedUsage> = models.iter().filter_map(of_model).collect();
    usages.first_mut()?.note_number("duration_api_ms", measure(body.all, &["totalApiDurationMs"]));
    Some(usages)
}
