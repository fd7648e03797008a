//! The agents of a workspace's usage, which are stored in the user's global database.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::migration;
use crate::repository::{agent_names, usage_scan};
use crate::sqlite::{ConnectOptions, Synchronous, connect};

/// The global database, for looking up slugs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentNames<'a> {
    pub(crate) database: &'a Path,
    pub(crate) busy_timeout: Duration,
}

impl AgentNames<'_> {
    /// The id of the agent with this slug, if it is known. Text that occurs as an agent id in the workspace's own usage
    /// is that id, whatever the state of the global database.
    pub(super) fn id_of(self, tx: &Connection, workspace_id: &str, name: &str) -> Result<Option<String>> {
        // Without a global database there are no slugs.
        if matches!(self.database.try_exists(), Ok(false)) || usage_scan::knows_agent(tx, workspace_id, name)?
        {
            return Ok(None);
        }
        self.look_up(name).map_err(|error| self.explain(error, name))
    }

    /// Opened read-only: nothing is created or migrated. SQLite may leave the empty `-wal` and the `-shm` file beside
    /// the database, with which readers and writers coordinate.
    fn look_up(self, name: &str) -> Result<Option<String>> {
        let options = ConnectOptions {
            read_only: true,
            busy_timeout: self.busy_timeout,
            synchronous: Synchronous::Normal,
            newest_schema: migration::VERSION,
        };
        let connection = connect(self.database, &options)?;
        // Another process may be about to create it.
        if agent_names::has_no_schema(&connection)? {
            return Ok(None);
        }
        agent_names::id_of(&connection, name)
    }

    /// If the slug were taken for an id, nothing would be found, and a result without usage would be wrong.
    fn explain(self, error: Error, name: &str) -> Error {
        let way_out = "; an agent's id from this workspace's usage needs no look-up";
        let place = self.database.display();
        error
            .context(format_args!("agent: the name {name:?} could not be looked up in {place}"))
            .advice(way_out)
            .located()
            .with_field("agent")
    }
}
