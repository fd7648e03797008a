//! The table `user_stories`.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{Store, check, epics, stored};
use crate::definition::record;
use crate::error::{Error, Result};
use crate::key_order;
use crate::time::StoredTime;

record! {
    /// A user story: a part of an epic.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Story("story", "camelCase"): row("user_stories") {
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
        pub created_at: StoredTime,
        /// When the row last changed.
        pub updated_at: StoredTime,
    }
}

record! {
    /// What a new user story is made from.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewStory("story", "camelCase"): input {
        /// The id of its epic, which says its project; required.
        pub epic_id: String,
        /// The key that people use; required, unique in the epic.
        pub key: String = line,
        /// One line that says what it is; required.
        pub title: String = line,
        /// What it is about.
        pub description: Option<String>,
        /// When it counts as done.
        pub acceptance_criteria: Option<String>,
        /// The smaller, the sooner.
        pub priority: Option<i64>,
        /// Whatever the host keeps with it.
        pub metadata: Map<String, Value> = depth,
    }
}

/// The user stories of a workspace.
#[derive(Debug)]
pub struct Stories<'a>(pub(crate) Store<'a>);

impl Stories<'_> {
    /// Makes a story. `NotFound` without its epic, `Conflict` where the epic has a story with this key.
    pub fn create(&self, new: &NewStory) -> Result<Story> {
        new.check_fields()?;
        let id = self.0.ids.next();
        let now = StoredTime::from(self.0.clock.now());
        self.0.access.write(|tx| {
            let epic = epics::by_id(tx, &new.epic_id)?;
            let epic = epic.ok_or_else(|| Error::not_found("epicId", "epic", &new.epic_id))?;
            let story = Story {
                id,
                project_id: epic.project_id,
                epic_id: epic.id,
                key: new.key.clone(),
                title: new.title.clone(),
                description: new.description.clone(),
                acceptance_criteria: new.acceptance_criteria.clone(),
                priority: new.priority,
                metadata: new.metadata.clone(),
                created_at: now.clone(),
                updated_at: now,
            };
            stored::insert(tx, &story).map_err(|error| check::taken(error, "user story", &new.key))?;
            Ok(story)
        })
    }

    /// The story with this id.
    pub fn get(&self, id: &str) -> Result<Option<Story>> {
        self.0.access.read(|tx| by_id(tx, id))
    }

    /// The stories of an epic, or of all epics, by key.
    pub fn list(&self, epic_id: Option<&str>) -> Result<Vec<Story>> {
        self.0.access.read(|tx| {
            let sql = "SELECT * FROM user_stories WHERE ?1 IS NULL OR epic_id = ?1";
            let mut stories: Vec<Story> = stored::all(tx, sql, [epic_id])?;
            stories.sort_by(|a, b| key_order::compare(&a.key, &b.key).then_with(|| a.id.cmp(&b.id)));
            Ok(stories)
        })
    }
}

pub(super) fn by_id(connection: &Connection, id: &str) -> Result<Option<Story>> {
    stored::one(connection, "SELECT * FROM user_stories WHERE id = ?1", [id])
}
