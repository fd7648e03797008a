//! Queries in parallel with writing calls, and the write-ahead log that both use.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use mcoda_core::{
    CancelToken, ErrorKind, SqlParams, SqlValue, TokenUsage, TokenUsageQuery, TransitionContext, Workspace,
};

/// A query that never ends by itself.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn usage() -> TokenUsage {
    TokenUsage { tokens_prompt: Some(1), ..TokenUsage::default() }
}

fn count(workspace: &Workspace) -> i64 {
    let table = workspace.query("SELECT count(*) FROM token_usage", &SqlParams::default()).unwrap();
    let SqlValue::Integer(count) = table.rows[0][0] else { panic!("{table:?}") };
    count
}

fn in_file() -> (tempfile::TempDir, PathBuf, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let workspace = Workspace::open_db(&file).unwrap();
    (folder, file, workspace)
}

fn log_size(file: &Path) -> u64 {
    file.with_extension("db-wal").metadata().map_or(0, |log| log.len())
}

/// Queries continuously on separate threads, until `work` is done.
fn in_parallel_with_queries<T>(workspace: &Workspace, queries: usize, work: impl FnOnce() -> T) -> T {
    let token = CancelToken::new();
    std::thread::scope(|scope| {
        for _ in 0..queries {
            scope.spawn(|| {
                let ended = token.during(|| workspace.query(ENDLESS, &SqlParams::default()));
                assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
            });
        }
        // Even if it panics: otherwise the test would hang.
        struct Cancel<'t>(&'t CancelToken);
        impl Drop for Cancel<'_> {
            fn drop(&mut self) {
                self.0.cancel();
            }
        }
        let _cancel = Cancel(&token);
        work()
    })
}

#[test]
fn a_query_does_not_wait_for_an_open_transaction() {
    let (_folder, _file, workspace) = in_file();
    workspace.record_token_usage(&usage()).unwrap();
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage()).unwrap();
    assert_eq!((count(&workspace), count(&transaction)), (1, 2), "the state before it, and that within");
    assert_eq!(workspace.token_usage(&TokenUsageQuery::default()).unwrap().len(), 1);
    let mut cursor = workspace.token_usage_cursor(&TokenUsageQuery::default()).unwrap();
    assert_eq!(cursor.next_chunk(10).unwrap().len(), 1);
    transaction.commit().unwrap();
    assert_eq!(count(&workspace), 2);
}

#[test]
fn a_record_does_not_wait_for_a_long_query() {
    let folder = tempfile::tempdir().unwrap();
    let options = Workspace::options().json_log_in(folder.path()).busy_timeout(Duration::from_millis(500));
    let workspace = options.open_db(folder.path().join("mcoda.db")).unwrap();
    in_parallel_with_queries(&workspace, 3, || {
        for number in 1..=50 {
            assert!(workspace.record_token_usage(&usage()).unwrap().logged);
            assert_eq!(count(&workspace), number);
        }
        let unknown =
            workspace.record_status_transition("none", "in_progress", &TransitionContext::default());
        assert_eq!(unknown.unwrap_err().kind(), ErrorKind::NotFound);
    });
    assert_eq!(count(&workspace), 50);
}

#[test]
fn a_query_that_finds_all_connections_in_use_waits_or_times_out() {
    let folder = tempfile::tempdir().unwrap();
    let options = Workspace::options().busy_timeout(Duration::from_millis(100));
    let workspace = options.open_db(folder.path().join("mcoda.db")).unwrap();
    let run_query = || workspace.query("SELECT 1", &SqlParams::default());
    in_parallel_with_queries(&workspace, 4, || {
        let start = Instant::now();
        // Until all four have begun.
        let busy = loop {
            match run_query() {
                Err(error) => break error,
                Ok(_) => assert!(start.elapsed() < Duration::from_secs(20), "there are more than four"),
            }
        };
        assert_eq!(busy.kind(), ErrorKind::Busy);
        assert!(busy.message().contains("other calls of this handle"), "{busy}");
        let token = CancelToken::new();
        token.cancel();
        let error = token.during(run_query).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        workspace.record_token_usage(&usage()).unwrap();
    });
    run_query().unwrap();
}

