//! Reads only the usage from a JSON object: prompts and responses are skipped unread.
//!
//! Each value is read separately, so that an invalid one (a number out of range, half of a surrogate pair) affects
//! nothing else. Skipping does not recurse, so deep nesting cannot exhaust the stack.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::encoded::may_be_document;
use crate::names::{self, IN_ONE_GO, LIST, SHALLOW, TEXT, USAGE, WRAPPER};
use crate::otel_attributes;
use crate::unread;
use crate::unread_body::{self, BEGINNING, looks_encoded};

/// The maximum depth of wrappers and usage objects.
const DEEPEST: u8 = 12;
/// The maximum length of a name, an id or a time.
pub(crate) const LONGEST_TEXT: usize = 512;
/// The maximum length of a usage object.
const LONGEST_USAGE: usize = 1 << 20;

/// Whether a text may be a document: JSON, or server-sent events.
pub(crate) fn is_document(text: &str) -> bool {
    let text = text.trim_start_matches(['\u{feff}', '\u{1e}', ' ', '\n', '\r', '\t']);
    ["{", "[{", "[ {", "[\n", "data:", "event:", "id:", ": ", ":\n"]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The maximum length of an object that no source reads, but of which the names of unread numbers are listed.
const LONGEST_UNREAD: usize = 16 << 10;

/// Whether the field is usage, or belongs to a usage object without a wrapper.
fn is_usage(key: &str) -> bool {
    names::is(key, USAGE) || key.ends_with("details") || key.ends_with("Details")
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Body,
    Usage,
    Shallow,
}

/// The object in `text`, without what is unrelated to usage. `None` if the text is not an object.
pub(crate) fn read(text: &str) -> Option<Map<String, Value>> {
    // Wrappers are parsed in one pass; only if that fails, value by value.
    read_object(text, Objects { place: Place::Body, depth: DEEPEST, in_one_go: true })
        .or_else(|| object(text, Place::Body, DEEPEST))
}

fn object(text: &str, place: Place, depth: u8) -> Option<Map<String, Value>> {
    read_object(text, Objects { place, depth, in_one_go: false })
}

fn read_object(text: &str, objects: Objects) -> Option<Map<String, Value>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let map = deserializer.deserialize_map(objects).ok()?;
    deserializer.end().ok()?;
    Some(map)
}

struct Objects {
    place: Place,
    depth: u8,
    in_one_go: bool,
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Objects {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some(Key(key)) = entries.next_key()? {
            if self.in_one_go && self.depth > 0 && names::is(&key, IN_ONE_GO) {
                let wrapped = Wrapped { depth: self.depth - 1, key: &key };
                if let Some(value) = entries.next_value_seed(wrapped)? {
                    map.insert(key.into_owned(), value);
                }
                continue;
            }
            let raw: &RawValue = entries.next_value()?;
            if let Some(value) = keep(&key, raw.get(), self.place, self.depth) {
                map.insert(key.into_owned(), value);
            }
        }
        Ok(map)
    }
}

/// The value of a wrapper, whatever its type.
struct Wrapped<'k> {
    depth: u8,
    key: &'k str,
}

