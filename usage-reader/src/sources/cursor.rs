//! Cursor, whose input does not include the cache.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::Source;

/// The end of a run of its agent, and the events of its dashboard. No other format uses these names there.
pub(super) struct Usage;

impl Source for Usage {
    fn name(&self) -> &'static str {
        "cursor"
    }

    fn detect(&self, body: &Body<'_>, usage: Fields<'_>) -> bool {
        let is_end = body.all.text(&["type"]) == Some("result")
            && usage.has("cacheReadTokens")
            && usage.has("cacheWriteTokens");
        usage.has("totalCents") || (usage.has("inputTokens") && (is_end || body.hint_is(&["cursor"])))
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: usage.count(&["inputTokens"]),
            output: usage.count(&["outputTokens"]),
            cache_read: usage.count(&["cacheReadTokens"]),
            cache_write: usage.count(&["cacheWriteTokens"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Additional);
        parsed.cost = usage.measure(&["totalCents"]).map(|cents| cents / 100.0);
        if reported.input.is_none() && !parsed.costs_something() {
            return Vec::new();
        }
        body.name_provider(&mut parsed, self.name());
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.note_text("session", body.all.text(&["session_id", "conversationId"]));
        vec![parsed]
    }
}
