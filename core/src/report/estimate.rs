//! A velocity and an estimate as text.

mod partial;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::partial::{PartialEstimate, PartialVelocity};
use super::decimals::fixed;
use super::forecast::forecast_text;
use super::format::{
    completion_bar, count, format_duration, format_positive_duration, format_velocity, number, thousands,
};
use super::read;
use super::shorten::wrap;
use super::table::{Column, Table};
use crate::error::Result;
use crate::estimate::{
    Completions, Estimate, NextTransition, NextTransitions, PerLane, Scope, StatusCounts, Velocity,
    VelocityMode, Wip, WipItem,
};
use crate::printable::printable;
use crate::time::Timestamp;

/// The lanes' names, in the order of the pipeline.
const LANES: [&str; 3] = ["implementation", "review", "QA"];

/// The number of tasks of a lane that are listed.
const LISTED: usize = 10;

/// An estimate as text: scope, lanes, task counts, completion, velocity, milestones, the tasks in progress with their
/// ages, and the next transitions.
///
/// Times are shown in UTC and in this machine's time zone; everything else depends only on the estimate. `width` is that of
/// the terminal, if the text is to fit one. The text ends with a line feed.
#[must_use]
pub fn render_estimate(estimate: &Estimate, width: Option<usize>) -> String {
    estimate_text(&estimate.into(), width)
}

/// [`render_estimate`] for the JSON of an estimate, which may come from an older server: optional fields of the
/// contract may be missing, and are omitted from the text.
///
/// `InvalidInput` with the name `estimate` for any other JSON.
pub fn render_estimate_json(estimate: &Value) -> Result<String> {
    Ok(estimate_text(&read("estimate", estimate)?, None))
}

/// The velocity of each lane and its source, as text. `width` is that of the terminal, if the text is to fit one. The text
/// ends with a line feed.
#[must_use]
pub fn render_velocity(velocity: &Velocity, width: Option<usize>) -> String {
    velocity_text(&velocity.into(), width)
}

/// [`render_velocity`] for the JSON of a velocity, as [`render_estimate_json`] for that of an estimate.
///
/// `InvalidInput` with the name `velocity` for any other JSON.
pub fn render_velocity_json(velocity: &Value) -> Result<String> {
    Ok(velocity_text(&read("velocity", velocity)?, None))
}

