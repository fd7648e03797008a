//! Asking what was spent, through the public interface. Rows that the interface would refuse are put
//! into the file by hand, as other programs and older releases do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use mcoda_core::{
    Clock, Dimension, Environment, Error, ErrorKind, Global, NewProject, TokenUsage, TokenUsageQuery,
    TokenUsageRow, TokenUsageSummaryRow, Workspace,
};
use rusqlite::Connection;
use serde_json::{Value, json};

const NOON: &str = "2026-03-20T12:00:00.000Z";

/// A workspace on a fixed day whose user has an empty home folder.
struct Desk {
    workspace: Workspace,
    home: PathBuf,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::waiting(Duration::from_secs(5))
    }

    /// One that waits this long where a database is busy.
    fn waiting(busy_timeout: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let environment = Environment { home: Some(home.clone()), ..Environment::default() };
        let workspace = Workspace::options()
            .workspace_id("w")
            .clock(Clock::fixed(NOON.parse().unwrap()))
            .environment(environment)
            .busy_timeout(busy_timeout)
            .open_db(folder.path().join("mcoda.db"))
            .unwrap();
        Self { workspace, home, _folder: folder }
    }

    /// Records calls as a host does; those without a time happen at noon.
    fn record(&self, calls: &[Value]) {
        let usages: Vec<TokenUsage> = calls.iter().map(|call| TokenUsage::from_json(call).unwrap()).collect();
        self.workspace.record_token_usages(&usages).unwrap();
    }

    /// Puts a row into the file: its id is `name`, other columns as given.
    fn put(&self, name: &str, columns: &Value) {
        let mut row = json!({"id": name, "workspace_id": "w", "timestamp": NOON});
        row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
        insert(self.workspace.database_path(), &row);
    }

    fn rows(&self, query: Value) -> Vec<TokenUsageRow> {
        self.workspace.token_usage(&TokenUsageQuery::from_json(&query).unwrap()).unwrap()
    }

    fn ids(&self, query: Value) -> Vec<String> {
        self.rows(query).into_iter().map(|row| row.id).collect()
    }

    fn summary(&self, query: Value) -> Vec<TokenUsageSummaryRow> {
        let (query, group_by) = TokenUsageQuery::from_summary_json(&query).unwrap();
        self.workspace.token_usage_summary(&query, &group_by).unwrap()
    }

    fn summary_json(&self, query: Value) -> Vec<Value> {
        self.summary(query).iter().map(|row| serde_json::to_value(row).unwrap()).collect()
    }
}

fn insert(file: &Path, row: &Value) {
    let row = row.as_object().unwrap();
    let connection = Connection::open(file).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let columns: Vec<&str> = row.keys().map(String::as_str).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO token_usage ({}) VALUES ({})", columns.join(", "), places.join(", "));
    connection.execute(&sql, rusqlite::params_from_iter(row.values().map(stored))).unwrap();
}

fn stored(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Number(number) if number.is_i64() => number.as_i64().into(),
        Value::Number(number) => number.as_f64().into(),
        _ => rusqlite::types::Value::Null,
    }
}

fn refused(result: Result<impl Sized, Error>) -> (ErrorKind, Option<String>) {
    let error = result.err().expect("an error");
    (error.kind(), error.field().map(str::to_owned))
}

fn invalid(field: &str) -> (ErrorKind, Option<String>) {
    (ErrorKind::InvalidInput, Some(field.to_owned()))
}

// Which rows

