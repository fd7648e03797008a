//! Cohere: `tokens` is what was processed, `billed_units` what is charged. The cached tokens are part of the
//! former, and can be more than the latter.

use crate::body::Body;
use crate::fields::{Object, as_measure, count, object};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// `usage` of version 2 and `meta` of version 1.
pub(crate) fn chat(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let billed = object(usage, &["billed_units"]);
    let tokens = match (object(usage, &["tokens"]), billed) {
        (Some(tokens), _) => tokens,
        // Embeddings are counted in billed units alone.
        (None, Some(billed)) => billed,
        (None, None) => return None,
    };
    let reported = RawCounts {
        input: count(tokens, &["input_tokens"]),
        output: count(tokens, &["output_tokens"]),
        cached: count(usage, &["cached_tokens"]),
        ..RawCounts::default()
    };
    if reported.input.is_none() && reported.output.is_none() && billed.is_none() {
        return None;
    }
    let mut parsed = ParsedUsage::new("cohere", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "cohere");
    for (name, value) in billed.into_iter().flatten() {
        let name = name.strip_suffix("_tokens").unwrap_or(name);
        parsed.note_number(&format!("billed_{name}"), as_measure(value));
    }
    Some(parsed)
}
