//! Invariants of records that are extracted from any body of a provider or an agent.

use mcoda_core::{MAX_SAFE_INTEGER, TokenUsage, extract_usage, extract_usages};

#[track_caller]
fn check(usage: &TokenUsage, text: &str) {
    let counts = [
        usage.tokens_prompt,
        usage.tokens_completion,
        usage.tokens_total,
        usage.tokens_cached,
        usage.tokens_cache_read,
        usage.tokens_cache_write,
    ];
    for count in counts.into_iter().flatten() {
        assert!((0..=MAX_SAFE_INTEGER).contains(&count), "{count} in {text}");
    }
    for measure in [usage.cost_estimate, usage.duration_ms].into_iter().flatten() {
        assert!(measure.is_finite() && measure >= 0.0, "{measure} in {text}");
    }
    // In a sum, a call may have reported cached tokens without input tokens.
    let reported = usage.metadata.as_ref().map(|metadata| &metadata["usage"]);
    let is_sum = reported
        .is_some_and(|reported| reported["calls"].as_i64() > Some(1) || reported["models"].is_object());
    if let Some(prompt) = usage.tokens_prompt.filter(|_| !is_sum) {
        let cached = usage.tokens_cached.max(usage.tokens_cache_read).unwrap_or(0);
        assert!(cached <= prompt, "{cached} cached of {prompt} in {text}");
    }
    if let (Some(prompt), Some(completion), Some(total)) =
        (usage.tokens_prompt, usage.tokens_completion, usage.tokens_total)
    {
        let residual = reported.and_then(|reported| reported["residual"].as_i64());
        assert_eq!(total - (prompt + completion), residual.unwrap_or(0), "{text}");
    }
    if let (Some(start), Some(finish)) = (usage.started_at, usage.finished_at) {
        assert!(start <= finish, "{text}");
    }
    // What was extracted can be recorded.
    let json = serde_json::to_value(usage).expect("JSON");
    assert_eq!(&TokenUsage::from_json(&json).expect("a record"), usage, "{text}");
}

/// Checks the invariants of the usage extracted from the text, in total and per model.
#[track_caller]
pub(crate) fn check_all(text: &str, hint: Option<&str>) {
    let whole = extract_usage(text, hint);
    check(&whole, text);
    let parts = extract_usages(text, hint);
    parts.iter().for_each(|part| check(part, text));
    let sum: i128 = parts.iter().filter_map(|part| part.tokens_prompt).map(i128::from).sum();
    assert!(whole.tokens_prompt.is_none_or(|prompt| i128::from(prompt) == sum), "{text}");
}
