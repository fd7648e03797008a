//! Ollama, which measures in nanoseconds.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// `/api/generate`, `/api/chat` and `/api/embed`.
pub(super) struct Answer;

impl Source for Answer {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has_any(&["prompt_eval_count", "eval_count", "eval_duration", "prompt_eval_duration"])
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: all.count(&["prompt_eval_count"]),
            output: all.count(&["eval_count"]),
            cached: all.count(&["prompt_eval_cached_count"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, self.name());
        let millis = |name: &str| all.measure(&[name]).map(|nanos| nanos / NANOSECONDS_PER_MILLISECOND);
        parsed.duration_ms = millis("total_duration");
        for (from, name) in [
            ("load_duration", "load_ms"),
            ("prompt_eval_duration", "prompt_ms"),
            ("eval_duration", "eval_ms"),
        ] {
            parsed.note_number(name, millis(from));
        }
        vec![parsed]
    }
}
