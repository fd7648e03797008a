//! Bugs of earlier programs, each of which must be absent here.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::fs::File;
use std::time::{Duration, UNIX_EPOCH};

use common::*;
use mcoda_core::{CommandRunEnd, EstimateOptions, NewCommandRun, NewJob, TokenUsage, Workspace};
use serde_json::{Value, json};

fn recorded(workspace: &Workspace, id: &str) {
    assert!(workspace.record_token_usage(&usage(json!({"id": id}))).unwrap().logged, "{id}");
}

/// Changes the log as a program without a lock did long ago.
fn rewrite_log(fixture: &Fixture, change: impl FnOnce(String) -> String) {
    let text = change(std::fs::read_to_string(fixture.log_file()).unwrap());
    std::fs::write(fixture.log_file(), text).unwrap();
    let file = File::options().write(true).open(fixture.log_file()).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
}

fn set_aside(fixture: &Fixture) -> Vec<String> {
    let files = std::fs::read_dir(fixture.workspace_folder()).unwrap().map(|file| file.unwrap().path());
    let corrupt = files.filter(|file| file.to_string_lossy().contains(".corrupt-"));
    corrupt.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn a_truncated_log_keeps_every_complete_record() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    ["1", "2", "3"].iter().for_each(|id| recorded(&workspace, id));
    rewrite_log(&fixture, |text| text[..text.find(r#""id":"3""#).unwrap() + 60].to_owned());
    recorded(&workspace, "4");
    assert_eq!(fixture.log_ids(), ["1", "2", "4"]);
    let kept = set_aside(&fixture);
    assert!(kept.len() == 1 && kept[0].contains(r#""id":"3""#), "what was cut is kept: {kept:?}");
    assert_eq!(count(&fixture.raw(), "token_usage"), 4);
}

#[test]
fn garbage_in_the_log_costs_no_record() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    recorded(&workspace, "1");
    rewrite_log(&fixture, |text| format!("<<<<<<< mine\n{text}"));
    recorded(&workspace, "2");
    assert_eq!(fixture.log_ids(), ["1", "2"]);
    assert!(set_aside(&fixture)[0].contains("<<<<<<< mine"));
    rewrite_log(&fixture, |_| "no JSON at all".to_owned());
    recorded(&workspace, "3");
    assert_eq!(fixture.log_ids(), ["3"]);
    assert!(set_aside(&fixture).iter().any(|text| text == "no JSON at all"));
}

#[test]
fn a_log_that_another_program_wrote_in_its_own_style_goes_on() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    recorded(&workspace, "1");
    rewrite_log(&fixture, |text| {
        let mut records: Vec<Value> = serde_json::from_str(&text).unwrap();
        records.push(json!({"id": "theirs", "tokensPrompt": 3}));
        serde_json::to_string_pretty(&records).unwrap()
    });
    recorded(&workspace, "2");
    assert_eq!(fixture.log_ids(), ["1", "theirs", "2"]);
    rewrite_log(&fixture, |_| "[]".to_owned());
    recorded(&workspace, "3");
    assert_eq!(fixture.log_ids(), ["3"]);
    std::fs::remove_file(fixture.log_file()).unwrap();
    recorded(&workspace, "4");
    assert_eq!(fixture.log_ids(), ["4"]);
    assert!(set_aside(&fixture).is_empty());
}

#[test]
fn the_database_is_the_truth_about_jobs_and_command_runs() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = workspace.jobs().create(&NewJob { job_type: "work".into(), ..NewJob::default() }).unwrap().id;
    let run =
        NewCommandRun { command_name: "c".into(), job_id: Some(job.clone()), ..NewCommandRun::default() };
    let run = workspace.command_runs().create(&run).unwrap().id;
    let files = |name: &str| fixture.workspace_folder().join(name);
    for name in ["jobs.json", "command_runs.json"] {
        std::fs::write(files(name), "[{ damaged").unwrap();
    }
    // Another process, without any state, finishes them.
    let other = fixture.open();
    let end = CommandRunEnd { status: "succeeded".into(), sp_processed: Some(3.0), ..Default::default() };
    assert_eq!(other.command_runs().finish(&run, &end).unwrap().status, "succeeded");
    assert_eq!(
        other.jobs().finish(&job, "failed", Some("why")).unwrap().error_summary.as_deref(),
        Some("why")
    );
    assert_eq!(workspace.jobs().list().unwrap()[0].state, "failed");
    assert_eq!(std::fs::read_to_string(files("jobs.json")).unwrap(), "[{ damaged");
}

#[test]
fn rows_with_invalid_metadata_fail_no_query() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let job = workspace.jobs().create(&NewJob { job_type: "work".into(), ..NewJob::default() }).unwrap().id;
    let task = own.task(&workspace, "P-1", 2.0);
    let run = ran(&workspace, &task, "work-on-tasks", "08:00:00", "09:00:00", "succeeded");
    moved(&workspace, &task, "in_progress", "10:00:00");
    workspace.record_token_usage(&TokenUsage { id: Some("r".into()), ..TokenUsage::default() }).unwrap();
    for damaged in ["'null'", "'{cut'", "'[1]'", "''", "7", "x'ff00'", "NULL"] {
        let update = [
            "projects SET metadata_json",
            "epics SET metadata_json",
            "user_stories SET metadata_json",
            "tasks SET metadata_json",
            "jobs SET payload_json",
            "task_runs SET run_context_json",
            "task_status_events SET metadata_json",
            "token_usage SET metadata_json",
            "jobs SET agent_ids_json",
        ];
        for column in update {
            fixture.raw().execute(&format!("UPDATE {column} = {damaged}"), []).unwrap();
        }
        assert!(workspace.projects().list().unwrap()[0].metadata.is_empty());
        assert!(workspace.epics().get(&own.epic.id).unwrap().unwrap().metadata.is_empty());
        assert!(workspace.stories().list(None).unwrap()[0].metadata.is_empty());
        assert!(workspace.tasks().get("P-1").unwrap().unwrap().metadata.is_empty());
        assert!(workspace.jobs().get(&job).unwrap().unwrap().payload.is_empty());
        assert!(workspace.jobs().list().unwrap()[0].agent_ids.is_empty());
        assert!(workspace.task_runs().get(&run).unwrap().unwrap().run_context.is_empty());
        assert!(workspace.status_events(&Default::default()).unwrap()[0].metadata.is_empty());
        let options = EstimateOptions::from_json(&json!({"mode": "empirical"})).unwrap();
        assert_eq!(workspace.estimate(&options).unwrap().effective_velocity.implementation_sp_per_hour, 2.0);
    }
}

#[test]
fn many_unreadable_times_make_no_order_that_panics() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let task = own.task(&workspace, "P-1", 2.0);
    let mut random = Xorshift(42);
    let raw = fixture.raw();
    raw.execute_batch("BEGIN").unwrap();
    for number in 0..2000 {
        let time = match random.below(4) {
            0 => "garbage".to_owned(),
            1 => format!("2026-03-20T{:02}:00:00+0{}:00", random.below(24), random.below(9)),
            2 => format!("2026-03-20T{:02}:00:00.{}Z", random.below(24), random.below(1_000_000)),
            _ => String::new(),
        };
        let statuses = ["in_progress", "ready_to_review", "ready_to_qa"];
        let (from, to) = (statuses[random.below(3) as usize], statuses[random.below(3) as usize]);
        let insert = "INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp) VALUES (?1, ?2, ?3, ?4, ?5)";
        raw.execute(insert, [&number.to_string(), &task, from, to, &time]).unwrap();
        let insert = "INSERT INTO task_runs (id, task_id, command, status, started_at, finished_at)
                      VALUES (?1, ?2, 'work-on-tasks', 'success', ?3, ?3)";
        raw.execute(insert, [&number.to_string(), &task, &time]).unwrap();
    }
    raw.execute_batch("COMMIT").unwrap();
    let events = workspace.status_events(&Default::default()).unwrap();
    let first_bad = events.iter().position(|event| event.timestamp.len() < 10).unwrap();
    assert!(events[first_bad..].iter().all(|event| event.timestamp.len() < 10), "unreadable times come last");
    assert_eq!(events.len(), 2000);
    for mode in ["config", "empirical", "mixed"] {
        let options = EstimateOptions::from_json(&json!({"mode": mode, "windowTasks": 5000})).unwrap();
        workspace.estimate(&options).unwrap();
    }
    workspace.backfill_status_events(&Default::default()).unwrap();
}

