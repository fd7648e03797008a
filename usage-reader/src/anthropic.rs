//! Anthropic's messages: cached tokens are counted in addition to `input_tokens`, and there is no total.

use crate::body::Body;
use crate::fields::{Object, count, object, objects, sum, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// What one usage object, or one entry of its `iterations`, counts.
#[derive(Clone, Copy, Default)]
struct Counts {
    input: Option<i64>,
    output: Option<i64>,
    read: Option<i64>,
    write: Option<i64>,
}

impl Counts {
    fn of(usage: &Object) -> Self {
        let split = object(usage, &["cache_creation"]);
        let part = |name| split.and_then(|split| count(split, &[name]));
        let parts = [part("ephemeral_5m_input_tokens"), part("ephemeral_1h_input_tokens")];
        Self {
            input: count(usage, &["input_tokens", "inputTokens", "uncached_input_tokens"]),
            output: count(usage, &["output_tokens", "outputTokens"]),
            read: count(usage, &["cache_read_input_tokens", "cacheReadInputTokens"]),
            write: count(usage, &["cache_creation_input_tokens", "cacheCreationInputTokens"])
                .or_else(|| crate::fields::reported_sum(parts)),
        }
    }

    fn each(self, other: Self, with: impl Fn(Option<i64>, Option<i64>) -> Option<i64>) -> Self {
        Self {
            input: with(self.input, other.input),
            output: with(self.output, other.output),
            read: with(self.read, other.read),
            write: with(self.write, other.write),
        }
    }

    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| crate::fields::reported_sum([a, b]))
    }

    /// Of each count the larger one.
    fn most(self, other: Self) -> Self {
        self.each(other, Option::max)
    }

    fn reported(self) -> RawCounts {
        RawCounts {
            input: self.input,
            output: self.output,
            cache_read: self.read,
            cache_write: self.write,
            ..RawCounts::default()
        }
    }
}

/// Whether the keys are Anthropic's own.
pub(crate) fn is_usage(usage: &Object) -> bool {
    let own = ["cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "iterations"];
    own.iter().any(|name| usage.contains_key(*name)) && !usage.contains_key("prompt_tokens")
}

/// What was done for one call, one entry a model; the first is the one that the top level is of.
fn by_model(body: &Body<'_>, usage: &Object) -> Vec<(Option<String>, Counts)> {
    let fallback = objects(usage, "iterations").filter(|iteration| is_fallback(iteration)).last();
    // A body without a model is of the one that its own messages name.
    let own_message = || {
        let mut messages = objects(usage, "iterations").filter(|all| text(all, &["type"]) == Some("message"));
        text(messages.next()?, &["model"])
    };
    let asked = text(body.all, &["model"]);
    let answered = fallback.and_then(|all| text(all, &["model"])).or(asked).or_else(own_message);
    let mut models = vec![(answered.map(str::to_owned), Counts::default())];
    for iteration in objects(usage, "iterations") {
        let model = text(iteration, &["model"]).or(answered);
        let counts = Counts::of(iteration);
        match models.iter_mut().find(|(name, _)| name.as_deref() == model) {
            Some((_, sum)) => *sum = sum.plus(counts),
            None => models.push((model.map(str::to_owned), counts)),
        }
    }
    // The top level leaves the compaction of the context out, and the attempts before a fallback; iterations
    // may be missing from the list. What was done is what either of them knows of.
    models[0].1 = Counts::of(usage).most(models[0].1);
    models
}

/// Another attempt, after a model refused.
fn is_fallback(iteration: &Object) -> bool {
    text(iteration, &["type"]) == Some("fallback_message")
}

/// The call itself, and one usage for each other model that worked for it.
pub(crate) fn messages(body: &Body<'_>, usage: &Object) -> Option<Vec<ParsedUsage>> {
    let mut models = by_model(body, usage).into_iter();
    let (model, counts) = models.next()?;
    if counts.input.is_none() && counts.output.is_none() && counts.read.is_none() && counts.write.is_none() {
        return None;
    }
    let mut parsed = ParsedUsage::new("anthropic", counts.reported(), cache(body, usage, counts));
    parsed.total = count(usage, &["total_tokens", "totalTokens"]);
    notes(usage, &mut parsed);
    crate::openai::costs(body, usage, &mut parsed);
    parsed.model = model;
    let mut usages = vec![parsed];
    usages.extend(models.map(|(model, counts)| {
        let mut parsed = ParsedUsage::new("anthropic", counts.reported(), CachedTokens::Additional);
        parsed.model = model;
        parsed
    }));
    // An attempt that reports no numbers is none.
    usages.retain(|parsed| parsed.has_usage());
    Some(usages)
}

/// Anthropic gives no total. Where somebody in between adds one that has no room for the cached tokens
/// beside the input, they made them a part of the input.
fn cache(body: &Body<'_>, usage: &Object, counts: Counts) -> CachedTokens {
    let total = count(usage, &["total_tokens", "totalTokens"]);
    let without = counts.input.zip(counts.output).and_then(|(input, output)| sum([input, output]));
    let is_part = total.is_some() && total == without && !body.hint_is(crate::body::CACHED_IS_ADDITIONAL);
    let has_details = object(usage, &["input_tokens_details", "input_token_details"]).is_some();
    if is_part || has_details { CachedTokens::Included } else { CachedTokens::Additional }
}

fn notes(usage: &Object, parsed: &mut ParsedUsage) {
    if let Some(split) = object(usage, &["cache_creation"]) {
        parsed.note_count("cache_write_5m", count(split, &["ephemeral_5m_input_tokens"]));
        parsed.note_count("cache_write_1h", count(split, &["ephemeral_1h_input_tokens"]));
    }
    if let Some(details) = object(usage, &["output_tokens_details"]) {
        parsed.note_count("reasoning", count(details, &["thinking_tokens", "reasoning_tokens"]));
    }
    if let Some(tools) = object(usage, &["server_tool_use"]) {
        parsed.note_count("web_searches", count(tools, &["web_search_requests"]));
        parsed.note_count("web_fetches", count(tools, &["web_fetch_requests"]));
    }
    parsed.note_text("service_tier", text(usage, &["service_tier"]));
}
