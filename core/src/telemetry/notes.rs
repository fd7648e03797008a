//! `metadata.usage` of a record: the details of its usage that have no column.

use serde_json::{Map, Value};

#[cfg(feature = "prices")]
use super::usage::TokenUsage;

const NAME: &str = "usage";

/// The notes in this metadata. `None` if there are none, or if a host keeps something else under their name.
pub(super) fn of(metadata: Option<&Map<String, Value>>) -> Option<&Map<String, Value>> {
    metadata?.get(NAME)?.as_object()
}

/// The notes in this metadata; both are created if absent. `None` if a host keeps something else under their name.
pub(super) fn of_mut(metadata: &mut Option<Map<String, Value>>) -> Option<&mut Map<String, Value>> {
    let notes = metadata.get_or_insert_default().entry(NAME);
    notes.or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

/// Whether the number of output tokens is known, or the call has none: that of an embedding, and any whose total is its
/// input.
#[cfg(feature = "prices")]
pub(super) fn is_output_known(usage: &TokenUsage) -> bool {
    let is_embedding =
        || of(usage.metadata.as_ref()).and_then(|notes| notes.get("kind")) == Some(&"embedding".into());
    usage.tokens_completion.is_some()
        || usage.tokens_total.is_some_and(|total| usage.tokens_prompt == Some(total))
        || is_embedding()
}
