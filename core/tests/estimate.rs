//! Remaining work and ETAs, with numbers that can be checked by hand.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::estimates::*;
use common::*;
use mcoda_core::{EstimateOptions, NewTask, Workspace};
use serde_json::{Value, json};

#[test]
fn the_hand_arithmetic_of_the_specification_holds() {
    let (_fixture, workspace, own) = fixture();
    task_in(&workspace, &own, "P-1", "not_started", 10.0);
    task_in(&workspace, &own, "P-2", "ready_to_review", 4.0);
    task_in(&workspace, &own, "P-3", "ready_to_qa", 6.0);
    let found = estimate(&workspace, json!({"spPerHourAll": 10}));
    assert_etas(&found, ["13:00:00", "14:00:00", "15:00:00"]);
    let expected = json!({"implementationHours": 1, "reviewHours": 0.4, "qaHours": 0.6, "totalHours": 2});
    assert_eq!(found["durationsHours"], expected);
    let totals = json!({"implementation": {"tasks": 1, "story_points": 10}, "review": {"tasks": 1, "story_points": 4},
                        "qa": {"tasks": 1, "story_points": 6}, "done": {"tasks": 0, "story_points": 0}});
    assert_eq!(found["backlogTotals"], totals);
    assert_eq!(found["now"], "2026-03-20T12:00:00.000Z");
    assert_eq!(found["scope"], json!({"workspaceId": workspace.id()}));
}

#[test]
fn tasks_are_counted_by_the_lane_that_they_need_next() {
    let (_fixture, workspace, own) = fixture();
    for (number, status) in [
        "not_started",
        "in_progress",
        "changes_requested",
        "blocked",
        "failed",
        "on hold", // implementation
        "ready_to_code_review",
        "ready_to_review",
        "ready_to_qa",
        "completed",
        "completed",
        "cancelled",
    ]
    .into_iter()
    .enumerate()
    {
        task_in(&workspace, &own, &format!("P-{number}"), status, f64::from(1 << number));
    }
    let found = estimate(&workspace, json!({}));
    let totals = json!({"implementation": {"tasks": 6, "story_points": 63}, "review": {"tasks": 2, "story_points": 192},
        "qa": {"tasks": 1, "story_points": 256}, "done": {"tasks": 3, "story_points": 512 + 1024 + 2048}});
    assert_eq!(found["backlogTotals"], totals);
    let counts = json!({"total": 12, "readyToCodeReview": 2, "failed": 1, "inProgress": 1, "readyToQa": 1, "completed": 2});
    assert_eq!(found["statusCounts"], counts);
    let percent = |done: f64| done / 12.0 * 100.0;
    let completion = json!({
        "workOnTasks": {"done": 5, "total": 12, "percent": percent(5.0)},
        "readyToQa": {"done": 3, "total": 12, "percent": 25},
        "done": {"done": 2, "total": 12, "percent": percent(2.0)},
    });
    assert_eq!(found["completion"], completion);
}

#[test]
fn rows_of_other_programs_count_like_our_own() {
    let (fixture, workspace, own) = fixture();
    let task = task_in(&workspace, &own, "P-1", "not_started", 3.0);
    let set = |status: &str, points: &str| {
        let sql = format!("UPDATE tasks SET status = ?1, story_points = {points} WHERE id = ?2");
        fixture.raw().execute(&sql, [status, &task]).unwrap();
        estimate(&workspace, json!({"spPerHourAll": 1}))
    };
    assert_eq!(set(" Ready_To_Review ", "3")["statusCounts"]["readyToCodeReview"], 1);
    assert_eq!(set("COMPLETED", "3")["backlogTotals"]["done"]["tasks"], 1);
    assert_eq!(set("", "3")["backlogTotals"]["implementation"]["story_points"], 3);
    for (points, hours) in
        [("'many'", json!(0)), ("NULL", json!(0)), ("x'00'", json!(0)), ("9e999", json!(0)), ("0", json!(0))]
    {
        let found = set("in_progress", points);
        assert_eq!(found["durationsHours"]["totalHours"], hours, "{points}");
        assert_etas(&found, ["12:00:00"; 3]);
    }
}

