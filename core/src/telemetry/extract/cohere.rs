//! Cohere: `tokens` is what was processed, `billed_units` what is charged. The cached tokens are part of the
//! former, and can be more than the latter.

use super::body::Body;
use super::fields::{Object, as_measure, count, object};
use super::reading::{Cache, Reading, Told};

/// `usage` of version 2 and `meta` of version 1.
pub(super) fn chat(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let billed = object(usage, &["billed_units"]);
    let tokens = match (object(usage, &["tokens"]), billed) {
        (Some(tokens), _) => tokens,
        // Embeddings are counted in billed units alone.
        (None, Some(billed)) => billed,
        (None, None) => return None,
    };
    let told = Told {
        input: count(tokens, &["input_tokens"]),
        output: count(tokens, &["output_tokens"]),
        cached: count(usage, &["cached_tokens"]),
        ..Told::default()
    };
    if told.input.is_none() && told.output.is_none() && billed.is_none() {
        return None;
    }
    let mut reading = Reading::new("cohere", told, Cache::Part);
    body.name_provider(&mut reading, "cohere");
    for (name, value) in billed.into_iter().flatten() {
        let name = name.strip_suffix("_tokens").unwrap_or(name);
        reading.note_number(&format!("billed_{name}"), as_measure(value));
    }
    Some(reading)
}
