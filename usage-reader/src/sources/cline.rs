//! Cline, Roo and Kilo: the requests in `ui_messages.json`, the responses in `messages.json`, and the events of
//! `cline --json`, the last of which has the counts of the whole run.

use serde_json::Value;

use crate::body::Body;
use crate::fields::{Fields, Object};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const NAME: &str = "cline";

/// Messages of `ui_messages.json` whose text contains the numbers of a request. The text of all others comes from
/// users, models and tools.
const REQUESTS: &[&str] = &["api_req_started", "api_req_finished", "deleted_api_reqs", "subagent_usage"];

/// Whether the object's `text` contains the numbers of a request.
pub(crate) fn has_request_as_text(all: &Object) -> bool {
    all.get("say").and_then(Value::as_str).is_some_and(|say| REQUESTS.contains(&say))
}

/// The text of a request in `ui_messages.json`. Its input does not include the cache.
pub(super) struct Request;

impl Source for Request {
    fn name(&self) -> &'static str {
        "cline-request"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has_any(&["tokensIn", "tokensOut"]) || all.object(&["contextCondense"]).is_some()
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: all.count(&["tokensIn"]),
            output: all.count(&["tokensOut"]),
            cache_read: all.count(&["cacheReads"]),
            cache_write: all.count(&["cacheWrites"]),
            ..RawCounts::default()
        };
        // The cost of summarising a long conversation, which is in addition to its requests.
        if let Some(condensed) = all.object(&["contextCondense"]) {
            let mut parsed = ParsedUsage::new(NAME, RawCounts::default(), CachedTokens::Additional);
            cost(condensed, &["cost"], &mut parsed);
            return if parsed.cost.is_some() { vec![parsed] } else { Vec::new() };
        }
        // Roo names the API protocol; with OpenAI's, the input includes the cache.
        let cached_tokens = match body.all.text(&["apiProtocol"]) {
            Some("openai") => CachedTokens::Included,
            _ => CachedTokens::Additional,
        };
        let mut parsed = ParsedUsage::new(NAME, reported, cached_tokens);
        cost(all, &["cost", "totalCost"], &mut parsed);
        vec![parsed]
    }

    /// A request is written again when its response arrives, so it is identified by its time.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        if !line.text(&["say"]).is_some_and(|say| REQUESTS.contains(&say)) {
            return None;
        }
        let at = line.moment(&["ts"]);
        Some(Work::new(Role::Call, NAME, None).known_by(at.map(|at| format!("{NAME}\0{at}"))))
    }
}

/// The counts of a call or a run. The input includes the cache, which the costs in real files confirm.
pub(super) struct Metrics;

impl Source for Metrics {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(&["inputTokens", "outputTokens"])
            && (usage.has_any(&["totalInputTokens", "totalCost"])
                || (usage.has("cost") && usage.has_any(&["cacheReadTokens", "cacheWriteTokens"]))
                || body.all.has_any(&["modelInfo", "aggregateUsage"]))
            && !usage.has_any(&["cacheCreationTokens", "credits"])
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: usage.count(&["inputTokens"]),
            output: usage.count(&["outputTokens"]),
            cache_read: usage.count(&["cacheReadTokens"]),
            cache_write: usage.count(&["cacheWriteTokens"]),
            ..RawCounts::default()
        };
        // The sums of the run so far.
        usage.count(&[
            "totalInputTokens",
            "totalOutputTokens",
            "totalCacheReadTokens",
            "totalCacheWriteTokens",
        ]);
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
        cost(usage, &["cost"], &mut parsed);
        if parsed.cost.is_none() {
            cost(usage, &["totalCost"], &mut parsed);
        } else {
            usage.measure(&["totalCost"]);
        }
        body.all.measure(&["totalCost"]);
        if let Some(model) = body.all.object(&["modelInfo", "model"]) {
            parsed.model = model.text(&["id"]).map(str::to_owned);
            parsed.provider = model.text(&["provider"]).map(str::to_owned);
        }
        parsed.timestamp_ms = body.all.moment(&["ts"]);
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let of = |role| Some(Work::new(role, NAME, line.text(&["sessionId", "session_id"])));
        // The responses in `messages.json`, and the session beside them, which reports their sum.
        if line.text(&["role"]) == Some("assistant") && line.object(&["metrics"]).is_some() && line.has("ts")
        {
            return of(Role::Call);
        }
        let is_session = line.has("session_id")
            && line
                .object(&["metadata"])
                .and_then(|all| all.object(&["usage"]))
                .is_some_and(|usage| usage.has("totalCost"));
        if is_session {
            return of(Role::Session);
        }
        match (line.text(&["type"])?, line.object(&["event"]).and_then(|event| event.text(&["type"]))) {
            ("agent_event", Some("usage")) => of(Role::Part),
            ("agent_event", Some("done")) | ("run_result", _) => of(Role::Run),
            _ => None,
        }
    }
}

fn cost(usage: Fields<'_>, names: &[&str], parsed: &mut ParsedUsage) {
    parsed.cost = usage.measure(names);
    parsed.currency = parsed.cost.map(|_| "USD".into());
}
