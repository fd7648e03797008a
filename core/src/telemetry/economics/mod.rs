//! The cost of finished work: spend by agent, model and lane, and the outcome of the tasks on which it was spent.

mod dimension;
mod facts;
mod spread;
mod tally;

use std::collections::HashMap;

use serde::Deserialize;

pub use dimension::EconomicsDimension;
pub use spread::Spread;

use self::facts::Facts;
use self::tally::{Key, Tallies};
use super::period::ReportPeriod;
use super::query::{Filter, Projection, QueryContext, ScanRow, TokenUsageQuery, for_each};
use crate::definition::record;
use crate::error::{Error, Result};
use crate::number;
use crate::repository::scope::{self, ScopeIds};
use crate::sorting::sort_by;
use crate::status::StatusSettings;
use crate::time::{Timestamp, Zone};

record! {
    /// Selects the calls whose outcome is asked for; by default all of the workspace.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct EconomicsQuery("query", "camelCase"): input {
        /// The dimensions to group by. Absent or empty: agent and model.
        pub group_by: Vec<EconomicsDimension>,
        /// Only calls of the project with this key: on its tasks, or recorded for it without a task.
        pub project_key: Option<String>,
        /// Only calls of the epic with this key: on its tasks, or recorded for it without a task.
        pub epic_key: Option<String>,
        /// Only calls of this agent, by id or slug, as in `token_usage`.
        pub agent: Option<String>,
        /// Only calls of this model.
        pub model: Option<String>,
        /// Only calls of this provider.
        pub provider: Option<String>,
        /// Calls at or after this timestamp, or within this time span before now (`7d`), or from a day of the time zone on: a
        /// date, `today`, `yesterday`, `this-week`. Absent: no limit.
        pub since: Option<String> = span,
        /// Calls at or before this timestamp, or this time span before now, or to the end of a day of the time zone: a date
        /// includes that day.
        pub until: Option<String> = span,
        /// The time zone of the weeks and of dates in `since` and `until`, by its name in the IANA database. Absent: UTC.
        pub time_zone: Option<String>,
        /// The time from which spans count back. Absent: the handle's clock.
        pub now: Option<Timestamp>,
    }
}

record! {
    /// What finished work costs, by groups.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Economics("economics", "snake_case"): {
        /// The dimensions of the rows.
        pub group_by: Vec<EconomicsDimension>,
        /// The groups, the most expensive first; then those without a known cost, by their tokens.
        pub rows: Vec<EconomicsRow>,
        /// All calls as one group. A task on which several groups worked counts once here.
        pub total: EconomicsRow,
    }
}

