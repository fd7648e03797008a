//! OpenAI's two shapes, and the many providers and gateways that speak them.
//!
//! Cached tokens are part of the input, and reasoning is part of the output, unless the numbers themselves
//! say otherwise: xAI's chat leaves reasoning out of `completion_tokens`, and its total tells.

use serde_json::Value;

use super::body::Body;
use super::fields::{Object, as_amount, as_count, as_measure, count, measure, object, sum, text};
use super::reading::{Cache, Reading, Told};

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
pub(super) fn chat(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let input = count(usage, &["prompt_tokens", "promptTokens"]);
    let output = count(usage, &["completion_tokens", "completionTokens"]);
    let names = ["prompt_tokens", "promptTokens", "completion_tokens", "completionTokens"];
    names.iter().any(|name| usage.contains_key(*name)).then_some(())?;
    let hit = count(usage, &["prompt_cache_hit_tokens"]);
    // DeepSeek's prompt is what it found in the cache and what it did not.
    let input = input.or_else(|| sum([hit?, count(usage, &["prompt_cache_miss_tokens"])?]));
    // Version 4 of the Vercel AI SDK hands Anthropic's own number on; gateways that write `prompt_tokens` never do.
    let is_handed_on = usage.contains_key("promptTokens") && body.cache_is_on_top();
    let cache = if is_handed_on { Cache::OnTop } else { Cache::Part };
    let mut told = Told { input, output, ..Told::default() };
    if let Some(provider) = body.provider_metadata().filter(|_| is_handed_on) {
        told.read = count(provider, READ);
        told.write = count(provider, WRITE);
    }
    let mut reading = read(usage, "openai-chat", told, cache);
    xai(body, usage, &mut reading);
    seconds(body, usage, &mut reading);
    llama_server(body, &mut reading);
    costs(body, usage, &mut reading);
    Some(reading)
}

/// `input_tokens` and `output_tokens` with the cached ones as a part: the Responses API, and whoever speaks
/// like it.
pub(super) fn responses(body: &Body<'_>, usage: &Object) -> Option<Reading> {
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
    let mut reading = read(usage, "openai-responses", Told { input, output, ..Told::default() }, Cache::Part);
    if usage.contains_key("cost_in_usd_ticks") {
        body.name_provider(&mut reading, "xai");
    }
    costs(body, usage, &mut reading);
    Some(reading)
}

fn read(usage: &Object, source: &str, told: Told, cache: Cache) -> Reading {
    let empty = Object::new();
    let details = object(usage, INPUT_DETAILS).unwrap_or(&empty);
    let output_details = object(usage, OUTPUT_DETAILS).unwrap_or(&empty);
    let nested = object(usage, &["cache"]).unwrap_or(&empty);
    let cached = [usage, details, nested].into_iter().find_map(|place| count(place, CACHED));
    let told = Told {
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
        read: [usage, details, nested].into_iter().find_map(|place| count(place, READ)).or(told.read),
        write: [usage, details, nested].into_iter().find_map(|place| count(place, WRITE)).or(told.write),
        reasoning: count(
            output_details,
            &["reasoning_tokens", "reasoningTokens", "reasoning", "thinking_tokens"],
        )
        .or_else(|| count(usage, &["reasoning_tokens", "reasoningTokens", "reasoning_output_tokens"])),
        ..told
    };
    let mut reading = Reading::new(source, told, cache);
    for (from, prefix) in [(details, "input"), (output_details, "output")] {
        for (name, kind) in DETAILED {
            if let Some(tokens) = from.get(*name).and_then(as_count) {
                reading.note(&format!("{prefix}_{kind}"), tokens);
            }
        }
    }
    let split = object(details, &["cache_creation_token_details", "cache_creation_tokens_details"])
        .or_else(|| object(usage, &["cache_creation"]));
    if let Some(split) = split {
        reading.note_count("cache_write_5m", count(split, &["ephemeral_5m_input_tokens"]));
        reading.note_count("cache_write_1h", count(split, &["ephemeral_1h_input_tokens"]));
    }
    add_reasoning(&mut reading, told);
    reading
}

/// Adds reasoning to the output where the numbers show that it comes on top: where the total has it beside
/// the output, or where it alone is more than the output.
fn add_reasoning(reading: &mut Reading, told: Told) {
    let (Some(output), Some(reasoning @ 1..)) = (told.output, told.reasoning) else { return };
    let with_reasoning = sum([output, reasoning]);
    let explained = |prompt: Option<i64>| {
        let all = prompt.zip(with_reasoning).and_then(|(prompt, output)| sum([prompt, output]));
        all.is_some() && all == told.total
    };
    let read = told.read.or(told.cached).unwrap_or(0);
    let on_top = reading.prompt.and_then(|prompt| sum([prompt, read]));
    if explained(reading.prompt) || explained(on_top) || reasoning > output {
        reading.completion = with_reasoning;
    }
}

