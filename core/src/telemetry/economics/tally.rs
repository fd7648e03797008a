//! Sums by group, and by group and task. Memory grows with the number of groups and their tasks, not with that of
//! calls.

use std::collections::HashMap;

use super::facts::{Facts, Outcome, TaskFacts};
use super::{EconomicsDimension, EconomicsRow, Spend, Spread};
use crate::number::{ExactSum, exact_sum};
use crate::telemetry::summary::{Costs, TokenSum};

/// The values of a group by dimension, as numbers of names; 0 means absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Key([u32; 6]);

impl Key {
    pub(super) fn set(&mut self, dimension: EconomicsDimension, number: u32) {
        self.0[dimension as usize] = number;
    }

    pub(super) fn get(&self, dimension: EconomicsDimension) -> u32 {
        self.0[dimension as usize]
    }
}

/// The sums of one group.
#[derive(Debug, Default)]
struct Tally {
    calls: u64,
    cost_known_calls: u64,
    costs: Costs,
    tokens: TokenSum,
    rework: ExactSum,
    abandoned: ExactSum,
    without_task: ExactSum,
    calls_without_task: u64,
}

/// The spend of a group on one task.
#[derive(Debug, Default)]
struct TaskSpend {
    cost: ExactSum,
    is_cost_known: bool,
    tokens: TokenSum,
}

/// The sums of all groups, and of all calls.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    places: HashMap<Key, u32>,
    groups: Vec<(Key, Tally)>,
    tasks: HashMap<(u32, u32), TaskSpend>,
    all: Tally,
}

impl Tallies {
    /// Adds a call of the group, on the task with this index among the facts.
    pub(super) fn add(
        &mut self,
        key: Key,
        place: Option<usize>,
        task: Option<&TaskFacts>,
        spend: &Spend<'_>,
    ) {
        let group = *self.places.entry(key).or_insert_with(|| {
            self.groups.push((key, Tally::default()));
            (self.groups.len() - 1) as u32
        });
        self.groups[group as usize].1.add(task, spend);
        self.all.add(task, spend);
        if let Some(place) = place {
            let own = self.tasks.entry((group, place as u32)).or_default();
            own.tokens.add(Some(spend.tokens));
            if let Some(cost) = spend.cost {
                own.is_cost_known = true;
                own.cost.add(cost);
            }
        }
    }

    /// The rows of the groups, without the values of their dimensions, and the row of all calls.
    pub(super) fn rows(self, facts: &Facts<'_>) -> (Vec<(Key, EconomicsRow)>, EconomicsRow) {
        let mut of_groups: Vec<Vec<(u32, TaskSpend)>> = self.groups.iter().map(|_| Vec::new()).collect();
        let mut of_all: HashMap<u32, TaskSpend> = HashMap::new();
        for ((group, task), spend) in self.tasks {
            let all = of_all.entry(task).or_default();
            all.cost = ExactSum::of_all([&all.cost, &spend.cost]);
            all.is_cost_known |= spend.is_cost_known;
            all.tokens.add_sum(spend.tokens);
            of_groups[group as usize].push((task, spend));
        }
        let row = |tally: Tally, spent: Vec<(u32, TaskSpend)>| tally.row(&spent, facts);
        let total = row(self.all, of_all.into_iter().collect());
        let groups = self.groups.into_iter().zip(of_groups);
        (groups.map(|((key, tally), spent)| (key, row(tally, spent))).collect(), total)
    }
}

impl Tally {
    fn add(&mut self, task: Option<&TaskFacts>, spend: &Spend<'_>) {
        self.calls += 1;
        self.calls_without_task += u64::from(task.is_none());
        self.tokens.add(Some(spend.tokens));
        let Some(cost) = spend.cost else { return };
        self.cost_known_calls += 1;
        self.costs.add(spend.currency, cost);
        let Some(task) = task else { return self.without_task.add(cost) };
        if task.first_sent_back.zip(spend.at).is_some_and(|(sent_back, at)| at > sent_back) {
            self.rework.add(cost);
        }
        if task.outcome == Outcome::Abandoned {
            self.abandoned.add(cost);
        }
    }

    fn row(self, spent: &[(u32, TaskSpend)], facts: &Facts<'_>) -> EconomicsRow {
        let cost = self.costs.total();
        let known = |sum: &ExactSum| cost.map(|_| sum.value());
        let of = |task: &u32| &facts.tasks[*task as usize];
        let count = |is: fn(&TaskFacts) -> bool| spent.iter().filter(|(task, _)| is(of(task))).count() as u64;
        let completed: Vec<(&TaskFacts, &TaskSpend)> = spent
            .iter()
            .map(|(task, spend)| (of(task), spend))
            .filter(|(task, _)| task.outcome == Outcome::Completed)
            .collect();
        let points = |task: &TaskFacts| task.story_points.filter(|points| *points > 0.0);
        let costed = || completed.iter().filter(|(_, spend)| cost.is_some() && spend.is_cost_known);
        let spread = |tasks: Vec<(f64, f64)>| Spread::of(&tasks);
        let tokens = |spend: &TaskSpend| spend.tokens.value() as f64;
        let tasks = spent.len() as u64;
        let sent_back_tasks = count(|task| task.first_sent_back.is_some());
        EconomicsRow {
            calls: self.calls,
            cost_known_calls: self.cost_known_calls,
            cost,
            currency: self.costs.currency(),
            tokens: self.tokens.value(),
            tasks,
            completed_tasks: completed.len() as u64,
            completed_story_points: exact_sum(completed.iter().filter_map(|(task, _)| task.story_points)),
            cost_per_story_point: spread(
                costed().filter_map(|(task, spend)| Some((spend.cost.value(), points(task)?))).collect(),
            ),
            cost_per_task: spread(costed().map(|(_, spend)| (spend.cost.value(), 1.0)).collect()),
            tokens_per_story_point: spread(
                completed.iter().filter_map(|(task, spend)| Some((tokens(spend), points(task)?))).collect(),
            ),
            tokens_per_task: spread(completed.iter().map(|(_, spend)| (tokens(spend), 1.0)).collect()),
            sent_back_tasks,
            sent_back_share: (tasks > 0).then(|| sent_back_tasks as f64 / tasks as f64),
            rework_cost: known(&self.rework),
            abandoned_tasks: count(|task| task.outcome == Outcome::Abandoned),
            abandoned_cost: known(&self.abandoned),
            calls_without_task: self.calls_without_task,
            cost_without_task: known(&self.without_task),
            ..EconomicsRow::default()
        }
    }
}
