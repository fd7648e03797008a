//! The table `epics`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, check, row};
use crate::error::Result;
use crate::input::Fields;
use crate::key_order;

/// An epic: a part of a project.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Epic {
    /// UUID text.
    pub id: String,
    /// The project that it belongs to.
    pub project_id: String,
    /// The key that people use, unique in the project.
    pub key: String,
    /// One line that says what it is.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The smaller, the sooner.
    pub priority: Option<i64>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
    /// When the row was made.
    pub created_at: String,
    /// When the row last changed.
    pub updated_at: String,
}

/// What a new epic is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewEpic {
    /// The id of its project; required.
    pub project_id: String,
    /// The key that people use; required, unique in the project.
    pub key: String,
    /// One line that says what it is; required.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The smaller, the sooner.
    pub priority: Option<i64>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
}

const FIELDS: &[&str] = &["projectId", "key", "title", "description", "priority", "metadata"];

impl NewEpic {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("epic", input, FIELDS)?;
        Ok(Self {
            project_id: fields.required_text("projectId")?,
            key: fields.required_text("key")?,
            title: fields.required_text("title")?,
            description: fields.text("description")?,
            priority: fields.whole("priority")?,
            metadata: fields.object("metadata")?.unwrap_or_default(),
        })
    }
}

/// The epics of a workspace.
#[derive(Debug)]
pub struct Epics<'a>(pub(crate) Store<'a>);

impl Epics<'_> {
    /// Makes an epic. `NotFound` without its project, `Conflict` where the project has an epic with this key.
    pub fn create(&self, new: &NewEpic) -> Result<Epic> {
        check::line("key", &new.key)?;
        check::line("title", &new.title)?;
        check::object("metadata", &new.metadata)?;
        let id = self.0.ids.next();
        let now = self.0.clock.now().to_string();
        self.0.database.write(|tx| {
            check::reference(tx, "projectId", check::Table::Projects, Some(&new.project_id))?;
            tx.prepare_cached(
                "INSERT INTO epics (id, project_id, key, title, description, priority, metadata_json, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
            )?
            .execute(params![
                id,
                new.project_id,
                new.key,
                new.title,
                new.description,
                new.priority,
                row::object_text(&new.metadata),
                now
            ])
            .map_err(|error| check::taken(error, "epic", &new.key))?;
            Ok(by_id(tx, &id)?)
        })
    }

    /// The epic with this id.
    pub fn get(&self, id: &str) -> Result<Option<Epic>> {
        self.0.database.read(|tx| Ok(by_id(tx, id).optional()?))
    }

    /// The epics of a project, or of all projects, by key.
    pub fn list(&self, project_id: Option<&str>) -> Result<Vec<Epic>> {
        self.0.database.read(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT * FROM epics WHERE ?1 IS NULL OR project_id = ?1")?;
            let mut epics = statement.query_map([project_id], read)?.collect::<Result<Vec<_>, _>>()?;
            epics.sort_by(|a, b| key_order::compare(&a.key, &b.key).then_with(|| a.id.cmp(&b.id)));
            Ok(epics)
        })
    }
}

fn by_id(connection: &Connection, id: &str) -> rusqlite::Result<Epic> {
    connection.prepare_cached("SELECT * FROM epics WHERE id = ?1")?.query_row([id], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Epic> {
    Ok(Epic {
        id: row::required_text(row, "id")?,
        project_id: row::required_text(row, "project_id")?,
        key: row::required_text(row, "key")?,
        title: row::required_text(row, "title")?,
        description: row::text(row, "description")?,
        priority: row::whole(row, "priority")?,
        metadata: row::object(row, "metadata_json")?,
        created_at: row::required_text(row, "created_at")?,
        updated_at: row::required_text(row, "updated_at")?,
    })
}
