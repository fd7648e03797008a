//! The table `tasks`, as hosts use it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, check, row};
use crate::error::{Error, Result, shorten};
use crate::input::{self, Fields};
use crate::{key_order, number, status};

/// A task: what an agent works on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// UUID text.
    pub id: String,
    /// The project that it belongs to.
    pub project_id: String,
    /// The epic that it belongs to.
    pub epic_id: String,
    /// The user story that it belongs to.
    pub user_story_id: String,
    /// The key that people use, unique in the story.
    pub key: String,
    /// One line that says what it is.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub task_type: Option<String>,
    /// Where it stands; changed by `record_status_transition` alone.
    pub status: String,
    /// Its size in story points.
    #[serde(serialize_with = "number::json_option")]
    pub story_points: Option<f64>,
    /// The smaller, the sooner.
    pub priority: Option<i64>,
    /// The agent that it is given to.
    pub assigned_agent_id: Option<String>,
    /// The person that it is given to.
    pub assignee_human: Option<String>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
    /// When the row was made.
    pub created_at: String,
    /// When the row last changed.
    pub updated_at: String,
}

/// What a new task is made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewTask {
    /// The id of its user story, which says its epic and project; required.
    pub user_story_id: String,
    /// The key that people use; required, unique in the story.
    pub key: String,
    /// One line that says what it is; required.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// What kind of work it is.
    pub task_type: Option<String>,
    /// Where it stands; `not_started` where absent.
    pub status: Option<String>,
    /// Its size in story points: finite, 0 or more.
    pub story_points: Option<f64>,
    /// The smaller, the sooner.
    pub priority: Option<i64>,
    /// The agent that it is given to.
    pub assigned_agent_id: Option<String>,
    /// The person that it is given to.
    pub assignee_human: Option<String>,
    /// Whatever the host keeps with it.
    pub metadata: Map<String, Value>,
}

const FIELDS: &[&str] = &[
    "userStoryId",
    "key",
    "title",
    "description",
    "type",
    "status",
    "storyPoints",
    "priority",
    "assignedAgentId",
    "assigneeHuman",
    "metadata",
];

impl NewTask {
    /// Reads it from a JSON object with camelCase or snake_case names. An unknown field or one of the
    /// wrong type is `InvalidInput`.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("task", input, FIELDS)?;
        Ok(Self {
            user_story_id: fields.required_text("userStoryId")?,
            key: fields.required_text("key")?,
            title: fields.required_text("title")?,
            description: fields.text("description")?,
            task_type: fields.text("type")?,
            status: fields.text("status")?,
            story_points: fields.number("storyPoints")?,
            priority: fields.whole("priority")?,
            assigned_agent_id: fields.text("assignedAgentId")?,
            assignee_human: fields.text("assigneeHuman")?,
            metadata: fields.object("metadata")?.unwrap_or_default(),
        })
    }

    /// Reads many from a JSON array of such objects; an error says which task it is about.
    pub fn list_from_json(input: &Value) -> Result<Vec<Self>> {
        input::list("tasks", "task", input, Self::from_json)
    }
}

/// The tasks of a workspace.
#[derive(Debug)]
pub struct Tasks<'a>(pub(crate) Store<'a>);