#[test]
fn lists_are_in_the_order_of_time_whatever_the_precision_of_the_times() {
    let fixture = Fixture::new();
    let workspace = fixture.options().workspace_id("w").open(fixture.root()).unwrap();
    let task = backlog(&workspace).task(&workspace, "P-1", 2.0);
    let times = ["garbage", "2026-03-20T09:00:00Z", "2026-03-20T09:00:00.500Z", "2026-03-20T11:00:00+03:00"];
    for time in times {
        let insert = "INSERT INTO jobs (id, workspace_id, type, state, created_at, updated_at)
                      VALUES (?1, 'w', 'work', 'running', ?1, ?1)";
        fixture.raw().execute(insert, [time]).unwrap();
        let insert = "INSERT INTO task_runs (id, task_id, command, status, started_at)
                      VALUES (?1, ?2, 'work-on-tasks', 'running', ?1)";
        fixture.raw().execute(insert, [time, &*task]).unwrap();
    }
    let [garbage, nine, later, eight] = times;
    let jobs: Vec<String> = workspace.jobs().list().unwrap().into_iter().map(|job| job.id).collect();
    assert_eq!(jobs, [later, nine, eight, garbage]);
    let runs: Vec<String> =
        workspace.task_runs().list(&task).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(runs, [eight, nine, later, garbage]);
}

