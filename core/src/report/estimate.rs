//! A velocity and an estimate as text.

#[cfg(test)]
mod tests;

use super::phrase::{bar, number, rough, span, speed};
use super::table::{Align, Table, one_line};
use crate::estimate::{
    Estimate, NextTransition, PerLane, Scope, StatusCounts, Velocity, VelocityMode, Wip, WipItem,
};
use crate::number::fixed;
use crate::time::Timestamp;

/// The lanes' names, in the order of the pipeline.
const LANES: [&str; 3] = ["implementation", "review", "QA"];

/// How many tasks of a lane are listed one by one.
const LISTED: usize = 10;

/// What is left, how far it is and when it will be done, for people: scope, lanes, task counts,
/// completion, velocity, milestones, the tasks in work with their ages, and what happens next.
///
/// Moments are shown in UTC and in this machine's time zone; everything else depends on the estimate alone.
/// The text ends with a line feed.
pub fn render_estimate(estimate: &Estimate) -> String {
    let sections = [
        heading(estimate),
        lanes(estimate),
        progress(estimate),
        velocity_source(&estimate.effective_velocity),
        milestones(estimate),
        next(estimate),
        work_in_progress(estimate),
    ];
    sections.join("\n")
}

/// How fast each lane works and where the numbers come from, for people. The text ends with a line feed.
pub fn render_velocity(velocity: &Velocity) -> String {
    let mut table = Table::new([("LANE", Align::Left), ("SP/H", Align::Right), ("SOURCE", Align::Left)]);
    for (lane, name) in LANES.into_iter().enumerate() {
        table.row([name.to_owned(), speed(speeds(velocity)[lane]), lane_source(velocity, lane)]);
    }
    format!("{}\n{}", table.text(), velocity_source(velocity))
}

