//! Trials of the flow model: each draws the parameters that the history leaves uncertain, and simulates from the
//! present state.

use super::LANES;
use super::errors::Errors;
use super::fit::{Candidate, Flow, Stations};
use super::pipeline::{Outcome, Pipeline, Stage, Visits, sized};
use super::random::Random;
use super::trial::{self, Job, Parameters, Place, Simulator};

/// The trials of a forecast.
#[derive(Debug, Clone, Default)]
pub(super) struct Trials {
    pub(super) outcomes: Vec<trial::Outcome>,
    /// The hours of the requested completions, for each trial.
    pub(super) completions: Vec<Vec<f64>>,
    /// The hour at which only the last tasks (`tail`) are left.
    pub(super) before_tail: Vec<f64>,
    /// The workers of each lane.
    pub(super) workers: Vec<[usize; LANES]>,
    /// How many times a task is implemented, on average.
    pub(super) passes: Vec<f64>,
}

/// An open task, or a group of backlog tasks, represented by its first one.
struct Open {
    task: usize,
    /// The visit that the task is in: the lane, and the index among the lane's visits.
    visit: Option<(usize, usize)>,
    tasks: u32,
    /// The logarithm of its story points, if known.
    log_points: Option<f64>,
}

/// The settings of the trials.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) trials: usize,
    pub(super) seed: u64,
    /// How many backlog tasks are simulated as one.
    pub(super) group: usize,
    /// The numbers of completions whose hour is requested, ascending.
    pub(super) targets: &'a [usize],
    /// How many tasks count as the last ones.
    pub(super) tail: usize,
}

pub(super) fn trials(pipeline: &Pipeline, visits: &Visits, flow: &Flow, plan: Plan<'_>) -> Trials {
    let open = in_order(pipeline, visits, flow, plan.group);
    let before_tail = pipeline.open_tasks().saturating_sub(plan.tail);
    let known: Vec<f64> = pipeline.known_points().into_iter().map(libm::log).collect();
    let mut simulator = Simulator::default();
    let mut found = Trials::default();
    let mut jobs = Vec::with_capacity(open.len());
    for number in 0..plan.trials {
        let mut random = Random::new(plan.seed, number as u64);
        let chosen: [&Candidate; LANES] =
            std::array::from_fn(|lane| choose(&flow.lanes[lane].candidates, &mut random));
        let parameters = parameters(flow, visits, chosen, &mut random);
        jobs.clear();
        jobs.extend(open.iter().map(|open| job(open, pipeline, visits, flow, chosen, &known, &mut random)));
        let (mut completed, mut tail_begins) = (0, 0.0);
        let mut hours = Vec::with_capacity(plan.targets.len());
        let outcome = simulator.run(&jobs, &parameters, &mut random, |tasks, clock| {
            if completed < before_tail {
                tail_begins = clock;
            }
            completed += tasks as usize;
            while plan.targets.get(hours.len()).is_some_and(|target| *target <= completed) {
                hours.push(clock);
            }
        });
        found.outcomes.push(outcome);
        found.workers.push(parameters.workers);
        found.passes.push(1.0 / parameters.back.iter().fold(1.0, |rest, back| rest * (1.0 - back)));
        found.completions.push(hours);
        found.before_tail.push(tail_begins);
    }
    found
}

fn choose<'c>(candidates: &'c [Candidate], random: &mut Random) -> &'c Candidate {
    if candidates.len() == 1 {
        return &candidates[0];
    }
    let mut left = random.uniform();
    let found = candidates.iter().find(|candidate| {
        left -= candidate.weight;
        left <= 0.0
    });
    found.unwrap_or(&candidates[candidates.len() - 1])
}

fn parameters<'a>(
    flow: &'a Flow,
    visits: &Visits,
    chosen: [&'a Candidate; LANES],
    random: &mut Random,
) -> Parameters<'a> {
    let drawn = std::array::from_fn(|lane| chosen[lane].service.draw(random));
    let back = std::array::from_fn(|lane| {
        let (back, forward) = (flow.back[lane] as f64, flow.forward[lane] as f64);
        match lane {
            0 if flow.back[0] == 0 => 0.0,
            0 => random.beta(back, forward + 1.0).min(0.8),
            _ => random.beta(0.2 + back, 1.8 + forward).min(0.8),
        }
    });
    let skip = std::array::from_fn(|lane| match visits.skips[lane] {
        0 => 0.0,
        skips => random.beta(skips as f64, flow.lanes[lane].visits.len() as f64 + 0.5),
    });
    let pace = flow.change.map_or(1.0, |change| libm::exp(change.variance.sqrt() * random.normal()));
    let workers = std::array::from_fn(|lane| if lane == 0 { flow.workers } else { chosen[lane].workers });
    Parameters {
        drawn,
        centre: std::array::from_fn(|lane| flow.lanes[lane].centre),
        errors: std::array::from_fn(|lane| {
            Errors::new(&chosen[lane].service.errors, &flow.far_errors, random)
        }),
        workers,
        gaps: (flow.stations == Stations::Agents).then_some(flow.gaps.as_slice()),
        back,
        skip,
        pace,
    }
}

fn job(
    open: &Open,
    pipeline: &Pipeline,
    visits: &Visits,
    flow: &Flow,
    chosen: [&Candidate; LANES],
    known: &[f64],
    random: &mut Random,
) -> Job {
    let log_points = open.log_points.or_else(|| random.pick(known)).unwrap_or(flow.log_points[open.task]);
    let mut passes = visits.passes[open.task];
    let place = match open.visit {
        None => Place::Backlog,
        Some((lane, visit)) => {
            passes[lane] = passes[lane].saturating_sub(1);
            let began = chosen[lane].starts.get(visit).copied().unwrap_or(pipeline.now);
            if began.is_finite() { Place::Working(lane, pipeline.now - began) } else { Place::Waiting(lane) }
        }
    };
    Job { log_points, place, was_in: passes.map(|passes| passes > 0), tasks: open.tasks }
}

/// The open tasks: those in lanes by arrival, then those that were sent back, then the backlog.
fn in_order(pipeline: &Pipeline, visits: &Visits, flow: &Flow, group: usize) -> Vec<Open> {
    let log_points = |tasks: &[usize]| {
        let known = tasks.iter().filter_map(|task| pipeline.tasks[*task].points.map(sized));
        let (count, sum) = known.fold((0, 0.0), |(count, sum), points| (count + 1, sum + points));
        (count > 0).then(|| libm::log(sum / f64::from(count)))
    };
    let mut found = Vec::new();
    for (lane, model) in flow.lanes.iter().enumerate() {
        for (place, index) in model.visits.iter().enumerate() {
            let visit = &visits.all[*index];
            if visit.outcome == Outcome::Open {
                found.push(Open {
                    task: visit.task,
                    visit: Some((lane, place)),
                    tasks: 1,
                    log_points: log_points(&[visit.task]),
                });
            }
        }
    }
    for stage in [Stage::SentBack, Stage::Backlog] {
        let there = (0..pipeline.tasks.len()).filter(|task| pipeline.tasks[*task].stage == stage);
        let there: Vec<usize> = there.collect();
        let groups = there.chunks(group);
        found.extend(groups.map(|group| Open {
            task: group[0],
            visit: None,
            tasks: group.len() as u32,
            log_points: log_points(group),
        }));
    }
    found
}