record! {
    /// The spend of one group, and what became of the tasks on which it was spent. The fields of dimensions that are not
    /// grouped are null.
    #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
    #[serde(default)]
    pub struct EconomicsRow("row", "snake_case"): {
        /// The agent, by id.
        pub agent_id: Option<String>,
        /// The model.
        pub model_name: Option<String>,
        /// The lane that the task was in at the time of the call, by its status events: `implementation`, `review` or
        /// `qa`. Where no event shows it, that of the call's command.
        pub lane: Option<String>,
        /// The epic of the task, by id; of a call without a task, the epic that was recorded with it.
        pub epic_id: Option<String>,
        /// The key of the epic.
        pub epic_key: Option<String>,
        /// The project of the task, by id; of a call without a task, the project that was recorded with it.
        pub project_id: Option<String>,
        /// The key of the project.
        pub project_key: Option<String>,
        /// The Monday of the week in which the task was completed, `2026-03-16`; of a call on another task, or on none, the
        /// week of the call.
        pub week: Option<String> = day,
        /// The number of calls.
        pub calls: u64,
        /// The number of calls whose cost is known. If it is less than `calls`, costs are those of a part of them.
        pub cost_known_calls: u64,
        /// The total cost of the calls; null if no call reported a cost, or if there are several currencies. A call without a
        /// currency counts as the group's.
        #[serde(serialize_with = "number::json_option")]
        pub cost: Option<f64>,
        /// The currency of the costs, by its upper-case code; null if none was reported, or several.
        pub currency: Option<String>,
        /// The total of the tokens of the calls: of each the reported total, else input and output.
        pub tokens: i64,
        /// The number of tasks on which the calls were made.
        pub tasks: u64,
        /// The number of these tasks that are completed.
        pub completed_tasks: u64,
        /// The story points of the completed tasks; a task without story points counts as 0.
        #[serde(serialize_with = "number::json")]
        pub completed_story_points: f64,
        /// The cost per story point of the completed tasks that have story points and a known cost.
        pub cost_per_story_point: Spread,
        /// The cost per completed task with a known cost.
        pub cost_per_task: Spread,
        /// The tokens per story point of the completed tasks that have story points.
        pub tokens_per_story_point: Spread,
        /// The tokens per completed task.
        pub tokens_per_task: Spread,
        /// The number of the tasks that were sent back at least once.
        pub sent_back_tasks: u64,
        /// `sent_back_tasks` / `tasks`, from 0 to 1; null without tasks.
        #[serde(serialize_with = "number::json_option")]
        pub sent_back_share: Option<f64>,
        /// The cost of calls on a task after it was first sent back; null as `cost`.
        #[serde(serialize_with = "number::json_option")]
        pub rework_cost: Option<f64>,
        /// The number of the tasks that are cancelled or failed.
        pub abandoned_tasks: u64,
        /// The cost of the calls on these tasks; null as `cost`.
        #[serde(serialize_with = "number::json_option")]
        pub abandoned_cost: Option<f64>,
        /// The number of calls that belong to no task.
        pub calls_without_task: u64,
        /// Their cost, which is in none of the costs per task or story point; null as `cost`.
        #[serde(serialize_with = "number::json_option")]
        pub cost_without_task: Option<f64>,
    }
}

/// [`Economics`] with what its time range leaves out, for people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EconomicsReport {
    /// The cost of finished work.
    pub economics: Economics,
    /// The time range.
    pub period: ReportPeriod,
}

/// The columns that the scan reads, in the order of their places below.
const COLUMNS: [&str; 11] = [
    "agent_id",
    "model_name",
    "task_id",
    "project_id",
    "epic_id",
    "provider",
    "cost_estimate",
    "currency",
    "tokens_total",
    "tokens_prompt",
    "tokens_completion",
];
const AGENT: usize = 0;
const MODEL: usize = 1;
const TASK: usize = 2;
const PROJECT: usize = 3;
const EPIC: usize = 4;
const PROVIDER: usize = 5;
const COST: usize = 6;
const CURRENCY: usize = 7;
const TOKENS: usize = 8;
const TOKENS_IN: usize = 9;
const TOKENS_OUT: usize = 10;

/// The values of one call that economics needs.
struct Spend<'r> {
    at: Option<Timestamp>,
    cost: Option<f64>,
    currency: &'r str,
    tokens: i64,
}

/// The cost of the calls that match the query, and the outcome of their tasks.
pub(crate) fn economics(
    query_context: &QueryContext<'_>,
    query: &EconomicsQuery,
    statuses: &StatusSettings,
) -> Result<Economics> {
    let (collector, _) = collect(query_context, query, statuses)?;
    Ok(collector.into_economics(&Keys::read(query_context.tx)?))
}

/// [`economics`] with the calls that its time range leaves out.
pub(crate) fn economics_report(
    query_context: &QueryContext<'_>,
    query: &EconomicsQuery,
    statuses: &StatusSettings,
) -> Result<EconomicsReport> {
    let tx = query_context.tx;
    let (mut collector, filter) = collect(query_context, query, statuses)?;
    let period = ReportPeriod::of(tx, &filter, projection(), |row| Ok(collector.place(row)?.is_some()))?;
    Ok(EconomicsReport { economics: collector.into_economics(&Keys::read(tx)?), period })
}

