//! `mcodactl doctor` and `mcodactl checkpoint`.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::Sandbox;
use serde_json::{Value, json};

#[test]
fn a_healthy_workspace_has_no_errors() {
    let sandbox = Sandbox::new();
    sandbox.text(&["record", "--id", "a"]);
    let text = sandbox.text(&["doctor"]);
    assert!(text.starts_with("Database: ") && text.contains("(workspace)"), "{text}");
    assert!(text.ends_with("12 examinations: nothing is wrong\n"), "{text}");
    let report = sandbox.json(&["doctor", "--json", "--full", "--time-limit", "60"]);
    assert_eq!(
        (&report["ok"], &report["full"], &report["findings"]),
        (&json!(true), &json!(true), &json!([]))
    );
}

#[test]
fn errors_are_printed_and_are_the_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[1.0]);
    sandbox.write("mcoda.db", "this is no database");
    let outcome = sandbox.run(&["doctor", "--db", "mcoda.db"]);
    assert_eq!(outcome.code, Some(1));
    let error = outcome.stdout.lines().find(|line| line.starts_with("ERROR damaged: ")).unwrap();
    assert!(error.contains("not an SQLite database"), "{error}");
    assert!(outcome.stdout.contains("\n  → ") && outcome.stdout.contains("1 error"), "{}", outcome.stdout);
    assert!(outcome.stderr.starts_with("mcodactl: ") && outcome.stderr.contains("errors were found"));
    let outcome = sandbox.run(&["doctor", "--json", "--db", "mcoda.db"]);
    assert_eq!(outcome.code, Some(1));
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&report["ok"], &report["findings"][0]["severity"]), (&json!(false), &json!("error")));
}

#[test]
fn a_workspace_that_is_not_there_is_found_and_not_made() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["doctor"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stdout.contains("ERROR missing") && outcome.stdout.contains("mcodactl init"),
        "{}",
        outcome.stdout
    );
    assert!(!sandbox.path(".mcoda").exists());
    let message = sandbox.run(&["doctor", "--workspace", "nowhere"]).failure(1);
    assert!(message.contains("nowhere is not a folder"), "{message}");
    sandbox.run(&["doctor", "--db", "x", "--workspace", "."]).failure(2);
    sandbox.run(&["doctor", "--time-limit", "0"]).failure(2);
}

#[test]
fn a_warning_alone_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[1.0]);
    let database = rusqlite::Connection::open(sandbox.path("mcoda.db")).unwrap();
    database.execute_batch("UPDATE tasks SET story_points = 'many'").unwrap();
    drop(database);
    let text = sandbox.text(&["doctor", "--db", "mcoda.db"]);
    assert!(text.contains("WARNING unreadable_value: tasks.story_points"), "{text}");
    assert!(text.contains("0 errors, 1 warning\n"), "{text}");
}

#[test]
fn a_checkpoint_says_how_far_it_went() {
    let sandbox = Sandbox::new();
    sandbox.text(&["record", "--id", "a"]);
    let text = sandbox.text(&["checkpoint"]);
    assert!(text.ends_with("pages are in the database: the write-ahead log is empty\n"), "{text}");
    assert_eq!(sandbox.text(&["checkpoint", "--quiet"]), "");
    let done = sandbox.json(&["checkpoint", "--json"]);
    assert_eq!(
        done,
        json!({"frames": 0, "checkpointed": 0, "truncated": true, "busy": false, "walBytes": 0})
    );
    sandbox.run(&["checkpoint", "--db", "none.db"]).failure(1);
}
