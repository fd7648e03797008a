//! goose: names that begin with `accumulated_` are the session's counts, the others are those of its last call. Newer
//! versions have an object for each of the two.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const NAMES: &[&str] = &["accumulated_input_tokens", "accumulated_output_tokens", "accumulated_total_tokens"];

/// The session's counts in an object of their own, and the names in it.
const NESTED: &str = "accumulated_usage";
const NAMES_IN_IT: &[&str] = &["input_tokens", "output_tokens", "total_tokens"];

pub(super) struct Session;

impl Source for Session {
    fn name(&self) -> &'static str {
        "goose"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has_any(NAMES) || nested(all).is_some()
    }

    fn read(&self, _body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let [input, output, total] = match nested(all) {
            Some(nested) => [0, 1, 2].map(|index| nested.count(&[NAMES_IN_IT[index]])),
            None => [0, 1, 2].map(|index| all.count(&[NAMES[index]])),
        };
        let cached = |own: &[&str], names: &[&str]| {
            all.count(own).or_else(|| nested(all).and_then(|nested| nested.count(names)))
        };
        // The session's counts include the last call.
        let last = [
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "cache_read_input_tokens",
            "cache_write_input_tokens",
        ];
        all.count(&last);
        if let Some(usage) = all.object(&["usage"]) {
            usage.count(&last);
        }
        let reported = RawCounts {
            input,
            output,
            total,
            cache_read: cached(
                &["accumulated_cache_read_tokens", "accumulated_cache_read_input_tokens"],
                &["cache_read_input_tokens", "cache_read_tokens"],
            ),
            cache_write: cached(
                &["accumulated_cache_write_tokens", "accumulated_cache_write_input_tokens"],
                &["cache_write_input_tokens", "cache_write_tokens"],
            ),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        parsed.cost = all.measure(&["accumulated_cost"]);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.model =
            all.object(&["model_config"]).and_then(|model| model.text(&["model_name"])).map(str::to_owned);
        parsed.provider = all.text(&["provider_name"]).map(str::to_owned);
        parsed.note("cumulative", true);
        if !parsed.has_usage() {
            return Vec::new();
        }
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        (line.has_any(NAMES) || nested(line).is_some())
            .then(|| Work::new(Role::Session, self.name(), line.text(&["id", "session_id"])))
    }
}

fn nested(all: Fields<'_>) -> Option<Fields<'_>> {
    all.object(&[NESTED]).filter(|nested| nested.has_any(NAMES_IN_IT))
}
