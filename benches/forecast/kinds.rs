//! The kinds of pipelines.

/// In which order review and QA take the tasks that wait.
#[derive(Clone, Copy, PartialEq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
    SmallestFirst,
    Random,
}

/// Who does the work.
#[derive(Clone, Copy)]
pub enum Workers {
    /// So many in each lane.
    Lanes([usize; 3]),
    /// So many agents that each take a task through all lanes.
    Agents(usize),
}

#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    /// Hours per story point in each lane.
    pub hours: [f64; 3],
    pub workers: Workers,
    /// The standard deviation of the logarithm of a duration.
    pub spread: f64,
    /// The chance that review, and that QA, sends a task back.
    pub sent_back: [f64; 2],
    pub points_matter: bool,
    /// The share of tasks whose story points are known.
    pub known: f64,
    pub order: Order,
    /// Work happens from this hour of the day, for so many hours.
    pub office: Option<(f64, f64)>,
    /// The share of visits that take eight times as long.
    pub stuck: f64,
    /// What durations are multiplied by from the middle on.
    pub pace: f64,
    /// Whether the workers of the implementation change at random between 1 and 5.
    pub come_and_go: bool,
    /// Whether workers are unequally fast.
    pub unequal: bool,
    /// Whether tasks come in bursts, and are not all there from the start.
    pub bursts: bool,
    /// The state is that after between so many completed tasks; if absent, that at 40 to 70 % of the pipeline's life.
    pub completed: Option<(usize, usize)>,
    /// Whether the past says what the future is like.
    pub is_steady: bool,
}

const BASE: Kind = Kind {
    name: "parallel lanes, 3/2/2 workers",
    hours: [1.0, 0.5, 0.4],
    workers: Workers::Lanes([3, 2, 2]),
    spread: 0.6,
    sent_back: [0.0, 0.0],
    points_matter: true,
    known: 1.0,
    order: Order::OldestFirst,
    office: None,
    stuck: 0.0,
    pace: 1.0,
    come_and_go: false,
    unequal: false,
    bursts: false,
    completed: None,
    is_steady: true,
};

const AGENT: Kind = Kind { hours: [1.0, 0.4, 0.3], workers: Workers::Agents(1), ..BASE };

pub const KINDS: &[Kind] = &[
    Kind { name: "one agent for all lanes", ..AGENT },
    BASE,
    Kind { name: "rework", workers: Workers::Lanes([3, 2, 1]), sent_back: [0.2, 0.0], ..BASE },
    Kind {
        name: "review is the bottleneck",
        hours: [0.6, 0.9, 0.3],
        workers: Workers::Lanes([4, 1, 1]),
        ..BASE
    },
    Kind { name: "story points that say nothing", points_matter: false, ..BASE },
    Kind { name: "40 % of the points missing", known: 0.6, ..BASE },
    Kind { name: "random order", order: Order::Random, ..BASE },
    Kind { name: "newest first", order: Order::NewestFirst, ..BASE },
    Kind { name: "smallest first", order: Order::SmallestFirst, ..BASE },
    Kind {
        name: "random order at the bottleneck",
        hours: [0.6, 0.9, 0.3],
        workers: Workers::Lanes([4, 2, 1]),
        order: Order::Random,
        ..BASE
    },
    Kind {
        name: "QA is the bottleneck and sends back",
        hours: [0.5, 0.3, 0.7],
        sent_back: [0.0, 0.1],
        ..BASE
    },
    Kind { name: "many workers, 8/5/4", workers: Workers::Lanes([8, 5, 4]), ..BASE },
    Kind { name: "little spread", spread: 0.25, ..BASE },
    Kind { name: "office hours, 9 to 17", office: Some((9.0, 8.0)), ..BASE },
    Kind { name: "4 % of visits stuck", stuck: 0.04, ..BASE },
    Kind { name: "unequal workers", unequal: true, ..BASE },
    Kind { name: "three agents for all lanes", workers: Workers::Agents(3), ..AGENT },
    Kind { name: "six agents for all lanes", workers: Workers::Agents(6), ..AGENT },
    Kind {
        name: "unequal agents for all lanes, rework",
        workers: Workers::Agents(3),
        unequal: true,
        sent_back: [0.1, 0.0],
        ..AGENT
    },
    Kind { name: "bursts of new tasks", bursts: true, ..BASE },
    Kind { name: "slower from the middle on", pace: 1.8, is_steady: false, ..BASE },
    Kind { name: "faster from the middle on", pace: 0.55, is_steady: false, ..BASE },
    Kind { name: "workers come and go", come_and_go: true, is_steady: false, ..BASE },
    Kind { name: "two to five completed tasks", completed: Some((2, 5)), ..BASE },
];
