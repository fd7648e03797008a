//! OpenAI's two shapes, and the many providers and gateways that speak them.
//!
//! Cached tokens are part of the input, and reasoning is part of the output, unless the numbers themselves
//! say otherwise: xAI's chat leaves reasoning out of `completion_tokens`, and its total shows it.

use serde_json::Value;

use crate::body::Body;
use crate::fields::{Object, as_amount, as_count, as_measure, count, measure, object, sum, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

const INPUT_DETAILS: &[&str] = &[
    "prompt_tokens_details",
    "input_tokens_details",
    "promptTokensDetails",
    "inputTokensDetails",
    "input_token_details",
    "inputTokenDetails",
    "prompt_token_details",
];
const OUTPUT_DETAILS: &[&str] = &[
    "completion_tokens_details",
    "output_tokens_details",
    "completionTokensDetails",
    "outputTokensDetails",
    "output_token_details",
    "outputTokenDetails",
    "completion_token_details",
];
const CACHED: &[&str] = &["cached_tokens", "cachedTokens"];
const READ: &[&str] = &[
    "tokensCacheRead",
    "tokens_cache_read",
    "cacheRead",
    "cache_read",
    "cache_read_tokens",
    "cacheReadTokens",
    "cache_read_input_tokens",
    "cacheReadInputTokens",
];
const WRITE: &[&str] = &[
    "tokensCacheWrite",
    "tokens_cache_write",
    "cacheWrite",
    "cache_write",
    "cache_write_tokens",
    "cacheWriteTokens",
    "cache_creation_tokens",
    "cacheCreationTokens",
    "cache_creation",
    "cached_creation_tokens",
    "created_cache_tokens",
    "cache_creation_input_tokens",
    "cacheCreationInputTokens",
    "cache_write_input_tokens",
];
const DETAILED: &[(&str, &str)] =
    &[("audio_tokens", "audio"), ("image_tokens", "image"), ("video_tokens", "video"), ("audio", "audio")];

/// `prompt_tokens` and `completion_tokens`: chat completions.
pub(crate) fn chat(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let input = count(usage, &["prompt_tokens", "promptTokens"]);
    let output = count(usage, &["completion_tokens", "completionTokens"]);
    let names = ["prompt_tokens", "promptTokens", "completion_tokens", "completionTokens"];
    names.iter().any(|name| usage.contains_key(*name)).then_some(())?;
    let hit = count(usage, &["prompt_cache_hit_tokens"]);
    // DeepSeek's prompt is what it found in the cache and what it did not.
    let input = input.or_else(|| sum([hit?, count(usage, &["prompt_cache_miss_tokens"])?]));
    // Version 4 of the Vercel AI SDK hands Anthropic's own number on; gateways that write `prompt_tokens` never do.
    let is_handed_on = usage.contains_key("promptTokens") && body.cached_is_additional();
    let cache = if is_handed_on { CachedTokens::Additional } else { CachedTokens::Included };
    let mut reported = RawCounts { input, output, ..RawCounts::default() };
    if let Some(provider) = body.provider_metadata().filter(|_| is_handed_on) {
        reported.cache_read = count(provider, READ);
        reported.cache_write = count(provider, WRITE);
    }
    let mut parsed = read(usage, "openai-chat", reported, cache);
    xai(body, usage, &mut parsed);
    seconds(body, usage, &mut parsed);
    llama_server(body, &mut parsed);
    costs(body, usage, &mut parsed);
    Some(parsed)
}

/// `input_tokens` and `output_tokens` with the cached ones as a part: the Responses API, and whoever speaks
/// like it.
pub(crate) fn responses(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let input = count(usage, &["input_tokens", "inputTokens", "input"]);
    let output = count(usage, &["output_tokens", "outputTokens", "output"]);
    let details = object(usage, INPUT_DETAILS).is_some() || object(usage, OUTPUT_DETAILS).is_some();
    if input.is_none()
        && output.is_none()
        && count(usage, &["total_tokens", "totalTokens"]).is_none()
        && !details
    {
        return None;
    }
    let mut parsed = read(
        usage,
        "openai-responses",
        RawCounts { input, output, ..RawCounts::default() },
        CachedTokens::Included,
    );
    if usage.contains_key("cost_in_usd_ticks") {
        body.name_provider(&mut parsed, "xai");
    }
    costs(body, usage, &mut parsed);
    Some(parsed)
}

fn read(usage: &Object, source: &str, reported: RawCounts, cache: CachedTokens) -> ParsedUsage {
    let empty = Object::new();
    let details = object(usage, INPUT_DETAILS).unwrap_or(&empty);
    let output_details = object(usage, OUTPUT_DETAILS).unwrap_or(&empty);
    let nested = object(usage, &["cache"]).unwrap_or(&empty);
    let cached = [usage, details, nested].into_iter().find_map(|place| count(place, CACHED));
    let reported = RawCounts {
        total: count(usage, &["total_tokens", "totalTokens", "total"]),
        cached: cached.or_else(|| {
            let others = [
                "num_cached_tokens",
                "prompt_cache_hit_tokens",
                "cachedInputTokens",
                "cached_input_tokens",
                "input_cached_tokens",
                "cached_prompt_text_tokens",
                "cachedPromptTextTokens",
            ];
            count(usage, &others)
        }),
        cache_read: [usage, details, nested]
            .into_iter()
            .find_map(|place| count(place, READ))
            .or(reported.cache_read),
        cache_write: [usage, details, nested]
            .into_iter()
            .find_map(|place| count(place, WRITE))
            .or(reported.cache_write),
        reasoning: count(
            output_details,
            &["reasoning_tokens", "reasoningTokens", "reasoning", "thinking_tokens"],
        )
        .or_else(|| count(usage, &["reasoning_tokens", "reasoningTokens", "reasoning_output_tokens"])),
        ..reported
    };
    let mut parsed = ParsedUsage::new(source, reported, cache);
    for (from, prefix) in [(details, "input"), (output_details, "output")] {
        for (name, kind) in DETAILED {
            if let Some(tokens) = from.get(*name).and_then(as_count) {
                parsed.note(&format!("{prefix}_{kind}"), tokens);
            }
        }
    }
    let split = object(details, &["cache_creation_token_details", "cache_creation_tokens_details"])
        .or_else(|| object(usage, &["cache_creation"]));
    if let Some(split) = split {
        parsed.note_count("cache_write_5m", count(split, &["ephemeral_5m_input_tokens"]));
        parsed.note_count("cache_write_1h", count(split, &["ephemeral_1h_input_tokens"]));
    }
    add_reasoning(&mut parsed, reported);
    parsed
}

/// Adds reasoning to the output where the numbers show that it comes on top: where the total has it beside
/// the output, or where it alone is more than the output.
fn add_reasoning(parsed: &mut ParsedUsage, reported: RawCounts) {
    let (Some(output), Some(reasoning @ 1..)) = (reported.output, reported.reasoning) else { return };
    let with_reasoning = sum([output, reasoning]);
    let explained = |prompt: Option<i64>| {
        let all = prompt.zip(with_reasoning).and_then(|(prompt, output)| sum([prompt, output]));
        all.is_some() && all == reported.total
    };
    let read = reported.cache_read.or(reported.cached).unwrap_or(0);
    let on_top = parsed.input.and_then(|prompt| sum([prompt, read]));
    if explained(parsed.input) || explained(on_top) || reasoning > output {
        parsed.output = with_reasoning;
    }
}

/// xAI's chat leaves reasoning out of `completion_tokens`, total or not.
fn xai(body: &Body<'_>, usage: &Object, parsed: &mut ParsedUsage) {
    if !usage.contains_key("cost_in_usd_ticks") && !body.hint_is(&["xai", "x-ai", "grok"]) {
        return;
    }
    body.name_provider(parsed, "xai");
    if parsed.total.is_none() && parsed.output == count(usage, &["completion_tokens"]) {
        parsed.output = crate::fields::reported_sum([parsed.output, parsed.noted_count("reasoning")]);
    }
}

/// Groq, Cerebras and SambaNova measure in seconds. The total leaves the queue out.
fn seconds(body: &Body<'_>, usage: &Object, parsed: &mut ParsedUsage) {
    let (provider, times, total) = if let Some(times) = object(body.all, &["time_info"]) {
        ("cerebras", times, "total_time")
    } else if usage.contains_key("queue_time") || usage.contains_key("completion_time") {
        ("groq", usage, "total_time")
    } else if usage.contains_key("total_latency") {
        ("sambanova", usage, "total_latency")
    } else {
        return;
    };
    body.name_provider(parsed, provider);
    let millis = |name| measure(times, &[name]).map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite());
    for (from, name) in
        [("queue_time", "queue_ms"), ("prompt_time", "prompt_ms"), ("completion_time", "completion_ms")]
    {
        parsed.note_number(name, millis(from));
    }
    parsed.duration_ms = millis(total);
}

