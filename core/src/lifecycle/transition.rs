//! A status transition: the task's status, its metadata and the status event, in one transaction.

use rusqlite::Connection;

use super::context::TransitionContext;
use super::metadata::{self, Move};
use crate::definition::record;
use crate::error::{Error, ErrorKind, Result, shorten};
use crate::id::IdSource;
use crate::paths::ConfigSources;
use crate::repository::check::{self, Table, reference};
use crate::repository::status_events::{self, StatusEvent};
use crate::repository::task_rows;
use crate::repository::tasks::{self, Task};
use crate::status::{self, StatusSettings};
use crate::time::{Clock, Timestamp};

record! {
    /// The result of a transition.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Transition("transition", "camelCase"): {
        /// The event that was written; absent if the task had the status already.
        pub event_id: Option<String>,
        /// The task.
        pub task_id: String,
        /// The status before.
        pub from_status: String,
        /// The status after, as stored.
        pub to_status: String,
        /// When the status changed.
        pub timestamp: Timestamp,
        /// Whether the status has changed.
        pub changed: bool,
    }
}

/// The parts of the handle that a transition needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteContext<'a> {
    pub(crate) ids: &'a IdSource,
    /// The settings, which name further statuses.
    pub(crate) configs: &'a ConfigSources,
    pub(crate) clock: Clock,
}

/// Changes the status within the caller's write transaction. The previous status is read within it, so that two
/// concurrent callers write a correct history.
pub(crate) fn record(
    tx: &Connection,
    task: &str,
    to_status: &str,
    context: &TransitionContext,
    write_context: WriteContext<'_>,
) -> Result<Transition> {
    let to = status::normalised(to_status).into_owned();
    check::single_line("toStatus", &to)?;
    context.check_fields()?;
    // The settings are read only where they matter.
    if !context.allow_unknown_status && !status::NAMES.contains(&&*to) {
        StatusSettings::from_configs(&write_context.configs.load()?)?.check("toStatus", to_status)?;
    }
    let found =
        tasks::find(tx, task)?.ok_or_else(|| Error::not_found("task", "task with id or key", task))?;
    reference(tx, "jobId", Table::Jobs, context.job_id.as_deref())?;
    reference(tx, "taskRunId", Table::TaskRuns, context.task_run_id.as_deref())?;
    check_expected(&found, context)?;
    let now = write_context.clock.now();
    let at = context.timestamp.unwrap_or(now);
    let transition = |event_id: Option<String>, to_status: String| Transition {
        changed: event_id.is_some(),
        event_id,
        task_id: found.id.clone(),
        from_status: found.status.clone(),
        to_status,
        timestamp: at,
    };
    if status::same(&found.status, &to) {
        if context.metadata_patch.is_some() {
            change_metadata(tx, &found.id, now, |task| {
                metadata::merge(task, context.metadata_patch.as_ref())
            })?;
        }
        return Ok(transition(None, found.status.clone()));
    }
    let step = Move { from: &found.status, to: &to, at, context };
    task_rows::set_status(tx, &found.id, &to, &now.to_string())?;
    change_metadata(tx, &found.id, now, |task| step.apply_to_task(task))?;
    let event = StatusEvent {
        id: write_context.ids.next(),
        task_id: found.id.clone(),
        from_status: Some(found.status.clone()),
        to_status: to.clone(),
        timestamp: at.into(),
        command_name: context.command_name.clone(),
        job_id: context.job_id.clone(),
        task_run_id: context.task_run_id.clone(),
        agent_id: context.agent_id.clone(),
        metadata: step.of_event().into(),
    };
    status_events::insert(tx, &event)?;
    Ok(transition(Some(event.id), to))
}

fn check_expected(task: &Task, context: &TransitionContext) -> Result<()> {
    match &context.expected_from {
        Some(expected) if !status::same(expected, &task.status) => {
            let message = format!(
                "expectedFrom: task {:?} is {:?}, not {:?}: read it again and retry if appropriate",
                shorten(&task.key),
                shorten(&task.status),
                shorten(expected)
            );
            Err(Error::new(ErrorKind::Conflict, message))
        }
        _ => Ok(()),
    }
}

/// Writes the task's metadata if `change` changes it.
fn change_metadata(
    tx: &Connection,
    task_id: &str,
    now: Timestamp,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> Result<()> {
    let before = metadata::read_for_change(task_rows::metadata_text(tx, task_id)?.as_deref());
    let mut after = before.clone();
    change(&mut after);
    if after == before { Ok(()) } else { task_rows::set_metadata(tx, task_id, &after, &now.to_string()) }
}
