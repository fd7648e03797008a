//! The declaration of a table, and how an existing table is extended.

use std::borrow::Cow;

use rusqlite::Connection;

use super::change::{change, quoted};
use super::inspect::{Column, columns, find};
use crate::definition::Stored;
use crate::error::Result;

/// The declaration of one table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) primary_key: &'static [&'static str],
    /// As in `CREATE TABLE`, beginning with the name: the columns of the TypeScript packages.
    columns: &'static [&'static str],
    /// The record that is a row of it, if any.
    stored: Option<Columns>,
    unique: Option<&'static str>,
    index: Option<(&'static str, &'static str)>,
}

/// The columns of a record.
#[derive(Debug)]
struct Columns {
    names: &'static [&'static str],
    types: &'static [&'static str],
    may_lack: &'static [&'static str],
}

impl Table {
    pub(super) const fn new(
        name: &'static str,
        primary_key: &'static [&'static str],
        columns: &'static [&'static str],
    ) -> Self {
        Self { name, primary_key, columns, stored: None, unique: None, index: None }
    }

    /// The record that is a row of it. Its fields that the TypeScript packages do not know are added as columns at the
    /// end.
    pub(super) const fn stores<R: Stored>(self) -> Self {
        let stored = Columns { names: R::COLUMNS, types: R::TYPES, may_lack: R::MAY_LACK };
        Self { stored: Some(stored), ..self }
    }

    /// Its columns as in `CREATE TABLE`.
    fn declared(&self) -> impl Iterator<Item = Cow<'static, str>> {
        self.columns.iter().copied().map(Cow::Borrowed).chain(self.added())
    }

    /// Its columns that the TypeScript packages do not know.
    pub(super) fn added(&self) -> impl Iterator<Item = Cow<'static, str>> {
        let has = |name: &str| self.columns.iter().any(|column| name_of(column) == name);
        self.stored.iter().flat_map(move |stored| {
            std::iter::zip(stored.names, stored.types)
                .filter(move |(name, _)| !has(name) && !stored.may_lack.contains(name))
                .map(|(name, kind)| Cow::Owned(format!("{name} {kind}")))
        })
    }

    /// The columns of its unique constraint.
    pub(super) const fn unique(self, columns: &'static str) -> Self {
        Self { unique: Some(columns), ..self }
    }

    pub(super) const fn index(self, name: &'static str, columns: &'static str) -> Self {
        Self { index: Some((name, columns)), ..self }
    }

    /// Creates the table if it is missing, or adds missing columns; then its index.
    pub(super) fn complete(&self, connection: &Connection) -> Result<()> {
        let existing = columns(connection, self.name)?;
        if existing.is_empty() {
            change(connection, &self.create_statement(self.declared()))?;
        } else {
            for column in self.declared().filter(|column| find(&existing, name_of(column)).is_none()) {
                let statement = format!("ALTER TABLE {} ADD COLUMN {}", self.name, nullable(&column));
                change(connection, &statement)?;
            }
        }
        if let Some((name, columns)) = self.index {
            change(connection, &format!("CREATE INDEX IF NOT EXISTS {name} ON {} ({columns})", self.name))?;
        }
        Ok(())
    }

    /// Creates the table for rows with the `existing` columns: unknown columns are added at the end, and a column may
    /// be null if the rows may have nulls.
    pub(super) fn create_for(&self, connection: &Connection, existing: &[Column]) -> Result<()> {
        let ours = self.declared().map(|column| {
            let strict = self.primary_key.contains(&name_of(&column))
                || find(existing, name_of(&column)).is_some_and(|existing| existing.not_null);
            if strict { column } else { nullable(&column).into() }
        });
        let theirs = existing
            .iter()
            .filter(|column| !self.has(&column.name))
            .map(|column| format!("{} {}", quoted(&column.name), quoted_type(&column.declared_type)).into());
        change(connection, &self.create_statement(ours.chain(theirs)))
    }

    /// Whether programs that only know our columns can no longer insert rows, because one of the `existing` columns is
    /// more restrictive.
    pub(super) fn is_too_strict(&self, existing: &[Column]) -> bool {
        existing.iter().any(|column| {
            let ours = self.declared().find(|ours| column.is(name_of(ours)));
            let asks_for_a_value = column.not_null && !column.has_default;
            let takes_numbers_alone =
                column.in_primary_key && column.declared_type.eq_ignore_ascii_case("INTEGER");
            takes_numbers_alone || asks_for_a_value && !ours.is_some_and(|ours| ours.contains("NOT NULL"))
        })
    }

    fn has(&self, column: &str) -> bool {
        self.declared().any(|ours| name_of(&ours).eq_ignore_ascii_case(column))
    }

    fn create_statement(&self, columns: impl Iterator<Item = Cow<'static, str>>) -> String {
        let mut parts: Vec<Cow<'static, str>> = columns.collect();
        parts.push(format!("PRIMARY KEY ({})", self.primary_key.join(", ")).into());
        parts.extend(self.unique.map(|columns| format!("UNIQUE ({columns})").into()));
        format!("CREATE TABLE {} (\n  {}\n)", self.name, parts.join(",\n  "))
    }
}

fn name_of(declaration: &str) -> &str {
    declaration.split_once(' ').map_or(declaration, |(name, _)| name)
}

/// Existing rows have no value for a new column without a default.
fn nullable(declaration: &str) -> String {
    if declaration.contains(" DEFAULT ") {
        declaration.to_owned()
    } else {
        declaration.replace(" NOT NULL", "")
    }
}

/// A type that another program declared, which may be any text: SQLite removes the quotes.
fn quoted_type(declared: &str) -> String {
    if declared.is_empty() { String::new() } else { quoted(declared) }
}
