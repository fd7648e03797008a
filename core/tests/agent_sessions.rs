//! Recording sessions and runs of several models, and their costs.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::responses::*;
use common::*;
use mcoda_core::AgentContext;
use serde_json::{Value, json};

#[test]
fn a_session_has_one_record_with_its_last_count() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let record = |body: &str| workspace.record_agent_response(body, &AgentContext::default()).unwrap();
    record(&turn("t", 100, 10));
    assert!(record(&turn("t", 300, 40)).records[0].updated);
    // An older count that is sent again does not revert later counts.
    assert!(record(&turn("t", 100, 10)).records[0].duplicate);
    record(&turn("other", 7, 1));
    let all = rows(&workspace);
    assert_eq!(all.iter().map(|row| row.tokens_prompt).collect::<Vec<_>>(), [Some(300), Some(7)]);
    assert_eq!(all[0].metadata["usage"]["cumulative"], true);
}

#[test]
fn a_session_is_recorded_as_deltas_on_request() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let given = context(json!({"asDeltas": true}));
    let record = |body: &str| workspace.record_agent_response(body, &given).unwrap().records[0].clone();
    let first = record(&turn("t", 100, 10));
    assert!(record(&turn("t", 100, 10)).duplicate);
    let second = record(&turn("t", 300, 40));
    assert!(!second.duplicate && second.id != first.id);
    // A replay of an older count contains nothing new.
    assert!(record(&turn("t", 100, 10)).duplicate);
    assert!(record(&turn("t", 300, 40)).duplicate);
    let all = rows(&workspace);
    let numbers: Vec<_> =
        all.iter().map(|row| (row.tokens_prompt, row.tokens_cached, row.tokens_completion)).collect();
    assert_eq!(numbers, [(Some(100), Some(50), Some(10)), (Some(200), Some(100), Some(30))]);
    assert_eq!(all[1].metadata["usage"]["reasoning"], 15);
    assert_eq!(all[1].metadata["usage"]["delta"], true);
    // In the other order, the total is not added to its parts.
    workspace.record_agent_response(&turn("t", 310, 40), &AgentContext::default()).unwrap();
    let sum: i64 = rows(&workspace).iter().filter_map(|row| row.tokens_prompt).sum();
    assert_eq!(sum, 310);
}

#[test]
fn a_resumed_run_of_several_models_is_recorded_as_what_came_on_top() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    record(&workspace, &run("s", &[("big", 100, 0.5), ("little", 10, 0.1)]), json!({"asDeltas": true}));
    record(&workspace, &run("s", &[("big", 150, 0.8), ("little", 10, 0.1)]), json!({"asDeltas": true}));
    let all = rows(&workspace);
    let numbers: Vec<_> = all.iter().map(|row| (row.model_name.as_deref(), row.tokens_completion)).collect();
    assert_eq!(numbers, [(Some("big"), Some(100)), (Some("little"), Some(10)), (Some("big"), Some(50))]);
    let cost: f64 = all.iter().filter_map(|row| row.cost_estimate).sum();
    assert!((cost - 0.9).abs() < 1e-12, "{cost}");
    assert_eq!(all[0].duration_ms, Some(900.0));
    assert_eq!(all[1].duration_ms, None);
}

#[cfg(not(feature = "prices"))]
#[test]
fn computing_a_cost_without_a_table_of_prices_is_refused_and_records_nothing() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let context = AgentContext { compute_cost: true, ..AgentContext::default() };
    let body = json!({"id": "1", "usage": {"prompt_tokens": 10, "completion_tokens": 1}}).to_string();
    let error = workspace.record_agent_response(&body, &context).unwrap_err();
    assert_eq!((error.kind(), error.field()), (mcoda_core::ErrorKind::Unsupported, Some("computeCost")));
    assert!(error.message().contains("`prices`"), "{error}");
    assert!(rows(&workspace).is_empty());
}

