//! Story points per hour, with numbers that a person can check.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{EstimateOptions, NewTask, Timestamp, Workspace};
use serde_json::{Value, json};

fn velocity(workspace: &Workspace, options: Value) -> Value {
    let options = EstimateOptions::from_json(&options).unwrap();
    serde_json::to_value(workspace.velocity(&options).unwrap()).unwrap()
}

/// Implementation speed and samples by history alone.
fn measured(workspace: &Workspace, window: i64) -> (f64, u64) {
    let found = velocity(workspace, json!({"mode": "empirical", "windowTasks": window}));
    (found["implementationSpPerHour"].as_f64().unwrap(), found["samples"]["implementation"].as_u64().unwrap())
}

/// One pass of a task through the implementation.
fn implemented(workspace: &Workspace, task: &str, from: &str, to: &str) {
    moves(workspace, task, &[("in_progress", from), ("ready_to_code_review", to)]);
}

fn fixture() -> (Fixture, Workspace, Backlog) {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    (fixture, workspace, own)
}

/// What a lane without history gets.
const NOTHING: (f64, u64) = (15.0, 0);

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
    // Another precision and an offset are readable.
    fixture.raw().execute(insert, ["5", &task, "x", "in_progress", "2026-03-20T12:00:00+03:00"]).unwrap();
    assert_eq!(measured(&workspace, 10), (4.0, 1), "from nine o'clock");
}

#[test]
fn successful_runs_stand_in_where_events_are_fewer_than_the_window() {
    let (_fixture, workspace, own) = fixture();
    let task = |key| own.task(&workspace, key, 4.0);
    ran(&workspace, &task("P-1"), "work-on-tasks", "08:00:00", "10:00:00", "succeeded");
    assert_eq!(measured(&workspace, 10), (2.0, 1));
    ran(&workspace, &task("P-2"), "work-on-tasks", "09:00:00", "11:00:00", "success");
    for (key, command, status) in [
        ("P-3", "work-on-tasks", "failed"),
        ("P-4", "work-on-tasks", "running"),
        ("P-5", "work-on-tasks", "cancelled"),
        ("P-6", "plan", "succeeded"),
    ] {
        ran(&workspace, &task(key), command, "08:00:00", "08:06:00", status);
    }
    assert_eq!(measured(&workspace, 10), (2.0, 2));
    ran(&workspace, &task("P-7"), "code-review", "08:00:00", "08:30:00", "succeeded");
    ran(&workspace, &task("P-8"), "qa-tasks", "08:00:00", "12:00:00", "succeeded");
    let found = velocity(&workspace, json!({"mode": "empirical"}));
    assert_eq!((&found["reviewSpPerHour"], &found["qaSpPerHour"]), (&json!(8), &json!(1)));
    assert_eq!(found["samples"], json!({"implementation": 2, "review": 1, "qa": 1}));

    // As many events as the window holds leave no room for runs.
    implemented(&workspace, &own.task(&workspace, "P-9", 1.0), "01:00:00", "02:00:00");
    assert_eq!(measured(&workspace, 1), (1.0, 1));
    assert_eq!(measured(&workspace, 2), ((4.0 + 1.0) / 3.0, 2), "one event and the newest run");
    assert_eq!(measured(&workspace, 3), (9.0 / 5.0, 3));
}

#[test]
fn a_run_fills_in_only_the_end_that_the_events_do_not_show() {
    let (fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 4.0);
    moved(&workspace, &task, "in_progress", "08:00:00");
    ran(&workspace, &task, "work-on-tasks", "08:00:00", "10:00:00", "succeeded");
    assert_eq!(measured(&workspace, 10), (2.0, 1));
    let done = workspace.backfill_status_events(&EstimateOptions::default()).unwrap();
    assert_eq!(done.events, 1);
    let both: i64 =
        value(&fixture.raw(), "SELECT count(*) FROM task_status_events WHERE to_status = 'in_progress'");
    assert_eq!(both, 1);
}

