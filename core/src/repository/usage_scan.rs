//! Scanning the table `token_usage` without building records of its rows.

use std::borrow::Cow;
use std::fmt::Write;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ToSql};

use super::row;
use super::token_usage::TokenUsageRecord;
use super::usage_times::{self, UsageTimes};
use crate::definition::{ColumnIndices, Stored};
use crate::error::Result;

/// Selects the rows; absent fields do not limit the selection. Without a workspace id the database is the global one,
/// which has no columns for project, job and task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) workspace_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) project_id: Option<String>,
    pub(crate) job_id: Option<String>,
    pub(crate) task_id: Option<String>,
    pub(crate) epic_id: Option<String>,
    pub(crate) model_name: Option<String>,
    pub(crate) provider: Option<String>,
}

/// The columns that a scan reads of each row besides its time. The names are constants of this library.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Read unchanged.
    pub(crate) plain: Vec<&'static str>,
    /// The metadata is read if one of these columns has no text.
    pub(crate) completed: Vec<&'static str>,
    /// The metadata is read in any case.
    pub(crate) metadata: bool,
}

/// One row of a scan.
#[derive(Debug)]
pub(crate) struct ScannedRow<'r> {
    row: &'r Row<'r>,
}

const ROWID: usize = 0;
const TIMESTAMP: usize = 1;
const METADATA: usize = 2;
const PLAIN: usize = 3;

/// The columns that the global table lacks.
const WORKSPACE_ONLY: &[&str] = &["project_id", "job_id", "task_id", "epic_id", "user_story_id"];

impl ScannedRow<'_> {
    pub(crate) fn rowid(&self) -> Result<i64> {
        Ok(self.row.get(ROWID)?)
    }

    pub(crate) fn timestamp(&self) -> Result<Cow<'_, str>> {
        Ok(self.text_at(TIMESTAMP)?.unwrap_or_default())
    }

    /// The metadata, if it is read of this row.
    pub(crate) fn metadata(&self) -> Result<Option<Cow<'_, str>>> {
        self.text_at(METADATA)
    }

    /// The plain column at this index as [`row::text`] reads it; `None` if it is empty.
    pub(crate) fn text(&self, place: usize) -> Result<Option<Cow<'_, str>>> {
        Ok(self.text_at(PLAIN + place)?.filter(|text| !text.is_empty()))
    }

    /// The plain column at this index as [`row::whole`] reads it.
    pub(crate) fn whole(&self, place: usize) -> Result<Option<i64>> {
        Ok(row::as_whole(self.row.get_ref(PLAIN + place)?))
    }

    /// The plain column at this index as [`row::real`] reads it.
    pub(crate) fn real(&self, place: usize) -> Result<Option<f64>> {
        Ok(row::as_real(self.row.get_ref(PLAIN + place)?))
    }

    fn text_at(&self, column: usize) -> Result<Option<Cow<'_, str>>> {
        Ok(match self.row.get_ref(column)? {
            ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
            other => row::as_text(other).map(Cow::Owned),
        })
    }
}

/// Passes the selected rows to `visit`, in insertion order, one at a time. Of rows outside of the time range, those that an
/// index by time tells apart may be left out.
pub(crate) fn for_each(
    connection: &Connection,
    selection: &Selection,
    range: Option<&UsageTimes>,
    columns: &Columns,
    mut visit: impl FnMut(&ScannedRow<'_>) -> Result<()>,
) -> Result<()> {
    let conditions = selection.conditions();
    let mut sql = sql(selection, columns, &conditions);
    let mut parameters: Vec<&dyn ToSql> = conditions.iter().map(|(_, value)| value as &dyn ToSql).collect();
    let range = match range {
        Some(range) if usage_times::helps(connection, range)? => Some(range),
        _ => None,
    };
    if let Some(range) = range {
        let word = if conditions.is_empty() { "WHERE" } else { "AND" };
        let count = parameters.len();
        // Writing to a string cannot fail.
        let _ = write!(sql, " {word} {}", usage_times::condition(count + 1, count + 2));
        parameters.extend([&range.since as &dyn ToSql, &range.until]);
    }
    sql += " ORDER BY rowid";
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&*parameters)?;
    while let Some(row) = rows.next()? {
        visit(&ScannedRow { row })?;
    }
    Ok(())
}

