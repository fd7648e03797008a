//! Looking at the schema of a database without changing it.

use rusqlite::Connection;

use super::DatabaseKind;
use super::inspect::{self, find};
use super::preconditions::{has_table, refuse_foreign_tables, refuse_other_kind};
use super::table::name_of;
use crate::error::{Error, ErrorKind, Result};
use crate::repository::health::Sort;
use crate::sqlite::schema_version;

/// What the schema of a database is.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) version: i32,
    /// `None` where it has none of the tables that tell.
    pub(crate) kind: Option<DatabaseKind>,
    /// The tables and columns that it lacks.
    pub(crate) lacks: Vec<String>,
    /// EndReason it would not be opened as the kind that was expected.
    pub(crate) refused: Option<Error>,
}

/// Looks at the schema of a database that is `expected` to be of this kind, or may be of any.
pub(crate) fn look(connection: &Connection, expected: Option<DatabaseKind>) -> Result<Look> {
    let version = schema_version(connection)?;
    let kind = match expected {
        Some(kind) => Some(kind),
        None if has_table(connection, "tasks")? => Some(DatabaseKind::Workspace),
        None if has_table(connection, "agents")? => Some(DatabaseKind::Global),
        None => None,
    };
    let Some(kind) = kind else {
        let is_empty = inspect::tables(connection)?.is_empty();
        let message = "it has none of mcoda's tables, so it is another program's database";
        let refused = (!is_empty).then(|| Error::new(ErrorKind::Corrupt, message));
        return Ok(Look { version, kind: None, lacks: Vec::new(), refused });
    };
    let refused =
        refuse_other_kind(connection, kind).and_then(|()| refuse_foreign_tables(connection, kind)).err();
    // What is no answer about the schema is an error of the question.
    let refused = match refused {
        Some(error) if std::error::Error::source(&error).is_some() => return Err(error),
        refused => refused,
    };
    let mut lacks = Vec::new();
    for table in kind.tables() {
        let existing = inspect::columns(connection, table.name)?;
        if existing.is_empty() {
            lacks.push(table.name.to_owned());
            continue;
        }
        let missing = table.declared().filter(|column| find(&existing, name_of(column)).is_none());
        lacks.extend(missing.map(|column| format!("{}.{}", table.name, name_of(&column))));
    }
    Ok(Look { version, kind: Some(kind), lacks, refused })
}

/// A table, with columns of it and what they hold.
type TableColumns = (&'static str, Vec<(String, Sort)>);

/// The tables that are there, with those of this library's columns that they have and what these hold.
pub(crate) fn columns(connection: &Connection, kind: DatabaseKind) -> Result<Vec<TableColumns>> {
    let mut tables = Vec::new();
    for table in kind.tables() {
        let existing = inspect::columns(connection, table.name)?;
        let declared = table.declared().filter_map(|column| {
            let name = name_of(&column);
            find(&existing, name)?;
            let kind = column[name.len()..].split_whitespace().next().unwrap_or_default();
            let is_key = table.primary_key == [name];
            Some((name.to_owned(), Sort::of(name, kind, is_key)))
        });
        let declared: Vec<_> = declared.collect();
        if !declared.is_empty() {
            tables.push((table.name, declared));
        }
    }
    Ok(tables)
}
