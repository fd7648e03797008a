//! The indexes that questions use: when they are there, and that nothing depends on them but speed.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::velocities::*;
use common::*;
use mcoda_core::{EstimateOptions, TokenUsage, TokenUsageQuery, Workspace};
use rusqlite::Connection;
use serde_json::{Value, json};

fn indexes(database: &Connection, prefix: &str) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE ?1 || '%' ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([prefix], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Leaves the database as a build without the indexes does.
fn drop_indexes(database: &Connection) {
    for name in indexes(database, "libmcoda") {
        database.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
}

fn version(database: &Connection) -> i64 {
    database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[test]
fn opening_for_writing_creates_missing_indexes_and_keeps_the_schemas_version() {
    let (fixture, workspace, _own) = fixture();
    drop(workspace);
    let raw = fixture.raw();
    let (all, before) = (indexes(&raw, "libmcoda"), version(&raw));
    assert!(all.len() >= 9, "{all:?}");
    drop_indexes(&raw);
    drop(fixture.options().read_only(true).open(fixture.root()).unwrap());
    assert_eq!(indexes(&raw, "libmcoda"), [""; 0], "a handle that only reads creates nothing");
    drop(fixture.open());
    assert_eq!((indexes(&raw, "libmcoda"), version(&raw)), (all, before));
}

#[test]
fn a_database_whose_write_lock_is_taken_is_opened_without_indexes() {
    let (fixture, workspace, _own) = fixture();
    drop(workspace);
    let raw = fixture.raw();
    drop_indexes(&raw);
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let workspace = fixture.open();
    assert_eq!(velocity(&workspace, json!({"mode": "empirical"}))["source"], "config");
    raw.execute_batch("ROLLBACK").unwrap();
    drop(workspace);
    drop(fixture.open());
    assert!(!indexes(&raw, "libmcoda").is_empty(), "the next handle creates them");
}

#[test]
fn results_are_the_same_without_the_indexes_and_however_many_rows_there_seem_to_be() {
    let (fixture, workspace, own) = fixture();
    for number in 0..30 {
        let task = own.task(&workspace, &format!("P-{number}"), f64::from(number % 7) + 0.1);
        implemented(&workspace, &task, "06:00:00", &format!("07:{number:02}:00"));
        if number % 2 == 0 {
            moved(&workspace, &task, "ready_to_qa", &format!("08:{number:02}:00"));
        }
    }
    let raw = fixture.raw();
    raw.execute_batch(
        "UPDATE task_status_events SET from_status = ' IN_PROGRESS' WHERE rowid % 5 = 0 AND from_status = 'in_progress';
         UPDATE task_status_events SET timestamp = replace(timestamp, '.000Z', 'Z') WHERE rowid % 7 = 0;
         UPDATE task_status_events SET timestamp = 'soon' WHERE rowid % 11 = 0;",
    )
    .unwrap();
    let ask = |workspace: &Workspace| -> Vec<Value> {
        let scopes = [json!({}), json!({"projectKey": "P"}), json!({"projectKey": "P", "epicKey": "P-E"})];
        let asked = scopes.iter().flat_map(|scope| [1, 10, 5000].map(|window| (scope, window)));
        let answers = asked.flat_map(|(scope, window)| {
            let mut options = scope.clone();
            options["mode"] = "empirical".into();
            options["windowTasks"] = window.into();
            let asked = EstimateOptions::from_json(&options).unwrap();
            options["forecast"] = false.into();
            let without_forecast = EstimateOptions::from_json(&options).unwrap();
            [
                serde_json::to_value(workspace.velocity(&asked).unwrap()).unwrap(),
                serde_json::to_value(workspace.estimate(&asked).unwrap()).unwrap(),
                serde_json::to_value(workspace.estimate(&without_forecast).unwrap()).unwrap(),
            ]
        });
        answers.collect()
    };
    let with = ask(&workspace);
    // The numbers of the last rows say how many there are, and so what is read.
    raw.execute_batch(
        "UPDATE task_status_events SET rowid = 1000000000
          WHERE rowid = (SELECT max(rowid) FROM task_status_events)",
    )
    .unwrap();
    assert_eq!(ask(&workspace), with);
    drop_indexes(&raw);
    assert_eq!(ask(&workspace), with);
    assert_eq!(with[0]["source"], "empirical");
    drop(workspace);
    let reader = fixture.options().read_only(true).open(fixture.root()).unwrap();
    assert_eq!(ask(&reader), with, "a handle that only reads creates no indexes, and answers without them");
    assert_eq!(indexes(&raw, "libmcoda"), [""; 0]);
}

#[test]
fn a_time_index_is_created_once_and_changes_no_result() {
    let (fixture, workspace, _own) = fixture();
    for minute in 0..60 {
        let timestamp = Some(at(&format!("11:{minute:02}:00")));
        workspace.record_token_usage(&TokenUsage { timestamp, ..Default::default() }).unwrap();
    }
    let raw = fixture.raw();
    raw.execute_batch(
        "UPDATE token_usage SET timestamp = replace(timestamp, '.000Z', 'Z') WHERE rowid % 5 = 0;
         UPDATE token_usage SET timestamp = '2026-03-20T12:30:00+01:00' WHERE rowid = 3;
         UPDATE token_usage SET timestamp = 'soon' WHERE rowid = 4;",
    )
    .unwrap();
    let ask = || {
        let bounds = [
            (Some("10m"), None),
            (Some("30m"), Some("20m")),
            (None, Some("45m")),
            (Some("7d"), None),
            (None, None),
        ];
        bounds.map(|(since, until): (Option<&str>, Option<&str>)| {
            let query = TokenUsageQuery {
                since: since.map(Into::into),
                until: until.map(Into::into),
                ..Default::default()
            };
            let rows = workspace.token_usage(&query).unwrap();
            let sums = workspace.token_usage_summary(&query, &[]).unwrap();
            (serde_json::to_value(rows).unwrap(), serde_json::to_value(sums).unwrap())
        })
    };
    let before = ask();
    assert_eq!(indexes(&raw, "libmcoda_token"), [""; 0], "off by default");
    assert!(workspace.create_time_index().unwrap().created);
    assert!(!workspace.create_time_index().unwrap().created);
    assert_eq!(indexes(&raw, "libmcoda_token").len(), 2);
    assert_eq!(ask(), before);
    let plan = |sql: &str| {
        let mut statement = raw.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        statement
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap()
            .map(Result::unwrap)
            .collect::<String>()
    };
    for sql in [
        "SELECT * FROM token_usage WHERE timestamp >= '2026'",
        "SELECT * FROM token_usage WHERE workspace_id = 'x' AND timestamp >= '2026' ORDER BY timestamp",
        "SELECT count(*) FROM token_usage WHERE substr(timestamp, 1, 10) = '2026-03-20'",
    ] {
        assert!(!plan(sql).contains("libmcoda"), "{sql}: {}", plan(sql));
    }
}