#[test]
fn every_thread_sees_what_was_acknowledged_before_its_query() {
    let (_folder, _file, workspace) = in_file();
    let acknowledged = AtomicI64::new(0);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut last = 0;
                while !is_done.load(Ordering::SeqCst) {
                    let least = acknowledged.load(Ordering::SeqCst).max(last);
                    last = count(&workspace);
                    assert!(last >= least, "{last} of {least}");
                }
            });
        }
        for _ in 0..500 {
            workspace.record_token_usage(&usage()).unwrap();
            let number = acknowledged.fetch_add(1, Ordering::SeqCst) + 1;
            assert_eq!(count(&workspace), number);
        }
        is_done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn closing_ends_queries_and_lets_no_new_one_begin() {
    let (_folder, file, workspace) = in_file();
    workspace.record_token_usage(&usage()).unwrap();
    // Some idle connections, too.
    in_parallel_with_queries(&workspace, 3, || std::thread::sleep(Duration::from_millis(50)));
    std::thread::scope(|scope| {
        // More than there are connections: some of them wait.
        for _ in 0..6 {
            scope.spawn(|| {
                let ended = workspace.query(ENDLESS, &SqlParams::default());
                assert_eq!(ended.unwrap_err().kind(), ErrorKind::Closed);
            });
        }
        std::thread::sleep(Duration::from_millis(100));
        // Only closing ends them.
        workspace.close().unwrap();
        let late = workspace.query("SELECT 1", &SqlParams::default()).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Closed);
    });
    workspace.close().unwrap();
    let late = workspace.token_usage(&TokenUsageQuery::default()).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
    // The last connection was a writing one, so the log was checkpointed.
    assert!(!file.with_extension("db-wal").exists());
}

#[test]
fn a_handle_that_is_dropped_leaves_no_log() {
    let (_folder, file, workspace) = in_file();
    for _ in 0..300 {
        workspace.record_token_usage(&usage()).unwrap();
    }
    assert_eq!(count(&workspace), 300);
    drop(workspace);
    assert!(!file.with_extension("db-wal").exists());
}

#[cfg(unix)]
#[test]
fn no_reader_is_opened_on_another_file_than_the_writers() {
    let (folder, file, workspace) = in_file();
    let removed = "the database file was removed or replaced";
    let other = folder.path().join("other.db");
    Workspace::open_db(&other).unwrap().record_token_usage(&usage()).unwrap();
    std::fs::remove_file(&file).unwrap();
    let error = workspace.query("SELECT 1", &SqlParams::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.message().contains(removed), "{error}");
    assert!(!file.exists(), "a query creates nothing");
    std::fs::rename(&other, &file).unwrap();
    let error = workspace.token_usage(&TokenUsageQuery::default()).unwrap_err();
    assert!(error.message().contains(removed), "{error}");
    workspace.close().unwrap();
}

#[cfg(unix)]
#[test]
fn an_open_reader_continues_after_the_file_was_removed() {
    let (_folder, file, workspace) = in_file();
    workspace.record_token_usage(&usage()).unwrap();
    assert_eq!(count(&workspace), 1);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(count(&workspace), 1);
    assert_eq!(workspace.record_token_usage(&usage()).unwrap_err().kind(), ErrorKind::Storage);
}

#[cfg(target_os = "linux")]
#[test]
fn a_handle_that_only_records_opens_no_second_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let workspace = Workspace::options().json_log_in(folder.path()).open_db(&file).unwrap();
    let descriptors = || {
        let own = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        own.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|target| target == file)).count()
    };
    workspace.record_token_usage(&usage()).unwrap();
    let before = descriptors();
    for _ in 0..20 {
        workspace.record_token_usage(&usage()).unwrap();
    }
    assert_eq!(descriptors(), before);
    count(&workspace);
    assert_eq!(descriptors(), before + 1, "the query shows that another connection would be seen");
}

