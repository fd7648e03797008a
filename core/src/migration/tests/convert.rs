//! The two tables that are recreated: the prototype's agents and the old workspace defaults.

use super::*;

fn global(sql: &str) -> (Copy, Connection) {
    let place = empty();
    raw(&place.path).execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
    let connection = open_and_migrate(&place.path, DatabaseKind::Global).unwrap();
    (place, connection)
}

#[test]
fn old_defaults_become_one_row_per_command() {
    let copy = copy_of("global_old_defaults");
    let connection = open_and_migrate(&copy.path, DatabaseKind::Global).unwrap();
    let rows = texts(
        &connection,
        "SELECT workspace_id || '|' || command_name || '|' || agent_id || '|' || updated_at FROM workspace_defaults
          ORDER BY workspace_id",
    );
    assert_eq!(
        rows,
        [
            "by id|default|agents-1|2025-10-01T00:00:00.000Z",
            "by slug|default|agents-0|2025-10-02T00:00:00.000Z",
            "never touched|default|agents-2|2026-03-20T12:00:00.000Z",
        ]
    );
    assert!(!table_names(&connection).iter().any(|table| table.starts_with("legacy_")));
}

#[test]
fn old_defaults_without_a_new_column_are_archived() {
    let (_place, connection) = global(
        "CREATE TABLE agents (id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, adapter TEXT NOT NULL,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
         CREATE TABLE legacy_workspace_defaults (somebody_elses TEXT);
         CREATE TABLE workspace_defaults (workspace TEXT, default_agent TEXT, qa_profile TEXT);
         INSERT INTO workspace_defaults VALUES ('a', 'gone', 'fast'), ('b', NULL, 'slow'),
            ('c', 'first', NULL), ('c', 'second', NULL);",
    );
    let rows = lines(&connection, "SELECT workspace_id, agent_id, qa_profile FROM workspace_defaults");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].contains("gone") || rows[1].contains("gone"), "kept as text: {rows:?}");
    let second = "SELECT agent_id FROM workspace_defaults WHERE workspace_id = 'c'";
    assert_eq!(texts(&connection, second), ["second"]);
    assert_eq!(lines(&connection, "SELECT * FROM legacy_workspace_defaults_2").len(), 4);

    let (_place, connection) = global(
        "CREATE TABLE agents (id TEXT PRIMARY KEY, slug TEXT, adapter TEXT, created_at TEXT, updated_at TEXT);
         CREATE TABLE workspace_defaults (workspace TEXT PRIMARY KEY, default_agent TEXT, note TEXT);
         INSERT INTO workspace_defaults VALUES ('a', 'x', 'a note');",
    );
    assert_eq!(texts(&connection, "SELECT note FROM legacy_workspace_defaults"), ["a note"]);
    assert_eq!(texts(&connection, "SELECT agent_id FROM workspace_defaults"), ["x"]);
}

#[test]
fn names_and_types_of_foreign_columns_cannot_become_sql() {
    let types = [
        ("a) --", "TEXT DEFAULT (1/0)"),
        ("it's", "TEXT); DROP TABLE kept; --"),
        ("odd \"name", "TEXT CHECK (0)"),
        ("price", "decimal(10,2)"),
        ("untyped", ""),
    ];
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let columns: String = types.iter().fold(String::new(), |columns, (name, declared)| {
        let declared = if declared.is_empty() { String::new() } else { quote(declared) };
        columns + &format!(", {} {declared}", quote(name))
    });
    let (_place, connection) = global(&format!(
        "CREATE TABLE kept (n);
         CREATE TABLE agents (name TEXT PRIMARY KEY, provider TEXT);
         CREATE TABLE token_usage (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT REFERENCES agents(name),
            timestamp TEXT NOT NULL{columns});
         INSERT INTO agents VALUES ('ada', 'x');
         INSERT INTO token_usage VALUES (1, 'ada', '2025-09-02', 'v', 'v', 'v', 7, 'v');"
    ));
    for (name, declared) in types {
        let sql = "SELECT type FROM pragma_table_info('token_usage') WHERE name = ?1 AND dflt_value IS NULL";
        let found: String = connection.query_row(sql, [name], |row| row.get(0)).unwrap();
        assert_eq!(found, declared, "{name}");
    }
    connection.execute("INSERT INTO token_usage (id, timestamp) VALUES ('new', '2026-01-01')", []).unwrap();
    assert_eq!(lines(&connection, "SELECT * FROM token_usage").len(), 2);
    assert!(table_names(&connection).iter().any(|table| table == "kept"));
}

