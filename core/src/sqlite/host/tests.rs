use serde_json::{Value, json};

use super::*;

fn open(file: &Path) -> HostConnection {
    HostConnection::open(file.to_str().unwrap(), HostMode { writes: true, creates: true }).unwrap()
}

fn memory() -> HostConnection {
    open(Path::new(IN_MEMORY))
}

fn params(values: Value) -> HostParams {
    HostParams::from_json(&values, Vec::new()).unwrap()
}

fn all(database: &HostConnection, sql: &str, values: Value) -> HostResult<Value> {
    let mut chunks = Vec::new();
    let last = database.rows(sql, &params(values), Large::Refused, |chunk| {
        chunks.push(chunk);
        Ok(true)
    })?;
    chunks.push(last);
    let rows = |chunk: RowChunk| match chunk.json.as_str() {
        "" => Vec::new(),
        json => serde_json::from_str(json).unwrap(),
    };
    Ok(Value::Array(chunks.into_iter().flat_map(rows).collect()))
}

fn said(error: HostError) -> String {
    format!("{} {} {}", error.code, error.errno, error.text)
}

#[test]
fn it_has_the_settings_of_sqlite() {
    let database = memory();
    let setting = |name: &str| all(&database, &format!("PRAGMA {name}"), json!(null)).unwrap()[0].clone();
    assert_eq!(setting("foreign_keys"), json!({"foreign_keys": 0}));
    assert_eq!(setting("busy_timeout"), json!({"timeout": 1000}));
    assert_eq!(setting("journal_mode"), json!({"journal_mode": "memory"}));
    assert_eq!(setting("synchronous"), json!({"synchronous": 2}));
    assert_eq!(all(&database, "SELECT \"abc\" AS x", json!(null)).unwrap(), json!([{"x": "abc"}]));
}

#[test]
fn a_transaction_stays_open_from_call_to_call() {
    let database = memory();
    database.exec("CREATE TABLE t (a); BEGIN IMMEDIATE").unwrap();
    database.run("INSERT INTO t VALUES (1)", &params(json!([]))).unwrap();
    let error = database.exec("BEGIN").unwrap_err();
    assert_eq!(said(error), "SQLITE_ERROR 1 cannot start a transaction within a transaction");
    assert!(!database.take_ended());
    database.exec("ROLLBACK").unwrap();
    assert!(database.take_ended());
    assert!(!database.take_ended());
    assert_eq!(all(&database, "SELECT * FROM t", json!(null)).unwrap(), json!([]));
}

#[test]
fn only_the_first_statement_runs_and_the_rest_is_not_read() {
    let database = memory();
    let first = all(&database, "SELECT 1 AS a; this is no SQL", json!(null)).unwrap();
    assert_eq!(first, json!([{"a": 1}]));
    for empty in ["", " ; ", "-- nothing"] {
        assert_eq!(said(all(&database, empty, json!(null)).unwrap_err()), "SQLITE_MISUSE 21 not an error");
        database.exec(empty).unwrap();
    }
}

/// Many a PRAGMA takes effect while it is compiled.
#[test]
fn a_pragma_takes_effect_each_time() {
    let database = memory();
    let none = &params(json!(null));
    for on in [1, 0, 1, 0] {
        database.run(&format!("PRAGMA foreign_keys = {on}"), none).unwrap();
        let now = all(&database, "PRAGMA foreign_keys", json!(null)).unwrap();
        assert_eq!(now, json!([{"foreign_keys": on}]));
    }
}

#[test]
fn a_cached_statement_sees_a_changed_schema() {
    let database = memory();
    database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    assert_eq!(all(&database, "SELECT * FROM t", json!(null)).unwrap(), json!([{"a": 1}]));
    database.exec("ALTER TABLE t ADD COLUMN b").unwrap();
    assert_eq!(all(&database, "SELECT * FROM t", json!(null)).unwrap(), json!([{"a": 1, "b": null}]));
    database.exec("DROP TABLE t").unwrap();
    let error = all(&database, "SELECT * FROM t", json!(null)).unwrap_err();
    assert_eq!(said(error), "SQLITE_ERROR 1 no such table: t");
}

#[test]
fn parameters_go_by_place_and_by_name_with_and_without_prefix() {
    let database = memory();
    let get = |sql: &str, values| all(&database, sql, values).map(|rows| rows[0].clone());
    assert_eq!(get("SELECT ? AS a, ? AS b", json!([1])).unwrap(), json!({"a": 1, "b": null}));
    assert_eq!(get("SELECT ? AS a, ? AS b", json!({"2": "x"})).unwrap(), json!({"a": null, "b": "x"}));
    for name in [":a", "a"] {
        assert_eq!(get("SELECT :a AS a", json!({name: 7})).unwrap(), json!({"a": 7}));
    }
    // What was bound the last time is not bound the next time.
    assert_eq!(get("SELECT :a AS a", json!({})).unwrap(), json!({"a": null}));
    for surplus in [json!([1, 2, 3]), json!({"z": 1}), json!({"0": 1})] {
        assert_eq!(get("SELECT ? AS a, ? AS b", surplus).unwrap_err().code, "SQLITE_RANGE");
    }
    assert_eq!(get("SELECT ? AS a", json!([1, 2])).unwrap_err().text, "column index out of range");
    let types = get("SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c", json!([7, 3e9, true])).unwrap();
    assert_eq!(types, json!({"a": "integer", "b": "real", "c": "integer"}));
    let refused = HostParams::from_json(&json!([{"other": 1}]), Vec::new()).unwrap_err();
    assert_eq!(refused.code, "SQLITE_MISMATCH");
}

