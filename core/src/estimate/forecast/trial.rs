//! One simulation of the flow model, from the present state to the end.

use super::LANES;
use super::errors::Errors;
use super::random::Random;
use super::service::Drawn;

/// The state of each open task at the start of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Waits for the implementation.
    Backlog,
    /// Waits in this lane.
    Waiting(usize),
    /// Is being worked on in this lane, for this many more hours.
    Working(usize, f64),
}

/// One task of a trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) log_points: f64,
    pub(super) place: Place,
    /// The lanes that it has been in before, without the current one.
    pub(super) was_in: [bool; LANES],
    /// The number of tasks that it represents: 1, or the size of a group of the backlog.
    pub(super) tasks: u32,
}

/// The parameters of one trial.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    pub(super) drawn: [Drawn; LANES],
    pub(super) centre: [f64; LANES],
    pub(super) errors: [Errors<'a>; LANES],
    pub(super) workers: [usize; LANES],
    /// The hours between tasks, if agents take each task through all lanes.
    pub(super) gaps: Option<&'a [f64]>,
    /// The probability that a visit leads back.
    pub(super) back: [f64; LANES],
    /// The probability that a task skips a lane.
    pub(super) skip: [f64; LANES],
    /// A factor for all hours.
    pub(super) pace: f64,
}

/// The result of one trial.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// When the last task left each lane for good; for the last lane, when it was completed.
    pub(super) last_exit: [f64; LANES],
    /// The hours of work in each lane, and visits.
    pub(super) work: [f64; LANES],
    pub(super) visits: [u32; LANES],
}

/// Buffers that trials share, to avoid allocations.
#[derive(Debug, Default)]
pub(super) struct Simulator {
    agenda: Agenda,
    queues: [Vec<u32>; LANES],
    heads: [usize; LANES],
    sent_back: Vec<u32>,
    lane: Vec<u8>,
    was_in: Vec<[bool; LANES]>,
    busy: [usize; LANES],
}

/// What one trial is about, and what it has found so far.
struct Trial<'t> {
    jobs: &'t [Job],
    parameters: &'t Parameters<'t>,
    random: &'t mut Random,
    outcome: Outcome,
}

impl Simulator {
    /// Jobs are in the order in which they are started; those that wait in a lane, in the order of arrival.
    /// `at_completion` is called with the tasks and the hour of each completion.
    pub(super) fn run(
        &mut self,
        jobs: &[Job],
        parameters: &Parameters<'_>,
        random: &mut Random,
        mut at_completion: impl FnMut(u32, f64),
    ) -> Outcome {
        let mut trial = Trial { jobs, parameters, random, outcome: Outcome::default() };
        self.begin(&mut trial);
        loop {
            self.fill(&mut trial);
            let Some((clock, job)) = self.agenda.pop() else { return trial.outcome };
            let lane = usize::from(self.lane[job as usize]);
            self.busy[lane] -= 1;
            if trial.happens(parameters.back[lane]) {
                self.send_back(&mut trial, job, clock);
                continue;
            }
            let mut next = lane + 1;
            trial.outcome.last_exit[lane] = clock;
            while next < LANES && trial.happens(parameters.skip[next]) {
                trial.outcome.last_exit[next] = clock;
                next += 1;
            }
            if next == LANES {
                at_completion(jobs[job as usize].tasks, clock);
            } else if parameters.gaps.is_some() {
                self.work(&mut trial, next, job, clock);
            } else {
                self.queues[next].push(job);
            }
        }
    }

    fn begin(&mut self, trial: &mut Trial<'_>) {
        self.agenda.clear();
        self.queues.iter_mut().for_each(Vec::clear);
        self.heads = [0; LANES];
        self.busy = [0; LANES];
        self.sent_back.clear();
        self.lane.clear();
        self.lane.resize(trial.jobs.len(), 0);
        self.was_in.clear();
        self.was_in.extend(trial.jobs.iter().map(|job| job.was_in));
        let parameters = trial.parameters;
        for (index, job) in trial.jobs.iter().enumerate() {
            let id = index as u32;
            match job.place {
                Place::Backlog => self.queues[0].push(id),
                Place::Waiting(lane) => self.queues[lane].push(id),
                Place::Working(lane, age) => {
                    let expected = parameters.expected(lane, job.log_points, job.was_in[lane]);
                    let hours = parameters.rest(lane, expected, age, trial.random);
                    self.was_in[index][lane] = true;
                    self.lane[index] = lane as u8;
                    self.busy[lane] += 1;
                    self.agenda.push(hours * parameters.pace, id);
                }
            }
        }
    }

