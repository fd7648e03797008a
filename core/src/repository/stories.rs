//! The table `user_stories`.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{Store, check, epics, stored};
use crate::definition::{constructor, record};
use crate::error::{Error, Result};
use crate::nullable::Nullable;
use crate::sorting::sort_by;
use crate::time::{StoredTime, Timestamp};
use crate::{natural_order, number};

record! {
    /// A user story: a part of an epic.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct Story("story", "camelCase"): row("user_stories") {
        /// UUID text.
        pub id: String,
        /// The project that it belongs to.
        pub project_id: String,
        /// The epic that it belongs to.
        pub epic_id: String,
        /// Its key, unique in the epic.
        pub key: String,
        /// Its title, on one line.
        pub title: String,
        /// Its description.
        pub description: Option<String>,
        /// Its acceptance criteria.
        pub acceptance_criteria: Option<String>,
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
    /// The fields of a new user story.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewStory("story", "camelCase"): input list("stories", "story") {
        /// The id of its epic, which determines its project; required.
        pub epic_id: String,
        /// The id of its project, where the caller has it; that of the epic.
        pub project_id: Option<String>,
        /// Its key; required, unique in the epic.
        pub key: String = single_line,
        /// Its title, on one line; required.
        pub title: String = single_line,
        /// Its description.
        pub description: Option<String>,
        /// Its acceptance criteria.
        pub acceptance_criteria: Option<String>,
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

constructor! { NewStory(epic_id, key, title) }

/// The user stories of a workspace.
#[derive(Debug)]
pub struct Stories<'a>(pub(crate) Store<'a>);

impl Stories<'_> {
    /// Creates a story. `NotFound` if its epic is unknown, `Conflict` if the epic has a story with this key.
    pub fn create(&self, new: &NewStory) -> Result<Story> {
        new.check_fields()?;
        self.0.access.write(|tx| self.insert(tx, new))
    }

    /// Creates many stories in one transaction: all or none.
    pub fn create_many(&self, new: &[NewStory]) -> Result<Vec<Story>> {
        self.0.insert_many("story", new, NewStory::check_fields, |tx, story| self.insert(tx, story))
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
            sort_by(&mut stories, |a, b| natural_order::compare_rows((&a.key, &a.id), (&b.key, &b.id)));
            Ok(stories)
        })
    }

    fn insert(&self, tx: &Connection, new: &NewStory) -> Result<Story> {
        let epic = epics::by_id(tx, &new.epic_id)?;
        let epic = epic.ok_or_else(|| Error::not_found("epicId", "epic", &new.epic_id))?;
        check::parent("projectId", new.project_id.as_deref(), "epic", &epic.project_id)?;
        let now = StoredTime::from(self.0.clock.now());
        let story = Story {
            id: self.0.ids.next(),
            project_id: epic.project_id,
            epic_id: epic.id,
            key: new.key.clone(),
            title: new.title.clone(),
            description: new.description.clone(),
            acceptance_criteria: new.acceptance_criteria.clone(),
            story_points_total: new.story_points_total,
            priority: new.priority,
            metadata: new.metadata.clone().into(),
            created_at: new.created_at.map_or_else(|| now.clone(), StoredTime::from),
            updated_at: now,
        };
        stored::insert(tx, &story).map_err(|error| check::unique_violation(error, "user story", &new.key))?;
        Ok(story)
    }
}

pub(super) fn by_id(connection: &Connection, id: &str) -> Result<Option<Story>> {
    stored::one(connection, "SELECT * FROM user_stories WHERE id = ?1", [id])
}
