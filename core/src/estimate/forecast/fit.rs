//! The flow model of a pipeline: the number of workers in each lane, how long their work takes, and where tasks go
//! next.

use super::LANES;
use super::pace::{self, Change, Surprise};
use super::pipeline::{Outcome, Pipeline, Stage, Visit, Visits, sized};
use super::service::{PRIOR, Prior, Sample, Service};
use super::{errors, workers};

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stations {
    /// Each lane has its own workers.
    Lanes,
    /// Agents take each task through all lanes.
    Agents,
}

/// One hypothesis about a lane.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) workers: usize,
    pub(super) weight: f64,
    pub(super) service: Service,
    /// When work on each visit of the lane began; infinite if it has not begun.
    pub(super) starts: Vec<f64>,
}

#[derive(Debug, Clone)]
pub(super) struct LaneModel {
    /// The mean of the logarithms of the visits' story points.
    pub(super) centre: f64,
    /// Indexes of the lane's visits among all visits, by arrival.
    pub(super) visits: Vec<usize>,
    pub(super) candidates: Vec<Candidate>,
}

#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) stations: Stations,
    /// Agents, or workers of the implementation lane.
    pub(super) workers: usize,
    pub(super) lanes: [LaneModel; LANES],
    pub(super) change: Option<Change>,
    /// The far errors of all lanes; none without a heavy tail.
    pub(super) far_errors: Vec<f64>,
    /// The number of visits of each lane after which the task went back, and forward.
    pub(super) back: [usize; LANES],
    pub(super) forward: [usize; LANES],
    /// Hours between a completion and the start that followed it.
    pub(super) gaps: Vec<f64>,
    /// The logarithm of each task's story points; of the mean if they are not known.
    pub(super) log_points: Vec<f64>,
}

/// Above this number, more workers cannot be distinguished from no waiting.
const MOST_WORKERS: usize = 12;

/// The penalty of a visit that ends before its work could begin, and of each doubling (times ln 2) of the workers.
/// Scores are log-likelihoods.
const IMPOSSIBLE: f64 = 500.0;
const PENALTY: f64 = 3.0;

/// How many of a lane's newest visits the service times are estimated from, and how many are used to find when their
/// work began.
const SAMPLES: usize = 300;
const LOOKED_AT: usize = 600;

/// How many of the newest exits the number of workers is estimated from.
const WINDOW: usize = 20;

pub(super) fn fit(pipeline: &Pipeline, visits: &Visits) -> Flow {
    let known = pipeline.known_points();
    let mean = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
    let log_points: Vec<f64> =
        pipeline.tasks.iter().map(|task| libm::log(task.points.map_or(mean, sized))).collect();
    let starts = starts(pipeline);
    let mut fitter = Fitter {
        pipeline,
        visits,
        log_points: &log_points,
        stations: starts.stations,
        change: None,
        priors: [PRIOR; LANES],
    };
    let first = fitter.lanes();
    fitter.change = pace::change(fitter.surprises(&first));
    fitter.priors = fitter.pooled(&first);
    let lanes = fitter.lanes();
    let count = |lane: usize, outcome: Outcome| {
        visits.all.iter().filter(|visit| visit.lane == lane && visit.outcome == outcome).count()
    };
    Flow {
        stations: starts.stations,
        workers: station_workers(pipeline, visits, &starts),
        far_errors: errors::far(lanes.iter().map(|lane| lane.best().service.errors.as_slice())),
        lanes,
        change: fitter.change,
        back: std::array::from_fn(|lane| count(lane, Outcome::Back)),
        forward: std::array::from_fn(|lane| count(lane, Outcome::Forward)),
        gaps: starts.idle.iter().map(|(since, until)| until - since).collect(),
        log_points,
    }
}

/// How work is divided, inferred from the starts of work.
struct Starts {
    stations: Stations,
    /// When each agent was idle: from a completion to the next start.
    idle: Vec<(f64, f64)>,
}

