//! Opening: file locations, created files, and refusals that change nothing.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{Environment, ErrorKind, Synchronous, TokenUsage, Workspace};
use serde_json::json;

#[test]
fn a_workspace_is_stored_in_the_home_folder_under_its_roots_name_and_hash() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let name = fixture.workspace_folder().file_name().unwrap().to_str().unwrap().to_owned();
    let hash = name.strip_prefix("shop-").unwrap();
    assert!(hash.len() == 12 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{name}");
    assert_eq!(workspace.database_path(), fixture.database());
    // Another spelling of the same root is the same workspace; `workspace_folder` asserts that there is one.
    let same = fixture.options().open(fixture.root().join("x/../.")).unwrap();
    assert_eq!(same.database_path(), fixture.workspace_folder().join("mcoda.db"));
}

#[test]
fn the_id_comes_from_the_call_then_from_workspace_json_then_from_the_root() {
    let fixture = Fixture::new();
    drop(fixture.open());
    let file = fixture.workspace_folder().join("workspace.json");
    std::fs::write(&file, r#"{"id": "named", "other": 1}"#).unwrap();
    assert_eq!(fixture.open().id(), "named");
    assert_eq!(fixture.options().workspace_id("given").open(fixture.root()).unwrap().id(), "given");
    assert_refused(
        fixture.options().workspace_id(" ").open(fixture.root()),
        ErrorKind::InvalidInput,
        "workspaceId",
    );
    for text in ["{", "[]", r#"{"id": 7}"#, r#"{"id": ""}"#] {
        std::fs::write(&file, text).unwrap();
        assert_refused(fixture.options().open(fixture.root()), ErrorKind::Corrupt, "workspace.json");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "a damaged file is left as it is");
    }
}

#[test]
fn a_new_database_is_in_wal_mode_whatever_the_options() {
    let fixture = Fixture::new();
    let options = fixture.options().synchronous(Synchronous::Full).busy_timeout(std::time::Duration::MAX);
    let workspace = options.open(fixture.root()).unwrap();
    assert_eq!(value::<String>(&fixture.raw(), "PRAGMA journal_mode"), "wal");
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().logged);
}

#[test]
fn threads_that_create_one_database_all_record_in_it() {
    for round in 0..10 {
        let fixture = Fixture::new();
        let file = fixture.root().join("mcoda.db");
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    let workspace = fixture.options().open_db(&file).unwrap();
                    workspace.record_token_usage(&TokenUsage::default()).unwrap();
                });
            }
        });
        let raw = raw(&file);
        assert_eq!(value::<i64>(&raw, "SELECT count(*) FROM token_usage"), 4, "round {round}");
        assert_eq!(value::<String>(&raw, "PRAGMA integrity_check"), "ok");
    }
}

#[cfg(unix)]
#[test]
fn a_log_of_a_former_database_is_not_copied_into_a_new_one() {
    let fixture = Fixture::new();
    let file = fixture.root().join("mcoda.db");
    let former = fixture.options().open_db(&file).unwrap();
    former.record_token_usage(&TokenUsage { id: Some("former".into()), ..Default::default() }).unwrap();
    // As it is after a crash, when somebody removes the database alone.
    let log = file.with_extension("db-wal");
    let content = std::fs::read(&log).unwrap();
    assert!(!content.is_empty());
    drop(former);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&log, content).unwrap();
    let workspace = fixture.options().open_db(&file).unwrap();
    assert_eq!(workspace.token_usage(&Default::default()).unwrap(), []);
    assert_eq!(value::<String>(&raw(&file), "PRAGMA integrity_check"), "ok");
}

#[cfg(unix)]
#[test]
fn created_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let workspace = fixture.open();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = fixture.workspace_folder();
    for folder in [&folder, folder.parent().unwrap(), &fixture.home().join(".mcoda")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(workspace);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_refused(fixture.options().open(fixture.root()), ErrorKind::Storage, "world-writable");
}

#[test]
fn a_folder_is_not_a_database() {
    let fixture = Fixture::new();
    let folder = fixture.root().join("folder");
    std::fs::create_dir_all(&folder).unwrap();
    assert_refused(fixture.options().open_db(&folder), ErrorKind::Storage, "folder");
    assert_refused(fixture.options().open_global_db(&folder), ErrorKind::Storage, "folder");
    assert_refused(fixture.options().open_db(""), ErrorKind::InvalidInput, "path");
    assert_refused(fixture.options().open(""), ErrorKind::InvalidInput, "path");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_text_file_is_not_a_database_and_is_not_changed() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.root()).unwrap();
    let file = fixture.root().join("notes.db");
    let text = "These are notes, and no database. ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    assert_refused(fixture.options().open_db(&file), ErrorKind::Corrupt, "notes.db");
    assert_refused(fixture.options().read_only(true).open_db(&file), ErrorKind::Corrupt, "notes.db");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(std::fs::read_dir(fixture.root()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_database_of_a_newer_schema_is_refused_and_stays_as_it_is() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.root()).unwrap();
    let file = fixture.root().join("newer.db");
    let connection = raw(&file);
    connection.execute_batch("PRAGMA user_version = 99; CREATE TABLE tasks (id TEXT)").unwrap();
    connection.close().unwrap();
    let before = std::fs::read(&file).unwrap();
    for options in [fixture.options(), fixture.options().read_only(true)] {
        let error = options.open_db(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("newer.db") && error.message().contains("99"), "{error}");
    }
    assert!(std::fs::read(&file).unwrap() == before);
}

