//! The table `user_stories`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, check, row};
use crate::error::Result;
use crate::input::Fields;
use crate::key_order;

/// A user story: a part of an epic.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// UUID text.
    pub id: String,
    /// The project that it belongs to.
    pub project_id: String,
    /// The epic that it belongs to.
    pub epic_id: String,
    /// The key that people use, unique in the epic.
    pub key: String,
    /// One line that says what it is.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// When it counts as done.
    pub acceptance_criteria: Option<String>,
    /// The smaller, the sooner.
    pub priority: Option<i64>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
    /// When the row was made.
    pub created_at: String,
    /// When the row last changed.
    pub updated_at: String,
}

/// What a new user story is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewStory {
    /// The id of its epic, which says its project; required.
    pub epic_id: String,
    /// The key that people use; required, unique in the epic.
    pub key: String,
    /// One line that says what it is; required.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// When it counts as done.
    pub acceptance_criteria: Option<String>,
    /// The smaller, the sooner.
    pub priority: Option<i64>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
}

const FIELDS: &[&str] =
    &["epicId", "key", "title", "description", "acceptanceCriteria", "priority", "metadata"];

impl NewStory {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("story", input, FIELDS)?;
        Ok(Self {
            epic_id: fields.required_text("epicId")?,
            key: fields.required_text("key")?,
            title: fields.required_text("title")?,
            description: fields.text("description")?,
            acceptance_criteria: fields.text("acceptanceCriteria")?,
            priority: fields.whole("priority")?,
            metadata: fields.object("metadata")?.unwrap_or_default(),
        })
    }
}

/// The user stories of a workspace.
#[derive(Debug)]
pub struct Stories<'a>(pub(crate) Store<'a>);

impl Stories<'_> {
    /// Makes a story. `NotFound` without its epic, `Conflict` where the epic has a story with this key.
    pub fn create(&self, new: &NewStory) -> Result<Story> {
        check::line("key", &new.key)?;
        check::line("title", &new.title)?;
        check::object("metadata", &new.metadata)?;
        let id = self.0.ids.next();
        let now = self.0.clock.now().to_string();
        self.0.database.write(|tx| {
            check::reference(tx, "epicId", check::Table::Epics, Some(&new.epic_id))?;
            tx.prepare_cached(
                "INSERT INTO user_stories (id, project_id, epic_id, key, title, description, acceptance_criteria,
                     priority, metadata_json, created_at, updated_at)
                 VALUES (?1, (SELECT project_id FROM epics WHERE id = ?2), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
            )?
            .execute(params![
                id,
                new.epic_id,
                new.key,
                new.title,
                new.description,
                new.acceptance_criteria,
                new.priority,
                row::object_text(&new.metadata),
                now
            ])
            .map_err(|error| check::taken(error, "user story", &new.key))?;
            Ok(by_id(tx, &id)?)
        })
    }

    /// The story with this id.
    pub fn get(&self, id: &str) -> Result<Option<Story>> {
        self.0.database.read(|tx| Ok(by_id(tx, id).optional()?))
    }

    /// The stories of an epic, or of all epics, by key.
    pub fn list(&self, epic_id: Option<&str>) -> Result<Vec<Story>> {
        self.0.database.read(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT * FROM user_stories WHERE ?1 IS NULL OR epic_id = ?1")?;
            let mut stories = statement.query_map([epic_id], read)?.collect::<Result<Vec<_>, _>>()?;
            stories.sort_by(|a, b| key_order::compare(&a.key, &b.key).then_with(|| a.id.cmp(&b.id)));
            Ok(stories)
        })
    }
}

fn by_id(connection: &Connection, id: &str) -> rusqlite::Result<Story> {
    connection.prepare_cached("SELECT * FROM user_stories WHERE id = ?1")?.query_row([id], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Story> {
    Ok(Story {
        id: row::required_text(row, "id")?,
        project_id: row::required_text(row, "project_id")?,
        epic_id: row::required_text(row, "epic_id")?,
        key: row::required_text(row, "key")?,
        title: row::required_text(row, "title")?,
        description: row::text(row, "description")?,
        acceptance_criteria: row::text(row, "acceptance_criteria")?,
        priority: row::whole(row, "priority")?,
        metadata: row::object(row, "metadata_json")?,
        created_at: row::required_text(row, "created_at")?,
        updated_at: row::required_text(row, "updated_at")?,
    })
}
