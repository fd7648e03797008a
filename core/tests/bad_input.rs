//! Invalid values: each is refused with the field's name, and leaves nothing.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{
    CommandRunEnd, ErrorKind, EstimateOptions, MAX_SAFE_INTEGER, NewCommandRun, NewEpic, NewJob, NewProject,
    NewStory, NewTask, NewTaskRun, StatusEventsQuery, TokenUsage, TransitionContext, Workspace,
};
use serde_json::{Value, json};

/// A workspace with one task, and everything in it.
fn furnished() -> (Fixture, Workspace, Backlog, String, String) {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let task = own.task(&workspace, "P-1", 1.0);
    let before = fixture.everything();
    (fixture, workspace, own, task, before)
}

#[test]
fn a_usage_record_with_an_invalid_value_names_the_field() {
    let (fixture, workspace, .., before) = furnished();
    for (given, field) in [
        (json!({"tokensPrompt": -1}), "tokensPrompt"),
        (json!({"completionTokens": -1}), "tokensCompletion"),
        (json!({"tokensTotal": MAX_SAFE_INTEGER + 1}), "tokensTotal"),
        (json!({"tokensCached": i64::MIN}), "tokensCached"),
        (json!({"tokensCacheRead": 1.5}), "tokensCacheRead"),
        (json!({"tokensCacheWrite": "7"}), "tokensCacheWrite"),
        (json!({"tokensPrompt": 1e300}), "tokensPrompt"),
        (json!({"tokensPrompt": MAX_SAFE_INTEGER, "tokensCompletion": MAX_SAFE_INTEGER}), "tokensTotal"),
        (json!({"costEstimate": -0.01}), "costEstimate"),
        (json!({"costUsd": "1"}), "costEstimate"),
        (json!({"durationMs": -1}), "durationMs"),
        (json!({"durationSeconds": true}), "durationSeconds"),
        (
            json!({"startedAt": "2026-03-20T10:00:00.001Z", "finishedAt": "2026-03-20T10:00:00.000999Z"}),
            "finishedAt",
        ),
        (json!({"startedAt": "2025-02-30"}), "startedAt"),
        (json!({"finishedAt": "2026-03-20T10:00:00"}), "finishedAt"),
        (json!({"timestamp": "yesterday"}), "timestamp"),
        (json!({"timestamp": 1774008000000_i64}), "timestamp"),
        (json!({"timestamp": ""}), "timestamp"),
        (json!({"metadata": "text"}), "metadata"),
        (json!({"metadata": [1]}), "metadata"),
        (json!({"jobId": 7}), "jobId"),
        (json!({"id": ""}), "id"),
        (json!({"workspaceId": "  "}), "workspaceId"),
        (json!({"tokenPrompt": 1}), "tokenPrompt"),
        (json!({"tokensPrompt": 1, "promptTokens": 2}), "promptTokens"),
        (json!([]), "usage"),
        (Value::Null, "usage"),
    ] {
        let result = TokenUsage::from_json(&given).and_then(|usage| workspace.record_token_usage(&usage));
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{given}: {error}");
        assert!(error.message().contains(field), "{error}");
        assert_eq!(fixture.everything(), before, "{given}");
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_refused_too() {
    let (fixture, workspace, .., before) = furnished();
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (given, field) in [
            (TokenUsage { cost_estimate: Some(number), ..TokenUsage::default() }, "costEstimate"),
            (TokenUsage { duration_ms: Some(number), ..TokenUsage::default() }, "durationMs"),
            (TokenUsage { duration_seconds: Some(number), ..TokenUsage::default() }, "durationSeconds"),
        ] {
            assert_eq!(workspace.record_token_usage(&given).unwrap_err().field(), Some(field));
        }
        for (options, field) in [
            (EstimateOptions { sp_per_hour_all: Some(number), ..Default::default() }, "spPerHourAll"),
            (EstimateOptions { sp_per_hour_qa: Some(number), ..Default::default() }, "spPerHourQa"),
        ] {
            assert_eq!(workspace.estimate(&options).unwrap_err().field(), Some(field));
            assert_eq!(workspace.velocity(&options).unwrap_err().field(), Some(field));
        }
    }
    assert_eq!(fixture.everything(), before);
    // The milliseconds of a very long duration are not representable and stay absent.
    let long = TokenUsage { duration_seconds: Some(f64::MAX), ..TokenUsage::default() };
    workspace.record_token_usage(&long).unwrap();
    assert_eq!(value::<Option<f64>>(&fixture.raw(), "SELECT duration_ms FROM token_usage"), None);
    assert_eq!(fixture.log()[0]["durationSeconds"], f64::MAX);
}

#[test]
fn the_largest_counts_and_the_smallest_values_are_kept() {
    let (fixture, workspace, ..) = furnished();
    let given = json!({"tokensPrompt": MAX_SAFE_INTEGER, "tokensCached": 3.0, "costEstimate": 5e-324,
                       "startedAt": "2026-03-20T10:00:00Z", "finishedAt": "2026-03-20T11:00:00+01:00"});
    workspace.record_token_usage(&usage(given)).unwrap();
    let log = &fixture.log()[0];
    assert_eq!(log["tokensPrompt"].as_i64(), Some(MAX_SAFE_INTEGER));
    assert_eq!((log["costEstimate"].as_f64(), log["durationMs"].as_i64()), (Some(5e-324), Some(0)));
    assert_eq!(value::<i64>(&fixture.raw(), "SELECT tokens_prompt FROM token_usage"), MAX_SAFE_INTEGER);
    assert_eq!(value::<String>(&fixture.raw(), "SELECT typeof(tokens_cached) FROM token_usage"), "integer");
}

#[test]
fn an_error_is_one_short_line_whatever_was_given() {
    let (_fixture, workspace, own, task, _) = furnished();
    let long = "long\n".repeat(10_000);
    let errors = [
        TokenUsage::from_json(&json!({&*long: 1})).unwrap_err(),
        {
            let given = TokenUsage { id: Some(long.clone()), ..TokenUsage::default() };
            workspace.record_token_usage(&given).unwrap();
            workspace.record_token_usage(&TokenUsage { tokens_prompt: Some(1), ..given }).unwrap_err()
        },
        {
            let given = TransitionContext { expected_from: Some(long.clone()), ..Default::default() };
            workspace.record_status_transition(&task, "completed", &given).unwrap_err()
        },
        {
            let new = own.new_task(&long.replace('\n', " "), None);
            workspace.tasks().create(&new).unwrap();
            workspace.tasks().create(&new).unwrap_err()
        },
    ];
    for error in errors {
        assert!(error.message().len() < 1000 && !error.message().contains('\n'), "{error}");
    }
}

#[test]
fn json_that_could_not_be_read_again_is_refused_before_it_is_written() {
    let (fixture, workspace, own, task, before) = furnished();
    let nested = |levels: usize| {
        let inside = (2..levels).fold(json!([]), |inside, _| Value::Array(vec![inside]));
        object(json!({"x": inside}))
    };
    let invalid = ErrorKind::InvalidInput;
    for levels in [101, 128, 1000] {
        let usage = TokenUsage { metadata: Some(nested(levels)), ..TokenUsage::default() };
        assert_refused(workspace.record_token_usage(&usage), invalid, "metadata");
        let given = TransitionContext { metadata: Some(nested(levels)), ..Default::default() };
        assert_refused(workspace.record_status_transition(&task, "completed", &given), invalid, "metadata");
        let given = TransitionContext { metadata_patch: Some(nested(levels)), ..Default::default() };
        let result = workspace.record_status_transition(&task, "completed", &given);
        assert_refused(result, invalid, "metadataPatch");
        let new = NewTask { metadata: nested(levels), ..own.new_task("P-2", None) };
        assert_refused(workspace.tasks().create(&new), invalid, "metadata");
        let new = NewJob { job_type: "work".into(), payload: nested(levels), ..Default::default() };
        assert_refused(workspace.jobs().create(&new), invalid, "payload");
        assert_eq!(fixture.everything(), before);
    }
    let usage = TokenUsage { id: Some("deep".into()), metadata: Some(nested(100)), ..TokenUsage::default() };
    assert!(workspace.record_token_usage(&usage).unwrap().logged);
    assert!(workspace.record_token_usage(&usage).unwrap().duplicate);
    assert_eq!(fixture.log()[0]["metadata"], Value::Object(nested(100)));
    assert_eq!(*workspace.token_usage(&Default::default()).unwrap()[0].metadata, nested(100));
}

#[test]
fn a_transition_with_an_invalid_value_names_the_field() {
    let (fixture, workspace, _, task, before) = furnished();
    let context = |json: Value| TransitionContext::from_json(&json);
    for (name, to, given, kind, field) in [
        ("nobody", "completed", json!({}), ErrorKind::NotFound, "task"),
        ("", "completed", json!({}), ErrorKind::NotFound, "task"),
        (&*task, " ", json!({}), ErrorKind::InvalidInput, "toStatus"),
        (&*task, "in\nprogress", json!({}), ErrorKind::InvalidInput, "toStatus"),
        (&*task, "completed", json!({"jobId": "nobody"}), ErrorKind::NotFound, "jobId"),
        (&*task, "completed", json!({"taskRunId": "nobody"}), ErrorKind::NotFound, "taskRunId"),
        (&*task, "completed", json!({"timestamp": "2025-02-30"}), ErrorKind::InvalidInput, "timestamp"),
        (&*task, "completed", json!({"metadata": 1}), ErrorKind::InvalidInput, "metadata"),
        (&*task, "completed", json!({"metadata_patch": []}), ErrorKind::InvalidInput, "metadataPatch"),
        (&*task, "completed", json!({"form": "x"}), ErrorKind::InvalidInput, "form"),
        (&*task, "completed", json!({"expectedFrom": "in_progress"}), ErrorKind::Conflict, "expectedFrom"),
        (&*task, "not_started", json!({"expectedFrom": "blocked"}), ErrorKind::Conflict, "expectedFrom"),
    ] {
        let result = context(given).and_then(|given| workspace.record_status_transition(name, to, &given));
        assert_refused(result, kind, field);
        assert_eq!(fixture.everything(), before);
    }
}

#[test]
fn an_invalid_time_bound_is_an_error_not_a_wider_query() {
    let (_fixture, workspace, ..) = furnished();
    for text in ["tomorrow", "", "7", "-1d", "1.5h", "2025-02-30", "2026-03-20T10:00:00", "1y"] {
        let since = StatusEventsQuery { since: Some(text.into()), ..Default::default() };
        let error = workspace.status_events(&since).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("since")), "{text}");
        let until = StatusEventsQuery { until: Some(text.into()), ..Default::default() };
        assert_eq!(workspace.status_events(&until).unwrap_err().field(), Some("until"), "{text}");
    }
    let unknown = StatusEventsQuery { task: Some("nobody".into()), ..Default::default() };
    assert_refused(workspace.status_events(&unknown), ErrorKind::NotFound, "nobody");
}

