//! What finished work costs: the example of docs/estimate.md, and its limits.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::estimates::*;
use common::*;
use mcoda_core::{EconomicsQuery, ErrorKind, TokenUsage, TransitionContext, Workspace};
use serde_json::{Value, json};

fn economics(workspace: &Workspace, query: Value) -> Value {
    serde_json::to_value(workspace.economics(&EconomicsQuery::from_json(&query).unwrap()).unwrap()).unwrap()
}

fn call(workspace: &Workspace, agent: &str, task: Option<&str>, cost: f64, time: &str) {
    let usage = TokenUsage {
        agent_id: Some(agent.into()),
        model_name: Some("a-model".into()),
        task_id: task.map(Into::into),
        cost_estimate: Some(cost),
        currency: Some("USD".into()),
        tokens_prompt: Some(100),
        tokens_completion: Some(20),
        timestamp: Some(at(time)),
        ..Default::default()
    };
    workspace.record_token_usage(&usage).unwrap();
}

/// The tasks and calls of the example.
fn example() -> (Fixture, Workspace) {
    let (fixture, workspace, own) = fixture();
    let [one, two] = [("T1", 2.0), ("T2", 4.0)].map(|(key, points)| own.task(&workspace, key, points));
    let three = task_in(&workspace, &own, "T3", "cancelled", 3.0);
    for (task, status, time) in [
        (&one, "in_progress", "06:00:00"),
        (&one, "ready_to_code_review", "07:00:00"),
        (&one, "changes_requested", "08:00:00"),
        (&one, "ready_to_code_review", "09:00:00"),
        (&one, "ready_to_qa", "10:00:00"),
        (&one, "completed", "11:00:00"),
        (&two, "in_progress", "06:00:00"),
        (&two, "completed", "07:00:00"),
    ] {
        moved(&workspace, task, status, time);
    }
    call(&workspace, "claude", Some(&one), 1.0, "06:30:00");
    call(&workspace, "claude", Some(&one), 0.5, "08:30:00");
    call(&workspace, "codex", Some(&one), 0.25, "07:30:00");
    call(&workspace, "claude", Some(&two), 1.5, "06:30:00");
    call(&workspace, "codex", Some(&three), 2.0, "06:30:00");
    call(&workspace, "codex", None, 0.1, "06:30:00");
    (fixture, workspace)
}

#[test]
fn the_example_of_the_documentation() {
    let (_fixture, workspace) = example();
    let found = economics(&workspace, json!({"groupBy": ["agent"]}));
    let claude = json!({
        "agent_id": "claude", "calls": 3, "cost": 3, "currency": "USD", "tokens": 360, "tasks": 2, "completed_tasks": 2,
        "completed_story_points": 6, "cost_per_story_point": {"mean": 0.5, "median": 0.5625, "p85": 0.75, "tasks": 2},
        "cost_per_task": {"mean": 1.5, "median": 1.5, "p85": 1.5, "tasks": 2},
        "tokens_per_story_point": {"mean": 60, "median": 75, "p85": 120, "tasks": 2},
        "sent_back_tasks": 1, "sent_back_share": 0.5, "rework_cost": 0.5, "abandoned_tasks": 0, "abandoned_cost": 0,
        "calls_without_task": 0, "cost_without_task": 0, "model_name": null, "lane": null,
    });
    let codex = json!({
        "agent_id": "codex", "calls": 3, "cost": 2.35, "tasks": 2, "completed_tasks": 1, "completed_story_points": 2,
        "cost_per_story_point": {"mean": 0.125, "median": 0.125, "p85": 0.125, "tasks": 1},
        "rework_cost": 0, "abandoned_tasks": 1, "abandoned_cost": 2, "calls_without_task": 1, "cost_without_task": 0.1,
    });
    let total = json!({
        "calls": 6, "cost": 5.35, "tasks": 3, "completed_tasks": 2, "completed_story_points": 6,
        "cost_per_story_point": {"mean": 3.25 / 6.0, "tasks": 2}, "sent_back_tasks": 1,
    });
    assert_matches(
        &found,
        &json!({"group_by": ["agent"], "rows": [claude, codex], "total": total}),
        "economics",
    );
}

#[test]
fn a_report_counts_the_calls_outside_of_its_time_that_the_filters_select() {
    let (_fixture, workspace) = example();
    let counted = |filter: Value| {
        let mut query = json!({"since": at("07:00:00").to_string(), "until": at("08:00:00").to_string()});
        query.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let report = workspace.economics_report(&EconomicsQuery::from_json(&query).unwrap()).unwrap();
        let outside = report.period.outside;
        [report.economics.total.calls, outside.calls, outside.before, outside.after]
    };
    assert_eq!(counted(json!({})), [1, 5, 4, 1]);
    assert_eq!(counted(json!({"agent": "codex"})), [1, 2, 2, 0]);
    assert_eq!(counted(json!({"model": "another"})), [0, 0, 0, 0]);
    assert_eq!(counted(json!({"since": "all", "until": null})), [6, 0, 0, 0]);
}

