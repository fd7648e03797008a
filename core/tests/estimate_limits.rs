//! Estimates of inconsistent histories, and of very large ones.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::estimates::*;
use common::*;
use mcoda_core::{NewTask, Workspace};
use serde_json::json;

#[test]
fn clocks_that_ran_backwards_give_defined_answers() {
    let (_fixture, workspace, own) = fixture();
    let task = own.task(&workspace, "P-1", 4.0);
    let steps = [("in_progress", "15:00:00"), ("ready_to_review", "14:00:00"), ("ready_to_qa", "13:00:00")];
    moves(&workspace, &task, &steps);
    let other = own.task(&workspace, "P-2", 4.0);
    moved(&workspace, &other, "in_progress", "18:00:00");
    for mode in ["config", "empirical", "mixed"] {
        let found = estimate_of(&workspace, json!({"mode": mode, "spPerHourAll": 4}));
        assert_sound(&found);
        assert_eq!(found.effective_velocity.source, mcoda_core::VelocityMode::Config, "{mode}");
        let found = serde_json::to_value(&found).unwrap();
        assert_eq!(found["wip"]["implementation"]["items"][0]["ageHours"], 0);
        assert_eq!(found["wip"]["qa"]["items"][0]["ageHours"], 0);
        assert_etas(&found, ["13:00:00", "14:00:00", "15:00:00"]);
    }
    let found = estimate_of(&workspace, json!({"now": "0000-01-01", "spPerHourAll": 4}));
    assert_sound(&found);
    let found = estimate_of(&workspace, json!({"now": "9999-12-31T23:59:59Z", "spPerHourAll": 4}));
    assert_sound(&found);
}

#[test]
fn the_same_moment_gives_the_same_bytes() {
    let fixture = Fixture::new();
    let running = fixture.options().clock(mcoda_core::Clock::default()).open(fixture.root()).unwrap();
    random_backlog(&running, &backlog(&running), &mut Xorshift(7), 40);
    for mode in ["config", "empirical", "mixed"] {
        let options = json!({"mode": mode, "now": "2026-03-20T12:00:00.123Z", "windowTasks": 20});
        let text =
            |workspace: &Workspace| serde_json::to_string(&estimate_of(workspace, options.clone())).unwrap();
        let first = text(&running);
        assert_eq!(text(&running), first);
        assert_eq!(text(&fixture.open()), first, "another handle with another clock");
    }
}

/// Tasks with inconsistent histories.
fn random_backlog(workspace: &Workspace, own: &Backlog, random: &mut Xorshift, tasks: u64) {
    let statuses = [
        "not_started",
        "in_progress",
        "changes_requested",
        "ready_to_code_review",
        "ready_to_review",
        "ready_to_qa",
        "completed",
        "blocked",
        "failed",
        "cancelled",
        "elsewhere",
    ];
    for number in 0..tasks {
        let points = [None, Some(0.0), Some(0.5), Some(3.0), Some(1e12)][random.below(5) as usize];
        let new = NewTask {
            status: Some(statuses[random.below(11) as usize].into()),
            priority: (random.below(2) == 0).then(|| random.below(3) as i64),
            ..own.new_task(&format!("{}-{number}", own.project.key), points)
        };
        let task = workspace.tasks().create(&new).unwrap().id;
        for _ in 0..random.below(6) {
            let time =
                format!("{:02}:{:02}:00.{:03}", random.below(24), random.below(60), random.below(1000));
            moved(workspace, &task, statuses[random.below(11) as usize], &time);
        }
        if random.below(3) == 0 {
            let time = |random: &mut Xorshift| format!("{:02}:{:02}:00", random.below(24), random.below(60));
            let command = ["work-on-tasks", "code-review", "qa-tasks"][random.below(3) as usize];
            ran(workspace, &task, command, &time(random), &time(random), "succeeded");
        }
    }
}

#[test]
fn no_history_gives_numbers_that_are_none_or_etas_that_decrease() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    for round in 0..60 {
        let own = Backlog::new(&workspace, &format!("R{round}"));
        let tasks = random.below(12);
        random_backlog(&workspace, &own, &mut random, tasks);
        let speed = |random: &mut Xorshift| [-1.0, 0.0, 1e-300, 0.1, 7.0, 1e300][random.below(6) as usize];
        let options = json!({
            "projectKey": own.project.key, "mode": (["config", "empirical", "mixed"][random.below(3) as usize]),
            "windowTasks": 1 + random.below(12), "spPerHourAll": speed(&mut random), "spPerHourReview": speed(&mut random),
            "now": format!("2026-03-{:02}T10:00:00Z", 19 + random.below(4)),
        });
        let found = estimate_of(&workspace, options);
        assert_sound(&found);
        assert_eq!(found.status_counts.total as u64, tasks);
    }
}

#[test]
fn story_points_too_many_to_add_up_are_still_numbers() {
    let (_fixture, workspace, own) = fixture();
    for key in ["P-1", "P-2", "P-3"] {
        let task = own.task(&workspace, key, f64::MAX);
        moves(&workspace, &task, &[("in_progress", "08:00:00"), ("ready_to_review", "09:00:00")]);
    }
    for mode in ["config", "empirical"] {
        let found = estimate_of(&workspace, json!({"mode": mode}));
        assert_sound(&found);
        assert!(found.effective_velocity.implementation_sp_per_hour.is_finite());
    }
}

#[test]
fn fifty_thousand_tasks_are_not_too_many() {
    const TASKS: usize = 50_000;
    let (_fixture, workspace, own) = fixture();
    let new: Vec<NewTask> =
        (0..TASKS).map(|number| own.new_task(&format!("P-{number}"), Some(1.0))).collect();
    let made = workspace.tasks().create_many(&new).unwrap();
    moves(&workspace, &made[TASKS - 1].id, &[("in_progress", "08:00:00"), ("ready_to_review", "09:00:00")]);
    let found = estimate_of(&workspace, json!({"projectKey": "P", "mode": "empirical", "spPerHourAll": 1}));
    assert_eq!(found.status_counts.total, TASKS);
    assert_eq!(found.backlog_totals.implementation.story_points, (TASKS - 1) as f64);
    assert_eq!(found.durations_hours.total_hours, Some(TASKS as f64));
    assert_eq!(found.next_transitions.ready_to_review.unwrap().task_key, "P-0");
    assert_eq!(workspace.tasks().list(None).unwrap()[10].key, "P-10", "numbers by value");
    assert_eq!(workspace.status_events(&Default::default()).unwrap().len(), 2);
    assert_eq!(workspace.backfill_status_events(&Default::default()).unwrap().events, 0);
}
