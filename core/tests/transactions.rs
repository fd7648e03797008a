//! Several calls in one transaction.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mcoda_core::{
    AgentContext, CancelToken, ErrorKind, Global, NewProject, Result, SqlParams, SqlValue, TokenUsage,
    TokenUsageQuery, Transaction, Workspace,
};

fn project(key: &str) -> NewProject {
    NewProject { key: key.to_owned(), ..NewProject::default() }
}

fn usage(id: &str) -> TokenUsage {
    TokenUsage { id: Some(id.to_owned()), tokens_prompt: Some(1), ..TokenUsage::default() }
}

fn count(workspace: &Workspace) -> i64 {
    let table = workspace.query("SELECT count(*) FROM token_usage", &SqlParams::default()).unwrap();
    let SqlValue::Integer(count) = table.rows[0][0] else { panic!("{table:?}") };
    count
}

fn in_file() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::open_db(folder.path().join("mcoda.db")).unwrap();
    (folder, workspace)
}

#[test]
fn all_calls_of_a_transaction_take_effect_together() {
    let (_folder, workspace) = in_file();
    let found = workspace
        .transaction(|tx| {
            tx.projects().ensure(&project("A"))?;
            tx.record_token_usage(&usage("1"))?;
            tx.record_agent_response(
                r#"{"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}"#,
                &AgentContext::default(),
            )?;
            // Queries within it see its changes.
            Ok((tx.projects().list()?.len(), tx.token_usage(&TokenUsageQuery::default())?.len(), count(tx)))
        })
        .unwrap();
    assert_eq!(found, (1, 2, 2));
    assert_eq!(count(&workspace), 2);
}

