//! The Vercel AI SDK. In version 6 the input includes the cache; version 5 passes the provider's own number on, whose
//! meaning depends on the provider.

use crate::body::Body;
use crate::fields::{Fields, Object, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Role, Source, Work};
use crate::usage_projection;

const INPUT_DETAILS: &[&str] = &["inputTokenDetails", "inputTokens"];
const OUTPUT_DETAILS: &[&str] = &["outputTokenDetails", "outputTokens"];

/// The end of a step (`e`) or of the whole (`d`) in the data stream of version 4, whose lines begin with a letter.
pub(crate) fn data_stream_event(line: &str) -> Option<Object> {
    const ENDS: &[(&str, &str)] =
        &[("e:{\"finishReason\"", "finish-step"), ("d:{\"finishReason\"", "finish")];
    let (_, kind) = ENDS.iter().find(|(start, _)| line.starts_with(start))?;
    let mut event = usage_projection::read(line[2..].trim_end())?;
    event.insert("type".into(), (*kind).into());
    Some(event)
}

/// Version 6, for applications (`inputTokenDetails`) and for providers (`inputTokens.total`).
pub(super) struct Version6;

impl Source for Version6 {
    fn name(&self) -> &'static str {
        "vercel-ai-sdk-6"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.object(INPUT_DETAILS).is_some() || usage.object(OUTPUT_DETAILS).is_some()
    }

    fn read(&self, _body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let empty = Object::new();
        let input = usage.object(INPUT_DETAILS).unwrap_or(Fields::of(&empty));
        let output = usage.object(OUTPUT_DETAILS).unwrap_or(Fields::of(&empty));
        let no_cache = input.count(&["noCacheTokens", "noCache"]);
        let read = input.count(&["cacheReadTokens", "cacheRead"]);
        let write = input.count(&["cacheWriteTokens", "cacheWrite"]);
        let reasoning = output.count(&["reasoningTokens", "reasoning"]);
        let text = output.count(&["textTokens", "text"]);
        let beside = (usage.count(&["cachedInputTokens"]), usage.count(&["reasoningTokens"]));
        let reported = RawCounts {
            input: usage
                .count(&["inputTokens"])
                .or_else(|| input.count(&["total"]))
                .or_else(|| reported_sum([Some(no_cache?), read, write])),
            output: usage
                .count(&["outputTokens"])
                .or_else(|| output.count(&["total"]))
                .or_else(|| reported_sum([Some(text?), reasoning])),
            total: usage.count(&["totalTokens"]),
            cache_read: read.or(beside.0),
            cache_write: write,
            reasoning: reasoning.or(beside.1),
            ..RawCounts::default()
        };
        vec![ParsedUsage::new(self.name(), reported, CachedTokens::Included)]
    }
}

/// Version 5, and the names of version 4 beside the provider's own metadata.
pub(super) struct Version5;

impl Source for Version5 {
    fn name(&self) -> &'static str {
        "vercel-ai-sdk-5"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(&["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens"])
            // xAI's SDK reports `reasoningTokens` beside the names of OpenAI's chat.
            && !usage.has_any(&["promptTokens", "completionTokens"])
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let provider = body.provider_metadata();
        let beside = |names: &[&str]| provider.and_then(|provider| provider.count(names));
        let reported = RawCounts {
            input: usage.count(&["inputTokens"]),
            output: usage.count(&["outputTokens"]),
            total: usage.count(&["totalTokens"]),
            cached: usage
                .count(&["cachedInputTokens", "cacheReadTokens", "cacheReadInputTokens", "cachedReadTokens"])
                .or_else(|| beside(&["cacheReadInputTokens"])),
            cache_write: usage
                .count(&["cacheWriteTokens", "cacheCreationInputTokens", "cacheWriteInputTokens"])
                .or_else(|| beside(&["cacheCreationInputTokens", "cacheWriteInputTokens"])),
            reasoning: usage.count(&["reasoningTokens"]),
            ..RawCounts::default()
        };
        let cached_tokens = if body.cached_is_additional() {
            CachedTokens::AdditionalToTotal
        } else {
            CachedTokens::Included
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, cached_tokens);
        super::openai::costs(body, usage, &mut parsed);
        vec![parsed]
    }

    /// The end of a stream reports the sum of its steps.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let of = |role| Some(Work::new(role, "vercel-ai-sdk", None));
        match line.text(&["type"])? {
            "finish-step" | "step-finish" | "step_finish" if line.has_any(&["usage", "totalUsage"]) => {
                of(Role::Part)
            }
            "finish" if line.has_any(&["usage", "totalUsage"]) => of(Role::Run),
            _ => None,
        }
    }
}
