//! Jobs and their usage, as tables.

use super::format::{completion_bar, format_positive_duration};
use super::table::{Align, MISSING, Table};
use super::tokens::render_tokens_table;
use crate::number;
use crate::printable::printable;
use crate::repository::{Job, TaskRun};
use crate::telemetry::{InspectedRun, JobInspection, TokenUsageRow};
use crate::time::Timestamp;

const TOKEN_COLUMNS: [&str; 15] = [
    "TIME",
    "ACTION",
    "COMMAND",
    "CMD_RUN",
    "TASK",
    "AGENT",
    "MODEL",
    "TOKENS_IN",
    "TOKENS_OUT",
    "TOKENS_TOTAL",
    "TOKENS_CACHED",
    "CACHE_READ",
    "CACHE_WRITE",
    "DURATION_MS",
    "ERROR_KIND",
];

/// Single agent calls as a table, one per line, in the given order: for example the calls of a job from
/// [`Session::token_usage`](crate::Session::token_usage). Missing values are `-`.
///
/// Every line ends with `\n`.
#[must_use]
pub fn render_job_tokens(rows: &[TokenUsageRow]) -> String {
    let mut table = Table::new(TOKEN_COLUMNS.map(|name| (name, Align::Left)));
    rows.iter().for_each(|row| table.row(token_cells(row)));
    table.text()
}

fn token_cells(row: &TokenUsageRow) -> [String; TOKEN_COLUMNS.len()] {
    let count = |value: Option<i64>| value.map_or_else(missing, |value| value.to_string());
    [
        row.timestamp.to_string(),
        text(row.action.as_deref()),
        text(row.command_name.as_deref()),
        text(row.command_run_id.as_deref()),
        text(row.task_id.as_deref()),
        text(row.agent_id.as_deref()),
        text(row.model_name.as_deref()),
        count(row.tokens_prompt),
        count(row.tokens_completion),
        count(row.tokens_total),
        count(row.tokens_cached),
        count(row.tokens_cache_read),
        count(row.tokens_cache_write),
        row.duration_ms.map_or_else(missing, |millis| number::to_json(millis).to_string()),
        text(row.error_kind.as_deref()),
    ]
}

/// Jobs as a table, one per line, in the given order. Every line ends with `\n`.
pub fn render_jobs(jobs: &[Job]) -> String {
    let columns = ["JOB", "TYPE", "STATE", "COMMAND", "AGENTS", "PROGRESS", "CREATED", "COMPLETED"];
    let mut table = Table::new(columns.map(|name| (name, Align::Left)));
    for job in jobs {
        table.row([
            job.id.clone(),
            job.job_type.clone(),
            job.state.clone(),
            text(job.command_name.as_deref()),
            agents(job),
            progress(job).unwrap_or_else(missing),
            job.created_at.to_string(),
            text(job.completed_at.as_deref()),
        ]);
    }
    table.text()
}

/// A job as text: its state and progress, its task runs, and its usage by command, agent and model. The text ends with
/// a line feed.
#[must_use]
pub fn render_job_inspection(inspection: &JobInspection) -> String {
    let tokens = match &*inspection.tokens {
        [] => "Tokens: none recorded\n".to_owned(),
        rows => render_tokens_table(rows, JobInspection::GROUPED_BY),
    };
    [heading(&inspection.job), runs(&inspection.task_runs), tokens].join("\n")
}

fn heading(job: &Job) -> String {
    let lines = [
        ("Job", Some(job.id.clone())),
        ("Type", Some(job.job_type.clone())),
        ("State", Some(job.state.clone())),
        ("Progress", progress(job)),
        ("Command", job.command_name.clone()),
        ("Agents", Some(agents(job)).filter(|agents| agents != MISSING)),
        ("Created", Some(job.created_at.to_string())),
        ("Updated", Some(job.updated_at.to_string())),
        ("Completed", job.completed_at.clone().map(String::from)),
        ("Error", job.error_summary.clone()),
    ];
    let lines =
        lines.into_iter().filter_map(|(name, value)| Some((name, value.filter(|text| !text.is_empty())?)));
    lines.map(|(name, value)| format!("{:<10} {}\n", format!("{name}:"), printable(&value))).collect()
}

/// `[#####-----]  50.0 %  5 of 10`, or the known part of it.
fn progress(job: &Job) -> Option<String> {
    let done = usize::try_from(job.processed_items?).ok()?;
    match job.total_items.map(usize::try_from) {
        Some(Ok(total)) if total > 0 => Some(completion_bar(done, total)),
        _ if done == 0 => None,
        _ => Some(format!("{done} done")),
    }
}

fn agents(job: &Job) -> String {
    match &*job.agent_ids {
        [] => text(job.agent_id.as_deref()),
        ids => ids.join(", "),
    }
}

fn runs(runs: &[InspectedRun]) -> String {
    let columns = ["TASK", "RUN OF", "STATUS", "AGENT", "STARTED", "FINISHED", "TOOK"];
    let mut table = Table::new(columns.map(|name| (name, Align::Left)));
    for InspectedRun { run, task_key } in runs {
        table.row([
            task_key.clone().unwrap_or_else(|| run.task_id.clone()),
            run.command.clone(),
            run.status.clone(),
            text(run.agent_id.as_deref()),
            run.started_at.to_string(),
            text(run.finished_at.as_deref()),
            duration(run).unwrap_or_else(missing),
        ]);
    }
    if table.is_empty() { "Task runs: none\n".to_owned() } else { table.text() }
}

fn duration(run: &TaskRun) -> Option<String> {
    let hours = Timestamp::read(run.finished_at.as_deref()?)?.hours_since(Timestamp::read(&run.started_at)?);
    (hours >= 0.0).then(|| format_positive_duration(hours))
}

fn text(value: Option<&str>) -> String {
    value.filter(|text| !text.is_empty()).unwrap_or(MISSING).to_owned()
}

fn missing() -> String {
    MISSING.to_owned()
}
