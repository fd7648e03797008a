//! A host's own database object, and a workspace whose calls run on its connection.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{in_other_process, lines_of};

use mcoda_core::host::{HostDatabase, HostMode, HostParams, Large};
use mcoda_core::{
    ErrorKind, NewEpic, NewProject, NewStory, NewTask, Options, Result, SqlParams, TokenUsage,
    TokenUsageQuery, TransitionContext, Workspace,
};
use serde_json::{Value, json};

const MEMORY: &str = ":memory:";
const SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 700";

fn open(file: &str) -> HostDatabase {
    let database = HostDatabase::open(file, HostMode { writes: true, creates: true }).unwrap();
    database.exec(SETTINGS).unwrap();
    database
}

fn options() -> Options {
    Workspace::options().workspace_id("w")
}

fn rows(database: &HostDatabase, sql: &str) -> Value {
    let chunk = database.rows(sql, &HostParams::default(), Large::Refused, |_| Ok(true)).unwrap();
    if chunk.json.is_empty() { json!([]) } else { serde_json::from_str(&chunk.json).unwrap() }
}

fn count(database: &HostDatabase) -> i64 {
    rows(database, "SELECT count(*) AS n FROM token_usage")[0]["n"].as_i64().unwrap()
}

fn record(workspace: &Workspace, id: &str) -> Result<mcoda_core::Recorded> {
    workspace.record_token_usage(&TokenUsage { id: Some(id.to_owned()), ..TokenUsage::default() })
}

fn logged(folder: &Path) -> Vec<String> {
    let Ok(log) = std::fs::read_to_string(folder.join("token_usage.json")) else { return Vec::new() };
    let log: Value = serde_json::from_str(&log).unwrap();
    log.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn calls_are_part_of_the_transaction_that_the_host_has_open() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path().join("mcoda.db").to_str().unwrap());
    database.exec("PRAGMA journal_mode = WAL").unwrap();
    let workspace = options().json_log_in(folder.path()).open_over(&database).unwrap();
    assert!(record(&workspace, "before").unwrap().logged);

    let start = Instant::now();
    database.exec("BEGIN IMMEDIATE").unwrap();
    let recorded = record(&workspace, "undone").unwrap();
    assert!(recorded.recorded && !recorded.logged);
    assert_eq!(workspace.token_usage(&TokenUsageQuery::default()).unwrap().len(), 2);
    assert_eq!(count(&database), 2);
    database.exec("ROLLBACK").unwrap();
    assert_eq!(count(&database), 1);

    database.exec("BEGIN").unwrap();
    record(&workspace, "kept").unwrap();
    assert_eq!(logged(folder.path()), ["before"]);
    database.exec("COMMIT").unwrap();
    assert_eq!(logged(folder.path()), ["before", "kept"]);
    assert_eq!(count(&database), 2);
    assert!(start.elapsed() < Duration::from_millis(650), "it waited for itself: {:?}", start.elapsed());
}

