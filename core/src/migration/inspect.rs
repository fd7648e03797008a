//! The tables, columns, indexes and triggers of a database.

use rusqlite::Connection;

use crate::error::Result;

/// A column of an existing table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) declared_type: String,
    pub(super) not_null: bool,
    pub(super) has_default: bool,
    pub(super) in_primary_key: bool,
}

impl Column {
    /// SQL compares the names of columns without case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The column with this name.
pub(super) fn find<'c>(columns: &'c [Column], name: &str) -> Option<&'c Column> {
    columns.iter().find(|column| column.is(name))
}

/// The columns of a table; none if there is no such table.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    // Unlike table_info, table_xinfo lists generated columns; hidden = 1 are those of virtual tables.
    let mut statement = connection.prepare(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk > 0
           FROM pragma_table_xinfo(?1, 'main') WHERE hidden <> 1 ORDER BY cid",
    )?;
    let rows = statement.query_map([table], |row| {
        Ok(Column {
            name: row.get(0)?,
            declared_type: row.get(1)?,
            not_null: row.get(2)?,
            has_default: row.get(3)?,
            in_primary_key: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A column that refers to another table.
#[derive(Debug)]
pub(super) struct ForeignKey {
    pub(super) column: String,
    pub(super) parent: String,
    /// `None` if the declaration names no column, which means the parent's primary key.
    pub(super) parent_column: Option<String>,
    /// Whether the key has several columns.
    pub(super) composite: bool,
}

/// The foreign keys of a table.
pub(super) fn foreign_keys(connection: &Connection, table: &str) -> Result<Vec<ForeignKey>> {
    let mut statement = connection.prepare(
        "SELECT \"from\", \"table\", \"to\", count(*) OVER (PARTITION BY id) > 1
           FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq",
    )?;
    let rows = statement.query_map([table], |row| {
        Ok(ForeignKey {
            column: row.get(0)?,
            parent: row.get(1)?,
            parent_column: row.get(2)?,
            composite: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The names of all tables except SQLite's own.
pub(super) fn tables(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare(
        r"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The type of the object with this name (`table`, `virtual table`, `view`, `index`), or `None` if there is none.
pub(super) fn kind_of(connection: &Connection, name: &str) -> Result<Option<String>> {
    let mut statement = connection.prepare(
        "SELECT iif(sql LIKE 'CREATE VIRTUAL %', 'virtual table', type) FROM sqlite_schema
          WHERE name = ?1 COLLATE NOCASE AND type <> 'trigger'",
    )?;
    Ok(statement.query_map([name], |row| row.get(0))?.next().transpose()?)
}

/// The statements that create the indexes and triggers of a table, except those that its own declaration creates.
pub(super) fn attachments(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema
          WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL",
    )?;
    let statements = statement.query_map([table], |row| row.get(0))?;
    Ok(statements.collect::<Result<_, _>>()?)
}
