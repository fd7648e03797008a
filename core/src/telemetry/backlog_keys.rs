//! The keys of what recorded usage names by ids.

use std::collections::HashMap;

use rusqlite::Connection;

use super::query::TokenUsageRow;
use super::summary::{Dimension, Group};
use crate::error::Result;
use crate::repository::scope::{self, Keyed};

/// The keys of projects, epics, user stories and tasks, by their ids: what people read in place of an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BacklogKeys(HashMap<(Dimension, String), String>);

impl BacklogKeys {
    /// The key of the row with this id, which a dimension names: project, epic, story or task. `None` if the row is unknown or
    /// has been deleted, and for another dimension.
    #[must_use]
    pub fn get(&self, dimension: Dimension, id: &str) -> Option<&str> {
        // A tuple cannot be looked up by a borrowed id.
        self.0.get(&(dimension, id.to_owned())).map(String::as_str)
    }

    /// The keys of the tasks of single calls.
    pub(crate) fn of_calls(tx: &Connection, rows: &[TokenUsageRow]) -> Result<Self> {
        let mut keys = Self::default();
        for id in rows.iter().filter_map(|row| row.task_id.as_deref()) {
            keys.add(tx, Dimension::Task, id)?;
        }
        Ok(keys)
    }

    /// The keys of what the groups of a summary name.
    pub(super) fn of_groups<'g>(tx: &Connection, groups: impl Iterator<Item = &'g Group>) -> Result<Self> {
        let mut keys = Self::default();
        for (dimension, id) in groups.flat_map(Group::iter) {
            if let Some(id) = id {
                keys.add(tx, dimension, id)?;
            }
        }
        Ok(keys)
    }

    fn add(&mut self, tx: &Connection, dimension: Dimension, id: &str) -> Result<()> {
        let keyed = match dimension {
            Dimension::Project => Keyed::Project,
            Dimension::Epic => Keyed::Epic,
            Dimension::Story => Keyed::Story,
            Dimension::Task => Keyed::Task,
            _ => return Ok(()),
        };
        if self.get(dimension, id).is_none()
            && let Some(key) = scope::key(tx, keyed, id)?
        {
            self.0.insert((dimension, id.to_owned()), key);
        }
        Ok(())
    }
}