/// Agents take each task through all lanes if starts follow completions rather than exits from the implementation, or
/// if the number of tasks in all lanes never exceeded the maximum of the implementation alone.
/// A start that follows a cancellation says nothing.
///
/// It is not known which of several idle agents starts a task, so the one that became idle last is assumed. The sum of
/// idle hours is right in any order, and an agent that has left for good is not included in it.
fn starts(pipeline: &Pipeline) -> Starts {
    const SHARE: f64 = 0.7;
    const FEWEST: u32 = 8;
    let mut stage = vec![Stage::Backlog; pipeline.tasks.len()];
    let (mut last_exit, mut last_completion) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let mut is_after_cancellation = false;
    let (mut starts, mut after_completion, mut with_others) = (0, 0, 0);
    let (mut free, mut idle) = (Vec::new(), Vec::new());
    let (mut busy, mut most, mut most_in_implementation) = ([0_usize; LANES], 0, 0);
    for event in &pipeline.events {
        let from = std::mem::replace(&mut stage[event.task], event.to);
        if let Some(lane) = from.lane() {
            busy[lane] = busy[lane].saturating_sub(1);
        }
        if let Some(lane) = event.to.lane() {
            busy[lane] += 1;
        }
        if event.to == Stage::Lane(0) && from == Stage::Backlog {
            idle.extend(free.pop().map(|since| (since, event.at)));
            if last_completion.is_finite() && !is_after_cancellation {
                starts += 1;
                after_completion += u32::from(last_completion > last_exit);
                with_others += u32::from(busy[1] + busy[2] > 0);
            }
        }
        let has_left = from.lane().is_some() && event.to.lane() != from.lane();
        if has_left && !event.to.is_open() {
            free.push(event.at);
        }
        // Whoever worked on a task that was cancelled is idle, be it an agent or a lane's worker.
        if has_left {
            is_after_cancellation = event.to == Stage::Cancelled;
        }
        if from == Stage::Lane(0) && has_left && !is_after_cancellation {
            last_exit = event.at;
        }
        if event.to == Stage::Completed && has_left {
            last_completion = event.at;
        }
        most = most.max(busy.iter().sum());
        most_in_implementation = most_in_implementation.max(busy[0]);
    }
    let follow = starts >= 2 && f64::from(after_completion) >= SHARE * f64::from(starts);
    let fit_in = starts >= FEWEST && with_others > 0 && most <= most_in_implementation;
    let stations = if follow || fit_in { Stations::Agents } else { Stations::Lanes };
    Starts { stations, idle }
}

/// The typical number of workers over the newest exits, and at least the number at work now. Includes agents that are
/// about to start their next task.
fn station_workers(pipeline: &Pipeline, visits: &Visits, starts: &Starts) -> usize {
    let is_agents = starts.stations == Stations::Agents;
    let own = || visits.all.iter().filter(|visit| visit.lane == 0 || is_agents);
    let mut changes = workers::changes(own());
    if is_agents {
        changes.extend(starts.idle.iter().flat_map(|(since, until)| [(*since, 1), (*until, -1)]));
        changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }
    let ends = |visit: &&Visit| !is_agents || visit.lane == LANES - 1;
    let mut exits: Vec<f64> = own().filter(ends).filter_map(|visit| visit.left).collect();
    exits.sort_by(f64::total_cmp);
    let first = changes.first().map_or(0.0, |change| change.0);
    let from = exits.len().checked_sub(WINDOW).map_or(first, |index| exits[index]);
    let hours = workers::concurrency(&changes, from, pipeline.now);
    let is_waiting = pipeline.tasks.iter().any(|task| matches!(task.stage, Stage::Backlog | Stage::SentBack));
    // When nothing is left to start, the number at work decreases and is no longer typical.
    let usual = workers::level(&hours, 0.5).max(if is_waiting { 0 } else { workers::level(&hours, 0.8) });
    let now = own().filter(|visit| visit.outcome == Outcome::Open).count();
    usual.max(now).max(1)
}

struct Fitter<'a> {
    pipeline: &'a Pipeline,
    visits: &'a Visits,
    log_points: &'a [f64],
    stations: Stations,
    change: Option<Change>,
    priors: [Prior; LANES],
}

