//! A forecast: trials of the flow model, corrected by the throughput bootstrap.

use super::calendar::{self, Calendar};
use super::fit::{self, Flow, Stations};
use super::pipeline::{self, Pipeline, Stage, Visits, sized};
use super::quantiles;
use super::{LANES, flow, throughput};

/// The input of a forecast.
#[derive(Debug, Clone, Copy)]
pub(in crate::estimate) struct Request<'a> {
    pub(in crate::estimate) pipeline: &'a Pipeline,
    /// The working time; if absent, it is inferred from the events.
    pub(in crate::estimate) calendar: Option<&'a Calendar>,
    pub(in crate::estimate) trials: usize,
    pub(in crate::estimate) seed: u64,
    /// The numbers of further completions whose hours are requested, ascending.
    pub(in crate::estimate) targets: &'a [usize],
}

/// The model that the forecast uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::estimate) enum Model {
    /// The flow simulation, corrected by the throughput.
    Flow,
    /// The throughput alone, since no task has left the implementation.
    Throughput,
    /// No forecast, since there is no history.
    Schedule,
}

/// When everything will be done. Hours are wall-clock hours from now, in ascending order.
#[derive(Debug, Clone, Default)]
pub(in crate::estimate) struct Prediction {
    /// Completed tasks in the history.
    pub(in crate::estimate) samples: usize,
    /// The number of trials.
    pub(in crate::estimate) trials: usize,
    /// How many waiting tasks were simulated as one.
    pub(in crate::estimate) group: usize,
    pub(in crate::estimate) model: Option<Model>,
    /// When everything is implemented, reviewed and completed; empty if unknown.
    pub(in crate::estimate) milestones: [Vec<f64>; LANES],
    /// When the requested numbers of further tasks are completed.
    pub(in crate::estimate) targets: Vec<Vec<f64>>,
    /// The bootstrap alone: until everything is completed, and until each target.
    pub(in crate::estimate) baseline: Option<Vec<f64>>,
    pub(in crate::estimate) baseline_targets: Vec<Vec<f64>>,
    /// The share of trials in which each lane was the bottleneck.
    pub(in crate::estimate) bottleneck: Option<[f64; LANES]>,
    /// How many times a task is implemented, on average.
    pub(in crate::estimate) passes_per_task: Option<f64>,
    /// Hours since the newest event, and the longest earlier pause, if the former is longer.
    pub(in crate::estimate) stalled: Option<(f64, f64)>,
}

/// The maximum number of tasks times trials to simulate one by one.
const MOST_TASK_TRIALS: usize = 2_000_000;
/// Tasks are never grouped into fewer jobs than this; the number of trials is reduced instead.
const FEWEST_JOBS: usize = 200;

/// The minimum weight of the flow simulation in the logarithm of hours. The rest is that of the bootstrap.
const FLOW_SHARE: f64 = 0.6;
/// The same if durations have a heavy tail: the bootstrap of a mean is poor where a few values outweigh the others.
const HEAVY_TAIL_SHARE: f64 = 0.8;

pub(in crate::estimate) fn predict(request: &Request<'_>) -> Prediction {
    if let Some(calendar) = request.calendar {
        return by_calendar(request, calendar);
    }
    let moments: Vec<f64> = request.pipeline.events.iter().map(|event| event.at).collect();
    match calendar::inferred(&moments, request.pipeline.now) {
        Some(calendar) => by_calendar(request, &calendar),
        None => in_working_time(request, request.pipeline),
    }
}

fn by_calendar(request: &Request<'_>, calendar: &Calendar) -> Prediction {
    let now = request.pipeline.now;
    let working = request.pipeline.with_times(|at| calendar.to_work(at));
    let mut found = in_working_time(request, &working);
    found.map_hours(|hours| (calendar.to_wall(working.now + hours) - now).max(0.0));
    found
}

