//! Cohere: `tokens` is what was processed, `billed_units` what is charged. Cached tokens are included in the former,
//! and may exceed the latter.

use crate::body::Body;
use crate::fields::{Fields, as_measure};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

/// `usage` of version 2, and `meta` of version 1.
pub(super) struct Units;

impl Source for Units {
    fn name(&self) -> &'static str {
        "cohere"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        has_units(usage)
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        read(body, usage)
    }
}

/// The same fields in the body itself.
pub(super) struct UnitsOfBody;

impl Source for UnitsOfBody {
    fn name(&self) -> &'static str {
        "cohere-body"
    }

    fn place(&self) -> Place {
        Place::Rest
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        has_units(all)
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        read(body, all)
    }
}

fn has_units(usage: Fields<'_>) -> bool {
    let tokens = usage.object(&["tokens"]);
    usage.object(&["billed_units"]).is_some()
        || tokens.is_some_and(|tokens| tokens.has_any(&["input_tokens", "output_tokens"]))
}

fn read(body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
    let billed = usage.object(&["billed_units"]);
    // Embeddings report billed units only.
    let Some(tokens) = usage.object(&["tokens"]).or(billed) else { return Vec::new() };
    let reported = RawCounts {
        input: tokens.count(&["input_tokens"]),
        output: tokens.count(&["output_tokens"]),
        cached: usage.count(&["cached_tokens"]),
        ..RawCounts::default()
    };
    if reported.input.is_none() && reported.output.is_none() && billed.is_none() {
        return Vec::new();
    }
    let mut parsed = ParsedUsage::new("cohere", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "cohere");
    for (name, value) in billed.into_iter().flat_map(Fields::values) {
        let name = name.strip_suffix("_tokens").unwrap_or(name);
        parsed.note_number(&format!("billed_{name}"), as_measure(value));
    }
    vec![parsed]
}