#[test]
fn hours_spent_on_tasks_in_progress_are_subtracted() {
    let (_fixture, workspace, own) = fixture();
    let one = own.task(&workspace, "P-1", 10.0);
    moved(&workspace, &one, "in_progress", "08:00:00");
    moved(&workspace, &one, "blocked", "09:00:00");
    moved(&workspace, &one, "in_progress", "11:30:00");
    let two = own.task(&workspace, "P-2", 2.0);
    moved(&workspace, &two, "in_progress", "11:45:00");
    task_in(&workspace, &own, "P-3", "in_progress", 8.0); // no event shows since when
    let spent =
        |options: Value| estimate(&workspace, options)["durationsHours"]["implementationHours"].clone();
    // 20 points at 10 an hour, less half an hour and a quarter.
    assert_eq!(spent(json!({"spPerHourAll": 10})), 1.25);
    assert_eq!(spent(json!({"spPerHourAll": 10, "now": "2026-03-20T12:30:00Z"})), 0.25);
    assert_eq!(spent(json!({"spPerHourAll": 10, "now": "2026-03-21"})), 0, "never less than nothing");
    // Before the second start: the latest event counts, and it is in the future.
    assert_eq!(spent(json!({"spPerHourAll": 10, "now": "2026-03-20T10:00:00Z"})), 2);
    // The total includes the remaining work of review and QA.
    let found = estimate(&workspace, json!({"spPerHourAll": 10}));
    assert_eq!(found["durationsHours"]["totalHours"], 2);
    // A task that has left the lane is not worked on any more.
    moved(&workspace, &one, "blocked", "11:50:00");
    assert_eq!(spent(json!({"spPerHourAll": 10})), 1.75);
}

#[test]
fn work_at_speed_zero_never_ends_and_no_work_takes_no_time() {
    let (_fixture, workspace, own) = fixture();
    task_in(&workspace, &own, "P-1", "not_started", 10.0);
    for speed in [0.0, -3.0, 5e-324] {
        let found = estimate(&workspace, json!({"spPerHourAll": 10, "spPerHourReview": speed}));
        // Nothing waits for the review, but all work has to pass through it.
        let hours = json!({"implementationHours": 1, "reviewHours": 0, "qaHours": 0, "totalHours": null});
        assert_eq!(found["durationsHours"], hours, "{speed}");
        let eta = at("13:00:00").to_string();
        assert_eq!(
            found["etas"],
            json!({"readyToReviewEta": eta, "readyToQaEta": null, "completeEta": null})
        );
        let next = &found["nextTransitions"];
        assert_eq!((&next["readyToQa"]["hours"], &next["readyToQa"]["at"]), (&Value::Null, &Value::Null));
        assert_eq!(next["readyToReview"]["at"], eta);
    }
    let found = estimate(&workspace, json!({"spPerHourImplementation": 0}));
    assert_eq!(found["durationsHours"]["implementationHours"], Value::Null);
    assert_eq!(found["etas"], json!({"readyToReviewEta": null, "readyToQaEta": null, "completeEta": null}));
    // With so small a velocity, the end is beyond the calendar.
    let found = estimate_of(&workspace, json!({"spPerHourAll": 1e-9}));
    assert_eq!(found.etas.complete_eta, None);
    assert_sound(&found);

    let (_fixture, workspace, own) = fixture();
    task_in(&workspace, &own, "P-1", "not_started", 0.0);
    let found = estimate(&workspace, json!({"spPerHourAll": 0}));
    let hours = json!({"implementationHours": 0, "reviewHours": 0, "qaHours": 0, "totalHours": 0});
    assert_eq!(found["durationsHours"], hours);
    assert_etas(&found, ["12:00:00"; 3]);
}

#[test]
fn an_empty_workspace_and_one_where_all_is_done_are_done_now() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let assert_done = |completion: Value| {
        for mode in ["config", "empirical", "mixed"] {
            let found = estimate_of(&workspace, json!({"mode": mode, "now": "2026-03-20T13:00:00Z"}));
            assert_sound(&found);
            let found = serde_json::to_value(&found).unwrap();
            assert_etas(&found, ["13:00:00"; 3]);
            assert_eq!(found["durationsHours"]["totalHours"], 0);
            assert_eq!(found["wip"]["qa"], json!({"tasks": 0, "aging": 0, "items": []}));
            let none = json!({"readyToReview": null, "readyToQa": null, "complete": null, "tasks": []});
            assert_eq!(found["nextTransitions"], none);
            assert_eq!(found["completion"]["done"], completion);
        }
    };
    assert_done(json!({"done": 0, "total": 0, "percent": 0}));
    let own = backlog(&workspace);
    task_in(&workspace, &own, "P-1", "completed", 5.0);
    task_in(&workspace, &own, "P-2", "Cancelled", 5.0);
    assert_done(json!({"done": 1, "total": 2, "percent": 50}));
}

