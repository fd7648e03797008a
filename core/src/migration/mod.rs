//! The schema as it should be, and the way there from every schema that ever shipped.
//!
//! A migration only adds: tables, nullable columns, indexes. The two exceptions, both in old global
//! databases, are [`prototype`] and [`defaults`]. All of it is one transaction, so a process that dies
//! half-way leaves the old schema behind and the next one that opens the file starts again.

mod aside;
mod change;
mod defaults;
mod global;
mod guard;
mod inspect;
mod look;
mod prototype;
mod table;
mod workspace;

#[cfg(test)]
mod tests;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::{Error, ErrorKind, Result};
use crate::sqlite::{Patience, begin, schema_version};
use crate::time::Timestamp;
use change::change;
pub(crate) use guard::refuse_other_kind;
pub(crate) use look::{columns, look};
use table::Table;

/// The schema (`user_version`) that this build knows. The TypeScript packages leave it at 0.
pub(crate) const VERSION: i32 = 1;

/// The two kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Workspace,
    Global,
}

impl Kind {
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

/// Gives a database everything that it lacks. `now` stands in for times that rebuilt rows lack.
///
/// Errors: `Corrupt` where the file is clearly not a database of this kind; nothing was changed then.
pub(crate) fn migrate(connection: &Connection, kind: Kind, now: Timestamp, how: &Patience<'_>) -> Result<()> {
    refuse_other_kind(connection, kind)?;
    if schema_version(connection)? >= VERSION {
        return Ok(());
    }
    // With foreign keys on, dropping a table would delete its rows first and so cascade into the rows
    // of others. They cannot be switched inside of a transaction.
    switch_foreign_keys(connection, false)?;
    let outcome = in_one_transaction(connection, kind, now, how);
    let switched = switch_foreign_keys(connection, true);
    outcome.and(switched)
}

fn in_one_transaction(connection: &Connection, kind: Kind, now: Timestamp, how: &Patience<'_>) -> Result<()> {
    let transaction = begin(connection, how)?;
    // Another process may have done the work while this one waited for the lock.
    if schema_version(&transaction)? < VERSION {
        guard::refuse_foreign_tables(&transaction, kind)?;
        bring_up_to_date(&transaction, kind, now)?;
    }
    Ok(transaction.commit()?)
}

fn bring_up_to_date(connection: &Connection, kind: Kind, now: Timestamp) -> Result<()> {
    if kind == Kind::Global {
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

fn switch_foreign_keys(connection: &Connection, on: bool) -> Result<()> {
    if connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on)? == on {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Internal, format!("SQLite did not accept foreign_keys={on}")))
}
