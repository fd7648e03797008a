//! Kimi's command line, whose input does not include the cache.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Role, Source, Work};

const INPUT: &[&str] = &["input_other", "inputOther"];
const READ: &[&str] = &["input_cache_read", "inputCacheRead"];

/// A call.
pub(super) struct Call;

impl Source for Call {
    fn name(&self) -> &'static str {
        "kimi"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(INPUT) || usage.has_any(READ)
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: usage.count(INPUT),
            output: usage.count(&["output"]),
            cache_read: usage.count(READ),
            cache_write: usage.count(&["input_cache_creation", "inputCacheCreation"]),
            ..RawCounts::default()
        };
        if reported.input.is_none() && reported.cache_read.is_none() {
            return Vec::new();
        }
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Additional);
        body.name_provider(&mut parsed, "moonshot");
        parsed.timestamp_ms = body.all.moment(&["time"]);
        vec![parsed]
    }

    /// The usage of a step is also recorded on its own.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let is_end = line.text(&["event", "type"]) == Some("step.end");
        is_end.then(|| Work::new(Role::Repeated, self.name(), None))
    }
}