#[test]
fn a_command_filter_leaves_rows_without_a_command_out_unless_they_are_asked_for() {
    let desk = Desk::new();
    desk.put("column", &json!({"command_name": "qa-tasks"}));
    desk.put("metadata", &json!({"metadata_json": r#"{"command":"qa-tasks"}"#}));
    desk.put("other", &json!({"command_name": "docs", "metadata_json": r#"{"command":"qa-tasks"}"#}));
    desk.put("none", &json!({}));
    desk.put("empty", &json!({"command_name": ""}));
    assert_eq!(desk.ids(json!({"command": "qa-tasks"})), ["column", "metadata"]);
    let lenient = json!({"command": "qa-tasks", "includeRowsWithoutCommand": true});
    assert_eq!(desk.ids(lenient), ["column", "metadata", "none", "empty"]);
    assert_eq!(desk.ids(json!({})).len(), 5);
    let summary = desk.summary(json!({"command": "qa-tasks", "group_by": ["command"]}));
    assert_eq!((summary.len(), summary[0].calls), (1, 2));
}

#[test]
fn rows_are_narrowed_by_project_job_task_and_agent_within_the_own_workspace() {
    let desk = Desk::new();
    let new = |key: &str| NewProject { key: key.into(), ..Default::default() };
    let shop = desk.workspace.projects().ensure(&new("SHOP")).unwrap().id;
    let blog = desk.workspace.projects().ensure(&new("BLOG")).unwrap().id;
    desk.put("1", &json!({"project_id": shop, "job_id": "j", "task_id": "t", "agent_id": "a"}));
    desk.put("2", &json!({"project_id": blog, "job_id": "j", "task_id": "t", "agent_id": "a"}));
    desk.put("3", &json!({"project_id": shop, "job_id": "k", "task_id": "t", "agent_id": "b"}));
    desk.put("foreign", &json!({"workspace_id": "other", "project_id": shop, "agent_id": "a"}));
    assert_eq!(desk.ids(json!({"projectKey": "SHOP"})), ["1", "3"]);
    assert_eq!(desk.ids(json!({"jobId": "j"})), ["1", "2"]);
    assert_eq!(desk.ids(json!({"job_id": "j", "project_key": "SHOP", "task_id": "t"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "a"})), ["1", "2"]);
    assert_eq!(desk.ids(json!({"taskId": "unknown"})), [""; 0]);
    assert_eq!(desk.summary(json!({"groupBy": ["task"]}))[0].calls, 3);
}

#[test]
fn an_unknown_project_is_not_found() {
    let desk = Desk::new();
    let query = TokenUsageQuery { project_key: Some("NONE".into()), ..Default::default() };
    let expected = (ErrorKind::NotFound, Some("projectKey".to_owned()));
    assert_eq!(refused(desk.workspace.token_usage(&query)), expected);
    assert_eq!(refused(desk.workspace.token_usage_summary(&query, &[])), expected);
}

#[test]
fn bad_questions_name_the_field() {
    let desk = Desk::new();
    for (query, field) in [
        (json!({"since": "yesterday"}), "since"),
        (json!({"until": "2026-02-30"}), "until"),
        (json!({"page": 0}), "page"),
        (json!({"pageSize": 0}), "pageSize"),
        (json!({"pageSize": -1, "page": 2}), "pageSize"),
        (json!({"page": "1"}), "page"),
        #[cfg(feature = "time-zones")]
        (json!({"timeZone": "Mars/Olympus"}), "timeZone"),
        (json!({"timeZone": 2}), "timeZone"),
        (json!({"comand": "qa-tasks"}), "comand"),
        (json!({"includeRowsWithoutCommand": "false"}), "includeRowsWithoutCommand"),
        (json!({"groupBy": ["agent"]}), "groupBy"),
    ] {
        let asked = TokenUsageQuery::from_json(&query).and_then(|query| desk.workspace.token_usage(&query));
        assert_eq!(refused(asked), invalid(field), "{query}");
    }
    for (query, field) in [
        (json!({"groupBy": ["agnet"]}), "groupBy"),
        (json!({"groupBy": "agent"}), "groupBy"),
        (json!({"since": ""}), "since"),
        (json!({"page": -1}), "page"),
    ] {
        let asked = TokenUsageQuery::from_summary_json(&query)
            .and_then(|(query, group_by)| desk.workspace.token_usage_summary(&query, &group_by));
        assert_eq!(refused(asked), invalid(field), "{query}");
    }
}

// Time

#[test]
fn bounds_are_inclusive_and_compare_moments_not_texts() {
    let desk = Desk::new();
    for (name, timestamp) in [
        ("nine", "2026-03-20T09:00:00.000Z"),
        ("nine, coarse", "2026-03-20T09:00:00Z"),
        ("nine, abroad", "2026-03-20T11:00:00+02:00"),
        ("later", "2026-03-20T09:00:00.001Z"),
        ("later, abroad", "2026-03-20T09:00:00-01:00"),
    ] {
        desk.put(name, &json!({"timestamp": timestamp}));
    }
    let at_nine = ["nine", "nine, coarse", "nine, abroad"];
    assert_eq!(desk.ids(json!({"until": "2026-03-20T09:00:00Z"})), at_nine);
    assert_eq!(desk.ids(json!({"until": "2026-03-20T10:00:00+01:00"})), at_nine);
    assert_eq!(desk.ids(json!({"since": "2026-03-20T09:00:00.000Z"})).len(), 5);
    assert_eq!(desk.ids(json!({"since": "2026-03-20T09:00:00.001Z"})), ["later", "later, abroad"]);
    assert_eq!(desk.ids(json!({"since": "2h"})), ["later, abroad"]);
}

#[test]
fn rows_come_in_the_order_of_time_and_unreadable_times_last() {
    let desk = Desk::new();
    for (name, timestamp) in [
        ("garbage", "garbage"),
        ("second", "2026-03-20T10:00:00+01:00"),
        ("number", "1774008000000"),
        ("third", "2026-03-20T09:00:00.000Z"),
        ("nonsense", "2025-02-30T00:00:00Z"),
        ("first", "2026-03-20T09:30:00+01:00"),
        ("blank", ""),
    ] {
        desk.put(name, &json!({"timestamp": timestamp}));
    }
    let in_time = ["first", "second", "third", "garbage", "number", "nonsense", "blank"];
    assert_eq!(desk.ids(json!({})), in_time);
    for bound in ["since", "until"] {
        let query = if bound == "since" { json!({"since": "30d"}) } else { json!({"until": "0s"}) };
        assert_eq!(desk.ids(query), in_time[..3], "garbage passes no {bound}");
    }
    assert_eq!(desk.summary(json!({"groupBy": ["day"]}))[0].calls, 3);
}

#[test]
fn a_summary_looks_at_seven_days_and_rows_at_everything() {
    let desk = Desk::new();
    desk.record(&[
        json!({"timestamp": "2026-03-13T12:00:00.000Z"}),
        json!({"timestamp": "2026-03-13T11:59:59.999Z"}),
    ]);
    let calls = |query| desk.summary(query).iter().map(|row| row.calls).sum::<u64>();
    assert_eq!(calls(json!({})), 1);
    assert_eq!(calls(json!({"since": "8d"})), 2);
    assert_eq!(calls(json!({"now": "2026-03-20T11:00:00Z"})), 2);
    assert_eq!(desk.ids(json!({})).len(), 2);
}

#[test]
fn a_day_is_the_day_in_utc() {
    let desk = Desk::new();
    desk.put("late", &json!({"timestamp": "2026-03-19T23:59:59.999Z"}));
    desk.put("tomorrow already, abroad", &json!({"timestamp": "2026-03-20T00:30:00+01:00"}));
    desk.put("early", &json!({"timestamp": "2026-03-20"}));
    let days = desk.summary(json!({"groupBy": ["day"]}));
    let days: Vec<_> = days.iter().map(|row| (row.group.get(Dimension::Day).unwrap(), row.calls)).collect();
    assert_eq!(days, [("2026-03-19", 2), ("2026-03-20", 1)]);
}

#[cfg(feature = "time-zones")]
#[test]
fn a_day_is_the_day_in_the_time_zone_that_is_asked_for() {
    let desk = Desk::new();
    for timestamp in
        ["2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"]
    {
        desk.put(timestamp, &json!({"timestamp": timestamp, "agent_id": "a"}));
    }
    desk.put("unreadable", &json!({"timestamp": "2026-03-29, late", "agent_id": "a"}));
    let days = |zone: Value| {
        let asked =
            json!({"groupBy": ["agent", "day"], "timeZone": zone, "since": "3w", "now": "2026-03-30"});
        let rows = desk.summary(asked);
        rows.iter()
            .map(|row| (row.group.get(Dimension::Day).unwrap().to_owned(), row.calls))
            .collect::<Vec<_>>()
    };
    let told = |days: &[(&str, u64)]| {
        days.iter().map(|(day, calls)| ((*day).to_owned(), *calls)).collect::<Vec<_>>()
    };
    assert_eq!(days(Value::Null), told(&[("2026-03-28", 2), ("2026-03-29", 2)]));
    assert_eq!(days(json!("Etc/UTC")), told(&[("2026-03-28", 2), ("2026-03-29", 2)]));
    // The day on which the clocks go forward has 23 hours.
    assert_eq!(
        days(json!("Europe/Berlin")),
        told(&[("2026-03-28", 1), ("2026-03-29", 2), ("2026-03-30", 1)])
    );
    assert_eq!(days(json!("Pacific/Kiritimati")), told(&[("2026-03-29", 2), ("2026-03-30", 2)]));
}

// Pages

#[test]
fn pages_count_from_one_and_cut_rows_and_groups_alike() {
    let desk = Desk::new();
    for minute in 0..5 {
        let timestamp = format!("2026-03-20T09:0{minute}:00Z");
        desk.put(&minute.to_string(), &json!({"timestamp": timestamp, "agent_id": format!("a{minute}")}));
    }
    assert_eq!(desk.ids(json!({"page": 1, "pageSize": 2})), ["0", "1"]);
    assert_eq!(desk.ids(json!({"page": 3, "pageSize": 2})), ["4"]);
    assert_eq!(desk.ids(json!({"page": 4, "pageSize": 2})), [""; 0]);
    assert_eq!(desk.ids(json!({"pageSize": 2})), ["0", "1"]);
    assert_eq!(desk.ids(json!({"page": 1})).len(), 5);
    assert_eq!(desk.ids(json!({"page": 2})), [""; 0]);
    let far = 9_007_199_254_740_991_i64;
    assert_eq!(desk.ids(json!({"page": far, "pageSize": far})), [""; 0]);
    let groups = desk.summary(json!({"page": 2, "pageSize": 2, "groupBy": ["agent"]}));
    let agents: Vec<_> = groups.iter().filter_map(|row| row.group.get(Dimension::Agent)).collect();
    assert_eq!(agents, ["a2", "a3"]);
}

// What a row says

#[test]
fn what_has_no_column_is_read_from_the_metadata() {
    let desk = Desk::new();
    for (name, metadata, command, action, error) in [
        ("1", r#"{"commandName":"a","command_name":"b","command":"c"}"#, Some("a"), None, None),
        ("2", r#"{"commandName":7,"command_name":"","command":"c","phase":"p"}"#, Some("c"), Some("p"), None),
        ("3", r#"{"action":"x","phase":"p","errorKind":"k","error":"e"}"#, None, Some("x"), Some("k")),
        ("4", r#"{"error_kind":"timeout","errorKind":"k"}"#, None, None, Some("timeout")),
        ("5", r#"{"error":{"message":"boom"}}"#, None, None, None),
    ] {
        desk.put(name, &json!({"metadata_json": metadata}));
        let row = desk.rows(json!({})).pop().unwrap();
        let told = (row.command_name.as_deref(), row.action.as_deref(), row.error_kind.as_deref());
        assert_eq!(told, (command, action, error), "{metadata}");
        assert_eq!(Value::Object(row.metadata), serde_json::from_str::<Value>(metadata).unwrap());
    }
}

#[test]
fn damaged_metadata_reads_as_an_empty_object() {
    let desk = Desk::new();
    for (index, metadata) in
        ["null", "{\"command\":", "[1]", "7", "\"text\"", "", "{\"command\":\"a\"} x"].iter().enumerate()
    {
        desk.put(&index.to_string(), &json!({"metadata_json": metadata}));
    }
    desk.put("number", &json!({"metadata_json": 1.5}));
    let rows = desk.rows(json!({}));
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert!(row.metadata.is_empty() && row.command_name.is_none(), "{row:?}");
        assert_eq!(serde_json::to_value(row).unwrap()["metadata"], json!({}));
    }
    assert_eq!(desk.summary(json!({}))[0].calls, 8);
}

#[test]
fn a_duration_is_in_milliseconds_whatever_was_recorded() {
    let desk = Desk::new();
    desk.put("both", &json!({"duration_ms": 1.5, "duration_seconds": 9}));
    desk.put("seconds", &json!({"duration_seconds": 84.9996}));
    desk.put("none", &json!({}));
    desk.put("absurd", &json!({"duration_seconds": 1e308}));
    let rows: Vec<Value> =
        desk.rows(json!({})).iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    let durations: Vec<&Value> = rows.iter().map(|row| &row["duration_ms"]).collect();
    assert_eq!(json!(durations).to_string(), "[1.5,85000,null,null]");
    assert_eq!(desk.summary(json!({}))[0].duration_ms, 85001.5);
}

#[test]
fn columns_of_the_wrong_type_never_fail_a_question() {
    let desk = Desk::new();
    desk.put(
        "odd",
        &json!({"tokens_prompt": "many", "tokens_total": 1.5, "cost_estimate": "free", "agent_id": 7}),
    );
    let row = &desk.rows(json!({}))[0];
    assert_eq!((row.tokens_prompt, row.tokens_total, row.cost_estimate), (None, None, None));
    assert_eq!(row.agent_id.as_deref(), Some("7"));
    assert_eq!(desk.summary(json!({"agent": "7"}))[0].tokens_prompt, 0);
}

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
fn keys_that_hold_separators_do_not_collide() {
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
fn sums_are_zero_and_the_cost_is_null_where_nothing_was_told() {
    let desk = Desk::new();
    desk.record(&[json!({}), json!({"tokensPrompt": null})]);
    let row = desk.summary_json(json!({"groupBy": ["agent"]})).remove(0);
    assert_eq!(
        row,
        json!({"workspace_id": "w", "agent_id": null, "calls": 2, "tokens_prompt": 0, "tokens_completion": 0,
               "tokens_total": 0, "tokens_cached": 0, "tokens_cache_read": 0, "tokens_cache_write": 0,
               "duration_ms": 0, "cost_estimate": null})
    );
    desk.record(&[json!({"costUsd": 0})]);
    assert_eq!(desk.summary(json!({}))[0].cost_estimate, Some(0.0));
}

#[test]
fn ten_times_a_tenth_costs_one() {
    let desk = Desk::new();
    let call = json!({"costEstimate": 0.1, "currency": "USD", "durationMs": 0.1, "tokensPrompt": 3});
    desk.record(&vec![call; 10]);
    let row = desk.summary_json(json!({})).remove(0).to_string();
    assert!(row.contains(r#""cost_estimate":1}"#) && row.contains(r#""duration_ms":1,"#), "{row}");
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
    // The one call in euros cost nothing, so there is nothing that could not be added.
    assert_eq!(rows[0]["cost_estimate"], 1);
    assert_eq!(rows[0].get("cost_by_currency"), None);
    assert_eq!(rows[1]["cost_estimate"], Value::Null);
    assert_eq!(rows[1]["cost_by_currency"].to_string(), r#"{"EUR":3,"USD":0.30000000000000004,"XXX":7}"#);
    #[cfg(feature = "report")]
    {
        let rows = desk.summary(json!({"groupBy": ["agent"]}));
        let table = mcoda_core::report::render_tokens_table(&rows, &[mcoda_core::Dimension::Agent]);
        assert!(table.ends_with("| 3.0000 EUR, 0.3000 USD, 7.0000 XXX\n"), "{table}");
    }
}

// Size

#[test]
fn forty_thousand_rows_with_ids_of_their_own_are_one_question() {
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

// Agents

impl Desk {
    /// Every question about the agent of this name is an error of this kind that says what to do.
    fn cannot_look_up(&self, name: &str, kind: ErrorKind) {
        let query = TokenUsageQuery { agent: Some(name.to_owned()), ..TokenUsageQuery::default() };
        for error in [
            self.workspace.token_usage(&query).err().unwrap(),
            self.workspace.token_usage_cursor(&query).err().unwrap(),
            self.workspace.token_usage_summary(&query, &[]).err().unwrap(),
        ] {
            assert_eq!((error.kind(), error.field()), (kind, Some("agent")), "{error}");
            let start = format!(
                "agent: the name {name:?} could not be looked up in {}: ",
                self.global_file().display()
            );
            assert!(error.message().starts_with(&start), "{error}");
            assert!(
                error.message().ends_with(
                    "an agent's id, as it stands in this workspace's usage, is found without the look-up"
                ),
                "{error}"
            );
        }
    }

    /// The global database of the workspace's user.
    fn global_file(&self) -> PathBuf {
        self.home.join(".mcoda/mcoda.db")
    }

    /// Makes the global database, with agents by id and slug.
    fn with_agents(self, agents: &[(&str, &str)]) -> Self {
        Global::open_db(self.global_file()).unwrap().close().unwrap();
        add_agents(&self.global_file(), agents);
        self
    }
}

fn add_agents(file: &Path, agents: &[(&str, &str)]) {
    let connection = Connection::open(file).unwrap();
    for (id, slug) in agents {
        let sql =
            "INSERT INTO agents (id, slug, adapter, created_at, updated_at) VALUES (?1, ?2, 'cli', ?3, ?3)";
        connection.execute(sql, [id, slug, NOON]).unwrap();
    }
}

/// The names and sizes of the files in a folder. Readers of a write-ahead log coordinate through two
/// files of SQLite's own; the log among them must be empty.
fn files_in(folder: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()));
    let coordination =
        |name: &str, size: u64| name.ends_with("-shm") || (name.ends_with("-wal") && size == 0);
    let mut files: Vec<_> = files.filter(|(name, size)| !coordination(name, *size)).collect();
    files.sort();
    files
}

#[test]
fn an_agent_is_named_by_slug_or_id() {
    let desk = Desk::new().with_agents(&[("id-1", "codex"), ("id-2", "claude"), ("codex-2", "id-2")]);
    for (name, agent) in [("1", "id-1"), ("2", "id-2"), ("3", "stranger")] {
        desk.put(name, &json!({"agent_id": agent}));
    }
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "id-1"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "id-2"})), ["2"], "an id goes before a slug");
    assert_eq!(desk.ids(json!({"agent": "stranger"})), ["3"]);
    assert_eq!(desk.summary(json!({"agent": "claude"}))[0].calls, 1);
}

#[test]
fn looking_up_an_agent_changes_nothing_in_the_home_folder() {
    let desk = Desk::new();
    desk.put("1", &json!({"agent_id": "codex"}));
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert!(!desk.home.exists());

    let desk = desk.with_agents(&[("codex", "codex")]);
    let before = (files_in(&desk.home.join(".mcoda")), std::fs::read(desk.global_file()).unwrap());
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert_eq!(files_in(&desk.home.join(".mcoda")), before.0);
    assert!(std::fs::read(desk.global_file()).unwrap() == before.1, "the database stays as it is");
}

#[test]
fn a_slug_that_cannot_be_looked_up_is_an_error_and_not_an_answer_of_nothing() {
    for (damage, kind) in [
        ("CREATE TABLE agents (name TEXT, provider TEXT)", ErrorKind::Unsupported),
        ("CREATE TABLE unrelated (x)", ErrorKind::Unsupported),
        (
            "CREATE TABLE agents (id TEXT, slug TEXT); INSERT INTO agents VALUES ('id-1', 'codex'); PRAGMA user_version = 999",
            ErrorKind::Unsupported,
        ),
    ] {
        let desk = Desk::new();
        desk.put("1", &json!({"agent_id": "id-1"}));
        std::fs::create_dir_all(desk.home.join(".mcoda")).unwrap();
        Connection::open(desk.global_file()).unwrap().execute_batch(damage).unwrap();
        let before = files_in(&desk.home.join(".mcoda"));
        desk.cannot_look_up("codex", kind);
        assert_eq!(desk.ids(json!({"agent": "id-1"})), ["1"], "an id needs no look-up: {damage}");
        assert_eq!(files_in(&desk.home.join(".mcoda")), before, "{damage}");
        std::fs::write(desk.global_file(), "no database at all").unwrap();
        desk.cannot_look_up("codex", ErrorKind::Corrupt);
        std::fs::remove_file(desk.global_file()).unwrap();
        std::fs::create_dir(desk.global_file()).unwrap();
        desk.cannot_look_up("codex", ErrorKind::Storage);
        std::fs::remove_dir(desk.global_file()).unwrap();
        std::fs::write(desk.global_file(), "").unwrap();
        assert_eq!(desk.ids(json!({"agent": "codex"})), [""; 0], "where there is no schema there is no slug");
    }
}

#[test]
fn a_busy_global_database_makes_a_slug_busy_and_leaves_an_id_an_id() {
    let desk = Desk::waiting(Duration::from_millis(1)).with_agents(&[("id-1", "codex"), ("id-2", "claude")]);
    desk.put("1", &json!({"agent_id": "id-1"}));
    desk.put("2", &json!({"agent_id": "claude"}));
    desk.put("foreign", &json!({"workspace_id": "other", "agent_id": "codex"}));
    let holder = Connection::open(desk.global_file()).unwrap();
    holder.pragma_update(None, "journal_mode", "DELETE").unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    desk.cannot_look_up("codex", ErrorKind::Busy);
    assert_eq!(desk.ids(json!({"agent": "id-1"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "claude"})), ["2"], "an id here, a slug there");
    holder.execute_batch("COMMIT").unwrap();
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "claude"})), ["2"], "and answered the same when it is free");
}

#[test]
fn the_global_database_answers_about_its_own_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let clock = Clock::fixed(NOON.parse().unwrap());
    let global = Workspace::options().clock(clock).open_global_db(&file).unwrap();
    add_agents(&file, &[("id-1", "codex"), ("id-2", "claude")]);
    for (agent, tokens) in [("id-1", 1), ("id-2", 2), ("id-1", 4)] {
        let call = json!({"agentId": agent, "tokensPrompt": tokens, "commandName": "chat"});
        global.record_token_usage(&TokenUsage::from_json(&call).unwrap()).unwrap();
    }
    let of_codex = TokenUsageQuery { agent: Some("codex".into()), ..Default::default() };
    assert_eq!(global.token_usage(&of_codex).unwrap().len(), 2);
    let summary = global.token_usage_summary(&TokenUsageQuery::default(), &[]).unwrap();
    assert_eq!(
        serde_json::to_value(&summary[0]).unwrap(),
        json!({"workspace_id": null, "project_id": null, "command_name": "chat", "agent_id": "id-1", "calls": 2,
               "tokens_prompt": 5, "tokens_completion": 0, "tokens_total": 0, "tokens_cached": 0,
               "tokens_cache_read": 0, "tokens_cache_write": 0, "duration_ms": 0, "cost_estimate": null})
    );
    let of_a_job = TokenUsageQuery { job_id: Some("j".into()), ..Default::default() };
    assert_eq!(refused(global.token_usage(&of_a_job)), invalid("jobId"));
    global.close().unwrap();
    assert_eq!(refused(global.token_usage(&of_codex)), (ErrorKind::Closed, None));
}