fn estimate_text(estimate: &PartialEstimate, width: Option<usize>) -> String {
    let sections = [
        Some(heading(estimate)),
        estimate.forecast.as_ref().map(|forecast| forecast_text(forecast, width)),
        Some(lanes(estimate, width)),
        progress(estimate.status_counts.as_ref(), estimate.completion.as_ref(), width),
        Some(wrap(&velocity_source(&estimate.effective_velocity), width)),
        Some(milestones(estimate, width)),
        estimate.next_transitions.as_ref().map(|transitions| next(transitions, estimate.now, width)),
        estimate.wip.as_ref().map(|wip| work_in_progress(wip, estimate, width)),
    ];
    sections.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn velocity_text(velocity: &PartialVelocity, width: Option<usize>) -> String {
    let mut table = Table::new([Column::whole("LANE"), Column::number("SP/H"), Column::text("SOURCE")]);
    for (lane, name) in LANES.into_iter().enumerate() {
        table.row([name.to_owned(), format_velocity(speeds(velocity)[lane]), lane_source(velocity, lane)]);
    }
    format!("{}\n{}", table.text(width), wrap(&velocity_source(velocity), width))
}

fn heading(estimate: &PartialEstimate) -> String {
    let now = estimate.now.map(|now| format!("As of {now} ({})\n", now.local_text()));
    format!(
        "Estimate for {}\nWorkspace {}\n{}",
        scope(&estimate.scope),
        printable(&estimate.scope.workspace_id),
        now.unwrap_or_default()
    )
}

fn scope(scope: &Scope) -> String {
    let named = [
        ("project", &scope.project),
        ("epic", &scope.epic),
        ("story", &scope.story),
        ("assignee", &scope.assignee),
    ];
    let parts: Vec<String> = named
        .into_iter()
        .filter_map(|(name, key)| key.as_deref().map(|key| format!("{name} {}", printable(key))))
        .collect();
    if parts.is_empty() { "the whole workspace".to_owned() } else { parts.join(", ") }
}

fn lanes(estimate: &PartialEstimate, width: Option<usize>) -> String {
    let totals = &estimate.backlog_totals;
    let backlog = [totals.implementation, totals.review, totals.qa];
    let hours = &estimate.durations_hours;
    let left = [hours.implementation_hours, hours.review_hours, hours.qa_hours];
    let velocity = &estimate.effective_velocity;
    let mut table = Table::new([
        Column::whole("LANE"),
        Column::number("SP LEFT"),
        Column::number("TASKS"),
        Column::number("SP/H"),
        Column::text("SOURCE").minor(1),
        Column::number("TIME LEFT"),
    ]);
    for (lane, name) in LANES.into_iter().enumerate() {
        table.row([
            name.to_owned(),
            thousands(&number(backlog[lane].story_points)),
            count(backlog[lane].tasks),
            format_velocity(speeds(velocity)[lane]),
            lane_source(velocity, lane),
            left[lane].map_or_else(|| "never".to_owned(), format_duration),
        ]);
    }
    let story_points = crate::number::exact_sum(backlog.map(|lane| lane.story_points));
    let tasks: usize = backlog.iter().map(|lane| lane.tasks).sum();
    let total = hours.total_hours.map_or_else(|| "never".to_owned(), format_duration);
    let blank = String::new;
    let story_points = thousands(&number(story_points));
    table.row(["all lanes".to_owned(), story_points, count(tasks), blank(), blank(), total]);
    // Without this line, the bound and the milestones below would seem to contradict each other.
    let explanation = [
        "Time left is story points / velocity, minus the hours already spent on tasks in progress; for all lanes, it is",
        "the time that the slowest lane needs for everything. The milestones below follow each task through its queues.",
    ];
    let explanation = match width {
        Some(_) => wrap(&explanation.join(" "), width),
        None => explanation.map(|line| format!("{line}\n")).concat(),
    };
    table.text(width) + &explanation
}

fn progress(
    status_counts: Option<&StatusCounts>,
    done: Option<&Completions>,
    width: Option<usize>,
) -> Option<String> {
    let tasks = status_counts.map(|known| wrap(&format!("Tasks: {}", counts(known)), width));
    let bars = done.map(|done| {
        let bars =
            [("implemented", done.work_on_tasks), ("reviewed", done.ready_to_qa), ("completed", done.done)];
        bars.map(|(name, completion)| {
            format!("{name:<11}  {}\n", completion_bar(completion.done, completion.total))
        })
        .concat()
    });
    (tasks.is_some() || bars.is_some()).then(|| tasks.unwrap_or_default() + &bars.unwrap_or_default())
}

fn counts(counts: &StatusCounts) -> String {
    if counts.total == 0 {
        return "none here yet".to_owned();
    }
    let named = [
        (counts.in_progress, "in progress"),
        (counts.ready_to_code_review, "ready for review"),
        (counts.ready_to_qa, "ready for QA"),
        (counts.completed, "completed"),
        (counts.failed, "failed"),
    ];
    let others = counts.total.saturating_sub(named.iter().map(|(count, _)| count).sum());
    let shown = named.into_iter().chain([(others, "in other statuses")]).filter(|(count, _)| *count > 0);
    let parts: Vec<String> = shown.map(|(tasks, status)| format!("{} {status}", count(tasks))).collect();
    format!("{}, of which {}", count(counts.total), parts.join(", "))
}

fn speeds(velocity: &PartialVelocity) -> [f64; 3] {
    [velocity.implementation_sp_per_hour, velocity.review_sp_per_hour, velocity.qa_sp_per_hour]
}

/// The source of one lane's velocity.
fn lane_source(velocity: &PartialVelocity, lane: usize) -> String {
    let source = velocity.source.name();
    match velocity.samples.as_ref().map(|samples| *in_order(samples)[lane]) {
        None => source.to_owned(),
        Some(0) => VelocityMode::Config.name().to_owned(),
        Some(1) => format!("{source}, 1 sample"),
        Some(samples) => format!("{source}, {samples} samples"),
    }
}

/// The source of the velocities.
fn velocity_source(velocity: &PartialVelocity) -> String {
    let newest = match velocity.window_tasks {
        None => "the newest passes".to_owned(),
        Some(1) => "the newest pass".to_owned(),
        Some(window) => format!("up to {window} of the newest passes"),
    };
    let explanation = match (velocity.source, velocity.requested_mode) {
        (VelocityMode::Config, None) => return format!("Velocity: {}", velocity.source.name()),
        (VelocityMode::Config, Some(VelocityMode::Config)) => {
            "as set in the config and for this call".to_owned()
        }
        (VelocityMode::Config, Some(requested)) => {
            format!("{} was requested, but no lane has history yet", requested.name())
        }
        (VelocityMode::Empirical, _) => format!("measured on {newest} through each lane"),
        (VelocityMode::Mixed, _) => format!("a mix of the config and {newest} through each lane"),
    };
    format!("Velocity: {} ({explanation})", velocity.source.name())
}

fn milestones(estimate: &PartialEstimate, width: Option<usize>) -> String {
    let etas = &estimate.etas;
    let etas = [etas.ready_to_review_eta, etas.ready_to_qa_eta, etas.complete_eta];
    // A later milestone waits for the earlier ones, so the first lane that never ends is the cause.
    let stuck = etas.iter().position(Option::is_none).unwrap_or_default();
    let mut table = Table::new([
        Column::whole("ALL TASKS"),
        Column::whole("WHEN"),
        Column::time("ETA"),
        Column::whole("LOCAL TIME").minor(1),
    ]);
    for (milestone, eta) in ["implemented", "reviewed", "completed"].into_iter().zip(etas) {
        let (when, iso, local) = match eta {
            Some(eta) => (from_now(eta, estimate.now), eta.to_string(), eta.local_text()),
            None => (
                never_reached(stuck, speeds(&estimate.effective_velocity)[stuck]),
                "-".to_owned(),
                "-".to_owned(),
            ),
        };
        table.row([milestone.to_owned(), when, iso, local]);
    }
    table.text(width)
}

fn never_reached(lane: usize, velocity: f64) -> String {
    let reason = if velocity > 0.0 { "is too slow" } else { "has no velocity" };
    format!("never: {} {reason}", LANES[lane])
}

/// `-` without the current time: the next column shows the absolute time.
fn from_now(at: Timestamp, now: Option<Timestamp>) -> String {
    match now {
        None => "-".to_owned(),
        Some(now) if at <= now => "now".to_owned(),
        Some(now) => format!("in {}", format_positive_duration(at.hours_since(now))),
    }
}

fn next(next: &NextTransitions, now: Option<Timestamp>, width: Option<usize>) -> String {
    let first = [
        ("implemented", &next.ready_to_review),
        ("reviewed", &next.ready_to_qa),
        ("completed", &next.complete),
    ];
    let mut table = Table::new([
        Column::whole("NEXT"),
        Column::text("TASK"),
        Column::whole("WHEN"),
        Column::time("ETA"),
        Column::whole("LOCAL TIME").minor(1),
    ]);
    for (milestone, transition) in first {
        let Some(NextTransition { task_key, at, .. }) = transition else { continue };
        let missing = || "-".to_owned();
        table.row([
            milestone.to_owned(),
            task_key.clone(),
            at.map_or_else(|| "never".to_owned(), |at| from_now(at, now)),
            at.map_or_else(missing, |at| at.to_string()),
            at.map_or_else(missing, Timestamp::local_text),
        ]);
    }
    if table.is_empty() { "Next: nothing is left to do\n".to_owned() } else { table.text(width) }
}

fn work_in_progress(wip: &PerLane<Wip>, estimate: &PartialEstimate, width: Option<usize>) -> String {
    let mut table = Table::new([
        Column::whole("IN LANE NOW"),
        Column::text("TASK"),
        Column::number("AGE"),
        Column::whole("MOVES ON").minor(2),
        Column::whole("OLDER THAN").minor(1),
    ]);
    let mut unlisted = String::new();
    for (name, wip) in LANES.into_iter().zip(in_order(wip)) {
        for item in wip.items.iter().take(LISTED) {
            table.row(wip_row(name, item, estimate));
        }
        unlisted += &omitted_tasks(name, wip);
    }
    if table.is_empty() { "In work now: no task\n".to_owned() } else { table.text(width) + &unlisted }
}

fn wip_row(lane: &str, item: &WipItem, estimate: &PartialEstimate) -> [String; 5] {
    let missing = || "-".to_owned();
    let mut tasks = estimate.next_transitions.iter().flat_map(|next| &next.tasks);
    let moves_on = tasks.find(|next| next.task_id == item.task_id);
    let when =
        |next: &NextTransition| next.at.map_or_else(|| "never".to_owned(), |at| from_now(at, estimate.now));
    [
        lane.to_owned(),
        item.task_key.clone(),
        item.age_hours.map_or_else(missing, format_positive_duration),
        moves_on.map_or_else(missing, when),
        item.age_percentile.map_or_else(missing, |share| {
            let aging = if item.aging { ": aging" } else { "" };
            format!("{} % of past visits{aging}", fixed(share * 100.0, 0))
        }),
    ]
}

/// The number of tasks that the list omits.
fn omitted_tasks(lane: &str, wip: &Wip) -> String {
    let more = wip.items.len().saturating_sub(LISTED);
    if more == 0 {
        String::new()
    } else {
        format!("{lane}: {} more, {} aging in all\n", count(more), count(wip.aging))
    }
}

fn in_order<T>(lanes: &PerLane<T>) -> [&T; 3] {
    [&lanes.implementation, &lanes.review, &lanes.qa]
}
