//! Story points per hour, with numbers that can be checked by hand.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::velocities::*;
use common::*;
use mcoda_core::{EstimateOptions, NewTask};
use serde_json::{Value, json};

#[test]
fn events_give_the_story_points_over_the_hours_of_each_lane() {
    let (_fixture, workspace, own) = fixture();
    let (one, two) = (own.task(&workspace, "P-1", 6.0), own.task(&workspace, "P-2", 3.0));
    implemented(&workspace, &one, "08:00:00", "10:00:00");
    implemented(&workspace, &two, "09:00:00", "10:00:00");
    moved(&workspace, &one, "ready_to_qa", "10:30:00");
    let found = velocity(&workspace, json!({"mode": "empirical"}));
    let expected = json!({"implementationSpPerHour": 3, "reviewSpPerHour": 12, "qaSpPerHour": 15, "source": "empirical",
        "requestedMode": "empirical", "windowTasks": 10, "samples": {"implementation": 2, "review": 1, "qa": 0}});
    assert_eq!(found, expected);
    moved(&workspace, &one, "completed", "14:30:00");
    assert_eq!(velocity(&workspace, json!({"mode": "empirical"}))["qaSpPerHour"], 1.5);
}

#[test]
fn the_window_holds_the_newest_passes() {
    let (_fixture, workspace, own) = fixture();
    for (key, from, to, points) in [
        ("P-1", "05:00:00", "06:00:00", 1.0),
        ("P-2", "03:00:00", "07:00:00", 2.0),
        ("P-3", "06:00:00", "08:00:00", 10.0),
    ] {
        implemented(&workspace, &own.task(&workspace, key, points), from, to);
    }
    assert_eq!(measured(&workspace, 1), (5.0, 1));
    assert_eq!(measured(&workspace, 2), (2.0, 2));
    assert_eq!(measured(&workspace, 3), (13.0 / 7.0, 3));
    assert_eq!(measured(&workspace, i64::MAX), (13.0 / 7.0, 3));
}

#[test]
fn a_task_without_story_points_counts_its_hours_and_no_points() {
    let (_fixture, workspace, own) = fixture();
    let none = workspace.tasks().create(&own.new_task("P-1", None)).unwrap().id;
    implemented(&workspace, &none, "08:00:00", "09:00:00");
    assert_eq!(measured(&workspace, 10), NOTHING, "no points at all are no samples");
    implemented(&workspace, &own.task(&workspace, "P-2", 6.0), "08:00:00", "10:00:00");
    assert_eq!(measured(&workspace, 10), (2.0, 2));
    assert_eq!(velocity(&workspace, json!({"mode": "empirical", "windowTasks": 1}))["source"], "empirical");
}

#[test]
fn a_pass_without_duration_is_no_sample_and_takes_no_place_in_the_window() {
    let (_fixture, workspace, own) = fixture();
    implemented(&workspace, &own.task(&workspace, "P-1", 4.0), "08:00:00", "09:00:00");
    implemented(&workspace, &own.task(&workspace, "P-2", 99.0), "10:00:00", "10:00:00");
    // The clock was set back: there is no start at or before the end.
    implemented(&workspace, &own.task(&workspace, "P-3", 99.0), "12:00:00", "11:00:00");
    assert_eq!(measured(&workspace, 1), (4.0, 1));
    assert_eq!(measured(&workspace, 10), (4.0, 1));
}

#[test]
fn durations_count_to_the_millisecond() {
    let (_fixture, workspace, own) = fixture();
    implemented(&workspace, &own.task(&workspace, "P-1", 1.0), "08:00:00.300", "08:00:00.700");
    let (speed, samples) = measured(&workspace, 10);
    // 1 point in 0.4 s, of which an hour has 9000.
    assert!((speed - 9000.0).abs() < 1e-6, "{speed}");
    assert_eq!(samples, 1);
}

#[test]
fn rework_counts_once_more() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 4.0);
    implemented(&workspace, &task, "08:00:00", "09:00:00");
    moved(&workspace, &task, "changes_requested", "09:30:00");
    implemented(&workspace, &task, "10:00:00", "13:00:00");
    assert_eq!(measured(&workspace, 10), (2.0, 2));
    assert_eq!(measured(&workspace, 1), (4.0 / 3.0, 1));
}

#[test]
fn a_pass_begins_at_the_latest_start_and_must_come_from_the_lane() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 3.0);
    let steps = [
        ("in_progress", "08:00:00"),
        ("blocked", "08:30:00"),
        ("in_progress", "09:00:00"),
        ("ready_to_code_review", "10:00:00"),
    ];
    moves(&workspace, &task, &steps);
    assert_eq!(measured(&workspace, 10), (3.0, 1));
    let other = own.task(&workspace, "P-2", 99.0);
    moves(
        &workspace,
        &other,
        &[("in_progress", "08:00:00"), ("blocked", "08:30:00"), ("ready_to_code_review", "11:00:00")],
    );
    assert_eq!(measured(&workspace, 10), (3.0, 1), "it left from blocked");
    let skipped = own.task(&workspace, "P-3", 99.0);
    moves(&workspace, &skipped, &[("in_progress", "08:00:00"), ("completed", "09:00:00")]);
    assert_eq!(measured(&workspace, 10), (3.0, 1), "it went elsewhere");
}

