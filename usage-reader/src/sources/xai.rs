//! xAI, which uses OpenAI's formats. Chat does not include reasoning in the output, and costs are in ticks.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::ParsedUsage;

/// The SDK writes them as text, like all 64-bit integers.
pub(super) const TICKS: &[&str] = &["cost_in_usd_ticks", "costInUsdTicks", "costUsdTicks"];

const TICKS_PER_DOLLAR: f64 = 1e10;

pub(super) fn dollars(usage: Fields<'_>) -> Option<f64> {
    usage.amount(TICKS).map(|ticks| ticks / TICKS_PER_DOLLAR)
}

/// `completion_tokens` does not include reasoning, with or without a total.
pub(super) fn speaks_chat(body: &Body<'_>, usage: Fields<'_>, parsed: &mut ParsedUsage) {
    if !usage.has_any(TICKS) && !body.hint_is(&["xai", "x-ai", "grok"]) {
        return;
    }
    body.name_provider(parsed, "xai");
    if parsed.total.is_none() && parsed.output == usage.count(&["completion_tokens"]) {
        parsed.output = reported_sum([parsed.output, parsed.noted_count("reasoning")]);
    }
}
