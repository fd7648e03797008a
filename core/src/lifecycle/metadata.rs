//! Metadata that a transition writes to the task and to the event.

use serde_json::{Map, Value, json};

use super::context::TransitionContext;
use crate::status;
use crate::time::Timestamp;

/// A transition, as input of the metadata rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) at: Timestamp,
    pub(super) context: &'a TransitionContext,
}

impl Move<'_> {
    /// Whether a completed task is reopened.
    fn is_revert(&self) -> bool {
        status::same(self.from, status::COMPLETED) && status::same(self.to, status::CHANGES_REQUESTED)
    }

    fn is_failure(&self) -> bool {
        status::same(self.to, status::FAILED)
    }

    fn patch(&self, name: &str) -> Option<&Value> {
        self.context.metadata_patch.as_ref()?.get(name)
    }

    /// Why the task failed: the call's reason, or else one in the patch.
    fn failed_reason(&self) -> Option<Value> {
        let reason = self.context.reason.as_deref().map(Value::from);
        reason.or_else(|| self.patch("failed_reason").cloned())
    }

    /// Changes the task's metadata: first by the rules, then by the caller's patch, which takes precedence.
    pub(super) fn apply_to_task(&self, metadata: &mut Map<String, Value>) {
        if status::same(self.to, status::COMPLETED) {
            metadata.insert("last_completed_at".into(), self.at.to_string().into());
            if let Some(pending) = metadata.get_mut("revert_event_pending") {
                *pending = false.into();
            }
        }
        if self.is_revert() {
            let count = metadata.get("revert_event_count").and_then(whole).unwrap_or(0);
            metadata.insert("revert_event_pending".into(), true.into());
            metadata.insert("revert_event_count".into(), count.saturating_add(1).into());
            metadata.insert(
                "last_revert_event".into(),
                json!({
                    "from_status": self.from,
                    "to_status": self.to,
                    "timestamp": self.at,
                    "reason": self.context.reason,
                }),
            );
        }
        if self.is_failure()
            && let Some(reason) = self.failed_reason()
        {
            metadata.insert("failed_reason".into(), reason);
        }
        merge(metadata, self.context.metadata_patch.as_ref());
    }

    /// The event's metadata: the caller's, and what the rules add unless the caller has set it.
    pub(super) fn of_event(&self) -> Map<String, Value> {
        let mut metadata = self.context.metadata.clone().unwrap_or_default();
        if self.is_revert() {
            metadata.entry("revert_event").or_insert(true.into());
            metadata.entry("revert_reason").or_insert_with(|| self.context.reason.as_deref().into());
        }
        if self.is_failure()
            && let Some(reason) = self.failed_reason()
        {
            metadata.entry("failed_reason").or_insert(reason);
        }
        metadata
    }
}

/// A task's metadata, parsed for a change. Text that is not a JSON object is kept under `unreadable_metadata`: the
/// change must not destroy it.
pub(super) fn read_for_change(text: Option<&str>) -> Map<String, Value> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Map::new() };
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object,
        Ok(Value::Null) => Map::new(),
        _ => Map::from_iter([("unreadable_metadata".to_owned(), text.into())]),
    }
}

pub(super) fn merge(metadata: &mut Map<String, Value>, patch: Option<&Map<String, Value>>) {
    for (name, value) in patch.into_iter().flatten() {
        metadata.insert(name.clone(), value.clone());
    }
}

/// A count as stored: JavaScript does not distinguish 3 from 3.0.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}
