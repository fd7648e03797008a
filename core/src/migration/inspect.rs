//! What a database has.

use rusqlite::Connection;

use crate::error::Result;

/// One column of a table that exists.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) declared_type: String,
    pub(super) not_null: bool,
    pub(super) has_default: bool,
    pub(super) in_primary_key: bool,
}

impl Column {
    /// Names of columns do not differ by case in SQL.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The one of `columns` that has this name.
pub(super) fn find<'c>(columns: &'c [Column], name: &str) -> Option<&'c Column> {
    columns.iter().find(|column| column.is(name))
}

/// The columns of a table; none where there is no such table.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    // Unlike table_info, table_xinfo knows generated columns; hidden = 1 are those of virtual tables.
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
    /// `None` where the declaration names the parent's primary key by not naming any column.
    pub(super) parent_column: Option<String>,
    /// Whether it is one of several columns that refer to the parent together.
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

/// The names of all tables, SQLite's own left out.
pub(super) fn tables(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare(
        r"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// What goes by this name (`table`, `virtual table`, `view`, `index`), or `None` where nothing does.
pub(super) fn kind_of(connection: &Connection, name: &str) -> Result<Option<String>> {
    let mut statement = connection.prepare(
        "SELECT iif(sql LIKE 'CREATE VIRTUAL %', 'virtual table', type) FROM sqlite_schema
          WHERE name = ?1 COLLATE NOCASE AND type <> 'trigger'",
    )?;
    Ok(statement.query_map([name], |row| row.get(0))?.next().transpose()?)
}

/// The statements that make the indexes and triggers of a table, those left out that its own declaration makes.
pub(super) fn attachments(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema
          WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL",
    )?;
    let statements = statement.query_map([table], |row| row.get(0))?;
    Ok(statements.collect::<Result<_, _>>()?)
}