fn in_working_time(request: &Request<'_>, pipeline: &Pipeline) -> Prediction {
    let done = pipeline.completions();
    let open = pipeline.open_tasks();
    let mut found = Prediction { samples: done.len(), group: 1, ..Prediction::default() };
    if open == 0 {
        found.trials = request.trials;
        found.model = Some(Model::Flow);
        found.milestones = std::array::from_fn(|_| vec![0.0; request.trials]);
        found.baseline = Some(vec![0.0; request.trials]);
        return found;
    }
    found.model = Some(Model::Schedule);
    found.stalled = stalled(pipeline);
    if done.is_empty() {
        return found;
    }
    let resumed = resumed(pipeline, found.stalled);
    let present = resumed.as_ref().unwrap_or(pipeline);
    let visits = pipeline::visits(present);
    let has_left = |visit: &pipeline::Visit| visit.lane == 0 && visit.hours_since(visit.entered).is_some();
    let flow = visits.all.iter().any(has_left).then(|| fit::fit(present, &visits));
    (found.group, found.trials) = bounded(open, request.trials, |group| match &flow {
        Some(flow) => flow::jobs(present, &visits, flow, group),
        None => open.div_ceil(group),
    });
    let bootstrap = Bootstrap::new(pipeline, &done, request.seed);
    found.baseline = bootstrap.trials(open, found.trials);
    found.baseline_targets = request
        .targets
        .iter()
        .map(|target| bootstrap.trials(*target, found.trials).unwrap_or_default())
        .collect();
    if let Some(flow) = &flow {
        simulate(request, present, &visits, flow, &mut found);
    } else if let Some(baseline) = &found.baseline {
        found.model = Some(Model::Throughput);
        found.milestones = std::array::from_fn(|_| baseline.clone());
        found.targets = found.baseline_targets.clone();
    }
    found
}

/// How many waiting tasks to simulate as one, and the number of trials. `jobs` says how many there are to simulate then: as
/// many as the bound allows, unless too many tasks are at work, which are never simulated as one.
fn bounded(open: usize, trials: usize, jobs: impl Fn(usize) -> usize) -> (usize, usize) {
    let most = (MOST_TASK_TRIALS / trials.max(1)).max(FEWEST_JOBS);
    let mut group = open.div_ceil(most);
    if jobs(group) > most {
        group += 1;
    }
    (group, trials.min(MOST_TASK_TRIALS / jobs(group).max(1)).max(1))
}

fn simulate(
    request: &Request<'_>,
    pipeline: &Pipeline,
    visits: &Visits,
    flow: &Flow,
    found: &mut Prediction,
) {
    let open = pipeline.open_tasks();
    let tail = last_tasks(flow).min(open);
    let plan = flow::Plan {
        trials: found.trials,
        seed: request.seed,
        group: found.group,
        targets: request.targets,
        tail,
    };
    let trials = flow::trials(pipeline, visits, flow, plan);
    let last =
        |lane: usize| trials.outcomes.iter().map(|outcome| outcome.last_exit[lane]).collect::<Vec<f64>>();
    let baseline = |hours: &[f64]| {
        let without_tail = (open - tail) as f64 / open as f64;
        let tails = trials.outcomes.iter().zip(&trials.before_tail);
        let tails = tails.map(|(outcome, begins)| outcome.last_exit[LANES - 1] - begins);
        hours.iter().zip(tails).map(|(hours, tail)| hours * without_tail + tail).collect::<Vec<f64>>()
    };
    let share = if flow.far_errors.is_empty() { FLOW_SHARE } else { HEAVY_TAIL_SHARE };
    let complete = quantiles::sorted(last(LANES - 1));
    let mixed = match &found.baseline {
        Some(hours) => quantiles::mixed(&complete, &quantiles::sorted(baseline(hours)), share),
        None => complete.clone(),
    };
    found.milestones = std::array::from_fn(|lane| {
        // The milestones before the end are corrected by the same factor as the end.
        let own = quantiles::sorted(last(lane));
        let pairs = own.iter().zip(mixed.iter().zip(&complete));
        // The factor may decrease from one quantile to the next; hours must not.
        let mut highest = 0.0_f64;
        let corrected = pairs.map(|(own, (mixed, complete))| {
            highest = highest.max(if *complete > 0.0 { own * mixed / complete } else { *own });
            highest
        });
        corrected.collect()
    });
    found.targets = (0..request.targets.len())
        .map(|target| {
            let own = quantiles::sorted(
                trials.completions.iter().filter_map(|hours| hours.get(target).copied()).collect(),
            );
            let baseline = &found.baseline_targets[target];
            let has_both = !own.is_empty() && baseline.len() == own.len();
            if has_both { quantiles::mixed(&own, baseline, share) } else { own }
        })
        .collect();
    found.model = Some(Model::Flow);
    found.bottleneck = Some(bottleneck(flow, &trials));
    found.passes_per_task = Some(trials.passes.iter().sum::<f64>() / trials.passes.len().max(1) as f64);
}

/// The number of last tasks: they are completed while some workers are already idle, which the bootstrap does not
/// model. A quarter of the agents, or half of that if lanes have their own workers, since these are not all busy
/// earlier either.
fn last_tasks(flow: &Flow) -> usize {
    match flow.stations {
        Stations::Agents => flow.workers / 4,
        Stations::Lanes => {
            let others: usize = flow.lanes[1..].iter().map(|lane| lane.best().workers).sum();
            (flow.workers + others) / 8
        }
    }
}

