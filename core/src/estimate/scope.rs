//! From keys to ids.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::options::EstimateOptions;
use crate::error::Result;
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

/// The ids of the scope's keys.
pub(super) fn resolve(tx: &Connection, options: &EstimateOptions) -> Result<ScopeIds> {
    let [project, epic, story] =
        [&options.project_key, &options.epic_key, &options.story_key].map(Option::as_deref);
    scope::resolve(tx, project, epic, story)
}

/// Whether a stored name is that of the person; upper and lower case and surrounding blanks are ignored.
pub(super) fn is_person(name: &str) -> impl Fn(&str) -> bool + use<> {
    let folded = |name: &str| name.trim().to_lowercase();
    let wanted = folded(name);
    move |stored| folded(stored) == wanted
}
