//! Inputs of agents and providers that were counted wrongly somewhere, recorded: each with the right value and the
//! reason. Those that are only read are in `usage-reader/tests/cases.rs`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use std::path::{Path, PathBuf};

use common::Fixture;
use mcoda_core::{AgentContext, TokenUsageQuery, TokenUsageRow, Workspace};
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../usage-reader/tests/cases")
}

fn rows(workspace: &Workspace) -> Vec<TokenUsageRow> {
    workspace.token_usage(&TokenUsageQuery::default()).unwrap()
}

fn sum(rows: &[TokenUsageRow], field: &str) -> Option<f64> {
    let of = |row: &TokenUsageRow| {
        let whole = |count: Option<i64>| count.map(|count| count as f64);
        match field {
            "tokensPrompt" => whole(row.tokens_prompt),
            "tokensCompletion" => whole(row.tokens_completion),
            "tokensCacheRead" => whole(row.tokens_cache_read),
            "tokensCacheWrite" => whole(row.tokens_cache_write),
            "costEstimate" => row.cost_estimate,
            _ => panic!("unknown field {field}"),
        }
    };
    rows.iter().filter_map(of).reduce(|a, b| a + b)
}

/// A number, or one of several, of which null is that nothing is known.
fn is_right(found: Option<f64>, expected: &Value) -> bool {
    if let Some(several) = expected.get("near").and_then(Value::as_array) {
        return several.iter().any(|one| one.is_null() && found.is_none() || is_right(found, one));
    }
    let expected = expected.as_f64();
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (None, Some(expected)) => expected == 0.0,
        (_, None) => false,
    }
}

fn context_of(case: &Value) -> AgentContext {
    let mut context = Map::new();
    for (from, to) in [
        ("compute_cost", "computeCost"),
        ("timestamp", "timestamp"),
        ("as_deltas", "asDeltas"),
        ("provider", "provider"),
        ("model_name", "modelName"),
    ] {
        if let Some(value) = case.get(from) {
            context.insert(to.to_owned(), value.clone());
        }
    }
    AgentContext::from_json(&Value::Object(context)).unwrap()
}

fn cases() -> Vec<Value> {
    let read = |name: &str| -> Vec<Value> {
        serde_json::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
    };
    let all = ["manifest.json", "found.json"].into_iter().flat_map(read);
    all.filter(|case| case["call"] == "record_files").collect()
}

/// The files of a case. Small inputs stand in the list itself, and are written to `place`.
fn files(case: &Value, place: &Path) -> Vec<PathBuf> {
    let Some(texts) = case["texts"].as_array() else {
        let names = case["files"].as_array().unwrap().iter();
        return names.map(|file| folder().join(file.as_str().unwrap())).collect();
    };
    let write = |(number, text): (usize, &Value)| {
        let file = place.join(format!("{number}.jsonl"));
        std::fs::write(&file, text.as_str().unwrap()).unwrap();
        file
    };
    texts.iter().enumerate().map(write).collect()
}

/// Without the feature nobody can ask for a cost.
fn can_be_recorded(case: &Value) -> bool {
    cfg!(feature = "prices") || case.get("compute_cost").is_none()
}