#[test]
fn a_single_task_goes_through_the_lanes_one_after_the_other() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 6.0);
    let speeds = json!({"spPerHourImplementation": 2, "spPerHourReview": 6, "spPerHourQa": 3});
    assert_etas(&estimate(&workspace, speeds.clone()), ["15:00:00", "16:00:00", "18:00:00"]);
    moved(&workspace, &task, "in_progress", "11:00:00");
    assert_etas(&estimate(&workspace, speeds.clone()), ["14:00:00", "15:00:00", "17:00:00"]);
    moved(&workspace, &task, "ready_to_code_review", "11:30:00");
    // Half an hour of the review has passed.
    assert_etas(&estimate(&workspace, speeds.clone()), ["12:00:00", "12:30:00", "14:30:00"]);
    moved(&workspace, &task, "ready_to_qa", "11:45:00");
    assert_etas(&estimate(&workspace, speeds.clone()), ["12:00:00", "12:00:00", "13:45:00"]);
    // Longer in QA than expected: it should leave now.
    let mut late = speeds;
    late["now"] = "2026-03-20T20:00:00Z".into();
    assert_etas(&estimate(&workspace, late), ["20:00:00"; 3]);
}

#[test]
fn a_task_without_story_points_takes_as_long_as_the_others_on_average() {
    let (_fixture, workspace, own) = fixture();
    task_in(&workspace, &own, "P-1", "completed", 2.0);
    task_in(&workspace, &own, "P-2", "completed", 6.0);
    task_in(&workspace, &own, "P-3", "ready_to_qa", None);
    let found = estimate(&workspace, json!({"spPerHourAll": 4}));
    assert_etas(&found, ["12:00:00", "12:00:00", "13:00:00"]);
    assert_eq!(found["durationsHours"]["qaHours"], 0, "the contract's bound counts them as none");
}

