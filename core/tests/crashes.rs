//! Processes that are killed while they write.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use common::*;
use mcoda_core::Workspace;
use rusqlite::Connection;
use serde_json::json;

const FOLDER: &str = "MCODA_TEST_FOLDER";
const TASK: &str = "P-1";

#[test]
#[ignore = "another test runs it, in a process of its own"]
#[allow(clippy::disallowed_methods, reason = "the arguments of a test binary are taken")]
fn other_process() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let workspace = options_in(&folder.join("home")).open(folder.join("shop")).unwrap();
    let task = workspace.tasks().get(TASK).unwrap().unwrap().id;
    for number in 0.. {
        let given = json!({"id": format!("{}-{number}", std::process::id()), "taskId": task});
        println!("\ndone record {}", workspace.record_token_usage(&usage(given)).unwrap().id);
        let to = if number % 2 == 0 { "in_progress" } else { "blocked" };
        let moved = workspace.record_status_transition(TASK, to, &Default::default()).unwrap();
        println!("\ndone move {}", moved.event_id.unwrap_or_default());
    }
}

#[test]
fn what_a_killed_process_had_acknowledged_is_there_and_nothing_by_halves() {
    let fixture = Fixture::new();
    backlog(&fixture.open()).task(&fixture.open(), TASK, 1.0);
    let folder = fixture.root().parent().unwrap().to_owned();
    let (mut records, mut moves) = (BTreeSet::new(), BTreeSet::new());
    let killed = rounds(50) as u64;
    for round in 0..killed {
        let mut child = in_other_process(&[(FOLDER, folder.to_str().unwrap())]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.find(|line| line.starts_with("done "));
        std::thread::sleep(Duration::from_micros(round * 7919 % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in first.into_iter().chain(lines) {
            // The last line may be incomplete: such a record was not acknowledged.
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["done", "record", id] => drop(records.insert(id.to_owned())),
                ["done", "move", id] if id.len() == 36 => drop(moves.insert(id.to_owned())),
                _ => {}
            }
        }
        let workspace = fixture.open();
        let rows = check(&fixture, &workspace);
        assert!(records.is_subset(&rows.0), "round {round}");
        assert!(moves.is_subset(&rows.1), "round {round}");
    }
    println!("killed {killed} times: {} records and {} moves were acknowledged", records.len(), moves.len());
    assert!(records.len() as u64 >= killed && moves.len() as u64 >= killed / 2);
}

/// The ids of all records and events; asserts that nothing is damaged, partially written or missing from the log.
fn check(fixture: &Fixture, workspace: &Workspace) -> (BTreeSet<String>, BTreeSet<String>) {
    let raw = fixture.raw();
    assert_eq!(value::<String>(&raw, "PRAGMA integrity_check"), "ok");
    let broken: i64 = value(&raw, "SELECT count(*) FROM pragma_foreign_key_check");
    assert_eq!(broken, 0);
    let (records, events) = (ids(&raw, "token_usage"), ids(&raw, "task_status_events"));
    let log = fixture.log_ids();
    assert_eq!(log.len(), records.len(), "each record is in the log once");
    assert_eq!(log.into_iter().collect::<BTreeSet<_>>(), records);
    // The task and its event are written together.
    let last = "SELECT to_status FROM task_status_events ORDER BY rowid DESC LIMIT 1";
    if !events.is_empty() {
        assert_eq!(workspace.tasks().get(TASK).unwrap().unwrap().status, value::<String>(&raw, last));
    }
    (records, events)
}

fn ids(raw: &Connection, table: &str) -> BTreeSet<String> {
    let mut statement = raw.prepare(&format!("SELECT id FROM {table}")).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}