#[test]
fn an_estimate_with_an_invalid_option_names_it() {
    let (_fixture, workspace, ..) = furnished();
    for (given, kind, field) in [
        (json!({"projectKey": "X"}), ErrorKind::NotFound, "projectKey"),
        (json!({"epicKey": "X"}), ErrorKind::NotFound, "epicKey"),
        (json!({"storyKey": "X"}), ErrorKind::NotFound, "storyKey"),
        (json!({"projectKey": "P", "epicKey": "X"}), ErrorKind::NotFound, "epicKey"),
        (json!({"mode": "guess"}), ErrorKind::InvalidInput, "mode"),
        (json!({"mode": "Empirical"}), ErrorKind::InvalidInput, "mode"),
        (json!({"windowTasks": 0}), ErrorKind::InvalidInput, "windowTasks"),
        (json!({"windowTasks": -3}), ErrorKind::InvalidInput, "windowTasks"),
        (json!({"windowTasks": 1.5}), ErrorKind::InvalidInput, "windowTasks"),
        (json!({"spPerHourAll": "10"}), ErrorKind::InvalidInput, "spPerHourAll"),
        (json!({"now": "today"}), ErrorKind::InvalidInput, "now"),
        (json!({"window": 3}), ErrorKind::InvalidInput, "window"),
    ] {
        for call in ["velocity", "estimate", "backfill"] {
            let result = EstimateOptions::from_json(&given).and_then(|options| match call {
                "velocity" => workspace.velocity(&options).map(drop),
                "estimate" => workspace.estimate(&options).map(drop),
                _ => workspace.backfill_status_events(&options).map(drop),
            });
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.field()), (kind, Some(field)), "{call} {given}: {error}");
        }
    }
}

