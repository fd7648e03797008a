//! OpenAI's two formats, and the many providers and gateways that use them.
//!
//! Cached tokens are included in the input, and reasoning is included in the output, unless the numbers show otherwise:
//! xAI's chat does not include reasoning in `completion_tokens`, which its total reveals.

use super::{embeddings, groq, llama_cpp, openrouter, perplexity, xai};
use crate::body::Body;
use crate::fields::{Fields, sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Role, Source, Work};

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
/// Other names of cached tokens, which are beside the input and never among its details.
const CACHED_BESIDE: &[&str] = &[
    "num_cached_tokens",
    "prompt_cache_hit_tokens",
    "cachedInputTokens",
    "cached_input_tokens",
    "input_cached_tokens",
    "cachedReadTokens",
    "cached_prompt_text_tokens",
    "cachedPromptTextTokens",
    "cachedInputTokenCount",
    "cached_input_token_count",
    "cachedTokenCount",
    "cached_prompt_tokens",
    "prompt_cached_tokens",
];
const READ: &[&str] = &[
    "tokensCacheRead",
    "tokens_cache_read",
    "cacheRead",
    "cache_read",
    "cache_read_tokens",
    "cacheReadTokens",
    "cache_read_input_tokens",
    "cacheReadInputTokens",
    // LangChain includes OpenAI's tiers in the names.
    "flex_cache_read",
    "priority_cache_read",
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
    "prompt_cache_creation_tokens",
];
const REASONING: &[&str] = &[
    "reasoning_tokens",
    "reasoningTokens",
    "reasoning",
    "thinking_tokens",
    "flex_reasoning",
    "priority_reasoning",
];
const REASONING_BESIDE: &[&str] = &["reasoning_tokens", "reasoningTokens", "reasoning_output_tokens"];
const DETAILED: &[(&str, &str)] =
    &[("audio_tokens", "audio"), ("image_tokens", "image"), ("video_tokens", "video"), ("audio", "audio")];
/// Costs whose names imply US dollars; DeepInfra documents that for the last one.
const DOLLARS: &[&str] = &["cost_usd", "costUsd", "costUSD", "total_cost_usd", "estimated_cost"];
/// Details of input and output that add no information: text, and predictions that are billed as output.
const PARTS: &[&str] = &[
    "text_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "promptTextTokens",
    "prompt_text_tokens",
];
const CHAT: &[&str] = &["prompt_tokens", "promptTokens", "completion_tokens", "completionTokens"];
const TOTAL: &[&str] = &["total_tokens", "totalTokens", "total", "tokens"];
const INPUT: &[&str] = &["input_tokens", "inputTokens", "input", "request_tokens", "tokens_in"];
const OUTPUT: &[&str] = &["output_tokens", "outputTokens", "output", "response_tokens", "tokens_out"];

/// `prompt_tokens` and `completion_tokens`.
pub(super) struct Chat;

impl Source for Chat {
    fn name(&self) -> &'static str {
        "openai-chat"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(CHAT)
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let hit = usage.count(&["prompt_cache_hit_tokens"]);
        let missed = usage.count(&["prompt_cache_miss_tokens"]);
        // DeepSeek's prompt is the sum of cache hits and misses.
        let input = usage.count(&["prompt_tokens", "promptTokens"]).or_else(|| sum([hit?, missed?]));
        let output = usage.count(&["completion_tokens", "completionTokens", "generatedTokens"]);
        // Version 4 of the Vercel AI SDK passes Anthropic's own number on; gateways that write `prompt_tokens` never
        // do.
        let is_handed_on = usage.has("promptTokens") && body.cached_is_additional();
        let cached = if is_handed_on { CachedTokens::AdditionalToTotal } else { CachedTokens::Included };
        let mut reported = RawCounts { input, output, ..RawCounts::default() };
        if let Some(provider) = body.provider_metadata().filter(|_| is_handed_on) {
            reported.cache_read = provider.count(READ);
            reported.cache_write = provider.count(WRITE);
        }
        let mut parsed = read(usage, self.name(), reported, cached);
        xai::speaks_chat(body, usage, &mut parsed);
        groq::measures_seconds(body, usage, &mut parsed);
        llama_cpp::measures(body, &mut parsed);
        costs(body, usage, &mut parsed);
        vec![parsed]
    }
}

/// `input_tokens`, which includes the cached ones, and `output_tokens`: the Responses API, and compatible providers.
pub(super) struct Responses;

impl Source for Responses {
    fn name(&self) -> &'static str {
        "openai-responses"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        [INPUT, OUTPUT, TOTAL, INPUT_DETAILS, OUTPUT_DETAILS].iter().any(|names| usage.has_any(names))
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let mut input = usage.count(INPUT);
        let output = usage.count(OUTPUT);
        let details = usage.object(INPUT_DETAILS).is_some() || usage.object(OUTPUT_DETAILS).is_some();
        let total = usage.count(TOTAL);
        if input.is_none() && output.is_none() && total.is_none() && !details {
            return Vec::new();
        }
        // The Vercel AI SDK uses this name for embeddings.
        let is_embedding = usage.count(&["tokens"]).is_some() || embeddings::has_no_output(body);
        if input.is_none() && output.is_none() && is_embedding {
            input = total;
        }
        let reported = RawCounts { input, output, ..RawCounts::default() };
        let mut parsed = read(usage, self.name(), reported, CachedTokens::Included);
        if usage.has_any(xai::TICKS) {
            body.name_provider(&mut parsed, "xai");
        }
        costs(body, usage, &mut parsed);
        vec![parsed]
    }
}