#[test]
fn every_case_comes_to_the_right_sums_in_any_order_and_however_often_it_is_recorded() {
    let mut failures = Vec::new();
    for case in cases().iter().filter(|case| can_be_recorded(case)) {
        let context = context_of(case);
        let place = tempfile::tempdir().unwrap();
        let files = files(case, place.path());
        let backwards: Vec<PathBuf> = files.iter().rev().cloned().collect();
        let twice: Vec<PathBuf> = files.iter().chain(&files).cloned().collect();
        for (how, files) in [("forward", files), ("backwards", backwards), ("twice", twice)] {
            // What came on top depends on what was there before.
            if context.as_deltas && how == "backwards" {
                continue;
            }
            let workspace = Fixture::new().options().open_db(":memory:").unwrap();
            for file in &files {
                workspace.record_agent_file(file, &context).unwrap();
            }
            for (field, expected) in case["expect"].as_object().unwrap() {
                let found = sum(&rows(&workspace), field);
                if !is_right(found, expected) {
                    failures.push(format!(
                        "{} {how}: {field} is {found:?}, not {expected}: {}",
                        case["name"], case["why"]
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn result(uuid: &str, session: &str, input: i64, output: i64, own: (i64, i64), cost: f64) -> String {
    json!({"type": "result", "uuid": uuid, "session_id": session, "total_cost_usd": cost,
        "usage": {"input_tokens": own.0, "output_tokens": own.1},
        "modelUsage": {"claude-x": {"inputTokens": input, "outputTokens": output, "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0, "costUSD": cost}}})
    .to_string()
}

fn message(id: &str, session: &str, input: i64, output: i64) -> String {
    json!({"type": "assistant", "sessionId": session, "timestamp": "2026-03-20T12:00:00Z",
        "message": {"id": id, "type": "message", "role": "assistant", "model": "claude-x",
            "usage": {"input_tokens": input, "output_tokens": output}}})
    .to_string()
}

fn totals(workspace: &Workspace) -> (Option<f64>, Option<f64>, Option<f64>) {
    let rows = rows(workspace);
    (sum(&rows, "tokensPrompt"), sum(&rows, "tokensCompletion"), sum(&rows, "costEstimate"))
}

/// All orders of the elements.
fn orders<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |index: usize| {
        let mut rest = all.to_vec();
        let first = rest.remove(index);
        orders(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..all.len()).flat_map(with_first).collect()
}

#[test]
fn a_session_that_is_reported_by_results_and_by_its_transcript_counts_once_in_any_order() {
    // Two processes, of which the second reported twice; and the transcript, which knows of one more call.
    let reports = [
        result("r1", "s", 100, 50, (100, 50), 1.0),
        result("r2", "s", 40, 20, (40, 20), 0.5),
        result("r3", "s", 90, 60, (50, 40), 1.25),
        [message("m1", "s", 100, 1), message("m2", "s", 40, 1), message("m3", "s", 50, 1)].join("\n"),
    ];
    for order in orders(&reports) {
        let workspace = Fixture::new().options().open_db(":memory:").unwrap();
        for body in order.iter().chain(&order) {
            workspace.record_agent_stream(body.as_bytes(), &AgentContext::default(), |_| {}).unwrap();
        }
        assert_eq!(totals(&workspace), (Some(190.0), Some(110.0), Some(2.25)), "{order:#?}");
    }
}

#[test]
fn any_split_of_a_transcript_and_any_prefix_before_the_whole_come_to_the_same_sums() {
    let lines: Vec<String> = (0..12)
        .map(|number| message(&format!("m{}", number / 2), "s", 100 + number / 2, 10 * (number + 1)))
        .chain([result("r1", "s", 900, 700, (900, 700), 3.0)])
        .collect();
    let whole = lines.join("\n");
    let record = |parts: &[&str]| {
        let workspace = Fixture::new().options().open_db(":memory:").unwrap();
        for part in parts {
            workspace.record_agent_stream(part.as_bytes(), &AgentContext::default(), |_| {}).unwrap();
        }
        totals(&workspace)
    };
    let expected = record(&[&whole]);
    assert_eq!(expected, (Some(900.0), Some(700.0), Some(3.0)));
    for split in 0..=lines.len() {
        let (first, second) = (lines[..split].join("\n"), lines[split..].join("\n"));
        assert_eq!(record(&[&first, &second]), expected, "split at {split}");
        assert_eq!(record(&[&second, &first]), expected, "split at {split}, backwards");
        assert_eq!(record(&[&first, &whole]), expected, "a prefix of {split} lines");
        assert_eq!(record(&[&whole, &first, &second]), expected, "again from {split}");
    }
}

#[test]
fn an_error_that_counts_nothing_does_not_undo_messages() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let error = json!({"type": "result", "subtype": "error_during_execution", "is_error": true, "uuid": "r",
        "session_id": "s", "total_cost_usd": 0, "usage": {"input_tokens": 0, "output_tokens": 0}, "modelUsage": {}});
    let lines = [message("m1", "s", 100, 10), error.to_string()].join("\n");
    workspace.record_agent_response(&lines, &AgentContext::default()).unwrap();
    let (input, output, _) = totals(&workspace);
    assert_eq!((input, output), (Some(100.0), Some(10.0)));
}

#[test]
fn a_time_that_cannot_be_read_is_that_of_the_line_before_or_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.jsonl");
    let line = |id: &str, created: Value| {
        json!({"id": id, "created": created, "usage": {"prompt_tokens": 1, "completion_tokens": 1}})
            .to_string()
    };
    let lines =
        [line("a", json!("soon")), line("b", json!("2026-03-20T12:00:00Z")), line("c", json!("later"))];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    workspace.record_agent_file(&file, &AgentContext::default()).unwrap();
    let mut found: Vec<(Value, String, Value)> = rows(&workspace)
        .into_iter()
        .map(|row| {
            let notes = &row.metadata["usage"];
            (notes["response_id"].clone(), row.timestamp.to_string(), notes["time_source"].clone())
        })
        .collect();
    found.sort_by_key(|(id, ..)| id.to_string());
    let at = "2026-03-20T12:00:00.000Z";
    assert_eq!(found[0].2, "file");
    assert_eq!((&*found[1].1, &found[1].2), (at, &Value::Null));
    assert_eq!((&*found[2].1, &found[2].2), (at, &json!("earlier_line")));
}

#[test]
fn numbers_that_are_not_read_are_listed_by_name_and_never_by_value() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = json!({"id": "a", "usage": {"prompt_tokens": 1, "completion_tokens": 2, "hyper_tokens": 123_456,
        "details": {"warp_cache": 7}}});
    let done = workspace.record_agent_response(&body.to_string(), &AgentContext::default()).unwrap();
    let names = &done.usage.metadata.as_ref().unwrap()["usage"]["unread"];
    assert_eq!(names, &json!(["usage.hyper_tokens", "usage.details.warp_cache"]));
    assert!(!serde_json::to_string(&done).unwrap().contains("123456"));
    let summary =
        workspace.record_agent_stream(body.to_string().as_bytes(), &AgentContext::default(), |_| {}).unwrap();
    assert_eq!(summary.unread, ["usage.hyper_tokens", "usage.details.warp_cache"]);
}

#[cfg(feature = "prices")]
#[test]
fn prices_of_the_call_come_before_those_of_the_config_and_of_the_table_and_the_result_has_the_cost() {
    let fixture = Fixture::new();
    let body =
        json!({"id": "a", "model": "gpt-4o", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}});
    let record = |config: Value, overrides: Value| {
        let options = fixture.options().config(config.as_object().unwrap().clone());
        let workspace = options.open_db(":memory:").unwrap();
        let context = json!({"computeCost": true, "priceOverrides": overrides});
        let context = AgentContext::from_json(&context).unwrap();
        let done = workspace.record_agent_response(&body.to_string(), &context).unwrap();
        let row = rows(&workspace).remove(0);
        assert_eq!(done.usage.cost_estimate, row.cost_estimate);
        (row.cost_estimate, row.metadata["usage"]["price_override"].clone())
    };
    let own = json!([{"model": "gpt-*", "input": 1, "output": 10}]);
    let (cost, pattern) = record(json!({}), own.clone());
    assert_eq!((cost, pattern), (Some(0.002), json!("gpt-*")));
    let config = json!({"telemetry": {"priceOverrides": [{"model": "gpt-4o", "input": 3, "output": 0}]}});
    assert_eq!(record(config.clone(), json!([])), (Some(0.003), json!("gpt-4o")));
    assert_eq!(record(config, own).0, Some(0.002));
    assert_eq!(record(json!({}), json!([])).1, Value::Null);
}

#[cfg(feature = "prices")]
fn cost_by(body: &Value, context: Value, config: Value) -> Option<f64> {
    let options = Fixture::new().options().config(config.as_object().unwrap().clone());
    let workspace = options.open_db(":memory:").unwrap();
    let mut context = context;
    context["computeCost"] = json!(true);
    let context = AgentContext::from_json(&context).unwrap();
    workspace.record_agent_response(&body.to_string(), &context).unwrap();
    rows(&workspace).remove(0).cost_estimate
}

#[cfg(feature = "prices")]
#[test]
fn of_the_prices_in_a_list_those_that_began_last_before_the_call_are_used_in_any_order() {
    let body =
        json!({"id": "a", "model": "m", "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}});
    let prices = [
        json!({"model": "m", "input": 1, "output": 1}),
        json!({"model": "m", "validFrom": "2025-01-01", "input": 2, "output": 1}),
        json!({"model": "m*", "validFrom": "2026-01-01", "input": 3, "output": 1}),
        json!({"model": "m", "validFrom": "2027-01-01", "input": 4, "output": 1}),
    ];
    for list in orders(&prices) {
        for (at, expected) in
            [("2024-03-01", 1.0), ("2025-03-01", 2.0), ("2026-01-01", 3.0), ("2027-03-01T10:00:00Z", 4.0)]
        {
            let of_call = json!({"timestamp": at, "priceOverrides": list});
            assert_eq!(cost_by(&body, of_call, json!({})), Some(expected), "{at} {list:?}");
            let config = json!({"telemetry": {"priceOverrides": list}});
            assert_eq!(
                cost_by(&body, json!({"timestamp": at}), config.clone()),
                Some(expected),
                "{at} {list:?}"
            );
            // Prices of the call come first, however old they are.
            let older = json!({"timestamp": at, "priceOverrides": [{"model": "m", "input": 9, "output": 1}]});
            assert_eq!(cost_by(&body, older, config), Some(9.0));
        }
    }
    let later = json!([{"model": "m", "validFrom": "2026-01-01", "input": 3, "output": 1}]);
    let early = json!({"timestamp": "2025-12-31T23:59:59Z", "priceOverrides": later});
    assert_eq!(cost_by(&body, early, json!({})), None);
}

#[cfg(feature = "prices")]
#[test]
fn prices_of_a_provider_are_those_of_its_models_where_the_response_names_no_provider() {
    let of = |model: &str, provider: &str| {
        let body =
            json!({"id": "a", "model": model, "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}});
        let prices = json!([{"model": "*", "provider": provider, "input": 77, "output": 1}]);
        cost_by(&body, json!({"priceOverrides": prices}), json!({})) == Some(77.0)
    };
    assert!(of("gpt-4o", "openai") && of("gpt-4o", "OpenAI") && of("claude-sonnet-4-5", "anthropic"));
    assert!(!of("gpt-4o", "azure") && !of("gpt-4o", "nobody") && !of("a-model-of-nobody", "openai"));
    let named = json!({"id": "a", "provider": "azure", "model": "gpt-4o", "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}});
    for (provider, is_used) in [("openai", false), ("azure", true)] {
        let prices = json!([{"model": "gpt-4o", "provider": provider, "input": 77, "output": 1}]);
        let cost = cost_by(&named, json!({"priceOverrides": prices}), json!({}));
        assert_eq!(cost == Some(77.0), is_used, "{provider}");
    }
}

#[cfg(feature = "prices")]
#[test]
fn prices_of_the_call_hold_for_billed_units_and_for_embeddings() {
    let prices = json!([{"model": "*", "input": 2, "output": 10}]);
    let cost = |body: Value| cost_by(&body, json!({"priceOverrides": prices}), json!({}));
    let units = |billed: Value| {
        json!({"id": "c", "model": "command-r", "usage": {"billed_units": billed,
            "tokens": {"input_tokens": 900, "output_tokens": 90}, "cached_tokens": 400}})
    };
    assert_eq!(cost(units(json!({"input_tokens": 500, "output_tokens": 50}))), Some(0.0015));
    assert_eq!(cost(units(json!({"input_tokens": 500}))), Some(0.001));
    // A search has no price by the token.
    assert_eq!(cost(units(json!({"input_tokens": 500, "search_units": 1}))), None);
    let embedding = json!({"model": "gemini-embedding-001", "embedding": {"values": [0.1]},
        "usageMetadata": {"promptTokenCount": 1000}});
    assert_eq!(cost(embedding), Some(0.002));
    let unknown_output = json!({"id": "x", "model": "m", "usage": {"prompt_tokens": 1000}});
    assert_eq!(cost(unknown_output), None);
}

#[cfg(feature = "prices")]
#[test]
fn a_sum_without_a_price_says_that_its_cost_is_unknown() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body =
        json!({"model": "gpt-5.4", "usage": {"requests": 3, "input_tokens": 300_000, "output_tokens": 900}});
    let context = AgentContext { compute_cost: true, ..AgentContext::default() };
    let done = workspace.record_agent_response(&body.to_string(), &context).unwrap();
    let row = rows(&workspace).remove(0);
    let notes = &row.metadata["usage"];
    assert_eq!(
        (row.cost_estimate, &notes["cost_source"], &notes["sum"]),
        (None, &json!("unknown"), &json!(true))
    );
    assert_eq!(done.usage.metadata.unwrap()["usage"]["cost_source"], "unknown");
}

#[test]
fn results_without_an_id_of_two_processes_are_added_and_their_replays_are_not() {
    let without_id = |input, output, own, cost| {
        let mut value: Value = serde_json::from_str(&result("", "s", input, output, own, cost)).unwrap();
        value.as_object_mut().unwrap().remove("uuid");
        value.to_string()
    };
    let first = without_id(1000, 100, (1000, 100), 1.0);
    let more = without_id(1500, 150, (500, 50), 1.5);
    let second = without_id(400, 40, (400, 40), 0.5);
    for order in orders(&[&first, &more, &second]) {
        let workspace = Fixture::new().options().open_db(":memory:").unwrap();
        for body in order.iter().chain(&order) {
            workspace.record_agent_response(body, &AgentContext::default()).unwrap();
        }
        assert_eq!(totals(&workspace), (Some(1900.0), Some(190.0), Some(2.0)), "{order:#?}");
    }
    let both = [first, second].join("\n");
    let usage = mcoda_core::extract_usage(&both, None);
    assert_eq!((usage.tokens_prompt, usage.cost_estimate), (Some(1400), Some(1.5)));
}

/// The time of the only record of these lines, and where it is from.
fn time_of(lines: &[Value], context: &AgentContext, from_file: bool) -> (String, Value) {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    if from_file {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("calls.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        workspace.record_agent_file(&file, context).unwrap();
    } else {
        workspace.record_agent_stream(lines.join("\n").as_bytes(), context, |_| {}).unwrap();
    }
    let mut rows = rows(&workspace);
    assert_eq!(rows.len(), 1, "{lines:#?}");
    let row = rows.remove(0);
    (row.timestamp.to_string(), row.metadata["usage"]["time_source"].clone())
}

#[test]
fn counts_and_codex_calls_without_a_time_have_that_of_the_line_before() {
    let at = "2026-03-20T12:00:00.000Z";
    let line = json!({"type": "user", "timestamp": at});
    let counts = json!({"input_tokens": 10, "output_tokens": 1});
    let total = json!({"input_tokens": 10, "cached_input_tokens": 0, "output_tokens": 1, "total_tokens": 11});
    let result: Value = serde_json::from_str(&result("u", "s", 10, 1, (10, 1), 1.0)).unwrap();
    let thread = json!({"type": "thread.started", "thread_id": "t"});
    let meta = json!({"type": "session_meta", "timestamp": at, "payload": {"id": "t"}});
    for lines in [
        vec![line.clone(), result.clone()],
        vec![
            line.clone(),
            json!({"type": "result", "uuid": "q", "session_id": "s", "timestamp": "soon", "usage": counts}),
        ],
        vec![line.clone(), thread.clone(), json!({"type": "turn.completed", "usage": counts})],
        vec![
            line.clone(),
            json!({"sessionId": "g", "stats": {"models": {"gemini-2.5-pro": {"tokens": {"prompt": 10, "candidates": 1, "total": 11}}}}, "response": "x"}),
        ],
        vec![
            meta.clone(),
            json!({"type": "event_msg", "timestamp": "soon", "payload": {"type": "token_count",
            "info": {"total_token_usage": total, "last_token_usage": total}}}),
        ],
        vec![
            meta,
            json!({"type": "token_usage_record", "timestamp": "later", "payload": {"response_id": "r", "usage": counts}}),
        ],
    ] {
        let found = time_of(&lines, &AgentContext::default(), true);
        assert_eq!(found, (at.to_owned(), json!("earlier_line")), "{lines:#?}");
    }
    assert_eq!(time_of(std::slice::from_ref(&result), &AgentContext::default(), true).1, "file");
    assert_eq!(
        time_of(
            &[thread, json!({"type": "turn.completed", "usage": counts})],
            &AgentContext::default(),
            true
        )
        .1,
        "file"
    );
    // A stream has no time of its own.
    assert_eq!(time_of(std::slice::from_ref(&result), &AgentContext::default(), false).1, "now");
    let told = AgentContext { timestamp: Some(at.parse().unwrap()), ..AgentContext::default() };
    assert_eq!(time_of(&[result], &told, false), (at.to_owned(), Value::Null));
}

#[test]
fn a_response_without_a_time_is_recorded_with_that_of_now_which_it_says() {
    let of = |body: Value, context: Value| {
        let workspace = Fixture::new().options().open_db(":memory:").unwrap();
        let context = AgentContext::from_json(&context).unwrap();
        for _ in 0..2 {
            workspace.record_agent_response(&body.to_string(), &context).unwrap();
        }
        let row = rows(&workspace).remove(0);
        row.metadata["usage"]["time_source"].clone()
    };
    let body = |created: Value| json!({"id": "a", "created": created, "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    assert_eq!(of(body(json!("soon")), json!({})), "now");
    assert_eq!(of(body(json!(1_757_000_000)), json!({})), Value::Null);
    assert_eq!(of(body(json!("soon")), json!({"timestamp": "2026-03-20T12:00:00Z"})), Value::Null);
    // A later version that reports the time is right.
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    for created in [json!("soon"), json!("2026-03-20T12:00:00Z"), json!("soon")] {
        workspace.record_agent_response(&body(created).to_string(), &AgentContext::default()).unwrap();
    }
    let row = rows(&workspace).remove(0);
    let found = (row.timestamp.to_string(), row.metadata["usage"].get("time_source").cloned());
    assert_eq!(found, ("2026-03-20T12:00:00.000Z".to_owned(), None));
}

#[test]
fn numbers_beside_the_usage_that_are_not_read_are_listed_too() {
    for (beside, expected) in [
        (json!({"cost": {"total_cost": 0.5}}), vec!["cost.total_cost"]),
        (json!({"cost": {"total": 0.5, "currency": "EUR"}}), vec!["cost.total"]),
        (json!({"billing": {"search_tokens": 50, "plan": "x"}}), vec!["billing.search_tokens"]),
        (json!({"pricing": {"cache": {"read_cost": 1}}}), vec!["pricing.cache.read_cost"]),
        (json!({"promptCache": {"hitTokens": 5}}), vec!["promptCache.hitTokens"]),
        (json!({"cost": {"total_cost": 0}, "pricing": {"plan": 5}, "tokenizer": {"kind": "x"}}), vec![]),
        (json!({"choices": [{"message": {"content": "{\"cost\": {\"total_cost\": 5}}"}}]}), vec![]),
    ] {
        let mut body = json!({"id": "a", "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
        body.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
        let usage = mcoda_core::extract_usage(&body.to_string(), None);
        let notes = usage.metadata.unwrap()["usage"].clone();
        let expected = if expected.is_empty() { Value::Null } else { json!(expected) };
        assert_eq!(notes["unread"], expected, "{beside}");
        assert_eq!(usage.tokens_prompt, Some(1));
    }
}

#[cfg(feature = "prices")]
#[test]
fn a_later_version_of_a_record_with_a_computed_cost_has_the_cost_of_its_counts_or_none() {
    // What the session's result reported at first, less a call of it that only the transcript reports.
    let result = json!({"type": "result", "subtype": "success", "uuid": "r", "session_id": "s",
        "usage": {"input_tokens": 1000, "output_tokens": 100},
        "modelUsage": {"claude-x": {"inputTokens": 1000, "outputTokens": 100}}});
    let costs = |config: Value, overrides: Value| {
        let options = Fixture::new().options().config(config.as_object().unwrap().clone());
        let workspace = options.open_db(":memory:").unwrap();
        let asked =
            AgentContext::from_json(&json!({"computeCost": true, "priceOverrides": overrides})).unwrap();
        workspace.record_agent_response(&result.to_string(), &asked).unwrap();
        let message = message("m1", "s", 400, 40);
        workspace.record_agent_response(&message, &AgentContext::default()).unwrap();
        let mut rows = rows(&workspace);
        rows.sort_by_key(|row| row.tokens_prompt);
        let notes = |row: &TokenUsageRow| row.metadata["usage"]["cost_source"].clone();
        assert_eq!((rows.len(), rows[0].tokens_prompt, rows[1].tokens_prompt), (2, Some(400), Some(600)));
        (rows[1].cost_estimate, notes(&rows[1]))
    };
    let own = json!([{"model": "claude-x", "input": 1, "output": 10}]);
    let config = json!({"telemetry": {"priceOverrides": own}});
    assert_eq!(costs(config, json!([])), (Some(0.0012), json!("computed")));
    assert_eq!(costs(json!({}), own.clone()), (None, json!("unknown")));
    let dearer = json!({"telemetry": {"priceOverrides": [{"model": "claude-x", "input": 2, "output": 20}]}});
    assert_eq!(costs(dearer, own), (None, json!("unknown")));
}

#[test]
fn calls_that_are_recorded_after_deltas_of_their_session_are_subtracted_from_these() {
    let deltas = AgentContext { as_deltas: true, ..AgentContext::default() };
    let first = result("r1", "s", 100, 50, (100, 50), 1.0);
    let second = result("r2", "s", 190, 110, (90, 60), 2.25);
    let transcript = [message("m1", "s", 100, 1), message("m2", "s", 90, 70)].join("\n");
    let record = |bodies: &[&str]| {
        let workspace = Fixture::new().options().open_db(":memory:").unwrap();
        for body in bodies {
            workspace.record_agent_stream(body.as_bytes(), &deltas, |_| {}).unwrap();
        }
        totals(&workspace)
    };
    // The calls have all of the input and 71 of the output.
    let expected = (Some(190.0), Some(110.0), Some(2.25));
    for bodies in [
        vec![&*first, &*second, &*transcript],
        vec![&*first, &*transcript, &*second],
        vec![&*transcript, &*first, &*second],
        vec![&*first, &*second, &*transcript, &*first, &*transcript, &*second],
    ] {
        assert_eq!(record(&bodies), expected, "{bodies:#?}");
    }
}
