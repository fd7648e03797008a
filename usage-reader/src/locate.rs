//! Finding the object that holds the usage, whatever it is wrapped in.

use serde_json::{Map, Value};

use crate::adapter::INHERITED;
use crate::collector::COPILOT;
use crate::documents::{Piece, split};
use crate::fields::{Object, text};
use crate::parsed_usage::ParsedUsage;
use crate::shapes::interpret;
use crate::usage_projection::{LISTS, TEXTS, WRAPPERS};

/// Names that a body takes from around it where it has not got them itself.
const FALLBACK: &[&str] = &[
    "id",
    "responseId",
    "requestId",
    "RequestId",
    "request_id",
    "session_id",
    "sessionId",
    "timestamp",
    "model",
    "uuid",
    "created",
    "created_at",
    "response_cost",
    "run",
    "parent_tool_use_id",
    "is_batch",
];

pub(crate) enum Located {
    /// The body, with what its wrappers reported, and what it says.
    Body(Object, Vec<ParsedUsage>),
    /// Several bodies or events.
    Events(Vec<Object>),
    /// Nothing that counts, but something that a record has room for.
    Rest(Vec<ParsedUsage>),
    /// The beginning of a message whose usage comes later.
    Message(Object),
    Nothing,
}

pub(crate) fn locate(mut all: Object, hint: Option<&str>) -> Located {
    let counts = |usages: &Vec<ParsedUsage>| usages.iter().any(ParsedUsage::has_usage);
    let usages = match interpret(&all, hint) {
        // An adapter's own numbers may stand around a body that has more to say.
        Some(usages) if counts(&usages) && !is_adapter_alone(&usages) => {
            return Located::Body(all, usages);
        }
        usages => usages,
    };
    let around = around(&all);
    let kind = text(&all, &["type"]).map(str::to_owned);
    for name in WRAPPERS {
        let Some(Value::Object(_)) = all.get(*name) else { continue };
        let Some(Value::Object(inner)) = all.shift_remove(*name) else { continue };
        let inner = inherit(inner, &around, kind.as_deref());
        match locate(inner, hint) {
            Located::Nothing | Located::Rest(_) => {}
            found => return found,
        }
    }
    if let Some(usages) = &usages
        && counts(usages)
    {
        return Located::Body(all, usages.clone());
    }
    let events = events(&mut all, &around);
    if !events.is_empty() {
        return Located::Events(events);
    }
    if kind.as_deref() == Some("message_start") {
        return Located::Message(all);
    }
    usages.map_or(Located::Nothing, Located::Rest)
}

/// Whether nothing but an adapter's own names was read.
fn is_adapter_alone(usages: &[ParsedUsage]) -> bool {
    usages.iter().all(|parsed| !parsed.extra.contains_key("source"))
}

fn is_inherited(name: &str) -> bool {
    INHERITED.iter().any(|names| names.contains(&name))
}

/// What a wrapper reports about the body in it.
fn around(all: &Object) -> Object {
    let inherited = INHERITED.iter().flat_map(|names| names.iter());
    let reported =
        inherited.chain(FALLBACK).filter_map(|name| Some(((*name).to_owned(), all.get(*name)?.clone())));
    let mut around: Object = reported.filter(|(_, value)| !value.is_object() && !value.is_array()).collect();
    if all.contains_key("custom_id") || all.contains_key("recordId") {
        around.insert("is_batch".into(), true.into());
    }
    // Claude Code streams the events of a run, which ends with a count of them all. Its transcripts spell
    // `sessionId`, and never end with one.
    if let (Some("assistant" | "stream_event"), Some(run)) =
        (text(all, &["type"]), text(all, &["session_id"]))
    {
        around.insert("run".into(), run.into());
    }
    if let Some("assistant.message" | "assistant.usage") = text(all, &["type"]) {
        around.insert("run".into(), COPILOT.into());
    }
    around
}

fn inherit(mut inner: Object, around: &Object, kind: Option<&str>) -> Object {
    for (name, value) in around {
        if is_inherited(name) || !inner.contains_key(name) {
            inner.insert(name.clone(), value.clone());
        }
    }
    // What kind of event a message stands in says more than that it is a message.
    if kind == Some("message_start") {
        inner.insert("event".into(), "message_start".into());
    }
    inner
}

/// The events in arrays and in text that was kept as it came.
fn events(all: &mut Object, around: &Map<String, Value>) -> Vec<Object> {
    let mut events = Vec::new();
    for name in LISTS {
        if let Some(Value::Array(_)) = all.get(*name)
            && let Some(Value::Array(values)) = all.shift_remove(*name)
        {
            flatten(values, &mut events);
        }
        if !events.is_empty() {
            return events;
        }
    }
    for name in TEXTS {
        let Some(Value::String(text)) = all.get(*name) else { continue };
        split(text, &mut |piece| {
            if let Piece::Object(event, _) = piece {
                events.push(event);
            }
        });
        if !events.is_empty() {
            break;
        }
    }
    // What an adapter says of one body is said of that body; of several it is said of none.
    if let [only] = &mut events[..] {
        *only = inherit(std::mem::take(only), around, None);
    }
    events
}

fn flatten(values: Vec<Value>, events: &mut Vec<Object>) {
    for value in values {
        match value {
            Value::Object(event) => events.push(event),
            Value::Array(values) => flatten(values, events),
            _ => {}
        }
    }
}
