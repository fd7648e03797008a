//! Merges a later version of a record into the stored one.

use serde_json::{Map, Value};

use crate::repository::token_usage::TokenUsageRecord;

/// The numbers are those of `new`, all together. Its agent, job, task and other references are kept from `stored` where
/// `new` has none.
pub(super) fn merge_versions(
    new: &TokenUsageRecord,
    stored: &TokenUsageRecord,
    has_timestamp: bool,
) -> TokenUsageRecord {
    let mut latest = TokenUsageRecord {
        workspace_id: stored.workspace_id.clone().or_else(|| new.workspace_id.clone()),
        timestamp: if has_timestamp { new.timestamp.clone() } else { stored.timestamp.clone() },
        metadata: merged(new.metadata.as_ref(), stored.metadata.as_ref()),
        ..new.clone()
    };
    latest.fill_texts(stored);
    // The currency is that of the cost, which belongs to the numbers.
    latest.currency.clone_from(&new.currency);
    if new.duration_ms.is_none() && new.started_at.is_none() && new.finished_at.is_none() {
        latest.started_at.clone_from(&stored.started_at);
        latest.finished_at.clone_from(&stored.finished_at);
        latest.duration_ms = stored.duration_ms;
        latest.duration_seconds = stored.duration_seconds;
    }
    keep_cost(&mut latest, stored);
    latest
}

/// Keeps the stored cost if the later version has the same counts and no cost.
fn keep_cost(latest: &mut TokenUsageRecord, stored: &TokenUsageRecord) {
    let has_same_counts = latest.counts() == stored.counts();
    if latest.cost_estimate.is_none() && stored.cost_estimate.is_some() && has_same_counts {
        latest.cost_estimate = stored.cost_estimate;
        latest.currency.clone_from(&stored.currency);
        // The source of the cost is one of the notes. All of them are kept, since they belong to the same counts.
        let notes = stored.metadata.as_ref().and_then(|metadata| metadata.get("usage"));
        if let (Some(metadata), Some(notes)) = (&mut latest.metadata, notes) {
            metadata.insert("usage".into(), notes.clone());
        }
    }
}

fn merged(
    new: Option<&Map<String, Value>>,
    stored: Option<&Map<String, Value>>,
) -> Option<Map<String, Value>> {
    let mut merged = stored.cloned().unwrap_or_default();
    for (name, value) in new.into_iter().flatten() {
        merged.insert(name.clone(), value.clone());
    }
    (new.is_some() || stored.is_some()).then_some(merged)
}
