//! The scan of recorded usage for a query.

use std::borrow::Cow;

use rusqlite::Connection;

use super::TokenUsageQuery;
use super::agents::AgentNames;
use super::metadata_fallback::MetadataFields;
use crate::error::{Error, Result};
use crate::repository::scope::ScopeIds;
use crate::repository::token_usage::TokenUsageRecord;
use crate::repository::usage_scan::{self, Columns, ScannedRow, Selection};
use crate::repository::usage_times::UsageTimes;
use crate::repository::{agent_names, scope};
use crate::time::{Range, Timestamp, Zone};

/// A query, with the data of the handle that it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryContext<'a> {
    pub(crate) tx: &'a Connection,
    pub(crate) workspace_id: Option<&'a str>,
    /// The database with the slugs of a workspace's agents; the global database has its own.
    pub(crate) agents: Option<AgentNames<'a>>,
    pub(crate) now: Timestamp,
    pub(crate) query: &'a TokenUsageQuery,
}

/// The position of a row in order of time. Invalid times come last, and rows of the same time in the order in which
/// they were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct SortKey {
    /// Milliseconds; the maximum for an invalid time.
    millis: i64,
    /// SQLite numbers rows in insertion order.
    pub(super) rowid: i64,
}

impl SortKey {
    fn new(time: Option<Timestamp>, rowid: i64) -> Self {
        Self { millis: time.map_or(i64::MAX, Timestamp::millis), rowid }
    }
}

/// The filter of a query, after its names were looked up.
#[derive(Debug, Clone)]
pub(in super::super) struct Filter {
    selection: Selection,
    pub(in super::super) range: Range,
    command: Option<String>,
    include_rows_without_command: bool,
    pub(in super::super) zone: Zone,
}

/// The columns that a scan reads of each row.
#[derive(Debug, Default)]
pub(in super::super) struct Projection {
    /// Columns that are read unchanged, by their index in this list.
    pub(in super::super) plain: Vec<&'static str>,
    pub(in super::super) command: bool,
    pub(in super::super) action: bool,
    pub(in super::super) session: bool,
}

/// One row of a scan.
#[derive(Debug)]
pub(in super::super) struct ScanRow<'r> {
    pub(in super::super) sort_key: SortKey,
    pub(in super::super) time: Option<Timestamp>,
    pub(in super::super) columns: &'r ScannedRow<'r>,
    /// As in [`TokenUsageRow`](super::TokenUsageRow), if it was requested.
    pub(in super::super) command: Option<Cow<'r, str>>,
    /// As in [`TokenUsageRow`](super::TokenUsageRow), if it was requested.
    pub(in super::super) action: Option<Cow<'r, str>>,
    /// The agent's session, by the metadata, if it was requested.
    pub(in super::super) session: Option<Cow<'r, str>>,
}

/// Passes the rows that match the filter to `visit`, in insertion order.
pub(in super::super) fn for_each(
    tx: &Connection,
    filter: &Filter,
    projection: Projection,
    mut visit: impl FnMut(&ScanRow<'_>) -> Result<()>,
) -> Result<()> {
    let needs = [projection.command || filter.command.is_some(), projection.action];
    let mut columns =
        Columns { plain: projection.plain, completed: Vec::new(), metadata: projection.session };
    let mut completed = [None; 2];
    for ((place, column), needed) in completed.iter_mut().zip(["command_name", "action"]).zip(needs) {
        if needed {
            *place = Some(columns.plain.len());
            columns.plain.push(column);
            columns.completed.push(column);
        }
    }
    let times = filter.range.bounds().map(|(since, until)| UsageTimes::new(since, until));
    usage_scan::for_each(tx, &filter.selection, times.as_ref(), &columns, |row| {
        let time = Timestamp::read(&row.timestamp()?);
        if !filter.range.holds_time(time) {
            return Ok(());
        }
        let [command, action, session] = complete(row, completed)?;
        if filter.passes_command(command.as_deref()) {
            let sort_key = SortKey::new(time, row.rowid()?);
            visit(&ScanRow { sort_key, time, columns: row, command, action, session })?;
        }
        Ok(())
    })
}

/// Command and action, from their columns or else from the metadata, and the session that the metadata names.
fn complete<'r>(row: &'r ScannedRow<'_>, places: [Option<usize>; 2]) -> Result<[Option<Cow<'r, str>>; 3]> {
    let column = |place: Option<usize>| place.map_or(Ok(None), |place| row.text(place));
    let mut texts = [column(places[0])?, column(places[1])?, None];
    if let Some(metadata) = row.metadata()? {
        let mut fields = MetadataFields::read(&metadata);
        texts[0] = texts[0].take().or_else(|| fields.command().map(Cow::Owned));
        texts[1] = texts[1].take().or_else(|| fields.action().map(Cow::Owned));
        texts[2] = fields.session().map(Cow::Owned);
    }
    Ok(texts)
}

