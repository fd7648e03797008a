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

/// An open task, or a group of tasks that wait, represented by its first one.
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
    /// How many waiting tasks are simulated as one.
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

/// How many jobs a trial simulates.
pub(super) fn jobs(pipeline: &Pipeline, visits: &Visits, flow: &Flow, group: usize) -> usize {
    in_order(pipeline, visits, flow, group).len()
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
        let task = |place: usize| visits.all[model.visits[place]].task;
        let is_open = |place: &usize| visits.all[model.visits[*place]].outcome == Outcome::Open;
        let waits =
            |place: &usize| model.candidates.iter().all(|candidate| candidate.starts[*place].is_infinite());
        let open: Vec<usize> = (0..model.visits.len()).filter(is_open).collect();
        // Only tasks that wait can be simulated as one.
        for together in open.chunk_by(|a, b| waits(a) && waits(b)) {
            found.extend(together.chunks(group).map(|group| {
                let tasks: Vec<usize> = group.iter().map(|place| task(*place)).collect();
                Open {
                    task: tasks[0],
                    visit: Some((lane, group[0])),
                    tasks: tasks.len() as u32,
                    log_points: log_points(&tasks),
                }
            }));
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

#[cfg(test)]
mod tests {
    use super::super::fit::{LaneModel, fit};
    use super::super::pipeline::{Event, Task, visits};
    use super::super::service::{PRIOR, Service};
    use super::*;

    const IMPLEMENTATION: Stage = Stage::Lane(0);
    const REVIEW: Stage = Stage::Lane(1);

    /// Tasks with these moves each; points ascend from 1.
    fn pipeline(now: f64, tasks: &[&[(f64, Stage)]]) -> Pipeline {
        let mut pipeline = Pipeline { now, ..Pipeline::default() };
        for (task, moves) in tasks.iter().enumerate() {
            let stage = moves.last().map_or(Stage::Backlog, |last| last.1);
            pipeline.tasks.push(Task { points: Some(task as f64 + 1.0), stage });
            pipeline.events.extend(moves.iter().map(|(at, to)| Event { at: *at, task, to: *to }));
        }
        pipeline.events.sort_by(|a, b| a.at.total_cmp(&b.at));
        pipeline
    }

    fn candidate(workers: usize, weight: f64) -> Candidate {
        Candidate { workers, weight, service: Service::fit(&[], &PRIOR), starts: Vec::new() }
    }

    fn mean(count: usize, mut draw: impl FnMut(&mut Random) -> f64) -> f64 {
        let mut random = Random::new(9, 0);
        (0..count).map(|_| draw(&mut random)).sum::<f64>() / count as f64
    }

    #[test]
    fn hypotheses_are_chosen_as_often_as_they_are_likely() {
        let all = [candidate(1, 0.0), candidate(2, 0.25), candidate(3, 0.75)];
        let workers = mean(20_000, |random| choose(&all, random).workers as f64);
        assert!((workers - 2.75).abs() < 0.02, "{workers}");
        assert!((0..1000).all(|stream| choose(&all, &mut Random::new(1, stream)).workers > 1));
        // Weights that are rounded down still give one.
        let short = [candidate(1, 0.1), candidate(2, 0.1)];
        assert_eq!(choose(&short[..1], &mut Random::new(1, 0)).workers, 1);
        assert!((0..50).any(|stream| choose(&short, &mut Random::new(1, stream)).workers == 2));
    }

    #[test]
    fn tasks_are_taken_from_the_lanes_then_what_was_sent_back_then_the_backlog() {
        let pipeline = pipeline(
            10.0,
            &[
                &[],
                &[(1.0, IMPLEMENTATION), (2.0, Stage::SentBack)],
                &[(3.0, IMPLEMENTATION), (4.0, REVIEW)],
                &[(5.0, IMPLEMENTATION)],
                &[(1.0, IMPLEMENTATION), (2.0, REVIEW), (3.0, Stage::Lane(2)), (4.0, Stage::Completed)],
                &[(2.0, IMPLEMENTATION), (3.0, Stage::Cancelled)],
                &[(4.5, IMPLEMENTATION)],
                &[],
                &[],
            ],
        );
        let visits = visits(&pipeline);
        let flow = fit(&pipeline, &visits);
        let order = |group: usize| {
            let open = in_order(&pipeline, &visits, &flow, group);
            open.iter()
                .map(|open| (open.task, open.tasks, open.visit.map(|visit| visit.0)))
                .collect::<Vec<_>>()
        };
        let started = [(6, 1, Some(0)), (3, 1, Some(0)), (2, 1, Some(1)), (1, 1, None)];
        assert_eq!(order(1), [&started[..], &[(0, 1, None), (7, 1, None), (8, 1, None)]].concat());
        assert_eq!(order(2), [&started[..], &[(0, 2, None), (8, 1, None)]].concat());
        let group = &in_order(&pipeline, &visits, &flow, 2)[4];
        assert_eq!(group.log_points, Some(libm::log(4.5)), "the mean of 1 and 8 points");
    }

    #[test]
    fn only_tasks_that_wait_are_simulated_as_one() {
        // Of 30 tasks one reviewer has done 8, an hour each; 20 more wait behind the next one, and 7 in the backlog.
        let mut tasks: Vec<Vec<(f64, Stage)>> = Vec::new();
        for task in 0..29 {
            let mut moves =
                vec![(0.1 * f64::from(task), IMPLEMENTATION), (0.1 * f64::from(task) + 0.1, REVIEW)];
            moves.extend((task < 8).then(|| (0.1 + f64::from(task + 1), Stage::Completed)));
            tasks.push(moves);
        }
        tasks.extend(std::iter::repeat_n(Vec::new(), 7));
        let pipeline = pipeline(8.5, &tasks.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let visits = visits(&pipeline);
        let flow = fit(&pipeline, &visits);
        assert_eq!(flow.lanes[1].best().workers, 1);
        // There may be 12 reviewers as well: then 12 of the 21 that are in review would be at work.
        let at_work = 12_usize;
        for group in [1, 2, 5, 100] {
            let expected = at_work + (21 - at_work).div_ceil(group) + 7_usize.div_ceil(group);
            assert_eq!(jobs(&pipeline, &visits, &flow, group), expected, "in groups of {group}");
        }
        let open = in_order(&pipeline, &visits, &flow, 5);
        assert_eq!(open.iter().map(|open| open.tasks).sum::<u32>(), 28);
        let plan = Plan { trials: 20, seed: 1, group: 5, targets: &[28], tail: 0 };
        let found = trials(&pipeline, &visits, &flow, plan);
        assert!(found.completions.iter().all(|hours| hours.len() == 1), "all are completed: {found:?}");
    }

    #[test]
    fn what_was_sent_back_and_forward_is_drawn_around_its_share() {
        // Of 10 reviews 3 sent a task back, of 10 in QA none did, and one of 10 tasks skipped QA.
        let lane = LaneModel { centre: 0.0, visits: vec![0; 9], candidates: vec![candidate(1, 1.0)] };
        let flow = Flow {
            stations: Stations::Lanes,
            workers: 4,
            lanes: [lane.clone(), lane.clone(), lane],
            change: None,
            far_errors: Vec::new(),
            back: [0, 3, 0],
            forward: [10, 7, 10],
            gaps: Vec::new(),
            log_points: Vec::new(),
        };
        let visits = Visits { skips: [0, 0, 1], ..Visits::default() };
        let chosen = flow.lanes.each_ref().map(|lane| &lane.candidates[0]);
        let rate = |of: fn(&Parameters<'_>) -> f64| {
            mean(20_000, |random| of(&parameters(&flow, &visits, chosen, random)))
        };
        assert!((rate(|found| found.back[1]) - 3.2 / 12.0).abs() < 0.005, "(0.2 + 3) / (2 + 10)");
        assert!((rate(|found| found.back[2]) - 0.2 / 12.0).abs() < 0.003);
        assert!((rate(|found| found.skip[2]) - 1.0 / 10.5).abs() < 0.004, "1 of 9 visits and this one");
        let found = parameters(&flow, &visits, chosen, &mut Random::new(1, 0));
        assert_eq!((found.back[0], found.skip[0], found.skip[1], found.pace), (0.0, 0.0, 0.0, 1.0));
        assert_eq!((found.workers, found.gaps.is_none()), ([4, 1, 1], true));
    }

    #[test]
    fn trials_report_the_completions_that_were_asked_for_and_when_the_last_tasks_begin() {
        let done: Vec<Vec<(f64, Stage)>> = (0..12)
            .map(|task| {
                let begin = f64::from(task);
                let (review, qa, end) = (begin + 0.9, begin + 1.2, begin + 1.5);
                vec![(begin, IMPLEMENTATION), (review, REVIEW), (qa, Stage::Lane(2)), (end, Stage::Completed)]
            })
            .collect();
        let mut tasks: Vec<&[(f64, Stage)]> = done.iter().map(Vec::as_slice).collect();
        tasks.extend([&[][..]; 6]);
        let pipeline = pipeline(13.5, &tasks);
        let visits = visits(&pipeline);
        let flow = fit(&pipeline, &visits);
        let plan = Plan { trials: 40, seed: 3, group: 1, targets: &[1, 4, 6, 7], tail: 2 };
        let found = trials(&pipeline, &visits, &flow, plan);
        assert_eq!((found.outcomes.len(), found.completions.len(), found.passes.len()), (40, 40, 40));
        for ((outcome, hours), tail) in found.outcomes.iter().zip(&found.completions).zip(&found.before_tail)
        {
            assert_eq!(hours.len(), 3, "there are no seven");
            assert!(0.0 < hours[0] && hours[0] < hours[1] && hours[1] == *tail, "{hours:?}, {tail}");
            assert!(*tail < hours[2] && hours[2] == outcome.last_exit[2], "{outcome:?}");
        }
        let same = trials(&pipeline, &visits, &flow, Plan { trials: 3, ..plan });
        assert_eq!(same.completions, found.completions[..3], "a trial does not depend on their number");
        // More last tasks than there are: they begin now.
        let all = trials(&pipeline, &visits, &flow, Plan { tail: 9, ..plan });
        assert_eq!(all.before_tail, [0.0; 40]);
    }

    #[test]
    fn nothing_open_takes_no_time() {
        let pipeline = pipeline(5.0, &[&[(1.0, IMPLEMENTATION), (2.0, Stage::Completed)]]);
        let visits = visits(&pipeline);
        let flow = fit(&pipeline, &visits);
        let plan = Plan { trials: 2, seed: 1, group: 1, targets: &[], tail: 0 };
        let found = trials(&pipeline, &visits, &flow, plan);
        assert!(found.outcomes.iter().all(|outcome| outcome.last_exit == [0.0; LANES]), "{found:?}");
        let (pipeline, visits) = (Pipeline::default(), Visits::default());
        let flow = fit(&pipeline, &visits);
        assert!(trials(&pipeline, &visits, &flow, plan).passes.iter().all(|passes| *passes >= 1.0));
    }
}
