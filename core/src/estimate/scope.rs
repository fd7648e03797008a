//! From keys to ids.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::options::EstimateOptions;
use crate::error::{Error, Result};
use crate::repository::scope::{self, ScopeIds};

/// The scope of an estimate, as given in the call; absent fields were not given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Scope {
    /// The workspace.
    pub workspace_id: String,
    /// The project's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The epic's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epic: Option<String>,
    /// The user story's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
}

impl Scope {
    pub(super) fn new(workspace_id: &str, options: &EstimateOptions) -> Self {
        Self {
            workspace_id: workspace_id.to_owned(),
            project: options.project_key.clone(),
            epic: options.epic_key.clone(),
            story: options.story_key.clone(),
            assignee: options.assignee.clone(),
        }
    }
}

/// Each key is looked up within those above it. An unknown key is `NotFound`; a key that several rows have is
/// `InvalidInput`.
pub(super) fn resolve(tx: &Connection, options: &EstimateOptions) -> Result<ScopeIds> {
    let mut ids = ScopeIds::default();
    if let Some(key) = &options.project_key {
        ids.project = Some(only("projectKey", "project with key", key, scope::projects(tx, key)?, "")?);
    }
    if let Some(key) = &options.epic_key {
        let found = scope::epics(tx, key, &ids)?;
        ids.epic = Some(only("epicKey", "epic with key", key, found, "projectKey")?);
    }
    if let Some(key) = &options.story_key {
        let found = scope::stories(tx, key, &ids)?;
        ids.story = Some(only("storyKey", "user story with key", key, found, "projectKey or epicKey")?);
    }
    Ok(ids)
}

/// Whether a stored name is that of the person; upper and lower case and surrounding blanks are ignored.
pub(super) fn is_person(name: &str) -> impl Fn(&str) -> bool + use<> {
    let folded = |name: &str| name.trim().to_lowercase();
    let wanted = folded(name);
    move |stored| folded(stored) == wanted
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
