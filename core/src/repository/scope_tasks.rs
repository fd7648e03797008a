//! The tasks of a scope, found by the indexes on them.

use std::fmt::Write;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ToSql, params_from_iter};

use super::indexes::{TASKS_OF_ASSIGNEE, TASKS_OF_EPIC, TASKS_OF_PROJECT};
use super::scope::ScopeIds;
use super::task_rows::TaskRow;
use super::{row, stored};
use crate::error::Result;
use crate::sorting::sort_by_key;

/// Whether the name of an assignee, as stored, is that of a person.
pub(crate) type IsPerson<'p> = &'p dyn Fn(&str) -> bool;

/// The tasks of a scope, of one person if that is given.
#[derive(Clone, Copy)]
pub(crate) struct TaskScope<'s> {
    pub(crate) ids: &'s ScopeIds,
    pub(crate) person: Option<IsPerson<'s>>,
}

/// How many different names of assignees are looked at.
const NAMES: usize = 300;

/// `FROM … WHERE …`, with the values of its parameters.
struct Source {
    sql: String,
    values: Vec<String>,
}

impl<'s> TaskScope<'s> {
    /// Whether it has all tasks.
    pub(crate) fn is_whole(&self) -> bool {
        *self.ids == ScopeIds::default() && self.person.is_none()
    }

    /// Its tasks, by the narrowest of its limits; `None` if that is a person with too many spellings.
    fn sources(&self, connection: &Connection) -> Result<Option<Vec<Source>>> {
        if *self.ids == ScopeIds::default()
            && let Some(is_person) = self.person
        {
            let Some(names) = names(connection, is_person)? else { return Ok(None) };
            let sql = format!(
                "FROM tasks INDEXED BY {} WHERE assignee_human IS NOT NULL AND assignee_human = ?1",
                TASKS_OF_ASSIGNEE.name
            );
            let source = |name| Source { sql: sql.clone(), values: vec![name] };
            return Ok(Some(names.into_iter().map(source).collect()));
        }
        let index = match self.ids {
            ScopeIds { story: Some(_), .. } => None,
            ScopeIds { epic: Some(_), .. } => Some(TASKS_OF_EPIC.name),
            ScopeIds { project: Some(_), .. } => Some(TASKS_OF_PROJECT.name),
            _ => None,
        };
        let index = index.map(|index| format!(" INDEXED BY {index}")).unwrap_or_default();
        let mut source = Source { sql: format!("FROM tasks{index} WHERE 1"), values: Vec::new() };
        for (column, value) in self.limits() {
            source.values.push(value.to_owned());
            // Writing to a string cannot fail.
            let _ = write!(source.sql, " AND {column} = ?{}", source.values.len());
        }
        Ok(Some(vec![source]))
    }

    fn limits(&self) -> impl Iterator<Item = (&'static str, &'s str)> {
        let ids = self.ids;
        [("project_id", &ids.project), ("epic_id", &ids.epic), ("user_story_id", &ids.story)]
            .into_iter()
            .filter_map(|(column, value)| Some((column, value.as_deref()?)))
    }

    fn has_person(&self, row: &TaskRow) -> bool {
        self.person.is_none_or(|is_person| row.assignee.as_deref().is_some_and(is_person))
    }
}

