//! Anthropic's messages: cached tokens come on top of `input_tokens`, and there is no total.

use super::body::Body;
use super::fields::{Object, count, object, objects, sum, text};
use super::reading::{Cache, Reading, Told};

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
                .or_else(|| super::fields::told_sum(parts)),
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
        self.each(other, |a, b| super::fields::told_sum([a, b]))
    }

    /// Of each count the larger one.
    fn most(self, other: Self) -> Self {
        self.each(other, Option::max)
    }

    fn told(self) -> Told {
        Told { input: self.input, output: self.output, read: self.read, write: self.write, ..Told::default() }
    }
}

/// Whether the keys are Anthropic's own.
pub(super) fn is_usage(usage: &Object) -> bool {
    let own = ["cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "iterations"];
    own.iter().any(|name| usage.contains_key(*name)) && !usage.contains_key("prompt_tokens")
}

/// The call itself, and one reading for each other model that worked for it.
pub(super) fn messages(body: &Body<'_>, usage: &Object) -> Option<Vec<Reading>> {
    let model = text(body.all, &["model"]);
    let top = Counts::of(usage);
    let mut own = Counts::default();
    let mut others: Vec<(String, Counts)> = Vec::new();
    for iteration in objects(usage, "iterations") {
        let counts = Counts::of(iteration);
        match text(iteration, &["model"]).filter(|other| Some(*other) != model) {
            Some(other) => match others.iter_mut().find(|(name, _)| name == other) {
                Some((_, sum)) => *sum = sum.plus(counts),
                None => others.push((other.to_owned(), counts)),
            },
            None => own = own.plus(counts),
        }
    }
    // The top level leaves the compaction of the context out; iterations may be missing from the list. What
    // was done is what either of them knows of.
    let counts = top.most(own);
    if counts.input.is_none() && counts.output.is_none() && counts.read.is_none() && counts.write.is_none() {
        return None;
    }
    let mut reading = Reading::new("anthropic", counts.told(), cache(body, usage, counts));
    reading.total = count(usage, &["total_tokens", "totalTokens"]);
    notes(usage, &mut reading);
    super::openai::costs(body, usage, &mut reading);
    let mut readings = vec![reading];
    readings.extend(others.into_iter().map(|(model, counts)| {
        let mut reading = Reading::new("anthropic", counts.told(), Cache::OnTop);
        reading.model = Some(model);
        reading
    }));
    Some(readings)
}

/// Anthropic gives no total. Where somebody in between adds one that has no room for the cached tokens
/// beside the input, they made them a part of the input.
fn cache(body: &Body<'_>, usage: &Object, counts: Counts) -> Cache {
    let total = count(usage, &["total_tokens", "totalTokens"]);
    let without = counts.input.zip(counts.output).and_then(|(input, output)| sum([input, output]));
    let is_part = total.is_some() && total == without && !body.hint_is(super::body::ON_TOP);
    let has_details = object(usage, &["input_tokens_details", "input_token_details"]).is_some();
    if is_part || has_details { Cache::Part } else { Cache::OnTop }
}

fn notes(usage: &Object, reading: &mut Reading) {
    if let Some(split) = object(usage, &["cache_creation"]) {
        reading.note_count("cache_write_5m", count(split, &["ephemeral_5m_input_tokens"]));
        reading.note_count("cache_write_1h", count(split, &["ephemeral_1h_input_tokens"]));
    }
    if let Some(details) = object(usage, &["output_tokens_details"]) {
        reading.note_count("reasoning", count(details, &["thinking_tokens", "reasoning_tokens"]));
    }
    if let Some(tools) = object(usage, &["server_tool_use"]) {
        reading.note_count("web_searches", count(tools, &["web_search_requests"]));
        reading.note_count("web_fetches", count(tools, &["web_fetch_requests"]));
    }
    reading.note_text("service_tier", text(usage, &["service_tier"]));
}