    /// Assigns work to idle workers.
    fn fill(&mut self, trial: &mut Trial<'_>) {
        let clock = self.agenda.clock;
        let parameters = trial.parameters;
        if let Some(gaps) = parameters.gaps {
            while self.busy.iter().sum::<usize>() < parameters.workers[0] {
                let Some(job) = self.take(0) else { return };
                let gap = trial.random.pick(gaps).unwrap_or(0.0);
                self.work(trial, 0, job, clock + gap);
            }
            return;
        }
        for lane in 0..LANES {
            while self.busy[lane] < parameters.workers[lane] {
                let Some(job) = self.take(lane) else { break };
                self.work(trial, lane, job, clock);
            }
        }
    }

    fn take(&mut self, lane: usize) -> Option<u32> {
        if lane == 0
            && let Some(job) = self.sent_back.pop()
        {
            return Some(job);
        }
        let job = self.queues[lane].get(self.heads[lane]).copied()?;
        self.heads[lane] += 1;
        Some(job)
    }

    fn work(&mut self, trial: &mut Trial<'_>, lane: usize, job: u32, clock: f64) {
        let index = job as usize;
        let Job { log_points, tasks, .. } = trial.jobs[index];
        let parameters = trial.parameters;
        let is_later = std::mem::replace(&mut self.was_in[index][lane], true);
        let expected = parameters.expected(lane, log_points, is_later);
        let error = parameters.errors[lane].draw(trial.random);
        let deviation = parameters.drawn[lane].deviation;
        let hours = match tasks {
            1 => libm::exp(expected + deviation * error),
            tasks => group_hours(tasks, expected, deviation, error),
        } * parameters.pace;
        trial.outcome.work[lane] += hours;
        trial.outcome.visits[lane] += 1;
        self.lane[index] = lane as u8;
        self.busy[lane] += 1;
        self.agenda.push(clock + hours, job);
    }

    fn send_back(&mut self, trial: &mut Trial<'_>, job: u32, clock: f64) {
        if trial.parameters.gaps.is_some() {
            self.work(trial, 0, job, clock);
        } else {
            self.sent_back.push(job);
        }
    }
}

impl Trial<'_> {
    /// Whether something of this probability happens. What never does takes no random number.
    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.uniform() < probability
    }
}

/// The hours of several tasks of one size, as one log-normal variable with the mean and the variance of their sum (Fenton,
/// "The sum of log-normal probability distributions in scatter transmission systems", 1960).
fn group_hours(tasks: u32, expected: f64, deviation: f64, error: f64) -> f64 {
    let (tasks, variance) = (f64::from(tasks), deviation * deviation);
    let of_sum = libm::log(1.0 + (libm::exp(variance) - 1.0) / tasks);
    tasks * libm::exp(expected + 0.5 * (variance - of_sum) + of_sum.sqrt() * error)
}

impl Parameters<'_> {
    fn expected(&self, lane: usize, log_points: f64, is_later: bool) -> f64 {
        let drawn = &self.drawn[lane];
        let later = if is_later { drawn.later } else { 0.0 };
        drawn.base + drawn.slope * (log_points - self.centre[lane]) + later
    }

    /// The remaining hours of a visit that has lasted for `age` hours: drawn from the distribution above `age`.
    fn rest(&self, lane: usize, expected: f64, age: f64, random: &mut Random) -> f64 {
        /// A visit lasts at most twenty times as long as it has lasted so far, or as it was expected to.
        const FURTHEST: f64 = 3.0;
        let age = age.max(1e-9);
        let (log_age, deviation) = (libm::log(age), self.drawn[lane].deviation);
        let least = (log_age - expected) / deviation;
        let error = self.errors[lane].draw_above(least, random);
        let log_hours = (expected + deviation * error).max(log_age + 0.01 * deviation);
        libm::exp(log_hours.min(log_age.max(expected) + FURTHEST)) - age
    }
}

