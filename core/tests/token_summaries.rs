//! Token usage summaries: groups and sums.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::desk::*;
use mcoda_core::Dimension;
use rusqlite::Connection;
use serde_json::{Value, json};

// Groups

#[test]
fn a_dimension_is_absent_unless_it_is_grouped_and_null_where_it_is_empty() {
    let desk = Desk::new();
    desk.record(&[json!({"agentId": "codex", "commandName": "qa-tasks"})]);
    let fields = |query| {
        let row = desk.summary_json(query).remove(0);
        let names = Dimension::ALL.iter().map(|dimension| dimension.field());
        names.filter_map(|name| row.get(name).map(|value| format!("{name}={value}"))).collect::<Vec<_>>()
    };
    let default = ["project_id=null", r#"command_name="qa-tasks""#, r#"agent_id="codex""#];
    assert_eq!(fields(json!({})), default);
    assert_eq!(fields(json!({"groupBy": []})), default);
    assert_eq!(fields(json!({"groupBy": ["provider", "task"]})), ["provider=null", "task_id=null"]);
    assert_eq!(fields(json!({"groupBy": ["day", "day"]})), [r#"day="2026-03-20""#]);
    assert_eq!(desk.summary_json(json!({}))[0]["workspace_id"], "w");
    let twice = desk.summary(json!({"groupBy": ["day", "day"]}));
    assert_eq!(serde_json::to_string(&twice).unwrap().matches("\"day\"").count(), 1);
}

#[test]
fn usage_is_grouped_by_provider_and_task() {
    let desk = Desk::new();
    desk.put("1", &json!({"provider": "openai", "task_id": "t1", "tokens_prompt": 1}));
    desk.put("2", &json!({"provider": "anthropic", "task_id": "t1", "tokens_prompt": 2}));
    desk.put("3", &json!({"provider": "openai", "task_id": "t2", "tokens_prompt": 4}));
    desk.put("4", &json!({"provider": "openai", "task_id": "t1", "tokens_prompt": 8}));
    desk.put("5", &json!({"provider": "", "task_id": null, "tokens_prompt": 16}));
    let summed = |dimension: Dimension| {
        let rows = desk.summary(json!({"groupBy": [dimension.name()]}));
        rows.iter()
            .map(|row| (row.group.get(dimension).map(str::to_owned), row.tokens_prompt))
            .collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(summed(Dimension::Provider), [(some("openai"), 13), (some("anthropic"), 2), (None, 16)]);
    assert_eq!(summed(Dimension::Task), [(some("t1"), 11), (some("t2"), 4), (None, 16)]);
}

#[test]
fn keys_that_contain_separators_do_not_collide() {
    let desk = Desk::new();
    desk.record(&[
        json!({"agentId": "a|b", "modelName": "c"}),
        json!({"agentId": "a", "modelName": "b|c"}),
        json!({"agentId": "null"}),
        json!({}),
        json!({"agentId": "a\u{0}b", "modelName": "c"}),
        json!({"agentId": "a", "modelName": "b\u{0}c"}),
    ]);
    assert_eq!(desk.summary(json!({"groupBy": ["agent", "model"]})).len(), 6);
}

#[test]
fn groups_come_in_the_order_of_their_first_appearance_in_time() {
    let desk = Desk::new();
    for (agent, timestamp) in [
        ("late", "2026-03-20T11:00:00Z"),
        ("early", "2026-03-20T10:00:00Z"),
        ("tie 1", "2026-03-20T09:30:00Z"),
        ("tie 2", "2026-03-20T10:30:00+01:00"),
        ("late", "2026-03-20T09:00:00Z"),
    ] {
        desk.put(&format!("{agent} {timestamp}"), &json!({"agent_id": agent, "timestamp": timestamp}));
    }
    let rows = desk.summary(json!({"groupBy": ["agent"]}));
    let agents: Vec<_> = rows.iter().filter_map(|row| row.group.get(Dimension::Agent)).collect();
    assert_eq!(agents, ["late", "tie 1", "tie 2", "early"]);
}

// Sums

#[test]
fn sums_are_zero_and_the_cost_is_null_if_nothing_was_reported() {
    let desk = Desk::new();
    desk.record(&[json!({}), json!({"tokensPrompt": null})]);
    let row = desk.summary_json(json!({"groupBy": ["agent"]})).remove(0);
    assert_eq!(
        row,
        json!({"workspace_id": "w", "agent_id": null, "calls": 2, "tokens_prompt": 0, "tokens_completion": 0,
               "tokens_total": 0, "tokens_cached": 0, "tokens_cache_read": 0, "tokens_cache_write": 0,
               "duration_ms": 0, "cost_estimate": null, "cost_known_calls": 0})
    );
    desk.record(&[json!({"costUsd": 0})]);
    let row = &desk.summary(json!({}))[0];
    assert_eq!((row.cost_estimate, row.cost_known_calls, row.calls), (Some(0.0), 1, 3));
}

#[test]
fn ten_times_a_tenth_costs_one() {
    let desk = Desk::new();
    let call = json!({"costEstimate": 0.1, "currency": "USD", "durationMs": 0.1, "tokensPrompt": 3});
    desk.record(&vec![call; 10]);
    let row = desk.summary_json(json!({})).remove(0).to_string();
    assert!(row.contains(r#""cost_estimate":1,"#) && row.contains(r#""duration_ms":1,"#), "{row}");
    assert!(row.contains(r#""tokens_prompt":30,"#), "{row}");
}

#[test]
fn sums_do_not_depend_on_the_order_of_the_rows() {
    let mut calls: Vec<Value> = (1..300)
        .map(|n| json!({"costEstimate": 1.0 / f64::from(n), "durationMs": 0.7 * f64::from(n)}))
        .collect();
    calls.extend([json!({"costEstimate": 1e16}), json!({"costEstimate": 1e-16})]);
    let sums = |calls: &[Value]| {
        let desk = Desk::new();
        desk.record(calls);
        let row = desk.summary(json!({})).remove(0);
        (row.cost_estimate, row.duration_ms)
    };
    let forward = sums(&calls);
    calls.reverse();
    assert_eq!(forward, sums(&calls));
    calls.sort_by_key(|call| call.to_string());
    assert_eq!(forward, sums(&calls));
}

#[test]
fn sums_too_large_for_a_number_stop_at_its_end() {
    let desk = Desk::new();
    for name in ["1", "2", "3"] {
        desk.put(
            name,
            &json!({"tokens_total": i64::MAX, "tokens_prompt": i64::MIN, "cost_estimate": 1.7e308,
                               "duration_ms": 1.7e308}),
        );
    }
    desk.put("4", &json!({"tokens_total": -5, "tokens_prompt": 5}));
    let row = desk.summary(json!({})).remove(0);
    assert_eq!((row.tokens_total, row.tokens_prompt), (i64::MAX, i64::MIN));
    assert_eq!((row.cost_estimate, row.duration_ms), (Some(f64::MAX), f64::MAX));
}

#[test]
fn costs_in_several_currencies_are_never_added_up() {
    let desk = Desk::new();
    desk.record(&[
        json!({"agentId": "one", "costEstimate": 0.5, "currency": "USD"}),
        json!({"agentId": "one", "costEstimate": 0.25}),
        json!({"agentId": "one", "costEstimate": 0.25, "currency": " usd "}),
        json!({"agentId": "one", "currency": "EUR"}),
        json!({"agentId": "two", "costEstimate": 0.1, "currency": "USD"}),
        json!({"agentId": "two", "costEstimate": 0.2, "currency": "USD"}),
        json!({"agentId": "two", "costEstimate": 3, "currency": "EUR"}),
        json!({"agentId": "two", "costEstimate": 7}),
    ]);
    let rows = desk.summary_json(json!({"groupBy": ["agent"]}));
    // The only call in euros cost nothing, so there is nothing that cannot be added.
    assert_eq!(rows[0]["cost_estimate"], 1);
    assert_eq!(rows[0].get("cost_by_currency"), None);
    assert_eq!(rows[1]["cost_estimate"], Value::Null);
    assert_eq!(rows[1]["cost_by_currency"].to_string(), r#"{"EUR":3,"USD":0.30000000000000004,"XXX":7}"#);
    #[cfg(feature = "report")]
    {
        let rows = desk.summary(json!({"groupBy": ["agent"]}));
        let table = mcoda_core::report::render_tokens_table(&rows, &[mcoda_core::Dimension::Agent], None);
        assert!(table.contains("| 3.00 EUR, 0.3000 USD, 7.00 XXX |"), "{table}");
    }
}

// Reports

#[test]
fn a_report_has_the_total_of_all_pages_and_counts_what_the_time_range_leaves_out() {
    let desk = Desk::new();
    let call = |agent: &str, day: &str, cost: f64, currency: &str| {
        json!({"agentId": agent, "timestamp": day, "costEstimate": cost, "currency": currency, "tokensPrompt": 1,
               "durationMs": 0.1})
    };
    desk.record(&[
        call("one", "2026-03-19", 0.1, "USD"),
        call("two", "2026-03-20", 0.2, "EUR"),
        call("two", "2026-03-20", 0.3, "eur"),
        call("one", "2026-01-01", 9.0, "USD"),
        call("two", "2026-03-13T11:59:59.999Z", 9.0, "USD"),
        call("two", "2026-03-13T12:00:00Z", 0.0, "EUR"),
    ]);
    desk.put("undated", &json!({"agent_id": "one", "timestamp": "soon"}));
    let read = |query: Value| {
        let (query, group_by) = mcoda_core::TokenUsageQuery::from_summary_json(&query).unwrap();
        let report = desk.workspace.token_usage_report(&query, &group_by).unwrap();
        assert_eq!(report.period.outside, desk.workspace.calls_outside(&query).unwrap());
        report
    };
    let now = "2026-03-20T12:00:00Z";
    let report = read(json!({"groupBy": ["agent"], "now": now, "pageSize": 1, "page": 2}));
    assert_eq!(report.rows.len(), 1);
    assert_eq!((report.rows[0].calls, report.rows[0].currency.as_deref()), (1, Some("USD")));
    assert_eq!((report.total.calls, report.total.tokens_prompt), (4, 4));
    assert_eq!(report.total.duration_ms, 0.4);
    assert_eq!((report.total.cost_estimate, report.total.currency.clone()), (None, None));
    let costs = report.total.cost_by_currency.unwrap();
    assert_eq!(costs.into_iter().collect::<Vec<_>>(), [("EUR".into(), 0.5), ("USD".into(), 0.1)]);
    assert_eq!(report.period.since.unwrap().to_string(), "2026-03-13T12:00:00.000Z");
    assert_eq!((report.period.until, report.period.outside.before), (None, 2));
    let one = read(json!({"groupBy": ["agent"], "now": now, "agent": "one", "until": "1d"}));
    assert_eq!(one.period.outside.before, 1, "only those that the other filters select");
    let all = read(json!({"groupBy": ["agent"], "now": now, "since": "all"}));
    assert_eq!((all.period.since, all.period.outside.calls, all.total.calls), (None, 0, 7));
    assert_eq!(all.rows, desk.summary(json!({"groupBy": ["agent"], "now": now, "since": "all"})));
}

// Size

#[test]
fn forty_thousand_rows_with_distinct_ids_are_one_query() {
    let desk = Desk::new();
    let connection = Connection::open(desk.workspace.database_path()).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
               INSERT INTO token_usage (id, workspace_id, task_id, timestamp, tokens_prompt)
               SELECT 'u' || i, 'w', 't' || i, '2026-03-20T09:00:00.000Z', 1 FROM n";
    connection.execute(sql, []).unwrap();
    assert_eq!(desk.ids(json!({})).len(), 40_000);
    assert_eq!(desk.summary(json!({"groupBy": ["task"]})).len(), 40_000);
    assert_eq!(desk.summary(json!({}))[0].tokens_prompt, 40_000);
}
