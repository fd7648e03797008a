//! SQL queries of the host, backups, and cancelled calls.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::*;
use mcoda_core::{CancelToken, ErrorKind, SqlParams, SqlValue, TokenUsage, Workspace};
use serde_json::{Value, json};

fn rows(workspace: &Workspace, sql: &str, params: Value) -> Value {
    let params = SqlParams::from_json(&params).unwrap();
    serde_json::to_value(workspace.query(sql, &params).unwrap_or_else(|error| panic!("{sql}: {error}")))
        .unwrap()
}

#[test]
fn a_query_returns_rows_by_column() {
    let workspace = Workspace::open_db(":memory:").unwrap();
    let sql = "SELECT ?1 AS a, ?2 AS b, 2.0 AS c, 0.5 AS d, x'00ff' AS e, NULL AS f, 9e999 AS g";
    assert_eq!(
        rows(&workspace, sql, json!([7, "x"])),
        json!([{"a": 7, "b": "x", "c": 2, "d": 0.5, "e": "00ff", "f": null, "g": null}])
    );
    assert_eq!(rows(&workspace, "SELECT 1 AS a WHERE 0", json!(null)), json!([]));
    let named = json!({"a": true, ":b": 1.5});
    assert_eq!(
        rows(&workspace, "SELECT :a AS a, :b AS b, @a IS NULL AS c", json!({"a": 1, ":b": 2, "@a": null})),
        json!([{"a": 1, "b": 2, "c": 1}])
    );
    assert_eq!(rows(&workspace, "SELECT $a AS a, :b AS b", named), json!([{"a": 1, "b": 1.5}]));
    let table = workspace.query("VALUES (x'01')", &SqlParams::default()).unwrap();
    assert_eq!(
        (table.columns, table.rows),
        (vec!["column1".to_owned()], vec![vec![SqlValue::Blob(vec![1])]])
    );
}

