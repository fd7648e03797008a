//! A simulated pipeline: the truth that forecasts are compared with.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::kinds::{Kind, Order, Workers};
use crate::random::Random;

/// Statuses by lane: the start of each, then the end.
pub const STATUSES: [&str; 4] = ["in_progress", "ready_to_code_review", "ready_to_qa", "completed"];
pub const SENT_BACK: &str = "changes_requested";

pub struct Task {
    pub points: f64,
    pub is_known: bool,
    pub created: f64,
    /// Hours and new statuses.
    pub events: Vec<(f64, &'static str)>,
}

impl Task {
    pub fn completed(&self) -> f64 {
        self.events.last().map_or(0.0, |event| event.0)
    }
}

pub fn simulate(kind: &Kind, count: usize, random: &mut Random) -> Vec<Task> {
    let tasks: Vec<Task> = (0..count)
        .map(|_| Task {
            points: story_points(random),
            is_known: random.happens(kind.known),
            created: 0.0,
            events: Vec::new(),
        })
        .collect();
    let mut tasks = match kind.workers {
        Workers::Agents(agents) => by_agents(kind, agents, tasks, random),
        Workers::Lanes(workers) => Lanes::new(kind, workers, tasks, random).run(random),
    };
    if let Some((from, hours)) = kind.office {
        let wall = |work: f64| from + 24.0 * (work / hours).floor() + work % hours;
        tasks.iter_mut().flat_map(|task| &mut task.events).for_each(|event| event.0 = wall(event.0));
    }
    tasks
}

fn story_points(random: &mut Random) -> f64 {
    let mut share = random.uniform();
    for (points, weight) in [(1.0, 0.2), (2.0, 0.25), (3.0, 0.3), (5.0, 0.15)] {
        if share < weight {
            return points;
        }
        share -= weight;
    }
    8.0
}

/// The speeds of workers, repeated.
const SPEEDS: [f64; 5] = [0.5, 1.0, 1.8, 0.7, 1.4];

fn duration(kind: &Kind, lane: usize, points: f64, worker: usize, is_late: bool, random: &mut Random) -> f64 {
    let size = if kind.points_matter { points } else { 3.0 };
    // Its mean is 1, whatever the spread.
    let chance = (kind.spread * random.normal() - kind.spread * kind.spread / 2.0).exp();
    let speed = if kind.unequal { SPEEDS[worker % SPEEDS.len()] } else { 1.0 };
    let stuck = if random.happens(kind.stuck) { 8.0 } else { 1.0 };
    kind.hours[lane] * size * chance * speed * stuck * if is_late { kind.pace } else { 1.0 }
}

fn by_agents(kind: &Kind, agents: usize, mut tasks: Vec<Task>, random: &mut Random) -> Vec<Task> {
    let count = tasks.len();
    let mut free: BinaryHeap<Reverse<(Hour, usize)>> =
        (0..agents).map(|agent| Reverse((Hour(0.0), agent))).collect();
    for (number, task) in tasks.iter_mut().enumerate() {
        let Some(Reverse((Hour(mut clock), agent))) = free.pop() else { break };
        let mut lane = 0;
        task.events.push((clock, STATUSES[0]));
        while lane < 3 {
            clock += duration(kind, lane, task.points, agent, number * 2 > count, random);
            if lane > 0 && random.happens(kind.sent_back[lane - 1]) {
                task.events.extend([(clock, SENT_BACK), (clock, STATUSES[0])]);
                lane = 0;
            } else {
                lane += 1;
                task.events.push((clock, STATUSES[lane]));
            }
        }
        free.push(Reverse((Hour(clock + random.exponential(0.2)), agent)));
    }
    tasks
}

/// What happens at an hour.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// A worker is done with a task.
    Done { lane: usize, task: usize, worker: usize },
    /// Tasks are created.
    Created { tasks: usize },
    /// The implementation has so many workers from now on.
    Workers { count: usize },
}

