//! Calls on the thread of an event loop: made at once or not at all.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::fs::File;
use std::time::Duration;

use common::*;
use mcoda_core::host::{HostDatabase, HostMode, HostParams, Large};
use mcoda_core::{
    ErrorKind, Recorded, Result, SqlParams, Synchronous, TokenUsage, TransitionContext, Workspace, at_once,
};
use serde_json::json;

/// Longer than any of these calls takes on a slow machine, so that no test depends on it.
const LONG: Duration = Duration::from_secs(60);

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";

fn record(workspace: &Workspace, id: &str) -> Result<Recorded> {
    workspace.record_token_usage(&TokenUsage { id: Some(id.to_owned()), ..TokenUsage::default() })
}

fn record_at_once(workspace: &Workspace, id: &str) -> Option<Result<Recorded>> {
    at_once(LONG, || record(workspace, id))
}

fn stored(fixture: &Fixture) -> Vec<String> {
    let raw = fixture.raw();
    let mut ids = raw.prepare("SELECT id FROM token_usage ORDER BY rowid").unwrap();
    ids.query_map([], |row| row.get(0)).unwrap().map(|id| id.unwrap()).collect()
}

#[test]
fn a_call_that_nobody_is_in_the_way_of_is_made() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    assert!(record_at_once(&workspace, "1").unwrap().unwrap().logged);
    assert!(record_at_once(&workspace, "2").unwrap().unwrap().logged);
    assert!(record_at_once(&workspace, "2").unwrap().unwrap().duplicate);
    assert_eq!(stored(&fixture), ["1", "2"]);
    assert_eq!(fixture.log_ids(), ["1", "2"]);
    let negative = TokenUsage { tokens_prompt: Some(-1), ..TokenUsage::default() };
    let error = at_once(LONG, || workspace.record_token_usage(&negative)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let unknown = || workspace.record_status_transition("T1", "in_progress", &TransitionContext::default());
    assert_eq!(at_once(LONG, unknown).unwrap().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_call_that_would_wait_for_another_writer_is_not_made() {
    let fixture = Fixture::new();
    let (workspace, other) = (fixture.open(), fixture.open());
    let transaction = other.begin(None).unwrap();
    assert!(record_at_once(&workspace, "1").is_none());
    assert!(record_at_once(&other, "2").is_none(), "the transaction is its own");
    transaction.commit().unwrap();
    assert!(stored(&fixture).is_empty());
    assert!(fixture.log().is_empty());
    for (handle, id) in [(&workspace, "1"), (&other, "2")] {
        assert!(record_at_once(handle, id).unwrap().unwrap().logged);
    }
    assert_eq!(stored(&fixture), ["1", "2"]);
}

#[test]
fn a_call_that_would_wait_for_the_log_is_not_made() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    assert!(record(&workspace, "1").unwrap().logged);
    let lock = File::open(fixture.workspace_folder().join("token_usage.json.lock")).unwrap();
    lock.lock().unwrap();
    assert!(record_at_once(&workspace, "2").is_none());
    lock.unlock().unwrap();
    assert_eq!(stored(&fixture), ["1"]);
    assert!(record_at_once(&workspace, "2").unwrap().unwrap().logged);
    assert_eq!(fixture.log_ids(), ["1", "2"]);
}

#[test]
fn a_call_that_would_read_the_whole_log_is_not_made() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "1").unwrap();
    // As a program does that does not use the lock.
    let mut log = fixture.log();
    log.push(json!({"id": "foreign"}));
    std::fs::write(fixture.log_file(), serde_json::to_string(&log).unwrap()).unwrap();
    assert!(record_at_once(&workspace, "2").is_none());
    assert_eq!(stored(&fixture), ["1"]);
    assert!(record(&workspace, "2").unwrap().logged);
    assert!(record_at_once(&workspace, "3").unwrap().unwrap().logged);
    assert_eq!(fixture.log_ids(), ["1", "foreign", "2", "3"]);
}

#[test]
fn a_call_that_would_log_the_records_of_many_others_is_not_made() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "1").unwrap();
    let queue = "INSERT INTO token_usage_log_queue (usage_id) VALUES (?1)";
    for id in ["a", "b", "c"] {
        fixture.raw().execute(queue, [id]).unwrap();
    }
    assert!(record_at_once(&workspace, "2").is_none());
    assert_eq!(stored(&fixture), ["1"]);
    // This one does, so that the next one need not.
    assert!(record(&workspace, "2").unwrap().logged);
    assert!(record_at_once(&workspace, "3").unwrap().unwrap().logged);
    assert_eq!(fixture.log_ids(), ["1", "2", "3"]);
}

