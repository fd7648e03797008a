//! The agents to which a job or a command run of a workspace is attributed: `agent_id`, the first one, and
//! `agent_ids_json`, all of them.

use rusqlite::{Connection, params};

use super::{row, stored};
use crate::error::Result;

/// The tables whose rows are attributed to agents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Job,
    CommandRun,
}

/// The agents of a row. `listed` is the text of the column, which may be invalid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribution {
    pub(crate) first: Option<String>,
    pub(crate) listed: Option<String>,
}

pub(crate) fn read(connection: &Connection, owner: Owner, id: &str) -> Result<Attribution> {
    let sql = match owner {
        Owner::Job => "SELECT agent_id, agent_ids_json FROM jobs WHERE id = ?1",
        Owner::CommandRun => "SELECT agent_id, agent_ids_json FROM command_runs WHERE id = ?1",
    };
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Attribution { first: row::text(row, "agent_id")?, listed: row::text(row, "agent_ids_json")? })
    };
    Ok(connection.prepare_cached(sql)?.query_row([id], read)?)
}

/// Changes an existing row.
pub(crate) fn write(
    connection: &Connection,
    owner: Owner,
    id: &str,
    agents: &Attribution,
    now: &str,
) -> Result<()> {
    let (table, changed) = match owner {
        Owner::Job => {
            let sql = "UPDATE jobs SET agent_id = ?2, agent_ids_json = ?3, updated_at = ?4 WHERE id = ?1";
            let values = params![id, agents.first, agents.listed, now];
            ("jobs", connection.prepare_cached(sql)?.execute(values)?)
        }
        Owner::CommandRun => {
            let sql = "UPDATE command_runs SET agent_id = ?2, agent_ids_json = ?3 WHERE id = ?1";
            let values = params![id, agents.first, agents.listed];
            ("command_runs", connection.prepare_cached(sql)?.execute(values)?)
        }
    };
    stored::check_changed(table, changed)
}

/// The ids in an `agent_ids_json` column.
pub(crate) fn parse_ids(text: Option<&str>) -> Vec<String> {
    text.map(row::parse_texts).unwrap_or_default()
}
