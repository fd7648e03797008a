//! The global database of the first prototype: its agents had a name, and neither an id nor a slug.
//!
//! The old agents and their tables are archived. Token usage and command runs are kept, and every agent that they or
//! the workspace defaults refer to becomes a row of the new `agents`.

use rusqlite::{Connection, Row, types::Value};

use super::archive::archive_table;
use super::change::{change, change_with, quoted};
use super::inspect::{Column, ForeignKey, attachments, columns, find, foreign_keys, tables};
use super::{defaults, global, table::Table};
use crate::error::Result;
use crate::time::Timestamp;

const AGENTS: &str = "agents";

/// The agents, and the tables whose rows only concern the old agents.
const ARCHIVED: &[&str] = &[
    AGENTS,
    "agent_auth",
    "agent_capabilities",
    "agent_prompts",
    "agent_health",
    "agent_models",
    "agent_usage_limits",
    "agent_run_ratings",
];

/// References to agents in kept rows, with or without a foreign key.
const AGENT_REFERENCES: &[(&str, &str)] =
    &[("token_usage", "agent_id"), (defaults::TABLE, "agent_id"), (defaults::TABLE, "default_agent")];

/// Whether this is the prototype's database.
pub(super) fn is_one(connection: &Connection) -> Result<bool> {
    let agents = columns(connection, AGENTS)?;
    Ok(!agents.is_empty() && find(&agents, "id").is_none() && find(&agents, "slug").is_none())
}

pub(super) fn is_archived(table: &str) -> bool {
    ARCHIVED.iter().any(|name| name.eq_ignore_ascii_case(table))
}

/// Archives the old agents, creates the new tables, and inserts the agents that kept rows refer to.
pub(super) fn replace_agents(connection: &Connection, now: Timestamp) -> Result<()> {
    let old_columns = columns(connection, AGENTS)?;
    let references = references(connection)?;
    archive_all_but_agents(connection)?;
    let old_agents = archive_table(connection, AGENTS)?;
    for table in global::TABLES.iter().filter(|table| is_archived(table.name)) {
        table.complete(connection)?;
    }
    for table in global::TABLES.iter().filter(|table| !is_archived(table.name)) {
        if rejects_rows(connection, table)? {
            rebuild(connection, table)?;
        }
    }
    for reference in &references {
        insert_referenced_agents(connection, reference, &old_agents, &old_columns, now)?;
    }
    Ok(())
}

/// A column of a kept table that refers to old agents.
struct Reference {
    table: String,
    column: String,
    /// The referenced column of the old agents.
    target: Option<String>,
}

fn references(connection: &Connection) -> Result<Vec<Reference>> {
    let mut found: Vec<Reference> = Vec::new();
    for table in tables(connection)?.into_iter().filter(|table| !is_archived(table)) {
        for key in foreign_keys(connection, &table)? {
            if key.parent.eq_ignore_ascii_case(AGENTS) && !key.composite {
                found.push(Reference { table: table.clone(), column: key.column, target: key.parent_column });
            }
        }
        let existing = columns(connection, &table)?;
        for &(_, column) in AGENT_REFERENCES.iter().filter(|(owner, _)| owner.eq_ignore_ascii_case(&table)) {
            let known = found.iter().any(|r| r.table == table && r.column.eq_ignore_ascii_case(column));
            if !known && find(&existing, column).is_some() {
                found.push(Reference { table: table.clone(), column: column.to_owned(), target: None });
            }
        }
    }
    Ok(found)
}

/// In addition to the known tables, tables of other programs that refer to columns which only the old agents have: they
/// would make every deletion of an agent fail.
fn archive_all_but_agents(connection: &Connection) -> Result<()> {
    for table in tables(connection)? {
        let is_ours = global::TABLES.iter().any(|ours| ours.name.eq_ignore_ascii_case(&table));
        let belongs_to_agents = is_archived(&table) && !table.eq_ignore_ascii_case(AGENTS);
        if belongs_to_agents || !is_ours && foreign_keys(connection, &table)?.iter().any(is_broken) {
            archive_table(connection, &table)?;
        }
    }
    Ok(())
}

/// Whether a foreign key refers to something that the new agents tables lack. SQLite would refuse every insert with
/// "foreign key mismatch".
fn is_broken(key: &ForeignKey) -> bool {
    let names_an_agent = key.parent.eq_ignore_ascii_case(AGENTS)
        && !key.composite
        && key
            .parent_column
            .as_deref()
            .is_none_or(|column| column.eq_ignore_ascii_case("id") || column.eq_ignore_ascii_case("slug"));
    is_archived(&key.parent) && !names_an_agent
}