impl Fitter<'_> {
    fn lanes(&self) -> [LaneModel; LANES] {
        let implementation = self.lane(0, None);
        let base = implementation.best().service.base();
        let review = self.lane(1, Some(base));
        let qa = self.lane(2, Some(base));
        [implementation, review, qa]
    }

    fn lane(&self, lane: usize, base_of_implementation: Option<f64>) -> LaneModel {
        let mut visits: Vec<usize> =
            (0..self.visits.all.len()).filter(|index| self.visits.all[*index].lane == lane).collect();
        visits.sort_by(|a, b| self.visits.all[*a].entered.total_cmp(&self.visits.all[*b].entered));
        self.forget_old(&mut visits);
        if visits.is_empty() {
            return self.unvisited(lane, base_of_implementation);
        }
        let sum: f64 = visits.iter().map(|index| self.log_points[self.visits.all[*index].task]).sum();
        let mut model = LaneModel { centre: sum / visits.len() as f64, visits, candidates: Vec::new() };
        let is_direct = lane == 0 || self.stations == Stations::Agents;
        let most = if is_direct { 1 } else { MOST_WORKERS.min(model.visits.len()) };
        let mut scores = Vec::new();
        for workers in 1..=most {
            let (candidate, score) = self.candidate(lane, &model, workers, is_direct);
            model.candidates.push(candidate);
            scores.push(score);
        }
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weight = |score: f64| if score > highest - 6.0 { libm::exp(score - highest) } else { 0.0 };
        let total: f64 = scores.iter().map(|score| weight(*score)).sum();
        for (candidate, score) in model.candidates.iter_mut().zip(&scores) {
            candidate.weight = weight(*score) / total;
        }
        model
    }

    /// Removes the visits that ended before the newest ones began.
    fn forget_old(&self, visits: &mut Vec<usize>) {
        let closed: Vec<f64> = visits
            .iter()
            .map(|index| &self.visits.all[*index])
            .filter(|visit| visit.left.is_some())
            .map(|visit| visit.entered)
            .collect();
        if let Some(oldest) = closed.len().checked_sub(LOOKED_AT).map(|index| closed[index]) {
            visits.retain(|index| self.visits.all[*index].left.is_none_or(|left| left >= oldest));
        }
    }

    /// A lane without visits is assumed to take a few tenths of the implementation's hours.
    fn unvisited(&self, lane: usize, base_of_implementation: Option<f64>) -> LaneModel {
        const USUAL_SHARE: f64 = -0.9;
        let base = base_of_implementation.map_or(0.0, |base| base + USUAL_SHARE);
        let service = Service::fit(&[], &Prior { base, base_precision: 2.0, ..self.priors[lane] });
        let centre = self.log_points.iter().sum::<f64>() / self.log_points.len().max(1) as f64;
        let candidate = Candidate { workers: 1, weight: 1.0, service, starts: Vec::new() };
        LaneModel { centre, visits: Vec::new(), candidates: vec![candidate] }
    }

    fn candidate(&self, lane: usize, model: &LaneModel, workers: usize, is_direct: bool) -> (Candidate, f64) {
        let visits: Vec<&Visit> = model.visits.iter().map(|index| &self.visits.all[*index]).collect();
        let arrivals: Vec<f64> = visits.iter().map(|visit| visit.entered).collect();
        let departures: Vec<f64> = visits.iter().map(|visit| visit.left.unwrap_or(f64::INFINITY)).collect();
        let starts = if is_direct { arrivals } else { workers::starts(&arrivals, &departures, workers) };
        let least = least_hours(&starts, &departures);
        let count = visits.len();
        // Open visits are usually the newest ones, and there may be many.
        let newest = visits.iter().rposition(|visit| visit.left.is_some()).map_or(0, |place| place + 1);
        let recency = |index: usize| libm::exp2(-((count - 1 - index) as f64) / 12.0);
        let mut impossible = 0.0;
        let mut samples = Vec::new();
        let mut places = Vec::new();
        for (index, visit) in visits.iter().enumerate().filter(|(index, _)| starts[*index].is_finite()) {
            if index + SAMPLES < newest && visit.left.is_some() {
                continue;
            }
            let is_censored = visit.left.is_none() || visit.outcome == Outcome::Cancelled;
            let mut hours = visit.left.unwrap_or(self.pipeline.now) - starts[index];
            if is_censored && hours <= least {
                continue;
            }
            if hours < least {
                impossible += recency(index);
                if !is_direct {
                    continue;
                }
                hours = least;
            }
            let shift =
                self.change.filter(|change| starts[index] < change.at).map_or(0.0, |change| change.shift);
            samples.push(Sample {
                log_hours: libm::log(hours) + shift,
                log_points: self.log_points[visit.task] - model.centre,
                is_later_pass: visit.is_later_pass,
                is_censored,
            });
            places.push(index);
        }
        let prior = if samples.is_empty() {
            Prior { base: libm::log(least / 0.01), base_precision: 1.0, ..self.priors[lane] }
        } else {
            self.priors[lane]
        };
        let service = Service::fit(&samples, &prior);
        let over = samples.iter().zip(&places).filter(|(sample, _)| !sample.is_censored);
        let likelihood: f64 = over.map(|(sample, index)| recency(*index) * service.log_density(sample)).sum();
        let score = likelihood - IMPOSSIBLE * impossible - PENALTY * libm::log(workers as f64);
        (Candidate { workers, weight: 1.0, service, starts }, score)
    }

    /// How much longer than expected each completed visit took.
    fn surprises(&self, lanes: &[LaneModel; LANES]) -> Vec<Surprise> {
        let mut found = Vec::new();
        for model in lanes {
            let best = model.best();
            let limit = 3.0 * best.service.variance.sqrt();
            for (index, began) in model.visits.iter().zip(&best.starts) {
                let visit = &self.visits.all[*index];
                let Some(hours) = visit.hours_since(*began).filter(|hours| *hours > 1e-6) else {
                    continue;
                };
                let log_points = self.log_points[visit.task] - model.centre;
                let error = libm::log(hours) - best.service.expected(log_points, visit.is_later_pass);
                found.push(Surprise {
                    began: *began,
                    error: error.clamp(-limit, limit),
                    precision: 1.0 / best.service.variance,
                });
            }
        }
        found
    }

    /// Priors for each lane, with the slope and spread of all lanes together, so that a lane with few visits follows
    /// the others.
    fn pooled(&self, lanes: &[LaneModel; LANES]) -> [Prior; LANES] {
        const LANE_DEGREES: f64 = 6.0;
        const LANE_DEVIATION: f64 = 0.12;
        let mut squares = PRIOR.slope_precision;
        let mut products = PRIOR.slope_precision * PRIOR.slope;
        let mut variance = PRIOR.degrees * PRIOR.variance;
        let mut degrees = PRIOR.degrees;
        for model in lanes {
            let best = model.best();
            let floor = best.service.base() - 3.0;
            let pairs: Vec<(f64, f64)> = model
                .visits
                .iter()
                .zip(&best.starts)
                .map(|(index, began)| (&self.visits.all[*index], began))
                .filter(|(visit, _)| !visit.is_later_pass)
                .filter_map(|(visit, began)| Some((visit.task, visit.hours_since(*began)?)))
                .filter(|(_, hours)| *hours > 1e-6)
                .map(|(task, hours)| (self.log_points[task], libm::log(hours).max(floor)))
                .collect();
            if pairs.len() < 2 {
                continue;
            }
            let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
            let (mean_x, mean_y) = (mean(|pair| pair.0), mean(|pair| pair.1));
            for (x, y) in &pairs {
                squares += (x - mean_x) * (x - mean_x);
                products += (x - mean_x) * (y - mean_y);
            }
            let own = (best.service.degrees - PRIOR.degrees - 1.0).max(0.0);
            variance += own * best.service.variance;
            degrees += own;
        }
        let variance = variance / degrees;
        let prior = Prior {
            slope: products / squares,
            slope_precision: variance / (LANE_DEVIATION * LANE_DEVIATION + variance / squares),
            degrees: LANE_DEGREES,
            variance,
            ..PRIOR
        };
        [prior; LANES]
    }
}

