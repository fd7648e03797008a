//! Amp's threads: a message has the usage of its call, the ledger the model and the time. Both have the id of the
//! message.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const NAME: &str = "amp";
const READ: &[&str] = &["cacheReadInputTokens"];
const WRITE: &[&str] = &["cacheCreationInputTokens"];

/// An entry of the ledger.
pub(super) struct LedgerEvent;

impl Source for LedgerEvent {
    fn name(&self) -> &'static str {
        "amp-ledger"
    }

    fn place(&self) -> Place {
        Place::Rest
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        let tokens = all.object(&["tokens"]);
        tokens.is_some_and(|tokens| {
            tokens.has_any(&["input", "output", "total"]) && tokens.object(&["cache"]).is_none()
        }) && (all.has_any(&["credits", "toMessageId", "operationType"])
            || tokens.is_some_and(|tokens| tokens.has_any(READ) || tokens.has_any(WRITE)))
    }

    fn read(&self, _body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(tokens) = all.object(&["tokens"]) else { return Vec::new() };
        let reported = RawCounts {
            input: tokens.count(&["input"]),
            output: tokens.count(&["output"]),
            total: tokens.count(&["total"]),
            cache_read: tokens.count(READ),
            cache_write: tokens.count(WRITE),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Additional);
        parsed.note_number("credits", all.measure(&["credits"]));
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        if !line.has("tokens") || !line.has_any(&["toMessageId", "credits", "operationType"]) {
            return None;
        }
        let message =
            line.get("toMessageId").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let key = match (message, line.text(&["threadId"])) {
            (Some(message), Some(thread)) => Some(format!("amp\0{thread}\0{message}")),
            (None, _) | (_, None) => line.text(&["id"]).map(str::to_owned),
        };
        Some(Work::new(Role::Call, NAME, line.text(&["threadId"])).known_by(key))
    }
}

/// A message. It is recognised by the model in its usage, which no other format has.
pub(super) struct Message;

impl Source for Message {
    fn name(&self) -> &'static str {
        "amp-message"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(&["inputTokens", "outputTokens"])
            && usage.has_any(&["totalInputTokens", "credits"])
            && !usage.has_any(&["totalOutputTokens", "cacheReadTokens"])
    }

    fn read(&self, _body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: usage.count(&["inputTokens"]),
            output: usage.count(&["outputTokens"]),
            cache_read: usage.count(READ),
            cache_write: usage.count(WRITE),
            ..RawCounts::default()
        };
        // The size of the context, which is not usage.
        usage.count(&["totalInputTokens", "maxInputTokens"]);
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Additional);
        parsed.model = usage.text(&["model"]).map(str::to_owned);
        parsed.timestamp_ms = usage.moment(&["timestamp"]);
        parsed.note_number("credits", usage.measure(&["credits"]));
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let usage = line.object(&["usage"])?;
        if !usage.has_any(&["totalInputTokens", "credits"]) {
            return None;
        }
        let message = line.get("messageId")?;
        let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        let thread = line.text(&["threadId"])?;
        Some(Work::new(Role::Call, NAME, Some(thread)).known_by(Some(format!("amp\0{thread}\0{message}"))))
    }
}
