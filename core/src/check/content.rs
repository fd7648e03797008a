//! Whether the database is intact, and whether this build knows its schema.

use super::checkup::Found;
use super::finding::{EXAMPLES, Finding, Severity};
use super::subject::Subject;
use crate::error::Result;
use crate::migration::{self, DatabaseKind, VERSION};
use crate::repository::health;

/// The version and the kind of the schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema {
    pub(super) version: i32,
    pub(super) kind: Option<DatabaseKind>,
}

impl Schema {
    /// Whether this build knows the schema.
    pub(super) fn is_known(&self) -> bool {
        self.version <= VERSION
    }

    /// Whether the schema has everything that this build writes to.
    pub(super) fn is_current(&self) -> bool {
        self.version == VERSION
    }
}

/// The maximum number of messages to request from SQLite: one damaged page causes many.
const MOST_MESSAGES: usize = 100;

/// The version of the schema, and what is missing in it. Reading it also shows that the file is a database.
pub(super) fn schema(subject: &Subject<'_>) -> Result<Found<Schema>> {
    let found = subject.view.read(|connection| migration::look(connection, subject.expected))?;
    let database = subject.database.display();
    let mut findings = Vec::new();
    let mut add = |severity, code, message: String, advice: &str| {
        findings.push(Finding::new(severity, code, &database, message, advice));
    };
    let version = found.version;
    if let Some(error) = &found.refused {
        let advice = "name another file, or open it as what it is";
        add(Severity::Error, "other_database", error.message().to_owned(), advice);
    } else if version > VERSION {
        let message = format!(
            "its schema is version {version}, newer than {VERSION}, the newest that this build knows"
        );
        add(Severity::Error, "newer_schema", message, "update libmcoda");
    } else if version < VERSION {
        let message = format!("its schema is version {version}, older than {VERSION}");
        let advice =
            "nothing has to be done: the next time that it is opened for writing it is brought up to date";
        add(Severity::Info, "older_schema", message, advice);
    } else if !found.lacks.is_empty() {
        let message = "tables or columns are missing that its version says it has";
        let advice = "restore a backup, or add them by hand as a new database has them";
        let mut lacks = found.lacks;
        let count = lacks.len() as u64;
        lacks.truncate(EXAMPLES);
        let finding = Finding::new(Severity::Error, "schema_lacks", &database, message, advice);
        findings.push(finding.counted(count).with_examples(lacks));
    }
    let kind = found.kind.filter(|_| found.refused.is_none());
    Ok(Found { findings, value: Schema { version, kind } })
}

/// Whether the pages and rows of the database are intact; if `is_full`, its indexes, too.
pub(super) fn integrity(subject: &Subject<'_>, is_full: bool) -> Result<Vec<Finding>> {
    let mut messages =
        subject.view.read(|connection| health::integrity(connection, is_full, MOST_MESSAGES))?;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let count = messages.len() as u64;
    messages.truncate(EXAMPLES);
    let finding = Finding::damaged(subject.database.display(), "the database is damaged");
    Ok(vec![finding.counted(count).with_examples(messages)])
}

/// Rows that refer to rows which do not exist.
pub(super) fn foreign_keys(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let broken = subject.view.read(|connection| health::broken_references(connection, EXAMPLES))?;
    let finding = |broken: health::Broken| {
        Finding::new(
            Severity::Warning,
            "broken_reference",
            &broken.table,
            format!("rows of {} name rows of {} that do not exist", broken.table, broken.parent),
            "a program deleted or wrote rows without foreign keys: put the missing rows back, or delete these",
        )
        .counted(broken.count)
        .with_examples(broken.rows.iter().map(|row| format!("row {row}")).collect())
    };
    Ok(broken.into_iter().map(finding).collect())
}
