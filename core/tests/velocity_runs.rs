//! Inferring status events from task runs, and the backfill that stores them.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::velocities::*;
use common::*;
use mcoda_core::{EstimateOptions, Timestamp};
use serde_json::{Value, json};

#[test]
fn events_are_inferred_from_runs_if_there_are_fewer_than_the_window() {
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

    // With as many events as the window, no run is used.
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
        // The newest runs duplicate the visit itself.
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
        // Newer, but irrelevant: neither is examined.
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
    // Comparing each run with each other would take minutes.
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
    // Few distinct times, so that many ends lie within a minute of others.
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
    // Begins within the visit: once it is stored, the visit's end has a later start before it.
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
    // The task had points when the work was done.
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
    // No events can be inferred from it.
    assert_eq!(workspace.backfill_status_events(&EstimateOptions::default()).unwrap().events, 0);
}
