//! `mcodactl job`

use mcoda_core::report::{render_job_report, render_job_tokens, render_jobs};
use mcoda_core::{TokenUsageQuery, TokenUsageRow, Workspace};

use crate::csv;
use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::{self, Output};
use crate::period::{self, ALL_TIME};
use crate::usage_flags::TimeFlags;

/// The subcommands of `job`.
#[derive(Debug, clap::Subcommand)]
pub enum Job {
    /// List the jobs, newest first
    List {
        /// Only jobs in this state, for example running
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
    },
    /// List the agent calls of a job with their usage and cost; all of them by default
    Tokens {
        /// The job's id
        job: String,
        #[command(flatten)]
        time: TimeFlags,
    },
    /// Show a job's state and progress, its task runs, and its total usage and cost
    Inspect {
        /// The job's id
        job: String,
    },
}

const TABLES: [Format; 3] = [Format::Table, Format::Json, Format::Csv];

impl Job {
    /// Runs the subcommand.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        match self {
            Self::List { state } => list(state.as_deref(), global),
            Self::Tokens { job, time } => tokens(job, time, global),
            Self::Inspect { job } => {
                let format = global.format(&[Format::Table, Format::Json])?;
                let report = open::existing_workspace(global)?.job_report(job)?;
                match format {
                    Format::Json => Output::json(&report.inspection),
                    _ => Ok(Output::Text(render_job_report(&report, out::width()))),
                }
            }
        }
    }
}

fn list(state: Option<&str>, global: &GlobalArgs) -> Result<Output, Failure> {
    let format = global.format(&TABLES)?;
    let workspace = open::existing_workspace(global)?;
    let mut jobs = workspace.jobs().list()?;
    if jobs.is_empty() {
        open::note_other_workspaces(&workspace)?;
    }
    jobs.retain(|job| state.is_none_or(|state| job.state == state));
    match format {
        Format::Json => Output::json(&jobs),
        Format::Csv => Ok(Output::Data(csv::table(&jobs)?)),
        _ if jobs.is_empty() => Ok(Output::Text("No job matches.\n".to_owned())),
        _ => Ok(Output::Text(render_jobs(&jobs, out::width()))),
    }
}

fn tokens(job: &str, time: &TimeFlags, global: &GlobalArgs) -> Result<Output, Failure> {
    let format = global.format(&TABLES)?;
    let workspace = open::existing_workspace(global)?;
    let query = TokenUsageQuery {
        job_id: Some(job.to_owned()),
        since: Some(time.since.clone().unwrap_or_else(|| "all".to_owned())),
        until: time.until.clone(),
        ..TokenUsageQuery::default()
    };
    let rows = calls_of(&workspace, job, &query)?;
    match format {
        Format::Json => Output::json(&rows),
        Format::Csv => Ok(Output::Data(csv::table(&rows)?)),
        _ => {
            let table = if rows.is_empty() {
                "No token usage of this job matches.\n".to_owned()
            } else {
                render_job_tokens(&rows, &workspace.task_keys(&rows)?, out::width())
            };
            let range = workspace.token_usage_range(&query)?;
            let outside = workspace.calls_outside(&query)?;
            let period = period::in_words(time, ALL_TIME, range.since, range.until, &outside);
            Ok(Output::Text(table + &out::wrapped(&period)))
        }
    }
}

/// A misspelt job, or one of another workspace, must not look like a job without usage.
fn calls_of(
    workspace: &Workspace,
    job: &str,
    query: &TokenUsageQuery,
) -> Result<Vec<TokenUsageRow>, Failure> {
    let Some(found) = workspace.jobs().get(job)? else {
        return Err(Failure::failed(format_args!("there is no job {job:?}: mcodactl job list shows them")));
    };
    let rows = workspace.token_usage(query)?;
    if rows.is_empty() && found.workspace_id != workspace.id() {
        let of = found.workspace_id;
        let message = format_args!("job {job:?} belongs to the workspace {of:?}: give --workspace-id");
        return Err(Failure::failed(message));
    }
    Ok(rows)
}
