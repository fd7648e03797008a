//! The one pass over the recorded usage that answers a question.

use rusqlite::Connection;

use super::agents::AgentNames;
use super::{TokenUsageQuery, TokenUsageRow};
use crate::error::{Error, Result};
use crate::repository::token_usage::{self, Selection};
use crate::repository::{agent_names, scope};
use crate::telemetry::record::Home;
use crate::time::{Range, Timestamp};

/// A question, and what the handle that it is put to knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) tx: &'a Connection,
    pub(crate) home: Home<'a>,
    /// Where a workspace finds its agents by name; the global database knows them itself.
    pub(crate) agents: Option<AgentNames<'a>>,
    pub(crate) now: Timestamp,
    pub(crate) query: &'a TokenUsageQuery,
}

/// When a row counts. In this order unreadable times come last, and rows of the same moment in the order
/// in which they were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Moment {
    is_unreadable: bool,
    pub(in super::super) time: Option<Timestamp>,
    order: usize,
}

/// Hands the rows that are asked for to `visit`, in insertion order.
pub(in super::super) fn for_each(
    asked: &Asked<'_>,
    since: Option<&str>,
    mut visit: impl FnMut(Moment, TokenUsageRow),
) -> Result<()> {
    let query = asked.query;
    let range = Range::read(since, query.until.as_deref(), query.now.unwrap_or(asked.now))?;
    let selection = asked.selection()?;
    let mut order = 0;
    token_usage::for_each(asked.tx, &selection, |record| {
        if range.holds(&record.timestamp) {
            let row = TokenUsageRow::from(record);
            if passes_command(query, row.command_name.as_deref()) {
                let time = Timestamp::read(&row.timestamp);
                visit(Moment { is_unreadable: time.is_none(), time, order }, row);
                order += 1;
            }
        }
        Ok(())
    })
}

fn passes_command(query: &TokenUsageQuery, command: Option<&str>) -> bool {
    match (&query.command, command) {
        (None, _) => true,
        (Some(_), None) => query.include_rows_without_command,
        (Some(wanted), Some(command)) => wanted == command,
    }
}

impl Asked<'_> {
    fn selection(&self) -> Result<Selection> {
        let query = self.query;
        let mut selection = Selection {
            workspace_id: None,
            agent_id: query.agent.as_deref().map(|name| self.agent_id(name)).transpose()?,
            project_id: None,
            job_id: query.job_id.clone(),
            task_id: query.task_id.clone(),
        };
        match self.home {
            Home::Workspace(id) => selection.workspace_id = Some(id.to_owned()),
            Home::Global => refuse_backlog(query)?,
        }
        if let Some(key) = &query.project_key {
            let found = scope::projects(self.tx, key)?.pop();
            let id = found.ok_or_else(|| Error::not_found("projectKey", "project with key", key))?;
            selection.project_id = Some(id);
        }
        Ok(selection)
    }

    /// A name without a meaning is an id.
    fn agent_id(&self, name: &str) -> Result<String> {
        let known = match self.home {
            Home::Global => agent_names::id_of(self.tx, name)?,
            Home::Workspace(_) => self.agents.and_then(|agents| agents.id_of(name)),
        };
        Ok(known.unwrap_or_else(|| name.to_owned()))
    }
}

/// The global database has no columns for the backlog.
fn refuse_backlog(query: &TokenUsageQuery) -> Result<()> {
    for (field, value) in
        [("projectKey", &query.project_key), ("jobId", &query.job_id), ("taskId", &query.task_id)]
    {
        if let Some(value) = value {
            let allowed = "nothing: the global database has no such column";
            return Err(Error::invalid(field, format_args!("{value:?}"), allowed));
        }
    }
    Ok(())
}
