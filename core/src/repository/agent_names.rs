//! The slugs of agents in the global database.

use rusqlite::{Connection, OptionalExtension};

use super::row;
use crate::error::Result;

/// The id of the agent with the slug `name`, unless `name` is an agent's id itself.
pub(crate) fn id_of(connection: &Connection, name: &str) -> Result<Option<String>> {
    let sql = "SELECT id FROM agents WHERE id = ?1 OR slug = ?1 ORDER BY id = ?1 DESC, id LIMIT 1";
    let id = connection.prepare_cached(sql)?.query_row([name], |row| row::text(row, "id")).optional()?;
    Ok(id.flatten())
}

/// Whether the database has no schema yet.
pub(crate) fn has_no_schema(connection: &Connection) -> Result<bool> {
    Ok(connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_master)", [], |row| row.get(0))?)
}
