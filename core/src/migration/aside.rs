//! Setting a table aside: its rows stay readable under another name.

use rusqlite::Connection;

use super::change::{change, quoted};
use super::inspect::kind_of;
use crate::error::Result;

/// Moves all rows of a table to one named `legacy_…` and returns that name.
///
/// They are copied and the table is dropped. ALTER TABLE … RENAME would take the foreign keys of other
/// tables along to the new name, and leave the old indexes in the way of the new ones.
pub(super) fn set_aside(connection: &Connection, table: &str) -> Result<String> {
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