/// xAI's chat leaves reasoning out of `completion_tokens`, total or not.
fn xai(body: &Body<'_>, usage: &Object, reading: &mut Reading) {
    if !usage.contains_key("cost_in_usd_ticks") && !body.hint_is(&["xai", "x-ai", "grok"]) {
        return;
    }
    body.name_provider(reading, "xai");
    if reading.total.is_none() && reading.completion == count(usage, &["completion_tokens"]) {
        reading.completion = super::fields::told_sum([reading.completion, reading.noted_count("reasoning")]);
    }
}

/// Groq, Cerebras and SambaNova measure in seconds. The total leaves the queue out.
fn seconds(body: &Body<'_>, usage: &Object, reading: &mut Reading) {
    let (provider, times, total) = if let Some(times) = object(body.all, &["time_info"]) {
        ("cerebras", times, "total_time")
    } else if usage.contains_key("queue_time") || usage.contains_key("completion_time") {
        ("groq", usage, "total_time")
    } else if usage.contains_key("total_latency") {
        ("sambanova", usage, "total_latency")
    } else {
        return;
    };
    body.name_provider(reading, provider);
    let millis = |name| measure(times, &[name]).map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite());
    for (from, name) in
        [("queue_time", "queue_ms"), ("prompt_time", "prompt_ms"), ("completion_time", "completion_ms")]
    {
        reading.note_number(name, millis(from));
    }
    reading.duration_ms = millis(total);
}

/// llama.cpp's server says beside the usage what it evaluated; what it did not evaluate came from its cache.
fn llama_server(body: &Body<'_>, reading: &mut Reading) {
    let Some(timings) = object(body.all, &["timings"]) else { return };
    body.name_provider(reading, "llama.cpp");
    super::local::timings(timings, reading);
}

/// What the provider says it cost. xAI counts in ticks of which 10^10 are a dollar. With a key of one's own
/// at the provider behind OpenRouter, that provider's amount is what was spent.
pub(super) fn costs(body: &Body<'_>, usage: &Object, reading: &mut Reading) {
    // xAI's SDK writes them as text, like all numbers of 64 bits.
    if let Some(ticks) = usage.get("cost_in_usd_ticks").and_then(as_amount) {
        reading.cost = Some(ticks / 1e10);
        reading.currency = Some("USD".into());
        return;
    }
    let Some(cost) = usage.get("cost") else { return };
    // Perplexity itemises.
    if let Some(items) = cost.as_object() {
        reading.cost = measure(items, &["total_cost", "total"]);
        reading.currency = reading.cost.and(items.contains_key("total_cost").then(|| "USD".into()));
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
        reading.note("is_byok", true);
        reading.note_number("router_cost", own);
        // 0 says nothing of what the upstream took.
        reading.cost = upstream.or(own.filter(|cost| *cost > 0.0));
    } else {
        reading.cost = own;
    }
    if reading.cost.is_some() && is_openrouter {
        reading.currency = Some("USD".into());
    }
}

/// OpenRouter's `/generation`: what the model itself counted, not the tokens of another model's tokenizer.
pub(super) fn generation(body: &Body<'_>) -> Option<Reading> {
    let all = body.all;
    let input = count(all, &["native_tokens_prompt"]);
    let output = count(all, &["native_tokens_completion"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let told = Told {
        input,
        output,
        cached: count(all, &["native_tokens_cached"]),
        reasoning: count(all, &["native_tokens_reasoning"]),
        ..Told::default()
    };
    let mut reading = Reading::new("openrouter-generation", told, Cache::Part);
    let own = measure(all, &["total_cost", "usage"]);
    let is_byok = all.get("is_byok") == Some(&Value::Bool(true));
    if is_byok {
        reading.note("is_byok", true);
        reading.note_number("router_cost", own);
    }
    let upstream = measure(all, &["upstream_inference_cost"]);
    reading.cost = if is_byok { upstream.or(own.filter(|cost| *cost > 0.0)) } else { own };
    reading.currency = reading.cost.map(|_| "USD".into());
    reading.provider = text(all, &["provider_name"]).map(str::to_owned);
    reading.duration_ms = measure(all, &["generation_time"]);
    reading.note_number("latency_ms", measure(all, &["latency"]));
    Some(reading)
}
