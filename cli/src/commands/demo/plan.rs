//! The schedule: which agent works on which task, and when.

use mcoda_core::{Task, Timestamp};

const MINUTE: i64 = 60_000;

/// How long ago the first agent began.
const BEGAN: i64 = 26 * 60 * MINUTE;

/// An agent and what its calls cost.
pub struct Agent {
    pub id: &'static str,
    pub model: &'static str,
    pub provider: &'static str,
    /// US dollars for a million fresh input tokens, cached input tokens and output tokens.
    pub prices: [f64; 3],
}

static CLAUDE: Agent =
    Agent { id: "claude", model: "claude-sonnet", provider: "anthropic", prices: [3.0, 0.3, 15.0] };
static CODEX: Agent =
    Agent { id: "codex", model: "gpt-codex", provider: "openai", prices: [1.25, 0.125, 10.0] };
static GEMINI: Agent =
    Agent { id: "gemini", model: "gemini-pro", provider: "google", prices: [2.0, 0.2, 12.0] };

/// A lane's command, the actions of one run of it, and how long a story point takes.
pub struct Lane {
    pub command: &'static str,
    pub actions: &'static [&'static str],
    minutes_per_point: i64,
}

pub static IMPLEMENT: Lane =
    Lane { command: "work-on-tasks", actions: &["plan", "edit", "test", "edit"], minutes_per_point: 40 };
static REVIEW: Lane = Lane { command: "code-review", actions: &["read", "comment"], minutes_per_point: 18 };
static TEST: Lane = Lane { command: "qa-tasks", actions: &["run", "judge"], minutes_per_point: 12 };

/// One agent's work on one task, in milliseconds since 1970, and where it leaves the task.
pub struct Visit<'t> {
    pub task: &'t Task,
    pub lane: &'static Lane,
    pub agent: &'static Agent,
    pub start: i64,
    pub end: i64,
    pub leads_to: &'static str,
    pub reason: Option<&'static str>,
}

/// The whole plan, past and future. The same tasks get the same plan.
pub fn plan(tasks: &[Task], now: Timestamp) -> Vec<Visit<'_>> {
    let began = now.millis() - BEGAN;
    let mut team = Team {
        implementers: [began, began + 20 * MINUTE],
        reviewer: began,
        tester: began,
        dice: 7,
        visits: Vec::new(),
    };
    for (number, task) in tasks.iter().enumerate() {
        team.work_on(number, task);
    }
    team.visits
}

/// The time at which each agent is free again.
struct Team<'t> {
    implementers: [i64; 2],
    reviewer: i64,
    tester: i64,
    dice: u64,
    visits: Vec<Visit<'t>>,
}

impl<'t> Team<'t> {
    fn work_on(&mut self, number: usize, task: &'t Task) {
        let who = usize::from(self.implementers[1] < self.implementers[0]);
        let agent = [&CLAUDE, &CODEX][who];
        let (leads_to, reason) = match number {
            8 => ("blocked", Some("waiting for the bank's test account")),
            9 => ("failed", Some("the payment sandbox does not respond")),
            _ => ("ready_to_code_review", None),
        };
        let start = self.implementers[who];
        let implemented = self.visit(task, &IMPLEMENT, agent, start, leads_to, reason);
        self.implementers[who] = implemented;
        if reason.is_some() {
            return;
        }
        let mut reviewed = self.review(task, implemented, number % 5 == 2);
        if number % 5 == 2 {
            let start = self.implementers[who].max(reviewed);
            let mended = self.visit(task, &IMPLEMENT, agent, start, "ready_to_code_review", None);
            self.implementers[who] = mended;
            reviewed = self.review(task, mended, false);
        }
        self.tester = self.visit(task, &TEST, &CLAUDE, self.tester.max(reviewed), "completed", None);
    }

    fn review(&mut self, task: &'t Task, from: i64, sends_back: bool) -> i64 {
        let (leads_to, reason) = if sends_back {
            ("changes_requested", Some("an edge case has no test"))
        } else {
            ("ready_to_qa", None)
        };
        self.reviewer = self.visit(task, &REVIEW, &GEMINI, self.reviewer.max(from), leads_to, reason);
        self.reviewer
    }

    /// Adds a visit and returns its end.
    fn visit(
        &mut self,
        task: &'t Task,
        lane: &'static Lane,
        agent: &'static Agent,
        start: i64,
        leads_to: &'static str,
        reason: Option<&'static str>,
    ) -> i64 {
        let points = task.story_points.unwrap_or(1.0) as i64;
        let end = start + points * lane.minutes_per_point * MINUTE * self.percent() / 100;
        self.visits.push(Visit { task, lane, agent, start, end, leads_to, reason });
        end
    }

    /// From 60 to 139: Knuth's linear congruential generator, so that every demo is the same.
    fn percent(&mut self) -> i64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        60 + (self.dice >> 33) as i64 % 80
    }
}
