//! Langfuse's observations: `usageDetails` has a count for each kind of token. `input` does not include cached tokens
//! if these have a kind of their own.

use crate::body::Body;
use crate::fields::{Fields, Object, as_count, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const DETAILS: &[&str] = &["usageDetails", "usage_details"];
const COSTS: &[&str] = &["costDetails", "cost_details"];
const TOTAL_COSTS: &[&str] = &["calculatedTotalCost", "totalCost", "totalPrice"];
const READ: &[&str] =
    &["cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "cached_tokens", "input_cached"];
const WRITE: &[&str] = &["cache_creation_input_tokens", "input_cache_creation", "input_cache_write"];

/// The agent in the session keys of traces.
const TRACE: &str = "langfuse-trace";

pub(super) struct Observation;

impl Source for Observation {
    fn name(&self) -> &'static str {
        "langfuse"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.object(DETAILS).is_some_and(|details| !details.is_empty()) || is_cost_alone(all)
    }

    fn read(&self, _body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let empty = Object::new();
        let details = all.object(DETAILS).unwrap_or(Fields::of(&empty));
        let reported = RawCounts {
            input: details.count(&["input", "input_tokens", "prompt_tokens"]),
            output: details.count(&["output", "output_tokens", "completion_tokens"]),
            total: details.count(&["total", "total_tokens"]),
            cache_read: details.count(READ),
            cache_write: details.count(WRITE),
            reasoning: details.count(&["output_reasoning_tokens", "output_reasoning", "reasoning_tokens"]),
            ..RawCounts::default()
        };
        // The same call in the older format.
        if let Some(usage) = all.object(&["usage"]) {
            usage.values().filter_map(|(_, value)| as_count(value)).for_each(drop);
        }
        // The total shows whether reasoning has a kind of its own.
        let with_reasoning = reported_sum([reported.output, reported.reasoning]);
        let sum = reported_sum([reported.input, with_reasoning, reported.cache_read, reported.cache_write]);
        let is_apart = reported.total.is_some() && sum == reported.total;
        let output = if is_apart { with_reasoning } else { reported.output };
        let reported = RawCounts { output, ..reported };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Additional);
        let cost = all.object(COSTS).and_then(|cost| cost.measure(&["total"]));
        parsed.cost = all.measure(TOTAL_COSTS).or(cost);
        // Observations that are no calls have empty details, and a cost of 0.
        if details.is_empty() && !parsed.costs_something() {
            return Vec::new();
        }
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.started_at_ms = all.moment(&["startTime", "start_time"]);
        parsed.finished_at_ms = all.moment(&["endTime", "end_time"]);
        parsed.timestamp_ms = parsed.finished_at_ms.or(parsed.started_at_ms);
        parsed.note_text("session", all.text(&["sessionId"]));
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        if line.object(DETAILS).is_none() && !is_cost_alone(line) {
            return None;
        }
        let key = line.text(&["id"]).map(str::to_owned);
        // Observations that contain generations count them again.
        let is_call = line.text(&["type"]).is_none_or(|kind| {
            ["GENERATION", "EMBEDDING"].iter().any(|call| kind.eq_ignore_ascii_case(call))
        });
        let trace = line.text(&["traceId", "trace_id"]);
        if is_call || trace.is_none() {
            return Some(Work::new(Role::Call, TRACE, trace).known_by(key));
        }
        Some(Work { gives_way: true, ..Work::new(Role::Session, TRACE, trace).known_by(key) })
    }
}

/// Whether the observation has a cost without counts of tokens. Others use the name of the cost in their usage.
fn is_cost_alone(all: Fields<'_>) -> bool {
    all.object(DETAILS).is_none_or(Fields::is_empty)
        && (all.object(COSTS).is_some() || all.has("calculatedTotalCost"))
        && all.has_any(&["traceId", "trace_id", "startTime", "start_time"])
}
