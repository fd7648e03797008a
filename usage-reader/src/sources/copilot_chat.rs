//! The chat sessions of Copilot in VS Code: the result of a request has its tokens.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

pub(super) struct Request;

impl Source for Request {
    fn name(&self) -> &'static str {
        "copilot-chat"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has("promptTokens") && all.has("outputTokens")
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: all.count(&["promptTokens"]),
            output: all.count(&["outputTokens"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        parsed.model = all.text(&["resolvedModel", "modelId"]).map(str::to_owned);
        body.name_provider(&mut parsed, "github-copilot");
        vec![parsed]
    }
}
