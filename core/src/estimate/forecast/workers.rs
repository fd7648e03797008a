//! How many work in a lane at once.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::pipeline::Visit;

/// When work on each visit begins where `workers` work on one each and are never idle beside a queue. In whatever order
/// visits are taken, the k-th start is then the later of the k-th arrival and of the departure that is `workers` before
/// it (Kiefer and Wolfowitz, "On the theory of queues with many servers", 1955, follow the same recursion forwards). Whose
/// start it is depends on the order, which nobody recorded: of those that wait, the one that leaves first is taken. The
/// mean of all work is right for any order, since it is the sum of departures less that of starts.
///
/// `arrivals` ascend; departures of visits that are not over are infinite, and so is the start of a visit that waits
/// still.
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

/// A visit that waits: the heap gives out the one that leaves first, of several the oldest.
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

/// The time-weighted share of moments at which each number of tasks was at work, from the changes of that number, in the
/// order of time, between two moments. The last place holds all higher numbers.
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

/// When visits of these kinds began and ended, as changes of the number of tasks at work.
pub(super) fn changes<'v>(visits: impl Iterator<Item = &'v Visit>) -> Vec<(f64, i32)> {
    let mut found: Vec<(f64, i32)> = Vec::new();
    for visit in visits {
        found.push((visit.entered, 1));
        found.extend(visit.left.map(|left| (left, -1)));
    }
    // Who leaves at a moment makes room for who comes.
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found
}
