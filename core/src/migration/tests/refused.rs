//! What is not ours, or not ours to open, stays as it is to the byte.

use super::*;
use crate::error::ErrorKind;

fn assert_refused(place: &Copy, kind: DatabaseKind, words: &str) {
    let before = {
        let connection = open(&place.path).unwrap();
        lines(&connection, "SELECT * FROM sqlite_schema")
    };
    let bytes = std::fs::read(&place.path).unwrap();
    let error = open_and_migrate(&place.path, kind).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.message().contains(words), "{error}");
    assert!(std::fs::read(&place.path).unwrap() == bytes);
    assert_eq!(lines(&raw(&place.path), "SELECT * FROM sqlite_schema"), before);
}

#[test]
fn the_wrong_one_of_our_databases() {
    for name in all_old() {
        let (kind, words) = match kind_of(name) {
            DatabaseKind::Workspace => (DatabaseKind::Global, "it is a workspace database"),
            DatabaseKind::Global => (DatabaseKind::Workspace, "it is the global database"),
        };
        assert_refused(&copy_of(name), kind, words);
        let migrated = copy_of(name);
        drop(open_and_migrate(&migrated.path, kind_of(name)).unwrap());
        assert_refused(&migrated, kind, words);
    }
}

#[test]
fn somebody_elses_tables() {
    for (sql, kind, words) in [
        ("CREATE TABLE tasks (title TEXT)", DatabaseKind::Workspace, "tasks has no column id"),
        ("CREATE TABLE Jobs (title TEXT)", DatabaseKind::Workspace, "jobs has no column id"),
        ("CREATE TABLE agents (slug TEXT)", DatabaseKind::Global, "agents has no column id"),
        (
            "CREATE TABLE agents (id TEXT PRIMARY KEY, slug TEXT); CREATE TABLE agent_models (agent_id TEXT)",
            DatabaseKind::Global,
            "no column model_name",
        ),
        (
            "CREATE TABLE agents (name TEXT); CREATE TABLE token_usage (n)",
            DatabaseKind::Global,
            "token_usage has no",
        ),
        ("CREATE TABLE workspace_defaults (workspace TEXT)", DatabaseKind::Global, "no column workspace_id"),
        ("CREATE VIEW token_usage AS SELECT 1 AS id", DatabaseKind::Workspace, "something else here (view)"),
        ("CREATE VIEW agents AS SELECT 1 AS id", DatabaseKind::Global, "something else here (view)"),
        (
            "CREATE TABLE x (y); CREATE INDEX jobs ON x(y)",
            DatabaseKind::Workspace,
            "something else here (index)",
        ),
    ] {
        let place = empty();
        raw(&place.path).execute_batch(sql).unwrap();
        assert_refused(&place, kind, words);
    }
}

#[test]
fn a_newer_schema() {
    for name in ["workspace_today", "global_early"] {
        let copy = copy_of(name);
        raw(&copy.path).pragma_update(None, "user_version", VERSION + 1).unwrap();
        let bytes = std::fs::read(&copy.path).unwrap();
        assert_eq!(open(&copy.path).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(std::fs::read(&copy.path).unwrap() == bytes, "{name}");
    }
}

#[test]
fn a_newer_schema_of_which_the_log_alone_knows() {
    let copy = copy_of("workspace_today");
    let writer = raw(&copy.path);
    writer.pragma_update(None, "user_version", VERSION + 1).unwrap();
    // What a killed process leaves behind.
    let crashed = empty();
    let log = |place: &Copy| place.folder.path().join("mcoda.db-wal");
    std::fs::copy(&copy.path, &crashed.path).unwrap();
    std::fs::copy(log(&copy), log(&crashed)).unwrap();
    let files = || [&crashed.path, &log(&crashed)].map(|file| std::fs::read(file).unwrap());
    let before = files();
    assert!(!before[1].is_empty());
    for _ in 0..2 {
        let error = open(&crashed.path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(files() == before);
    }
    drop(writer);
}

#[test]
fn versions_below_ours_are_migrated() {
    let copy = copy_of("workspace_first");
    raw(&copy.path).pragma_update(None, "user_version", -1).unwrap();
    let connection = open_and_migrate(&copy.path, DatabaseKind::Workspace).unwrap();
    assert_eq!(crate::sqlite::schema_version(&connection).unwrap(), VERSION);
}
