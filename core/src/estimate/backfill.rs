//! Writing the status events for good that task runs stand in for.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::history::History;
use super::lane::Lane;
use super::options::EstimateOptions;
use super::scope;
use super::stand_in::{self, Phase, StandIn};
use crate::definition::record;
use crate::error::Result;
use crate::id::IdSource;
use crate::repository::status_events::{self, StatusEvent};

record! {
    /// What a backfill wrote.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Backfilled("backfilled", "camelCase"): {
        /// How many events were added.
        pub events: u64,
    }
}

/// Writes, within the caller's write transaction, the events that a velocity with the same options would
/// take for granted. Doing it again adds nothing.
pub(crate) fn backfill(tx: &Connection, options: &EstimateOptions, ids: &IdSource) -> Result<Backfilled> {
    options.check_fields()?;
    let scope = scope::resolve(tx, options)?;
    let mut history = History::load(tx, &scope, options.assignee.as_deref())?;
    let runs = stand_in::load(tx, &scope, &history)?;
    let added = stand_in::fill(&mut history, &runs, options.window());
    for stand_in in &added {
        status_events::insert(tx, &event(stand_in, ids.next()))?;
    }
    Ok(Backfilled { events: added.len() as u64 })
}

fn event(stand_in: &StandIn<'_>, id: String) -> StatusEvent {
    let run = &stand_in.run.row;
    let (from, to) = stand_in.statuses();
    StatusEvent {
        id,
        task_id: run.task_id.clone(),
        from_status: from.map(str::to_owned),
        to_status: to.to_owned(),
        timestamp: stand_in.at.into(),
        command_name: Some(run.command.clone()),
        job_id: run.job_id.clone(),
        task_run_id: Some(run.id.clone()),
        agent_id: run.agent_id.clone(),
        metadata: metadata(stand_in.lane, stand_in.phase),
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
