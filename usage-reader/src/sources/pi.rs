//! pi, whose input does not include the cache, and which reports a message on up to five kinds of line. A message is
//! identified by its time.

use crate::body::Body;
use crate::fields::{Fields, as_measure};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Role, Source, Work};

pub(super) struct Message;

impl Source for Message {
    fn name(&self) -> &'static str {
        "pi"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        is_usage(usage)
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: usage.count(&["input"]),
            output: usage.count(&["output"]),
            total: usage.count(&["totalTokens"]),
            cache_read: usage.count(&["cacheRead"]),
            cache_write: usage.count(&["cacheWrite"]),
            reasoning: usage.count(&["reasoning"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Additional);
        if let Some(cost) = usage.object(&["cost"]) {
            parsed.cost = cost.measure(&["total"]);
            cost.values().filter_map(|(_, value)| as_measure(value)).for_each(drop);
        }
        if let Some(lifetimes) = usage.object(&["cttl"]) {
            parsed.note_count("cache_write_5m", lifetimes.count(&["ephemeral5m"]));
            parsed.note_count("cache_write_1h", lifetimes.count(&["ephemeral1h"]));
        }
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.timestamp_ms = body.all.moment(&["timestamp"]);
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let message = line.object(&["message"]).unwrap_or(line);
        if !message.object(&["usage"]).is_some_and(is_usage) {
            return None;
        }
        let model = message.text(&["model"]).unwrap_or_default();
        if let Some(made) = message.moment(&["timestamp"]) {
            return Some(
                Work::new(Role::Call, self.name(), None).known_by(Some(format!("pi\0{model}\0{made}"))),
            );
        }
        // Without a time, the events of a message are known by its counts, which only the last ones have in full.
        let key = || {
            let counts = ["input", "output", "cacheRead", "cacheWrite"];
            let usage = message.object(&["usage"])?;
            let counts = counts.map(|name| usage.count(&[name]).unwrap_or_default().to_string());
            Some(format!("pi\0{model}\0{}", counts.join("/")))
        };
        match line.text(&["type"]) {
            Some("message_start" | "message_update") => Some(Work::new(Role::Repeated, self.name(), None)),
            Some("message_end" | "turn_end" | "agent_end") => {
                Some(Work::new(Role::Call, self.name(), None).known_by(key()))
            }
            // The end of a run lists its messages.
            None if line.text(&["role"]) == Some("assistant") => {
                Some(Work::new(Role::Call, self.name(), None).known_by(key()))
            }
            _ => None,
        }
    }
}

fn is_usage(usage: Fields<'_>) -> bool {
    usage.has_any(&["input", "output"]) && usage.has_any(&["cacheRead", "cacheWrite"])
}