impl Filter {
    /// The same filter without a time range.
    pub(in super::super) fn of_all_times(&self) -> Self {
        Self { range: Range::default(), ..self.clone() }
    }

    /// Whether a record that was found at this position still matches the filter.
    pub(super) fn still_matches(&self, found: SortKey, record: &TokenUsageRecord) -> bool {
        SortKey::new(Timestamp::read(&record.timestamp), found.rowid) == found && self.selection.holds(record)
    }

    pub(super) fn passes_command(&self, command: Option<&str>) -> bool {
        match (&self.command, command) {
            (None, _) => true,
            (Some(_), None) => self.include_rows_without_command,
            (Some(wanted), Some(command)) => wanted == command,
        }
    }
}

impl QueryContext<'_> {
    /// The time range of the query, with this `since`.
    pub(in super::super) fn range(&self, since: Option<&str>) -> Result<Range> {
        let query = self.query;
        let zone = Zone::read("timeZone", query.time_zone.as_deref())?;
        let read = if query.since.is_some() { Range::read } else { Range::read_ends };
        read(since, query.until.as_deref(), query.now.unwrap_or(self.now), zone)
    }

    /// The filter of the query, with this `since`.
    pub(in super::super) fn filter(&self, since: Option<&str>) -> Result<Filter> {
        let query = self.query;
        let zone = Zone::read("timeZone", query.time_zone.as_deref())?;
        Ok(Filter {
            range: self.range(since)?,
            zone,
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
            epic_id: None,
            model_name: query.model.clone(),
            provider: query.provider.clone(),
        };
        match self.workspace_id {
            Some(id) => selection.workspace_id = Some(id.to_owned()),
            None => refuse_backlog(query)?,
        }
        if let Some(key) = &query.project_key {
            let found = scope::projects(self.tx, key)?.pop();
            let id = found.ok_or_else(|| Error::not_found("projectKey", "project with key", key))?;
            selection.project_id = Some(id);
        }
        if let Some(key) = &query.epic_key {
            let within = ScopeIds { project: selection.project_id.clone(), ..ScopeIds::default() };
            selection.epic_id = Some(scope::one_epic(self.tx, key, &within)?);
        }
        Ok(selection)
    }

    /// A name that is not a slug is an id.
    fn agent_id(&self, name: &str) -> Result<String> {
        let known = match self.workspace_id {
            None => agent_names::id_of(self.tx, name)?,
            Some(id) => match self.agents {
                Some(agents) => agents.id_of(self.tx, id, name)?,
                None => None,
            },
        };
        Ok(known.unwrap_or_else(|| name.to_owned()))
    }
}

/// The global database has no columns for the backlog.
fn refuse_backlog(query: &TokenUsageQuery) -> Result<()> {
    for (field, value) in [
        ("projectKey", &query.project_key),
        ("epicKey", &query.epic_key),
        ("jobId", &query.job_id),
        ("taskId", &query.task_id),
    ] {
        if let Some(value) = value {
            let allowed = "nothing: the global database has no such column";
            return Err(Error::invalid(field, format_args!("{value:?}"), allowed));
        }
    }
    Ok(())
}
