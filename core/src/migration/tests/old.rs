//! What holds for every old database.

use super::*;
use crate::migration::prototype;

#[test]
fn all_rows_are_kept_with_every_value() {
    for name in all_old() {
        let copy = copy_of(name);
        let before = raw(&copy.path);
        let mut kept = Vec::new();
        for table in table_names(&before) {
            let columns = column_names(&before, &table);
            let rows = rows(&before, &table, &columns);
            assert!(!rows.is_empty(), "{name}.{table} shows nothing without rows");
            kept.push((table, columns, rows));
        }
        drop(before);
        let after = open_and_migrate(&copy.path, kind_of(name)).unwrap();
        for (table, columns, rows_before) in kept {
            let is_set_aside = PROTOTYPES.contains(&name) && prototype::is_archived(&table);
            let place = if is_set_aside { format!("legacy_{table}") } else { table };
            if columns.iter().any(|column| column == "default_agent") {
                continue; // `convert` looks at these
            }
            assert_eq!(rows(&after, &place, &columns), rows_before, "{name}.{place}");
        }
    }
}

#[test]
fn nothing_is_lacking_afterwards() {
    for name in all_old() {
        let fresh = empty();
        let fresh = shape(&open_and_migrate(&fresh.path, kind_of(name)).unwrap());
        let copy = copy_of(name);
        let connection = open_and_migrate(&copy.path, kind_of(name)).unwrap();
        assert_sound(&connection, name);
        let mut migrated = shape(&connection);
        let mut expected = fresh;
        if PROTOTYPES.contains(&name) {
            migrated.retain(|table, _| !table.starts_with("legacy_"));
            let is_theirs = |part: &String| part.contains("request_label");
            migrated.get_mut("token_usage").unwrap().retain(|part| !is_theirs(part));
        }
        // Added columns come last.
        migrated.values_mut().chain(expected.values_mut()).for_each(|parts| parts.sort());
        assert_same_shape(&migrated, &expected, name);
    }
}

/// Spelled out, since these are what all the rest of the engine stands on.
#[test]
fn the_new_columns_and_the_index_are_there() {
    let usage = [
        "tokens_cached",
        "tokens_cache_read",
        "tokens_cache_write",
        "started_at",
        "finished_at",
        "duration_ms",
        "command_name",
        "action",
        "invocation_kind",
        "provider",
        "currency",
    ];
    for name in all_old() {
        let copy = copy_of(name);
        let connection = open_and_migrate(&copy.path, kind_of(name)).unwrap();
        let has = |table: &str, columns: &[&str]| {
            let existing = column_names(&connection, table);
            for column in columns {
                assert!(existing.iter().any(|name| name == column), "{name}: {table}.{column}");
            }
        };
        has("token_usage", &usage);
        if kind_of(name) == DatabaseKind::Global {
            continue;
        }
        has("jobs", &["agent_id", "agent_ids_json"]);
        has("command_runs", &["agent_id", "agent_ids_json"]);
        has("task_comments", &["slug", "status"]);
        has("token_usage_log_queue", &["usage_id"]);
        let index = texts(
            &connection,
            "SELECT name FROM pragma_index_info('idx_task_status_events_task_id_timestamp') ORDER BY seqno",
        );
        assert_eq!(index, ["task_id", "timestamp"], "{name}");
    }
}

#[test]
fn comments_from_before_there_was_a_status_are_open() {
    let copy = copy_of("workspace_first");
    let added = "ALTER TABLE jobs ADD COLUMN their_own TEXT DEFAULT 'kept';
        CREATE TABLE task_comments (id TEXT PRIMARY KEY, task_id TEXT NOT NULL, source_command TEXT NOT NULL,
            author_type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL);
        INSERT INTO task_comments VALUES ('c', 'tasks-0', 'code-review', 'agent', 'text', '2025-01-01');";
    raw(&copy.path).execute_batch(added).unwrap();
    let connection = open_and_migrate(&copy.path, DatabaseKind::Workspace).unwrap();
    assert_eq!(texts(&connection, "SELECT status FROM task_comments"), ["open"]);
    assert_eq!(texts(&connection, "SELECT DISTINCT their_own FROM jobs"), ["kept"]);

    let copy = copy_of("workspace_before_2026");
    let connection = open_and_migrate(&copy.path, DatabaseKind::Workspace).unwrap();
    assert_eq!(texts(&connection, "SELECT DISTINCT status FROM task_comments"), ["open"]);
}

