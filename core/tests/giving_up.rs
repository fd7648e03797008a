//! Calls that are cancelled, that reach their time limit, or whose handle is closed.

#![allow(clippy::unwrap_used, reason = "a test ends where it does not find what it needs")]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use common::{Fixture, value};
use mcoda_core::calls::Target;
use mcoda_core::{CancelToken, ErrorKind, Result, SqlParams, Table, TokenUsage, Workspace};
use serde_json::json;

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";

fn run_query(workspace: &Workspace) -> Result<Table> {
    workspace.query(ENDLESS, &SqlParams::default())
}

/// Makes the call on a separate thread, and interrupts the handle until it has ended.
fn interrupted<T: Send>(workspace: &Workspace, call: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let call = scope.spawn(call);
        while !call.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
            workspace.interrupt();
        }
        call.join().unwrap()
    })
}

#[test]
fn an_interrupted_query_is_cancelled_and_the_handle_remains_usable() {
    let fixture = Fixture::new();
    for workspace in [fixture.open(), Workspace::open_db(":memory:").unwrap()] {
        let error = interrupted(&workspace, || run_query(&workspace)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        workspace.query("SELECT 1", &SqlParams::default()).unwrap();
        workspace.record_token_usage(&TokenUsage::default()).unwrap();
    }
}

#[test]
fn whoever_waits_is_interrupted_and_has_written_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let writer = fixture.raw();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2 {
        let late = interrupted(&workspace, || workspace.record_token_usage(&TokenUsage::default()));
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Cancelled);
    }
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(value::<i64>(&fixture.raw(), "SELECT count(*) FROM token_usage"), 0);
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
}

#[test]
fn an_interrupted_batch_is_rolled_back() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let calls = json!([[
        {"call": "projects.ensure", "args": [{"key": "P"}]},
        {"call": "query", "args": [ENDLESS]},
    ]]);
    let batch = || Target::Workspace(&workspace).call("batch", calls.as_array().unwrap()).map(drop);
    let error = interrupted(&workspace, batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(value::<i64>(&fixture.raw(), "SELECT count(*) FROM projects"), 0);
}

#[test]
fn a_time_limit_ends_what_reads_and_what_waits_whoever_sets_it() {
    let fixture = Fixture::new();
    let limit = Duration::from_millis(60);
    let workspace = fixture.options().call_timeout(limit).open(fixture.root()).unwrap();
    let error = run_query(&workspace).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().contains("0.06 s"), "{error}");
    let unlimited = fixture.open();
    let writer = fixture.raw();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let record = |workspace: &Workspace| workspace.record_token_usage(&TokenUsage::default());
    assert_eq!(record(&workspace).unwrap_err().kind(), ErrorKind::Cancelled);
    let token = CancelToken::with_limit(limit);
    let error = token.during(|| record(&unlimited)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let token = CancelToken::with_limit(limit);
    assert_eq!(token.during(|| run_query(&unlimited)).unwrap_err().kind(), ErrorKind::Cancelled);
    writer.execute_batch("COMMIT").unwrap();
    record(&workspace).unwrap();
}

#[test]
fn opening_a_locked_database_can_be_cancelled() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.home()).unwrap();
    let file = fixture.home().join("other.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE").unwrap();
    let token = CancelToken::with_limit(Duration::from_millis(60));
    let error = token.during(|| fixture.options().open_db(&file)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
}

#[test]
fn a_query_that_waits_to_begin_can_be_cancelled() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.home()).unwrap();
    let file = fixture.home().join("other.db");
    drop(fixture.options().open_db(&file).unwrap());
    let other = rusqlite::Connection::open(&file).unwrap();
    // A reader of a rollback journal waits for its writer.
    other.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let workspace = fixture.options().read_only(true).open_db(&file).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let token = CancelToken::with_limit(Duration::from_millis(60));
    let error = token.during(|| workspace.query("SELECT * FROM tasks", &SqlParams::default()));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    let token = CancelToken::with_limit(Duration::from_millis(60));
    let error = token.during(|| workspace.tasks().list(None));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn calls_of_a_transaction_wait_for_each_other_no_longer_than_the_busy_timeout() {
    let fixture = Fixture::new();
    let options = fixture.options().busy_timeout(Duration::from_millis(100));
    let workspace = options.open(fixture.root()).unwrap();
    let transaction = workspace.begin(Some(Duration::from_secs(600))).unwrap();
    let token = CancelToken::new();
    let (begun, has_begun) = mpsc::channel();
    std::thread::scope(|scope| {
        let query = scope.spawn(|| {
            token.during(|| {
                begun.send(()).unwrap();
                run_query(&transaction)
            })
        });
        has_begun.recv().unwrap();
        let busy = loop {
            if let Err(error) = transaction.query("SELECT 1", &SqlParams::default()) {
                break error;
            }
        };
        token.cancel();
        assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
        assert_eq!(query.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    });
    transaction.record_token_usage(&TokenUsage::default()).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_look_may_close_the_handle_or_end_the_transaction_that_it_looks_from() {
    let fixture = Fixture::new();
    let workspace = Arc::new(fixture.open());
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let transaction = Arc::new(workspace.begin(None).unwrap());
    let ended = Arc::clone(&transaction);
    let token = CancelToken::with_check(None, move || {
        ended.rollback();
        false
    });
    let error = token.during(|| run_query(&transaction)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    drop(token);
    drop(transaction);

    let (looks, closed) = (Arc::new(AtomicU32::new(0)), Arc::clone(&workspace));
    let count = Arc::clone(&looks);
    let token = CancelToken::with_check(None, move || {
        count.fetch_add(1, Ordering::SeqCst);
        closed.close().unwrap();
        false
    });
    assert_eq!(token.during(|| run_query(&workspace)).unwrap_err().kind(), ErrorKind::Closed);
    assert!(looks.load(Ordering::SeqCst) >= 1);
    for late in [
        workspace.query("SELECT 1", &SqlParams::default()).map(drop),
        workspace.record_token_usage(&TokenUsage::default()).map(drop),
    ] {
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Closed);
    }
    drop(token);
    drop(workspace);
    assert_eq!(fixture.open().token_usage(&Default::default()).unwrap().len(), 1);
}

#[test]
fn a_cancelled_backup_leaves_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let target = fixture.home().join("copy.db");
    let token = CancelToken::new();
    token.cancel();
    let error = token.during(|| workspace.backup_to(&target)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(!target.exists() && !fixture.home().join("copy.db.partial").exists());
    workspace.backup_to(&target).unwrap();
}
