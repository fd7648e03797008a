//! How a result is compared with the expected one; see `tests/vectors/README.md`.

use mcoda_core::Error;
use serde_json::{Map, Value};

/// The first difference between `found` and the expected value, if any. Numbers may differ by a share of `tolerance`.
pub fn difference(found: &Value, expected: &Value, tolerance: f64, place: &str) -> Result<(), String> {
    let different = || Err(format!("{place} is {found}, expected {expected}"));
    match (found, expected) {
        (_, Value::String(expected)) if expected == "$any" => Ok(()),
        (Value::String(found), Value::String(expected)) if expected == "$uuid" => {
            if is_uuid(found) {
                Ok(())
            } else {
                different()
            }
        }
        (Value::String(found), Value::String(expected)) if expected == "$timestamp" => {
            if is_timestamp(found) { Ok(()) } else { different() }
        }
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().try_for_each(|(name, expected)| match found.get(name) {
                Some(found) => difference(found, expected, tolerance, &format!("{place}.{name}")),
                None => Err(format!("{place}.{name} is missing, expected {expected}")),
            })
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            let mut pairs = found.iter().zip(expected).enumerate();
            pairs.try_for_each(|(index, (found, expected))| {
                difference(found, expected, tolerance, &format!("{place}[{index}]"))
            })
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() <= tolerance * b.abs() { Ok(()) } else { different() }
        }
        _ if found == expected => Ok(()),
        _ => different(),
    }
}

/// The difference between an error and the expected one, if any.
pub fn error(found: &Error, expected: &Value) -> Result<(), String> {
    let kind = format!("{:?}", found.kind());
    let is_expected = expected["kind"] == *kind
        && (expected["field"].is_null() || expected["field"].as_str() == found.field())
        && expected["message"].as_str().is_none_or(|part| found.message().contains(part));
    if is_expected { Ok(()) } else { Err(format!("failed with {kind} ({found}), expected {expected}")) }
}

/// The value with `${name.path}` replaced by stored results: a whole text by the value, a part by its text.
pub fn substituted(value: &Value, saved: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => substituted_text(text, saved),
        Value::Array(values) => values.iter().map(|value| substituted(value, saved)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), substituted(value, saved))).collect()
        }
        other => other.clone(),
    }
}

fn substituted_text(text: &str, saved: &Map<String, Value>) -> Value {
    let Some((before, rest)) = text.split_once("${") else { return text.into() };
    let (path, after) = rest.split_once('}').unwrap();
    let mut parts = path.split('.');
    let mut found = &saved[parts.next().unwrap()];
    for part in parts {
        found = part.parse::<usize>().map_or_else(|_| &found[part], |index| &found[index]);
    }
    if before.is_empty() && after.is_empty() {
        return found.clone();
    }
    format!("{before}{}{after}", found.as_str().unwrap()).into()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_timestamp(text: &str) -> bool {
    text.len() == 24 && text.parse::<mcoda_core::Timestamp>().is_ok_and(|time| time.to_string() == text)
}