/// llama.cpp's server says beside the usage what it evaluated; what it did not evaluate came from its cache.
fn llama_server(body: &Body<'_>, parsed: &mut ParsedUsage) {
    let Some(timings) = object(body.all, &["timings"]) else { return };
    body.name_provider(parsed, "llama.cpp");
    crate::local::timings(timings, parsed);
}

/// What the provider says it cost. xAI counts in ticks of which 10^10 are a dollar. With a key of one's own
/// at the provider behind OpenRouter, that provider's amount is what was spent.
pub(crate) fn costs(body: &Body<'_>, usage: &Object, parsed: &mut ParsedUsage) {
    // xAI's SDK writes them as text, like all numbers of 64 bits.
    if let Some(ticks) = usage.get("cost_in_usd_ticks").and_then(as_amount) {
        parsed.cost = Some(ticks / 1e10);
        parsed.currency = Some("USD".into());
        return;
    }
    let Some(cost) = usage.get("cost") else { return };
    // Perplexity itemises.
    if let Some(items) = cost.as_object() {
        parsed.cost = measure(items, &["total_cost", "total"]);
        parsed.currency = parsed.cost.and(items.contains_key("total_cost").then(|| "USD".into()));
        return;
    }
    let details = object(usage, &["cost_details"]);
    let is_openrouter = details.is_some()
        || usage.contains_key("is_byok")
        || body.hint_is(&["openrouter"])
        || text(body.all, &["id"]).is_some_and(|id| id.starts_with("gen-"));
    let upstream = details.and_then(|details| measure(details, &["upstream_inference_cost"]));
    let own = as_measure(cost);
    if usage.get("is_byok") == Some(&Value::Bool(true)) {
        parsed.note("is_byok", true);
        parsed.note_number("router_cost", own);
        // 0 says nothing of what the upstream took.
        parsed.cost = upstream.or(own.filter(|cost| *cost > 0.0));
    } else {
        parsed.cost = own;
    }
    if parsed.cost.is_some() && is_openrouter {
        parsed.currency = Some("USD".into());
    }
}

/// OpenRouter's `/generation`: what the model itself counted, not the tokens of another model's tokenizer.
pub(crate) fn generation(body: &Body<'_>) -> Option<ParsedUsage> {
    let all = body.all;
    let input = count(all, &["native_tokens_prompt"]);
    let output = count(all, &["native_tokens_completion"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let reported = RawCounts {
        input,
        output,
        cached: count(all, &["native_tokens_cached"]),
        reasoning: count(all, &["native_tokens_reasoning"]),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("openrouter-generation", reported, CachedTokens::Included);
    let own = measure(all, &["total_cost", "usage"]);
    let is_byok = all.get("is_byok") == Some(&Value::Bool(true));
    if is_byok {
        parsed.note("is_byok", true);
        parsed.note_number("router_cost", own);
    }
    let upstream = measure(all, &["upstream_inference_cost"]);
    parsed.cost = if is_byok { upstream.or(own.filter(|cost| *cost > 0.0)) } else { own };
    parsed.currency = parsed.cost.map(|_| "USD".into());
    parsed.provider = text(all, &["provider_name"]).map(str::to_owned);
    parsed.duration_ms = measure(all, &["generation_time"]);
    parsed.note_number("latency_ms", measure(all, &["latency"]));
    Some(parsed)
}
