//! The number of tasks that are worked on in a lane at once.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::pipeline::Visit;

/// When work on each visit begins, if there are `workers` workers with one task each, who are never idle while tasks
/// wait. In any order of service, the k-th start is the later of the k-th arrival and the departure that is `workers`
/// before it (Kiefer and Wolfowitz, "On the theory of queues with many servers", 1955, use the same recursion
/// forwards). Which visit it belongs to depends on the order, which is not recorded: of the waiting visits, the one
/// that leaves first is assumed. The mean of all work is right in any order, since it is the sum of departures minus
/// that of starts.
///
/// `arrivals` are ascending. Departures of visits that have not ended are infinite, and so is the start of a visit that
/// is still waiting.
pub(super) fn starts(arrivals: &[f64], departures: &[f64], workers: usize) -> Vec<f64> {
    let mut left = departures.to_vec();
    left.sort_by(f64::total_cmp);
    let begin = |(index, arrived): (usize, &f64)| {
        if index < workers { *arrived } else { arrived.max(left[index - workers]) }
    };
    let moments = arrivals.iter().enumerate().map(begin);
    let mut starts = vec![f64::INFINITY; arrivals.len()];
    let mut waiting = BinaryHeap::new();
    let mut arrived = 0;
    for moment in moments.take_while(|moment| moment.is_finite()) {
        while arrived < arrivals.len() && arrivals[arrived] <= moment {
            waiting.push(Reverse(Waiting { leaves: departures[arrived], visit: arrived }));
            arrived += 1;
        }
        let Some(Reverse(next)) = waiting.pop() else { break };
        starts[next.visit] = moment;
    }
    starts
}

/// A waiting visit. The heap returns the one that leaves first; of several, the oldest.
#[derive(Debug, PartialEq)]
struct Waiting {
    leaves: f64,
    visit: usize,
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.leaves.total_cmp(&other.leaves).then(self.visit.cmp(&other.visit))
    }
}

/// The hours during which each number of tasks was at work, between two times, from the changes of that number in order
/// of time. The last element is for all higher numbers.
pub(super) fn concurrency(changes: &[(f64, i32)], from: f64, until: f64) -> Vec<f64> {
    const MOST: usize = 200;
    let mut hours = vec![0.0; MOST + 1];
    let (mut at_once, mut last) = (0_i32, from);
    let mut spend = |at_once: i32, last: &mut f64, at: f64| {
        if at > *last {
            hours[usize::try_from(at_once).unwrap_or(0).min(MOST)] += at - *last;
            *last = at;
        }
    };
    for (at, change) in changes {
        spend(at_once, &mut last, at.min(until));
        at_once += change;
    }
    spend(at_once, &mut last, until);
    hours
}

/// The number that is not exceeded for this share of the time.
pub(super) fn level(hours: &[f64], share: f64) -> usize {
    let total: f64 = hours.iter().sum();
    let mut passed = 0.0;
    hours
        .iter()
        .position(|hours| {
            passed += hours;
            passed >= share * total
        })
        .unwrap_or(0)
}

/// When these visits began and ended, as changes of the number of tasks at work.
pub(super) fn changes<'v>(visits: impl Iterator<Item = &'v Visit>) -> Vec<(f64, i32)> {
    let mut found: Vec<(f64, i32)> = Vec::new();
    for visit in visits {
        found.push((visit.entered, 1));
        found.extend(visit.left.map(|left| (left, -1)));
    }
    // At the same time, departures precede arrivals.
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found
}
