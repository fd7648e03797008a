//! The Vercel AI SDK. Version 6 says what comes from the cache as a part of the input; version 5 hands the
//! provider's own number on, so that only who knows the provider knows what it means.

use crate::body::Body;
use crate::fields::{Object, count, object, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// Version 6, for applications (`inputTokenDetails`) and for providers (`inputTokens.total`).
pub(crate) fn version_6(usage: &Object) -> Option<ParsedUsage> {
    let input = object(usage, &["inputTokenDetails", "inputTokens"]);
    let output = object(usage, &["outputTokenDetails", "outputTokens"]);
    let (input, output) = match (input, output) {
        (None, None) => return None,
        (input, output) => (input.cloned().unwrap_or_default(), output.cloned().unwrap_or_default()),
    };
    let no_cache = count(&input, &["noCacheTokens", "noCache"]);
    let read = count(&input, &["cacheReadTokens", "cacheRead"]);
    let write = count(&input, &["cacheWriteTokens", "cacheWrite"]);
    let reasoning = count(&output, &["reasoningTokens", "reasoning"]);
    let reported = RawCounts {
        input: count(usage, &["inputTokens"])
            .or_else(|| count(&input, &["total"]))
            .or_else(|| reported_sum([Some(no_cache?), read, write])),
        output: count(usage, &["outputTokens"])
            .or_else(|| count(&output, &["total"]))
            .or_else(|| reported_sum([Some(count(&output, &["textTokens", "text"])?), reasoning])),
        total: count(usage, &["totalTokens"]),
        cache_read: read.or_else(|| count(usage, &["cachedInputTokens"])),
        cache_write: write,
        reasoning: reasoning.or_else(|| count(usage, &["reasoningTokens"])),
        ..RawCounts::default()
    };
    Some(ParsedUsage::new("vercel-ai-sdk-6", reported, CachedTokens::Included))
}

/// Version 5, and the names of version 4 beside what a provider adds in its own metadata.
pub(crate) fn version_5(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let input = count(usage, &["inputTokens"]);
    let output = count(usage, &["outputTokens"]);
    let own = ["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens"];
    own.iter().any(|name| usage.contains_key(*name)).then_some(())?;
    // xAI's SDK reports `reasoningTokens` beside the names of OpenAI's chat.
    (!usage.contains_key("promptTokens") && !usage.contains_key("completionTokens")).then_some(())?;
    let provider = body.provider_metadata();
    let beside = |names: &[&str]| provider.and_then(|provider| count(provider, names));
    let reported = RawCounts {
        input,
        output,
        total: count(usage, &["totalTokens"]),
        cached: count(usage, &["cachedInputTokens", "cacheReadTokens", "cacheReadInputTokens"])
            .or_else(|| beside(&["cacheReadInputTokens"])),
        cache_write: count(usage, &["cacheWriteTokens", "cacheCreationInputTokens", "cacheWriteInputTokens"])
            .or_else(|| beside(&["cacheCreationInputTokens", "cacheWriteInputTokens"])),
        reasoning: count(usage, &["reasoningTokens"]),
        ..RawCounts::default()
    };
    let cache = if body.cached_is_additional() { CachedTokens::Additional } else { CachedTokens::Included };
    Some(ParsedUsage::new("vercel-ai-sdk-5", reported, cache))
}
