//! The agents that a job or a command run of a workspace is attributed to: `agent_id`, the first one,
//! and `agent_ids_json`, all of them.

use rusqlite::{Connection, params};

use super::row;
use crate::error::Result;

/// The tables whose rows name agents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Job,
    CommandRun,
}

/// What a row says of its agents. `listed` is the column's text, which may be damaged.
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

pub(crate) fn write(
    connection: &Connection,
    owner: Owner,
    id: &str,
    agents: &Attribution,
    now: &str,
) -> Result<()> {
    match owner {
        Owner::Job => connection
            .prepare_cached(
                "UPDATE jobs SET agent_id = ?2, agent_ids_json = ?3, updated_at = ?4 WHERE id = ?1",
            )?
            .execute(params![id, agents.first, agents.listed, now])?,
        Owner::CommandRun => connection
            .prepare_cached("UPDATE command_runs SET agent_id = ?2, agent_ids_json = ?3 WHERE id = ?1")?
            .execute(params![id, agents.first, agents.listed])?,
    };
    Ok(())
}

/// The ids in an `agent_ids_json` column.
pub(crate) fn parse_ids(text: Option<&str>) -> Vec<String> {
    text.map(row::parse_texts).unwrap_or_default()
}