#[test]
fn a_run_within_a_minute_of_a_recorded_visit_is_the_same_work() {
    for (start, finish, is_same) in [
        ("08:00:00", "10:00:00", true),
        ("08:01:00", "09:59:00", true),
        ("07:59:00", "10:01:00", true),
        ("08:01:00.001", "10:00:30", false),
        ("08:00:00", "10:01:00.001", false),
        ("07:58:59.999", "10:00:30", false),
        ("08:00:00", "09:58:59.999", false),
    ] {
        let (_fixture, workspace, own) = fixture();
        let task = own.task(&workspace, "P-1", 4.0);
        implemented(&workspace, &task, "08:00:00", "10:00:00");
        ran(&workspace, &task, "work-on-tasks", start, finish, "succeeded");
        let (speed, samples) = measured(&workspace, 10);
        assert_eq!(samples, if is_same { 1 } else { 2 }, "{start} {finish}");
        assert!(!is_same || speed == 2.0);
        let added = workspace.backfill_status_events(&EstimateOptions::default()).unwrap().events;
        assert_eq!(added == 0, is_same, "{start} {finish}");
        assert_eq!(measured(&workspace, 10), (speed, samples));
    }
    // The same hours of another task are other work.
    let (_fixture, workspace, own) = fixture();
    implemented(&workspace, &own.task(&workspace, "P-1", 4.0), "08:00:00", "10:00:00");
    ran(&workspace, &own.task(&workspace, "P-2", 4.0), "work-on-tasks", "08:00:00", "10:00:00", "succeeded");
    assert_eq!(measured(&workspace, 10), (2.0, 2));
}

#[test]
fn three_times_the_window_of_runs_is_looked_at() {
    for (in_the_way, samples) in [(5, 2), (6, 1)] {
        let (_fixture, workspace, own) = fixture();
        let task = own.task(&workspace, "P-1", 4.0);
        implemented(&workspace, &task, "08:00:00", "10:00:00");
        // The newest runs are the visit itself, told again.
        for second in 0..in_the_way {
            ran(&workspace, &task, "work-on-tasks", "08:00:00", &format!("10:00:0{second}"), "succeeded");
        }
        ran(
            &workspace,
            &own.task(&workspace, "P-2", 8.0),
            "work-on-tasks",
            "06:00:00",
            "07:00:00",
            "succeeded",
        );
        // Newer, but nothing that counts: neither is looked at.
        ran(&workspace, &own.task(&workspace, "P-3", 8.0), "work-on-tasks", "11:00:00", "11:30:00", "failed");
        ran(
            &workspace,
            &own.task(&workspace, "P-4", 8.0),
            "code-review",
            "11:00:00",
            "11:30:00",
            "succeeded",
        );
        assert_eq!(measured(&workspace, 2).1, samples, "{in_the_way}");
    }
}

