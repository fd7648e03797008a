//! The table `epics`.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{Store, check, stored};
use crate::definition::{constructor, record};
use crate::error::Result;
use crate::nullable::Nullable;
use crate::sorting::sort_by;
use crate::time::{StoredTime, Timestamp};
use crate::{natural_order, number};

record! {
    /// An epic: a part of a project.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct Epic("epic", "camelCase"): row("epics") {
        /// UUID text.
        pub id: String,
        /// The project that it belongs to.
        pub project_id: String,
        /// Its key, unique in the project.
        pub key: String,
        /// Its title, on one line.
        pub title: String,
        /// Its description.
        pub description: Option<String>,
        /// Its size in story points, as the host computed it.
        #[serde(serialize_with = "number::json_option")]
        pub story_points_total: Option<f64>,
        /// Its priority: smaller numbers come first.
        pub priority: Option<i64>,
        /// Additional data of the host.
        pub metadata: Nullable<Map<String, Value>>,
        /// When the row was created.
        pub created_at: StoredTime,
        /// When the row last changed.
        pub updated_at: StoredTime,
    }
}

record! {
    /// The fields of a new epic.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewEpic("epic", "camelCase"): input list("epics", "epic") {
        /// The id of its project; required.
        pub project_id: String,
        /// Its key; required, unique in the project.
        pub key: String = single_line,
        /// Its title, on one line; required.
        pub title: String = single_line,
        /// Its description.
        pub description: Option<String>,
        /// Its size in story points: finite, 0 or more.
        pub story_points_total: Option<f64> = non_negative,
        /// Its priority: smaller numbers come first.
        pub priority: Option<i64>,
        /// Additional data of the host.
        pub metadata: Map<String, Value> = depth,
        /// When it was created, for an import. Absent: now.
        pub created_at: Option<Timestamp>,
    }
}

constructor! { NewEpic(project_id, key, title) }

/// The epics of a workspace.
#[derive(Debug)]
pub struct Epics<'a>(pub(crate) Store<'a>);

impl Epics<'_> {
    /// Creates an epic. `NotFound` if its project is unknown, `Conflict` if the project has an epic with this key.
    pub fn create(&self, new: &NewEpic) -> Result<Epic> {
        new.check_fields()?;
        self.0.access.write(|tx| self.insert(tx, new))
    }

    /// Creates many epics in one transaction: all or none.
    pub fn create_many(&self, new: &[NewEpic]) -> Result<Vec<Epic>> {
        self.0.insert_many("epic", new, NewEpic::check_fields, |tx, epic| self.insert(tx, epic))
    }

    /// The epic with this id.
    pub fn get(&self, id: &str) -> Result<Option<Epic>> {
        self.0.access.read(|tx| by_id(tx, id))
    }

    /// The epics of a project, or of all projects, by key.
    pub fn list(&self, project_id: Option<&str>) -> Result<Vec<Epic>> {
        self.0.access.read(|tx| {
            let sql = "SELECT * FROM epics WHERE ?1 IS NULL OR project_id = ?1";
            let mut epics: Vec<Epic> = stored::all(tx, sql, [project_id])?;
            sort_by(&mut epics, |a, b| natural_order::compare_rows((&a.key, &a.id), (&b.key, &b.id)));
            Ok(epics)
        })
    }

    fn insert(&self, tx: &Connection, new: &NewEpic) -> Result<Epic> {
        check::reference(tx, "projectId", check::Table::Projects, Some(&new.project_id))?;
        let now = StoredTime::from(self.0.clock.now());
        let epic = Epic {
            id: self.0.ids.next(),
            project_id: new.project_id.clone(),
            key: new.key.clone(),
            title: new.title.clone(),
            description: new.description.clone(),
            story_points_total: new.story_points_total,
            priority: new.priority,
            metadata: new.metadata.clone().into(),
            created_at: new.created_at.map_or_else(|| now.clone(), StoredTime::from),
            updated_at: now,
        };
        stored::insert(tx, &epic).map_err(|error| check::unique_violation(error, "epic", &new.key))?;
        Ok(epic)
    }
}

pub(super) fn by_id(connection: &Connection, id: &str) -> Result<Option<Epic>> {
    stored::one(connection, "SELECT * FROM epics WHERE id = ?1", [id])
}