/// Passes the rows with these numbers to `visit`, in this order; deleted rows are skipped.
pub(crate) fn for_each_at(
    connection: &Connection,
    rowids: impl IntoIterator<Item = i64>,
    mut visit: impl FnMut(i64, TokenUsageRecord),
) -> Result<()> {
    for_each_row_at(connection, rowids, |row, indices| {
        // The number of the row is the last column.
        visit(row.get(row.as_ref().column_count() - 1)?, TokenUsageRecord::read(row, indices)?);
        Ok(())
    })
}

/// [`for_each_at`], with the rows as the statement has them: the indices are those of a record's columns.
pub(crate) fn for_each_row_at(
    connection: &Connection,
    rowids: impl IntoIterator<Item = i64>,
    mut visit: impl FnMut(&Row<'_>, &ColumnIndices) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT *, rowid AS number FROM token_usage WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid";
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of::<TokenUsageRecord>(&statement)?;
    let mut rowids = rowids.into_iter().peekable();
    while let Some(first) = rowids.next() {
        // Most rows were recorded in order of time, so the next row is usually the one that follows.
        let mut last = first;
        while let Some(next) = rowids.next_if(|next| last.checked_add(1) == Some(*next)) {
            last = next;
        }
        let mut rows = statement.query([first, last])?;
        while let Some(row) = rows.next()? {
            visit(row, &indices)?;
        }
    }
    Ok(())
}

/// Whether a row of this workspace has this `agent_id`.
pub(crate) fn has_agent(connection: &Connection, workspace_id: &str, agent_id: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM token_usage WHERE workspace_id = ?1 AND agent_id = ?2)";
    Ok(connection.prepare_cached(sql)?.query_row([workspace_id, agent_id], |row| row.get(0))?)
}

impl Selection {
    fn conditions(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("workspace_id", &self.workspace_id),
            ("agent_id", &self.agent_id),
            ("project_id", &self.project_id),
            ("job_id", &self.job_id),
            ("task_id", &self.task_id),
            ("epic_id", &self.epic_id),
            ("model_name", &self.model_name),
            ("provider", &self.provider),
        ];
        all.into_iter().filter_map(|(column, value)| Some((column, value.as_deref()?))).collect()
    }

    /// Whether the selection includes a record.
    pub(crate) fn holds(&self, record: &TokenUsageRecord) -> bool {
        self.conditions().into_iter().all(|(column, wanted)| {
            let own = match column {
                "workspace_id" => &record.workspace_id,
                "agent_id" => &record.agent_id,
                "project_id" => &record.project_id,
                "job_id" => &record.job_id,
                "task_id" => &record.task_id,
                "epic_id" => &record.epic_id,
                "model_name" => &record.model_name,
                _ => &record.provider,
            };
            own.as_deref() == Some(wanted)
        })
    }
}

fn sql(selection: &Selection, columns: &Columns, conditions: &[(&'static str, &str)]) -> String {
    let lacks = |name: &str| selection.workspace_id.is_none() && WORKSPACE_ONLY.contains(&name);
    let metadata = match &*columns.completed {
        _ if columns.metadata => "metadata_json".to_owned(),
        [] => "NULL".to_owned(),
        names => {
            let empty = |name: &&str| format!("typeof({name}) <> 'text' OR {name} = ''");
            let empty: Vec<String> = names.iter().map(empty).collect();
            format!("CASE WHEN {} THEN metadata_json END", empty.join(" OR "))
        }
    };
    let mut sql = format!("SELECT rowid, timestamp, {metadata}");
    for name in &columns.plain {
        sql += ", ";
        sql += if lacks(name) { "NULL" } else { name };
    }
    sql += " FROM token_usage";
    for (place, (column, _)) in conditions.iter().enumerate() {
        let word = if place == 0 { "WHERE" } else { "AND" };
        // Writing to a string cannot fail.
        let _ = write!(sql, " {word} {column} = ?{}", place + 1);
    }
    sql
}

/// A number that changes if row numbers may have changed: with `VACUUM`, and with every change of the schema.
pub(crate) fn layout_version(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?)
}