impl<'de> DeserializeSeed<'de> for Wrapped<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wrapped<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let objects = Objects { place: Place::Body, depth: self.depth, in_one_go: true };
        objects.visit_map(entries).map(|map| Some(Value::Object(map)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        if names::is(self.key, LIST) {
            let elements = Elements { place: Place::Body, depth: self.depth }.visit_seq(elements)?;
            return Ok(Some(Value::Array(elements)));
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let is_kept = text.len() <= LONGEST_TEXT || (names::is(self.key, TEXT) && may_be_document(text));
        let beginning =
            || text.get(..BEGINNING).filter(|text| names::is(self.key, TEXT) && looks_encoded(text));
        Ok(if is_kept { Some(text) } else { beginning() }.map(Value::from))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

struct Elements {
    place: Place,
    depth: u8,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(raw) = elements.next_element::<&RawValue>()? {
            let text = raw.get();
            let value = match text.as_bytes().first() {
                Some(b'{') => object(text, self.place, self.depth).map(Value::Object),
                Some(b'[') => array(text, self.place, self.depth),
                _ => scalar(text),
            };
            values.extend(value);
        }
        Ok(values)
    }
}

fn keep(key: &str, raw: &str, place: Place, depth: u8) -> Option<Value> {
    if key == "attributes" && raw.starts_with('[') {
        return otel_attributes::read(raw).map(Value::Object);
    }
    if place == Place::Body && unread_body::are_headers(key) {
        return unread_body::encoding(raw).map(Value::from);
    }
    match raw.as_bytes().first()? {
        // That there are embeddings says what kind of call it was; their numbers are not read.
        b'{' | b'[' if place == Place::Body && is_embedding(key) && !raw.contains("\"token_count\"") => {
            Some(Value::Bool(true))
        }
        b'{' => {
            let inside = inside(key, raw, place)?;
            object(raw, inside, depth.checked_sub(1)?).map(Value::Object)
        }
        // Among the candidates, which are otherwise skipped, is the mark of the last chunk of a response.
        b'[' if place == Place::Body && key == "candidates" => {
            Some(Value::Bool(raw.contains("\"finishReason\"") || raw.contains("\"finish_reason\"")))
        }
        b'[' => {
            let is_kept = match place {
                Place::Usage => raw.len() <= LONGEST_USAGE,
                // The path of a change in a VS Code journal, and the values that it appends.
                Place::Body if key == "k" => raw.len() <= LONGEST_TEXT,
                Place::Body if key == "v" => true,
                Place::Body if key == "choices" => raw.contains("\"usage\""),
                Place::Body if is_usage(key) => raw.len() <= LONGEST_USAGE,
                // OpenTelemetry's pairs of seconds and nanoseconds.
                Place::Body if matches!(key, "startTime" | "endTime" | "hrTime") => raw.len() <= 64,
                Place::Body => names::is(key, LIST),
                Place::Shallow => false,
            };
            let inside = if is_usage(key) { Place::Usage } else { place };
            if is_kept { array(raw, inside, depth) } else { None }
        }
        b'"' if raw.len() > LONGEST_TEXT => {
            // A long text is parsed only if its beginning is that of a document.
            let is_kept = place == Place::Body && names::is(key, TEXT) && begins_a_document(raw);
            // Text of users and models is parsed only if a source stores its numbers in it.
            let is_said = key == "text"
                && is_document(&raw[1..])
                && !raw.contains("tokensIn")
                && !raw.contains("usage");
            if !is_kept || is_said {
                let beginning =
                    raw.get(1..=BEGINNING).filter(|_| place == Place::Body && names::is(key, TEXT));
                return beginning.filter(|text| looks_encoded(text)).map(Value::from);
            }
            serde_json::from_str(raw).ok().filter(|text: &String| may_be_document(text)).map(Value::String)
        }
        _ => scalar(raw),
    }
}

/// Whether the JSON string may be a document, judged by its first characters.
fn begins_a_document(raw: &str) -> bool {
    let mut beginning = raw.get(1..).unwrap_or_default();
    while let Some(rest) = ["\\n", "\\r", "\\t", "\\ufeff", "\\u001e", "\u{feff}", " "]
        .iter()
        .find_map(|blank| beginning.strip_prefix(blank))
    {
        beginning = rest;
    }
    let escaped = ["[\\n", "[\\r", "\\\"{", "\\\"[", "\\\"data:", "\\\"event:", "[\\\"", ":\\n"];
    escaped.iter().any(|start| beginning.starts_with(start)) || may_be_document(beginning)
}

fn is_chain_message(raw: &str) -> bool {
    ["\"usage_metadata\"", "\"token_usage\""].iter().any(|name| raw.contains(name))
}

fn is_embedding(key: &str) -> bool {
    matches!(key, "embedding" | "embeddings")
}

fn inside(key: &str, raw: &str, place: Place) -> Option<Place> {
    match place {
        Place::Usage => (raw.len() <= LONGEST_USAGE).then_some(Place::Usage),
        Place::Shallow => None,
        Place::Body if is_usage(key) => (raw.len() <= LONGEST_USAGE).then_some(Place::Usage),
        Place::Body if key == "embeddings" && raw.contains("\"token_count\"") => Some(Place::Usage),
        // LangChain's event at the end of a call contains the message.
        Place::Body if key == "output" && is_chain_message(raw) => Some(Place::Body),
        Place::Body if names::is(key, SHALLOW) => Some(Place::Shallow),
        // The text of a model, unless a recorder of HTTP calls uses this name for a body.
        Place::Body if key == "content" => raw.contains("\"mimeType\"").then_some(Place::Body),
        Place::Body if names::is(key, WRAPPER) => Some(Place::Body),
        Place::Body => (raw.len() <= LONGEST_UNREAD && unread::may_hold_numbers(key)).then_some(Place::Usage),
    }
}

fn array(text: &str, place: Place, depth: u8) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let values = serde_json::Deserializer::from_str(text).deserialize_seq(Elements { place, depth });
    values.ok().map(Value::Array)
}

/// Null is the same as absent.
pub(crate) fn scalar(text: &str) -> Option<Value> {
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok().map(Value::String),
        b't' => Some(Value::Bool(true)),
        b'f' => Some(Value::Bool(false)),
        b'n' => None,
        _ => serde_json::from_str::<Number>(text).ok().map(Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_unrelated_to_usage_is_left_out() {
        let text = r#"{"id":"r","content":[{"usage":{"input_tokens":9}}],"usage":{"a":1,"b":null,"c":{"d":[2]}},
                       "message":{"content":{"x":1},"model":"m"}}"#;
        let expected = json!({"id": "r", "usage": {"a": 1, "c": {"d": [2]}}, "message": {"model": "m"}});
        assert_eq!(Value::Object(read(text).unwrap()), expected);
    }

    #[test]
    fn an_invalid_value_affects_nothing_else() {
        let text = r#"{"usage":{"a":1e999,"b":2,"c":"\ud83d"},"text":"\ud83d","n":-1e400}"#;
        assert_eq!(Value::Object(read(text).unwrap()), json!({"usage": {"b": 2}}));
        for text in ["", "[]", "{", "{\"a\":NaN}", "{}x", "\"\"", "nul", "{\"a\":1,}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn deep_nesting_does_not_exhaust_the_stack() {
        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        for (open, close) in
            [("[", "]"), ("{\"usage\":", "}"), ("{\"response\":", "}"), ("{\"content\":", "}")]
        {
            let nested = deep(open, close);
            read(&format!("{{\"usage\":{{\"prompt_tokens\":3,\"x\":{nested}}},\"content\":{nested}}}"));
            read(&nested);
        }
    }
}
