//! llama.cpp: its own `/completion`, and its server's measurements beside OpenAI's usage.

use crate::body::Body;
use crate::fields::{Fields, sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

const NAME: &str = "llama.cpp";

/// `/completion`.
pub(super) struct Completion;

impl Source for Completion {
    fn name(&self) -> &'static str {
        NAME
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has_any(&["tokens_evaluated", "tokens_predicted"])
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let input = all.count(&["tokens_evaluated"]);
        let output = all.count(&["tokens_predicted"]);
        if input.is_none() && output.is_none() {
            return Vec::new();
        }
        let timed = all.object(&["timings"]);
        // `tokens_cached` is the size of the cache after the call, not the number of hits.
        let cached = all.count(&["tokens_cached"]).filter(|cached| timed.is_none() && Some(*cached) <= input);
        let reported = RawCounts { input, output, cached, ..RawCounts::default() };
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
        body.name_provider(&mut parsed, NAME);
        if let Some(timed) = timed {
            timings(timed, &mut parsed);
        }
        vec![parsed]
    }
}

/// The last piece of a stream for which no usage was requested. The prompt is the sum of the evaluated and the cached
/// tokens.
pub(super) struct Timed;

impl Source for Timed {
    fn name(&self) -> &'static str {
        "llama.cpp-timings"
    }

    fn place(&self) -> Place {
        Place::Rest
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        let has_both = |timings: Fields<'_>| timings.has("prompt_n") && timings.has("predicted_n");
        all.object(&["timings"]).is_some_and(has_both)
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(measured) = all.object(&["timings"]) else { return Vec::new() };
        let [cached, evaluated, output] =
            ["cache_n", "prompt_n", "predicted_n"].map(|name| measured.count(&[name]));
        if evaluated.is_none() || output.is_none() {
            return Vec::new();
        }
        let input = evaluated.zip(cached).and_then(|(evaluated, cached)| sum([evaluated, cached]));
        let reported = RawCounts { input, output, cached, ..RawCounts::default() };
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
        body.name_provider(&mut parsed, NAME);
        timings(measured, &mut parsed);
        vec![parsed]
    }
}

/// Adds the server's measurements beside OpenAI's usage.
pub(super) fn measures(body: &Body<'_>, parsed: &mut ParsedUsage) {
    let Some(measured) = body.all.object(&["timings"]) else { return };
    body.name_provider(parsed, NAME);
    timings(measured, parsed);
}

/// If llama.cpp does not report cached tokens, they are the part of the prompt that it did not evaluate.
fn timings(timings: Fields<'_>, parsed: &mut ParsedUsage) {
    let (hits, evaluated) = (timings.count(&["cache_n"]), timings.count(&["prompt_n"]));
    if parsed.cached.is_none() {
        let rest = parsed.input.zip(evaluated).map(|(prompt, evaluated)| prompt - evaluated);
        let cached = hits.or(rest.filter(|rest| *rest >= 0));
        // A value above the prompt cannot be a count of hits.
        let cached = cached.filter(|cached| parsed.input.is_none_or(|prompt| *cached <= prompt));
        (parsed.cached, parsed.cache_read) = (cached, cached);
    }
    parsed.note_number("prompt_ms", timings.measure(&["prompt_ms"]));
    parsed.note_number("eval_ms", timings.measure(&["predicted_ms"]));
}
