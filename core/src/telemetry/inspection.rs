//! A job with everything that was recorded about it.

use serde::Deserialize;

use super::query::Asked;
use super::record::Home;
use super::summary::{Dimension, TokenUsageSummaryRow, summary_since};
use crate::definition::record;
use crate::error::{Error, Result};
use crate::repository::{Job, TaskRun, jobs, task_runs};

record! {
    /// What became of a job: its state, its task runs, and what it cost.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct JobInspection("inspection", "camelCase"): {
        /// The job.
        pub job: Job,
        /// Its task runs, oldest first.
        pub task_runs: Vec<InspectedRun>,
        /// What it cost by command, agent and model, of all time.
        pub tokens: Vec<TokenUsageSummaryRow>,
    }
}

record! {
    /// A task run with its task's key.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct InspectedRun("run", "camelCase"): {
        /// The task run.
        #[serde(flatten)]
        pub run: TaskRun,
        /// The key of its task; null where the task is gone.
        #[serde(default)]
        pub task_key: Option<String>,
    }
}

impl JobInspection {
    /// What the tokens are grouped by.
    pub const GROUPED_BY: &'static [Dimension] = &[Dimension::Command, Dimension::Agent, Dimension::Model];
}

/// The job that the query names, whenever it ran, and what the handle's workspace is billed for it. Where that is
/// nothing it is what the job's own workspace is billed: a job must not look like one that cost nothing.
pub(crate) fn inspect_job(asked: &Asked<'_>, job_id: &str) -> Result<JobInspection> {
    let job = jobs::by_id(asked.tx, job_id)?.ok_or_else(|| Error::not_found("jobId", "job", job_id))?;
    let runs = task_runs::of_job(asked.tx, job_id)?;
    let mut tokens = summary_since(asked, None, JobInspection::GROUPED_BY)?;
    if tokens.is_empty() {
        let own = Asked { home: Home::Workspace(&job.workspace_id), ..*asked };
        tokens = summary_since(&own, None, JobInspection::GROUPED_BY)?;
    }
    Ok(JobInspection {
        job,
        task_runs: runs.into_iter().map(|(run, task_key)| InspectedRun { run, task_key }).collect(),
        tokens,
    })
}