#[test]
fn many_runs_on_one_task_are_one_pass_over_them() {
    const RUNS: i64 = 20_000;
    let (fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 1.0);
    let raw = fixture.raw();
    raw.execute_batch("BEGIN").unwrap();
    let time =
        |minutes: i64| Timestamp::from_millis(1_700_000_000_000 + minutes * 60_000).unwrap().to_string();
    for number in 0..RUNS {
        let insert = "INSERT INTO task_runs (id, task_id, command, status, started_at, finished_at)
                      VALUES (?1, ?2, 'work-on-tasks', 'success', ?3, ?4)";
        let (started, finished) = (time(number * 10), time(number * 10 + 6));
        raw.execute(insert, [&number.to_string(), &task, &started, &finished]).unwrap();
    }
    raw.execute_batch("COMMIT").unwrap();
    let start = std::time::Instant::now();
    let (speed, samples) = measured(&workspace, 1_000_000);
    assert!((speed - 10.0).abs() < 1e-9 && samples == RUNS as u64, "{speed}, {samples}");
    // Each run beside each other takes minutes.
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_run_that_ends_before_it_begins_says_nothing() {
    let (_fixture, workspace, own) = fixture();
    ran(&workspace, &own.task(&workspace, "P-1", 4.0), "work-on-tasks", "10:00:00", "08:00:00", "succeeded");
    assert_eq!(measured(&workspace, 10), NOTHING);
    assert_eq!(workspace.backfill_status_events(&EstimateOptions::default()).unwrap().events, 0);
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
fn a_backfill_writes_for_good_what_the_velocity_took_for_granted() {
    let (fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 4.0);
    let run = ran(&workspace, &task, "code-review", "08:00:00", "10:00:00.250", "success");
    fixture.raw().execute("UPDATE task_runs SET agent_id = 'claude'", []).unwrap();
    ran(&workspace, &own.task(&workspace, "P-2", 3.0), "qa-tasks", "09:00:00", "10:00:00", "succeeded");
    let before = velocity(&workspace, json!({"mode": "empirical"}));
    let statuses = || -> String { value(&fixture.raw(), "SELECT group_concat(status) FROM tasks") };
    assert_eq!(workspace.backfill_status_events(&EstimateOptions::default()).unwrap().events, 4);
    assert_eq!(statuses(), "not_started,not_started", "history is filled in, tasks stay where they are");
    let rows: String = value(
        &fixture.raw(),
        "SELECT json_group_array(json_array(from_status, to_status, timestamp, command_name, task_run_id, agent_id,
             json(metadata_json))) FROM task_status_events WHERE command_name = 'code-review' ORDER BY timestamp",
    );
    let metadata = |phase| {
        json!({"backfilled": true, "source": "task_runs", "phase": phase,
               "transition": "ready_to_code_review->ready_to_qa"})
    };
    let expected = json!([
        [
            null,
            "ready_to_code_review",
            "2026-03-20T08:00:00.000Z",
            "code-review",
            run,
            "claude",
            metadata("start")
        ],
        [
            "ready_to_code_review",
            "ready_to_qa",
            "2026-03-20T10:00:00.250Z",
            "code-review",
            run,
            "claude",
            metadata("end")
        ],
    ]);
    assert_eq!(serde_json::from_str::<Value>(&rows).unwrap(), expected);
    assert_eq!(velocity(&workspace, json!({"mode": "empirical"})), before);
    let after = fixture.everything();
    assert_eq!(workspace.backfill_status_events(&EstimateOptions::default()).unwrap().events, 0);
    assert_eq!(fixture.everything(), after);
}

#[test]
fn a_backfill_keeps_to_its_scope_and_window() {
    let (_fixture, workspace, own) = fixture();
    let other = Backlog::new(&workspace, "Q");
    for number in 0..4 {
        for backlog in [&own, &other] {
            let task = backlog.task(&workspace, &format!("{}-{number}", backlog.project.key), 1.0);
            ran(&workspace, &task, "work-on-tasks", "08:00:00", &format!("09:0{number}:00"), "succeeded");
        }
    }
    let options = EstimateOptions::from_json(&json!({"projectKey": "Q", "windowTasks": 3})).unwrap();
    assert_eq!(workspace.backfill_status_events(&options).unwrap().events, 6);
    let events = workspace.status_events(&Default::default()).unwrap();
    let tasks = workspace.tasks().list(Some(&other.story.id)).unwrap();
    assert!(
        events.iter().all(|event| tasks[1..].iter().any(|task| task.id == event.task_id)),
        "the newest of Q"
    );
}

#[test]
fn backfilling_any_history_is_idempotent_and_does_not_change_the_velocity() {
    let mut random = Xorshift(20_260_320);
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let mut added = 0;
    // Few moments, so that many ends lie within a minute of others.
    let time = |random: &mut Xorshift| {
        let seconds = random.below(6) * 400 + random.below(4) * 29;
        format!("08:{:02}:{:02}", seconds / 60, seconds % 60)
    };
    for round in 0..60 {
        let own = Backlog::new(&workspace, &format!("R{round}"));
        for number in 0..1 + random.below(2) {
            let task = own.task(&workspace, &format!("R{round}-{number}"), random.below(4) as f64);
            for _ in 0..random.below(8) {
                let to = ["in_progress", "ready_to_code_review", "ready_to_qa", "changes_requested"];
                let to = to[random.below(4) as usize];
                moved(&workspace, &task, to, &time(&mut random));
            }
            for _ in 0..random.below(8) {
                let command = ["work-on-tasks", "code-review"][random.below(2) as usize];
                let (start, finish) = (time(&mut random), time(&mut random));
                ran(&workspace, &task, command, &start, &finish, "succeeded");
            }
        }
        let window = 1 + random.below(8);
        let options = json!({"projectKey": own.project.key, "mode": "empirical", "windowTasks": window});
        let before = velocity(&workspace, options.clone());
        let options_read = EstimateOptions::from_json(&options).unwrap();
        added += workspace.backfill_status_events(&options_read).unwrap().events;
        assert_eq!(velocity(&workspace, options.clone()), before, "round {round}");
        let again = workspace.backfill_status_events(&options_read).unwrap().events;
        assert_eq!(again, 0, "round {round}: window {window}");
    }
    assert!(added > 100, "{added}");
}

