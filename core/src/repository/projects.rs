//! The table `projects`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, check, row};
use crate::error::Result;
use crate::input::Fields;
use crate::key_order;

/// A project: the top of the backlog.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// UUID text.
    pub id: String,
    /// The key that people use, unique in the workspace.
    pub key: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
    /// When the row was made.
    pub created_at: String,
    /// When the row last changed.
    pub updated_at: String,
}

/// What a new project is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewProject {
    /// The key that people use; required, unique in the workspace.
    pub key: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
}

const FIELDS: &[&str] = &["key", "name", "description", "metadata"];

impl NewProject {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("project", input, FIELDS)?;
        Ok(Self {
            key: fields.required_text("key")?,
            name: fields.text("name")?,
            description: fields.text("description")?,
            metadata: fields.object("metadata")?.unwrap_or_default(),
        })
    }
}

/// The projects of a workspace.
#[derive(Debug)]
pub struct Projects<'a>(pub(crate) Store<'a>);

impl Projects<'_> {
    /// The project with this key, which is made where there is none: any number of processes may call
    /// this at once and all get the same project.
    pub fn ensure(&self, new: &NewProject) -> Result<Project> {
        check::line("key", &new.key)?;
        check::object("metadata", &new.metadata)?;
        self.0.database.write(|tx| match by_key(tx, &new.key)? {
            Some(project) => Ok(project),
            None => {
                let now = self.0.clock.now().to_string();
                let id = self.0.ids.next();
                tx.prepare_cached(
                    "INSERT INTO projects (id, key, name, description, metadata_json, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                )?
                .execute(params![
                    id,
                    new.key,
                    new.name,
                    new.description,
                    row::object_text(&new.metadata),
                    now
                ])?;
                Ok(Project {
                    id,
                    key: new.key.clone(),
                    name: new.name.clone(),
                    description: new.description.clone(),
                    metadata: new.metadata.clone(),
                    created_at: now.clone(),
                    updated_at: now,
                })
            }
        })
    }

    /// The project with this key.
    pub fn get(&self, key: &str) -> Result<Option<Project>> {
        self.0.database.read(|tx| by_key(tx, key))
    }

    /// All projects, by key.
    pub fn list(&self) -> Result<Vec<Project>> {
        self.0.database.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT * FROM projects")?;
            let mut projects = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
            projects.sort_by(|a, b| key_order::compare(&a.key, &b.key));
            Ok(projects)
        })
    }
}

fn by_key(connection: &Connection, key: &str) -> Result<Option<Project>> {
    Ok(connection
        .prepare_cached("SELECT * FROM projects WHERE key = ?1")?
        .query_row([key], read)
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        id: row::required_text(row, "id")?,
        key: row::required_text(row, "key")?,
        name: row::text(row, "name")?,
        description: row::text(row, "description")?,
        metadata: row::object(row, "metadata_json")?,
        created_at: row::required_text(row, "created_at")?,
        updated_at: row::required_text(row, "updated_at")?,
    })
}