#[test]
fn ten_tenths_are_one_in_any_order() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    for number in 0..10 {
        own.task(&workspace, &format!("P-{number}"), 0.1);
    }
    let found = workspace.estimate(&EstimateOptions::default()).unwrap();
    assert_eq!(found.backlog_totals.implementation.story_points, 1.0);

    let mut totals = Vec::new();
    for backwards in [false, true] {
        let own = Backlog::new(&workspace, if backwards { "B" } else { "A" });
        let mut points = vec![0.1, 0.2, 0.3, 1e15, 0.7, 3.3, 1e-7];
        if backwards {
            points.reverse();
        }
        for (number, points) in points.into_iter().enumerate() {
            own.task(&workspace, &format!("T{number}"), points);
        }
        let options = EstimateOptions { project_key: Some(own.project.key), ..EstimateOptions::default() };
        totals.push(workspace.estimate(&options).unwrap().backlog_totals.implementation.story_points);
    }
    assert_eq!(totals[0].to_bits(), totals[1].to_bits());
}

#[test]
fn the_typescript_packages_continue_to_write_the_same_file() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 2.0);
    recorded(&workspace, "ours");
    // Their inserts name the columns of their own schema only.
    let insert = "INSERT INTO token_usage (id, workspace_id, agent_id, task_id, tokens_prompt, duration_seconds, timestamp,
                      metadata_json) VALUES ('theirs', 'w', 'a', ?1, 7, 1.5, '2026-03-20T12:00:00.000Z', NULL)";
    fixture.raw().execute(insert, [&task]).unwrap();
    recorded(&workspace, "ours again");
    assert_eq!(fixture.log_ids(), ["ours", "ours again"], "their record is theirs to log");
    assert_eq!(count(&fixture.raw(), "token_usage"), 3);
}

#[test]
fn the_number_of_records_in_one_call_has_no_limit() {
    const RECORDS: usize = 33_000; // more than SQLite takes as parameters of one statement
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let given: Vec<TokenUsage> = (0..RECORDS)
        .map(|number| TokenUsage { id: Some(number.to_string()), ..TokenUsage::default() })
        .collect();
    assert!(workspace.record_token_usages(&given).unwrap().iter().all(|one| one.logged && !one.duplicate));
    assert!(workspace.record_token_usages(&given).unwrap().iter().all(|one| one.logged && one.duplicate));
    assert_eq!((count(&fixture.raw(), "token_usage"), fixture.log().len()), (RECORDS as i64, RECORDS));
}
