//! The events of one response: what identifies them, and how they are merged.

use serde_json::Value;

use crate::fields::{Fields, Object, as_count, text};

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

/// The names of input counts that together are all input.
const INPUT: &[&str] = &["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];

/// Merges a later event of a stream into the earlier ones: its fields replace earlier values. A count never falls; but what
/// the first event counts as input, a later one may count as cached.
pub(crate) fn merge(earlier: &mut Object, later: Object) {
    let is_of_input = |name: &str| INPUT.contains(&name);
    let has_room = input(&later) >= input(earlier);
    let has_less_input = !has_room && later.contains_key(INPUT[0]);
    for (name, value) in later {
        match (earlier.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(after)) => merge(before, after),
            (Some(_), _) if has_less_input && is_of_input(&name) => {}
            (Some(before), after)
                if !(has_room && is_of_input(&name)) && is_lower_count(&name, before, &after) => {}
            (_, value) => {
                earlier.insert(name, value);
            }
        }
    }
}

/// All input of a usage object.
fn input(usage: &Object) -> i64 {
    INPUT.iter().filter_map(|name| as_count(usage.get(*name)?)).fold(0, i64::saturating_add)
}

fn is_lower_count(name: &str, before: &Value, after: &Value) -> bool {
    let counts = as_count(before).zip(as_count(after));
    name.ends_with("tokens") && counts.is_some_and(|(before, after)| after < before)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_count_never_falls_but_input_may_become_cached() {
        for (start, delta, expected) in [
            (json!([1200, 0, 1]), json!([0, 0, 40]), json!([1200, 0, 40])),
            (json!([1200, 0, 1]), json!([200, 1000, 40]), json!([200, 1000, 40])),
            (json!([0, 0, 1]), json!([200, 1000, 40]), json!([200, 1000, 40])),
            (json!([1200, 0, 1]), json!([0, 1000, 40]), json!([1200, 0, 40])),
            (json!([1200, 300, 9]), json!([null, null, 4]), json!([1200, 300, 9])),
            (json!([1200, 300, 9]), json!([null, 200, 40]), json!([1200, 300, 40])),
        ] {
            let object = |counts: &Value| {
                let names = ["input_tokens", "cache_read_input_tokens", "output_tokens"];
                let named =
                    names.iter().zip(counts.as_array().unwrap()).filter(|(_, count)| !count.is_null());
                let usage: Object = named.map(|(name, count)| ((*name).to_owned(), count.clone())).collect();
                Object::from_iter([("usage".to_owned(), Value::Object(usage))])
            };
            let mut merged = object(&start);
            merge(&mut merged, object(&delta));
            assert_eq!(merged, object(&expected), "{start} {delta}");
        }
    }
}