#[test]
fn a_velocity_in_the_config_that_is_not_a_number_is_an_error_that_names_file_and_field() {
    let (fixture, workspace, ..) = furnished();
    let config = fixture.workspace_folder().join("config.json");
    for (text, field) in [
        (r#"{"velocity": {"qaSpPerHour": "8"}}"#, "velocity.qaSpPerHour"),
        (r#"{"velocity": {"alpha": 2}}"#, "velocity.alpha"),
        (r#"{"velocity": 8}"#, "velocity"),
    ] {
        std::fs::write(&config, text).unwrap();
        let error = workspace.velocity(&EstimateOptions::default()).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
        assert!(error.message().contains("config.json"), "{error}");
    }
}

#[test]
fn rows_that_could_not_be_identified_are_refused() {
    let (fixture, workspace, own, task, before) = furnished();
    let invalid = ErrorKind::InvalidInput;
    assert_refused(workspace.projects().ensure(&NewProject::default()), invalid, "key");
    let epic = NewEpic {
        project_id: own.project.id.clone(),
        key: "P-E".into(),
        title: "t".into(),
        ..Default::default()
    };
    assert_refused(workspace.epics().create(&epic), ErrorKind::Conflict, "P-E");
    let epic = NewEpic { project_id: "nobody".into(), ..epic };
    assert_refused(workspace.epics().create(&epic), ErrorKind::NotFound, "projectId");
    let story =
        NewStory { epic_id: own.epic.id.clone(), key: "P-S".into(), title: "t".into(), ..Default::default() };
    assert_refused(workspace.stories().create(&story), ErrorKind::Conflict, "P-S");
    let story = NewStory { epic_id: "nobody".into(), ..story };
    assert_refused(workspace.stories().create(&story), ErrorKind::NotFound, "epicId");
    let good = own.new_task("P-2", Some(1.0));
    for (bad, kind, names) in [
        (own.new_task("P-1", None), ErrorKind::Conflict, "P-1"),
        (own.new_task(" ", None), invalid, "key"),
        (NewTask { title: String::new(), ..good.clone() }, invalid, "title"),
        (NewTask { status: Some("\t".into()), ..good.clone() }, invalid, "status"),
        (NewTask { user_story_id: "nobody".into(), ..good.clone() }, ErrorKind::NotFound, "userStoryId"),
        (own.new_task("P-3", Some(-1.0)), invalid, "storyPoints"),
        (own.new_task("P-3", Some(f64::NAN)), invalid, "storyPoints"),
    ] {
        assert_refused(workspace.tasks().create(&bad), kind, names);
        let error = workspace.tasks().create_many(&[good.clone(), bad]).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains("task 2 of ") && error.message().contains(names), "{error}");
    }
    assert_refused(workspace.jobs().create(&NewJob::default()), invalid, "type");
    assert_refused(workspace.jobs().finish("nobody", "failed", None), ErrorKind::NotFound, "nobody");
    let run = NewCommandRun { command_name: "c".into(), job_id: Some("nobody".into()), ..Default::default() };
    assert_refused(workspace.command_runs().create(&run), ErrorKind::NotFound, "jobId");
    assert_refused(
        workspace
            .command_runs()
            .finish("nobody", &CommandRunEnd { status: "failed".into(), ..Default::default() }),
        ErrorKind::NotFound,
        "nobody",
    );
    let run = NewTaskRun { task_id: "P-1".into(), command: "c".into(), ..Default::default() };
    assert_refused(workspace.task_runs().create(&run), ErrorKind::NotFound, "taskId");
    let run = NewTaskRun { task_id: task, story_points_at_run: Some(f64::INFINITY), ..run };
    assert_refused(workspace.task_runs().create(&run), invalid, "storyPointsAtRun");
    assert_refused(workspace.task_runs().finish("nobody", "failed", None), ErrorKind::NotFound, "nobody");
    assert_eq!(fixture.everything(), before);
}