struct Lanes<'a> {
    kind: &'a Kind,
    tasks: Vec<Task>,
    created: usize,
    queues: [Vec<usize>; 3],
    limits: [usize; 3],
    free: [Vec<usize>; 3],
    busy: [usize; 3],
    started: usize,
    agenda: BinaryHeap<Reverse<(Hour, usize, Happening)>>,
    order: usize,
}

impl<'a> Lanes<'a> {
    fn new(kind: &'a Kind, workers: [usize; 3], tasks: Vec<Task>, random: &mut Random) -> Self {
        let mut lanes = Self {
            kind,
            created: 0,
            queues: Default::default(),
            limits: workers,
            free: workers.map(|count| (0..count.max(5)).rev().collect()),
            busy: [0; 3],
            started: 0,
            agenda: BinaryHeap::new(),
            order: 0,
            tasks,
        };
        let (mut clock, mut left) = (0.0, lanes.tasks.len());
        while left > 0 {
            let tasks = if kind.bursts { (5 + random.below(25)).min(left) } else { left };
            lanes.plan(clock, Happening::Created { tasks });
            clock += 1.1 * tasks as f64 * random.exponential(1.0);
            left -= tasks;
        }
        if kind.come_and_go {
            let mut clock = 0.0;
            for _ in 0..60 {
                clock += random.exponential(20.0);
                lanes.plan(clock, Happening::Workers { count: 1 + random.below(5) });
            }
        }
        lanes
    }

    fn plan(&mut self, at: f64, happening: Happening) {
        self.order += 1;
        self.agenda.push(Reverse((Hour(at), self.order, happening)));
    }

    fn run(mut self, random: &mut Random) -> Vec<Task> {
        while let Some(Reverse((Hour(clock), _, happening))) = self.agenda.pop() {
            match happening {
                Happening::Created { tasks } => {
                    for task in self.created..self.created + tasks {
                        self.tasks[task].created = clock;
                        self.queues[0].push(task);
                    }
                    self.created += tasks;
                }
                Happening::Workers { count } => self.limits[0] = count,
                Happening::Done { lane, task, worker } => self.leave(clock, lane, task, worker, random),
            }
            self.fill(clock, random);
        }
        self.tasks
    }

    fn leave(&mut self, clock: f64, lane: usize, task: usize, worker: usize, random: &mut Random) {
        self.busy[lane] -= 1;
        let place = random.below(self.free[lane].len() + 1);
        self.free[lane].insert(place, worker);
        if lane > 0 && random.happens(self.kind.sent_back[lane - 1]) {
            self.tasks[task].events.push((clock, SENT_BACK));
            self.queues[0].insert(0, task);
        } else {
            self.tasks[task].events.push((clock, STATUSES[lane + 1]));
            if lane < 2 {
                self.queues[lane + 1].push(task);
            }
        }
    }

    fn fill(&mut self, clock: f64, random: &mut Random) {
        for lane in 0..3 {
            while self.busy[lane] < self.limits[lane] && !self.queues[lane].is_empty() {
                let place = if lane == 0 { 0 } else { self.next(lane, random) };
                let task = self.queues[lane].remove(place);
                let Some(worker) = self.free[lane].pop() else { break };
                self.busy[lane] += 1;
                if lane == 0 {
                    self.tasks[task].events.push((clock, STATUSES[0]));
                    self.started += 1;
                }
                let is_late = self.started * 2 > self.tasks.len();
                let hours = duration(self.kind, lane, self.tasks[task].points, worker, is_late, random);
                self.plan(clock + hours, Happening::Done { lane, task, worker });
            }
        }
    }

    fn next(&self, lane: usize, random: &mut Random) -> usize {
        let queue = &self.queues[lane];
        let points = |place: &usize| self.tasks[queue[*place]].points;
        match self.kind.order {
            Order::OldestFirst => 0,
            Order::NewestFirst => queue.len() - 1,
            Order::Random => random.below(queue.len()),
            Order::SmallestFirst => {
                (0..queue.len()).min_by(|a, b| points(a).total_cmp(&points(b))).unwrap_or(0)
            }
        }
    }
}

/// An hour, which is never NaN.
#[derive(PartialEq)]
struct Hour(f64);

impl Eq for Hour {}

impl PartialOrd for Hour {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hour {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