fn rejects_rows(connection: &Connection, table: &Table) -> Result<bool> {
    let existing = columns(connection, table.name)?;
    let is_converted_later = table.name == defaults::TABLE && defaults::are_old(connection)?;
    if existing.is_empty() || is_converted_later {
        return Ok(false);
    }
    Ok(table.is_too_strict(&existing) || foreign_keys(connection, table.name)?.iter().any(is_broken))
}

/// Recreates a table from our declaration, with all of its rows and columns, including unknown columns.
fn rebuild(connection: &Connection, table: &Table) -> Result<()> {
    let existing = columns(connection, table.name)?;
    let attachments = attachments(connection, table.name)?;
    let old = archive_table(connection, table.name)?;
    table.create_for(connection, &existing)?;
    let names: Vec<String> = existing.iter().map(|column| quoted(&column.name)).collect();
    let names = names.join(", ");
    let copy = format!("INSERT INTO {} ({names}) SELECT {names} FROM {}", table.name, quoted(&old));
    change(connection, &copy)?;
    change(connection, &format!("DROP TABLE {}", quoted(&old)))?;
    attachments.iter().try_for_each(|statement| change(connection, statement))
}

/// Inserts the agents that `reference` refers to into the new table, under the name that the rows use. An agent that
/// the old table lacks gets a row too, so that its usage has an agent.
fn insert_referenced_agents(
    connection: &Connection,
    reference: &Reference,
    old_agents: &str,
    old_columns: &[Column],
    now: Timestamp,
) -> Result<()> {
    if columns(connection, &reference.table)?.is_empty() {
        return Ok(()); // archived itself
    }
    let old = |column: &str| match find(old_columns, column) {
        Some(column) => format!("old.{}", quoted(&column.name)),
        None => "NULL".to_owned(),
    };
    let select = format!(
        "SELECT used.name, coalesce(nullif(trim({provider}), ''), 'unknown'), {model}, {created}, {updated}
           FROM (SELECT DISTINCT {column} AS name FROM {table}) AS used
           LEFT JOIN {agents} AS old ON {key} = used.name
          WHERE used.name IS NOT NULL",
        provider = old("provider"),
        model = old("model"),
        created = old("created_at"),
        updated = old("updated_at"),
        column = quoted(&reference.column),
        table = quoted(&reference.table),
        agents = quoted(old_agents),
        key = old(name_column(reference, old_columns)),
    );
    let mut statement = connection.prepare(&select)?;
    let agents: Vec<NewAgent> =
        statement.query_map([], |row| NewAgent::read(row, now))?.collect::<Result<_, _>>()?;
    agents.into_iter().try_for_each(|agent| agent.insert(connection))
}

/// The column of the old agents that `reference` refers to. Foreign keys of the prototype may already refer to columns
/// of later versions; then the name is meant.
fn name_column<'a>(reference: &'a Reference, old_columns: &'a [Column]) -> &'a str {
    let target = reference.target.as_deref().filter(|target| find(old_columns, target).is_some());
    let primary_key = || old_columns.iter().find(|column| column.in_primary_key);
    match target {
        Some(target) => target,
        None if find(old_columns, "name").is_some() => "name",
        None => primary_key().map_or("name", |column| &column.name),
    }
}

struct NewAgent {
    name: Value,
    adapter: Value,
    model: Value,
    created: Timestamp,
    updated: Timestamp,
}

impl NewAgent {
    fn read(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<Self> {
        let (created, updated) = (readable_time(row.get(3)?), readable_time(row.get(4)?));
        Ok(Self {
            name: row.get(0)?,
            adapter: row.get(1)?,
            model: row.get(2)?,
            created: created.or(updated).unwrap_or(now),
            updated: updated.or(created).unwrap_or(now),
        })
    }

    fn insert(self, connection: &Connection) -> Result<()> {
        change_with(
            connection,
            "INSERT OR IGNORE INTO agents (id, slug, adapter, default_model, created_at, updated_at)
             VALUES (?1, ?1, ?2, ?3, ?4, ?5)",
            (self.name, self.adapter, self.model, self.created.to_string(), self.updated.to_string()),
        )
    }
}

/// In addition to our own format, the prototype may contain values of SQLite's CURRENT_TIMESTAMP.
fn readable_time(value: Value) -> Option<Timestamp> {
    let Value::Text(text) = value else { return None };
    Timestamp::read(&text).or_else(|| Timestamp::read(&format!("{}Z", text.replacen(' ', "T", 1))))
}