#[test]
fn the_work_in_progress_has_ages_and_percentiles() {
    let (_fixture, workspace, own) = fixture();
    // Ten visits of 1, 2, … 10 hours; the last of them was blocked and not finished.
    for number in 1..=10_u32 {
        let task = own.task(&workspace, &format!("P-{number}"), 1.0);
        moved(&workspace, &task, "in_progress", "00:00:00");
        let to = if number == 10 { "blocked" } else { "ready_to_review" };
        moved(&workspace, &task, to, &format!("{number:02}:00:00"));
    }
    for (key, since) in [
        ("Q-1", "08:00:00"),
        ("Q-2", "03:00:00"),
        ("Q-3", "11:30:00"),
        ("Q-4", "04:00:00"),
        ("Q-5", "13:00:00"),
    ] {
        moved(&workspace, &own.task(&workspace, key, 1.0), "in_progress", since);
    }
    task_in(&workspace, &own, "Q-6", "in_progress", 1.0);
    let found = estimate(&workspace, json!({}));
    let wip = &found["wip"]["implementation"];
    assert_eq!((&wip["tasks"], &wip["aging"]), (&json!(6), &json!(1)));
    let rows: Vec<Value> = wip["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["taskKey"], item["ageHours"], item["agePercentile"], item["aging"]]))
        .collect();
    let expected = json!([
        ["Q-2", 9, 0.9, true],
        ["Q-4", 8, 0.8, false],
        ["Q-1", 4, 0.4, false],
        ["Q-3", 0.5, 0, false],
        ["Q-5", 0, 0, false],
        ["Q-6", null, null, false],
    ]);
    assert_eq!(Value::from(rows), expected);
    // Nine tasks came into review, each when it left the implementation, and none has left it.
    let review = &found["wip"]["review"];
    assert_eq!((&review["tasks"], &review["aging"]), (&json!(9), &json!(0)));
    assert_eq!(review["items"][0]["ageHours"], 11);
    assert_eq!(review["items"][0]["agePercentile"], Value::Null);
}

#[test]
fn the_next_transitions_name_the_first_task_and_its_time() {
    let (_fixture, workspace, own) = fixture();
    let next = |options: Value| estimate(&workspace, options)["nextTransitions"].clone();
    let started = own.task(&workspace, "P-10", 4.0);
    moved(&workspace, &started, "in_progress", "11:00:00");
    task_in(&workspace, &own, "P-2", "not_started", 1.0);
    let urgent = NewTask { priority: Some(1), ..own.new_task("P-9", Some(1.0)) };
    workspace.tasks().create(&urgent).unwrap();
    let reviewed = own.task(&workspace, "P-3", 8.0);
    moved(&workspace, &reviewed, "ready_to_code_review", "11:30:00");
    let found = next(json!({"spPerHourAll": 2}));
    // 4 points at 2 an hour, one hour of it done.
    let first = json!({"taskId": started, "taskKey": "P-10", "to": "ready_to_code_review", "hours": 1, "at": at("13:00:00")});
    assert_eq!(found["readyToReview"], first);
    // 8 points at 2 an hour, half an hour of it done.
    let second = json!({"taskId": reviewed, "taskKey": "P-3", "to": "ready_to_qa", "hours": 3.5, "at": at("15:30:00")});
    assert_eq!(found["readyToQa"], second);
    assert_eq!((&found["complete"]["taskKey"], &found["complete"]["hours"]), (&json!("P-3"), &json!(7.5)));
    assert_eq!(found["complete"]["to"], "completed");
    assert_eq!(found["tasks"], json!([first, second]), "the tasks that are in a lane now");

    // Tasks that were not begun are ordered by priority, then by key in natural order.
    task_in(&workspace, &own, "P-1", "not_started", 1.0);
    moved(&workspace, &started, "cancelled", "11:00:00");
    let found = next(json!({"spPerHourAll": 2}));
    assert_eq!(found["readyToReview"]["taskKey"], "P-9");
    moved(&workspace, "P-9", "cancelled", "11:00:00");
    assert_eq!(next(json!({"spPerHourAll": 2}))["readyToReview"]["taskKey"], "P-1");
    moved(&workspace, "P-2", "changes_requested", "11:00:00");
    assert_eq!(
        next(json!({"spPerHourAll": 2}))["readyToReview"]["taskKey"],
        "P-2",
        "what was sent back comes first"
    );
}

#[test]
fn an_estimate_uses_the_measured_velocity() {
    let (_fixture, workspace, own) = fixture();
    let done = own.task(&workspace, "P-1", 4.0);
    moves(
        &workspace,
        &done,
        &[("in_progress", "08:00:00"), ("ready_to_review", "10:00:00"), ("completed", "11:00:00")],
    );
    task_in(&workspace, &own, "P-2", "not_started", 3.0);
    let found = estimate(&workspace, json!({"mode": "empirical", "spPerHourAll": 6, "forecast": false}));
    assert_eq!(found["effectiveVelocity"]["implementationSpPerHour"], 2);
    assert_eq!(found["durationsHours"]["implementationHours"], 1.5);
    assert_etas(&found, ["13:30:00", "14:00:00", "14:30:00"]);
    let alone = velocity_of(&workspace, json!({"mode": "empirical", "spPerHourAll": 6}));
    assert_eq!(found["effectiveVelocity"], alone);
}

fn velocity_of(workspace: &Workspace, options: Value) -> Value {
    let options = EstimateOptions::from_json(&options).unwrap();
    serde_json::to_value(workspace.velocity(&options).unwrap()).unwrap()
}

#[test]
fn a_scope_narrows_the_estimate_and_is_reported() {
    let (_fixture, workspace, own) = fixture();
    let other = Backlog::new(&workspace, "Q");
    task_in(&workspace, &own, "T1", "not_started", 1.0);
    task_in(&workspace, &other, "T1", "not_started", 2.0);
    let new = NewTask { assignee_human: Some("Ada".into()), ..other.new_task("T2", Some(4.0)) };
    workspace.tasks().create(&new).unwrap();
    for (options, points, scope) in [
        (json!({}), 7, json!({})),
        (json!({"projectKey": "Q"}), 6, json!({"project": "Q"})),
        (json!({"epicKey": "P-E"}), 1, json!({"epic": "P-E"})),
        (json!({"storyKey": "Q-S", "assignee": "ada"}), 4, json!({"story": "Q-S", "assignee": "ada"})),
    ] {
        let found = estimate(&workspace, options);
        assert_eq!(found["backlogTotals"]["implementation"]["story_points"], points);
        let mut expected = scope;
        expected["workspaceId"] = workspace.id().into();
        assert_eq!(found["scope"], expected);
    }
}
