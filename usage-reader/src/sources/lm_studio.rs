//! LM Studio's own `/chat`.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

pub(super) struct Chat;

impl Source for Chat {
    fn name(&self) -> &'static str {
        "lmstudio"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.object(&["stats"]).is_some_and(|stats| stats.has("total_output_tokens"))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(stats) = all.object(&["stats"]) else { return Vec::new() };
        let reported = RawCounts {
            input: stats.count(&["input_tokens"]),
            output: stats.count(&["total_output_tokens"]),
            reasoning: stats.count(&["reasoning_output_tokens"]),
            ..RawCounts::default()
        };
        if reported.output.is_none() {
            return Vec::new();
        }
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, self.name());
        vec![parsed]
    }
}
