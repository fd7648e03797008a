//! Refusing databases of other programs before anything is changed.

use rusqlite::Connection;

use super::inspect::{columns, find, kind_of};
use super::{DatabaseKind, defaults, prototype};
use crate::error::{Error, ErrorKind, Result};

/// Refuses the global database if a workspace is expected, and vice versa: both have a `token_usage`, so rows would
/// silently be written to the wrong database.
pub(crate) fn refuse_other_kind(connection: &Connection, kind: DatabaseKind) -> Result<()> {
    let has_agents = has_table(connection, "agents")?;
    let has_tasks = has_table(connection, "tasks")?;
    match kind {
        DatabaseKind::Workspace if has_agents && !has_tasks => Err(refusal(
            "it is the global database of mcoda, not a workspace's: open it as global, or name the mcoda.db \
             in the workspace's own folder",
        )),
        DatabaseKind::Global if has_tasks && !has_agents => Err(refusal(
            "it is a workspace database of mcoda, not the global one: open it as a workspace, or name the \
             mcoda.db in the global folder (usually ~/.mcoda)",
        )),
        _ => Ok(()),
    }
}

/// Refuses a database in which a foreign object has the name of one of our tables.
pub(super) fn refuse_foreign_tables(connection: &Connection, kind: DatabaseKind) -> Result<()> {
    let prototype = kind == DatabaseKind::Global && prototype::is_one(connection)?;
    let old_defaults = kind == DatabaseKind::Global && defaults::are_old(connection)?;
    for table in kind.tables() {
        match kind_of(connection, table.name)?.as_deref() {
            None => continue,
            Some("table") => {}
            Some(other) => {
                return Err(refusal(&format!(
                    "{} has to be a table and is something else here ({other}): this is not a database of \
                     mcoda; name another file",
                    table.name
                )));
            }
        }
        let is_replaced =
            prototype && prototype::is_archived(table.name) || old_defaults && table.name == defaults::TABLE;
        let existing = columns(connection, table.name)?;
        let missing = table.primary_key.iter().find(|column| find(&existing, column).is_none());
        if let (Some(column), false) = (missing, is_replaced) {
            return Err(refusal(&format!(
                "its table {} has no column {column}, so it is not one of mcoda's: this is another \
                 program's database; name another file",
                table.name
            )));
        }
    }
    Ok(())
}

fn has_table(connection: &Connection, name: &str) -> Result<bool> {
    Ok(kind_of(connection, name)?.is_some())
}

fn refusal(message: &str) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
