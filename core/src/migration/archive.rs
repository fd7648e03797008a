//! Archiving a table: its rows remain readable under another name.

use rusqlite::Connection;

use super::change::{change, quoted};
use super::inspect::kind_of;
use crate::error::Result;

/// Copies all rows of a table to a new table named `legacy_…`, drops the old table, and returns the new name.
///
/// ALTER TABLE … RENAME would also change the foreign keys of other tables to the new name, and leave the old indexes,
/// whose names the new ones need.
pub(super) fn archive_table(connection: &Connection, table: &str) -> Result<String> {
    let name = free_name(connection, table)?;
    change(connection, &format!("CREATE TABLE {} AS SELECT * FROM {}", quoted(&name), quoted(table)))?;
    change(connection, &format!("DROP TABLE {}", quoted(table)))?;
    Ok(name)
}

fn free_name(connection: &Connection, table: &str) -> Result<String> {
    let mut name = format!("legacy_{table}");
    let mut number = 1;
    while kind_of(connection, &name)?.is_some() {
        number += 1;
        name = format!("legacy_{table}_{number}");
    }
    Ok(name)
}
