//! Jobs and their usage, as tables.

use super::format::{completion_bar, count, format_millis, format_positive_duration, money_in};
use super::shorten::wrap;
use super::table::{Column, MISSING, Table};
use super::tokens::{cost, currency_note, render_tokens_report, render_tokens_table};
use crate::printable::printable;
use crate::repository::{Job, TaskRun};
use crate::telemetry::{
    BacklogKeys, Dimension, InspectedRun, JobInspection, JobReport, TokenUsageRow, TokenUsageSummaryRow,
    sums_of_calls,
};
use crate::time::Timestamp;

/// Single agent calls as a table, one per line, in the given order, and their sums in the last row: for example the calls of a
/// job from [`Session::token_usage`](crate::Session::token_usage). `keys` are shown in place of the ids of tasks. Columns
/// without any value are left out; missing values are `-`. The currency of the costs stands below, or with each cost if there
/// are several; so does the number of calls whose cost is known, if that is not known of all.
///
/// `width` is that of the terminal, if the text is to fit one. Every line ends with `\n`.
#[must_use]
pub fn render_job_tokens(rows: &[TokenUsageRow], keys: &BacklogKeys, width: Option<usize>) -> String {
    let total = sums_of_calls(rows);
    // One currency is named once.
    let common = total.currency.as_deref();
    let mut table = Table::new(token_columns());
    rows.iter().for_each(|row| table.row(token_cells(row, keys, common)));
    if rows.len() > 1 {
        table.total(total_cells(rows, &total));
    }
    let mut text = table.text(width) + &currency_note(common, width);
    let (known, calls) = (total.cost_known_calls, total.calls);
    if known > 0 && known < calls {
        text += &wrap(&format!("The cost is known of {} of {} calls.", count(known), count(calls)), width);
    }
    text
}

fn token_columns() -> [Column; 16] {
    [
        Column::time("TIME"),
        Column::text("ACTION").minor(5),
        Column::text("COMMAND").minor(3),
        Column::text("CMD_RUN").minor(10),
        Column::text("TASK"),
        Column::text("AGENT"),
        Column::text("MODEL").minor(4),
        Column::number("TOKENS_IN").minor(2),
        Column::number("TOKENS_OUT").minor(2),
        Column::number("TOKENS_TOTAL").minor(1),
        Column::number("TOKENS_CACHED").minor(7),
        Column::number("CACHE_READ").minor(9),
        Column::number("CACHE_WRITE").minor(8),
        Column::number("DURATION").minor(6),
        Column::number("COST"),
        Column::text("ERROR_KIND"),
    ]
}

/// `common` is the currency of all calls, which stands below the table.
fn token_cells(row: &TokenUsageRow, keys: &BacklogKeys, common: Option<&str>) -> [String; 16] {
    let tokens = |value: Option<i64>| value.map_or_else(missing, count);
    let task = row.task_id.as_deref().map(|id| keys.get(Dimension::Task, id).unwrap_or(id));
    let currency = row.currency.as_deref().filter(|code| common.is_none() && !code.trim().is_empty());
    [
        row.timestamp.to_string(),
        text(row.action.as_deref()),
        text(row.command_name.as_deref()),
        text(row.command_run_id.as_deref()),
        text(task),
        text(row.agent_id.as_deref()),
        text(row.model_name.as_deref()),
        tokens(row.tokens_prompt),
        tokens(row.tokens_completion),
        tokens(row.tokens_total),
        tokens(row.tokens_cached),
        tokens(row.tokens_cache_read),
        tokens(row.tokens_cache_write),
        row.duration_ms.map_or_else(missing, format_millis),
        money_in(row.cost_estimate, currency),
        text(row.error_kind.as_deref()),
    ]
}

/// The sums in the columns of numbers: missing where no call has a value. The cells of texts and times are empty.
fn total_cells(rows: &[TokenUsageRow], sums: &TokenUsageSummaryRow) -> [String; 16] {
    let is_any = |has: fn(&TokenUsageRow) -> bool| rows.iter().any(has);
    let sum = |is_known: bool, text: String| if is_known { text } else { missing() };
    let none = String::new;
    [
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        sum(is_any(|row| row.tokens_prompt.is_some()), count(sums.tokens_prompt)),
        sum(is_any(|row| row.tokens_completion.is_some()), count(sums.tokens_completion)),
        sum(is_any(|row| row.tokens_total.is_some()), count(sums.tokens_total)),
        sum(is_any(|row| row.tokens_cached.is_some()), count(sums.tokens_cached)),
        sum(is_any(|row| row.tokens_cache_read.is_some()), count(sums.tokens_cache_read)),
        sum(is_any(|row| row.tokens_cache_write.is_some()), count(sums.tokens_cache_write)),
        sum(is_any(|row| row.duration_ms.is_some()), format_millis(sums.duration_ms)),
        // Several currencies have their codes, and one stands below.
        cost(sums, None),
        none(),
    ]
}

/// Jobs as a table, one per line, in the given order. `width` is that of the terminal, if the table is to fit one. Every line
/// ends with `\n`.
#[must_use]
pub fn render_jobs(jobs: &[Job], width: Option<usize>) -> String {
    let mut table = Table::new([
        Column::whole("JOB"),
        Column::text("TYPE").minor(4),
        Column::text("STATE"),
        Column::text("COMMAND").minor(2),
        Column::text("AGENTS").minor(3),
        Column::whole("PROGRESS").minor(5),
        Column::time("CREATED").minor(1),
        Column::time("COMPLETED").minor(6),
    ]);
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
    table.text(width)
}

/// A job as text: its state and progress, its task runs, and its usage by command, agent and model. `width` is that of the
/// terminal, if the text is to fit one. The text ends with a line feed.
#[must_use]
pub fn render_job_inspection(inspection: &JobInspection, width: Option<usize>) -> String {
    inspected(inspection, width, || render_tokens_table(&inspection.tokens, JobInspection::GROUPED_BY, width))
}

/// A job as [`render_job_inspection`], with the total of its usage and the currency of its costs.
#[must_use]
pub fn render_job_report(report: &JobReport, width: Option<usize>) -> String {
    inspected(&report.inspection, width, || render_tokens_report(&report.tokens, width))
}

fn inspected(inspection: &JobInspection, width: Option<usize>, tokens: impl FnOnce() -> String) -> String {
    let tokens = match &*inspection.tokens {
        [] => "Tokens: none recorded\n".to_owned(),
        _ => tokens(),
    };
    [heading(&inspection.job), runs(&inspection.task_runs, width), tokens].join("\n")
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
        _ => Some(format!("{} done", count(done))),
    }
}

fn agents(job: &Job) -> String {
    match job.agent_ids.as_slice() {
        [] => text(job.agent_id.as_deref()),
        ids => ids.join(", "),
    }
}

fn runs(runs: &[InspectedRun], width: Option<usize>) -> String {
    let mut table = Table::new([
        Column::text("TASK"),
        Column::text("RUN OF").minor(2),
        Column::text("STATUS"),
        Column::text("AGENT").minor(1),
        Column::time("STARTED"),
        Column::time("FINISHED").minor(3),
        Column::number("TOOK"),
    ]);
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
    if table.is_empty() { "Task runs: none\n".to_owned() } else { table.text(width) }
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