#[test]
fn a_query_can_look_at_the_schema_and_at_the_settings() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    assert_eq!(rows(&workspace, "PRAGMA journal_mode", json!([])), json!([{"journal_mode": "wal"}]));
    assert_eq!(rows(&workspace, "PRAGMA foreign_keys", json!([])), json!([{"foreign_keys": 1}]));
    assert_eq!(rows(&workspace, "PRAGMA busy_timeout;", json!([])), json!([{"timeout": 30000}]));
    assert_eq!(rows(&workspace, "PRAGMA integrity_check", json!([])), json!([{"integrity_check": "ok"}]));
    let columns = rows(&workspace, "SELECT name FROM pragma_table_info('tasks') WHERE pk", json!([]));
    assert_eq!(columns, json!([{"name": "id"}]));
    let keys = rows(&workspace, "SELECT key FROM json_each(?1)", json!([r#"{"a": 1}"#]));
    assert_eq!(keys, json!([{"key": "a"}]));
    assert!(
        rows(&workspace, "EXPLAIN QUERY PLAN SELECT * FROM tasks", json!([])).as_array().unwrap().len() == 1
    );
    assert_eq!(
        rows(&workspace, "-- a comment\nSELECT 1 AS a; -- and one behind", json!([])),
        json!([{"a": 1}])
    );
}

#[test]
fn a_query_that_would_change_anything_is_refused() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let before = fixture.everything();
    let other = fixture.home().join("other.db");
    let attach = format!("ATTACH '{}' AS other", other.display());
    let vacuum = format!("VACUUM INTO '{}'", other.display());
    for sql in [
        "DELETE FROM token_usage",
        "DELETE FROM token_usage RETURNING id",
        "INSERT INTO projects (id, key, created_at, updated_at) VALUES ('a', 'b', 'c', 'd')",
        "UPDATE token_usage SET tokens_prompt = 1",
        "UPDATE sqlite_master SET sql = NULL",
        "UPDATE sqlite_master SET sql = NULL RETURNING name",
        "INSERT INTO sqlite_master (type) VALUES ('a') RETURNING type",
        "DELETE FROM sqlite_master RETURNING name",
        "WITH a AS (SELECT 1) DELETE FROM token_usage",
        "DROP TABLE token_usage",
        "CREATE TABLE a (b)",
        "CREATE TEMP TABLE a (b)",
        "CREATE VIRTUAL TABLE a USING fts5(b)",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA foreign_keys(0)",
        "PRAGMA busy_timeout = 1",
        "PRAGMA synchronous = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA user_version = 99",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA optimize",
        "PRAGMA writable_schema = ON",
        "SELECT * FROM pragma_busy_timeout(1)",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "VACUUM",
        "REINDEX",
        "ANALYZE",
        &attach,
        &vacuum,
        "DETACH main",
        "SELECT 1; DELETE FROM token_usage",
        "SELECT 1; SELECT 2",
        "SELECT load_extension('x')",
        "",
        ";",
        "-- nothing",
        "SELECT",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM tasks",
        "SELECT 1 AS a, 2 AS a",
        "SELECT json('{')",
    ] {
        let error = workspace.query(sql, &SqlParams::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{sql}: {error}");
        assert!(error.message().starts_with("sql: "), "{sql}: {error}");
    }
    assert_eq!(fixture.everything(), before);
    assert!(!other.exists());
    assert_eq!(rows(&workspace, "PRAGMA foreign_keys", json!([])), json!([{"foreign_keys": 1}]));
    assert_eq!(rows(&workspace, "PRAGMA busy_timeout", json!([])), json!([{"timeout": 30000}]));
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let workspace = Workspace::open_db(":memory:").unwrap();
    for (sql, params) in [
        ("SELECT ?1 AS a", json!([])),
        ("SELECT ?1 AS a", json!([1, 2])),
        ("SELECT 1 AS a", json!({"a": 1})),
        ("SELECT :a AS a", json!({"b": 1})),
        ("SELECT :ä AS a", json!({"é": 1})),
        ("SELECT ? AS a", json!({"": 1})),
    ] {
        let params = SqlParams::from_json(&params).unwrap();
        let error = workspace.query(sql, &params).unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::InvalidInput, Some("params")),
            "{sql}: {error}"
        );
    }
    for params in
        [json!("a"), json!([[1]]), json!([{"a": 1}]), json!({"a": [1]}), json!([u64::MAX]), json!(7)]
    {
        let error = SqlParams::from_json(&params).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("params")), "{params}");
    }
}

