//! A job with all of its runs and usage.

use serde::Deserialize;

use super::query::QueryContext;
use super::summary::{Dimension, TokenUsageReport, TokenUsageSummaryRow, report_since};
use crate::definition::record;
use crate::error::{Error, Result};
use crate::repository::{Job, TaskRun, jobs, task_runs};

record! {
    /// A job: its state, its task runs, and its usage.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct JobInspection("inspection", "camelCase"): {
        /// The job.
        pub job: Job,
        /// Its task runs, oldest first.
        pub task_runs: Vec<InspectedRun>,
        /// Its total usage by command, agent and model.
        pub tokens: Vec<TokenUsageSummaryRow>,
    }
}

record! {
    /// A task run with its task's key.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct InspectedRun("run", "camelCase"): {
        /// The task run.
        #[serde(flatten)]
        pub run: TaskRun,
        /// The key of its task; null if the task was deleted.
        #[serde(default)]
        pub task_key: Option<String>,
    }
}

impl JobInspection {
    /// The dimensions by which the tokens are grouped.
    pub const GROUPED_BY: &'static [Dimension] = &[Dimension::Command, Dimension::Agent, Dimension::Model];
}

/// A job, and its usage with the total, for people. [`render_job_report`](crate::report::render_job_report) prints it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobReport {
    /// The job.
    pub inspection: JobInspection,
    /// Its total usage by command, agent and model.
    pub tokens: TokenUsageReport,
}

/// The job with this id, with its usage in the handle's workspace. If there is none, the usage in the job's own
/// workspace: the job must not look like one without usage.
pub(crate) fn job_report(query_context: &QueryContext<'_>, job_id: &str) -> Result<JobReport> {
    let job =
        jobs::by_id(query_context.tx, job_id)?.ok_or_else(|| Error::not_found("jobId", "job", job_id))?;
    let runs = task_runs::of_job(query_context.tx, job_id)?;
    let mut tokens = report_since(query_context, None, JobInspection::GROUPED_BY)?;
    if tokens.rows.is_empty() {
        let own = QueryContext { workspace_id: Some(&job.workspace_id), ..*query_context };
        tokens = report_since(&own, None, JobInspection::GROUPED_BY)?;
    }
    let inspection = JobInspection {
        job,
        task_runs: runs.into_iter().map(|(run, task_key)| InspectedRun { run, task_key }).collect(),
        tokens: tokens.rows.clone(),
    };
    Ok(JobReport { inspection, tokens })
}
