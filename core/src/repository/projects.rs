//! The table `projects`.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{Store, stored};
use crate::definition::{constructor, record};
use crate::error::Result;
use crate::natural_order;
use crate::nullable::Nullable;
use crate::sorting::sort_by;
use crate::time::{StoredTime, Timestamp};

record! {
    /// A project: the top level of the backlog.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct Project("project", "camelCase"): row("projects") {
        /// UUID text.
        pub id: String,
        /// Its key, unique in the workspace.
        pub key: String,
        /// Its name.
        pub name: Option<String>,
        /// Its description.
        pub description: Option<String>,
        /// Additional data of the host.
        pub metadata: Nullable<Map<String, Value>>,
        /// When the row was created.
        pub created_at: StoredTime,
        /// When the row last changed.
        pub updated_at: StoredTime,
    }
}

record! {
    /// The fields of a new project.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewProject("project", "camelCase"): input {
        /// Its key; required, unique in the workspace.
        pub key: String = single_line,
        /// Its name.
        pub name: Option<String>,
        /// Its description.
        pub description: Option<String>,
        /// Additional data of the host.
        pub metadata: Map<String, Value> = depth,
        /// When it was created, for an import. Absent: now.
        pub created_at: Option<Timestamp>,
    }
}

constructor! { NewProject(key) }

/// The projects of a workspace.
#[derive(Debug)]
pub struct Projects<'a>(pub(crate) Store<'a>);

impl Projects<'_> {
    /// The project with this key, which is created if there is none: any number of processes may call this at the same
    /// time, and all get the same project.
    pub fn ensure(&self, new: &NewProject) -> Result<Project> {
        new.check_fields()?;
        self.0.access.write(|tx| match by_key(tx, &new.key)? {
            Some(project) => Ok(project),
            None => {
                let now = StoredTime::from(self.0.clock.now());
                let project = Project {
                    id: self.0.ids.next(),
                    key: new.key.clone(),
                    name: new.name.clone(),
                    description: new.description.clone(),
                    metadata: new.metadata.clone().into(),
                    created_at: new.created_at.map_or_else(|| now.clone(), StoredTime::from),
                    updated_at: now,
                };
                stored::insert(tx, &project)?;
                Ok(project)
            }
        })
    }

    /// The project with this key.
    pub fn get(&self, key: &str) -> Result<Option<Project>> {
        self.0.access.read(|tx| by_key(tx, key))
    }

    /// All projects, by key.
    pub fn list(&self) -> Result<Vec<Project>> {
        self.0.access.read(|tx| {
            let mut projects: Vec<Project> = stored::all(tx, "SELECT * FROM projects", [])?;
            sort_by(&mut projects, |a, b| natural_order::compare(&a.key, &b.key));
            Ok(projects)
        })
    }
}

fn by_key(connection: &Connection, key: &str) -> Result<Option<Project>> {
    stored::one(connection, "SELECT * FROM projects WHERE key = ?1", [key])
}
