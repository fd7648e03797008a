//! Numbers that no source reads although their names suggest tokens, cost or cache. Listing their names makes fields
//! that providers add visible; the values are not stored.

use serde_json::Value;

use crate::fields::{Object, ReadLog};

/// The maximum number of names, and the maximum depth of the search.
const MOST: usize = 32;
const DEEPEST: usize = 6;
const LONGEST_NAME: usize = 64;

/// Objects that are other bodies, and are read as such.
const ELSEWHERE: &[&str] =
    &["response", "message", "raw", "rawResponse", "raw_response", "body", "nativeUsage", "native_usage"];

/// Names that mention tokens but are not usage.
const NO_USE: &[&str] = &[
    "max_tokens",
    "maxTokens",
    "max_output_tokens",
    "maxOutputTokens",
    "max_completion_tokens",
    "maxInputTokens",
    "max_input_tokens",
    "contextWindow",
    "context_window",
    "modelContextWindow",
    "model_context_window",
    "is_byok",
];

/// The paths of such numbers in the body.
pub(crate) fn names(all: &Object, log: &ReadLog) -> Vec<String> {
    let mut found = Vec::new();
    look(all, "", 0, log, &mut found);
    found
}

fn look(object: &Object, path: &str, depth: usize, log: &ReadLog, found: &mut Vec<String>) {
    for (name, value) in object {
        if found.len() >= MOST {
            return;
        }
        // Other names may be text of users or models.
        if !is_name(name) {
            continue;
        }
        match value {
            Value::Object(_) if ELSEWHERE.contains(&name.as_str()) => {}
            // At the top level, only objects that were read in part are searched; the others repeat them.
            Value::Object(inner) if depth < DEEPEST && (depth > 0 || has_read(inner, log)) => {
                look(inner, &format!("{path}{name}."), depth + 1, log, found);
            }
            // The items of a usage.
            Value::Array(values) if depth > 0 && depth < DEEPEST => {
                for inner in values.iter().filter_map(Value::as_object) {
                    look(inner, &format!("{path}{name}."), depth + 1, log, found);
                }
            }
            _ if says_use(name) && !log.has(value) && is_more_than_nothing(value) => {
                let full = format!("{path}{name}");
                if !found.contains(&full) {
                    found.push(full);
                }
            }
            _ => {}
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/$@".contains(&byte))
}

/// Whether it is a number above 0, possibly as text.
fn is_more_than_nothing(value: &Value) -> bool {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    number.is_some_and(|number: f64| number.is_finite() && number > 0.0)
}

fn has_read(object: &Object, log: &ReadLog) -> bool {
    object.values().any(|value| match value {
        Value::Object(inner) => has_read(inner, log),
        value => log.has(value),
    })
}

/// Whether the name suggests usage.
fn says_use(name: &str) -> bool {
    let has = |part: &str| {
        let mut places = name.as_bytes().windows(part.len());
        places.any(|place| place.eq_ignore_ascii_case(part.as_bytes()))
    };
    let says = ["token", "cost", "cache"].into_iter().any(has);
    says && !["per_sec", "persec", "time_to", "latency"].into_iter().any(has) && !NO_USE.contains(&name)
}
