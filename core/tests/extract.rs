//! Extraction from bodies of every known format, and from other text.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use mcoda_core::{TokenUsage, extract_usage, extract_usages};
use serde_json::{Map, Value};

/// One case per line: a body, several lines or text, and the expected fields.
const BODIES: &str = include_str!("bodies/bodies.jsonl");

fn cases() -> impl Iterator<Item = Value> {
    BODIES.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn text_of(case: &Value) -> String {
    match (&case["text"], &case["lines"]) {
        (Value::String(text), _) => text.clone(),
        (_, Value::Array(lines)) => lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
        _ => case["body"].to_string(),
    }
}

/// A column by its name, or a value in `metadata.usage` by its path.
fn value_of(record: &Value, name: &str) -> Value {
    match name.strip_prefix("usage.") {
        Some(path) => path.split('.').fold(&record["metadata"]["usage"], |place, name| &place[name]).clone(),
        None => record[name].clone(),
    }
}

fn is_same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-12 * expected.abs(),
        _ => found == expected,
    }
}

#[test]
fn every_shape_is_read_in_the_meaning_of_its_provider() {
    let mut failures = Vec::new();
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let usage = extract_usage(&text_of(&case), case["provider"].as_str());
        let record = serde_json::to_value(&usage).unwrap();
        for (field, expected) in case["expect"].as_object().unwrap() {
            if field == "empty" {
                if usage != TokenUsage::default() {
                    failures.push(format!("{name}: {record} is not empty"));
                }
                continue;
            }
            let found = value_of(&record, field);
            if !is_same(&found, expected) {
                failures.push(format!("{name}: {field} is {found}, expected {expected}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn models_are_separated_and_add_up_to_the_total() {
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let text = text_of(&case);
        let hint = case["provider"].as_str();
        let (whole, parts) = (extract_usage(&text, hint), extract_usages(&text, hint));
        if let Some(models) = case["models"].as_array() {
            let found: Vec<Value> = parts
                .iter()
                .map(|part| serde_json::json!([part.model_name, part.tokens_prompt, part.tokens_completion]))
                .collect();
            assert_eq!(&found, models, "{name}");
        }
        let sum = |of: fn(&TokenUsage) -> Option<i64>| parts.iter().filter_map(of).reduce(|a, b| a + b);
        assert_eq!(sum(|part| part.tokens_prompt), whole.tokens_prompt, "{name}");
        assert_eq!(sum(|part| part.tokens_completion), whole.tokens_completion, "{name}");
        assert_eq!(sum(|part| part.tokens_cached), whole.tokens_cached, "{name}");
        assert_eq!(sum(|part| part.tokens_cache_write), whole.tokens_cache_write, "{name}");
        assert_eq!(sum(|part| part.tokens_total), whole.tokens_total, "{name}");
        let costs: f64 = parts.iter().filter_map(|part| part.cost_estimate).sum();
        assert!((costs - whole.cost_estimate.unwrap_or(0.0)).abs() < 1e-9, "{name}");
    }
}

#[test]
fn what_was_read_can_be_recorded() {
    for case in cases() {
        let text = text_of(&case);
        for usage in extract_usages(&text, None).iter().chain([&extract_usage(&text, None)]) {
            let json = serde_json::to_value(usage).unwrap();
            assert_eq!(&TokenUsage::from_json(&json).unwrap(), usage, "{}", case["name"]);
            let workspace = mcoda_core::Workspace::open_db(":memory:").unwrap();
            workspace.record_token_usage(usage).unwrap();
        }
    }
}

#[test]
fn it_does_not_matter_how_a_body_is_laid_out() {
    for case in cases().filter(|case| case.get("body").is_some()) {
        let hint = case["provider"].as_str();
        let pretty = serde_json::to_string_pretty(&case["body"]).unwrap();
        let wrapped = Value::Array(vec![case["body"].clone()]).to_string();
        let expected = extract_usage(&text_of(&case), hint);
        assert_eq!(extract_usage(&pretty, hint), expected, "{}", case["name"]);
        assert_eq!(extract_usage(&wrapped, hint), expected, "{}", case["name"]);
        for wrapper in ["response", "body", "data", "result"] {
            let wrapped: Map<String, Value> =
                [(wrapper.to_owned(), case["body"].clone())].into_iter().collect();
            let found = extract_usage(&Value::Object(wrapped).to_string(), hint);
            let numbers = |usage: &TokenUsage| {
                (usage.tokens_prompt, usage.tokens_completion, usage.tokens_cached, usage.cost_estimate)
            };
            assert_eq!(numbers(&found), numbers(&expected), "{} in {wrapper}", case["name"]);
        }
    }
}
