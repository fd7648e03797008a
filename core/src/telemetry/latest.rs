//! What a record is when a later version of it arrives.

use serde_json::{Map, Value};

use crate::repository::token_usage::TokenUsageRecord;

/// `new` laid over `stored`. The numbers are those of the later version, all together; to whom the call
/// belongs stays known where the later version does not say.
pub(super) fn latest(
    new: &TokenUsageRecord,
    stored: &TokenUsageRecord,
    has_timestamp: bool,
) -> TokenUsageRecord {
    let or = |new: &Option<String>, stored: &Option<String>| new.clone().or_else(|| stored.clone());
    let mut latest = TokenUsageRecord {
        workspace_id: or(&stored.workspace_id, &new.workspace_id),
        agent_id: or(&new.agent_id, &stored.agent_id),
        model_name: or(&new.model_name, &stored.model_name),
        job_id: or(&new.job_id, &stored.job_id),
        command_run_id: or(&new.command_run_id, &stored.command_run_id),
        task_run_id: or(&new.task_run_id, &stored.task_run_id),
        task_id: or(&new.task_id, &stored.task_id),
        project_id: or(&new.project_id, &stored.project_id),
        epic_id: or(&new.epic_id, &stored.epic_id),
        user_story_id: or(&new.user_story_id, &stored.user_story_id),
        command_name: or(&new.command_name, &stored.command_name),
        action: or(&new.action, &stored.action),
        invocation_kind: or(&new.invocation_kind, &stored.invocation_kind),
        provider: or(&new.provider, &stored.provider),
        timestamp: if has_timestamp { new.timestamp.clone() } else { stored.timestamp.clone() },
        metadata: merged(new.metadata.as_ref(), stored.metadata.as_ref()),
        ..new.clone()
    };
    if new.duration_ms.is_none() && new.started_at.is_none() && new.finished_at.is_none() {
        latest.started_at.clone_from(&stored.started_at);
        latest.finished_at.clone_from(&stored.finished_at);
        latest.duration_ms = stored.duration_ms;
        latest.duration_seconds = stored.duration_seconds;
    }
    keep_cost(&mut latest, stored);
    latest
}

/// The cost of the same numbers stays known where the later version has none.
fn keep_cost(latest: &mut TokenUsageRecord, stored: &TokenUsageRecord) {
    let numbers = |record: &TokenUsageRecord| {
        [
            record.tokens_prompt,
            record.tokens_completion,
            record.tokens_total,
            record.tokens_cached,
            record.tokens_cache_read,
            record.tokens_cache_write,
        ]
    };
    if latest.cost_estimate.is_none() && stored.cost_estimate.is_some() && numbers(latest) == numbers(stored)
    {
        latest.cost_estimate = stored.cost_estimate;
        latest.currency.clone_from(&stored.currency);
        // Where the cost is from stands among the numbers, which are the same.
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
