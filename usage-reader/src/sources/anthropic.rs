//! Anthropic's messages: cached tokens are counted in addition to `input_tokens`, and there is no total.

use crate::body::{Body, CACHED_IS_ADDITIONAL};
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::Source;

const TOTAL: &[&str] = &["total_tokens", "totalTokens"];

/// The counts of one usage object, or of one entry of its `iterations`.
#[derive(Clone, Copy, Default)]
struct Counts {
    input: Option<i64>,
    output: Option<i64>,
    read: Option<i64>,
    write: Option<i64>,
}

impl Counts {
    fn of(usage: Fields<'_>) -> Self {
        let split = usage.object(&["cache_creation"]);
        let part = |name| split.and_then(|split| split.count(&[name]));
        let parts = [part("ephemeral_5m_input_tokens"), part("ephemeral_1h_input_tokens")];
        Self {
            input: usage.count(&["input_tokens", "inputTokens", "uncached_input_tokens"]),
            output: usage.count(&["output_tokens", "outputTokens"]),
            read: usage.count(&["cache_read_input_tokens", "cacheReadInputTokens"]),
            write: usage
                .count(&["cache_creation_input_tokens", "cacheCreationInputTokens"])
                .or_else(|| reported_sum(parts)),
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
        self.each(other, |a, b| reported_sum([a, b]))
    }

    /// The larger value of each count.
    fn most(self, other: Self) -> Self {
        self.each(other, Option::max)
    }

    fn reported(self, total: Option<i64>) -> RawCounts {
        RawCounts {
            input: self.input,
            output: self.output,
            total,
            cache_read: self.read,
            cache_write: self.write,
            ..RawCounts::default()
        }
    }
}

/// The usage object of a message, in the names of the API or those of Claude Code.
pub(super) struct Messages;

impl Source for Messages {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn detect(&self, body: &Body<'_>, usage: Fields<'_>) -> bool {
        let own = [
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "cacheCreationInputTokens",
            "cache_creation",
            "iterations",
        ];
        let is_message = body.all.text(&["type"]) == Some("message") || usage.has("server_tool_use");
        (usage.has_any(&own) || (is_message && usage.has("input_tokens"))) && !usage.has("prompt_tokens")
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        messages(body, usage)
    }
}

/// The counts of each model in the call; the first is the model of the top level.
fn by_model(body: &Body<'_>, usage: Fields<'_>) -> Vec<(Option<String>, Counts)> {
    let iterations = || usage.objects("iterations");
    let fallback = iterations().filter(|iteration| is_fallback(*iteration)).last();
    // If the body names no model, it is the one of its own messages.
    let own_message = || {
        let mut messages = iterations().filter(|all| all.text(&["type"]) == Some("message"));
        messages.next()?.text(&["model"])
    };
    let asked = body.all.text(&["model"]);
    let answered = fallback.and_then(|all| all.text(&["model"])).or(asked).or_else(own_message);
    let mut models = vec![(answered.map(str::to_owned), Counts::default())];
    for iteration in iterations() {
        let model = iteration.text(&["model"]).or(answered);
        let counts = Counts::of(iteration);
        match models.iter_mut().find(|(name, _)| name.as_deref() == model) {
            Some((_, sum)) => *sum = sum.plus(counts),
            None => models.push((model.map(str::to_owned), counts)),
        }
    }
    // The top level does not include the compaction of the context and the attempts before a fallback; the list may
    // lack iterations. So the larger of the two is used.
    models[0].1 = Counts::of(usage).most(models[0].1);
    models
}

/// Whether this is another attempt after a model refused.
fn is_fallback(iteration: Fields<'_>) -> bool {
    iteration.text(&["type"]) == Some("fallback_message")
}

/// The call itself, and one usage for each other model that was used for it.
pub(super) fn messages(body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
    let mut models = by_model(body, usage).into_iter();
    let Some((model, counts)) = models.next() else { return Vec::new() };
    if counts.input.is_none() && counts.output.is_none() && counts.read.is_none() && counts.write.is_none() {
        return Vec::new();
    }
    let reported = counts.reported(usage.count(TOTAL));
    let mut parsed = ParsedUsage::new("anthropic", reported, cached_tokens(body, usage));
    notes(usage, &mut parsed);
    super::openai::costs(body, usage, &mut parsed);
    parsed.model = model;
    let mut usages = vec![parsed];
    usages.extend(models.map(|(model, counts)| {
        let mut parsed = ParsedUsage::new("anthropic", counts.reported(None), CachedTokens::Additional);
        parsed.model = model;
        parsed
    }));
    // An attempt without counts is left out.
    usages.retain(ParsedUsage::has_usage);
    usages
}

/// Anthropic reports no total. If a gateway adds one, it shows how the gateway counts cached tokens, unless the caller
/// says that the numbers are Anthropic's own.
fn cached_tokens(body: &Body<'_>, usage: Fields<'_>) -> CachedTokens {
    if usage.object(&["input_tokens_details", "input_token_details"]).is_some() {
        CachedTokens::Included
    } else if body.hint_is(CACHED_IS_ADDITIONAL) {
        CachedTokens::AdditionalToTotal
    } else {
        CachedTokens::Additional
    }
}

fn notes(usage: Fields<'_>, parsed: &mut ParsedUsage) {
    if let Some(split) = usage.object(&["cache_creation"]) {
        parsed.note_count("cache_write_5m", split.count(&["ephemeral_5m_input_tokens"]));
        parsed.note_count("cache_write_1h", split.count(&["ephemeral_1h_input_tokens"]));
    }
    if let Some(details) = usage.object(&["output_tokens_details"]) {
        parsed.note_count("reasoning", details.count(&["thinking_tokens", "reasoning_tokens"]));
    }
    if let Some(tools) = usage.object(&["server_tool_use"]) {
        parsed.note_count("web_searches", tools.count(&["web_search_requests"]));
        parsed.note_count("web_fetches", tools.count(&["web_fetch_requests"]));
    }
    for name in ["service_tier", "speed", "inference_geo"] {
        parsed.note_text(name, usage.text(&[name]));
    }
}