#[test]
fn the_other_kind_of_database_is_refused() {
    let fixture = Fixture::new();
    let (workspace, global) = (fixture.root().join("w.db"), fixture.root().join("g.db"));
    drop(fixture.options().open_db(&workspace).unwrap());
    drop(fixture.options().open_global_db(&global).unwrap());
    assert_refused(fixture.options().open_db(&global), ErrorKind::Corrupt, "g.db");
    assert_refused(fixture.options().open_global_db(&workspace), ErrorKind::Corrupt, "w.db");
}

#[test]
fn without_a_home_folder_a_database_can_still_be_opened_by_its_file() {
    let fixture = Fixture::new();
    let homeless = || Workspace::options().environment(Environment::default());
    assert_refused(homeless().open(fixture.root()), ErrorKind::Storage, "HOME");
    assert_refused(homeless().open_global(), ErrorKind::Storage, "HOME");
    let workspace = homeless().open_db(fixture.root().join("mcoda.db")).unwrap();
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().recorded);
    assert_eq!(workspace.id(), fixture.root().to_str().unwrap());
}

#[test]
fn a_read_only_handle_reads_and_changes_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 1.0);
    let reader = fixture.options().read_only(true).open(fixture.root()).unwrap();
    assert_eq!(reader.tasks().get("P-1").unwrap().unwrap().id, task);
    let before = fixture.everything();
    let result = reader.record_token_usage(&TokenUsage::default());
    assert_refused(result, ErrorKind::Storage, "cannot be written");
    let result = reader.record_status_transition(&task, "completed", &Default::default());
    assert_refused(result, ErrorKind::Storage, "mcoda.db");
    assert_eq!(fixture.everything(), before);
    let missing = fixture.root().join("missing.db");
    assert_refused(fixture.options().read_only(true).open_db(&missing), ErrorKind::NotFound, "missing.db");
    assert!(!missing.exists());
}

#[test]
fn an_old_database_that_may_not_be_written_is_unsupported_and_stays_as_it_is() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.root()).unwrap();
    let file = fixture.root().join("old.db");
    let connection = raw(&file);
    let old =
        "CREATE TABLE jobs (id TEXT PRIMARY KEY, workspace_id TEXT, type TEXT, state TEXT, created_at TEXT);
               CREATE TABLE token_usage (id TEXT PRIMARY KEY, workspace_id TEXT, timestamp TEXT);
               INSERT INTO jobs VALUES ('j', 'w', 'work', 'running', '2026-03-20T12:00:00.000Z');
               INSERT INTO token_usage VALUES ('t', 'w', '2026-03-20T12:00:00.000Z');";
    connection.execute_batch(old).unwrap();
    connection.close().unwrap();
    let before = std::fs::read(&file).unwrap();
    let reader = fixture.options().read_only(true).workspace_id("w").open_db(&file).unwrap();
    let unsupported = ErrorKind::Unsupported;
    assert_refused(reader.jobs().list(), unsupported, "open it once for writing");
    assert_refused(reader.token_usage(&Default::default()), unsupported, "open it once for writing");
    assert_refused(reader.tasks().list(None), unsupported, "open it once for writing");
    let result = reader.record_token_usage(&TokenUsage::default());
    assert_refused(result, unsupported, "open it once for writing");
    drop(reader);
    assert!(std::fs::read(&file).unwrap() == before);
}

#[test]
fn a_file_format_of_a_newer_sqlite_is_unsupported() {
    let fixture = Fixture::new();
    let file = fixture.root().join("mcoda.db");
    drop(fixture.options().open_db(&file).unwrap());
    let mut bytes = std::fs::read(&file).unwrap();
    // The schema format number, see "The Database Header" in SQLite's file format.
    bytes[44..48].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&file, bytes).unwrap();
    for options in [fixture.options(), fixture.options().read_only(true)] {
        assert_refused(options.open_db(&file), ErrorKind::Unsupported, "newer SQLite");
    }
}

#[test]
fn a_read_only_handle_distinguishes_the_kinds_of_databases_too() {
    let fixture = Fixture::new();
    let (own, global) = (fixture.root().join("own.db"), fixture.root().join("global.db"));
    drop(fixture.options().open_db(&own).unwrap());
    drop(fixture.options().open_global_db(&global).unwrap());
    let reading = || fixture.options().read_only(true);
    assert_refused(reading().open_db(&global), ErrorKind::Corrupt, "it is the global database");
    assert_refused(reading().open_global_db(&own), ErrorKind::Corrupt, "it is a workspace database");
    reading().open_db(&own).unwrap();
}