#[test]
fn a_backup_is_a_complete_database_that_opens() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let one = TokenUsage { id: Some("one".into()), ..TokenUsage::default() };
    workspace.record_token_usage(&one).unwrap();
    let target = fixture.home().join("copy.db");
    workspace.backup_to(&target).unwrap();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let copy = fixture.options().workspace_id(workspace.id()).open_db(&target).unwrap();
    assert_eq!(copy.token_usage(&Default::default()).unwrap().len(), 1);
    assert!(copy.record_token_usage(&one).unwrap().duplicate);
    assert_eq!(rows(&copy, "PRAGMA integrity_check", json!([])), json!([{"integrity_check": "ok"}]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let left: Vec<_> =
        std::fs::read_dir(fixture.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_no_partial_file() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let target = fixture.home().join("precious");
    std::fs::write(&target, "precious").unwrap();
    assert_refused(workspace.backup_to(&target), ErrorKind::Conflict, "precious");
    assert_refused(workspace.backup_to(workspace.database_path()), ErrorKind::Conflict, "mcoda.db");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    assert_refused(workspace.backup_to(fixture.home().join("none/copy.db")), ErrorKind::Storage, "none");
    assert_refused(workspace.backup_to(""), ErrorKind::InvalidInput, "path");
    let running = fixture.home().join("copy.db.partial");
    std::fs::write(&running, "").unwrap();
    assert_refused(
        workspace.backup_to(fixture.home().join("copy.db")),
        ErrorKind::Conflict,
        "copy.db.partial",
    );
    assert!(running.exists(), "somebody else's copy is not ours to remove");
}

/// At any time, either the other program gets the name, or the backup.
#[test]
fn a_file_that_appears_while_a_backup_is_written_is_kept() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let metadata = json!({"text": "x".repeat(4000)});
    let batch: Vec<_> = (0..500).map(|_| usage(json!({"metadata": metadata}))).collect();
    workspace.record_token_usages(&batch).unwrap();
    for round in 0..rounds(20) {
        let target = fixture.home().join(format!("{round}.db"));
        let partial = fixture.home().join(format!("{round}.db.partial"));
        let (copied, taken) = std::thread::scope(|scope| {
            let backup = scope.spawn(|| workspace.backup_to(&target));
            while !partial.exists() && !backup.is_finished() {
                std::hint::spin_loop();
            }
            let taken = std::fs::File::create_new(&target).is_ok();
            (backup.join().unwrap(), taken)
        });
        assert!(!partial.exists());
        if taken {
            assert_refused(copied, ErrorKind::Conflict, "already");
            assert_eq!(target.metadata().unwrap().len(), 0, "what another program made stays");
        } else {
            copied.unwrap();
        }
    }
}

#[test]
fn a_backup_does_not_overwrite_another_file() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let folder = fixture.workspace_folder();
    let names = ["x.db-wal", "x.db-shm", "x.db-journal", "X.DB-WAL", "-wal"];
    let beside =
        ["mcoda.db-journal", "token_usage.json", "token_usage.json.lock", "workspace.json", "CONFIG.json"];
    let paths = names.map(|name| fixture.home().join(name)).into_iter();
    for path in paths.chain(beside.map(|name| folder.join(name))) {
        let error = workspace.backup_to(&path).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("path")), "{error}");
        // An open workspace has its id in this file.
        assert!(!path.exists() || path.ends_with("workspace.json"), "{error}");
    }
    workspace.backup_to(fixture.home().join("config.json")).unwrap();
    workspace.backup_to(folder.join("copy.db")).unwrap();
    let in_memory = fixture.options().open_db(":memory:").unwrap();
    assert_eq!(in_memory.backup_to(fixture.home().join("y-shm")).unwrap_err().field(), Some("path"));
    in_memory.backup_to(fixture.home().join("workspace.json")).unwrap();
}

#[test]
fn a_backup_never_uses_the_log_of_an_earlier_database() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let target = fixture.home().join("copy.db");
    for suffix in ["-wal", "-journal", "-shm"] {
        let left = fixture.home().join(format!("copy.db{suffix}"));
        std::fs::write(&left, "left").unwrap();
        assert_refused(workspace.backup_to(&target), ErrorKind::Conflict, suffix);
        assert!(!target.exists());
        std::fs::remove_file(&left).unwrap();
    }
    workspace.backup_to(&target).unwrap();
}

#[test]
fn a_cancelled_call_that_waits_for_a_writer_has_written_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let writer = fixture.raw();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let token = CancelToken::new();
    let (started, has_started) = mpsc::channel();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            token.during(|| {
                started.send(()).unwrap();
                workspace.record_token_usage(&TokenUsage::default())
            })
        });
        has_started.recv().unwrap();
        std::thread::sleep(Duration::from_millis(120));
        token.cancel();
        assert_refused(call.join().unwrap(), ErrorKind::Cancelled, "cancelled");
    });
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(value::<i64>(&fixture.raw(), "SELECT count(*) FROM token_usage"), 0);
    // The next call waits as usual, and succeeds.
    assert_eq!(rows(&workspace, "PRAGMA busy_timeout", json!([])), json!([{"timeout": 30000}]));
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
}

#[test]
fn a_cancellable_call_queues_and_waits_no_longer_than_the_timeout() {
    let fixture = Fixture::new();
    let workspace = fixture.options().busy_timeout(Duration::from_millis(300)).open(fixture.root()).unwrap();
    let writer = fixture.raw();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let token = CancelToken::new();
    let began = Instant::now();
    let late = token.during(|| workspace.record_token_usage(&TokenUsage::default()));
    assert_refused(late, ErrorKind::Busy, "another writer");
    assert!(began.elapsed() >= Duration::from_millis(300));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| token.during(|| workspace.record_token_usage(&TokenUsage::default())));
        std::thread::sleep(Duration::from_millis(100));
        writer.execute_batch("COMMIT").unwrap();
        call.join().unwrap().unwrap();
    });
}