fn collect<'t>(
    query_context: &QueryContext<'t>,
    query: &'t EconomicsQuery,
    statuses: &'t StatusSettings,
) -> Result<(Collector<'t>, Filter)> {
    let tx = query_context.tx;
    let limits = Limits::read(query_context, query)?;
    let zone = Zone::read("timeZone", query.time_zone.as_deref())?;
    let calls = TokenUsageQuery {
        agent: query.agent.clone(),
        until: query.until.clone(),
        now: query.now,
        time_zone: query.time_zone.clone(),
        ..TokenUsageQuery::default()
    };
    let scan = QueryContext { query: &calls, ..*query_context };
    let filter = scan.filter(query.since.as_deref())?;
    let group_by = EconomicsDimension::of_query(&query.group_by);
    let facts = Facts::new(tx, statuses);
    let mut collector = Collector { limits, group_by, zone, facts, tallies: Tallies::default() };
    for_each(tx, &filter, projection(), |row| collector.add(row))?;
    Ok((collector, filter))
}

fn projection() -> Projection {
    Projection { plain: COLUMNS.to_vec(), command: true, ..Projection::default() }
}

/// The sums of a scan.
struct Collector<'t> {
    limits: Limits<'t>,
    group_by: Vec<EconomicsDimension>,
    zone: Zone,
    facts: Facts<'t>,
    tallies: Tallies,
}

/// Where a call belongs: its task, and the numbers of the names of its project and epic.
struct Place {
    task: Option<usize>,
    project: u32,
    epic: u32,
}

impl Collector<'_> {
    /// Where the call belongs; `None` if it does not match the query.
    fn place(&mut self, row: &ScanRow<'_>) -> Result<Option<Place>> {
        let text = |place| row.columns.text(place);
        if !self.limits.has(text(MODEL)?.as_deref(), text(PROVIDER)?.as_deref()) {
            return Ok(None);
        }
        let task = match text(TASK)? {
            Some(id) => self.facts.of(&id)?,
            None => None,
        };
        let [project, epic] = match task.map(|place| &self.facts.tasks[place]) {
            Some(task) => [task.project, task.epic],
            None => [self.number(row, PROJECT)?, self.number(row, EPIC)?],
        };
        let names = &self.facts.names;
        let is_within = self.limits.is_within(names.text(project), names.text(epic));
        Ok(is_within.then_some(Place { task, project, epic }))
    }

    fn add(&mut self, row: &ScanRow<'_>) -> Result<()> {
        let Some(Place { task, project, epic }) = self.place(row)? else { return Ok(()) };
        let mut key = Key::default();
        for place in 0..self.group_by.len() {
            let dimension = self.group_by[place];
            let number = match dimension {
                EconomicsDimension::Agent => self.number(row, AGENT)?,
                EconomicsDimension::Model => self.number(row, MODEL)?,
                EconomicsDimension::Epic => epic,
                EconomicsDimension::Project => project,
                EconomicsDimension::Lane => {
                    let own = task.map(|place| &self.facts.tasks[place]);
                    let lane = facts::lane(own, row.time, row.command.as_deref());
                    self.facts.names.number(lane)
                }
                EconomicsDimension::Week => {
                    let completed = task.and_then(|place| self.facts.tasks[place].completed_at);
                    let week = completed.or(row.time).map(|time| self.zone.week_of(time).text());
                    self.facts.names.number(week.as_deref())
                }
            };
            key.set(dimension, number);
        }
        let currency = row.columns.text(CURRENCY)?;
        let spend = spend(row, currency.as_deref().unwrap_or_default())?;
        self.tallies.add(key, task, task.map(|place| &self.facts.tasks[place]), &spend);
        Ok(())
    }

    /// The number of the name in a column.
    fn number(&mut self, row: &ScanRow<'_>, column: usize) -> Result<u32> {
        Ok(self.facts.names.number(row.columns.text(column)?.as_deref()))
    }

    fn into_economics(self, keys: &Keys) -> Economics {
        let (rows, total) = self.tallies.rows(&self.facts);
        let named = |(key, row): (Key, EconomicsRow)| {
            let name = |dimension| self.facts.names.text(key.get(dimension)).map(str::to_owned);
            let (epic_id, project_id) = (name(EconomicsDimension::Epic), name(EconomicsDimension::Project));
            EconomicsRow {
                agent_id: name(EconomicsDimension::Agent),
                model_name: name(EconomicsDimension::Model),
                lane: name(EconomicsDimension::Lane),
                epic_key: epic_id.as_ref().and_then(|id| keys.epics.get(id).cloned()),
                epic_id,
                project_key: project_id.as_ref().and_then(|id| keys.projects.get(id).cloned()),
                project_id,
                week: name(EconomicsDimension::Week),
                ..row
            }
        };
        let mut rows: Vec<EconomicsRow> = rows.into_iter().map(named).collect();
        sort_by(&mut rows, order);
        Economics { group_by: self.group_by, rows, total }
    }
}

