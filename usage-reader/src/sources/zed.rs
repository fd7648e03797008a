//! Zed's threads: `cumulative_token_usage` is the sum of `request_token_usage`. Cached tokens are counted in addition
//! to the input.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const WHOLE: &str = "cumulative_token_usage";
const PARTS: &str = "request_token_usage";

pub(super) struct Thread;

impl Source for Thread {
    fn name(&self) -> &'static str {
        "zed"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        [WHOLE, PARTS].iter().any(|name| all.object(&[name]).is_some_and(|usage| !usage.is_empty()))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let mut sum = all.object(&[WHOLE]).map(|usage| self.counts(usage)).filter(ParsedUsage::has_usage);
        let mut requests: Option<ParsedUsage> = None;
        for (_, usage) in all.object(&[PARTS]).into_iter().flat_map(Fields::entries) {
            let one = self.counts(usage);
            match &mut requests {
                Some(requests) => requests.add(&one),
                None => requests = Some(one),
            }
        }
        // A truncated thread keeps its sum; an old thread, from before sums were stored, has only its requests.
        if sum.as_ref().map(|sum| (sum.input, sum.output))
            < requests.as_ref().map(|sum| (sum.input, sum.output))
        {
            sum = requests;
        }
        let Some(mut parsed) = sum else { return Vec::new() };
        if let Some(model) = all.object(&["model"]) {
            parsed.model = model.text(&["model"]).map(str::to_owned);
            parsed.provider = model.text(&["provider"]).map(str::to_owned);
        }
        let _ = body;
        parsed.timestamp_ms = all.moment(&["updated_at"]);
        parsed.note("cumulative", true);
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        line.has_any(&[WHOLE, PARTS])
            .then(|| Work::new(Role::Session, self.name(), line.text(&["id", "thread_id", "acpxRecordId"])))
    }
}

impl Thread {
    fn counts(&self, usage: Fields<'_>) -> ParsedUsage {
        let reported = RawCounts {
            input: usage.count(&["input_tokens"]),
            output: usage.count(&["output_tokens"]),
            cache_read: usage.count(&["cache_read_input_tokens"]),
            cache_write: usage.count(&["cache_creation_input_tokens"]),
            ..RawCounts::default()
        };
        ParsedUsage::new(self.name(), reported, CachedTokens::Additional)
    }
}
