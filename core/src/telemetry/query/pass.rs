//! The one pass over the recorded usage that answers a question.

use std::borrow::Cow;

use rusqlite::Connection;

use super::TokenUsageQuery;
use super::agents::AgentNames;
use super::told::Told;
use crate::error::{Error, Result};
use crate::repository::token_usage::TokenUsageRecord;
use crate::repository::usage_scan::{self, Columns, ScannedRow, Selection};
use crate::repository::{agent_names, scope};
use crate::telemetry::record::Home;
use crate::time::{Range, Timestamp, Zone};

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
    /// Milliseconds; behind all of them where the time cannot be read.
    millis: i64,
    /// SQLite numbers rows in the order in which they come.
    pub(super) rowid: i64,
}

impl Moment {
    fn new(time: Option<Timestamp>, rowid: i64) -> Self {
        Self { millis: time.map_or(i64::MAX, Timestamp::millis), rowid }
    }
}

/// Which rows a question is about, once its names are looked up.
#[derive(Debug, Clone)]
pub(in super::super) struct Filter {
    selection: Selection,
    range: Range,
    command: Option<String>,
    include_rows_without_command: bool,
    pub(in super::super) zone: Zone,
}

/// What a pass shows of each row.
#[derive(Debug, Default)]
pub(in super::super) struct Reads {
    /// Columns as they are, by their place in this list.
    pub(in super::super) plain: Vec<&'static str>,
    pub(in super::super) command: bool,
    pub(in super::super) action: bool,
}

/// One row of a pass.
#[derive(Debug)]
pub(in super::super) struct Visited<'r> {
    pub(in super::super) moment: Moment,
    pub(in super::super) time: Option<Timestamp>,
    pub(in super::super) columns: &'r ScannedRow<'r>,
    /// As [`TokenUsageRow`](super::TokenUsageRow) tells it, where it was asked for.
    pub(in super::super) command: Option<Cow<'r, str>>,
    /// As [`TokenUsageRow`](super::TokenUsageRow) tells it, where it was asked for.
    pub(in super::super) action: Option<Cow<'r, str>>,
}

/// Hands the rows that pass the filter to `visit`, in insertion order.
pub(in super::super) fn for_each(
    tx: &Connection,
    filter: &Filter,
    reads: Reads,
    mut visit: impl FnMut(&Visited<'_>) -> Result<()>,
) -> Result<()> {
    let needs = [reads.command || filter.command.is_some(), reads.action];
    let mut columns = Columns { plain: reads.plain, completed: Vec::new() };
    let mut completed = [None; 2];
    for ((place, column), needed) in completed.iter_mut().zip(["command_name", "action"]).zip(needs) {
        if needed {
            *place = Some(columns.plain.len());
            columns.plain.push(column);
            columns.completed.push(column);
        }
    }
    usage_scan::for_each(tx, &filter.selection, &columns, |row| {
        let time = Timestamp::read(&row.timestamp()?);
        if !filter.range.holds_time(time) {
            return Ok(());
        }
        let [command, action] = complete(row, completed)?;
        if filter.passes_command(command.as_deref()) {
            let moment = Moment::new(time, row.rowid()?);
            visit(&Visited { moment, time, columns: row, command, action })?;
        }
        Ok(())
    })
}

/// Command and action, from their columns or else from the metadata.
fn complete<'r>(row: &'r ScannedRow<'_>, places: [Option<usize>; 2]) -> Result<[Option<Cow<'r, str>>; 2]> {
    let column = |place: Option<usize>| place.map_or(Ok(None), |place| row.text(place));
    let mut texts = [column(places[0])?, column(places[1])?];
    if let Some(metadata) = row.metadata()? {
        let mut told = Told::read(&metadata);
        texts[0] = texts[0].take().or_else(|| told.command().map(Cow::Owned));
        texts[1] = texts[1].take().or_else(|| told.action().map(Cow::Owned));
    }
    Ok(texts)
}

impl Filter {
    /// Whether a record that stood at this moment when it was found is still what is asked for.
    pub(super) fn still_holds(&self, found: Moment, record: &TokenUsageRecord) -> bool {
        Moment::new(Timestamp::read(&record.timestamp), found.rowid) == found && self.selection.holds(record)
    }

    pub(super) fn passes_command(&self, command: Option<&str>) -> bool {
        match (&self.command, command) {
            (None, _) => true,
            (Some(_), None) => self.include_rows_without_command,
            (Some(wanted), Some(command)) => wanted == command,
        }
    }
}

impl Asked<'_> {
    /// The rows that are asked for, from `since` on.
    pub(in super::super) fn filter(&self, since: Option<&str>) -> Result<Filter> {
        let query = self.query;
        Ok(Filter {
            range: Range::read(since, query.until.as_deref(), query.now.unwrap_or(self.now))?,
            zone: Zone::read("timeZone", query.time_zone.as_deref())?,
            selection: self.selection()?,
            command: query.command.clone(),
            include_rows_without_command: query.include_rows_without_command,
        })
    }

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
            Home::Workspace(id) => match self.agents {
                Some(agents) => agents.id_of(self.tx, id, name)?,
                None => None,
            },
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