#[test]
fn a_second_open_changes_nothing() {
    for name in all_old() {
        let copy = copy_of(name);
        drop(open_and_migrate(&copy.path, kind_of(name)).unwrap());
        let bytes = std::fs::read(&copy.path).unwrap();
        for _ in 0..3 {
            drop(open_and_migrate(&copy.path, kind_of(name)).unwrap());
            assert!(std::fs::read(&copy.path).unwrap() == bytes, "{name}");
        }
        assert_eq!(
            std::fs::read_dir(copy.folder.path()).unwrap().count(),
            1,
            "{name}: nothing left beside it"
        );
    }
}

#[test]
fn queries_keep_their_plans() {
    let workspace = [
        "SELECT * FROM token_usage WHERE workspace_id = ?1 AND timestamp >= ?2 ORDER BY timestamp",
        "SELECT * FROM token_usage WHERE workspace_id = ?1 ORDER BY timestamp, rowid",
        "SELECT * FROM token_usage WHERE job_id = ?1",
        "SELECT * FROM token_usage WHERE command_run_id = ?1",
        "SELECT * FROM token_usage WHERE project_id = ?1 ORDER BY timestamp DESC",
        "SELECT agent_id, sum(tokens_total) FROM token_usage WHERE task_id = ?1 GROUP BY agent_id",
        "DELETE FROM token_usage WHERE id = ?1",
    ];
    let global = [
        "SELECT * FROM token_usage WHERE agent_id = ?1 AND timestamp >= ?2 ORDER BY timestamp",
        "SELECT * FROM token_usage WHERE timestamp >= ?1",
        "SELECT * FROM token_usage WHERE id = ?1",
        // The prototype had no index for this one.
        "SELECT * FROM token_usage WHERE command_run_id = ?1",
    ];
    for name in all_old().filter(|name| *name != "global_early") {
        let copy = copy_of(name);
        let queries = match kind_of(name) {
            DatabaseKind::Workspace => &workspace[..],
            DatabaseKind::Global if PROTOTYPES.contains(&name) => &global[..3],
            DatabaseKind::Global => &global[..],
        };
        let plans = |connection: &Connection| -> Vec<Vec<String>> {
            let explain = |query: &&str| {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
                let parameters = vec!["x"; statement.parameter_count()];
                let details =
                    statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get("detail"));
                details.unwrap().map(Result::unwrap).collect()
            };
            queries.iter().map(explain).collect()
        };
        let before = plans(&raw(&copy.path));
        assert_eq!(plans(&open_and_migrate(&copy.path, kind_of(name)).unwrap()), before, "{name}");
    }
}

/// Reports rather than asserts: a shared machine may be slow at any time.
#[test]
fn an_up_to_date_database_opens_at_once() {
    for kind in [DatabaseKind::Workspace, DatabaseKind::Global] {
        let place = empty();
        let anchor = open_and_migrate(&place.path, kind).unwrap();
        let mut times: Vec<Duration> = (0..200)
            .map(|_| {
                let before = std::time::Instant::now();
                let connection = open_and_migrate(&place.path, kind).unwrap();
                let elapsed = before.elapsed();
                drop(connection);
                elapsed
            })
            .collect();
        times.sort();
        println!("{kind:?}: median {:?}, worst {:?}", times[100], times[199]);
        assert!(times[0] < Duration::from_millis(20), "{kind:?}: {:?}", times[0]);
        drop(anchor);
    }
}
