//! A valid database in whose rows other programs have written anything.

use std::path::Path;
use std::sync::OnceLock;

use mcoda_core::{
    Dimension, ErrorKind, EstimateOptions, Result, StatusEventsQuery, TokenUsageQuery, TransitionContext,
    VelocityMode, Workspace,
};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::{expect_no_fault, options};

const SHOP: &[u8] = include_bytes!("../../vectors/fixtures/shop.db");

/// Reading never fails. Each change consists of a column, a row, a kind of value, a length and as many bytes.
pub fn rows(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mcoda.db");
    std::fs::write(&path, shop()).expect("a file");
    change(&path, data);
    read(&options().open_db(&path).expect("a database"));
}

/// Migrated, so that no migration encounters the values.
fn shop() -> &'static [u8] {
    static UP_TO_DATE: OnceLock<Vec<u8>> = OnceLock::new();
    UP_TO_DATE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mcoda.db");
        std::fs::write(&path, SHOP).expect("a file");
        options().open_db(&path).expect("a database").close().expect("a database");
        std::fs::read(&path).expect("a file")
    })
}

fn change(path: &Path, mut data: &[u8]) {
    let connection = Connection::open(path).expect("a database");
    connection
        .execute_batch("PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON; PRAGMA synchronous=OFF")
        .expect("settings");
    let columns = columns(&connection);
    while let [column, row, kind, length, rest @ ..] = data {
        let (bytes, others) = rest.split_at(rest.len().min((*length).into()));
        let (table, column) = &columns[usize::from(*column) % columns.len()];
        let sql = format!(
            "UPDATE \"{table}\" SET \"{column}\" = ?1 WHERE rowid = (SELECT rowid FROM \"{table}\" LIMIT 1 OFFSET ?2)"
        );
        // What a constraint refuses, other programs cannot write either.
        let _ = connection.execute(&sql, (value(*kind, bytes), row % 12));
        data = others;
    }
}

/// The columns that can hold any value, in an order that new columns do not change.
fn columns(connection: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
                WHERE t.schema = 'main' AND t.name IN ('token_usage', 'tasks', 'task_status_events', 'task_runs',
                      'projects', 'epics', 'user_stories', 'jobs', 'command_runs') ORDER BY t.name, c.name";
    let mut statement = connection.prepare(sql).expect("SQL");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("columns");
    rows.collect::<rusqlite::Result<_>>().expect("columns")
}

fn value(kind: u8, bytes: &[u8]) -> Value {
    let mut number = [0; 8];
    number.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    match kind % 5 {
        0 => Value::Null,
        1 => Value::Integer(i64::from_le_bytes(number)),
        2 => Value::Real(f64::from_le_bytes(number)),
        3 => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        _ => Value::Blob(bytes.to_vec()),
    }
}

#[track_caller]
fn succeeds<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{:?}: {error}", error.kind()))
}

fn read(workspace: &Workspace) {
    succeeds(workspace.token_usage(&TokenUsageQuery::default()));
    let all = TokenUsageQuery { since: Some("0000-01-01".to_owned()), ..TokenUsageQuery::default() };
    succeeds(workspace.token_usage_summary(&all, Dimension::ALL));
    succeeds(workspace.token_usage_summary(&all, &[]));
    succeeds(workspace.projects().list());
    succeeds(workspace.epics().list(None));
    succeeds(workspace.stories().list(None));
    succeeds(workspace.status_events(&StatusEventsQuery::default()));
    for mode in [VelocityMode::Config, VelocityMode::Empirical, VelocityMode::Mixed] {
        let options = EstimateOptions { mode: Some(mode), ..EstimateOptions::default() };
        let velocity = succeeds(workspace.velocity(&options));
        serde_json::to_string(&velocity).expect("JSON");
        let estimate = succeeds(workspace.estimate(&options));
        serde_json::to_string(&estimate).expect("JSON");
        mcoda_core::report::read::<mcoda_core::Estimate>(
            "estimate",
            &serde_json::to_value(&estimate).expect("JSON"),
        )
        .expect("its own JSON");
    }
    for job in succeeds(workspace.jobs().list()) {
        // It may have lost its id.
        if let Err(error) = workspace.inspect_job(&job.id) {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
    }
    for task in succeeds(workspace.tasks().list(None)) {
        succeeds(workspace.task_runs().list(&task.id));
        // It may have lost its id, or have the key of another one.
        if let Err(error) =
            workspace.record_status_transition(&task.id, "completed", &TransitionContext::default())
        {
            expect_no_fault(&error);
            assert!(
                matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::Corrupt),
                "{error}"
            );
        }
    }
}
