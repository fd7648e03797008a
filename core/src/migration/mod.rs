//! The current schema, and the migration from every released one.
//!
//! A migration only adds: tables, nullable columns, indexes. The two exceptions, both in old global databases, are
//! [`prototype`] and [`defaults`]. A migration is one transaction: if the process dies during it, the old schema
//! remains, and the next process that opens the file starts again. The indexes that only make calls faster follow in a
//! transaction of their own ([`indexes`]), and are no part of the version.

mod archive;
mod change;
mod defaults;
mod global;
mod indexes;
mod inspect;
mod look;
mod preconditions;
mod prototype;
mod table;
mod workspace;

#[cfg(test)]
mod tests;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::{Error, ErrorKind, Result};
use crate::notice::{DATABASE, file_of};
use crate::sqlite::{WaitPolicy, begin_write, database_content, schema_version};
use crate::time::Timestamp;
use change::change;
pub(crate) use indexes::create_time_index;
pub(crate) use look::{columns, look};
pub(crate) use preconditions::refuse_other_kind;
use table::Table;

/// The schema (`user_version`) of this build. The TypeScript packages leave it at 0.
pub(crate) const VERSION: i32 = 1;

/// The two kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    Workspace,
    Global,
}

impl DatabaseKind {
    /// Its name: `workspace` or `global`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Global => "global",
        }
    }

    fn tables(self) -> &'static [Table] {
        match self {
            Self::Workspace => workspace::TABLES,
            Self::Global => global::TABLES,
        }
    }
}

/// Migrates a database to the current schema. `now` replaces missing times in rebuilt rows.
///
/// Errors: `Corrupt` if the file is clearly not a database of this kind; nothing was changed then.
pub(crate) fn migrate(
    connection: &Connection,
    kind: DatabaseKind,
    now: Timestamp,
    wait: &WaitPolicy<'_>,
) -> Result<()> {
    refuse_other_kind(connection, kind)?;
    if schema_version(connection)? >= VERSION {
        return indexes::add(connection, kind, wait);
    }
    // With foreign keys on, dropping a table would first delete its rows, which would cascade into other tables. They
    // cannot be switched inside a transaction.
    switch_foreign_keys(connection, false)?;
    let was_empty = is_empty(connection);
    let outcome = in_one_transaction(connection, kind, now, wait);
    let switched = switch_foreign_keys(connection, true);
    outcome.and(switched)?;
    if !was_empty.unwrap_or(true) {
        log::info!(target: DATABASE, "{}: migrated to schema {VERSION}", file_of(connection));
    }
    indexes::add(connection, kind, wait)
}

/// The content of a new database file with the current schema.
pub(crate) fn new_database(kind: DatabaseKind, now: Timestamp) -> Result<Vec<u8>> {
    database_content(|connection| {
        apply_changes(connection, kind, now)?;
        indexes::create_all(connection, kind)
    })
}

fn in_one_transaction(
    connection: &Connection,
    kind: DatabaseKind,
    now: Timestamp,
    how: &WaitPolicy<'_>,
) -> Result<()> {
    let transaction = begin_write(connection, how)?;
    // Another process may have migrated it while this one waited for the lock.
    if schema_version(&transaction)? < VERSION {
        preconditions::refuse_foreign_tables(&transaction, kind)?;
        apply_changes(&transaction, kind, now)?;
    }
    transaction.commit()
}

fn apply_changes(connection: &Connection, kind: DatabaseKind, now: Timestamp) -> Result<()> {
    if kind == DatabaseKind::Global {
        if prototype::is_one(connection)? {
            prototype::replace_agents(connection, now)?;
        }
        if defaults::are_old(connection)? {
            defaults::convert(connection, now)?;
        }
    }
    for table in kind.tables() {
        table.complete(connection)?;
    }
    change(connection, &format!("PRAGMA user_version = {VERSION}"))
}

fn is_empty(connection: &Connection) -> Result<bool> {
    Ok(connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?)
}

fn switch_foreign_keys(connection: &Connection, on: bool) -> Result<()> {
    if connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on)? == on {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Internal, format!("SQLite did not accept foreign_keys={on}")))
}