#[test]
fn a_run_that_is_the_same_work_stays_so_after_a_backfill() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 4.0);
    implemented(&workspace, &task, "08:00:00", "08:10:00");
    ran(&workspace, &task, "work-on-tasks", "08:00:10", "08:10:05", "succeeded");
    // Begins within the visit: once it is written, the visit's end has a later start before it.
    ran(&workspace, &task, "work-on-tasks", "08:09:00", "08:10:02", "succeeded");
    let options = EstimateOptions::default();
    assert_eq!(workspace.backfill_status_events(&options).unwrap().events, 2);
    assert_eq!(workspace.backfill_status_events(&options).unwrap().events, 0);
}

#[test]
fn a_short_run_right_after_a_visit_is_other_work() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 1.0);
    implemented(&workspace, &task, "08:00:00", "09:00:00");
    moves(&workspace, &task, &[("changes_requested", "09:00:05"), ("in_progress", "09:00:10")]);
    ran(&workspace, &task, "work-on-tasks", "09:00:10", "09:00:46", "succeeded");
    let (speed, samples) = measured(&workspace, 10);
    // 2 points in an hour and 36 seconds.
    assert!((speed - 2.0 / 1.01).abs() < 1e-9, "{speed}");
    assert_eq!(samples, 2);
}

#[test]
fn runs_alone_give_the_velocity_where_events_have_no_story_points() {
    let (fixture, workspace, own) = fixture();
    let task = workspace.tasks().create(&own.new_task("P-1", None)).unwrap().id;
    let one = ran(&workspace, &task, "work-on-tasks", "08:00:00", "10:00:00", "succeeded");
    assert_eq!(measured(&workspace, 10), NOTHING);
    // The task had points when it was worked on.
    let set = |column: &str, value: f64, id: &str| {
        let sql = format!("UPDATE task_runs SET {column} = {value} WHERE id = '{id}'");
        fixture.raw().execute(&sql, []).unwrap();
    };
    set("story_points_at_run", 5.0, &one);
    assert_eq!(measured(&workspace, 10), (2.5, 1));
    let newer = ran(&workspace, &task, "work-on-tasks", "11:00:00", "12:00:00", "succeeded");
    set("story_points_at_run", 1.0, &newer);
    assert_eq!(measured(&workspace, 1), (1.0, 1), "the newest first");
    assert_eq!(measured(&workspace, 10), (2.0, 2));
}

#[test]
fn a_run_without_times_counts_by_the_speed_that_the_host_measured() {
    let (fixture, workspace, own) = fixture();
    let (task, other) = (own.task(&workspace, "P-1", 8.0), own.task(&workspace, "P-2", 6.0));
    for (task, at_run, effective, finished) in [
        (&task, None, Some(4.0), None),               // 8 points in 2 hours
        (&other, Some(3.0), Some(1.0), Some("soon")), // 3 points in 3 hours
        (&other, None, Some(0.0), None),
        (&other, None, Some(-2.0), None),
        (&other, None, None, None),
        (&other, Some(0.0), Some(5.0), None), // no points: no hours
    ] {
        let id = ran(&workspace, task, "work-on-tasks", "08:00:00", "09:00:00", "succeeded");
        let sql = "UPDATE task_runs SET finished_at = ?2, story_points_at_run = ?3, sp_per_hour_effective = ?4 WHERE id = ?1";
        fixture.raw().execute(sql, rusqlite::params![id, finished, at_run, effective]).unwrap();
    }
    assert_eq!(measured(&workspace, 10), (11.0 / 5.0, 2));
    // Nothing of it can be told as events.
    assert_eq!(workspace.backfill_status_events(&EstimateOptions::default()).unwrap().events, 0);
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
    // Overrides change the config's values, not what history says: all lanes, then each lane.
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
        // Several have it: none is picked at random.
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
