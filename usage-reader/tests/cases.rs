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
    let list = |name: &str| -> Vec<Value> { serde_json::from_str(&read(name)).expect("JSON") };
    let mut failures = Vec::new();
    for case in ["manifest.json", "found.json"].into_iter().flat_map(list) {
        if case["call"] != "extract" {
            continue;
        }
        // Small inputs stand in the list itself.
        let text = match case["texts"][0].as_str() {
            Some(text) => text.to_owned(),
            None => read(case["files"][0].as_str().expect("a name")),
        };
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

fn counts(text: &str) -> Vec<(Option<i64>, Option<i64>)> {
    by_model(text, None).iter().map(|one| (one.input, one.output)).collect()
}

#[test]
fn counts_of_a_session_without_a_name_replace_each_other_until_they_fall() {
    let line = |calls: i64| {
        let (input, output) = (100 * calls, 10 * calls);
        format!(
            r#"{{"llm_metrics":{{"accumulated_token_usage":{{"model":"m","prompt_tokens":{input},"completion_tokens":{output}}}}}}}"#
        )
    };
    let lines: Vec<String> = [1, 2, 3, 1, 2].map(line).to_vec();
    assert_eq!(counts(&lines[..3].join("\n")), [(Some(300), Some(30))]);
    assert_eq!(counts(&lines.join("\n")), [(Some(500), Some(50))]);
}

#[test]
fn the_time_of_a_log_line_or_a_recording_is_that_of_its_call() {
    let body = r#"{"id":"c","usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
    let quoted = body.replace('"', "\\\"");
    let time = mcoda_usage_reader::time::parse("2026-01-01T00:00:01Z");
    for text in [
        format!("2026-01-01T00:00:01.000000Z stdout F {body}"),
        format!(r#"{{"log":"{quoted}\n","stream":"stdout","time":"2026-01-01T00:00:01Z"}}"#),
        format!(
            r#"{{"http_interactions":[{{"response":{{"body":{{"string":"{quoted}"}}}},"recorded_at":"2026-01-01T00:00:01"}}]}}"#
        ),
    ] {
        let usages = by_model(&text, None);
        assert_eq!((usages.len(), usages[0].timestamp_ms), (1, time), "{text}");
    }
}

#[test]
fn a_count_of_a_question_is_no_call() {
    for text in [
        r#"{"input_tokens": 14}"#,
        r#"{"inputTokens": 14}"#,
        r#"{"totalTokens": 31, "cachedContentTokenCount": 5}"#,
        r#"{"count": 5, "max_model_len": 100, "tokens": [1, 2]}"#,
        r#"{"data": {"total_tokens": 80}}"#,
        r#"[{"request": {"url": "https://x.example/v1/models/m:countTokens"}, "response": {"usage": {"prompt_tokens": 5, "completion_tokens": 1}}}]"#,
    ] {
        assert_eq!(counts(text), [], "{text}");
    }
}