#[test]
fn a_call_that_would_wait_for_a_config_that_is_being_written_is_not_made() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let config = fixture.workspace_folder().join("config.json");
    std::fs::write(&config, "{\"telemetry\": ").unwrap();
    assert!(record_at_once(&workspace, "1").is_none());
    assert_eq!(record(&workspace, "1").unwrap_err().kind(), ErrorKind::Corrupt);
    std::fs::write(&config, "{}").unwrap();
    assert!(record_at_once(&workspace, "1").unwrap().is_ok());
}

#[test]
fn a_call_that_reads_for_too_long_is_given_up() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let endless = || workspace.query(ENDLESS, &SqlParams::default());
    assert!(at_once(Duration::from_millis(5), endless).is_none());
    let short = || workspace.query("SELECT 1 AS one", &SqlParams::default());
    assert!(at_once(LONG, short).unwrap().is_ok());
}

#[test]
fn a_call_whose_commit_waits_for_the_disk_is_not_made() {
    let fixture = Fixture::new();
    let workspace = fixture.options().synchronous(Synchronous::Full).open(fixture.root()).unwrap();
    assert!(record_at_once(&workspace, "1").is_none());
    assert!(record(&workspace, "1").is_ok());
    assert_eq!(stored(&fixture), ["1"]);
}

/// The commit that starts the write-ahead log over waits for the disk. It is the first one after a checkpoint.
#[test]
fn the_commit_after_a_checkpoint_is_left_to_a_thread_that_may_wait() {
    let fixture = Fixture::new();
    let workspace = fixture.options().without_json_log().open(fixture.root()).unwrap();
    let (mut at_once, mut left) = (0, 0);
    // Each adds several pages to the log.
    while left < 2 {
        let id = format!("{}", at_once + left);
        match record_at_once(&workspace, &id) {
            Some(recorded) => {
                recorded.unwrap();
                at_once += 1;
            }
            None => {
                record(&workspace, &id).unwrap();
                left += 1;
            }
        }
        assert!(at_once < 100_000, "no checkpoint has ended");
    }
    assert!(at_once > 100, "{at_once}");
    assert_eq!(stored(&fixture).len(), at_once + left);
}

fn open(fixture: &Fixture) -> HostDatabase {
    std::fs::create_dir_all(fixture.root()).unwrap();
    let file = fixture.root().join("host.db");
    HostDatabase::open(file.to_str().unwrap(), HostMode { writes: true, creates: true }).unwrap()
}

/// The first row as JSON; `None` if the statement was not run.
fn first(database: &HostDatabase, sql: &str) -> Option<String> {
    let row = database.first_at_once(sql, &HostParams::default(), Large::Refused, LONG)?;
    Some(row.unwrap().map(|chunk| chunk.json).unwrap_or_default())
}

#[test]
fn a_statement_of_a_host_is_run_at_once_if_it_only_reads() {
    let fixture = Fixture::new();
    let database = open(&fixture);
    assert_eq!(first(&database, "SELECT 1 AS a"), None, "the first call opens the file");
    database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (7)").unwrap();
    assert_eq!(first(&database, "SELECT a FROM t").unwrap(), r#"[{"a":7}]"#);
    assert_eq!(first(&database, "SELECT a FROM t WHERE a > 7").unwrap(), "");
    for sql in [
        "INSERT INTO t VALUES (8) RETURNING a",
        "WITH x AS (SELECT 8) INSERT INTO t SELECT * FROM x",
        "UPDATE t SET a = 8",
        "PRAGMA user_version = 3",
        "PRAGMA wal_checkpoint",
        "BEGIN IMMEDIATE",
        "ATTACH ':memory:' AS other",
        "VACUUM",
        "SELECT missing FROM t",
        "",
    ] {
        assert_eq!(first(&database, sql), None, "{sql}");
    }
    assert_eq!(first(&database, "SELECT a, count(*) AS n FROM t").unwrap(), r#"[{"a":7,"n":1}]"#);
    let endless = |limit| database.first_at_once(ENDLESS, &HostParams::default(), Large::Refused, limit);
    assert!(endless(Duration::from_millis(5)).is_none());
}

#[test]
fn a_statement_of_a_host_that_would_wait_is_not_run_and_the_busy_timeout_stays() {
    let fixture = Fixture::new();
    let (database, other) = (open(&fixture), open(&fixture));
    database.exec("CREATE TABLE t (a); PRAGMA busy_timeout = 1234").unwrap();
    other.exec("BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)").unwrap();
    assert_eq!(first(&database, "SELECT a FROM t"), None);
    other.exec("COMMIT").unwrap();
    assert_eq!(first(&database, "SELECT a FROM t").unwrap(), r#"[{"a":1}]"#);
    let timeout = database.first("PRAGMA busy_timeout", &HostParams::default(), Large::Refused).unwrap();
    assert_eq!(timeout.unwrap().json, r#"[{"timeout":1234}]"#);
}
