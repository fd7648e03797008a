//! What a check asks: whether the database holds together, and what in it cannot be read or seen.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::row;
use super::token_usage::TokenUsageRecord;
use crate::definition::{ColumnIndices, Stored};
use crate::error::Result;
use crate::time::Timestamp;

/// What SQLite says is wrong, at most `most` messages; nothing where the database holds together.
pub(crate) fn integrity(connection: &Connection, is_full: bool, most: usize) -> Result<Vec<String>> {
    let pragma = if is_full { "integrity_check" } else { "quick_check" };
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}({most})"))?;
    let messages = statement.query_map([], |row| row.get::<_, String>(0))?;
    // A message may have several lines, each about another page.
    let mut lines = Vec::new();
    for message in messages {
        lines.extend(message?.lines().filter(|line| *line != "ok").map(str::to_owned));
    }
    Ok(lines)
}

/// Rows of one table that name rows of another one that do not exist.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) table: String,
    pub(crate) parent: String,
    pub(crate) count: u64,
    /// The numbers of some of them.
    pub(crate) rows: Vec<i64>,
}

/// All broken references, with at most `most` examples each.
pub(crate) fn broken_references(connection: &Connection, most: usize) -> Result<Vec<Broken>> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut found: BTreeMap<(String, String), (u64, Vec<i64>)> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (count, examples) = found.entry((row.get(0)?, row.get(2)?)).or_default();
        *count += 1;
        // A table without row numbers has none.
        if let (true, Some(number)) = (examples.len() < most, row.get(1)?) {
            examples.push(number);
        }
    }
    let broken =
        found.into_iter().map(|((table, parent), (count, rows))| Broken { table, parent, count, rows });
    Ok(broken.collect())
}

/// What a column has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Key,
    Text,
    Whole,
    Number,
    Time,
    Object,
    Json,
}

impl Sort {
    /// Of a column of this library's, by its name and its declared type.
    pub(crate) fn of(name: &str, declared_type: &str, is_key: bool) -> Self {
        match declared_type {
            _ if is_key => Self::Key,
            "INTEGER" => Self::Whole,
            "REAL" => Self::Number,
            _ if name == "metadata_json" => Self::Object,
            _ if name.ends_with("_json") => Self::Json,
            _ if name == "timestamp" || name.ends_with("_at") => Self::Time,
            _ => Self::Text,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Key => "text that is not empty",
            Self::Text => "text in UTF-8",
            Self::Whole => "whole numbers",
            Self::Number => "finite numbers",
            Self::Time => "timestamps",
            Self::Object => "JSON objects",
            Self::Json => "JSON",
        }
    }

    fn holds(self, value: ValueRef<'_>) -> bool {
        let text = || match value {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
            other => row::as_text(other),
        };
        if matches!(value, ValueRef::Null) {
            return self != Self::Key;
        }
        match self {
            Self::Key => text().is_some_and(|text| !text.is_empty()),
            Self::Text => text().is_some(),
            Self::Whole => row::as_whole(value).is_some(),
            Self::Number => row::as_real(value).is_some(),
            Self::Time => text().is_some_and(|text| Timestamp::read(&text).is_some()),
            Self::Object => text().is_some_and(|text| {
                serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(&text).is_ok()
            }),
            Self::Json => {
                text().is_some_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok())
            }
        }
    }
}

/// Values of a column that cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) table: &'static str,
    pub(crate) column: String,
    /// What they would have to be.
    pub(crate) expected: &'static str,
    pub(crate) count: u64,
    /// Some of the rows, by their ids, or by their numbers.
    pub(crate) rows: Vec<String>,
}

/// The values of a table that cannot be read, by columns, with at most `most` examples each. The names are those of
/// this library's own tables and columns.
pub(crate) fn unreadable(
    connection: &Connection,
    table: &'static str,
    columns: &[(String, Sort)],
    most: usize,
) -> Result<Vec<Unreadable>> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let sql = format!("SELECT rowid, {} FROM {table}", names.join(", "));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut found: Vec<(u64, Vec<String>)> = vec![Default::default(); columns.len()];
    while let Some(row) = rows.next()? {
        for (place, (_, sort)) in columns.iter().enumerate() {
            if !sort.holds(row.get_ref(place + 1)?) {
                found[place].0 += 1;
                if found[place].1.len() < most {
                    found[place].1.push(name_of(row, columns)?);
                }
            }
        }
    }
    let unreadable = |((name, sort), (count, rows)): (&(String, Sort), (u64, Vec<String>))| {
        (count > 0).then(|| Unreadable {
            table,
            column: name.clone(),
            expected: sort.expected(),
            count,
            rows,
        })
    };
    Ok(columns.iter().zip(found).filter_map(unreadable).collect())
}

/// A row by its id, or by its number where it has none.
fn name_of(row: &Row<'_>, columns: &[(String, Sort)]) -> Result<String> {
    if let Some(place) = columns.iter().position(|(name, _)| name == "id")
        && let ValueRef::Text(id) = row.get_ref(place + 1)?
        && !id.is_empty()
    {
        return Ok(crate::error::shorten(&String::from_utf8_lossy(id)));
    }
    Ok(format!("row {}", row.get::<_, i64>(0)?))
}

