//! The agents that a workspace's usage names, which live in the global database of its user.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::migration;
use crate::repository::agent_names;
use crate::sqlite::{Connect, Synchronous, connect};

/// The global database, for looking up names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentNames<'a> {
    pub(crate) database: &'a Path,
    pub(crate) busy_timeout: Duration,
}

impl AgentNames<'_> {
    /// The id of the agent with this slug. A workspace only borrows the names: whatever is wrong with
    /// the global database must not stop a question about the workspace.
    pub(super) fn id_of(self, name: &str) -> Option<String> {
        self.look_up(name).ok().flatten()
    }

    /// Opened for reading alone: nothing is created or migrated. SQLite may leave the empty `-wal` and the
    /// `-shm` file beside the database by which readers and writers coordinate.
    fn look_up(self, name: &str) -> Result<Option<String>> {
        let how = Connect {
            read_only: true,
            busy_timeout: self.busy_timeout,
            synchronous: Synchronous::Normal,
            newest_schema: migration::VERSION,
        };
        agent_names::id_of(&connect(self.database, &how)?, name)
    }
}
