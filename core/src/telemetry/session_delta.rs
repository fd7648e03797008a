//! The part of a session's cumulative count that is not recorded yet.

use serde_json::{Map, Value};

use super::notes;
use super::usage::TokenUsage;
use crate::number::exact_sum;
use crate::repository::token_usage::{COUNTS, TokenUsageRecord};

/// Notes in `metadata.usage` that are cumulative, too.
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

/// Smaller differences of amounts are rounding errors.
const ROUNDING: f64 = 1e-9;

/// The cumulative count `usage` minus the sums of the records `earlier`. `None` if nothing is left: the count was already
/// recorded, or is older.
pub(super) fn since(usage: &TokenUsage, earlier: &[TokenUsageRecord]) -> Option<TokenUsage> {
    if is_older(usage, earlier) {
        return None;
    }
    let mut delta = usage.clone();
    let mut has_more = false;
    for (count, before) in delta.counts_mut().into_iter().zip(sums(earlier)) {
        let Some(now) = *count else { continue };
        has_more |= now > before;
        *count = Some(now - before);
    }
    if let Some(now) = delta.cost_estimate {
        let before = earlier.iter().filter_map(|record| record.cost_estimate);
        let more = exact_sum(before.map(|cost| -cost).chain([now]));
        has_more |= more > ROUNDING;
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

/// Whether the cumulative count `usage` is older than the sums of the records `earlier`.
pub(super) fn is_older(usage: &TokenUsage, earlier: &[TokenUsageRecord]) -> bool {
    usage.counts().into_iter().zip(sums(earlier)).any(|(now, before)| now.is_some_and(|now| now < before))
}

/// The sums of the counts of these records, in the order of the columns.
fn sums(records: &[TokenUsageRecord]) -> [i64; COUNTS.len()] {
    let mut sums = [0_i64; COUNTS.len()];
    for record in records {
        for (sum, count) in sums.iter_mut().zip(record.counts()) {
            *sum = sum.saturating_add(count.unwrap_or(0));
        }
    }
    sums
}

fn subtract(notes: &mut Map<String, Value>, earlier: &[TokenUsageRecord]) {
    for name in COUNTED {
        let Some(now) = notes.get(*name).and_then(Value::as_i64) else { continue };
        let noted = |record: &TokenUsageRecord| notes::of(record.metadata.as_ref())?.get(*name)?.as_i64();
        let before = earlier.iter().filter_map(noted).fold(0_i64, i64::saturating_add);
        notes.insert((*name).to_owned(), now.saturating_sub(before).into());
    }
}