#[test]
fn a_transaction_that_fails_or_panics_changes_nothing() {
    let (_folder, workspace) = in_file();
    let failed: Result<()> = workspace.transaction(|tx| {
        tx.record_token_usage(&usage("1"))?;
        tx.record_token_usage(&TokenUsage { task_id: Some("none".to_owned()), ..usage("2") })?;
        Ok(())
    });
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = workspace.transaction(|tx| -> Result<()> {
            tx.record_token_usage(&usage("1"))?;
            panic!("a fault of the host's");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(count(&workspace), 0);
    workspace.record_token_usage(&usage("1")).unwrap();
}

#[test]
fn a_call_that_fails_changes_nothing_and_the_transaction_continues() {
    let (_folder, workspace) = in_file();
    workspace
        .transaction(|tx| {
            tx.record_token_usage(&usage("1"))?;
            // The first record of the batch would be new.
            let conflict = TokenUsage { tokens_prompt: Some(2), ..usage("1") };
            let error = tx.record_token_usages(&[usage("2"), conflict]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert_eq!(count(tx), 1);
            tx.record_token_usage(&usage("3"))
        })
        .unwrap();
    assert_eq!(count(&workspace), 2);
}

#[test]
fn calls_that_cannot_be_rolled_back_are_refused_in_a_transaction() {
    let (folder, workspace) = in_file();
    let kind = |error: mcoda_core::Error| error.kind();
    workspace
        .transaction(|tx| {
            let refused = [
                tx.close().map_err(kind),
                tx.backup_to(folder.path().join("copy.db")).map_err(kind),
                tx.transaction(|_| Ok(())).map_err(kind),
                tx.begin(None).map(drop).map_err(kind),
                tx.token_usage_cursor(&TokenUsageQuery::default()).map(drop).map_err(kind),
                tx.record_agent_file("none", &AgentContext::default()).map(drop).map_err(kind),
                tx.opt_out(false).map(drop).map_err(kind),
            ];
            assert_eq!(refused, [Err(ErrorKind::Unsupported); 7]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_transaction_stays_open_until_it_is_committed() {
    let (_folder, workspace) = in_file();
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage("1")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| transaction.record_token_usage(&usage("2")).unwrap());
        scope.spawn(|| transaction.record_token_usage(&usage("3")).unwrap());
    });
    assert_eq!(count(&transaction), 3);
    assert!(!transaction.commit().unwrap(), "there is no JSON log");
    assert_eq!(count(&workspace), 3);
    let error = transaction.record_token_usage(&usage("4")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(error.message().contains("committed"), "{error}");
    assert_eq!(transaction.commit().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_transaction_that_is_rolled_back_or_dropped_changes_nothing() {
    let (_folder, workspace) = in_file();
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage("1")).unwrap();
    transaction.rollback();
    transaction.rollback();
    assert!(transaction.commit().unwrap_err().message().contains("rolled back"));
    assert_eq!(count(&workspace), 0);
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage("1")).unwrap();
    drop(transaction);
    assert_eq!(count(&workspace), 0);
}

#[test]
fn a_transaction_is_rolled_back_at_its_time_limit_without_a_call() {
    let (_folder, workspace) = in_file();
    let transaction = workspace.begin(Some(Duration::from_millis(50))).unwrap();
    transaction.record_token_usage(&usage("1")).unwrap();
    // Another call of the handle waits for its end.
    workspace.record_token_usage(&usage("2")).unwrap();
    let error = transaction.record_token_usage(&usage("3")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(error.message().contains("0.05 s, its time limit"), "{error}");
    assert_eq!(count(&workspace), 1);
}

#[test]
fn closing_the_handle_rolls_its_transaction_back() {
    let (folder, workspace) = in_file();
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage("1")).unwrap();
    let started = Instant::now();
    workspace.close().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "it did not wait for the time limit");
    let error = transaction.record_token_usage(&usage("2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(workspace.begin(None).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(count(&Workspace::open_db(folder.path().join("mcoda.db")).unwrap()), 0);
}

#[test]
fn other_calls_of_the_handle_wait_behind_a_transaction() {
    let (_folder, workspace) = in_file();
    let transaction = workspace.begin(None).unwrap();
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            workspace.record_token_usage(&usage("1")).unwrap();
            assert!(has_ended.load(Ordering::SeqCst));
        });
        std::thread::sleep(Duration::from_millis(100));
        has_ended.store(true, Ordering::SeqCst);
        transaction.commit().unwrap();
    });
    assert_eq!(count(&workspace), 1);
}

#[test]
fn calls_wait_for_a_transaction_of_their_handle_longer_than_the_busy_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let options = Workspace::options().busy_timeout(Duration::from_millis(250));
    let workspace = options.clone().open_db(folder.path().join("mcoda.db")).unwrap();
    let transaction = workspace.begin(None).unwrap();
    std::thread::scope(|scope| {
        let writers: Vec<_> = ["1", "2"]
            .map(|id| {
                let workspace = &workspace;
                scope.spawn(move || workspace.record_token_usage(&usage(id)))
            })
            .into();
        std::thread::sleep(Duration::from_millis(800));
        transaction.commit().unwrap();
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
    });
    // A handle with a timeout of 0 does not wait for a transaction either.
    let hurried = Workspace::options().busy_timeout(Duration::ZERO);
    let hurried = hurried.open_db(folder.path().join("mcoda.db")).unwrap();
    let _transaction = hurried.begin(None).unwrap();
    assert_eq!(hurried.record_token_usage(&usage("3")).unwrap_err().kind(), ErrorKind::Busy);
    // Nor does a thread wait for its own transaction.
    let itself = options.open_db(folder.path().join("other.db")).unwrap();
    let _transaction = itself.begin(None).unwrap();
    assert_eq!(itself.record_token_usage(&usage("3")).unwrap_err().kind(), ErrorKind::Busy);
}

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

#[test]
fn the_end_of_a_transaction_stops_its_query() {
    let (_folder, workspace) = in_file();
    let transaction = workspace.begin(Some(Duration::from_millis(50))).unwrap();
    let error = transaction.query(ENDLESS, &SqlParams::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(error.message().contains("its time limit"), "{error}");

    let ends: [fn(&Workspace, &Transaction<Workspace>); 2] =
        [|_, transaction| transaction.rollback(), |workspace, _| workspace.close().unwrap()];
    for end in ends {
        let (_folder, workspace) = in_file();
        let transaction = workspace.begin(None).unwrap();
        std::thread::scope(|scope| {
            let query = scope.spawn(|| transaction.query(ENDLESS, &SqlParams::default()).unwrap_err());
            std::thread::sleep(Duration::from_millis(50));
            end(&workspace, &transaction);
            assert_eq!(query.join().unwrap().kind(), ErrorKind::Closed);
        });
    }
}

#[test]
fn a_query_in_a_transaction_can_be_cancelled() {
    let (_folder, workspace) = in_file();
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage("1")).unwrap();
    let token = CancelToken::new();
    std::thread::scope(|scope| {
        let query =
            scope.spawn(|| token.during(|| transaction.query(ENDLESS, &SqlParams::default()).unwrap_err()));
        std::thread::sleep(Duration::from_millis(50));
        token.cancel();
        assert_eq!(query.join().unwrap().kind(), ErrorKind::Cancelled);
    });
    // No other call with this token begins, and the transaction continues.
    let late = token.during(|| transaction.record_token_usage(&usage("2"))).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Cancelled);
    transaction.record_token_usage(&usage("2")).unwrap();
    transaction.commit().unwrap();
    assert_eq!(count(&workspace), 2);
}

