//! `mcodactl transition`

use mcoda_core::report::printable;
use mcoda_core::{Timestamp, TransitionContext, Workspace};

use crate::failure::Failure;
use crate::flags::{GlobalArgs, JsonObject, json_object};
use crate::open;
use crate::out::Output;

/// The flags of `transition`.
#[derive(Debug, clap::Args)]
pub struct Transition {
    /// The task's id or key
    task: String,
    /// The new status, for example in_progress
    status: String,
    /// The command that changes the status, for example work-on-tasks
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// The id of the job in which the status changes
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// The id of the task run in which the status changes
    #[arg(long, value_name = "ID")]
    task_run: Option<String>,
    /// The agent that changes the status
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// The time of the change [default: now]
    #[arg(long, value_name = "TIMESTAMP")]
    timestamp: Option<Timestamp>,
    /// Details of the status change
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    metadata: Option<JsonObject>,
    /// Details to merge into the task's own
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    metadata_patch: Option<JsonObject>,
    /// Why the task failed or is sent back
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The status that the task must have; otherwise nothing is changed
    #[arg(long, value_name = "STATUS")]
    expected_from: Option<String>,
    /// Accept a status that is neither one of the pipeline nor named under statuses in config.json
    #[arg(long)]
    allow_unknown_status: bool,
}

impl Transition {
    /// Changes the status.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let json = global.wants_json()?;
        let workspace = open::existing_workspace(global)?;
        let moved = workspace.record_status_transition(&self.task, &self.status, &self.context())?;
        if json {
            return Output::json(&moved);
        }
        if global.quiet {
            return Ok(Output::Text(String::new()));
        }
        let key = printable(&self.key(&workspace, &moved.task_id));
        Ok(Output::Text(if moved.changed {
            format!("{key}: {} → {}\n", printable(&moved.from_status), printable(&moved.to_status))
        } else {
            format!("{key}: is {} already, its status did not change\n", printable(&moved.to_status))
        }))
    }

    fn context(&self) -> TransitionContext {
        TransitionContext {
            command_name: self.command.clone(),
            job_id: self.job.clone(),
            task_run_id: self.task_run.clone(),
            agent_id: self.agent.clone(),
            timestamp: self.timestamp,
            metadata: self.metadata.clone().map(|object| object.0),
            metadata_patch: self.metadata_patch.clone().map(|object| object.0),
            reason: self.reason.clone(),
            expected_from: self.expected_from.clone(),
            allow_unknown_status: self.allow_unknown_status,
        }
    }

    /// The task's key. The status has changed already, so a failed look-up is not an error.
    fn key(&self, workspace: &Workspace, task_id: &str) -> String {
        workspace.tasks().get(task_id).ok().flatten().map_or_else(|| self.task.clone(), |task| task.key)
    }
}