#[test]
fn the_prototypes_history_names_agents_that_exist() {
    for name in PROTOTYPES {
        let copy = copy_of(name);
        let connection = open_and_migrate(&copy.path, DatabaseKind::Global).unwrap();
        let keys = texts(
            &connection,
            "SELECT \"from\" || ' ' || \"table\" || ' ' || \"to\" || ' ' || on_delete
               FROM pragma_foreign_key_list('token_usage') ORDER BY 1",
        );
        assert_eq!(
            keys,
            ["agent_id agents id SET NULL", "command_run_id command_runs id SET NULL"],
            "{name}"
        );
        let agents = texts(
            &connection,
            "SELECT id || '|' || slug || '|' || adapter || '|' || coalesce(default_model, '-') || '|' || created_at || '|' || updated_at
               FROM agents ORDER BY id",
        );
        let mut expected = vec![
            "agents-0|agents-0|provider '0'|model '0'|2025-09-01T10:00:00.000Z|2025-09-01T10:00:00.000Z",
            "agents-1|agents-1|provider '1'|model '1'|2026-03-20T12:00:00.000Z|2026-03-20T12:00:00.000Z",
        ];
        expected.push(match *name {
            "prototype_referring_to_id" => {
                "long gone|long gone|unknown|-|2026-03-20T12:00:00.000Z|2026-03-20T12:00:00.000Z"
            }
            _ => "agents-2|agents-2|ollama|-|2025-11-12T08:30:00.000Z|2025-11-12T08:30:00.000Z",
        });
        assert_eq!(agents, expected, "{name}");

        // Deleting and inserting make SQLite look at every foreign key that has to do with agents.
        connection
            .execute_batch(
                "INSERT INTO token_usage (id, agent_id, timestamp) VALUES ('new', 'agents-1', '2026-01-01');
                 DELETE FROM agents WHERE id = 'agents-0';",
            )
            .unwrap();
        let refused = connection
            .execute("INSERT INTO token_usage (id, agent_id, timestamp) VALUES ('x', 'nobody', '2026')", []);
        assert!(refused.unwrap_err().to_string().contains("FOREIGN KEY constraint failed"), "{name}");
        assert_eq!(lines(&connection, "SELECT * FROM legacy_agent_auth").len(), 3, "{name}");
    }
}

#[test]
fn constraints_of_the_prototype_do_not_apply_to_new_rows() {
    let (_place, connection) = global(
        "CREATE TABLE agents (name TEXT PRIMARY KEY, provider TEXT);
         CREATE TABLE legacy_agents (taken TEXT);
         CREATE TABLE badges (agent TEXT REFERENCES agents(name), badge TEXT);
         CREATE TABLE notes (agent TEXT REFERENCES agents, note TEXT);
         CREATE TABLE command_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, command_name TEXT NOT NULL,
            started_at TEXT, status TEXT NOT NULL, host TEXT NOT NULL);
         CREATE TABLE token_usage (id TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES agents(name),
            command_run_id INTEGER REFERENCES command_runs(id), timestamp TEXT NOT NULL, \"odd \"\"name\" BLOB);
         CREATE TABLE counted (n INTEGER);
         CREATE INDEX by_time ON token_usage(timestamp);
         CREATE TRIGGER count_usage AFTER INSERT ON token_usage BEGIN INSERT INTO counted VALUES (1); END;
         CREATE VIEW spending AS SELECT agent_id, name FROM token_usage JOIN agents ON name = agent_id;
         INSERT INTO agents VALUES ('ada', '  '), ('unused', 'x');
         INSERT INTO badges VALUES ('ada', 'gold');
         INSERT INTO notes VALUES ('ada', 'good'), ('bob', 'gone');
         INSERT INTO command_runs (command_name, status, host) VALUES ('run', 'ok', 'here');
         INSERT INTO token_usage VALUES ('u', 'ada', 1, '2025-01-01', x'00ff'), ('v', '', NULL, '', NULL);",
    );
    assert_sound(&connection, "prototype");
    connection
        .execute_batch(
            "INSERT INTO command_runs (id, command_name, started_at, status) VALUES ('r', 'x', 'now', 'ok');
             INSERT INTO token_usage (id, command_run_id, timestamp) VALUES ('w', 'r', '2026-01-01');
             DELETE FROM agents WHERE id = 'bob';",
        )
        .unwrap_err(); // notes refer to bob without ON DELETE: SQLite is right to object
    connection.execute("DELETE FROM notes", []).unwrap();
    connection.execute("DELETE FROM agents WHERE id = 'bob'", []).unwrap();
    let usage = lines(&connection, "SELECT id, agent_id, command_run_id, \"odd \"\"name\" FROM token_usage");
    assert_eq!(usage.len(), 3, "{usage:?}");
    assert!(usage[0].contains("Blob([0, 255])"), "{usage:?}");
    assert_eq!(texts(&connection, "SELECT id FROM agents ORDER BY id"), ["", "ada"]);
    assert_eq!(texts(&connection, "SELECT adapter FROM agents WHERE id = 'ada'"), ["unknown"]);
    assert_eq!(texts(&connection, "SELECT host FROM command_runs WHERE id = '1'"), ["here"]);
    assert_eq!(lines(&connection, "SELECT * FROM legacy_agents_2").len(), 2);
    assert_eq!(texts(&connection, "SELECT badge FROM legacy_badges"), ["gold"]);
    assert_eq!(
        lines(&connection, "SELECT count(*) FROM counted"),
        ["Integer(3)"],
        "the trigger lives, and slept meanwhile"
    );
    let indexes = texts(&connection, "SELECT name FROM pragma_index_list('token_usage') WHERE origin = 'c'");
    assert!(indexes.contains(&"by_time".to_owned()), "{indexes:?}");
}

/// Dropping a table with foreign keys on would cascade: the rows would be gone.
#[test]
fn foreign_keys_are_on_again_after_a_failure_too() {
    let place = empty();
    raw(&place.path).execute_batch("CREATE TABLE tasks (name TEXT)").unwrap();
    let connection = open(&place.path).unwrap();
    migrate(&connection, DatabaseKind::Workspace, now(), &options().wait_policy(&Watch::default()))
        .unwrap_err();
    assert_sound(&connection, "refused");
    assert!(connection.is_autocommit());
}
