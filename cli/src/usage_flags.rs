//! Flags that select agent calls.

use mcoda_core::{TokenUsageQuery, Workspace};

use crate::failure::Failure;

/// Which calls, by what was recorded with them.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which calls")]
pub struct CallFlags {
    /// Only calls for the project with this key
    #[arg(long, value_name = "KEY")]
    pub project: Option<String>,
    /// Only calls for the epic with this key
    #[arg(long, value_name = "KEY")]
    pub epic: Option<String>,
    /// Only calls of this agent
    #[arg(long, value_name = "SLUG|ID")]
    pub agent: Option<String>,
    /// Only calls of this model
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Only calls of this provider
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    #[command(flatten)]
    pub time: TimeFlags,
    /// The time zone of days, weeks and months, also of today and this-week: Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

/// Which calls, by anything that a query of single calls knows.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which calls")]
pub struct UsageFlags {
    #[command(flatten)]
    pub calls: CallFlags,
    /// Only calls of this command, for example work-on-tasks
    #[arg(long, value_name = "NAME")]
    pub command: Option<String>,
    /// Only calls of the job with this id
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Only calls for the task with this id or key
    #[arg(long, value_name = "ID|KEY")]
    task: Option<String>,
    /// The page of the result, from 1
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    page: Option<i64>,
    /// The number of rows per page [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    page_size: Option<i64>,
}

/// A time range.
#[derive(Debug, clap::Args)]
pub struct TimeFlags {
    /// From this time on: a timestamp, a date, a time span before now (7d, 6mo; units s, m, h, d, w, mo), today, yesterday,
    /// this-week, or all
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Up to this time, given as for --since; a date includes that day
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

impl UsageFlags {
    /// Converts the flags to the engine's query. A task that the workspace does not have may have calls of other programs.
    pub fn query(&self, workspace: &Workspace) -> Result<TokenUsageQuery, Failure> {
        let id = |task: &String| {
            let found = workspace.tasks().get(task)?;
            Ok::<_, Failure>(found.map_or_else(|| task.clone(), |found| found.id))
        };
        let calls = &self.calls;
        Ok(TokenUsageQuery {
            project_key: calls.project.clone(),
            epic_key: calls.epic.clone(),
            agent: calls.agent.clone(),
            model: calls.model.clone(),
            provider: calls.provider.clone(),
            since: calls.time.since.clone(),
            until: calls.time.until.clone(),
            time_zone: calls.time_zone.clone(),
            command: self.command.clone(),
            job_id: self.job.clone(),
            task_id: self.task.as_ref().map(id).transpose()?,
            page: self.page,
            page_size: self.page_size,
            ..TokenUsageQuery::default()
        })
    }
}
