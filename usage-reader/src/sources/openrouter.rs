//! OpenRouter: OpenAI's chat format with a cost, and `/generation`.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

/// `usage.cost`. With the user's own key for the upstream provider, the upstream cost is what was paid.
pub(super) fn cost(body: &Body<'_>, usage: Fields<'_>, parsed: &mut ParsedUsage) {
    let details = usage.object(&["cost_details"]);
    let is_openrouter = details.is_some()
        || usage.has("is_byok")
        || body.hint_is(&["openrouter"])
        || body.all.text(&["id"]).is_some_and(|id| id.starts_with("gen-"));
    let upstream = details.and_then(|details| details.measure(&["upstream_inference_cost"]));
    let _ = details.map(|details| details.values().count());
    let own = usage.measure(&["cost"]);
    if usage.is_true("is_byok") {
        parsed.note("is_byok", true);
        parsed.note_number("router_cost", own);
        // A cost of 0 does not include what the upstream provider charged.
        parsed.cost = upstream.or(own.filter(|cost| *cost > 0.0));
    } else {
        parsed.cost = own;
    }
    if parsed.cost.is_some() && is_openrouter {
        parsed.currency = Some("USD".into());
    }
}

/// `/generation`: the model's own counts, not those of another tokenizer.
pub(super) struct Generation;

impl Source for Generation {
    fn name(&self) -> &'static str {
        "openrouter-generation"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        // Without tokens (images), they are null, which is the same as absent.
        all.has_any(&["native_tokens_prompt", "native_tokens_completion"])
            || (all.has("total_cost") && all.text(&["id"]).is_some_and(|id| id.starts_with("gen-")))
    }

    fn read(&self, _body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: all.count(&["native_tokens_prompt"]),
            output: all.count(&["native_tokens_completion"]),
            cached: all.count(&["native_tokens_cached"]),
            reasoning: all.count(&["native_tokens_reasoning"]),
            ..RawCounts::default()
        };
        // The same text, counted by another tokenizer.
        all.count(&["tokens_prompt", "tokens_completion"]);
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        let own = all.measure(&["total_cost", "usage"]);
        let is_byok = all.is_true("is_byok");
        if is_byok {
            parsed.note("is_byok", true);
            parsed.note_number("router_cost", own);
        }
        let upstream = all.measure(&["upstream_inference_cost"]);
        parsed.cost = if is_byok { upstream.or(own.filter(|cost| *cost > 0.0)) } else { own };
        if reported.input.is_none() && reported.output.is_none() && !parsed.costs_something() {
            return Vec::new();
        }
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.provider = all.text(&["provider_name"]).map(str::to_owned);
        parsed.duration_ms = all.measure(&["generation_time"]);
        parsed.note_number("latency_ms", all.measure(&["latency"]));
        vec![parsed]
    }
}
