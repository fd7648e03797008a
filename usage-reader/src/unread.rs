//! Numbers that no source reads although their names suggest tokens, cost or cache. Listing their names makes fields
//! that providers add visible; the values are not stored.

use serde_json::Value;

use crate::fields::{Object, ReadLog};
use crate::names::{self, OF_USAGE};

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

/// Parts of the names of objects that may hold such numbers beside the usage.
const HOLDERS: &[&str] = &["token", "cost", "cache", "usage", "bill", "price", "pricing", "spend", "charge"];

/// Those of objects all of whose numbers are costs.
const COSTS: &[&str] = &["cost", "bill", "spend", "charge"];

/// Whether an object with this name may hold numbers that no source reads.
pub(crate) fn may_hold_numbers(name: &str) -> bool {
    is_name(name) && has_any(name, HOLDERS)
}

/// The paths of such numbers in the body.
pub(crate) fn names(all: &Object, log: &ReadLog) -> Vec<String> {
    let mut found = Vec::new();
    look(all, "", 0, (log, false), &mut found);
    found
}

/// `are_costs` says that all numbers in the object are.
fn look(
    object: &Object,
    path: &str,
    depth: usize,
    (log, are_costs): (&ReadLog, bool),
    found: &mut Vec<String>,
) {
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
            // At the top level, of the objects that are usage only those that were read in part are searched; the others
            // repeat them.
            Value::Object(inner) if depth < DEEPEST && (depth > 0 || is_searched(name, inner, log)) => {
                let are_costs = are_costs || (depth == 0 && has_any(name, COSTS) && !has_read(inner, log));
                look(inner, &format!("{path}{name}."), depth + 1, (log, are_costs), found);
            }
            // The items of a usage.
            Value::Array(values) if depth > 0 && depth < DEEPEST => {
                for inner in values.iter().filter_map(Value::as_object) {
                    look(inner, &format!("{path}{name}."), depth + 1, (log, are_costs), found);
                }
            }
            _ if (are_costs || says_use(name)) && !log.has(value) && is_more_than_nothing(value) => {
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

fn is_searched(name: &str, inner: &Object, log: &ReadLog) -> bool {
    has_read(inner, log) || (may_hold_numbers(name) && !names::is(name, OF_USAGE))
}

fn has_read(object: &Object, log: &ReadLog) -> bool {
    object.values().any(|value| match value {
        Value::Object(inner) => has_read(inner, log),
        value => log.has(value),
    })
}

/// Whether the name suggests usage.
fn says_use(name: &str) -> bool {
    has_any(name, &["token", "cost", "cache"])
        && !has_any(name, &["per_sec", "persec", "time_to", "latency"])
        && !NO_USE.contains(&name)
}

/// Whether one of the parts occurs in the name, in upper or lower case.
fn has_any(name: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| {
        let mut places = name.as_bytes().windows(part.len());
        places.any(|place| place.eq_ignore_ascii_case(part.as_bytes()))
    })
}
