//! The table `tasks`.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{Store, check, stored, stories};
use crate::definition::{constructor, record};
use crate::error::{Error, Result, shorten};
use crate::nullable::Nullable;
use crate::sorting::sort_by;
use crate::time::{StoredTime, Timestamp};
use crate::{natural_order, number, status};

record! {
    /// A task: a unit of work for an agent.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct Task("task", "camelCase"): row("tasks") {
        /// UUID text.
        pub id: String,
        /// The project that it belongs to.
        pub project_id: String,
        /// The epic that it belongs to.
        pub epic_id: String,
        /// The user story that it belongs to.
        pub user_story_id: String,
        /// Its key, unique in the story.
        pub key: String,
        /// Its title, on one line.
        pub title: String,
        /// Its description.
        pub description: Option<String>,
        /// Its type.
        pub task_type as "type": Option<String>,
        /// Its status; changed by `record_status_transition` only.
        pub status: String,
        /// Its size in story points.
        #[serde(serialize_with = "number::json_option")]
        pub story_points: Option<f64>,
        /// Its priority: smaller numbers come first.
        pub priority: Option<i64>,
        /// The agent to which it is assigned.
        pub assigned_agent_id: Option<String>,
        /// The person to whom it is assigned.
        pub assignee_human: Option<String>,
        /// The git branch of its work.
        pub vcs_branch: Option<String>,
        /// The git branch that its work started from.
        pub vcs_base_branch: Option<String>,
        /// The last git commit of its work.
        pub vcs_last_commit_sha: Option<String>,
        /// The version of the OpenAPI document that it was created from.
        pub openapi_version_at_creation: Option<String>,
        /// Additional data of the host.
        pub metadata: Nullable<Map<String, Value>>,
        /// When the row was created.
        pub created_at: StoredTime,
        /// When the row last changed.
        pub updated_at: StoredTime,
    }
}

record! {
    /// The fields of a new task.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct NewTask("task", "camelCase"): input list("tasks", "task") {
        /// The id of its user story, which determines its epic and project; required.
        pub user_story_id: String,
        /// The id of its epic, where the caller has it; that of the story.
        pub epic_id: Option<String>,
        /// The id of its project, where the caller has it; that of the story.
        pub project_id: Option<String>,
        /// Its key; required, unique in the story.
        pub key: String = single_line,
        /// Its title, on one line; required.
        pub title: String = single_line,
        /// Its description.
        pub description: Option<String>,
        /// Its type.
        pub task_type as "type": Option<String>,
        /// Its status. Absent: `not_started`.
        pub status: Option<String> = single_line,
        /// Its size in story points: finite, 0 or more.
        pub story_points: Option<f64> = non_negative,
        /// Its priority: smaller numbers come first.
        pub priority: Option<i64>,
        /// The agent to which it is assigned.
        pub assigned_agent_id: Option<String>,
        /// The person to whom it is assigned.
        pub assignee_human: Option<String>,
        /// The git branch of its work.
        pub vcs_branch: Option<String>,
        /// The git branch that its work started from.
        pub vcs_base_branch: Option<String>,
        /// The last git commit of its work.
        pub vcs_last_commit_sha: Option<String>,
        /// The version of the OpenAPI document that it was created from.
        pub openapi_version_at_creation: Option<String>,
        /// Additional data of the host.
        pub metadata: Map<String, Value> = depth,
        /// When it was created, for an import. Absent: now.
        pub created_at: Option<Timestamp>,
    }
}

constructor! { NewTask(user_story_id, key, title) }

/// The tasks of a workspace.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
/// let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
/// let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-1", "Pay by card"))?;
/// let new = NewTask { story_points: Some(3.0), ..NewTask::new(story.id, "T1", "Validate card numbers") };
/// let task = workspace.tasks().create(&new)?;
/// assert_eq!(workspace.tasks().get("T1")?, Some(task)); // by id or key
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tasks<'a>(pub(crate) Store<'a>);

