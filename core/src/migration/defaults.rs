//! `workspace_defaults` formerly had one row per workspace: (workspace, default_agent). Now it has one for each command
//! of a workspace.

use rusqlite::Connection;

use super::archive::archive_table;
use super::change::{change, change_with, quoted};
use super::inspect::{Column, columns, find};
use super::{global, table::Table};
use crate::error::Result;
use crate::time::Timestamp;

pub(super) const TABLE: &str = "workspace_defaults";

/// The columns of the old table that the new one has too.
const KEPT_COLUMNS: &[&str] =
    &["workspace", "default_agent", "command_name", "qa_profile", "docdex_scope", "updated_at"];

/// Whether the table has its old columns.
pub(super) fn are_old(connection: &Connection) -> Result<bool> {
    let existing = columns(connection, TABLE)?;
    let has = |name| find(&existing, name).is_some();
    Ok(has("workspace") && has("default_agent") && !has("workspace_id"))
}

/// Recreates the table with all of its rows. The old table is kept as a `legacy_…` table if anything in it has no place
/// in the new one.
pub(super) fn convert(connection: &Connection, now: Timestamp) -> Result<()> {
    let existing = columns(connection, TABLE)?;
    let old = archive_table(connection, TABLE)?;
    for name in ["agents", TABLE] {
        declaration(name).try_for_each(|table| table.complete(connection))?;
    }
    let keep = |column: &str, otherwise: &str| match find(&existing, column) {
        Some(_) => format!("coalesce(old.{column}, {otherwise})"),
        None => otherwise.to_owned(),
    };
    // Ordered, so that the later one of two rows for one workspace wins.
    let statement = format!(
        "INSERT OR REPLACE INTO {TABLE}
                (workspace_id, command_name, agent_id, qa_profile, docdex_scope, updated_at)
         SELECT old.workspace, {command_name},
                coalesce((SELECT id FROM agents WHERE id = old.default_agent),
                         (SELECT id FROM agents WHERE slug = old.default_agent), old.default_agent),
                {qa_profile}, {docdex_scope}, {updated_at}
           FROM {old} AS old WHERE old.workspace IS NOT NULL AND old.default_agent IS NOT NULL
          ORDER BY old.rowid",
        command_name = keep("command_name", "'default'"),
        qa_profile = keep("qa_profile", "NULL"),
        docdex_scope = keep("docdex_scope", "NULL"),
        updated_at = keep("updated_at", "?1"),
        old = quoted(&old),
    );
    change_with(connection, &statement, [now.to_string()])?;
    if all_kept(connection, &existing, &old)? {
        change(connection, &format!("DROP TABLE {}", quoted(&old)))?;
    }
    Ok(())
}

fn declaration(name: &str) -> impl Iterator<Item = &'static Table> {
    global::TABLES.iter().filter(move |table| table.name == name)
}

fn all_kept(connection: &Connection, existing: &[Column], old: &str) -> Result<bool> {
    let statement = format!("SELECT (SELECT count(*) FROM {TABLE}) = (SELECT count(*) FROM {})", quoted(old));
    let all_rows: bool = connection.query_row(&statement, [], |row| row.get(0))?;
    let known = |column: &Column| KEPT_COLUMNS.iter().any(|carried| column.is(carried));
    Ok(all_rows && existing.iter().all(known))
}
