//! Recorded bodies with their known numbers, if that data is available; `bodies` contains some of our own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

#[path = "../../tests/golden/sets.rs"]
mod sets;

use std::path::Path;

use libtest_mimic::Arguments;
use mcoda_core::{TokenUsage, extract_usage, extract_usages};
use serde_json::Value;

fn main() {
    let checks: [sets::Check; 2] = [
        (
            "recorded_bodies_mean_what_they_are_known_to_mean",
            recorded_bodies_mean_what_they_are_known_to_mean,
        ),
        ("what_another_model_did_is_a_record_of_its_own", what_another_model_did_is_a_record_of_its_own),
    ];
    let trials = sets::trials("shared", sets::shared("payloads"), &checks);
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The value of a name of the manifest in a record.
fn value_of(usage: &TokenUsage, name: &str) -> Value {
    let record = serde_json::to_value(usage).unwrap();
    let column = match name {
        "input_total" => "tokensPrompt",
        "output_total" => "tokensCompletion",
        "cache_read" => "tokensCacheRead",
        "cache_write" => "tokensCacheWrite",
        "provider_reported_total" => "tokensTotal",
        "cost_usd" => "costEstimate",
        "duration_ms" | "total_ms" | "latency_ms" => "durationMs",
        other => return record["metadata"]["usage"][other].clone(),
    };
    record[column].clone()
}

fn is_close(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs(),
        _ => found == expected,
    }
}

fn recorded_bodies_mean_what_they_are_known_to_mean(folder: &Path) {
    let manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    let mut failures = Vec::new();
    for (file, entry) in manifest["files"].as_object().unwrap() {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let usage = extract_usage(&text, None);
        for (name, expected) in entry["expect"].as_object().unwrap() {
            let expected = match name.as_str() {
                // Tested separately below.
                "iterations" | "top" => continue,
                "provider_reported_total" if expected.is_null() => {
                    Value::from(usage.tokens_prompt.unwrap() + usage.tokens_completion.unwrap())
                }
                // Nothing to distinguish if no cache is reported.
                "input_uncached" if usage.tokens_cached.is_none() => continue,
                _ => expected.clone(),
            };
            let found = value_of(&usage, name);
            // The manifest has 0 where a body reports nothing; absent stays absent.
            if name == "cache_write"
                && expected == 0
                && !text.contains("cache_write")
                && !text.contains("creation")
            {
                assert!(found.is_null(), "{file}");
                continue;
            }
            if !is_close(&found, &expected) {
                failures.push(format!("{file}: {name} is {found}, expected {expected}"));
            }
        }
        assert_eq!(usage.tokens_cached, usage.tokens_cache_read, "{file}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn what_another_model_did_is_a_record_of_its_own(folder: &Path) {
    let text = std::fs::read_to_string(folder.join("anthropic_advisor_iterations.json")).unwrap();
    let numbers =
        |usage: &TokenUsage| (usage.model_name.clone(), usage.tokens_prompt, usage.tokens_completion);
    let models: Vec<_> = extract_usages(&text, None).iter().map(numbers).collect();
    let expected = [
        (Some("claude-sonnet-4-6".to_owned()), Some(2414), Some(3200)),
        (Some("claude-opus-4-7".to_owned()), Some(2728), Some(874)),
    ];
    assert_eq!(models, expected);
    let whole = extract_usage(&text, None);
    assert_eq!((whole.tokens_prompt, whole.tokens_completion), (Some(5142), Some(4074)));
}