impl Tasks<'_> {
    /// Creates a task. `NotFound` if its story is unknown, `Conflict` if the story has a task with this key.
    pub fn create(&self, new: &NewTask) -> Result<Task> {
        new.check_fields()?;
        self.0.access.write(|tx| self.insert(tx, new))
    }

    /// Creates many tasks in one transaction: all or none.
    pub fn create_many(&self, new: &[NewTask]) -> Result<Vec<Task>> {
        self.0.insert_many("task", new, NewTask::check_fields, |tx, task| self.insert(tx, task))
    }

    /// The task with this id or key. A key that several tasks have is `InvalidInput`, and the error lists them.
    pub fn get(&self, id_or_key: &str) -> Result<Option<Task>> {
        self.0.access.read(|tx| find(tx, id_or_key))
    }

    /// The tasks of a story, or of all stories, by key.
    pub fn list(&self, user_story_id: Option<&str>) -> Result<Vec<Task>> {
        self.0.access.read(|tx| {
            let sql = "SELECT * FROM tasks WHERE ?1 IS NULL OR user_story_id = ?1";
            let mut tasks: Vec<Task> = stored::all(tx, sql, [user_story_id])?;
            sort_by(&mut tasks, |a, b| natural_order::compare_rows((&a.key, &a.id), (&b.key, &b.id)));
            Ok(tasks)
        })
    }

    fn insert(&self, tx: &Connection, new: &NewTask) -> Result<Task> {
        let story = stories::by_id(tx, &new.user_story_id)?;
        let story = story.ok_or_else(|| Error::not_found("userStoryId", "user story", &new.user_story_id))?;
        check::parent("epicId", new.epic_id.as_deref(), "user story", &story.epic_id)?;
        check::parent("projectId", new.project_id.as_deref(), "user story", &story.project_id)?;
        let status = new.status.as_deref().map_or_else(|| status::NOT_STARTED.into(), status::normalised);
        let now = StoredTime::from(self.0.clock.now());
        let task = Task {
            id: self.0.ids.next(),
            project_id: story.project_id,
            epic_id: story.epic_id,
            user_story_id: story.id,
            key: new.key.clone(),
            title: new.title.clone(),
            description: new.description.clone(),
            task_type: new.task_type.clone(),
            status: status.into_owned(),
            story_points: new.story_points,
            priority: new.priority,
            assigned_agent_id: new.assigned_agent_id.clone(),
            assignee_human: new.assignee_human.clone(),
            vcs_branch: new.vcs_branch.clone(),
            vcs_base_branch: new.vcs_base_branch.clone(),
            vcs_last_commit_sha: new.vcs_last_commit_sha.clone(),
            openapi_version_at_creation: new.openapi_version_at_creation.clone(),
            metadata: new.metadata.clone().into(),
            created_at: new.created_at.map_or_else(|| now.clone(), StoredTime::from),
            updated_at: now,
        };
        stored::insert(tx, &task).map_err(|error| check::unique_violation(error, "task", &new.key))?;
        Ok(task)
    }
}

pub(crate) fn by_id(connection: &Connection, id: &str) -> Result<Option<Task>> {
    stored::one(connection, "SELECT * FROM tasks WHERE id = ?1", [id])
}

/// The task with this id, or else with this key.
pub(crate) fn find(connection: &Connection, id_or_key: &str) -> Result<Option<Task>> {
    let by_id = by_id(connection, id_or_key)?;
    if by_id.is_some() {
        return Ok(by_id);
    }
    let sql = "SELECT * FROM tasks WHERE key = ?1 ORDER BY id";
    let mut found: Vec<Task> = stored::all(connection, sql, [id_or_key])?;
    if found.len() > 1 {
        const SHOWN: usize = 10;
        let ids: Vec<String> = found.iter().take(SHOWN).map(|task| shorten(&task.id)).collect();
        let more = if found.len() > SHOWN { ", …" } else { "" };
        let allowed =
            format!("the id of one of the {} tasks with this key: {}{more}", found.len(), ids.join(", "));
        return Err(Error::invalid("task", format_args!("{id_or_key:?}"), &allowed));
    }
    Ok(found.pop())
}
