//! Queries of single calls: their selection, time range and content.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::desk::*;
use mcoda_core::{Dimension, ErrorKind, NewProject, TokenUsageQuery};
use serde_json::{Value, json};

// Selection

#[test]
fn a_command_filter_excludes_rows_without_a_command_unless_they_are_requested() {
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
fn invalid_queries_name_the_field() {
    let desk = Desk::new();
    for (query, field) in [
        (json!({"since": "tomorrow"}), "since"),
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
        let result = TokenUsageQuery::from_json(&query).and_then(|query| desk.workspace.token_usage(&query));
        assert_eq!(refused(result), invalid(field), "{query}");
    }
    for (query, field) in [
        (json!({"groupBy": ["agnet"]}), "groupBy"),
        (json!({"groupBy": "agnet"}), "groupBy"),
        (json!({"groupBy": {"agent": true}}), "groupBy"),
        (json!({"since": ""}), "since"),
        (json!({"since": "2026-03-20", "until": "2026-03-19"}), "until"),
        (json!({"page": -1}), "page"),
    ] {
        let result = TokenUsageQuery::from_summary_json(&query)
            .and_then(|(query, group_by)| desk.workspace.token_usage_summary(&query, &group_by));
        assert_eq!(refused(result), invalid(field), "{query}");
    }
    // Who states no beginning did not mean the default of a summary.
    let (query, group_by) =
        TokenUsageQuery::from_summary_json(&json!({"until": "2001-01-01", "groupBy": "agent"})).unwrap();
    assert_eq!(group_by, [Dimension::Agent]);
    assert!(desk.workspace.token_usage_summary(&query, &group_by).unwrap().is_empty());
}

// Time

#[test]
fn bounds_are_inclusive_and_compare_times_not_texts() {
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
fn a_summary_covers_seven_days_by_default_and_rows_cover_everything() {
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
fn a_day_is_the_day_in_the_requested_time_zone() {
    let desk = Desk::new();
    for timestamp in
        ["2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"]
    {
        desk.put(timestamp, &json!({"timestamp": timestamp, "agent_id": "a"}));
    }
    desk.put("unreadable", &json!({"timestamp": "2026-03-29, late", "agent_id": "a"}));
    let days = |zone: Value| {
        let result =
            json!({"groupBy": ["agent", "day"], "timeZone": zone, "since": "3w", "now": "2026-03-30"});
        let rows = desk.summary(result);
        rows.iter()
            .map(|row| (row.group.get(Dimension::Day).unwrap().to_owned(), row.calls))
            .collect::<Vec<_>>()
    };
    let expected = |days: &[(&str, u64)]| {
        days.iter().map(|(day, calls)| ((*day).to_owned(), *calls)).collect::<Vec<_>>()
    };
    assert_eq!(days(Value::Null), expected(&[("2026-03-28", 2), ("2026-03-29", 2)]));
    assert_eq!(days(json!("Etc/UTC")), expected(&[("2026-03-28", 2), ("2026-03-29", 2)]));
    // The day on which daylight saving time begins has 23 hours.
    assert_eq!(
        days(json!("Europe/Berlin")),
        expected(&[("2026-03-28", 1), ("2026-03-29", 2), ("2026-03-30", 1)])
    );
    assert_eq!(days(json!("Pacific/Kiritimati")), expected(&[("2026-03-29", 2), ("2026-03-30", 2)]));
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

// Content of a row

#[test]
fn values_without_a_column_are_read_from_the_metadata() {
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
        let found = (row.command_name.as_deref(), row.action.as_deref(), row.error_kind.as_deref());
        assert_eq!(found, (command, action, error), "{metadata}");
        assert_eq!(Value::from(row.metadata), serde_json::from_str::<Value>(metadata).unwrap());
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
fn columns_of_the_wrong_type_never_fail_a_query() {
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
