//! The workspace ids in a workspace database. Usually there is one; several workspaces may share a database.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::stored;
use crate::definition::record;
use crate::error::Result;

/// The tables with a workspace id, the small ones first.
const TABLES: [&str; 3] = ["command_runs", "jobs", "token_usage"];

/// The number of rows in each of the tables.
type Counts = [u64; 3];

/// What a database knows of a workspace id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It has rows with the id, or it has none of any workspace.
    OwnOrNone,
    /// It has rows of this one other workspace only.
    OneOther(String),
    /// It has rows of several others, and none with the id as far as was read.
    Others,
}

record! {
    /// A workspace whose rows are in a database.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct KnownWorkspace("knownWorkspace", "camelCase"): {
        /// Its id.
        pub id: String,
        /// Whether it is the id of the handle, which new records get and queries select.
        pub own: bool,
        /// The number of its records of usage.
        pub token_usage: u64,
        /// The number of its jobs.
        pub jobs: u64,
        /// The number of its command runs.
        pub command_runs: u64,
    }
}

record! {
    /// The rows that `relocate` gave another workspace id.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Relocated("relocated", "camelCase"): {
        /// How many records of usage.
        pub token_usage: u64,
        /// How many jobs.
        pub jobs: u64,
        /// How many command runs.
        pub command_runs: u64,
        /// Whether `workspace.json` beside the database named the old id, and now names the new one.
        pub workspace_file: bool,
    }
}

/// Reads ids until it is clear which one a workspace with the default id `own` has.
pub(crate) fn look(connection: &Connection, own: &str) -> Result<Known> {
    let mut other: Option<String> = None;
    for table in TABLES {
        let mut found = None;
        for_each(connection, table, |id| {
            match &other {
                _ if id == own => found = Some(Known::OwnOrNone),
                None => other = Some(id.to_owned()),
                Some(other) if other == id => {}
                Some(_) => found = Some(Known::Others),
            }
            found.is_none()
        })?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Ok(other.map_or(Known::OwnOrNone, Known::OneOther))
}

/// Whether there is a row with this id.
pub(crate) fn has(connection: &Connection, id: &str) -> Result<bool> {
    for table in TABLES {
        if is_in(connection, table, id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The ids of other workspaces, if there is no row with the id `own`.
pub(crate) fn unseen(connection: &Connection, own: &str) -> Result<Vec<String>> {
    if has(connection, own)? {
        return Ok(Vec::new());
    }
    Ok(list(connection, None)?.into_iter().map(|known| known.id).collect())
}

fn is_in(connection: &Connection, table: &str, id: &str) -> Result<bool> {
    let mut is_found = false;
    for_each(connection, table, |found| {
        is_found = found == id;
        !is_found
    })?;
    Ok(is_found)
}

/// The ids of all rows, in their order as text, with the number of rows of each.
pub(crate) fn list(connection: &Connection, own: Option<&str>) -> Result<Vec<KnownWorkspace>> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for (place, table) in TABLES.into_iter().enumerate() {
        for_each(connection, table, |id| {
            match counts.get_mut(id) {
                Some(of_id) => of_id[place] += 1,
                None => {
                    let mut of_id = Counts::default();
                    of_id[place] = 1;
                    counts.insert(id.to_owned(), of_id);
                }
            }
            true
        })?;
    }
    let known = |(id, [command_runs, jobs, token_usage]): (String, Counts)| KnownWorkspace {
        own: own == Some(&*id),
        id,
        token_usage,
        jobs,
        command_runs,
    };
    Ok(counts.into_iter().map(known).collect())
}

/// Gives the rows with the id `old` the id `new`.
pub(crate) fn relocate(tx: &Connection, old: &str, new: &str) -> Result<Relocated> {
    let mut counts = Counts::default();
    for (table, count) in TABLES.into_iter().zip(&mut counts) {
        let sql = format!("UPDATE {table} SET workspace_id = ?2 WHERE workspace_id = ?1");
        *count = tx.execute(&sql, params![old, new])? as u64;
        stored::check_changed(table, usize::from(!is_in(tx, table, old)?))?;
    }
    let [command_runs, jobs, token_usage] = counts;
    Ok(Relocated { token_usage, jobs, command_runs, workspace_file: false })
}

/// Passes the id of each row to `visit`, until it returns false. Rows without an id are skipped, and so is a table that an
/// old database lacks.
fn for_each(connection: &Connection, table: &str, mut visit: impl FnMut(&str) -> bool) -> Result<()> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    if !connection.prepare_cached(sql)?.exists([table])? {
        return Ok(());
    }
    let mut statement = connection.prepare(&format!("SELECT workspace_id FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ValueRef::Text(text) = row.get_ref(0)? else { continue };
        if let Ok(id) = std::str::from_utf8(text)
            && !id.trim().is_empty()
            && !visit(id)
        {
            break;
        }
    }
    Ok(())
}
