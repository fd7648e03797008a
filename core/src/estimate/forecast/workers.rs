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

#[cfg(test)]
mod tests {
    use super::super::pipeline::Outcome;
    use super::*;

    const OPEN: f64 = f64::INFINITY;

    #[test]
    fn work_begins_when_a_worker_is_idle() {
        // Three tasks arrive an hour apart; the visits last 2, 3 and 6 hours.
        let (arrivals, departures) = ([0.0, 1.0, 2.0], [2.0, 4.0, 8.0]);
        assert_eq!(starts(&arrivals, &departures, 1), [0.0, 2.0, 4.0]);
        assert_eq!(
            starts(&arrivals, &departures, 2),
            [0.0, 1.0, 2.0],
            "the first is done when the third arrives"
        );
        assert_eq!(starts(&arrivals, &[2.5, 4.0, 8.0], 2), [0.0, 1.0, 2.5]);
        assert_eq!(starts(&arrivals, &departures, 9), arrivals);
        // Nobody waits for the worker, so the worker waits for the tasks.
        assert_eq!(starts(&[0.0, 10.0], &[1.0, 12.0], 1), [0.0, 10.0]);
        assert_eq!(starts(&[], &[], 1), [] as [f64; 0]);
        assert_eq!(starts(&[3.0], &[3.0], 1), [3.0]);
    }

    #[test]
    fn of_the_waiting_tasks_the_one_that_leaves_first_was_begun_first() {
        // All arrive together, and one worker takes an hour for each; they are taken in the order 1, 2, 0.
        assert_eq!(starts(&[0.0; 3], &[3.0, 1.0, 2.0], 1), [2.0, 0.0, 1.0]);
        // Left together, the one that arrived first.
        assert_eq!(starts(&[0.0; 3], &[2.0, 2.0, 1.0], 1), [1.0, 2.0, 0.0]);
    }

    #[test]
    fn the_sum_of_work_is_the_same_in_any_order_of_service() {
        let arrivals = [0.0, 0.0, 1.0, 2.0, 4.0];
        // One worker for 2, 1, 3, 1 and 2 hours: oldest first, and newest first.
        let ends = [2.0, 3.0, 6.0, 7.0, 9.0];
        let newest_first = [2.0, 9.0, 6.0, 3.0, 8.0];
        let work = |departures: [f64; 5]| {
            let starts = starts(&arrivals, &departures, 1);
            departures.iter().zip(starts).map(|(end, start)| end - start).sum::<f64>()
        };
        assert_eq!((work(ends), work(newest_first)), (9.0, 9.0));
    }

    #[test]
    fn open_visits_have_begun_if_a_worker_was_idle() {
        // Two of three workers are busy for good, and the third is done at 4.
        let departures = [OPEN, 4.0, OPEN, OPEN, OPEN];
        assert_eq!(starts(&[0.0, 1.0, 2.0, 3.0, 5.0], &departures, 3), [0.0, 1.0, 2.0, 4.0, OPEN]);
        assert_eq!(starts(&[1.0; 3], &[OPEN; 3], 1), [1.0, OPEN, OPEN]);
    }

    #[test]
    fn hours_are_counted_by_the_number_of_tasks_at_work() {
        // One from 0, two from 2 to 3, none from 5 to 6, and three at the end.
        let changes = [(0.0, 1), (2.0, 1), (3.0, -1), (5.0, -1), (6.0, 3)];
        assert_eq!(concurrency(&changes, 0.0, 10.0)[..4], [1.0, 4.0, 1.0, 4.0]);
        assert_eq!(concurrency(&changes, 2.5, 5.5)[..4], [0.5, 2.0, 0.5, 0.0], "a window");
        assert_eq!(concurrency(&changes, 7.0, 7.0).iter().sum::<f64>(), 0.0);
        assert_eq!(concurrency(&changes, 9.0, 4.0).iter().sum::<f64>(), 0.0);
        assert_eq!(concurrency(&[], 0.0, 2.0)[0], 2.0);
        // More than are counted, and fewer than none.
        assert_eq!(concurrency(&[(0.0, 500)], 0.0, 2.0).last(), Some(&2.0));
        assert_eq!(concurrency(&[(0.0, -1)], 0.0, 2.0)[0], 2.0);
    }

    #[test]
    fn a_level_is_not_exceeded_for_its_share_of_the_time() {
        let hours = [1.0, 4.0, 3.0, 2.0];
        assert_eq!([0.1, 0.5, 0.51, 0.8, 0.81, 1.0].map(|share| level(&hours, share)), [0, 1, 2, 2, 3, 3]);
        assert_eq!((level(&[], 0.5), level(&[0.0; 3], 0.5)), (0, 0));
        assert_eq!(level(&[0.0, 0.0, 7.0], 0.5), 2);
    }

    #[test]
    fn tasks_leave_before_others_come_at_the_same_time() {
        let visit = |entered: f64, left: Option<f64>| Visit {
            task: 0,
            lane: 0,
            is_later_pass: false,
            entered,
            left,
            outcome: left.map_or(Outcome::Open, |_| Outcome::Forward),
        };
        let visits = [visit(1.0, None), visit(0.0, Some(1.0)), visit(1.0, Some(1.0))];
        assert_eq!(changes(visits.iter()), [(0.0, 1), (1.0, -1), (1.0, -1), (1.0, 1), (1.0, 1)]);
        assert_eq!(
            concurrency(&changes(visits.iter()), 0.0, 3.0)[..3],
            [0.0, 3.0, 0.0],
            "one worker throughout"
        );
        assert!(changes([].iter()).is_empty());
    }
}