#[test]
fn a_database_that_must_exist_is_migrated_but_not_created() {
    let fixture = Fixture::new();
    let file = fixture.root().join("mcoda.db");
    assert_refused(fixture.options().existing_only(true).open_db(&file), ErrorKind::NotFound, "mcoda.db");
    assert_refused(
        fixture.options().existing_only(true).open(fixture.root()),
        ErrorKind::NotFound,
        "mcoda.db",
    );
    assert_refused(fixture.options().existing_only(true).open_global(), ErrorKind::NotFound, "mcoda.db");
    assert!(!file.exists());
    std::fs::create_dir_all(fixture.root()).unwrap();
    std::fs::write(&file, "").unwrap();
    let workspace = fixture.options().existing_only(true).open_db(&file).unwrap();
    assert_eq!(workspace.projects().list().unwrap(), []);
}

#[test]
fn every_call_on_a_closed_handle_fails_with_closed() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 1.0);
    workspace.close().unwrap();
    workspace.close().unwrap();
    let before = fixture.everything();
    let closed = ErrorKind::Closed;
    assert_refused(workspace.record_token_usage(&TokenUsage::default()), closed, "open a new one");
    assert_refused(workspace.record_token_usages(&[]), closed, "closed");
    let result = workspace.record_status_transition(&task, "completed", &Default::default());
    assert_refused(result, closed, "closed");
    assert_refused(workspace.status_events(&Default::default()), closed, "closed");
    assert_refused(workspace.backfill_status_events(&Default::default()), closed, "closed");
    assert_refused(workspace.velocity(&Default::default()), closed, "closed");
    assert_refused(workspace.estimate(&Default::default()), closed, "closed");
    assert_refused(workspace.projects().list(), closed, "closed");
    assert_refused(workspace.tasks().get(&task), closed, "closed");
    assert_eq!(fixture.everything(), before);
}

#[test]
fn a_closed_handle_fails_whatever_the_settings() {
    let fixture = Fixture::new();
    let strict = fixture.options().config(object(json!({"telemetry": {"strict": true}})));
    let strict = strict.open(fixture.root()).unwrap();
    strict.close().unwrap();
    assert_refused(strict.record_token_usage(&TokenUsage::default()), ErrorKind::Closed, "closed");

    let off = Environment { disable_db: true, ..fixture.environment() };
    let off = fixture.options().environment(off).open(fixture.root()).unwrap();
    off.close().unwrap();
    assert_refused(off.record_token_usage(&TokenUsage::default()), ErrorKind::Closed, "closed");
    assert_refused(off.tasks().get("P-1"), ErrorKind::Closed, "closed");
    assert!(!fixture.log_file().exists());
}

#[test]
fn a_writer_that_holds_the_database_too_long_makes_calls_busy_and_nothing_is_lost() {
    let fixture = Fixture::new();
    let timeout = std::time::Duration::from_millis(50);
    let workspace = fixture.options().busy_timeout(timeout).open(fixture.root()).unwrap();
    let task = backlog(&workspace).task(&workspace, "P-1", 1.0);
    let raw = fixture.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = workspace.record_token_usage(&TokenUsage::default()).unwrap_err();
    assert!(error.kind() == ErrorKind::Busy && error.kind().is_retryable(), "{error}");
    let result = workspace.record_status_transition(&task, "completed", &Default::default());
    assert_refused(result, ErrorKind::Busy, "mcoda.db");
    // Readers do not wait.
    assert_eq!(workspace.tasks().get("P-1").unwrap().unwrap().status, "not_started");
    raw.execute_batch("COMMIT").unwrap();
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().logged);
    assert_eq!((count(&raw, "token_usage"), fixture.log().len()), (1, 1));
}

#[test]
fn options_are_read_from_json() {
    let fixture = Fixture::new();
    let folder = fixture.home().join("log");
    let given = json!({
        "workspaceId": "shop", "config": {"velocity": {"alpha": 1}}, "noTelemetry": true, "jsonLog": folder,
        "synchronous": "full", "busy_timeout_ms": 5, "existingOnly": null,
    });
    let options = mcoda_core::Options::from_json(&given).unwrap();
    let workspace = options.open_db(fixture.home().join("x.db")).unwrap();
    assert_eq!(workspace.id(), "shop");
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().logged);
    assert!(folder.join("token_usage.json").exists());
    let setting = |name: &str| {
        let table = workspace.query(&format!("PRAGMA {name}"), &Default::default()).unwrap();
        table.rows[0][0].clone()
    };
    assert_eq!(setting("synchronous"), mcoda_core::SqlValue::Integer(2));
    assert_eq!(setting("busy_timeout"), mcoda_core::SqlValue::Integer(5));
    for (given, field) in [
        (json!({"workspaceId": 7}), "workspaceId"),
        (json!({"config": []}), "config"),
        (json!({"jsonLog": 1}), "jsonLog"),
        (json!({"synchronous": "off"}), "synchronous"),
        (json!({"busyTimeoutMs": -1}), "busyTimeoutMs"),
        (json!({"busyTimeoutMs": 0.5}), "busyTimeoutMs"),
        (json!({"readOnly": "yes"}), "readOnly"),
        (json!({"readonly": true}), "readonly"),
        (json!([]), "options"),
    ] {
        let error = mcoda_core::Options::from_json(&given).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{given}");
    }
}