/// The next events: a binary heap by time.
#[derive(Debug, Default)]
struct Agenda {
    heap: Vec<(f64, u32)>,
    clock: f64,
}

impl Agenda {
    fn clear(&mut self) {
        self.heap.clear();
        self.clock = 0.0;
    }

    fn push(&mut self, at: f64, job: u32) {
        let mut place = self.heap.len();
        self.heap.push((at, job));
        while place > 0 {
            let above = (place - 1) / 2;
            if self.heap[above].0 <= at {
                break;
            }
            self.heap[place] = self.heap[above];
            place = above;
        }
        self.heap[place] = (at, job);
    }

    fn pop(&mut self) -> Option<(f64, u32)> {
        let first = *self.heap.first()?;
        let last = self.heap.pop()?;
        if !self.heap.is_empty() {
            let (count, mut place) = (self.heap.len(), 0);
            loop {
                let mut below = 2 * place + 1;
                if below >= count {
                    break;
                }
                if below + 1 < count && self.heap[below + 1].0 < self.heap[below].0 {
                    below += 1;
                }
                if last.0 <= self.heap[below].0 {
                    break;
                }
                self.heap[place] = self.heap[below];
                place = below;
            }
            self.heap[place] = last;
        }
        self.clock = first.0;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hours in the implementation, one in review and half an hour in QA, whatever happens.
    fn steady(workers: [usize; LANES]) -> Parameters<'static> {
        let hours = |hours: f64| Drawn { base: hours.ln(), slope: 0.0, later: 0.0, deviation: 1e-7 };
        Parameters {
            drawn: [hours(2.0), hours(1.0), hours(0.5)],
            centre: [0.0; LANES],
            errors: std::array::from_fn(|_| Errors::new(&[], &[], &mut Random::new(1, 0))),
            workers,
            gaps: None,
            back: [0.0; LANES],
            skip: [0.0; LANES],
            pace: 1.0,
        }
    }

    fn job(place: Place) -> Job {
        Job { log_points: 0.0, place, was_in: [false; LANES], tasks: 1 }
    }

    fn run(jobs: &[Job], parameters: &Parameters<'_>) -> (Vec<f64>, Outcome) {
        let mut hours = Vec::new();
        let at_completion = |_, clock: f64| hours.push((clock * 1e3).round() / 1e3);
        let outcome = Simulator::default().run(jobs, parameters, &mut Random::new(1, 0), at_completion);
        (hours, outcome)
    }

