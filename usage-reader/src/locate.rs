//! Finds the object that contains the usage, whatever wraps it.

use serde_json::{Map, Value};

use crate::documents::{Piece, split};
use crate::encoded;
use crate::fields::{Fields, Object, text};
use crate::names::{LISTS, TEXTS, WRAPPERS};
use crate::parsed_usage::ParsedUsage;
use crate::shapes::interpret;
use crate::sources::{INHERITED, has_request_as_text, is_adapter_name};
use crate::time;
use crate::unread_body;

/// Fields that a body inherits from the objects around it if it does not have them itself.
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

/// Parts of URLs that count the tokens of a prompt without calling a model.
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
    /// The body, with the fields of its wrappers, and the usages in it.
    Body(Object, Vec<ParsedUsage>),
    /// Several bodies or events.
    Events(Vec<Object>),
    /// No usage, but values that a record can store.
    Rest(Vec<ParsedUsage>),
    /// The beginning of a message whose usage follows later.
    Message(Object),
    /// A body in an encoding that is not read, by its name.
    Unreadable(String),
    Nothing,
}

pub(crate) fn locate(mut all: Object, hint: Option<&str>) -> Located {
    if is_count_of_a_question(&all) {
        return Located::Nothing;
    }
    let counts = |usages: &Vec<ParsedUsage>| usages.iter().any(ParsedUsage::has_usage);
    let usages = match interpret(&all, hint) {
        // An adapter's own numbers may surround a body that reports more.
        Some(usages) if counts(&usages) && !is_adapter_alone(&usages) => {
            return Located::Body(all, usages);
        }
        usages => usages,
    };
    let mut unreadable = unread_body::name(&all);
    let around = around(&all);
    let kind = text(&all, &["type"]).map(str::to_owned);
    let ledger = ledger_events(&mut all, &around);
    if !ledger.is_empty() {
        return Located::Events(ledger);
    }
    if let Some(message) = take_chain_message(&mut all) {
        return locate(inherit(message, &around, None), hint);
    }
    for name in WRAPPERS {
        let Some(Value::Object(_)) = all.get(*name) else { continue };
        let Some(Value::Object(inner)) = all.shift_remove(*name) else { continue };
        let inner = inherit(inner, &around, kind.as_deref());
        match locate(inner, hint) {
            Located::Nothing | Located::Rest(_) => {}
            Located::Unreadable(name) => unreadable = Some(name),
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
    if let Some(name) = unreadable {
        return Located::Unreadable(name);
    }
    usages.map_or(Located::Nothing, Located::Rest)
}

/// The message of an event of LangChain at the end of a call. The events at the ends of chains repeat messages.
fn take_chain_message(all: &mut Object) -> Option<Object> {
    let is_end = matches!(text(all, &["event"])?, "on_chat_model_end" | "on_llm_end");
    let run = text(all, &["run_id"]).map(str::to_owned);
    let Some(Value::Object(mut message)) =
        is_end.then(|| all.get_mut("data")?.get_mut("output").map(Value::take))?
    else {
        return None;
    };
    if let Some(run) = run {
        message.entry("response_id").or_insert_with(|| run.into());
    }
    Some(message)
}

/// Whether only fields of an adapter were read.
fn is_adapter_alone(usages: &[ParsedUsage]) -> bool {
    usages.iter().all(|parsed| !parsed.extra.contains_key("source"))
}

/// Whether this is a recorded call of a URL that only counts tokens.
fn is_count_of_a_question(all: &Object) -> bool {
    let requests = ["request", "Request", "httpRequest", "req"];
    let request = requests.iter().find_map(|name| all.get(*name)?.as_object());
    let addresses = ["uri", "url", "path", "urlPath", "urlPattern", "endpoint", "Uri", "RequestUri"];
    [request, Some(all)].into_iter().flatten().any(|one| {
        let address = text(one, &addresses).unwrap_or_default().to_ascii_lowercase();
        COUNTING.iter().any(|part| address.contains(part))
    })
}

/// Whether a body may inherit the field from an object around it.
pub(crate) fn is_from_around(name: &str) -> bool {
    is_adapter_name(name) || FALLBACK.contains(&name) || matches!(name, "event" | "type")
}

/// The fields that a wrapper passes on to the body in it.
fn around(all: &Object) -> Object {
    let inherited = INHERITED.iter().flat_map(|names| names.iter());
    let reported =
        inherited.chain(FALLBACK).filter_map(|name| Some(((*name).to_owned(), all.get(*name)?.clone())));
    let mut around: Object = reported.filter(|(_, value)| !value.is_object() && !value.is_array()).collect();
    if is_of_batch(all) {
        around.insert("is_batch".into(), true.into());
    }
    // Recorders write times in UTC without a zone.
    if let Some(recorded) = text(all, &["recorded_at"]).and_then(time::parse_utc) {
        around.insert("recorded_at".into(), recorded.into());
    }
    // Amp's thread ids begin with `T-`; the messages in a thread only have numbers.
    if let Some(thread) = text(all, &["id"]).filter(|id| id.starts_with("T-")) {
        around.insert("threadId".into(), thread.into());
    }
    around
}

/// Whether this is or contains results of a batch: OpenAI's and Anthropic's (`custom_id`), Bedrock's (`recordId`), and
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
    // The type of the event that contains a message is more specific than that of the message, and Copilot's counts of
    // a call have the names of others.
    if let Some(kind @ ("message_start" | "assistant.usage")) = kind {
        inner.insert("event".into(), kind.into());
    }
    inner
}

/// The events in arrays, and in text that was stored unchanged.
fn events(all: &mut Object, around: &Map<String, Value>) -> Vec<Object> {
    let mut events = Vec::new();
    let mut are_observations = false;
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
            are_observations = *name == "observations";
            break;
        }
    }
    if events.is_empty() {
        events = events_in_text(all);
    }
    // An adapter's fields belong to a single body; with several bodies they belong to none of them.
    if let [only] = &mut events[..] {
        *only = inherit(std::mem::take(only), around, None);
    }
    if let Some(thread) = around.get("threadId") {
        events.iter_mut().for_each(|event| drop(event.insert("threadId".into(), thread.clone())));
    }
    // The observations of a trace of Langfuse.
    if let Some(trace) = text(all, &["id"]).filter(|_| are_observations).map(str::to_owned) {
        for event in &mut events {
            if text(event, &["traceId", "trace_id"]).is_none() {
                event.insert("traceId".into(), trace.clone().into());
            }
        }
    }
    // The session is named once for all its events.
    for name in ["sessionId", "session_id", "sessionID"] {
        if let Some(session) = around.get(name) {
            for event in &mut events {
                event.entry(name).or_insert_with(|| session.clone());
            }
        }
    }
    events
}