/// The ids of workspaces in one table.
#[derive(Debug)]
pub(crate) struct Workspaces {
    pub(crate) table: &'static str,
    /// How many rows each has. Without an id: rows of no workspace.
    pub(crate) ids: BTreeMap<Option<String>, u64>,
    /// How many rows belong to still other ones.
    pub(crate) further: u64,
}

/// Of more workspaces than this the rows are only counted.
const MOST_WORKSPACES: usize = 1000;

/// The workspaces that rows belong to, table by table.
pub(crate) fn workspaces(connection: &Connection) -> Result<Vec<Workspaces>> {
    ["token_usage", "jobs", "command_runs"]
        .into_iter()
        .map(|table| workspaces_in(connection, table))
        .collect()
}

fn workspaces_in(connection: &Connection, table: &'static str) -> Result<Workspaces> {
    let mut found = Workspaces { table, ids: BTreeMap::new(), further: 0 };
    let mut statement = connection.prepare(&format!("SELECT workspace_id FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row::as_text(row.get_ref(0)?);
        if found.ids.len() < MOST_WORKSPACES || found.ids.contains_key(&id) {
            *found.ids.entry(id).or_default() += 1;
        } else {
            found.further += 1;
        }
    }
    Ok(found)
}

/// The usage record with this id, and the number of its row.
pub(crate) fn record_at(connection: &Connection, id: &str) -> Result<Option<(i64, TokenUsageRecord)>> {
    let sql = "SELECT *, rowid AS number FROM token_usage WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let indices = ColumnIndices::of::<TokenUsageRecord>(&statement)?;
    let number = statement.column_count() - 1;
    let mut rows = statement.query([id])?;
    match rows.next()? {
        Some(row) => Ok(Some((row.get(number)?, TokenUsageRecord::read(row, &indices)?))),
        None => Ok(None),
    }
}

/// Hands the number and the id of each usage record to `visit`.
pub(crate) fn for_each_record(
    connection: &Connection,
    mut visit: impl FnMut(i64, &str) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare("SELECT rowid, id FROM token_usage ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // Rows without an id are found by those that look for unreadable values.
        if let Some(id) = row::as_text(row.get_ref(1)?) {
            visit(row.get(0)?, &id)?;
        }
    }
    Ok(())
}

/// Numbers of rows, in two bits or so for each, since most follow one another.
#[derive(Debug, Default)]
pub(crate) struct RowSet(BTreeMap<i64, u64>);

impl RowSet {
    /// Says whether it was not there yet.
    pub(crate) fn add(&mut self, row: i64) -> bool {
        let bits = self.0.entry(row.div_euclid(64)).or_default();
        let bit = 1 << row.rem_euclid(64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    pub(crate) fn has(&self, row: i64) -> bool {
        self.0.get(&row.div_euclid(64)).is_some_and(|bits| bits & (1 << row.rem_euclid(64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_rows_holds_what_was_added() {
        let mut set = RowSet::default();
        let rows = [1, 2, 63, 64, 65, 1_000_000, 0, -1, -64, -65, i64::MAX, i64::MIN];
        for row in rows {
            assert!(!set.has(row) && set.add(row) && !set.add(row) && set.has(row), "{row}");
        }
        assert!(![3, 62, 66, -2, -63, i64::MAX - 1].into_iter().any(|row| set.has(row)));
    }

    #[test]
    fn a_value_is_what_its_column_holds_or_it_is_not() {
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        for (sort, sound, unsound) in [
            (
                Sort::Key,
                vec![text("a"), ValueRef::Integer(1)],
                vec![ValueRef::Null, text(""), ValueRef::Blob(b"x")],
            ),
            (Sort::Text, vec![text(""), ValueRef::Null], vec![ValueRef::Blob(b"x"), ValueRef::Text(b"\xff")]),
            (
                Sort::Whole,
                vec![ValueRef::Integer(-1), ValueRef::Real(2.0)],
                vec![text("1"), ValueRef::Real(0.5)],
            ),
            (
                Sort::Number,
                vec![ValueRef::Integer(1), ValueRef::Real(0.5)],
                vec![text("x"), ValueRef::Real(f64::INFINITY)],
            ),
            (Sort::Time, vec![text("2026-03-20T12:00:00Z")], vec![text("noon"), text("")]),
            (Sort::Object, vec![text("{\"a\":[1]}")], vec![text("[1]"), text("{"), text("")]),
            (Sort::Json, vec![text("[1]"), text("{}")], vec![text("{"), ValueRef::Blob(b"{}")]),
        ] {
            assert!(sound.iter().all(|value| sort.holds(*value)), "{sort:?}");
            assert!(!unsound.iter().any(|value| sort.holds(*value)), "{sort:?}");
        }
        assert_eq!(Sort::of("created_at", "TEXT", false), Sort::Time);
        assert_eq!(Sort::of("assigned_agent_id", "TEXT", false), Sort::Text);
    }
}
