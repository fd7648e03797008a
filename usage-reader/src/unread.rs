//! Numbers that no source read although their names say tokens, cost or cache. What a provider adds is listed by its
//! name, so that it is missed by nobody; its value is not kept.

use serde_json::Value;

use crate::fields::{Object, ReadLog};

/// How many names are listed, and how deep they are looked for.
const MOST: usize = 32;
const DEEPEST: usize = 6;
const LONGEST_NAME: usize = 64;

/// Objects that stand for other bodies, and are read as such.
const ELSEWHERE: &[&str] =
    &["response", "message", "raw", "rawResponse", "raw_response", "body", "nativeUsage", "native_usage"];

/// Names that speak of tokens and are no use of any.
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

/// The names of such numbers in the body, each with the names around it.
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
        // A name that is more than a name may be something that people or models wrote.
        if !is_name(name) {
            continue;
        }
        match value {
            Value::Object(_) if ELSEWHERE.contains(&name.as_str()) => {}
            // An object of which nothing was read is covered by the one that was.
            Value::Object(inner) if depth < DEEPEST && (depth > 0 || has_read(inner, log)) => {
                look(inner, &format!("{path}{name}."), depth + 1, log, found);
            }
            // Lists of what a usage consists of.
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

/// Whether it is a number of something, which some write as text.
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

/// Whether the name speaks of use.
fn says_use(name: &str) -> bool {
    let has = |part: &str| {
        let mut places = name.as_bytes().windows(part.len());
        places.any(|place| place.eq_ignore_ascii_case(part.as_bytes()))
    };
    let says = ["token", "cost", "cache"].into_iter().any(has);
    says && !["per_sec", "persec", "time_to", "latency"].into_iter().any(has) && !NO_USE.contains(&name)
}
