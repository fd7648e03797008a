//! How good forecasts are on simulated pipelines whose future is known:
//!
//! ```text
//! cargo bench -p mcoda-core --bench forecast -- [--runs 200] [--seed 1] [--completed 15] [--kind rework] [--threads 2]
//! ```
//!
//! For each kind of pipeline and each run: simulate 140 tasks, take the state at 40 to 70 % of the pipeline's life (or after
//! so many completed tasks), record it in a workspace in memory through the public API, ask for an estimate, and compare
//! the forecast of the completion with what happens. Prints the table of docs/forecast.md.
//!
//! With `--cost` instead: what an estimate costs as the number of open tasks grows.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for the terminal")]

mod cost;
mod kinds;
mod random;
mod simulator;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kinds::{KINDS, Kind};
use mcoda_core::{
    EstimateOptions, NewEpic, NewProject, NewStory, NewTask, QuantileHours, Timestamp, TransitionContext,
    Workspace,
};
use random::Random;
use simulator::{Task, simulate};

const TASKS: usize = 140;
const LEVELS: [f64; 5] = [0.1, 0.5, 0.8, 0.85, 0.95];
const START: &str = "2026-01-05T00:00:00Z";

struct Arguments {
    runs: usize,
    seed: u64,
    completed: Option<usize>,
    kind: Option<String>,
    threads: usize,
}

impl Arguments {
    fn read() -> Self {
        let given: Vec<String> = std::env::args().collect();
        let of = |name: &str| given.iter().position(|one| one == name).and_then(|place| given.get(place + 1));
        let number = |name: &str, usually: usize| of(name).map_or(usually, |text| text.parse().unwrap());
        Self {
            runs: number("--runs", 200),
            seed: number("--seed", 1) as u64,
            completed: of("--completed").map(|text| text.parse().unwrap()),
            kind: of("--kind").cloned(),
            threads: number("--threads", 2),
        }
    }
}

/// What happened, by the forecast and by the bootstrap, in hours.
struct Run {
    actual: f64,
    forecast: [f64; 5],
    baseline: [f64; 5],
}

fn main() {
    if std::env::args().any(|given| given == "--cost") {
        return cost::print();
    }
    let arguments = Arguments::read();
    let kinds: Vec<(usize, &Kind)> = KINDS
        .iter()
        .enumerate()
        .filter(|(_, kind)| arguments.kind.as_ref().is_none_or(|name| kind.name.contains(name.as_str())))
        .collect();
    let (next, lines) = (AtomicUsize::new(0), Mutex::new(vec![None; kinds.len()]));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                while let Some((number, kind)) = kinds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let line = Line::new(kind, &runs(*number, kind, &arguments));
                    let place = kinds.iter().position(|one| one.0 == *number).unwrap();
                    lines.lock().unwrap()[place] = Some(line);
                }
            });
        }
    });
    print(&lines.into_inner().unwrap().into_iter().flatten().collect::<Vec<_>>());
}

fn runs(number: usize, kind: &Kind, arguments: &Arguments) -> Vec<Run> {
    let mut random = Random::new(arguments.seed << 32 | number as u64);
    (0..arguments.runs).filter_map(|_| run(kind, arguments, &mut random)).collect()
}

/// None where nothing is left to forecast, or nothing was completed twice.
fn run(kind: &Kind, arguments: &Arguments, random: &mut Random) -> Option<Run> {
    let mut tasks = simulate(kind, TASKS, random);
    let mut completions: Vec<f64> = tasks.iter().map(Task::completed).collect();
    completions.sort_by(f64::total_cmp);
    let of_kind = kind.completed.map(|(from, to)| from + random.below(to - from + 1));
    let completed = arguments.completed.or(of_kind);
    let cut = match completed {
        Some(count) => random.between(completions[count - 1], completions[count]),
        None => random.between(0.4, 0.7) * completions[TASKS - 1],
    };
    tasks.retain(|task| task.created <= cut);
    let actual = tasks.iter().map(Task::completed).fold(0.0, f64::max) - cut;
    let forecast = ask(&tasks, cut).filter(|_| actual > 0.0)?;
    Some(Run { actual, forecast: forecast.0, baseline: forecast.1 })
}

fn ask(tasks: &[Task], cut: f64) -> Option<([f64; 5], [f64; 5])> {
    let workspace = Workspace::open_db(":memory:").unwrap();
    record(&workspace, tasks, cut);
    let options = EstimateOptions { now: Some(time(cut)), ..EstimateOptions::default() };
    let forecast = workspace.estimate(&options).unwrap().forecast?;
    let hours = |hours: QuantileHours| [hours.p10, hours.p50, hours.p80, hours.p85, hours.p95];
    Some((hours(forecast.complete?.hours), hours(forecast.baseline?.complete.hours)))
}