impl Tasks<'_> {
    /// Makes a task. `NotFound` without its story, `Conflict` where the story has a task with this key.
    pub fn create(&self, new: &NewTask) -> Result<Task> {
        check_new(new)?;
        self.0.database.write(|tx| self.insert(tx, new))
    }

    /// Makes many tasks in one transaction: all or none.
    pub fn create_many(&self, new: &[NewTask]) -> Result<Vec<Task>> {
        let numbered =
            |index: usize, error: Error| error.context(format_args!("task {} of {}", index + 1, new.len()));
        for (index, task) in new.iter().enumerate() {
            check_new(task).map_err(|error| numbered(index, error))?;
        }
        self.0.database.write(|tx| {
            let insert = |(index, task)| self.insert(tx, task).map_err(|error| numbered(index, error));
            new.iter().enumerate().map(insert).collect()
        })
    }

    /// The task with this id or key. A key that several tasks have is `InvalidInput` and lists them.
    pub fn get(&self, id_or_key: &str) -> Result<Option<Task>> {
        self.0.database.read(|tx| find(tx, id_or_key))
    }

    /// The tasks of a story, or of all stories, by key.
    pub fn list(&self, user_story_id: Option<&str>) -> Result<Vec<Task>> {
        self.0.database.read(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT * FROM tasks WHERE ?1 IS NULL OR user_story_id = ?1")?;
            let mut tasks = statement.query_map([user_story_id], read)?.collect::<Result<Vec<_>, _>>()?;
            tasks.sort_by(|a, b| key_order::compare(&a.key, &b.key).then_with(|| a.id.cmp(&b.id)));
            Ok(tasks)
        })
    }

    fn insert(&self, tx: &Connection, new: &NewTask) -> Result<Task> {
        check::reference(tx, "userStoryId", check::Table::Stories, Some(&new.user_story_id))?;
        let id = self.0.ids.next();
        tx.prepare_cached(
            "INSERT INTO tasks (id, project_id, epic_id, user_story_id, key, title, description, type, status,
                 story_points, priority, assigned_agent_id, assignee_human, metadata_json, created_at, updated_at)
             SELECT ?1, project_id, epic_id, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13
             FROM user_stories WHERE id = ?2",
        )?
        .execute(params![
            id,
            new.user_story_id,
            new.key,
            new.title,
            new.description,
            new.task_type,
            new.status.as_deref().map_or_else(|| status::NOT_STARTED.into(), status::normalised),
            new.story_points,
            new.priority,
            new.assigned_agent_id,
            new.assignee_human,
            row::object_text(&new.metadata),
            self.0.clock.now().to_string(),
        ])
        .map_err(|error| check::taken(error, "task", &new.key))?;
        Ok(tx.prepare_cached("SELECT * FROM tasks WHERE id = ?1")?.query_row([id], read)?)
    }
}

fn check_new(new: &NewTask) -> Result<()> {
    check::line("key", &new.key)?;
    check::line("title", &new.title)?;
    check::object("metadata", &new.metadata)?;
    new.status.as_deref().map_or(Ok(()), |status| check::line("status", status))?;
    check::measure("storyPoints", new.story_points)
}

/// The task with this id, else with this key.
pub(crate) fn find(connection: &Connection, id_or_key: &str) -> Result<Option<Task>> {
    let by_id = connection
        .prepare_cached("SELECT * FROM tasks WHERE id = ?1")?
        .query_row([id_or_key], read)
        .optional()?;
    if by_id.is_some() {
        return Ok(by_id);
    }
    let mut statement = connection.prepare_cached("SELECT * FROM tasks WHERE key = ?1 ORDER BY id")?;
    let mut found = statement.query_map([id_or_key], read)?.collect::<Result<Vec<_>, _>>()?;
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

fn read(row: &Row<'_>) -> rusqlite::Result<Task> {
    Ok(Task {
        id: row::required_text(row, "id")?,
        project_id: row::required_text(row, "project_id")?,
        epic_id: row::required_text(row, "epic_id")?,
        user_story_id: row::required_text(row, "user_story_id")?,
        key: row::required_text(row, "key")?,
        title: row::required_text(row, "title")?,
        description: row::text(row, "description")?,
        task_type: row::text(row, "type")?,
        status: row::required_text(row, "status")?,
        story_points: row::real(row, "story_points")?,
        priority: row::whole(row, "priority")?,
        assigned_agent_id: row::text(row, "assigned_agent_id")?,
        assignee_human: row::text(row, "assignee_human")?,
        metadata: row::object(row, "metadata_json")?,
        created_at: row::required_text(row, "created_at")?,
        updated_at: row::required_text(row, "updated_at")?,
    })
}