#[test]
fn both_words_for_ready_to_code_review_end_and_begin_a_lane() {
    let (_fixture, workspace, own) = fixture();
    let (old, new) = (own.task(&workspace, "P-1", 2.0), own.task(&workspace, "P-2", 4.0));
    moves(
        &workspace,
        &old,
        &[("in_progress", "08:00:00"), ("ready_to_review", "09:00:00"), ("ready_to_qa", "10:00:00")],
    );
    moves(
        &workspace,
        &new,
        &[("in_progress", "08:00:00"), ("Ready_To_Code_Review", "10:00:00"), ("ready_to_qa", "11:00:00")],
    );
    let found = velocity(&workspace, json!({"mode": "empirical"}));
    assert_eq!((&found["implementationSpPerHour"], &found["reviewSpPerHour"]), (&json!(2), &json!(3)));
}

#[test]
fn an_event_whose_time_cannot_be_read_is_passed_over() {
    let (fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 4.0);
    implemented(&workspace, &task, "08:00:00", "10:00:00");
    let insert = "INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp) VALUES (?1, ?2, ?3, ?4, ?5)";
    for (id, from, to, time) in [
        ("1", "x", "in_progress", "2025-02-30T09:00:00Z"),
        ("2", "x", "in_progress", "garbage"),
        ("3", "in_progress", "ready_to_code_review", ""),
        ("4", "in_progress", "ready_to_code_review", "2026-03-20 11:00:00"),
    ] {
        fixture.raw().execute(insert, [id, &task, from, to, time]).unwrap();
    }
    let blob = "INSERT INTO task_status_events VALUES (x'00', ?1, x'01', x'02', 17.5, NULL, NULL, NULL, NULL, x'03')";
    fixture.raw().execute(blob, [&task]).unwrap();
    assert_eq!(measured(&workspace, 10), (2.0, 1));
    // Another precision and an offset are valid.
    fixture.raw().execute(insert, ["5", &task, "x", "in_progress", "2026-03-20T12:00:00+03:00"]).unwrap();
    assert_eq!(measured(&workspace, 10), (4.0, 1), "from nine o'clock");
}

#[test]
fn asking_writes_nothing() {
    let (fixture, workspace, own) = fixture();
    for number in 0..5 {
        let task = own.task(&workspace, &format!("P-{number}"), 4.0);
        ran(&workspace, &task, "work-on-tasks", "08:00:00", "10:00:00", "succeeded");
    }
    let before = fixture.everything();
    for mode in ["config", "empirical", "mixed"] {
        let options = EstimateOptions::from_json(&json!({"mode": mode})).unwrap();
        workspace.velocity(&options).unwrap();
        workspace.estimate(&options).unwrap();
    }
    assert_eq!(count(&fixture.raw(), "task_status_events"), 0);
    assert_eq!(fixture.everything(), before);
}

#[test]
fn the_modes_mix_config_and_history_lane_by_lane() {
    let (fixture, workspace, own) = fixture();
    let config = r#"{"velocity": {"implementationSpPerHour": 10, "reviewSpPerHour": 12, "alpha": 0.25}}"#;
    std::fs::write(
        fixture.home().join(".mcoda/config.json"),
        r#"{"velocity": {"reviewSpPerHour": 1, "qaSpPerHour": 9}}"#,
    )
    .unwrap();
    std::fs::write(fixture.workspace_folder().join("config.json"), config).unwrap();
    let speeds = |options: Value| {
        let found = velocity(&workspace, options);
        let speed = |name: &str| found[name].as_f64().unwrap();
        let words =
            format!("{} {}", found["requestedMode"].as_str().unwrap(), found["source"].as_str().unwrap());
        ([speed("implementationSpPerHour"), speed("reviewSpPerHour"), speed("qaSpPerHour")], words)
    };
    for mode in ["empirical", "mixed"] {
        assert_eq!(speeds(json!({"mode": mode})), ([10.0, 12.0, 9.0], format!("{mode} config")));
    }
    implemented(&workspace, &own.task(&workspace, "P-1", 2.0), "08:00:00", "09:00:00");
    assert_eq!(speeds(json!({})), ([10.0, 12.0, 9.0], "config config".into()));
    assert_eq!(
        velocity(&workspace, json!({}))["samples"],
        json!({"implementation": 0, "review": 0, "qa": 0})
    );
    assert_eq!(speeds(json!({"mode": "empirical"})), ([2.0, 12.0, 9.0], "empirical empirical".into()));
    // A quarter of 2 and three quarters of 10.
    assert_eq!(speeds(json!({"mode": "mixed"})), ([8.0, 12.0, 9.0], "mixed mixed".into()));
    // Overrides change the config's values, not the history's: for all lanes, then for each lane.
    let all = json!({"spPerHourAll": 6, "spPerHourQa": 4});
    assert_eq!(speeds(all.clone()).0, [6.0, 6.0, 4.0]);
    let mut options = all.clone();
    options["mode"] = "empirical".into();
    assert_eq!(speeds(options).0, [2.0, 6.0, 4.0]);
    let mut options = all;
    options["mode"] = "mixed".into();
    assert_eq!(speeds(options).0, [5.0, 6.0, 4.0]);
    let each =
        json!({"spPerHourImplementation": 1, "spPerHourReview": 2, "spPerHourQa": 3, "spPerHourAll": 9});
    assert_eq!(speeds(each).0, [1.0, 2.0, 3.0]);
}

