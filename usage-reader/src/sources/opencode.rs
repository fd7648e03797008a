//! opencode, whose input does not include the cache. Only the total shows whether reasoning is included in the output,
//! as it was before opencode reported totals.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

/// The agent in the session keys of steps; the session is their message.
const STEPS: &str = "opencode";

/// A message, or the end of one of its steps.
pub(super) struct Message;

impl Source for Message {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn place(&self) -> Place {
        Place::Rest
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        let tokens = all.object(&["tokens"]);
        tokens
            .is_some_and(|tokens| tokens.object(&["cache"]).is_some() && tokens.has_any(&["input", "output"]))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(tokens) = all.object(&["tokens"]) else { return Vec::new() };
        let Some(cache) = tokens.object(&["cache"]) else { return Vec::new() };
        let [input, output, reasoning] = ["input", "output", "reasoning"].map(|name| tokens.count(&[name]));
        let [read, write] = ["read", "write"].map(|name| cache.count(&[name]));
        let total = tokens.count(&["total"]);
        if input.is_none() && output.is_none() {
            return Vec::new();
        }
        let with_reasoning = reported_sum([output, reasoning]);
        let is_on_top = reasoning > output
            || (total.is_some() && reported_sum([input, read, write, with_reasoning]) == total);
        let reported = RawCounts {
            input,
            output: if is_on_top { with_reasoning } else { output },
            total,
            cache_read: read,
            cache_write: write,
            reasoning,
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Additional);
        parsed.provider = body.all.text(&["providerID"]).map(str::to_owned);
        parsed.cost = all.measure(&["cost"]);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.note_text("session", all.text(&["sessionID"]));
        if let Some(time) = all.object(&["time"]) {
            parsed.started_at_ms = time.moment(&["created"]);
            parsed.finished_at_ms = time.moment(&["completed"]);
            parsed.timestamp_ms = parsed.finished_at_ms.or(parsed.started_at_ms);
        }
        vec![parsed]
    }

    /// A fork copies the messages of its session with new ids; only the time at which each began stays the same.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        // If the message is known, the ends of its steps are ignored, since it includes all of them.
        if line.text(&["type"]) == Some("step-finish") {
            let work = Work::new(Role::Session, STEPS, Some(line.text(&["messageID"])?));
            let key = line.text(&["id"]).map(str::to_owned);
            return Some(Work { gives_way: true, began_anew: Some(true), ..work.known_by(key) });
        }
        let (model, message) = (line.text(&["modelID"])?, line.text(&["id"]));
        let begun = line.object(&["time"])?.moment(&["created"])?;
        let key = format!("opencode\0{model}\0{begun}");
        Some(Work::new(Role::Call, STEPS, message).known_by(Some(key)))
    }
}
