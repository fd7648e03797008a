//! LangSmith's runs: those of models are calls, and the runs around them report the sums of these.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};
use crate::time;

/// The agent in the session keys of traces.
const TRACE: &str = "langsmith-trace";

pub(super) struct Run;

impl Source for Run {
    fn name(&self) -> &'static str {
        "langsmith"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.text(&["run_type"]).is_some()
            && all.has_any(&["prompt_tokens", "completion_tokens", "total_tokens", "total_cost"])
    }

    fn read(&self, _body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let detail =
            |name: &str, kinds: &[&str]| all.object(&[name]).and_then(|details| details.count(kinds));
        let reported = RawCounts {
            input: all.count(&["prompt_tokens"]),
            output: all.count(&["completion_tokens"]),
            total: all.count(&["total_tokens"]),
            cache_read: detail("prompt_token_details", &["cache_read"]),
            cache_write: detail("prompt_token_details", &["cache_creation"]),
            reasoning: detail("completion_token_details", &["reasoning"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        parsed.cost = all.amount(&["total_cost"]);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        // The parts of the cost.
        all.amount(&["prompt_cost"]);
        all.amount(&["completion_cost"]);
        let named = all.object(&["extra"]).and_then(|extra| extra.object(&["metadata"]));
        parsed.model = named.and_then(|named| named.text(&["ls_model_name"])).map(str::to_owned);
        parsed.provider = named.and_then(|named| named.text(&["ls_provider"])).map(str::to_owned);
        parsed.started_at_ms = moment(all, "start_time");
        parsed.finished_at_ms = moment(all, "end_time");
        parsed.timestamp_ms = parsed.finished_at_ms.or(parsed.started_at_ms);
        // Without tokens, a cost of 0 is that of a run without calls.
        let counts = parsed.reported_counts() != [None; 4] || parsed.total.is_some();
        if counts || parsed.costs_something() { vec![parsed] } else { Vec::new() }
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let kind = line.text(&["run_type"])?;
        let key = line.text(&["id"]).map(str::to_owned);
        let trace = line.text(&["trace_id"]);
        if matches!(kind, "llm" | "embedding") || trace.is_none() {
            return Some(Work::new(Role::Call, TRACE, trace).known_by(key));
        }
        Some(Work { gives_way: true, ..Work::new(Role::Session, TRACE, trace).known_by(key) })
    }
}

/// A time of LangSmith, which is in UTC where it has no zone.
fn moment(all: Fields<'_>, name: &str) -> Option<i64> {
    all.moment(&[name]).or_else(|| time::parse_utc(all.text(&[name])?))
}