#[test]
fn a_scope_narrows_the_history() {
    let (_fixture, workspace, own) = fixture();
    let other = Backlog::new(&workspace, "Q");
    // The same epic and story keys in another project.
    let twin = Backlog::in_project(&workspace, other.project.clone(), "P-E", "P-S");
    let second = Backlog::in_project(&workspace, own.project.clone(), "P-E2", "P-S");
    for (backlog, assignee, points) in
        [(&own, "Ada", 1.0), (&other, "ada ", 2.0), (&twin, "Bob", 4.0), (&second, "Bob", 8.0)]
    {
        let new = NewTask { assignee_human: Some(assignee.into()), ..backlog.new_task("T1", Some(points)) };
        let task = workspace.tasks().create(&new).unwrap().id;
        implemented(&workspace, &task, "08:00:00", "09:00:00");
        ran(&workspace, &task, "code-review", "09:00:00", "10:00:00", "succeeded");
    }
    let speed = |mut options: Value| {
        options["mode"] = "empirical".into();
        let found = velocity(&workspace, options);
        assert_eq!(found["samples"]["implementation"], found["samples"]["review"]);
        (found["implementationSpPerHour"].as_f64().unwrap(), found["reviewSpPerHour"].as_f64().unwrap())
    };
    for (options, expected) in [
        (json!({}), 15.0 / 4.0),
        (json!({"projectKey": "P"}), 4.5),
        (json!({"projectKey": "Q"}), 3.0),
        (json!({"projectKey": "P", "epicKey": "P-E"}), 1.0),
        (json!({"projectKey": "Q", "epicKey": "P-E"}), 4.0),
        (json!({"epicKey": "P-E2"}), 8.0),
        (json!({"projectKey": "Q", "storyKey": "P-S"}), 4.0),
        (json!({"projectKey": "P", "epicKey": "P-E2", "storyKey": "P-S"}), 8.0),
        (json!({"assignee": "ADA"}), 1.5),
        (json!({"assignee": " bob "}), 6.0),
        (json!({"assignee": "bob", "projectKey": "P"}), 8.0),
    ] {
        assert_eq!(speed(options.clone()), (expected, expected), "{options}");
    }
    let found = velocity(&workspace, json!({"assignee": "nobody", "mode": "empirical"}));
    assert_eq!((&found["source"], &found["implementationSpPerHour"]), (&json!("config"), &json!(15)));
    for (options, field) in [
        (json!({"storyKey": "P-S"}), "storyKey"),
        (json!({"epicKey": "P-E"}), "epicKey"),
        (json!({"projectKey": "P", "storyKey": "P-S"}), "storyKey"),
    ] {
        // Several rows have it: none is chosen at random.
        let error = workspace.velocity(&EstimateOptions::from_json(&options).unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.field()), (mcoda_core::ErrorKind::InvalidInput, Some(field)));
    }
}

#[test]
fn the_velocity_does_not_depend_on_the_order_of_the_rows() {
    let speeds: Vec<f64> = [false, true]
        .into_iter()
        .map(|backwards| {
            let (_fixture, workspace, own) = fixture();
            let mut numbers: Vec<u32> = (0..30).collect();
            if backwards {
                numbers.reverse();
            }
            for number in numbers {
                let task = own.task(&workspace, &format!("P-{number}"), 0.1 + f64::from(number) / 7.0);
                let start = format!("08:{number:02}:00.{:03}", number * 31);
                implemented(&workspace, &task, &start, &format!("09:{number:02}:17.{number:03}"));
            }
            measured(&workspace, 30).0
        })
        .collect();
    assert_eq!(speeds[0].to_bits(), speeds[1].to_bits());
}
