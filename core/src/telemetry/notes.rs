//! `metadata.usage` of a record: the details of its usage that have no column.

use serde_json::{Map, Value};

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