/// The names that are those of the person, as stored.
fn names(connection: &Connection, is_person: IsPerson<'_>) -> Result<Option<Vec<String>>> {
    let sql = format!(
        "SELECT assignee_human FROM tasks INDEXED BY {}
         WHERE assignee_human IS NOT NULL AND assignee_human > ?1 ORDER BY assignee_human LIMIT 1",
        TASKS_OF_ASSIGNEE.name
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let (mut found, mut last) = (Vec::new(), String::new());
    for _ in 0..NAMES {
        let mut rows = statement.query([&last])?;
        let Some(name) =
            rows.next()?.map(|row| row.get_ref(0).map(|name| name.as_str().ok().map(str::to_owned)))
        else {
            return Ok(Some(found));
        };
        let Some(name) = name? else { return Ok(None) };
        if is_person(&name) {
            found.push(name.clone());
        }
        last = name;
    }
    Ok(None)
}

/// The number of tasks, at most `limit`. Of one person's tasks in a project, all of the project are counted.
pub(crate) fn count_up_to(connection: &Connection, scope: &TaskScope<'_>, limit: usize) -> Result<usize> {
    let Some(sources) = scope.sources(connection)? else { return Ok(limit) };
    let mut count = 0;
    for source in sources {
        let sql = format!("SELECT count(*) FROM (SELECT 1 {} LIMIT {limit})", source.sql);
        let own: i64 =
            connection.prepare(&sql)?.query_row(params_from_iter(&source.values), |row| row.get(0))?;
        count += usize::try_from(own).unwrap_or(limit);
    }
    Ok(count.min(limit))
}

/// About as many tasks as the database has, or more.
pub(crate) fn largest_number(connection: &Connection) -> Result<usize> {
    stored::largest_number(connection, "SELECT max(rowid) FROM tasks")
}

const COLUMNS: &str = "id, key, status, story_points, priority, assignee_human";

/// The tasks, in insertion order; `None` if they cannot be found by an index.
pub(crate) fn rows(connection: &Connection, scope: &TaskScope<'_>) -> Result<Option<Vec<TaskRow>>> {
    let Some(sources) = scope.sources(connection)? else { return Ok(None) };
    let mut found = Vec::new();
    for source in sources {
        let mut statement =
            connection.prepare(&format!("SELECT {COLUMNS}, rowid AS number {}", source.sql))?;
        let rows = statement.query_map(params_from_iter(&source.values), |row| {
            Ok((row.get::<_, i64>("number")?, TaskRow::read(row)?))
        })?;
        for row in rows {
            let (number, row) = row?;
            if scope.has_person(&row) {
                found.push((number, row));
            }
        }
    }
    sort_by_key(&mut found, |(number, _)| *number);
    Ok(Some(found.into_iter().map(|(_, row)| row).collect()))
}

/// The task with this id, if it is in the scope.
pub(crate) fn by_id(connection: &Connection, scope: &TaskScope<'_>, id: &str) -> Result<Option<TaskRow>> {
    let mut sql = format!("SELECT {COLUMNS} FROM tasks WHERE id = ?1");
    let mut values: Vec<&dyn ToSql> = vec![&id];
    let limits: Vec<_> = scope.limits().collect();
    for (column, value) in &limits {
        values.push(value);
        let _ = write!(sql, " AND {column} = ?{}", values.len());
    }
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(&*values)?;
    let row = rows.next()?.map(TaskRow::read).transpose()?;
    Ok(row.filter(|row| scope.has_person(row)))
}

/// Tasks of one project with one status and one number of story points.
#[derive(Debug)]
pub(crate) struct StatusGroup<'r> {
    pub(crate) status: &'r [u8],
    pub(crate) story_points: Option<f64>,
    pub(crate) tasks: u64,
    /// The number of the row of one of them.
    pub(crate) number: i64,
}

/// Passes the groups of the project's tasks, or of those of all projects, to `visit`; those of one project and status follow
/// each other.
pub(crate) fn for_each_status(
    connection: &Connection,
    project: Option<&str>,
    mut visit: impl FnMut(&StatusGroup<'_>),
) -> Result<()> {
    let condition = if project.is_some() { " WHERE project_id = ?1" } else { "" };
    let index = TASKS_OF_PROJECT.name;
    let sql = format!(
        "SELECT status, story_points, count(*), min(rowid) FROM tasks INDEXED BY {index}{condition}
         GROUP BY project_id, status, story_points"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(project))?;
    while let Some(row) = rows.next()? {
        let converted;
        let status = match row.get_ref(0)? {
            ValueRef::Text(bytes) => bytes,
            other => {
                converted = row::as_text(other).unwrap_or_default();
                converted.as_bytes()
            }
        };
        let story_points = row::as_real(row.get_ref(1)?);
        let tasks = u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
        visit(&StatusGroup { status, story_points, tasks, number: row.get(3)? });
    }
    Ok(())
}

/// Passes the tasks that have the project and the status of one of these rows to `visit`, in insertion order. Rows stand for
/// the statuses, since what another program stored as a status may be anything.
pub(crate) fn for_each_like(
    connection: &Connection,
    numbers: &[i64],
    mut visit: impl FnMut(&TaskRow),
) -> Result<()> {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let index = TASKS_OF_PROJECT.name;
    let sql = format!(
        "SELECT {COLUMNS} FROM tasks WHERE rowid IN (
             SELECT rowid FROM tasks INDEXED BY {index}
             WHERE (project_id, status) IN (SELECT project_id, status FROM tasks WHERE rowid IN ({})))
         ORDER BY rowid",
        numbers.join(", ")
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(&TaskRow::read(row)?);
    }
    Ok(())
}

/// The fields of a task that say what became of it.
#[derive(Debug)]
pub(crate) struct OutcomeRow {
    pub(crate) status: String,
    pub(crate) story_points: Option<f64>,
    pub(crate) project_id: Option<String>,
    pub(crate) epic_id: Option<String>,
}

/// What became of the task with this id.
pub(crate) fn outcome_row(connection: &Connection, id: &str) -> Result<Option<OutcomeRow>> {
    let sql = "SELECT status, story_points, project_id, epic_id FROM tasks WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(OutcomeRow {
        status: row::required_text(row, "status")?,
        story_points: row::real(row, "story_points")?,
        project_id: row::text(row, "project_id")?,
        epic_id: row::text(row, "epic_id")?,
    }))
}
