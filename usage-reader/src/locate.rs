//! Finding the object that holds the usage, whatever it is wrapped in.

use serde_json::{Map, Value};

use crate::documents::{Piece, split};
use crate::encoded;
use crate::fields::{Fields, Object, text};
use crate::names::{LISTS, TEXTS, WRAPPERS};
use crate::parsed_usage::ParsedUsage;
use crate::shapes::interpret;
use crate::sources::{INHERITED, has_request_as_text, is_adapter_name};
use crate::time;

/// Names that a body takes from around it where it has not got them itself.
const FALLBACK: &[&str] = &[
    "id",
    "responseId",
    "requestId",
    "RequestId",
    "request_id",
    "session_id",
    "sessionId",
    "sessionID",
    "timestamp",
    "ts",
    "time",
    "recorded_at",
    "startedDateTime",
    "timeUnixNano",
    "@timestamp",
    "__REALTIME_TIMESTAMP",
    "model",
    "modelId",
    "uuid",
    "created",
    "created_at",
    "createdAt",
    "response_cost",
    "threadId",
    "is_batch",
    "messageId",
];

/// Parts of addresses that count the tokens of a question, which is no call.
const COUNTING: &[&str] = &[
    "count_tokens",
    "counttokens",
    "count-tokens",
    "computetokens",
    "/tokenize",
    "/tokenizer",
    "responses/input_tokens",
    "estimate-token-count",
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
    if is_count_of_a_question(&all) {
        return Located::Nothing;
    }
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
    let ledger = ledger_events(&mut all, &around);
    if !ledger.is_empty() {
        return Located::Events(ledger);
    }
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

/// Whether a recorded call was of an address that only counts tokens.
fn is_count_of_a_question(all: &Object) -> bool {
    let requests = ["request", "Request", "httpRequest", "req"];
    let request = requests.iter().find_map(|name| all.get(*name)?.as_object());
    let addresses = ["uri", "url", "path", "urlPath", "urlPattern", "endpoint", "Uri", "RequestUri"];
    [request, Some(all)].into_iter().flatten().any(|one| {
        let address = text(one, &addresses).unwrap_or_default().to_ascii_lowercase();
        COUNTING.iter().any(|part| address.contains(part))
    })
}

/// Whether a body may have the field from an object around it.
pub(crate) fn is_from_around(name: &str) -> bool {
    is_adapter_name(name) || FALLBACK.contains(&name) || matches!(name, "event" | "type")
}

/// What a wrapper reports about the body in it.
fn around(all: &Object) -> Object {
    let inherited = INHERITED.iter().flat_map(|names| names.iter());
    let reported =
        inherited.chain(FALLBACK).filter_map(|name| Some(((*name).to_owned(), all.get(*name)?.clone())));
    let mut around: Object = reported.filter(|(_, value)| !value.is_object() && !value.is_array()).collect();
    if is_of_batch(all) {
        around.insert("is_batch".into(), true.into());
    }
    // Recorders write the time of UTC without saying so.
    if let Some(recorded) = text(all, &["recorded_at"]).and_then(time::parse_utc) {
        around.insert("recorded_at".into(), recorded.into());
    }
    // Amp names its threads so; the messages in them are only numbered.
    if let Some(thread) = text(all, &["id"]).filter(|id| id.starts_with("T-")) {
        around.insert("threadId".into(), thread.into());
    }
    around
}

/// Whether it is, or holds, the results of a batch: OpenAI's and Anthropic's (`custom_id`), Bedrock's (`recordId`), and
/// those of Gemini and Vertex AI.
fn is_of_batch(all: &Object) -> bool {
    let is_of_gemini = || all.get("response").and_then(|response| response.get("usageMetadata")).is_some();
    ["custom_id", "recordId", "inlinedResponses"].iter().any(|name| all.contains_key(*name))
        || (["key", "processed_time"].iter().any(|name| all.contains_key(*name)) && is_of_gemini())
}

fn inherit(mut inner: Object, around: &Object, kind: Option<&str>) -> Object {
    for (name, value) in around {
        if is_adapter_name(name) || !inner.contains_key(name) {
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
            let chunks: Vec<&str> = values.iter().map_while(Value::as_str).collect();
            match encoded::document_of_chunks(&chunks).filter(|_| chunks.len() == values.len()) {
                Some(document) => objects_in(&document, &mut events),
                None => flatten(values, &mut events),
            }
        }
        if !events.is_empty() {
            break;
        }
    }
    if events.is_empty() {
        events = events_in_text(all);
    }
    // What an adapter says of one body is said of that body; of several it is said of none.
    if let [only] = &mut events[..] {
        *only = inherit(std::mem::take(only), around, None);
    }
    if let Some(thread) = around.get("threadId") {
        events.iter_mut().for_each(|event| drop(event.insert("threadId".into(), thread.clone())));
    }
    // What belongs to a session says so once.
    for name in ["sessionId", "session_id", "sessionID"] {
        if let Some(session) = around.get(name) {
            for event in &mut events {
                event.entry(name).or_insert_with(|| session.clone());
            }
        }
    }
    events
}

/// Whether nothing but a text and its encoding stands here: the body of a recorded call, as Charles keeps it. What was said
/// has a type or a role.
fn is_text_of_a_body(all: &Object) -> bool {
    let is_part = |name: &String| matches!(name.as_str(), "text" | "charset" | "size" | "encoding");
    let is_untyped = !all.contains_key("type") && !all.contains_key("event");
    is_untyped && all.keys().all(|name| is_part(name) || is_from_around(name))
}

fn objects_in(document: &str, events: &mut Vec<Object>) {
    split(document, &mut |piece| {
        if let Piece::Object(event, _) = piece {
            events.push(event);
        }
    });
}

fn events_in_text(all: &Object) -> Vec<Object> {
    let mut events = Vec::new();
    // The result of an agent's run is what its model said, and so is the text of anything but a request.
    let is_result = text(all, &["type"]) == Some("result");
    let is_request = has_request_as_text(all) || all.contains_key("mimeType") || is_text_of_a_body(all);
    for name in TEXTS {
        let Some(Value::String(text)) = all.get(*name) else { continue };
        if (*name == "result" && is_result) || (*name == "text" && !is_request) {
            continue;
        }
        let Some(document) = encoded::document(text) else { continue };
        objects_in(&document, &mut events);
        if !events.is_empty() {
            break;
        }
    }
    events
}

/// Amp's ledger and its messages report the same calls, each a part of them.
fn ledger_events(all: &mut Object, around: &Object) -> Vec<Object> {
    let mut events = Vec::new();
    if let Some(Value::Object(mut ledger)) = all.shift_remove("usageLedger") {
        if let Some(Value::Array(values)) = ledger.shift_remove("events") {
            flatten(values, &mut events);
        }
        // What an entry is of, which not every one says.
        for event in &mut events {
            event.entry("operationType").or_insert_with(|| "".into());
        }
        if let Some(Value::Array(values)) = all.shift_remove("messages") {
            flatten(values, &mut events);
        }
    }
    if let Some(thread) = around.get("threadId") {
        events.iter_mut().for_each(|event| drop(event.insert("threadId".into(), thread.clone())));
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

/// When the line was written, where it says so.
pub(crate) fn time_of(line: Fields<'_>) -> Option<i64> {
    const NAMES: &[&str] =
        &["timestamp", "ts", "time", "created", "created_at", "createdAt", "startedDateTime"];
    // Few objects have one, and a look at the first letters is enough to know.
    let may_have_one = line.names().any(|name| name.starts_with(['t', 'c', 's']) && NAMES.contains(&name));
    let own = if may_have_one { line.moment(NAMES) } else { None };
    own.or_else(|| line.object(&["message", "payload", "msg"])?.moment(&["timestamp", "created_at"]))
}