    #[track_caller]
    fn assert_close(found: [f64; LANES], expected: [f64; LANES]) {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}, not {expected:?}");
    }

    #[test]
    fn lanes_work_side_by_side_and_tasks_wait_for_workers() {
        let backlog = [job(Place::Backlog); 3];
        let (hours, outcome) = run(&backlog, &steady([1, 1, 1]));
        assert_eq!(hours, [3.5, 5.5, 7.5]);
        assert_close(outcome.last_exit, [6.0, 7.0, 7.5]);
        assert_close(outcome.work, [6.0, 3.0, 1.5]);
        assert_eq!(outcome.visits, [3, 3, 3]);
        // Three are implemented at once, and one reviewer takes one after the other.
        assert_eq!(run(&backlog, &steady([3, 1, 1])).0, [3.5, 4.5, 5.5]);
        assert_eq!(run(&[], &steady([1, 1, 1])).0, [] as [f64; 0]);
        assert_eq!(run(&backlog, &Parameters { pace: 2.0, ..steady([1, 1, 1]) }).0, [7.0, 11.0, 15.0]);
    }

    #[test]
    fn agents_take_a_task_through_all_lanes_and_rest_between_two() {
        let agents = Parameters { gaps: Some(&[0.25]), ..steady([2, 1, 1]) };
        assert_eq!(run(&[job(Place::Backlog); 3], &agents).0, [3.75, 3.75, 7.5]);
        let without_rest = Parameters { gaps: Some(&[]), ..steady([1, 1, 1]) };
        assert_eq!(run(&[job(Place::Backlog); 2], &without_rest).0, [3.5, 7.0]);
    }

    #[test]
    fn a_trial_begins_with_what_is_at_work_and_what_waits() {
        let parameters = steady([1, 1, 1]);
        // 1.5 of 2 hours are over, one task waits for QA, and one has not begun.
        let jobs = [job(Place::Working(0, 1.5)), job(Place::Waiting(2)), job(Place::Backlog)];
        let (hours, outcome) = run(&jobs, &parameters);
        assert_eq!(hours, [0.5, 2.0, 4.0]);
        assert_close(outcome.last_exit, [2.5, 3.5, 4.0]);
        // A visit that has lasted longer than any before ends soon, and not in the past.
        let (hours, _) = run(&[job(Place::Working(2, 7.0))], &parameters);
        assert!(hours[0] >= 0.0 && hours[0] < 0.01, "{hours:?}");
        let (hours, _) = run(&[job(Place::Working(2, -3.0))], &parameters);
        assert_eq!(hours, [0.5], "a clock that runs backwards makes no visit longer");
    }

    #[test]
    fn tasks_skip_lanes_and_are_sent_back() {
        let skipping = Parameters { skip: [0.0, 1.0, 1.0], ..steady([1, 1, 1]) };
        let (hours, outcome) = run(&[job(Place::Backlog); 2], &skipping);
        assert_eq!((hours, outcome.visits), (vec![2.0, 4.0], [2, 0, 0]));
        assert_close(outcome.last_exit, [4.0; LANES]);
        let strict = Parameters { back: [0.0, 0.5, 0.0], ..steady([1, 1, 1]) };
        let outcome = run(&[job(Place::Backlog); 2000], &strict).1;
        assert!((3_800..4_200).contains(&outcome.visits[0]), "each task twice on average: {outcome:?}");
        assert_eq!((outcome.visits[0], outcome.visits[2]), (outcome.visits[1], 2000));
        let mut half = steady([1, 1, 1]);
        half.drawn[0].later = 0.5_f64.ln();
        let again = Job { was_in: [true, false, false], ..job(Place::Backlog) };
        assert_eq!(run(&[again], &half).0, [2.5], "a later pass takes half as long");
    }

    #[test]
    fn hours_grow_with_points_around_the_centre() {
        let mut parameters = steady([1, 1, 1]);
        parameters.drawn[0].slope = 0.5;
        parameters.centre[0] = 3_f64.ln();
        let large = Job { log_points: 12_f64.ln(), ..job(Place::Backlog) };
        assert_eq!(run(&[large], &parameters).0, [5.5], "four times the points, twice the hours");
    }

    #[test]
    fn a_group_has_the_mean_and_the_variance_of_the_sum_of_its_tasks() {
        assert!((group_hours(1, 0.7, 0.6, 1.3) - (0.7_f64 + 0.6 * 1.3).exp()).abs() < 1e-12);
        for deviation in [0.6_f64, 1.2] {
            let mut random = Random::new(2, 0);
            let draws: Vec<f64> =
                (0..200_000).map(|_| group_hours(16, 0.0, deviation, random.normal())).collect();
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let squares = draws.iter().map(|hours| (hours - mean) * (hours - mean)).sum::<f64>();
            // Of one log-normal duration: e^(s²/2), and (e^(s²) − 1) e^(s²).
            let growth = (deviation * deviation).exp();
            let (expected, variance) = (16.0 * growth.sqrt(), 16.0 * (growth - 1.0) * growth);
            assert!((mean / expected - 1.0).abs() < 0.01, "{deviation}: {mean}, not {expected}");
            let found = squares / draws.len() as f64;
            assert!((found / variance - 1.0).abs() < 0.03, "{deviation}: {found}, not {variance}");
        }
    }

    #[test]
    fn events_come_in_the_order_of_time() {
        let mut agenda = Agenda::default();
        for (job, at) in [5.0, 1.0, 3.0, 1.0, 0.5, 9.0, 2.0].into_iter().enumerate() {
            agenda.push(at, job as u32);
        }
        let times: Vec<f64> = std::iter::from_fn(|| agenda.pop()).map(|event| event.0).collect();
        assert_eq!(times, [0.5, 1.0, 1.0, 2.0, 3.0, 5.0, 9.0]);
        assert_eq!((agenda.clock, agenda.pop()), (9.0, None));
    }
}
