//! The attributes of OpenTelemetry's JSON, which are a list of names and typed values.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::usage_projection::{LONGEST_TEXT, scalar};

/// The attributes of OpenTelemetry as an object. Long texts are left out, since they are prompts and responses.
pub(crate) fn read(raw: &str) -> Option<Map<String, Value>> {
    #[derive(Deserialize)]
    struct Attribute<'a> {
        #[serde(borrow)]
        key: Cow<'a, str>,
        #[serde(borrow, default)]
        value: Option<AnyValue<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct AnyValue<'a> {
        #[serde(borrow, alias = "string_value")]
        string_value: Option<&'a RawValue>,
        #[serde(borrow, alias = "int_value")]
        int_value: Option<&'a RawValue>,
        #[serde(borrow, alias = "double_value")]
        double_value: Option<&'a RawValue>,
        #[serde(borrow, alias = "bool_value")]
        bool_value: Option<&'a RawValue>,
    }
    let all: Vec<Attribute<'_>> = serde_json::from_str(raw).ok()?;
    let value = |value: AnyValue<'_>| {
        let raw = [value.int_value, value.double_value, value.bool_value, value.string_value];
        let raw = raw.into_iter().flatten().next()?.get();
        if raw.len() > LONGEST_TEXT {
            return None;
        }
        // OTLP's JSON writes 64-bit integers as text, and some exporters write all numbers that way.
        match scalar(raw)? {
            Value::String(text) => Some(match text.parse::<i64>() {
                Ok(number) if text.len() < 16 => Value::from(number),
                _ => Value::String(text),
            }),
            other => Some(other),
        }
    };
    Some(all.into_iter().filter_map(|one| Some((one.key.into_owned(), value(one.value?)?))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_from_text_too_and_long_texts_are_left_out() {
        let raw = json!([
            {"key": "a", "value": {"intValue": "5"}},
            {"key": "b", "value": {"intValue": 6}},
            {"key": "c", "value": {"doubleValue": 0.5}},
            {"key": "d", "value": {"stringValue": "7"}},
            {"key": "e", "value": {"stringValue": "text"}},
            {"key": "f", "value": {"stringValue": "x".repeat(600)}},
            {"key": "g", "value": {"arrayValue": {"values": []}}},
            {"key": "h"},
        ]);
        let expected = json!({"a": 5, "b": 6, "c": 0.5, "d": 7, "e": "text"});
        assert_eq!(read(&raw.to_string()).map(Value::Object), Some(expected));
        assert_eq!(read("[1]"), None);
    }
}