/// The share of trials in which each lane had the most work per worker.
fn bottleneck(flow: &Flow, trials: &flow::Trials) -> [f64; LANES] {
    let mut counts = [0_usize; LANES];
    for (outcome, workers) in trials.outcomes.iter().zip(&trials.workers) {
        let load = |lane: usize| {
            let workers = if flow.stations == Stations::Agents { 1 } else { workers[lane] };
            outcome.work[lane] / workers.max(1) as f64
        };
        let busiest = (1..LANES).fold(0, |best, lane| if load(lane) > load(best) { lane } else { best });
        counts[busiest] += 1;
    }
    counts.map(|count| count as f64 / trials.outcomes.len() as f64)
}

/// Whether the current pause is longer than any before.
fn stalled(pipeline: &Pipeline) -> Option<(f64, f64)> {
    const FEWEST: usize = 5;
    if pipeline.events.len() < FEWEST {
        return None;
    }
    let pauses = pipeline.events.windows(2).map(|pair| pair[1].at - pair[0].at);
    let longest = pauses.fold(0.0, f64::max);
    let since = pipeline.now - pipeline.events.last()?.at;
    (since > longest && longest > 0.0).then_some((since, longest))
}

/// A stalled pipeline as it was when its pause became the longest. Work resumes now, so what exceeds the longest earlier
/// pause is time in which nobody worked: a weekend, not a visit that takes long.
fn resumed(pipeline: &Pipeline, stalled: Option<(f64, f64)>) -> Option<Pipeline> {
    let (since, longest) = stalled?;
    Some(Pipeline { now: pipeline.now - since + longest, ..pipeline.clone() })
}

/// The throughput of a pipeline.
struct Bootstrap {
    done: Vec<(f64, f64)>,
    /// The story points of the open tasks, in their order.
    open: Vec<f64>,
    seed: u64,
}

impl Bootstrap {
    fn new(pipeline: &Pipeline, done: &[(f64, usize)], seed: u64) -> Self {
        let known = pipeline.known_points();
        let mean = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
        let points = |task: usize| pipeline.tasks[task].points.map_or(mean, sized);
        let is_open = |task: &usize| pipeline.tasks[*task].stage.is_open();
        let rank = |task: &usize| match pipeline.tasks[*task].stage {
            Stage::Lane(lane) => LANES - lane,
            Stage::SentBack => LANES + 1,
            _ => LANES + 2,
        };
        let mut open: Vec<usize> = (0..pipeline.tasks.len()).filter(is_open).collect();
        open.sort_by_key(rank);
        Self {
            done: done.iter().map(|(at, task)| (*at, points(*task))).collect(),
            open: open.into_iter().map(points).collect(),
            seed,
        }
    }

    /// The hours until this many of the open tasks are completed, the most advanced ones first; ascending.
    fn trials(&self, tasks: usize, trials: usize) -> Option<Vec<f64>> {
        let left: f64 = self.open.iter().take(tasks).sum();
        let hours = throughput::trials(&self.done, tasks.min(self.open.len()), left, trials, self.seed)?;
        Some(quantiles::sorted(hours))
    }
}

impl Prediction {
    fn map_hours(&mut self, wall: impl Fn(f64) -> f64) {
        let lists = self.milestones.iter_mut().chain(&mut self.targets).chain(&mut self.baseline_targets);
        for hours in lists.chain(&mut self.baseline).flatten() {
            *hours = wall(*hours);
        }
    }

    /// The share of trials in which everything is completed by then.
    pub(in crate::estimate) fn probability_by(&self, hours: f64) -> Option<f64> {
        let all = &self.milestones[LANES - 1];
        (!all.is_empty()).then(|| all.partition_point(|done| *done <= hours) as f64 / all.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_bounded_by_grouping_what_waits_and_then_by_fewer_trials() {
        let of = |at_work: usize, waiting: usize, trials: usize| {
            bounded(at_work + waiting, trials, |group| at_work + waiting.div_ceil(group))
        };
        assert_eq!(of(0, 2_000, 1_000), (1, 1_000), "two million task-trials");
        assert_eq!(of(0, 2_001, 1_000), (2, 1_000));
        assert_eq!(of(0, 100_000, 1_000), (50, 1_000));
        assert_eq!(of(3, 9_997, 1_000), (6, 1_000), "in groups of 5 there would be 2,003");
        assert_eq!(of(10_000, 0, 1_000), (6, 200), "tasks at work are not grouped");
        assert_eq!(of(0, 50, 100_000), (1, 40_000), "small backlogs are not grouped, and have fewer trials");
        assert_eq!(of(0, 2_000, 100_000), (10, 10_000));
        assert_eq!(of(3_000_000, 0, 100_000).1, 1);
    }
}
