//! The Vercel AI SDK. Version 6 says what comes from the cache as a part of the input; version 5 hands the
//! provider's own number on, so that only who knows the provider knows what it means.

use super::body::Body;
use super::fields::{Object, count, object, told_sum};
use super::reading::{Cache, Reading, Told};

/// Version 6, for applications (`inputTokenDetails`) and for providers (`inputTokens.total`).
pub(super) fn version_6(usage: &Object) -> Option<Reading> {
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
    let told = Told {
        input: count(usage, &["inputTokens"])
            .or_else(|| count(&input, &["total"]))
            .or_else(|| told_sum([Some(no_cache?), read, write])),
        output: count(usage, &["outputTokens"])
            .or_else(|| count(&output, &["total"]))
            .or_else(|| told_sum([Some(count(&output, &["textTokens", "text"])?), reasoning])),
        total: count(usage, &["totalTokens"]),
        read: read.or_else(|| count(usage, &["cachedInputTokens"])),
        write,
        reasoning: reasoning.or_else(|| count(usage, &["reasoningTokens"])),
        ..Told::default()
    };
    Some(Reading::new("vercel-ai-sdk-6", told, Cache::Part))
}

/// Version 5, and the names of version 4 beside what a provider adds in its own metadata.
pub(super) fn version_5(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let input = count(usage, &["inputTokens"]);
    let output = count(usage, &["outputTokens"]);
    let own = ["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens"];
    own.iter().any(|name| usage.contains_key(*name)).then_some(())?;
    // xAI's SDK tells `reasoningTokens` beside the names of OpenAI's chat.
    (!usage.contains_key("promptTokens") && !usage.contains_key("completionTokens")).then_some(())?;
    let provider = body.provider_metadata();
    let beside = |names: &[&str]| provider.and_then(|provider| count(provider, names));
    let told = Told {
        input,
        output,
        total: count(usage, &["totalTokens"]),
        cached: count(usage, &["cachedInputTokens", "cacheReadTokens", "cacheReadInputTokens"])
            .or_else(|| beside(&["cacheReadInputTokens"])),
        write: count(usage, &["cacheWriteTokens", "cacheCreationInputTokens", "cacheWriteInputTokens"])
            .or_else(|| beside(&["cacheCreationInputTokens", "cacheWriteInputTokens"])),
        reasoning: count(usage, &["reasoningTokens"]),
        ..Told::default()
    };
    let cache = if body.cache_is_on_top() { Cache::OnTop } else { Cache::Part };
    Some(Reading::new("vercel-ai-sdk-5", told, cache))
}