#[test]
fn a_call_that_waits_for_its_own_handle_fails_at_the_busy_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let options = Workspace::options().busy_timeout(Duration::from_millis(50));
    let workspace = options.open_db(folder.path().join("mcoda.db")).unwrap();
    let error = workspace.transaction(|_| workspace.record_token_usage(&usage("1"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    workspace.record_token_usage(&usage("1")).unwrap();
}

/// They wait for each other and then for the other program, and the timeout is that of both waits together.
#[test]
fn calls_that_queue_behind_a_waiting_writer_fail_at_the_busy_timeout() {
    const TIMEOUT: Duration = Duration::from_millis(300);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let workspace = Workspace::options().busy_timeout(TIMEOUT).open_db(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // One after another they would take four times the timeout.
    let begun = Instant::now();
    std::thread::scope(|threads| {
        for id in ["1", "2", "3", "4"] {
            let workspace = &workspace;
            threads.spawn(move || {
                let error = workspace.record_token_usage(&usage(id)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
                assert!(begun.elapsed() >= TIMEOUT.mul_f64(0.9), "{:?}", begun.elapsed());
            });
        }
    });
    assert!(begun.elapsed() < 3 * TIMEOUT, "{:?}", begun.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(count(&workspace), 0);
    workspace.record_token_usage(&usage("1")).unwrap();
}

#[test]
fn records_reach_the_log_after_the_commit_and_never_before() {
    let folder = tempfile::tempdir().unwrap();
    let options = Workspace::options().json_log_in(folder.path());
    let workspace = options.open_db(folder.path().join("mcoda.db")).unwrap();
    let logged = || {
        let text = std::fs::read_to_string(folder.path().join("token_usage.json")).unwrap_or_default();
        let entries: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
        entries.len()
    };
    let transaction = workspace.begin(None).unwrap();
    assert!(!transaction.record_token_usage(&usage("1")).unwrap().logged);
    assert!(!transaction.record_token_usages(&[usage("2"), usage("3")]).unwrap()[0].logged);
    assert_eq!(logged(), 0);
    assert!(transaction.commit().unwrap());
    assert_eq!(logged(), 3);
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage("4")).unwrap();
    transaction.rollback();
    workspace.record_token_usage(&usage("5")).unwrap();
    assert_eq!(logged(), 4);
}

#[test]
fn the_global_database_has_transactions_too() {
    let global = Global::open_db(":memory:").unwrap();
    let failed: Result<()> = global.transaction(|tx| {
        tx.record_token_usage(&usage("1"))?;
        Err(mcoda_core::Error::invalid("x", 1, "2"))
    });
    assert!(failed.is_err());
    global.transaction(|tx| tx.record_token_usage(&usage("2"))).unwrap();
    assert_eq!(global.token_usage(&TokenUsageQuery::default()).unwrap().len(), 1);
}
