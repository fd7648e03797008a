//! A workspace for token usage queries. Rows that the interface would refuse are written directly into the file, as
//! other programs and older releases do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mcoda_core::{
    Clock, Environment, Error, ErrorKind, TokenUsage, TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow,
    Workspace,
};
use rusqlite::Connection;
use serde_json::{Value, json};

pub const NOON: &str = "2026-03-20T12:00:00.000Z";

/// A workspace on a fixed day whose user has an empty home folder.
pub struct Desk {
    pub workspace: Workspace,
    pub home: PathBuf,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self::waiting(Duration::from_secs(5))
    }

    /// A workspace with this busy timeout.
    pub fn waiting(busy_timeout: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let environment = Environment { home: Some(home.clone()), ..Environment::default() };
        let workspace = Workspace::options()
            .workspace_id("w")
            .clock(Clock::fixed(NOON.parse().unwrap()))
            .environment(environment)
            .busy_timeout(busy_timeout)
            .open_db(folder.path().join("mcoda.db"))
            .unwrap();
        Self { workspace, home, _folder: folder }
    }

    /// Records calls as a host does; those without a time are at noon.
    pub fn record(&self, calls: &[Value]) {
        let usages: Vec<TokenUsage> = calls.iter().map(|call| TokenUsage::from_json(call).unwrap()).collect();
        self.workspace.record_token_usages(&usages).unwrap();
    }

    /// Inserts a row into the file: its id is `name`, other columns as given.
    pub fn put(&self, name: &str, columns: &Value) {
        let mut row = json!({"id": name, "workspace_id": "w", "timestamp": NOON});
        row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
        insert(self.workspace.database_path(), &row);
    }

    pub fn rows(&self, query: Value) -> Vec<TokenUsageRow> {
        self.workspace.token_usage(&TokenUsageQuery::from_json(&query).unwrap()).unwrap()
    }

    pub fn ids(&self, query: Value) -> Vec<String> {
        self.rows(query).into_iter().map(|row| row.id).collect()
    }

    pub fn summary(&self, query: Value) -> Vec<TokenUsageSummaryRow> {
        let (query, group_by) = TokenUsageQuery::from_summary_json(&query).unwrap();
        self.workspace.token_usage_summary(&query, &group_by).unwrap()
    }

    pub fn summary_json(&self, query: Value) -> Vec<Value> {
        self.summary(query).iter().map(|row| serde_json::to_value(row).unwrap()).collect()
    }
}

pub fn insert(file: &Path, row: &Value) {
    let row = row.as_object().unwrap();
    let connection = Connection::open(file).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let columns: Vec<&str> = row.keys().map(String::as_str).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO token_usage ({}) VALUES ({})", columns.join(", "), places.join(", "));
    connection.execute(&sql, rusqlite::params_from_iter(row.values().map(stored))).unwrap();
}

pub fn stored(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Number(number) if number.is_i64() => number.as_i64().into(),
        Value::Number(number) => number.as_f64().into(),
        _ => rusqlite::types::Value::Null,
    }
}

pub fn refused(result: Result<impl Sized, Error>) -> (ErrorKind, Option<String>) {
    let error = result.err().expect("an error");
    (error.kind(), error.field().map(str::to_owned))
}

pub fn invalid(field: &str) -> (ErrorKind, Option<String>) {
    (ErrorKind::InvalidInput, Some(field.to_owned()))
}