#[test]
fn a_call_that_fails_changes_nothing_and_the_transaction_of_the_host_goes_on() {
    let database = open(MEMORY);
    let workspace = options().open_over(&database).unwrap();
    database.exec("BEGIN").unwrap();
    record(&workspace, "one").unwrap();
    let batch = ["two", "one"].map(|id| TokenUsage {
        id: Some(id.to_owned()),
        model_name: Some("m".to_owned()),
        ..TokenUsage::default()
    });
    let error = workspace.record_token_usages(&batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let unknown = TokenUsage { task_id: Some("none".to_owned()), ..TokenUsage::default() };
    assert_eq!(workspace.record_token_usage(&unknown).unwrap_err().kind(), ErrorKind::NotFound);
    // Several calls as one are a part of it as well.
    let undone = workspace.transaction(|tx| {
        record(tx, "three")?;
        record(tx, "three")?;
        tx.record_token_usage(&unknown)
    });
    assert_eq!(undone.unwrap_err().kind(), ErrorKind::NotFound);
    workspace.transaction(|tx| record(tx, "four")).unwrap();
    let error = database.exec("BEGIN").unwrap_err();
    assert_eq!(error.text, "cannot start a transaction within a transaction");
    database.exec("COMMIT").unwrap();
    assert_eq!(
        rows(&database, "SELECT id FROM token_usage ORDER BY rowid"),
        json!([{"id": "one"}, {"id": "four"}])
    );
    workspace.transaction(|tx| record(tx, "five")).unwrap();
    assert_eq!(count(&database), 3);
}

#[test]
fn a_transition_and_statements_of_the_host_are_one_transaction() -> Result<()> {
    let database = open(MEMORY);
    let workspace = options().open_over(&database)?;
    let project = workspace.projects().ensure(&NewProject { key: "P".into(), ..Default::default() })?;
    let epic = NewEpic { project_id: project.id, key: "E".into(), title: "e".into(), ..Default::default() };
    let epic = workspace.epics().create(&epic)?;
    let story = NewStory { epic_id: epic.id, key: "S".into(), title: "s".into(), ..Default::default() };
    let story = workspace.stories().create(&story)?;
    let task = NewTask { user_story_id: story.id, key: "T".into(), title: "t".into(), ..Default::default() };
    let task = workspace.tasks().create(&task)?;
    let state =
        || rows(&database, "SELECT status, (SELECT count(*) FROM task_status_events) AS events FROM tasks");
    for (end, after) in [
        ("ROLLBACK", json!([{"status": "not_started", "events": 0}])),
        ("COMMIT", json!([{"status": "in_progress", "events": 1}])),
    ] {
        database.exec("BEGIN IMMEDIATE; UPDATE tasks SET title = 'x'").unwrap();
        workspace.record_status_transition(&task.key, "in_progress", &TransitionContext::default())?;
        assert_eq!(state(), json!([{"status": "in_progress", "events": 1}]));
        database.exec(end).unwrap();
        assert_eq!(state(), after);
    }
    Ok(())
}

#[test]
fn the_settings_of_the_host_stay_and_its_connection_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let database = open(file.to_str().unwrap());
    let settings = || {
        ["foreign_keys", "busy_timeout", "journal_mode", "synchronous", "wal_autocheckpoint"]
            .map(|name| rows(&database, &format!("PRAGMA {name}")))
    };
    let before = settings();
    let workspace = options().open_over(&database).unwrap();
    record(&workspace, "one").unwrap();
    workspace.query("SELECT 1 AS a", &mcoda_core::SqlParams::default()).unwrap();
    assert_eq!(settings(), before);
    workspace.close().unwrap();
    assert_eq!(record(&workspace, "two").unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(count(&database), 1);
    let other = options().open_over(&database).unwrap();
    database.close().unwrap();
    for closed in [&workspace, &other] {
        assert_eq!(record(closed, "three").unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(closed.projects().list().unwrap_err().kind(), ErrorKind::Closed);
    }
}

#[test]
fn a_workspace_refuses_a_connection_that_would_not_keep_its_promises() {
    let database = open(MEMORY);
    let refused = |options: Options, words: &str| {
        let error = options.open_over(&database).unwrap_err();
        assert!(error.message().contains(words), "{error}");
        error.kind()
    };
    database.exec("PRAGMA foreign_keys = OFF").unwrap();
    assert_eq!(refused(options(), "PRAGMA foreign_keys = ON"), ErrorKind::Unsupported);
    database.exec("PRAGMA foreign_keys = ON; BEGIN").unwrap();
    assert_eq!(refused(options(), "before the transaction begins"), ErrorKind::Unsupported);
    database.exec("COMMIT").unwrap();
    let full = options().synchronous(mcoda_core::Synchronous::Full);
    assert_eq!(refused(full, "PRAGMA synchronous"), ErrorKind::InvalidInput);
    assert_eq!(refused(options().read_only(true), "readOnly"), ErrorKind::InvalidInput);
    assert_eq!(rows(&database, "SELECT name FROM sqlite_master"), json!([]));

    let workspace = options().open_over(&database).unwrap();
    database.exec("BEGIN").unwrap();
    // The schema is there now.
    options().open_over(&database).unwrap();
    database.exec("COMMIT; PRAGMA foreign_keys = OFF").unwrap();
    let error = record(&workspace, "one").unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.message().contains("foreign keys"), "{error}");
    database.exec("PRAGMA foreign_keys = ON").unwrap();
    let error = workspace.begin(None).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.message().contains("BEGIN IMMEDIATE"), "{error}");
    database.exec("PRAGMA user_version = 99").unwrap();
    assert_eq!(refused(options(), "newer"), ErrorKind::Unsupported);
}