#[test]
fn a_call_is_in_the_lane_that_its_task_was_in() {
    let (_fixture, workspace) = example();
    let found = economics(&workspace, json!({"groupBy": ["lane"]}));
    let costs: Vec<_> = found["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["lane"].clone(), row["cost"].clone()))
        .collect();
    assert_eq!(
        costs,
        [(json!("implementation"), json!(3)), (Value::Null, json!(2.1)), (json!("review"), json!(0.25))]
    );
}

#[test]
fn keys_stand_beside_ids_and_a_week_begins_on_monday() {
    let (_fixture, workspace) = example();
    let found = economics(&workspace, json!({"groupBy": ["project", "epic", "week"]}));
    let row = &found["rows"][0];
    assert_eq!(
        (&row["project_key"], &row["epic_key"], &row["week"]),
        (&json!("P"), &json!("P-E"), &json!("2026-03-16"))
    );
    let limited = economics(&workspace, json!({"projectKey": "P", "agent": "codex", "since": "5h"}));
    assert_eq!(limited["total"]["calls"], 1);
    let unknown =
        workspace.economics(&EconomicsQuery { project_key: Some("Q".into()), ..Default::default() });
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::NotFound);
    let unknown = EconomicsQuery::from_json(&json!({"groupBy": ["day"]})).unwrap_err();
    assert_eq!(unknown.field(), Some("groupBy"));
}

#[test]
fn costs_of_several_currencies_are_not_added_up() {
    let (_fixture, workspace) = example();
    let euros = TokenUsage {
        agent_id: Some("claude".into()),
        cost_estimate: Some(7.0),
        currency: Some("EUR".into()),
        ..Default::default()
    };
    workspace.record_token_usage(&euros).unwrap();
    let found = economics(&workspace, json!({"groupBy": ["agent"]}));
    let claude = &found["rows"].as_array().unwrap().iter().find(|row| row["agent_id"] == "claude").unwrap();
    for field in ["cost", "currency", "rework_cost", "abandoned_cost", "cost_without_task"] {
        assert_eq!(claude[field], Value::Null, "{field}");
    }
    assert_eq!(claude["cost_per_task"]["tasks"], 0);
    assert_eq!(claude["tokens_per_task"]["tasks"], 2);
    assert_eq!(economics(&workspace, json!({}))["total"]["calls"], 7);
}

#[test]
fn a_workspace_without_calls_has_no_rows() {
    let (_fixture, workspace, _own) = fixture();
    let found = economics(&workspace, json!({}));
    assert_eq!((&found["rows"], &found["group_by"]), (&json!([]), &json!(["agent", "model"])));
    assert_eq!((&found["total"]["calls"], &found["total"]["cost"]), (&json!(0), &Value::Null));
}

#[test]
fn statuses_of_the_settings_are_lanes_and_completions() {
    let fixture = Fixture::new();
    let config = json!({"statuses": {"in design": "implementation", "legal": "review", "released": "done"}});
    let workspace =
        fixture.options().config(config.as_object().unwrap().clone()).open(fixture.root()).unwrap();
    let own = backlog(&workspace);
    let [one, two, three] = ["T1", "T2", "T3"].map(|key| own.task(&workspace, key, 2.0));
    let move_at = |task: &str, status: &str, time: &str| {
        let context = TransitionContext { timestamp: Some(time.parse().unwrap()), ..Default::default() };
        workspace.record_status_transition(task, status, &context).unwrap();
    };
    // Released without ever being `completed`, a week after the call.
    move_at(&one, "in design", "2026-03-06T08:00:00Z");
    move_at(&one, "ready_to_qa", "2026-03-13T09:00:00Z");
    move_at(&one, "released", "2026-03-13T10:00:00Z");
    // Completed, and released a week later: it was completed in the former week, and not sent back.
    move_at(&two, "in_progress", "2026-03-06T08:00:00Z");
    move_at(&two, "completed", "2026-03-06T10:00:00Z");
    move_at(&two, "released", "2026-03-13T10:00:00Z");
    // Sent back from a status of the settings, and not finished.
    move_at(&three, "legal", "2026-03-06T08:00:00Z");
    move_at(&three, "in design", "2026-03-06T08:30:00Z");
    for task in [&one, &two, &three] {
        let usage = TokenUsage {
            task_id: Some(task.clone()),
            cost_estimate: Some(1.0),
            timestamp: Some("2026-03-06T09:00:00Z".parse().unwrap()),
            ..Default::default()
        };
        workspace.record_token_usage(&usage).unwrap();
    }
    let by_week = economics(&workspace, json!({"groupBy": ["week"]}));
    let former = json!({"week": "2026-03-02", "tasks": 2, "completed_tasks": 1, "sent_back_tasks": 1, "rework_cost": 1});
    let later = json!({"week": "2026-03-09", "tasks": 1, "completed_tasks": 1, "sent_back_tasks": 0});
    let rows = by_week["rows"].as_array().unwrap();
    let row = |monday: &str| rows.iter().find(|row| row["week"] == monday).unwrap();
    assert_eq!(rows.len(), 2, "{by_week}");
    assert_matches(row("2026-03-02"), &former, "the week of the completion");
    assert_matches(row("2026-03-09"), &later, "the week of the release");
    let by_lane = economics(&workspace, json!({"groupBy": ["lane"]}));
    assert_matches(&by_lane["rows"], &json!([{"lane": "implementation", "calls": 3}]), "lanes");
}