#[test]
fn what_json_has_no_form_for_comes_beside_it() {
    let database = memory();
    let blobs = vec![b"\0x".to_vec()];
    let given = json!([{"blob": 0}, {"integer": "-9007199254740993"}, {"real": "-Infinity"}]);
    let given = HostParams::from_json(&given, blobs.clone()).unwrap();
    let sql = "SELECT ? AS a, ? AS b, ? AS c, 1.0 AS d, 9007199254740991 AS e";
    let chunk = database.first(sql, &given, Large::Exact).unwrap().unwrap();
    let rows: Value = serde_json::from_str(&chunk.json).unwrap();
    assert_eq!(rows, json!([{"a": null, "b": null, "c": null, "d": 1.0, "e": 9_007_199_254_740_991_i64}]));
    let exact: Value = serde_json::from_str(&chunk.exact).unwrap();
    let integer = "-9007199254740993";
    assert_eq!(
        exact,
        json!([[0, "a", "blob", 0], [0, "b", "integer", integer], [0, "c", "real", "-Infinity"]])
    );
    assert_eq!(chunk.blobs, blobs);
    let error = database.first(sql, &given, Large::Refused).unwrap_err();
    assert!(error.code == "SQLITE_RANGE" && error.text.contains("\"b\": -9007199254740993"), "{error:?}");
}

#[test]
fn large_results_come_in_chunks_and_end_where_nobody_wants_them() {
    let database = memory();
    let sql =
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, hex(i) AS h FROM n";
    let rows = all(&database, sql, json!(null)).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 20000);
    assert_eq!(rows[19999], json!({"i": 20000, "h": "3230303030"}));
    let mut chunks = 0;
    let endless = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let stopped = database.rows(endless, &params(json!(null)), Large::Refused, |_| {
        chunks += 1;
        Ok(chunks < 3)
    });
    assert_eq!((stopped.unwrap(), chunks), (RowChunk::default(), 3));
}

#[test]
fn it_says_what_changed() {
    let database = memory();
    database.exec("CREATE TABLE t (a UNIQUE)").unwrap();
    let run = |sql| database.run(sql, &params(json!(null)));
    assert_eq!(run("INSERT INTO t VALUES (1), (2)").unwrap(), HostChanges { last_id: 2, changes: 2 });
    assert_eq!(run("SELECT * FROM t").unwrap(), HostChanges { last_id: 2, changes: 2 });
    let error = run("INSERT INTO t VALUES (1)").unwrap_err();
    assert_eq!(said(error), "SQLITE_CONSTRAINT 19 UNIQUE constraint failed: t.a");
}

#[test]
fn exec_stops_at_the_first_error_and_runs_each_statement_to_its_end() {
    let database = memory();
    let error =
        database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO u VALUES (1); DROP TABLE t");
    assert_eq!(said(error.unwrap_err()), "SQLITE_ERROR 1 no such table: u");
    assert_eq!(all(&database, "SELECT a FROM t", json!(null)).unwrap(), json!([{"a": 1}]));
}

#[test]
fn a_file_is_created_and_its_folder_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mode = HostMode { writes: true, creates: true };
    let refused = |file: &Path, mode| said(HostConnection::open(file.to_str().unwrap(), mode).unwrap_err());
    let words = "SQLITE_CANTOPEN 14 unable to open database file";
    assert_eq!(refused(&folder.path().join("no/x.db"), mode), words);
    assert_eq!(refused(&folder.path().join("x.db"), HostMode { writes: false, creates: false }), words);
    assert_eq!(refused(folder.path(), mode), words);
    assert!(folder.path().read_dir().unwrap().next().is_none());
    let database = open(&folder.path().join("x.db"));
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
    #[cfg(unix)]
    for name in ["x.db", "x.db-wal", "x.db-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    database.close().unwrap();
    let left: Vec<_> = folder.path().read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["x.db"]);
    assert_eq!(said(database.close().unwrap_err()), "SQLITE_MISUSE 21 Database is closed");
    assert_eq!(said(database.exec("SELECT 1").unwrap_err()), "SQLITE_MISUSE 21 Database is closed");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_to_a_file_that_has_lost_its_name_or_has_two() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    let database = open(&file);
    database.exec("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)").unwrap();
    std::fs::rename(&file, folder.path().join("y.db")).unwrap();
    for write in ["INSERT INTO t VALUES (2)", "COMMIT"] {
        let error = database.exec(write).unwrap_err();
        assert!(error.code == "SQLITE_READONLY" && error.text.contains("removed or replaced"), "{error:?}");
    }
    database.exec("ROLLBACK").unwrap();
    std::fs::rename(folder.path().join("y.db"), &file).unwrap();
    database.exec("INSERT INTO t VALUES (3)").unwrap();
    std::fs::hard_link(&file, folder.path().join("z.db")).unwrap();
    assert_eq!(database.exec("INSERT INTO t VALUES (4)").unwrap_err().code, "SQLITE_READONLY");
    let error = HostConnection::open(file.to_str().unwrap(), HostMode { writes: true, creates: true });
    let error = error.unwrap_err();
    assert!(error.code == "SQLITE_CANTOPEN" && error.text.contains("hard links"), "{error:?}");
}