#[test]
fn a_database_that_is_only_read_has_a_workspace_that_only_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let file = file.to_str().unwrap();
    record(&options().open_over(&open(file)).unwrap(), "one").unwrap();
    let database = HostDatabase::open(file, HostMode { writes: false, creates: false }).unwrap();
    database.exec("PRAGMA foreign_keys = ON").unwrap();
    let workspace = options().open_over(&database).unwrap();
    assert_eq!(workspace.token_usage(&TokenUsageQuery::default()).unwrap().len(), 1);
    assert_eq!(record(&workspace, "two").unwrap_err().kind(), ErrorKind::Storage);
}

/// Records that a workspace over the object acknowledged would be gone with the log.
#[cfg(unix)]
#[test]
fn nothing_is_recorded_in_a_log_that_was_removed_or_replaced() {
    for name in ["mcoda.db-wal", "mcoda.db-shm"] {
        for replaced in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let database = open(folder.path().join("mcoda.db").to_str().unwrap());
            database.exec("PRAGMA journal_mode = WAL").unwrap();
            let workspace = options().open_over(&database).unwrap();
            record(&workspace, "before").unwrap();
            let (file, moved) = (folder.path().join(name), folder.path().join("moved"));
            std::fs::rename(&file, &moved).unwrap();
            if replaced {
                std::fs::copy(&moved, &file).unwrap();
            }
            let error = record(&workspace, "lost").unwrap_err();
            assert!(error.kind() == ErrorKind::Storage && error.message().contains(name), "{error}");
            // Back in its place, it is the one that is open.
            std::fs::rename(&moved, &file).unwrap();
            record(&workspace, "after").unwrap();
            database.exec("PRAGMA journal_mode = DELETE").unwrap();
            record(&workspace, "without a log").unwrap();
            assert_eq!(count(&database), 3);
        }
    }
}

#[test]
fn an_interrupt_ends_a_call_of_a_workspace_over_it() {
    let database = open(MEMORY);
    let workspace = options().open_over(&database).unwrap();
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
    let ended = std::thread::scope(|scope| {
        let running = scope.spawn(|| workspace.query(endless, &SqlParams::default()));
        while !running.is_finished() {
            database.interrupt();
            std::thread::sleep(Duration::from_millis(1));
        }
        running.join().unwrap()
    });
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
    record(&workspace, "after").unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_value_for_which_there_is_no_memory_is_an_error() {
    let child = in_other_process(&[("MCODA_TEST_MEMORY", "600")]).spawn().unwrap();
    assert_eq!(lines_of(child, "code "), ["SQLITE_NOMEM"; 3]);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "a child process gets its task through the environment")]
fn other_process() {
    let Some(mib) = std::env::var("MCODA_TEST_MEMORY").ok().and_then(|mib| mib.parse::<u64>().ok()) else {
        return;
    };
    let database = open(MEMORY);
    let limit = rustix::process::Rlimit { current: Some(mib << 20), maximum: None };
    rustix::process::setrlimit(rustix::process::Resource::As, limit).unwrap();
    // SQLite has the memory for the first two, and this library none for the copy.
    for value in ["zeroblob(300000000)", "printf('%300000000d', 1)", "zeroblob(900000000)"] {
        let sql = format!("SELECT {value} AS x");
        let error = database.first(&sql, &HostParams::default(), Large::Refused).unwrap_err();
        println!("code {}", error.code);
        assert_eq!(rows(&database, "SELECT 1 AS a"), json!([{"a": 1}]));
    }
}