fn heading(estimate: &Estimate) -> String {
    let now = estimate.now;
    format!(
        "Estimate for {}\nWorkspace {}\nAs of {now} ({})\n",
        scope(&estimate.scope),
        one_line(&estimate.scope.workspace_id),
        now.local_text()
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
        .filter_map(|(name, key)| key.as_deref().map(|key| format!("{name} {}", one_line(key))))
        .collect();
    if parts.is_empty() { "the whole workspace".to_owned() } else { parts.join(", ") }
}

fn lanes(estimate: &Estimate) -> String {
    let totals = &estimate.backlog_totals;
    let backlog = [totals.implementation, totals.review, totals.qa];
    let hours = &estimate.durations_hours;
    let left = [hours.implementation_hours, hours.review_hours, hours.qa_hours];
    let velocity = &estimate.effective_velocity;
    let mut table = Table::new([
        ("LANE", Align::Left),
        ("SP LEFT", Align::Right),
        ("TASKS", Align::Right),
        ("SP/H", Align::Right),
        ("SOURCE", Align::Left),
        ("TIME LEFT", Align::Right),
    ]);
    for (lane, name) in LANES.into_iter().enumerate() {
        table.row([
            name.to_owned(),
            number(backlog[lane].story_points),
            backlog[lane].tasks.to_string(),
            speed(speeds(velocity)[lane]),
            lane_source(velocity, lane),
            left[lane].map_or_else(|| "never".to_owned(), rough),
        ]);
    }
    let story_points = crate::number::exact_sum(backlog.map(|lane| lane.story_points));
    let tasks: usize = backlog.iter().map(|lane| lane.tasks).sum();
    let total = hours.total_hours.map_or_else(|| "never".to_owned(), rough);
    let blank = String::new;
    table.row(["all lanes".to_owned(), number(story_points), tasks.to_string(), blank(), blank(), total]);
    // Otherwise it looks as if the bound and the milestones below contradicted each other.
    table.text()
        + "Time left is story points by speed, less the hours that tasks are in progress already; for all lanes,\n\
           what the slowest lane takes for everything. The milestones below follow each task through its queues.\n"
}

fn progress(estimate: &Estimate) -> String {
    let done = &estimate.completion;
    let bars =
        [("implemented", done.work_on_tasks), ("reviewed", done.ready_to_qa), ("completed", done.done)];
    let mut text = format!("Tasks: {}\n", counts(&estimate.status_counts));
    for (name, completion) in bars {
        text += &format!("{name:<11}  {}\n", bar(completion.done, completion.total));
    }
    text
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
    let parts: Vec<String> = shown.map(|(count, status)| format!("{count} {status}")).collect();
    format!("{}, of which {}", counts.total, parts.join(", "))
}

fn speeds(velocity: &Velocity) -> [f64; 3] {
    [velocity.implementation_sp_per_hour, velocity.review_sp_per_hour, velocity.qa_sp_per_hour]
}

/// Where one lane's speed comes from.
fn lane_source(velocity: &Velocity, lane: usize) -> String {
    match in_order(&velocity.samples)[lane] {
        0 => VelocityMode::Config.name().to_owned(),
        1 => format!("{}, 1 sample", velocity.source.name()),
        samples => format!("{}, {samples} samples", velocity.source.name()),
    }
}

/// Where the speeds come from as a whole.
fn velocity_source(velocity: &Velocity) -> String {
    let newest = match velocity.window_tasks {
        1 => "the newest pass".to_owned(),
        window => format!("up to {window} of the newest passes"),
    };
    let explanation = match (velocity.source, velocity.requested_mode) {
        (VelocityMode::Config, VelocityMode::Config) => "as set in the config and for this call".to_owned(),
        (VelocityMode::Config, asked) => {
            format!("{} was asked for, but no lane has history yet", asked.name())
        }
        (VelocityMode::Empirical, _) => format!("measured on {newest} through each lane"),
        (VelocityMode::Mixed, _) => format!("a blend of the config and {newest} through each lane"),
    };
    format!("Velocity: {} ({explanation})\n", velocity.source.name())
}

fn milestones(estimate: &Estimate) -> String {
    let etas = &estimate.etas;
    let etas = [etas.ready_to_review_eta, etas.ready_to_qa_eta, etas.complete_eta];
    // A later milestone waits for the earlier ones, so the first lane that never ends is to blame.
    let stuck = etas.iter().position(Option::is_none).unwrap_or_default();
    let mut table = Table::new([
        ("ALL TASKS", Align::Left),
        ("WHEN", Align::Left),
        ("ETA", Align::Left),
        ("LOCAL TIME", Align::Left),
    ]);
    for (milestone, eta) in ["implemented", "reviewed", "completed"].into_iter().zip(etas) {
        let (when, iso, local) = match eta {
            Some(eta) => (from_now(eta, estimate.now), eta.to_string(), eta.local_text()),
            None => {
                (never(stuck, speeds(&estimate.effective_velocity)[stuck]), "-".to_owned(), "-".to_owned())
            }
        };
        table.row([milestone.to_owned(), when, iso, local]);
    }
    table.text()
}

fn never(lane: usize, speed: f64) -> String {
    let reason = if speed > 0.0 { "is too slow" } else { "has no speed" };
    format!("never: {} {reason}", LANES[lane])
}

fn from_now(at: Timestamp, now: Timestamp) -> String {
    if at <= now { "now".to_owned() } else { format!("in {}", span(at.hours_since(now))) }
}

fn next(estimate: &Estimate) -> String {
    let next = &estimate.next_transitions;
    let first = [
        ("implemented", &next.ready_to_review),
        ("reviewed", &next.ready_to_qa),
        ("completed", &next.complete),
    ];
    let mut table = Table::new([
        ("NEXT", Align::Left),
        ("TASK", Align::Left),
        ("WHEN", Align::Left),
        ("ETA", Align::Left),
        ("LOCAL TIME", Align::Left),
    ]);
    for (milestone, transition) in first {
        let Some(NextTransition { task_key, at, .. }) = transition else { continue };
        let missing = || "-".to_owned();
        table.row([
            milestone.to_owned(),
            task_key.clone(),
            at.map_or_else(|| "never".to_owned(), |at| from_now(at, estimate.now)),
            at.map_or_else(missing, |at| at.to_string()),
            at.map_or_else(missing, Timestamp::local_text),
        ]);
    }
    if table.is_empty() { "Next: nothing is left to do\n".to_owned() } else { table.text() }
}

fn work_in_progress(estimate: &Estimate) -> String {
    let mut table = Table::new([
        ("IN LANE NOW", Align::Left),
        ("TASK", Align::Left),
        ("AGE", Align::Right),
        ("MOVES ON", Align::Left),
        ("OLDER THAN", Align::Left),
    ]);
    let mut unlisted = String::new();
    for (name, wip) in LANES.into_iter().zip(in_order(&estimate.wip)) {
        for item in wip.items.iter().take(LISTED) {
            table.row(wip_row(name, item, estimate));
        }
        unlisted += &rest(name, wip);
    }
    if table.is_empty() { "In work now: no task\n".to_owned() } else { table.text() + &unlisted }
}

fn wip_row(lane: &str, item: &WipItem, estimate: &Estimate) -> [String; 5] {
    let missing = || "-".to_owned();
    let tasks = &estimate.next_transitions.tasks;
    let moves_on = tasks.iter().find(|next| next.task_id == item.task_id);
    let when =
        |next: &NextTransition| next.at.map_or_else(|| "never".to_owned(), |at| from_now(at, estimate.now));
    [
        lane.to_owned(),
        item.task_key.clone(),
        item.age_hours.map_or_else(missing, span),
        moves_on.map_or_else(missing, when),
        item.age_percentile.map_or_else(missing, |share| {
            let aging = if item.aging { ": aging" } else { "" };
            format!("{} % of past visits{aging}", fixed(share * 100.0, 0))
        }),
    ]
}

/// What the list of a lane's tasks leaves out.
fn rest(lane: &str, wip: &Wip) -> String {
    let more = wip.items.len().saturating_sub(LISTED);
    if more == 0 { String::new() } else { format!("{lane}: {more} more, {} aging in all\n", wip.aging) }
}

fn in_order<T>(lanes: &PerLane<T>) -> [&T; 3] {
    [&lanes.implementation, &lanes.review, &lanes.qa]
}