impl LaneModel {
    pub(super) fn best(&self) -> &Candidate {
        let by_weight =
            |a: &&Candidate, b: &&Candidate| a.weight.total_cmp(&b.weight).then(b.workers.cmp(&a.workers));
        self.candidates.iter().max_by(by_weight).expect("a lane has a candidate")
    }
}

/// The minimum duration that counts as work: a hundredth of the median.
fn least_hours(starts: &[f64], departures: &[f64]) -> f64 {
    let hours = starts.iter().zip(departures).map(|(start, left)| left - start);
    let mut hours: Vec<f64> = hours.filter(|hours| hours.is_finite() && *hours > 0.0).collect();
    hours.sort_by(f64::total_cmp);
    let median = hours.get(hours.len() / 2).copied().unwrap_or(1.0);
    (0.01 * median).max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::super::pipeline::{Event, Task, visits};
    use super::*;

    const IMPLEMENTATION: Stage = Stage::Lane(0);
    const REVIEW: Stage = Stage::Lane(1);
    const QA: Stage = Stage::Lane(2);
    const DONE: Stage = Stage::Completed;

    type Moves = Vec<(f64, Stage)>;

    /// Tasks of 2 points with these moves each, and where these left them.
    fn pipeline(now: f64, tasks: &[Moves]) -> Pipeline {
        let mut pipeline = Pipeline { now, ..Pipeline::default() };
        for (task, moves) in tasks.iter().enumerate() {
            let stage = moves.last().map_or(Stage::Backlog, |last| last.1);
            pipeline.tasks.push(Task { points: Some(2.0), stage });
            pipeline.events.extend(moves.iter().map(|(at, to)| Event { at: *at, task, to: *to }));
        }
        pipeline.events.sort_by(|a, b| a.at.total_cmp(&b.at));
        pipeline
    }

    fn fitted(now: f64, tasks: &[Moves]) -> Flow {
        let pipeline = pipeline(now, tasks);
        fit(&pipeline, &visits(&pipeline))
    }

    fn hours(lane: &LaneModel) -> f64 {
        lane.best().service.expected(2_f64.ln() - lane.centre, false).exp()
    }

    /// One after the other in the implementation, this many hours each.
    fn implemented(count: usize, begin: f64, hours: f64) -> Vec<Moves> {
        let begin = |index: usize| begin + hours * index as f64;
        let moves = |index| vec![(begin(index), IMPLEMENTATION), (begin(index + 1) - 0.001, REVIEW)];
        (0..count).map(moves).collect()
    }

    #[test]
    fn one_agent_is_told_from_lanes_by_what_starts_follow() {
        // Two hours in all lanes, and half an hour until the next task.
        let agent = |task: usize| {
            let begin = 2.5 * task as f64;
            vec![(begin, IMPLEMENTATION), (begin + 1.0, REVIEW), (begin + 1.5, QA), (begin + 2.0, DONE)]
        };
        let found = fitted(25.0, &(0..10).map(agent).collect::<Vec<_>>());
        assert_eq!((found.stations, found.workers), (Stations::Agents, 1));
        assert_eq!(found.gaps, [0.5; 9]);
        // The same hours, but the next task starts when the lane is free.
        let lanes = |task: usize| -> Moves {
            agent(task).iter().map(|(at, to)| (at - 1.4 * task as f64, *to)).collect()
        };
        let found = fitted(25.0, &(0..10).map(lanes).collect::<Vec<_>>());
        assert_eq!((found.stations, found.workers), (Stations::Lanes, 1));
        assert!((hours(&found.lanes[0]) - 1.0).abs() < 0.01, "{}", hours(&found.lanes[0]));
        assert!((hours(&found.lanes[2]) - 0.5).abs() < 0.01, "{}", hours(&found.lanes[2]));
    }

    #[test]
    fn of_idle_agents_the_one_that_became_idle_last_starts_the_next_task() {
        let task = |begin: f64, end: f64| {
            vec![(begin, IMPLEMENTATION), (begin + 0.1, REVIEW), (begin + 0.2, QA), (end, DONE)]
        };
        // Two agents are idle from 1 and from 2; one starts at 5 and is done at 6, the other never comes back.
        let tasks = [task(0.0, 1.0), task(0.0, 2.0), task(5.0, 6.0), task(6.5, 7.0)];
        let pipeline = pipeline(7.0, &tasks);
        assert_eq!(starts(&pipeline).idle, [(2.0, 5.0), (6.0, 6.5)]);
        assert_eq!(starts(&Pipeline::default()).stations, Stations::Lanes);
    }

    #[test]
    fn waiting_for_a_reviewer_is_no_work() {
        // Three tasks are implemented at a time, three hours each; one reviewer takes an hour for each, QA half an hour.
        let task = |index: usize| {
            let begin = 3.1 * (index / 3) as f64;
            let reviewed = begin + 4.0 + (index % 3) as f64;
            vec![(begin, IMPLEMENTATION), (begin + 3.0, REVIEW), (reviewed, QA), (reviewed + 0.5, DONE)]
        };
        let found = fitted(40.0, &(0..30).map(task).collect::<Vec<_>>());
        assert_eq!((found.stations, found.workers), (Stations::Lanes, 3));
        let review = &found.lanes[1];
        assert_eq!(review.best().workers, 1, "visits of 1, 2 and 3 hours are an hour of work each");
        assert!((hours(review) - 1.0).abs() < 0.02, "{}", hours(review));
        assert!((hours(&found.lanes[0]) - 3.0).abs() < 0.06, "{}", hours(&found.lanes[0]));
        let sum: f64 = review.candidates.iter().map(|candidate| candidate.weight).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn too_few_workers_for_what_happened_are_impossible() {
        // Two tasks at a time are reviewed in an hour.
        let task = |index: usize| {
            let begin = 2.0 * (index / 2) as f64;
            vec![(begin, IMPLEMENTATION), (begin + 1.0, REVIEW), (begin + 2.0, QA)]
        };
        let found = fitted(20.0, &(0..20).map(task).collect::<Vec<_>>());
        assert_eq!((found.lanes[1].candidates[0].weight, found.lanes[1].best().workers), (0.0, 2));
        assert!((hours(&found.lanes[1]) - 1.0).abs() < 0.02);
    }

    #[test]
    fn workers_are_those_of_the_newest_exits_and_at_least_those_at_work() {
        let mut tasks = implemented(30, 0.0, 1.0);
        assert_eq!(fitted(30.0, &tasks).workers, 1);
        for _ in 0..3 {
            tasks.extend(implemented(8, 30.0, 1.0));
        }
        assert_eq!(fitted(38.0, &tasks).workers, 3);
        tasks.extend((0..5).map(|_| vec![(37.999, IMPLEMENTATION)]));
        assert_eq!(fitted(38.0, &tasks).workers, 5);
    }

    #[test]
    fn durations_before_a_change_of_pace_are_shifted_to_the_present_one() {
        let mut tasks = implemented(20, 0.0, 1.0);
        tasks.extend(implemented(20, 20.0, 3.0));
        let found = fitted(80.0, &tasks);
        let change = found.change.unwrap();
        assert!(change.at == 20.0 && (change.shift - 3_f64.ln()).abs() < 0.01, "{change:?}");
        assert!((hours(&found.lanes[0]) - 3.0).abs() < 0.05, "{}", hours(&found.lanes[0]));
        assert_eq!(fitted(80.0, &tasks[..20]).change, None);
    }

    #[test]
    fn tasks_that_are_cancelled_early_are_no_sign_of_a_faster_pace() {
        let mut tasks = implemented(30, 0.0, 3.0);
        let before = hours(&fitted(90.0, &tasks).lanes[0]);
        for index in 0..12 {
            let begin = 90.0 + 0.1 * f64::from(index);
            tasks.push(vec![(begin, IMPLEMENTATION), (begin + 0.05, Stage::Cancelled)]);
        }
        let found = fitted(92.0, &tasks);
        assert_eq!(found.change, None);
        assert!((hours(&found.lanes[0]) / before - 1.0).abs() < 0.05, "{}", hours(&found.lanes[0]));
    }

    #[test]
    fn an_agent_that_starts_another_task_after_a_cancellation_is_an_agent_still() {
        let mut tasks: Vec<Moves> = Vec::new();
        for task in 0..20 {
            let begin = 3.0 * f64::from(task);
            tasks.push(vec![
                (begin, IMPLEMENTATION),
                (begin + 1.0, REVIEW),
                (begin + 2.0, QA),
                (begin + 2.9, DONE),
            ]);
        }
        assert_eq!(fitted(60.0, &tasks).stations, Stations::Agents);
        tasks.extend((0..20).map(|task| {
            let begin = 60.0 + 0.1 * f64::from(task);
            vec![(begin, IMPLEMENTATION), (begin + 0.05, Stage::Cancelled)]
        }));
        let found = fitted(63.0, &tasks);
        assert_eq!((found.stations, found.workers), (Stations::Agents, 1));
        assert!(found.gaps.iter().all(|hours| *hours < 0.11), "it was idle no longer: {:?}", found.gaps);
    }

    #[test]
    fn outcomes_are_counted_for_each_lane() {
        let through = vec![(0.0, IMPLEMENTATION), (1.0, REVIEW), (2.0, QA), (3.0, DONE)];
        let sent_back = vec![(0.0, IMPLEMENTATION), (1.0, REVIEW), (2.0, Stage::SentBack)];
        let cancelled = vec![(0.0, IMPLEMENTATION), (1.0, REVIEW), (2.0, Stage::Cancelled)];
        let found = fitted(4.0, &[through.clone(), through, sent_back, cancelled]);
        assert_eq!((found.back, found.forward), ([0, 1, 0], [4, 2, 2]));
    }

    #[test]
    fn without_any_history_there_is_a_model_still() {
        for tasks in [vec![], vec![vec![]], vec![vec![(5.0, IMPLEMENTATION)]]] {
            let found = fitted(5.0, &tasks);
            assert_eq!((found.workers, found.change, found.gaps.len()), (1, None, 0));
            // A lane without visits is assumed to take 41 % of the implementation's hours.
            let [implementation, review, qa] = found.lanes.each_ref().map(|lane| lane.best().service.base());
            assert!((review - (implementation - 0.9)).abs() < 1e-9 && review == qa, "{found:?}");
        }
        let two = fitted(9.0, &[vec![(0.0, IMPLEMENTATION), (4.0, REVIEW)], vec![(4.0, IMPLEMENTATION)]]);
        assert!((hours(&two.lanes[0]) / 4.0 - 1.0).abs() < 0.5, "{}", hours(&two.lanes[0]));
    }

    #[test]
    fn of_a_long_history_the_newest_visits_are_used_and_the_open_ones() {
        let mut tasks = vec![vec![(0.0, IMPLEMENTATION)]];
        tasks.extend(implemented(700, 0.0, 1.0));
        let found = fitted(700.0, &tasks);
        assert_eq!(found.lanes[0].visits.len(), LOOKED_AT + 1);
        // The prior's 6 degrees, 300 visits that ended, and an open one.
        assert!((found.lanes[0].best().service.degrees - 306.3).abs() < 1e-9);
    }

    #[test]
    fn a_hundredth_of_the_median_is_the_least_that_counts_as_work() {
        assert_eq!(least_hours(&[0.0, 1.0, 2.0], &[1.0, 5.0, f64::INFINITY]), 0.04);
        assert_eq!(least_hours(&[1.0], &[1.0]), 0.01, "nothing is known");
        assert_eq!(least_hours(&[], &[]), 0.01);
        assert_eq!(least_hours(&[0.0], &[1e-7]), 1e-6);
    }
}
