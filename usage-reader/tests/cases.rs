//! Inputs of agents and providers that were counted wrongly somewhere, each with the right value and the reason.
//! Those that are recorded are in `core/tests/agent_cases.rs`.

use std::path::Path;

use mcoda_usage_reader::{ParsedUsage, by_model};
use serde_json::Value;

fn sum(usages: &[ParsedUsage], field: &str) -> Option<f64> {
    let of = |one: &ParsedUsage| match field {
        "tokensPrompt" => one.input.map(|count| count as f64),
        "tokensCompletion" => one.output.map(|count| count as f64),
        "tokensCacheRead" => one.cache_read.map(|count| count as f64),
        "tokensCacheWrite" => one.cache_write.map(|count| count as f64),
        "costEstimate" => one.cost,
        _ => None,
    };
    usages.iter().filter_map(of).reduce(|a, b| a + b)
}

fn found(usages: &[ParsedUsage], field: &str) -> Value {
    match field {
        "records" => usages.len().into(),
        "modelName" => usages.first().and_then(|one| one.model.clone()).into(),
        "timestamp" => usages.first().and_then(|one| one.timestamp_ms).into(),
        _ => sum(usages, field).into(),
    }
}

fn is_right(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        // Nothing reported is as much as 0.
        (None, Some(expected)) => expected == 0.0 && found.is_null(),
        _ => found == expected,
    }
}

#[test]
fn every_case_comes_to_the_right_sums() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a fixture");
    let cases: Vec<Value> = serde_json::from_str(&read("manifest.json")).expect("JSON");
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| case["call"] == "extract") {
        let text = read(case["files"][0].as_str().expect("a name"));
        let usages = by_model(&text, None);
        for (field, expected) in case["expect"].as_object().expect("an object") {
            let mut expected = expected.clone();
            if field == "timestamp" {
                expected = mcoda_usage_reader::time::parse(expected.as_str().unwrap_or_default()).into();
            }
            let found = found(&usages, field);
            if !is_right(&found, &expected) {
                failures
                    .push(format!("{}: {field} is {found}, not {expected}: {}", case["name"], case["why"]));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