fn record(workspace: &Workspace, tasks: &[Task], cut: f64) {
    let project = workspace.projects().ensure(&NewProject { key: "P".into(), ..Default::default() }).unwrap();
    let epic = NewEpic { project_id: project.id, key: "E".into(), title: "E".into(), ..Default::default() };
    let epic = workspace.epics().create(&epic).unwrap();
    let story = NewStory { epic_id: epic.id, key: "S".into(), title: "S".into(), ..Default::default() };
    let story = workspace.stories().create(&story).unwrap();
    let new = |(number, task): (usize, &Task)| NewTask {
        user_story_id: story.id.clone(),
        key: format!("T{number}"),
        title: "T".into(),
        story_points: task.is_known.then_some(task.points),
        ..Default::default()
    };
    let new: Vec<NewTask> = tasks.iter().enumerate().map(new).collect();
    let ids: Vec<String> =
        workspace.tasks().create_many(&new).unwrap().into_iter().map(|task| task.id).collect();
    let mut events: Vec<(f64, &str, &String)> = Vec::new();
    for (task, id) in tasks.iter().zip(&ids) {
        events.extend(task.events.iter().filter(|event| event.0 <= cut).map(|(at, to)| (*at, *to, id)));
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, to, id) in events {
        let context = TransitionContext { timestamp: Some(time(at)), ..Default::default() };
        workspace.record_status_transition(id, to, &context).unwrap();
    }
}

fn time(hours: f64) -> Timestamp {
    let start: Timestamp = START.parse().unwrap();
    Timestamp::from_millis(start.millis() + (hours * 3.6e6) as i64).unwrap()
}

/// The scores of one kind.
#[derive(Clone)]
struct Line {
    name: &'static str,
    is_steady: bool,
    coverage: [f64; 3],
    errors: [f64; 2],
    pinball: [f64; 2],
}

impl Line {
    fn new(kind: &Kind, runs: &[Run]) -> Self {
        let count = runs.len() as f64;
        let covered =
            |level: usize| runs.iter().filter(|run| run.actual <= run.forecast[level]).count() as f64 / count;
        let error = |of: fn(&Run) -> &[f64; 5]| {
            let mut errors: Vec<f64> = runs.iter().map(|run| (of(run)[1] / run.actual - 1.0).abs()).collect();
            errors.sort_by(f64::total_cmp);
            errors[errors.len() / 2]
        };
        let loss = |of: fn(&Run) -> &[f64; 5]| {
            runs.iter().map(|run| pinball(of(run), run.actual) / run.actual).sum::<f64>() / count
        };
        Self {
            name: kind.name,
            is_steady: kind.is_steady,
            coverage: [covered(1), covered(3), covered(4)],
            errors: [error(|run| &run.forecast), error(|run| &run.baseline)],
            pinball: [loss(|run| &run.forecast), loss(|run| &run.baseline)],
        }
    }
}

fn pinball(quantiles: &[f64; 5], actual: f64) -> f64 {
    let loss = |(quantile, level): (&f64, f64)| {
        if actual >= *quantile { (actual - quantile) * level } else { (quantile - actual) * (1.0 - level) }
    };
    quantiles.iter().zip(LEVELS).map(loss).sum::<f64>() / LEVELS.len() as f64
}

fn print(lines: &[Line]) {
    println!(
        "| pipeline | within P50 / P85 / P95 | median error | pinball | bootstrap: median error | pinball | ratio |"
    );
    println!("|---|---|---|---|---|---|---|");
    for line in lines {
        let [p50, p85, p95] = line.coverage;
        let [error, base_error] = line.errors.map(|error| error * 100.0);
        let [loss, base_loss] = line.pinball;
        let name = if line.is_steady { line.name.to_owned() } else { format!("*{}*", line.name) };
        println!(
            "| {name} | {p50:.2} / {p85:.2} / {p95:.2} | {error:.1} % | {loss:.4} | {base_error:.1} % | {base_loss:.4} | {:.2} |",
            loss / base_loss
        );
    }
    let mean = |of: fn(&Line) -> f64| lines.iter().map(of).sum::<f64>() / lines.len() as f64;
    println!(
        "| mean | | {:.1} % | {:.4} | {:.1} % | {:.4} | {:.2} |",
        100.0 * mean(|line| line.errors[0]),
        mean(|line| line.pinball[0]),
        100.0 * mean(|line| line.errors[1]),
        mean(|line| line.pinball[1]),
        mean(|line| line.pinball[0] / line.pinball[1])
    );
}