/// A piece of a streamed response. Some servers write cumulative counts into each piece, and send no id.
pub(super) struct Chunk;

impl Source for Chunk {
    fn name(&self) -> &'static str {
        "openai-chunk"
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let is_chunk = line.text(&["object"]) == Some("chat.completion.chunk");
        (is_chunk && line.text(&["id"]).is_none() && line.object(&["usage"]).is_some())
            .then(|| Work::new(Role::Piece { is_last: false, is_count_alone: false }, self.name(), None))
    }
}

/// A run of an assistant reports the sum of its steps.
pub(super) struct AssistantRun;

impl Source for AssistantRun {
    fn name(&self) -> &'static str {
        "openai-assistant"
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let line = line.object(&["data"]).unwrap_or(line);
        line.object(&["usage"])?;
        match line.text(&["object"])? {
            "thread.run" => Some(Work::new(Role::Run, self.name(), line.text(&["id"]))),
            "thread.run.step" => Some(Work::new(Role::Part, self.name(), line.text(&["run_id"]))),
            _ => None,
        }
    }
}

fn read(usage: Fields<'_>, source: &str, reported: RawCounts, cached_tokens: CachedTokens) -> ParsedUsage {
    let empty = crate::fields::Object::new();
    let or_empty = |fields: Option<_>| fields.unwrap_or(Fields::of(&empty));
    let details = or_empty(usage.object(INPUT_DETAILS));
    let output_details = or_empty(usage.object(OUTPUT_DETAILS));
    let places = [usage, details, or_empty(usage.object(&["cache"]))];
    let first = |names: &[&str]| places.map(|place| place.count(names)).into_iter().flatten().next();
    let split = details
        .object(&["cache_creation_token_details", "cache_creation_tokens_details"])
        .or_else(|| usage.object(&["cache_creation"]))
        // LangChain moves these counts out of `cache_creation`.
        .or_else(|| {
            details.has_any(&["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"]).then_some(details)
        });
    let split = or_empty(split);
    let (five_minutes, hour) =
        (split.count(&["ephemeral_5m_input_tokens"]), split.count(&["ephemeral_1h_input_tokens"]));
    let write = first(WRITE).or(reported.cache_write);
    let reported = RawCounts {
        total: usage.count(TOTAL),
        cached: first(CACHED).or_else(|| usage.count(CACHED_BESIDE)),
        cache_read: first(READ).or(reported.cache_read),
        cache_write: write.max(crate::fields::reported_sum([five_minutes, hour])),
        reasoning: output_details
            .count(REASONING)
            .or_else(|| usage.count(REASONING_BESIDE))
            .or_else(|| usage.object(&["details"])?.count(REASONING)),
        ..reported
    };
    let mut parsed = ParsedUsage::new(source, reported, cached_tokens);
    usage.count(PARTS);
    for (from, prefix) in [(details, "input"), (output_details, "output")] {
        from.count(PARTS);
        for (name, kind) in DETAILED {
            parsed.note_count(&format!("{prefix}_{kind}"), from.count(&[name]));
        }
    }
    // Details of other details, and the provider's own names, which pydantic-ai keeps.
    let cached_details = details.object(&["cached_tokens_details"]);
    cached_details.into_iter().flat_map(Fields::values).for_each(drop);
    if let Some(own) = usage.object(&["details"]) {
        for names in [INPUT, OUTPUT, TOTAL, CHAT, CACHED, READ, WRITE, PARTS] {
            own.count(names);
        }
    }
    parsed.note_count("cache_write_5m", five_minutes);
    parsed.note_count("cache_write_1h", hour);
    add_reasoning(&mut parsed, reported);
    parsed
}

/// Adds reasoning to the output if the numbers show that it is not included: if the total has it in addition to the
/// output, or if it exceeds the output.
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

/// The cost that the provider or the gateway reports.
pub(crate) fn costs(body: &Body<'_>, usage: Fields<'_>, parsed: &mut ParsedUsage) {
    if let Some(dollars) = xai::dollars(usage) {
        (parsed.cost, parsed.currency) = (Some(dollars), Some("USD".into()));
    } else if let Some(items) = usage.object(&["cost"]) {
        perplexity::itemised(items, parsed);
    } else if usage.has("cost") {
        openrouter::cost(body, usage, parsed);
    } else if let Some(dollars) = usage.measure(DOLLARS) {
        (parsed.cost, parsed.currency) = (Some(dollars), Some("USD".into()));
    }
}