/// The most expensive rows first, then those without a known cost by their tokens; rows that are equal, by the values
/// of their dimensions.
fn order(a: &EconomicsRow, b: &EconomicsRow) -> std::cmp::Ordering {
    let cost = |row: &EconomicsRow| row.cost.unwrap_or(-1.0);
    let names = |row: &EconomicsRow| {
        [&row.project_id, &row.epic_id, &row.agent_id, &row.model_name, &row.lane, &row.week]
            .map(Clone::clone)
    };
    cost(b).total_cmp(&cost(a)).then_with(|| b.tokens.cmp(&a.tokens)).then_with(|| names(a).cmp(&names(b)))
}

fn spend<'r>(row: &ScanRow<'_>, currency: &'r str) -> Result<Spend<'r>> {
    let columns = row.columns;
    let tokens = match columns.whole(TOKENS)? {
        Some(total) => total,
        None => {
            columns.whole(TOKENS_IN)?.unwrap_or(0).saturating_add(columns.whole(TOKENS_OUT)?.unwrap_or(0))
        }
    };
    Ok(Spend { at: row.time, cost: columns.real(COST)?, currency: currency.trim(), tokens })
}

/// The filters of a query that the scan itself does not apply.
struct Limits<'q> {
    ids: ScopeIds,
    model: Option<&'q str>,
    provider: Option<&'q str>,
}

impl<'q> Limits<'q> {
    fn read(query_context: &QueryContext<'_>, query: &'q EconomicsQuery) -> Result<Self> {
        query.check_fields()?;
        let mut ids = ScopeIds::default();
        if let Some(key) = &query.project_key {
            let found = scope::projects(query_context.tx, key)?.pop();
            ids.project = Some(found.ok_or_else(|| Error::not_found("projectKey", "project with key", key))?);
        }
        if let Some(key) = &query.epic_key {
            ids.epic = Some(scope::one_epic(query_context.tx, key, &ids)?);
        }
        Ok(Self { ids, model: query.model.as_deref(), provider: query.provider.as_deref() })
    }

    fn has(&self, model: Option<&str>, provider: Option<&str>) -> bool {
        self.model.is_none_or(|wanted| model == Some(wanted))
            && self.provider.is_none_or(|wanted| provider == Some(wanted))
    }

    fn is_within(&self, project: Option<&str>, epic: Option<&str>) -> bool {
        let is = |limit: &Option<String>, own: Option<&str>| limit.is_none() || limit.as_deref() == own;
        is(&self.ids.project, project) && is(&self.ids.epic, epic)
    }
}

/// The keys of projects and epics by their ids.
struct Keys {
    projects: HashMap<String, String>,
    epics: HashMap<String, String>,
}

impl Keys {
    fn read(tx: &rusqlite::Connection) -> Result<Self> {
        Ok(Self { projects: scope::project_keys(tx)?, epics: scope::epic_keys(tx)? })
    }
}
