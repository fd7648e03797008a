//! Flags that select token usage.

use mcoda_core::TokenUsageQuery;

/// The filters of token usage.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which token usage")]
pub struct UsageFlags {
    /// Only usage of the project with this key
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// Only usage of this agent
    #[arg(long, value_name = "SLUG|ID")]
    agent: Option<String>,
    /// Only usage of this command, for example work-on-tasks
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// Only usage of the job with this id
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Only usage of the task with this id
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Only usage that was recorded for the epic with this key
    #[arg(long, value_name = "KEY")]
    epic: Option<String>,
    /// Only usage of this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Only usage of this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    #[command(flatten)]
    time: TimeFlags,
    /// The page of the result, from 1
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    page: Option<i64>,
    /// The number of rows per page [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    page_size: Option<i64>,
}

/// A time span.
#[derive(Debug, clap::Args)]
pub struct TimeFlags {
    /// From this timestamp or date, or this time span before now: 7d (units ms, s, m, h, d, w, mo), or today, yesterday,
    /// this-week, all
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Up to this timestamp or the end of this date, or this time span before now
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

impl UsageFlags {
    /// Converts the flags to the engine's query.
    pub fn query(&self) -> TokenUsageQuery {
        TokenUsageQuery {
            project_key: self.project.clone(),
            agent: self.agent.clone(),
            command: self.command.clone(),
            job_id: self.job.clone(),
            task_id: self.task.clone(),
            epic_key: self.epic.clone(),
            model: self.model.clone(),
            provider: self.provider.clone(),
            since: self.time.since.clone(),
            until: self.time.until.clone(),
            page: self.page,
            page_size: self.page_size,
            ..TokenUsageQuery::default()
        }
    }
}
