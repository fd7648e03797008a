//! The events of one response: what identifies them, and how they are merged.

use serde_json::Value;

use crate::fields::{Fields, Object, text};

const ID: &[&str] = &[
    "id",
    "responseId",
    "response_id",
    "messageId",
    "message_id",
    "generation_id",
    "requestId",
    "RequestId",
    "request_id",
];

/// The stream of messages that an event belongs to: subagents of an agent have streams of their own.
pub(crate) fn stream_of(body: &Object) -> String {
    let of = |name| text(body, &[name]).unwrap_or_default();
    format!("{}\0{}", of("session_id"), of("parent_tool_use_id"))
}

/// The provider's id of the response. Ollama's ids are random numbers below 1,000, so they identify a response only
/// together with the second in which it was created.
pub(crate) fn id_of(body: &Object) -> Option<String> {
    let all = Fields::of(body);
    let named = |fields: Fields<'_>| fields.text(ID).map(str::to_owned);
    let beside = || named(all.object(&["response", "message", "ResponseMetadata", "$metadata"])?);
    let id = named(all).or_else(beside)?;
    match (id.strip_prefix("chatcmpl-"), body.get("created").and_then(Value::as_i64)) {
        (Some(number), Some(created)) if number.len() <= 3 => Some(format!("{id}@{created}")),
        _ => Some(id),
    }
}

/// Merges a later event of a stream into the earlier ones: its fields replace earlier values.
pub(crate) fn merge(earlier: &mut Object, later: Object) {
    for (name, value) in later {
        match (earlier.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(after)) => merge(before, after),
            (_, value) => {
                earlier.insert(name, value);
            }
        }
    }
}
