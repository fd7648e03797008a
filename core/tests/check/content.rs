//! Faults of the database itself.

use std::io::{Seek, SeekFrom, Write};

use super::*;

/// Writes over a part of the database file.
fn overwrite(fixture: &Fixture, offset: u64, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).open(fixture.database()).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
    age(fixture);
}

/// Changes the database as no call of this library does.
fn change(fixture: &Fixture, sql: &str) {
    let connection = fixture.raw();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    age(fixture);
}

#[test]
fn damage_is_found() {
    let fixture = shop();
    let page = 4096;
    let root: u64 =
        value::<i64>(&fixture.raw(), "SELECT rootpage FROM sqlite_schema WHERE name = 'token_usage'")
            .unsigned_abs();
    overwrite(&fixture, (root - 1) * page + 8, &[0xa5; 4088]);
    let report = checked(&fixture);
    assert!(!report.ok, "{report:?}");
    let damaged = report.findings.iter().filter(|finding| finding.code == "damaged");
    assert!(
        damaged
            .clone()
            .all(|finding| finding.severity == Severity::Error && finding.advice.contains("backup"))
    );
    assert!(damaged.clone().next().is_some(), "{report:?}");
    assert!(report.checked.contains(&"schema".to_owned()), "{report:?}");
    // A handle that opens says the same.
    let report = fixture.open().check(&CheckOptions::default()).unwrap();
    assert!(report.findings.iter().any(|finding| finding.code == "damaged") && !report.ok, "{report:?}");
}

#[test]
fn an_index_that_lacks_a_row_is_found_by_a_full_check() {
    let fixture = shop();
    change(
        &fixture,
        "PRAGMA writable_schema=1;
         CREATE INDEX extra ON token_usage (timestamp);
         UPDATE sqlite_schema SET sql = 'CREATE INDEX extra ON token_usage (id)' WHERE name = 'extra';",
    );
    let quick = checked(&fixture);
    assert!(quick.ok, "{quick:?}");
    let full = checked_with(&fixture, &CheckOptions { full: Some(true), ..CheckOptions::default() });
    let damaged = one(&full, "damaged");
    assert!(
        damaged.examples.iter().any(|line| line.contains("extra")) && damaged.count >= Some(1),
        "{full:?}"
    );
}

#[test]
fn what_is_no_database_is_found() {
    let fixture = shop();
    std::fs::write(fixture.database(), "this is not a database, however long it may be".repeat(100)).unwrap();
    age(&fixture);
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("damaged", Severity::Error)], "{report:?}");
    assert!(one(&report, "damaged").message.contains("not an SQLite database"), "{report:?}");
    // What can be looked at without it is.
    assert!(report.checked.contains(&"permissions".to_owned()) && !report.ok, "{report:?}");
}

#[test]
fn a_schema_of_another_version_is_found() {
    let fixture = shop();
    change(&fixture, "PRAGMA user_version = 99");
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("newer_schema", Severity::Error)], "{report:?}");
    assert_eq!(report.schema_version, Some(99));
    assert!(report.checked.contains(&"integrity".to_owned()), "{report:?}");
    change(&fixture, "PRAGMA user_version = 0; DROP TABLE token_usage_log_queue");
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("older_schema", Severity::Info)], "{report:?}");
    assert!(report.ok);
}

#[test]
fn tables_and_columns_that_are_missing_are_found() {
    let fixture = shop();
    change(&fixture, "DROP TABLE task_runs; ALTER TABLE tasks DROP COLUMN priority");
    let report = checked(&fixture);
    let lacks = one(&report, "schema_lacks");
    assert_eq!((lacks.severity, lacks.count), (Severity::Error, Some(2)), "{report:?}");
    assert_eq!(lacks.examples, ["tasks.priority", "task_runs"], "{report:?}");
}

#[test]
fn a_database_of_another_kind_is_found() {
    let fixture = shop();
    drop(fixture.options().open_global().unwrap());
    std::fs::copy(fixture.home().join(".mcoda/mcoda.db"), fixture.database()).unwrap();
    age(&fixture);
    let report = checked(&fixture);
    let other = one(&report, "other_database");
    assert!(other.severity == Severity::Error && other.message.contains("global database"), "{report:?}");

    let foreign = fixture.home().join("notes.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    age(&fixture);
    let report = fixture.options().check_db(&foreign, &CheckOptions::default()).unwrap();
    assert!(one(&report, "other_database").message.contains("another program"), "{report:?}");
}

#[test]
fn references_to_nothing_are_found() {
    let fixture = shop();
    change(
        &fixture,
        "UPDATE tasks SET user_story_id = 'gone'; UPDATE token_usage SET task_id = 'gone' WHERE id <> 'a'",
    );
    let report = checked(&fixture);
    let broken: Vec<_> =
        report.findings.iter().filter(|finding| finding.code == "broken_reference").collect();
    assert!(broken.iter().any(|found| found.subject == "tasks" && found.count == Some(1)), "{report:?}");
    assert!(broken.iter().all(|found| found.severity == Severity::Warning), "{report:?}");
    assert!(report.ok);
}

#[test]
fn values_that_cannot_be_read_are_found() {
    let fixture = shop();
    change(
        &fixture,
        "UPDATE token_usage SET timestamp = 'noon', tokens_prompt = x'00' WHERE id <> 'a';
         UPDATE token_usage SET metadata_json = '[1' WHERE id = 'c';
         UPDATE tasks SET story_points = 'three', key = x'ff';",
    );
    let report = checked(&fixture);
    let found: BTreeMap<&str, (Option<i64>, &[String])> = report
        .findings
        .iter()
        .filter(|finding| finding.code == "unreadable_value")
        .map(|finding| (finding.subject.as_str(), (finding.count, finding.examples.as_slice())))
        .collect();
    let of = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(found["token_usage.timestamp"], (Some(2), &*of(&["b", "c"])), "{report:?}");
    assert_eq!(found["token_usage.tokens_prompt"], (Some(2), &*of(&["b", "c"])), "{report:?}");
    assert_eq!(found["token_usage.metadata_json"], (Some(1), &*of(&["c"])), "{report:?}");
    assert_eq!(
        (found["tasks.story_points"].0, found["tasks.key"].0, found.len()),
        (Some(1), Some(1), 5),
        "{report:?}"
    );
}

#[test]
fn rows_of_other_workspaces_are_found() {
    let fixture = shop();
    change(
        &fixture,
        "UPDATE token_usage SET workspace_id = '/old/place' WHERE id = 'b';
         UPDATE token_usage SET workspace_id = x'00' WHERE id = 'c';",
    );
    let report = checked(&fixture);
    let other = one(&report, "other_workspace");
    assert_eq!((other.severity, other.count), (Severity::Warning, Some(2)), "{report:?}");
    assert_eq!(other.examples, ["none (1)", "/old/place (1)"], "{report:?}");
    assert!(other.advice.contains("relocate"), "{report:?}");
    let as_old = fixture.options().workspace_id("/old/place").check(fixture.root(), &CheckOptions::default());
    assert_eq!(one(&as_old.unwrap(), "other_workspace").count, Some(2));
}
