//! Whether a body reports the sum of several calls. Prices that depend on the length of a prompt are those of a call, so a
//! sum of calls may have none.

use serde_json::Value;

use crate::fields::{Object, as_count};
use crate::parsed_usage::ParsedUsage;

/// The note that marks the sum of several calls, or of an unknown number of calls.
pub(crate) const SUM: &str = "sum";

/// Usage objects that contain the sum of all steps of a run.
const TOTALS: &[&str] =
    &["totalUsage", "total_usage", "aggregateUsage", "accumulated_usage", "accumulated_token_usage"];

/// Numbers of calls of a model.
const REQUESTS: &[&str] = &[
    "requests",
    "num_requests",
    "n_requests",
    "total_requests",
    "totalRequests",
    "request_count",
    "requestCount",
    "api_requests",
    "successful_requests",
    "model_requests",
    "num_model_requests",
    "num_calls",
    "n_calls",
    "total_calls",
    "model_calls",
    "api_calls",
    "llm_calls",
    "num_llm_calls",
];

/// How deep the objects with such numbers are at most: a model's statistics within those of a session.
const DEEPEST: u8 = 5;

/// Marks the usages of a body that are, or may be, sums of several calls.
pub(crate) fn mark(body: &Object, usages: &mut [ParsedUsage]) {
    if is_of_steps(body) || has_iterations(body) || says_requests(body, DEEPEST) || is_of_period(body) {
        usages.iter_mut().for_each(|parsed| parsed.note(SUM, true));
    }
}

/// Whether the usage is that of all steps of a run, of which there are several, or whose number is unknown.
fn is_of_steps(body: &Object) -> bool {
    let inner = body.get("metrics").and_then(Value::as_object);
    let mut objects = [Some(body), inner].into_iter().flatten();
    let total =
        objects.find_map(|all| TOTALS.iter().find_map(|name| all.get(*name))).filter(|one| one.is_object());
    let steps = body.get("steps").and_then(Value::as_array);
    match steps.map(|steps| steps.iter().filter(|step| step.is_object()).count()) {
        Some(1) => false,
        Some(count) if count > 1 => true,
        // The usage beside the total is that of the last step.
        _ => total.is_some_and(|total| body.get("usage") != Some(total)),
    }
}

/// Whether the provider called its model several times to answer.
fn has_iterations(body: &Object) -> bool {
    let iterations = body.get("usage").and_then(|usage| usage.get("iterations")?.as_array());
    iterations.is_some_and(|iterations| iterations.len() > 1)
}

fn says_requests(all: &Object, depth: u8) -> bool {
    all.iter().any(|(name, value)| match value {
        Value::Object(inner) => depth > 0 && says_requests(inner, depth - 1),
        value => REQUESTS.contains(&name.as_str()) && as_count(value) > Some(1),
    })
}

/// Whether this is a row of Anthropic's usage report, which does not say how many calls it adds up.
fn is_of_period(body: &Object) -> bool {
    body.contains_key("uncached_input_tokens")
}