#[test]
fn a_cancelled_query_stops() {
    let workspace = Workspace::open_db(":memory:").unwrap();
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
    let token = CancelToken::new();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| token.during(|| workspace.query(endless, &SqlParams::default())));
        std::thread::sleep(Duration::from_millis(50));
        token.cancel();
        assert_refused(call.join().unwrap(), ErrorKind::Cancelled, "cancelled");
    });
    assert_eq!(rows(&workspace, "SELECT 1 AS a", json!([])), json!([{"a": 1}]));
}

#[test]
fn names_that_are_not_utf_8_are_an_error_in_a_query() {
    let fixture = Fixture::new();
    let file = fixture.home().join("mcoda.db");
    drop(fixture.options().open_db(&file).unwrap());
    let raw = raw(&file);
    let made = "CREATE TABLE strange (a_name_to_be_damaged TEXT); INSERT INTO strange VALUES (1);
                CREATE VIEW seen AS SELECT 1 AS a_name_to_be_damaged;
                PRAGMA journal_mode = DELETE";
    raw.execute_batch(made).unwrap();
    raw.close().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let name = b"a_name_to_be_damaged";
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(name)).collect();
    assert_eq!(places.len(), 2);
    places.into_iter().for_each(|at| bytes[at + 2] = 0xff);
    std::fs::write(&file, bytes).unwrap();
    let workspace = fixture.options().open_db(&file).unwrap();
    for sql in ["SELECT * FROM strange", "SELECT * FROM seen", "SELECT * FROM (SELECT * FROM seen)"] {
        let error = workspace.query(sql, &SqlParams::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert_eq!(rows(&workspace, "SELECT 1 AS a FROM seen", json!([])), json!([{"a": 1}]));
}

/// A host must not run out of memory because of a large result, so exceeding the budget is an error before memory is used.
#[test]
fn a_result_that_is_too_large_is_an_error_that_names_the_budget() {
    let workspace = Workspace::options().query_bytes(1 << 20).open_db(":memory:").unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'text' FROM n";
    for sql in [
        "SELECT zeroblob(900000000)",
        "SELECT hex(zeroblob(900000000))",
        "SELECT length(zeroblob(900000000))",
        "SELECT zeroblob(600000) AS a, zeroblob(600000) AS b",
        // Not `printf`: in SQLite 3.40 it returns NULL then, not an error.
        "SELECT replace(hex(zeroblob(400000)), '0', 'xxxx')",
        many,
    ] {
        let error = workspace.query(sql, &SqlParams::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{sql}: {error}");
        assert_eq!(error.field(), Some("sql"), "{sql}: {error}");
        let message = error.message();
        assert!(
            message.contains("more than 1048576 bytes") && message.contains("queryBytes"),
            "{sql}: {error}"
        );
    }
    // The handle remains usable, and records are not limited.
    assert_eq!(rows(&workspace, "SELECT length(zeroblob(500000)) AS n", json!([])), json!([{"n": 500_000}]));
    let metadata = json!({"text": "x".repeat(3 << 20)});
    workspace
        .record_token_usage(&TokenUsage { metadata: metadata.as_object().cloned(), ..TokenUsage::default() })
        .unwrap();
    let transaction = workspace.begin(None).unwrap();
    assert_eq!(transaction.query(many, &SqlParams::default()).unwrap_err().field(), Some("sql"));
}

#[test]
fn metadata_that_is_too_large_is_refused() {
    let workspace = Workspace::open_db(":memory:").unwrap();
    let usage = json!({"metadata": {"text": "x".repeat(33 << 20)}});
    let error =
        TokenUsage::from_json(&usage).and_then(|usage| workspace.record_token_usage(&usage)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("metadata")));
    assert!(error.message().contains("33554432"), "{error}");
    assert_eq!(rows(&workspace, "SELECT count(*) AS n FROM token_usage", json!([])), json!([{"n": 0}]));
}
