//! The part of the backlog to which a query is limited, by ids, and the look-up of their keys.

use std::collections::HashMap;

use rusqlite::{Connection, params_from_iter};

use super::row;
use crate::error::{Error, Result};

/// Tasks of this project, epic and story; absent fields do not limit the scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ScopeIds {
    pub(crate) project: Option<String>,
    pub(crate) epic: Option<String>,
    pub(crate) story: Option<String>,
}

/// The `WHERE` condition of a scope over `tasks`, for `params![project, epic, story]`.
pub(super) const CONDITION: &str = "(?1 IS NULL OR tasks.project_id = ?1)
     AND (?2 IS NULL OR tasks.epic_id = ?2)
     AND (?3 IS NULL OR tasks.user_story_id = ?3)";

/// The ids of the projects with this key: at most one.
pub(crate) fn projects(connection: &Connection, key: &str) -> Result<Vec<String>> {
    ids(connection, "SELECT id FROM projects WHERE key = ?1", &[Some(key)])
}

/// The ids of the epics with this key, in the project or in all projects.
pub(crate) fn epics(connection: &Connection, key: &str, within: &ScopeIds) -> Result<Vec<String>> {
    let sql = "SELECT id FROM epics WHERE key = ?1 AND (?2 IS NULL OR project_id = ?2) ORDER BY id";
    ids(connection, sql, &[Some(key), within.project.as_deref()])
}

/// The ids of the stories with this key, in the project and epic or in all of them.
pub(crate) fn stories(connection: &Connection, key: &str, within: &ScopeIds) -> Result<Vec<String>> {
    let sql = "SELECT id FROM user_stories
               WHERE key = ?1 AND (?2 IS NULL OR project_id = ?2) AND (?3 IS NULL OR epic_id = ?3) ORDER BY id";
    ids(connection, sql, &[Some(key), within.project.as_deref(), within.epic.as_deref()])
}

fn ids(connection: &Connection, sql: &str, parameters: &[Option<&str>]) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params_from_iter(parameters), |row| row::required_text(row, "id"))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The keys of all projects by their ids.
pub(crate) fn project_keys(connection: &Connection) -> Result<HashMap<String, String>> {
    keys(connection, "SELECT id, key FROM projects")
}

/// The keys of all epics by their ids.
pub(crate) fn epic_keys(connection: &Connection) -> Result<HashMap<String, String>> {
    keys(connection, "SELECT id, key FROM epics")
}

fn keys(connection: &Connection, sql: &str) -> Result<HashMap<String, String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map([], |row| Ok((row::required_text(row, "id")?, row::required_text(row, "key")?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The ids of the project, the epic and the story with these keys; each key is looked up within those above it. An unknown
/// key is `NotFound`; a key that several rows have is `InvalidInput`.
pub(crate) fn resolve(
    connection: &Connection,
    project: Option<&str>,
    epic: Option<&str>,
    story: Option<&str>,
) -> Result<ScopeIds> {
    let mut ids = ScopeIds::default();
    if let Some(key) = project {
        ids.project = Some(only("projectKey", "project with key", key, projects(connection, key)?, "")?);
    }
    if let Some(key) = epic {
        ids.epic = Some(one_epic(connection, key, &ids)?);
    }
    if let Some(key) = story {
        let found = stories(connection, key, &ids)?;
        ids.story = Some(only("storyKey", "user story with key", key, found, "projectKey or epicKey")?);
    }
    Ok(ids)
}

/// A part of the backlog that has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyed {
    Project,
    Epic,
    Story,
    Task,
}

/// The key of the row with this id.
pub(crate) fn key(connection: &Connection, of: Keyed, id: &str) -> Result<Option<String>> {
    let table = match of {
        Keyed::Project => "projects",
        Keyed::Epic => "epics",
        Keyed::Story => "user_stories",
        Keyed::Task => "tasks",
    };
    let mut statement = connection.prepare_cached(&format!("SELECT key FROM {table} WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    Ok(rows.next()?.map(|row| row::required_text(row, "key")).transpose()?)
}

/// The id of the one epic with this key. `NotFound` if there is none; `InvalidInput` if there are several.
pub(crate) fn one_epic(connection: &Connection, key: &str, within: &ScopeIds) -> Result<String> {
    only("epicKey", "epic with key", key, epics(connection, key, within)?, "projectKey")
}

fn only(field: &str, what: &str, key: &str, mut found: Vec<String>, narrower: &str) -> Result<String> {
    match (found.pop(), found.len()) {
        (None, _) => Err(Error::not_found(field, what, key)),
        (Some(id), 0) => Ok(id),
        (Some(_), others) => {
            let allowed =
                format!("a unique key, or {narrower} in addition: {} rows have this one", others + 1);
            Err(Error::invalid(field, format_args!("{key:?}"), &allowed))
        }
    }
}
