//! The memory of `economics` does not grow with the number of calls. A process of its own, whose peak nothing else moves.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

use std::path::Path;

use mcoda_core::{EconomicsQuery, Workspace};
use rusqlite::Connection;

const TASKS: u32 = 1_000;

/// Adds the calls from `first` up to `last`, on tasks that have been finished.
fn add_calls(file: &Path, first: u32, last: u32) {
    let connection = Connection::open(file).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
               INSERT INTO token_usage (id, workspace_id, task_id, agent_id, model_name, timestamp, tokens_prompt, cost_estimate)
               SELECT 'u' || i, 'w', 't' || i % ?3, 'a' || i % 5, 'm' || i % 3, '2026-03-20T09:00:00.000Z', i, i / 1000.0 FROM n";
    connection.execute(sql, [first, last - 1, TASKS]).unwrap();
}

fn add_tasks(file: &Path) {
    let connection = Connection::open(file).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
               INSERT INTO tasks (id, project_id, epic_id, user_story_id, key, title, status, story_points, created_at, updated_at)
               SELECT 't' || i, 'p', 'e', 's', 'T' || i, '', 'completed', i % 8, '', '' FROM n";
    connection.execute(sql, [TASKS - 1]).unwrap();
}

/// The peak of the resident size while the costs are computed, in KiB, and the number of calls.
fn peak(file: &Path) -> (u64, u64) {
    let workspace = Workspace::options().workspace_id("w").open_db(file).unwrap();
    // Sets the peak back to the present size.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let economics = workspace.economics(&EconomicsQuery::default()).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    (line.trim().trim_end_matches(" kB").parse().unwrap(), economics.total.calls)
}

#[test]
fn ten_times_as_many_calls_take_no_more_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    drop(Workspace::options().workspace_id("w").open_db(&file).unwrap());
    add_tasks(&file);
    add_calls(&file, 0, 50_000);
    peak(&file);
    let (few, calls) = peak(&file);
    assert_eq!(calls, 50_000);
    add_calls(&file, 50_000, 500_000);
    let (many, calls) = peak(&file);
    assert_eq!(calls, 500_000);
    println!("peak with 50,000 calls {few} KiB, with 500,000 calls {many} KiB");
    assert!(many < few + 1_000, "{few} KiB, then {many} KiB");
}