#[test]
fn read_only_handles_query_in_parallel() {
    let (_folder, file, workspace) = in_file();
    workspace.record_token_usage(&usage()).unwrap();
    let reading = Workspace::options().read_only(true).busy_timeout(Duration::from_millis(500));
    let reading = reading.open_db(&file).unwrap();
    in_parallel_with_queries(&reading, 2, || {
        for number in 2..10 {
            workspace.record_token_usage(&usage()).unwrap();
            assert_eq!(count(&reading), number);
        }
    });
}

#[test]
fn a_rollback_journal_or_in_memory_database_uses_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    drop(Workspace::open_db(&file).unwrap());
    rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
        .unwrap();
    let options = |workspace: mcoda_core::Options| workspace.busy_timeout(Duration::from_millis(50));
    let reading = options(Workspace::options().read_only(true)).open_db(&file).unwrap();
    let in_memory = options(Workspace::options()).open_db(":memory:").unwrap();
    in_memory.record_token_usage(&usage()).unwrap();
    assert_eq!(count(&in_memory), 1, "in memory another connection would see another database");
    for workspace in [reading, in_memory] {
        in_parallel_with_queries(&workspace, 1, || {
            let start = Instant::now();
            while workspace.query("SELECT 1", &SqlParams::default()).is_ok() {
                assert!(start.elapsed() < Duration::from_secs(20), "it has another connection");
            }
        });
    }
}

/// The limit is the length from which queries are blocked, plus what is written until they have ended:
/// on a busy machine, short queries may take too long for an earlier checkpoint.
#[test]
fn the_log_stays_short_with_a_steady_writer_and_short_queries() {
    const BOUND: u64 = 80 << 20;
    let (_folder, file, workspace) = in_file();
    let is_done = AtomicBool::new(false);
    let mut longest = 0;
    let mut written = 0;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::SeqCst) {
                    count(&workspace);
                }
            });
        }
        let batch = vec![TokenUsage { model_name: Some("m".repeat(5000)), ..usage() }; 20];
        for _ in 0..1500 {
            workspace.record_token_usages(&batch).unwrap();
            written += batch.len() as u64 * 5000;
            longest = longest.max(log_size(&file));
            // On a machine without an idle core nothing else would run, including the checkpoint.
            std::thread::sleep(Duration::from_millis(2));
        }
        is_done.store(true, Ordering::SeqCst);
    });
    assert!(written > BOUND * 3 / 2, "{written} would not show it");
    assert!(longest < BOUND, "{longest}");
    // The file shrinks when the log starts over.
    let start = Instant::now();
    while log_size(&file) > 8 << 20 {
        workspace.record_token_usage(&usage()).unwrap();
        assert!(start.elapsed() < Duration::from_secs(20), "{}", log_size(&file));
    }
}

/// Each query sees an old part of the log, and the next has begun before it ends. How long the log gets depends on
/// how much is written while queries are blocked.
#[test]
fn the_log_starts_over_even_if_queries_never_pause() {
    let (_folder, file, workspace) = in_file();
    let is_done = AtomicBool::new(false);
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) \
                SELECT count(*), (SELECT count(*) FROM token_usage) FROM n";
    let mut longest = 0;
    let mut written = 0;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_done.load(Ordering::SeqCst) {
                    workspace.query(slow, &SqlParams::default()).unwrap();
                }
            });
        }
        let batch = vec![TokenUsage { model_name: Some("m".repeat(50_000)), ..usage() }; 20];
        for _ in 0..400 {
            workspace.record_token_usages(&batch).unwrap();
            written += batch.len() as u64 * 50_000;
            longest = longest.max(log_size(&file));
            std::thread::sleep(Duration::from_millis(4));
        }
        is_done.store(true, Ordering::SeqCst);
    });
    assert!(longest < written / 2, "{longest} of {written}");
}