/// The host turns the log on and off, and another connection may do the same.
#[cfg(unix)]
#[test]
fn nothing_is_written_to_a_log_that_was_removed_or_replaced() {
    for file in ["x.db-wal", "x.db-shm"] {
        for replaced in [false, true] {
            for opened_by_reading in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join(file);
                let database = open(&folder.path().join("x.db"));
                database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
                let other = open(&folder.path().join("x.db"));
                if opened_by_reading {
                    all(&other, "SELECT * FROM t", json!(null)).unwrap();
                } else {
                    other.exec("BEGIN; INSERT INTO t VALUES (1)").unwrap();
                }
                std::fs::rename(&file, folder.path().join("moved")).unwrap();
                if replaced {
                    std::fs::copy(folder.path().join("moved"), &file).unwrap();
                }
                for database in [&database, &other] {
                    for write in ["INSERT INTO t VALUES (2)", "COMMIT"] {
                        let error = database.exec(write).unwrap_err();
                        let is_known = write == "COMMIT" && error.text.contains("no transaction is active");
                        assert!(
                            is_known
                                || error.code == "SQLITE_READONLY"
                                    && error.text.contains("removed or replaced"),
                            "{file:?} {replaced} {error:?}"
                        );
                    }
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_log_that_its_host_turns_off_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let database = open(&path);
    for round in 0..3 {
        database.exec("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (a)").unwrap();
        database.exec("INSERT INTO t VALUES (1); PRAGMA journal_mode = DELETE").unwrap();
        database.exec("INSERT INTO t VALUES (2)").unwrap();
        // Another one turns it on, and the last connection removes it.
        let other = open(&path);
        other.exec("PRAGMA journal_mode = WAL; INSERT INTO t VALUES (3)").unwrap();
        database.exec("INSERT INTO t VALUES (4)").unwrap();
        other.exec("INSERT INTO t VALUES (5)").unwrap();
        other.close().unwrap();
        database.exec("INSERT INTO t VALUES (6); PRAGMA wal_checkpoint(TRUNCATE); VACUUM").unwrap();
        let rows = all(&database, "SELECT count(*) AS n FROM t", json!(null)).unwrap();
        assert_eq!(rows, json!([{"n": 6 * (round + 1)}]));
    }
    let moved = folder.path().join("moved");
    std::fs::rename(folder.path().join("x.db-wal"), moved).unwrap();
    assert_eq!(database.exec("INSERT INTO t VALUES (7)").unwrap_err().code, "SQLITE_READONLY");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_is_refused_at_once() {
    for (suffix, writes) in
        ["", "-journal", "-wal", "-shm"].into_iter().flat_map(|name| [(name, true), (name, false)])
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        if !suffix.is_empty() {
            let database = open(&path);
            database.exec("CREATE TABLE t (a)").unwrap();
            database.close().unwrap();
        }
        let pipe = paths::beside(&path, suffix);
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mode = HostMode { writes, creates: writes };
        let error = HostConnection::open(path.to_str().unwrap(), mode).unwrap_err();
        assert_eq!(error.code, "SQLITE_CANTOPEN", "{suffix} {error:?}");
    }
}

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";

#[test]
fn an_endless_statement_is_interrupted_and_the_next_one_runs() {
    let database = memory();
    database.exec("CREATE TABLE t (a)").unwrap();
    // Before a call it does nothing.
    database.interrupt();
    for sql in ["SELECT count(*) FROM n", "SELECT i FROM n WHERE i < 0", "INSERT INTO t SELECT i FROM n"] {
        let sql = format!("{ENDLESS}{sql}");
        let ended = std::thread::scope(|scope| {
            let running = scope.spawn(|| all(&database, &sql, json!(null)));
            while !running.is_finished() {
                database.interrupt();
                std::thread::sleep(Duration::from_millis(1));
            }
            running.join().unwrap()
        });
        assert_eq!(said(ended.unwrap_err()), "SQLITE_INTERRUPT 9 interrupted");
        assert_eq!(all(&database, "SELECT count(*) AS n FROM t", json!(null)).unwrap(), json!([{"n": 0}]));
    }
}

#[test]
fn it_waits_for_others_as_long_as_its_host_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    let (one, other) = (open(&file), open(&file));
    one.exec("CREATE TABLE t (a); BEGIN IMMEDIATE").unwrap();
    other.set_busy_timeout(Duration::from_millis(20)).unwrap();
    let error = other.exec("INSERT INTO t VALUES (1)").unwrap_err();
    assert_eq!(said(error), "SQLITE_BUSY 5 database is locked");
}
