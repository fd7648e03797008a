//! Copilot CLI, whose input includes the cached tokens. The end of a session reports the counts since its beginning,
//! even after it was resumed.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

/// The totals of a session, one usage for each model.
pub(super) struct Session;

impl Source for Session {
    fn name(&self) -> &'static str {
        "copilot"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.object(&["modelMetrics"]).is_some()
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let models = all.object(&["modelMetrics"]);
        let of_model = |(name, metrics): (&str, Fields<'_>)| {
            let usage = metrics.object(&["usage"])?;
            let input = usage.count(&["inputTokens"]);
            // Cached tokens without an input are ignored: in the sum over all models they could exceed the input.
            let part = |name: &str| usage.count(&[name]).filter(|_| input.is_some());
            let reported = RawCounts {
                input,
                output: usage.count(&["outputTokens"]),
                cache_read: part("cacheReadTokens"),
                cache_write: part("cacheWriteTokens"),
                reasoning: usage.count(&["reasoningTokens"]),
                ..RawCounts::default()
            };
            let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
            parsed.model = Some(name.to_owned());
            body.name_provider(&mut parsed, "github-copilot");
            let requests = metrics.object(&["requests"]);
            // `cost` is a number of premium requests, not an amount of money.
            parsed.note_count("requests", requests.and_then(|all| all.count(&["count", "cost"])));
            parsed.note("cumulative", true);
            parsed.has_usage().then_some(parsed)
        };
        let mut usages: Vec<ParsedUsage> =
            models.into_iter().flat_map(Fields::entries).filter_map(of_model).collect();
        if let Some(first) = usages.first_mut() {
            first.note_number("duration_api_ms", all.measure(&["totalApiDurationMs"]));
        }
        usages
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let data = line.object(&["data"]);
        let session = data.and_then(|data| data.text(&["sessionId"]));
        // A resumed session reports its counts again; one whose counter has restarted reports lower ones.
        let name = line.text(&["id"]).or_else(|| line.text(&["timestamp"]));
        let key = name.map(|name| format!("copilot\0{name}"));
        let of = |role| {
            let key = key.clone().filter(|_| role == Role::Session);
            Some(Work::new(role, self.name(), session).known_by(key))
        };
        match line.text(&["type"]) {
            Some("session.start") => of(Role::Context),
            Some("assistant.message" | "assistant.usage") => of(Role::Part),
            _ if line.has("modelMetrics") || data.is_some_and(|data| data.has("modelMetrics")) => {
                of(Role::Session)
            }
            _ => None,
        }
    }
}

/// The counts of one call. `cost` is the number of premium requests that it counts as, not an amount of money.
pub(super) struct Call;

impl Source for Call {
    fn name(&self) -> &'static str {
        "copilot-call"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, body: &Body<'_>, all: Fields<'_>) -> bool {
        let is_event = body.all.text(&["event"]) == Some("assistant.usage");
        all.has_any(&["inputTokens", "outputTokens"])
            && (is_event || all.has_any(&["copilotUsage", "quotaSnapshots", "apiCallId"]))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: all.count(&["inputTokens"]),
            output: all.count(&["outputTokens"]),
            cache_read: all.count(&["cacheReadTokens"]),
            cache_write: all.count(&["cacheWriteTokens"]),
            reasoning: all.count(&["reasoningTokens"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new("copilot", reported, CachedTokens::Included);
        all.measure(&["cost"]);
        body.name_provider(&mut parsed, "github-copilot");
        if parsed.has_usage() { vec![parsed] } else { Vec::new() }
    }
}
