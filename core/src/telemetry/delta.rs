//! What a session's count has come on top of what was recorded of it.

use serde_json::{Map, Value};

use super::usage::TokenUsage;
use crate::number::exact_sum;
use crate::repository::token_usage::TokenUsageRecord;

/// Notes that count from the session's beginning, too.
const COUNTED: &[&str] = &[
    "reasoning",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write_unsplit",
    "input_uncached",
    "residual",
    "web_searches",
    "web_fetches",
];

/// Smaller differences of amounts are those of arithmetic.
const NO_AMOUNT: f64 = 1e-9;

/// `usage`, a count since the beginning, without what `earlier` has of it. `None` where nothing came on top:
/// the count was recorded before, or is an older one.
pub(super) fn since(usage: &TokenUsage, earlier: &[TokenUsageRecord]) -> Option<TokenUsage> {
    let mut delta = usage.clone();
    let mut has_more = false;
    for (count, of) in [
        (&mut delta.tokens_prompt, (|record| record.tokens_prompt) as fn(&TokenUsageRecord) -> Option<i64>),
        (&mut delta.tokens_completion, |record| record.tokens_completion),
        (&mut delta.tokens_total, |record| record.tokens_total),
        (&mut delta.tokens_cached, |record| record.tokens_cached),
        (&mut delta.tokens_cache_read, |record| record.tokens_cache_read),
        (&mut delta.tokens_cache_write, |record| record.tokens_cache_write),
    ] {
        let Some(now) = *count else { continue };
        let before = earlier.iter().filter_map(of).fold(0_i64, i64::saturating_add);
        if now < before {
            return None;
        }
        has_more |= now > before;
        *count = Some(now - before);
    }
    if let Some(now) = delta.cost_estimate {
        let before = earlier.iter().filter_map(|record| record.cost_estimate);
        let more = exact_sum(before.map(|cost| -cost).chain([now]));
        has_more |= more > NO_AMOUNT;
        delta.cost_estimate = Some(more.max(0.0));
    }
    if let Some(Value::Object(notes)) = delta.metadata.as_mut().and_then(|metadata| metadata.get_mut("usage"))
    {
        subtract(notes, earlier);
        notes.insert("delta".into(), true.into());
        notes.shift_remove("cumulative");
    }
    (has_more || earlier.is_empty()).then_some(delta)
}

fn subtract(notes: &mut Map<String, Value>, earlier: &[TokenUsageRecord]) {
    for name in COUNTED {
        let Some(now) = notes.get(*name).and_then(Value::as_i64) else { continue };
        let noted = |record: &TokenUsageRecord| record.metadata.as_ref()?.get("usage")?.get(*name)?.as_i64();
        let before = earlier.iter().filter_map(noted).fold(0_i64, i64::saturating_add);
        notes.insert((*name).to_owned(), now.saturating_sub(before).into());
    }
}
