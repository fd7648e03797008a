//! Statuses that a transition accepts, and where those that the settings name count.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::estimates::*;
use common::*;
use mcoda_core::{ErrorKind, TaskStatus, TransitionContext};
use serde_json::json;

#[test]
fn an_unknown_status_is_refused_with_the_nearest_known_one() {
    let (fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 1.0);
    let before = fixture.everything();
    for (word, nearest) in [
        ("done", "completed"),
        ("closed", "completed"),
        ("in review", "ready_to_code_review"),
        ("todo", "not_started"),
        ("in_progres", "in_progress"),
        ("Ready to QA", "ready_to_qa"),
    ] {
        let error =
            workspace.record_status_transition(&task, word, &TransitionContext::default()).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("toStatus")), "{error}");
        assert!(error.message().contains(&format!("did you mean {nearest:?}?")), "{error}");
    }
    let error =
        workspace.record_status_transition(&task, "zebra", &TransitionContext::default()).unwrap_err();
    assert!(
        !error.message().contains("did you mean") && error.message().contains("not_started, in_progress"),
        "{error}"
    );
    assert_eq!(fixture.everything(), before);
}

#[test]
fn every_status_of_the_pipeline_is_accepted_in_any_case() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 1.0);
    for status in TaskStatus::ALL.iter().skip(1) {
        workspace.record_status_transition(&task, status, &TransitionContext::default()).unwrap();
        assert_eq!(workspace.tasks().get(&task).unwrap().unwrap().status, status.name());
    }
    let moved =
        workspace.record_status_transition(&task, " Completed ", &TransitionContext::default()).unwrap();
    assert_eq!(moved.to_status, "completed");
}

#[test]
fn any_status_is_accepted_if_the_caller_allows_it() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 1.0);
    let context = TransitionContext::from_json(&json!({"allowUnknownStatus": true})).unwrap();
    assert_eq!(workspace.record_status_transition(&task, "Zebra", &context).unwrap().to_status, "zebra");
    let same = workspace.record_status_transition(
        &task,
        "in_progress",
        &TransitionContext { expected_from: Some("zebra".into()), ..Default::default() },
    );
    assert_eq!(same.unwrap().from_status, "zebra", "a status that is stored may be expected");
}

#[test]
fn statuses_of_the_settings_are_accepted_and_count_in_their_lanes() {
    let fixture = Fixture::new();
    let config = json!({"statuses": {"in_design": "implementation", "Legal": "review", "staging": "qa", "released": "done"}});
    let workspace =
        fixture.options().config(config.as_object().unwrap().clone()).open(fixture.root()).unwrap();
    let own = backlog(&workspace);
    for (key, status, points) in [
        ("P-1", "in_design", 1.0),
        ("P-2", "legal", 2.0),
        ("P-3", "STAGING", 4.0),
        ("P-4", "released", 8.0),
        ("P-5", "odd", 16.0),
    ] {
        let task = own.task(&workspace, key, points);
        let context = TransitionContext { allow_unknown_status: status == "odd", ..Default::default() };
        workspace.record_status_transition(&task, status, &context).unwrap();
    }
    let found = estimate(&workspace, json!({}));
    let totals = &found["backlogTotals"];
    let points =
        ["implementation", "review", "qa", "done"].map(|lane| totals[lane]["story_points"].as_f64().unwrap());
    assert_eq!(points, [17.0, 2.0, 4.0, 8.0]);
    let reached = ["workOnTasks", "readyToQa", "done"].map(|name| found["completion"][name]["done"].as_u64());
    assert_eq!(reached, [Some(3), Some(2), Some(1)]);
    assert_eq!(
        (&found["statusCounts"]["total"], &found["statusCounts"]["completed"]),
        (&json!(5), &json!(0))
    );
    let error =
        workspace.record_status_transition("P-1", "relesed", &TransitionContext::default()).unwrap_err();
    assert!(error.message().contains("did you mean \"released\"?"), "{error}");
}

#[test]
fn a_new_task_keeps_any_status() {
    let (_fixture, workspace, own) = fixture();
    let id = task_in(&workspace, &own, "P-1", "Imported", 1.0);
    assert_eq!(workspace.tasks().get(&id).unwrap().unwrap().status, "imported");
}
