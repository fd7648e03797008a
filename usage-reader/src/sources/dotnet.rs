//! Microsoft.Extensions.AI, whose names of counts are in the singular. Cached tokens are included in the input,
//! reasoning is included in the output.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::Source;

const INPUT: &[&str] = &["inputTokenCount", "InputTokenCount"];
const OUTPUT: &[&str] = &["outputTokenCount", "OutputTokenCount"];
const TOTAL: &[&str] = &["totalTokenCount", "TotalTokenCount"];
const CACHED: &[&str] =
    &["cachedInputTokenCount", "CachedInputTokenCount", "cachedTokenCount", "CachedTokenCount"];
const REASONING: &[&str] = &["reasoningTokenCount", "ReasoningTokenCount"];

pub(super) struct Usage;

impl Source for Usage {
    fn name(&self) -> &'static str {
        "microsoft-extensions-ai"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        let is_plain = usage.has_any(INPUT) || usage.has_any(OUTPUT);
        is_plain
            && (usage.has_any(TOTAL) || usage.has_any(CACHED) || usage.has_any(REASONING))
            && !usage.has_any(&["cacheReadInputTokenCount", "cacheWriteInputTokenCount", "promptTokenCount"])
    }

    fn read(&self, _body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let details = |names: &[&str]| usage.object(names);
        let of_input = details(&["inputTokenDetails", "InputTokenDetails"]);
        let of_output = details(&["outputTokenDetails", "OutputTokenDetails"]);
        let reported = RawCounts {
            input: usage.count(INPUT),
            output: usage.count(OUTPUT),
            total: usage.count(TOTAL),
            cached: usage.count(CACHED).or_else(|| of_input?.count(CACHED)),
            reasoning: usage.count(REASONING).or_else(|| of_output?.count(REASONING)),
            ..RawCounts::default()
        };
        vec![ParsedUsage::new(self.name(), reported, CachedTokens::Included)]
    }
}
