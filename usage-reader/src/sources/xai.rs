//! xAI, which speaks OpenAI's shapes: chat leaves reasoning out of the output, and money is counted in ticks.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::ParsedUsage;

/// The SDK writes them as text, like all numbers of 64 bits.
pub(super) const TICKS: &[&str] = &["cost_in_usd_ticks", "costInUsdTicks", "costUsdTicks"];

const TICKS_PER_DOLLAR: f64 = 1e10;

pub(super) fn dollars(usage: Fields<'_>) -> Option<f64> {
    usage.amount(TICKS).map(|ticks| ticks / TICKS_PER_DOLLAR)
}

/// Chat leaves reasoning out of `completion_tokens`, total or not.
pub(super) fn speaks_chat(body: &Body<'_>, usage: Fields<'_>, parsed: &mut ParsedUsage) {
    if !usage.has_any(TICKS) && !body.hint_is(&["xai", "x-ai", "grok"]) {
        return;
    }
    body.name_provider(parsed, "xai");
    if parsed.total.is_none() && parsed.output == usage.count(&["completion_tokens"]) {
        parsed.output = reported_sum([parsed.output, parsed.noted_count("reasoning")]);
    }
}