/// Whether the object has only a text and its encoding: the body of a recorded call, as Charles stores it. Text of a
/// conversation has a type or a role in addition.
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
    // The result of an agent's run is the model's text, and so is any `text` outside of a request.
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

/// Amp's ledger and its messages report the same calls; each has only some of the fields.
fn ledger_events(all: &mut Object, around: &Object) -> Vec<Object> {
    let mut events = Vec::new();
    if let Some(Value::Object(mut ledger)) = all.shift_remove("usageLedger") {
        if let Some(Value::Array(values)) = ledger.shift_remove("events") {
            flatten(values, &mut events);
        }
        // The thread of an entry, which not every entry has.
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

/// When the line was written, if it has a time.
pub(crate) fn time_of(line: Fields<'_>) -> Option<i64> {
    const NAMES: &[&str] =
        &["timestamp", "ts", "time", "created", "created_at", "createdAt", "startedDateTime"];
    // Few objects have a time, and the first letters rule out most of them.
    let may_have_one = line.names().any(|name| name.starts_with(['t', 'c', 's']) && NAMES.contains(&name));
    let own = if may_have_one { line.moment(NAMES) } else { None };
    own.or_else(|| line.object(&["message", "payload", "msg"])?.moment(&["timestamp", "created_at"]))
}
