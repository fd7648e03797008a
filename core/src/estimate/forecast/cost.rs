//! The cost of the open tasks, predicted from completed tasks of similar size, including all their passes.

use super::quantiles::sorted;
use super::random::Random;

/// The cost of a task so far. Costs are drawn from completed tasks, for open ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Spent {
    pub(in crate::estimate) points: f64,
    pub(in crate::estimate) cost: f64,
}

/// The minimum number of completed tasks with a known cost.
pub(in crate::estimate) const FEWEST_COSTS: usize = 5;
/// How many of the newest completed tasks are used.
const WINDOW: usize = 200;
/// The minimum number of completed tasks that a cost is drawn from: those with equal points, then the nearest.
const ALIKE: usize = 8;
/// The maximum number of draws. Beyond it, several tasks of similar size share one draw.
const MOST_DRAWS: usize = 2_000_000;

/// The cost until everything is completed, one value per trial, ascending. `completed` is in the order of completion.
/// Each trial resamples the completed tasks, so that the result reflects the uncertainty of a small sample. The cost of
/// an open task so far is subtracted from what is drawn for it. None if too few costs are known.
pub(in crate::estimate) fn trials(
    completed: &[Spent],
    open: &[Spent],
    count: usize,
    seed: u64,
) -> Option<Vec<f64>> {
    if completed.len() < FEWEST_COSTS {
        return None;
    }
    let newest = &completed[completed.len().saturating_sub(WINDOW)..];
    let group = (open.len().saturating_mul(count)).div_ceil(MOST_DRAWS).max(1);
    let mut open = open.to_vec();
    open.sort_by(|a, b| a.points.total_cmp(&b.points));
    let trial = |number: usize| {
        let mut random = Random::new(seed, number as u64 | 1 << 62);
        let mut pool: Vec<Spent> = (0..newest.len()).map(|_| newest[random.below(newest.len())]).collect();
        pool.sort_by(|a, b| a.points.total_cmp(&b.points).then(a.cost.total_cmp(&b.cost)));
        let mut total = 0.0;
        for group in open.chunks(group) {
            let (first, end) = alike(&pool, group[0].points);
            let drawn = pool[first + random.below(end - first)].cost;
            total += group.iter().map(|task| (drawn - task.cost).max(0.0)).sum::<f64>();
        }
        total
    };
    Some(sorted((0..count).map(trial).collect()))
}

/// The range of an ascending pool with a similar size: all tasks with equal points, and the nearest ones if these are
/// too few.
fn alike(pool: &[Spent], points: f64) -> (usize, usize) {
    let mut first = pool.partition_point(|task| task.points < points);
    let mut end = pool.partition_point(|task| task.points <= points);
    while end - first < ALIKE.min(pool.len()) {
        let below = first.checked_sub(1).map(|place| points / pool[place].points);
        let above = pool.get(end).map(|task| task.points / points);
        match (below, above) {
            (Some(below), Some(above)) if below <= above => first -= 1,
            (Some(_), None) => first -= 1,
            _ => end += 1,
        }
    }
    (first, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(points: f64, cost: f64) -> Spent {
        Spent { points, cost }
    }

    #[test]
    fn costs_are_drawn_from_completed_tasks_of_similar_size() {
        let completed: Vec<Spent> =
            (0..40).map(|n| if n % 2 == 0 { spent(1.0, 1.0) } else { spent(8.0, 20.0) }).collect();
        let small = trials(&completed, &[spent(1.0, 0.0); 10], 200, 1).unwrap();
        assert!(small.iter().all(|cost| *cost >= 10.0) && small[100] == 10.0, "{small:?}");
        let large = trials(&completed, &[spent(8.0, 0.0); 10], 200, 1).unwrap();
        assert_eq!(large[100], 200.0);
        let begun = trials(&completed, &[spent(8.0, 15.0); 10], 200, 1).unwrap();
        assert_eq!(begun[100], 50.0, "what was spent already is not spent again");
    }

    #[test]
    fn too_few_costs_give_no_result_and_no_task_costs_nothing() {
        assert_eq!(trials(&[spent(1.0, 1.0); 4], &[spent(1.0, 0.0)], 10, 1), None);
        assert_eq!(trials(&[spent(1.0, 1.0); 5], &[], 3, 1), Some(vec![0.0; 3]));
    }

    #[test]
    fn work_is_bounded() {
        let open = vec![spent(2.0, 0.0); 100_000];
        let found = trials(&[spent(2.0, 3.0); 20], &open, 1000, 1).unwrap();
        assert!((found[500] - 300_000.0).abs() < 1e-6);
    }
}
