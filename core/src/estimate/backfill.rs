//! Storing the status events that are inferred from task runs.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::history::History;
use super::inferred_events::{self, InferredEvent, Phase};
use super::lane::Lane;
use super::options::EstimateOptions;
use super::scope;
use crate::definition::record;
use crate::error::Result;
use crate::id::IdSource;
use crate::repository::scope_tasks::{IsPerson, TaskScope};
use crate::repository::status_events::{self, StatusEvent};

record! {
    /// The result of a backfill.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Backfilled("backfilled", "camelCase"): {
        /// The number of events that were added.
        pub events: u64,
    }
}

/// Writes, within the caller's write transaction, the events that a velocity with the same options infers. Repeating it
/// adds nothing.
pub(crate) fn backfill(tx: &Connection, options: &EstimateOptions, new_ids: &IdSource) -> Result<Backfilled> {
    options.check_fields()?;
    let ids = scope::resolve(tx, options)?;
    let person = options.assignee.as_deref().map(scope::is_person);
    let scope = TaskScope { ids: &ids, person: person.as_ref().map(|is_person| is_person as IsPerson<'_>) };
    let mut history = History::load(tx, &scope)?;
    let runs = inferred_events::load(tx, &ids, &history)?;
    let added = inferred_events::infer(&mut history, &runs, options.window());
    for inferred in &added {
        status_events::insert(tx, &event(inferred, new_ids.next()))?;
    }
    Ok(Backfilled { events: added.len() as u64 })
}

fn event(inferred: &InferredEvent<'_>, id: String) -> StatusEvent {
    let run = &inferred.run.row;
    let (from, to) = inferred.statuses();
    StatusEvent {
        id,
        task_id: run.task_id.clone(),
        from_status: from.map(str::to_owned),
        to_status: to.to_owned(),
        timestamp: inferred.at.into(),
        command_name: Some(run.command.clone()),
        job_id: run.job_id.clone(),
        task_run_id: Some(run.id.clone()),
        agent_id: run.agent_id.clone(),
        metadata: metadata(inferred.lane, inferred.phase).into(),
    }
}

fn metadata(lane: Lane, phase: Phase) -> Map<String, Value> {
    let phase = match phase {
        Phase::Start => "start",
        Phase::End => "end",
    };
    Map::from_iter([
        ("backfilled".to_owned(), true.into()),
        ("source".to_owned(), "task_runs".into()),
        ("phase".to_owned(), phase.into()),
        ("transition".to_owned(), format!("{}->{}", lane.start_status(), lane.end_status()).into()),
    ])
}