#[cfg(feature = "prices")]
#[test]
fn a_cost_is_computed_on_request_if_it_is_not_reported() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = |model: &str, id: &str| {
        json!({"id": id, "object": "chat.completion", "created": 1_757_000_000, "model": model, "usage": {"prompt_tokens": 1000,
            "completion_tokens": 100, "total_tokens": 1100, "prompt_tokens_details": {"cached_tokens": 400}}})
    };
    let cost = |body: Value, given: Value| {
        let id = record(&workspace, &body, given).records[0].id.clone();
        let row = rows(&workspace).into_iter().find(|row| row.id == id).unwrap();
        (row.cost_estimate, row.currency, row.metadata["usage"].clone())
    };
    let (none, _, notes) = cost(body("gpt-4o", "1"), json!({}));
    assert_eq!((none, notes.get("cost_source")), (None, None));
    // 600 at $2.50, 400 cached at $1.25 and 100 at $10 a million.
    let (computed, currency, notes) =
        cost(body("gpt-4o", "2"), json!({"computeCost": true, "provider": "openai"}));
    assert!((computed.unwrap() - 0.003).abs() < 1e-12, "{computed:?}");
    assert_eq!((currency.as_deref(), &notes["cost_source"]), (Some("USD"), &json!("computed")));
    assert_eq!(notes["price_table"], "genai-prices 0.2.1");
    assert_eq!(notes["price_model"], "openai/gpt-4o");
    for (model, provider) in
        [("a-model-of-nobody", "openai"), ("gpt-4o", "a-provider-of-nobody"), ("gpt-4o", "ollama")]
    {
        let (unknown, currency, notes) =
            cost(body(model, model), json!({"computeCost": true, "provider": provider}));
        assert_eq!(
            (unknown, currency, &notes["cost_source"]),
            (None, None, &json!("unknown")),
            "{model} {provider}"
        );
    }
    let mut reported = body("gpt-4o", "3");
    reported["usage"]["cost"] = json!(0.5);
    let (kept, _, notes) = cost(reported, json!({"computeCost": true}));
    assert_eq!((kept, &notes["cost_source"]), (Some(0.5), &json!("provider")));
}

#[cfg(feature = "prices")]
#[test]
fn cache_writes_have_prices_of_their_own() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = json!({"id": "m", "type": "message", "model": "claude-sonnet-4-5", "usage": {"input_tokens": 1000,
        "cache_read_input_tokens": 10_000, "cache_creation_input_tokens": 3000, "output_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}}});
    record(&workspace, &body, json!({"computeCost": true}));
    // $3 input, $0.30 read, $3.75 and $6 written, $15 output a million.
    let expected = (1000.0 * 3.0 + 10_000.0 * 0.3 + 1000.0 * 3.75 + 2000.0 * 6.0 + 100.0 * 15.0) / 1e6;
    let cost = rows(&workspace)[0].cost_estimate.unwrap();
    assert!((cost - expected).abs() < 1e-9, "{cost} {expected}");
}

#[test]
fn the_price_table_is_the_one_that_records_name() {
    let manifest = include_str!("../../Cargo.toml");
    let lock = include_str!("../../Cargo.lock");
    assert!(manifest.contains("genai-prices"));
    assert!(
        lock.contains("name = \"genai-prices\"\nversion = \"0.2.1\""),
        "price::TABLE names another version"
    );
}

#[test]
fn a_thread_without_a_name_that_another_one_follows_counts_once_however_often_it_is_read() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let turn = |input: u64| json!({"type": "turn.completed", "usage": {"input_tokens": input, "cached_input_tokens": 0, "output_tokens": 5}});
    let lines = [turn(100), json!({"type": "thread.started", "thread_id": "b"}), turn(50)];
    let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let read = || workspace.record_agent_stream(stream.as_bytes(), &Default::default(), |_| {}).unwrap();
    assert_eq!((read().recorded, read().recorded, read().duplicates), (2, 0, 2));
}

#[test]
fn what_a_run_cost_beyond_its_models_takes_no_models_place() {
    let init = json!({"type": "system", "subtype": "init", "session_id": "s", "model": "big"});
    let model = |tokens: u64| json!({"inputTokens": tokens, "outputTokens": 1, "costUSD": 0.25});
    let result = json!({"type": "result", "session_id": "s", "uuid": "u", "total_cost_usd": 0.75,
                        "modelUsage": {"big": model(10), "little": model(20)}});
    let mut nameless = result.clone();
    nameless.as_object_mut().unwrap().remove("session_id");
    for body in [format!("{init}\n{result}"), format!("{init}\n{nameless}")] {
        let fixture = Fixture::new();
        let workspace = fixture.open();
        let recorded = workspace.record_agent_response(&body, &AgentContext::default()).unwrap().records;
        assert!(recorded.iter().all(|one| !one.updated && !one.duplicate), "{recorded:?}");
        let mut reported: Vec<_> = rows(&workspace)
            .into_iter()
            .map(|row| (row.model_name, row.tokens_prompt, row.cost_estimate))
            .collect();
        reported.sort_by_key(|(_, prompt, _)| *prompt);
        let some = |name: &str, prompt| (Some(name.to_owned()), Some(prompt), Some(0.25));
        assert_eq!(reported, [(None, None, Some(0.25)), some("big", 10), some("little", 20)]);
        let again = workspace.record_agent_response(&body, &AgentContext::default()).unwrap().records;
        assert!(again.iter().all(|one| one.duplicate), "{again:?}");
    }
}
