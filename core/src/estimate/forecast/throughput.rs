//! The throughput bootstrap: the remaining tasks are completed at the rate of the newest completions.
//!
//! Gaps between completions are drawn together with the story points of the task that ends them. Each trial resamples
//! the history first, so that the rate reflects the uncertainty of a small sample (Efron, "Bootstrap methods: another
//! look at the jackknife", 1979).

use super::random::Random;

/// How many of the newest gaps are used.
const WINDOW: usize = 50;

/// Hours until everything is completed, for each trial. `done` has times and story points of completed tasks, oldest
/// first; `left` is the sum of the remaining story points, in `tasks` tasks. None if there are fewer than two
/// completions, or if all have the same time.
pub(super) fn trials(
    done: &[(f64, f64)],
    tasks: usize,
    left: f64,
    count: usize,
    seed: u64,
) -> Option<Vec<f64>> {
    let gaps: Vec<(f64, f64)> = done.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[1].1)).collect();
    let gaps = &gaps[gaps.len().saturating_sub(WINDOW)..];
    if tasks == 0 {
        return Some(vec![0.0; count]);
    }
    if gaps.iter().all(|gap| gap.0 <= 0.0) {
        return None;
    }
    // Beyond this many draws, the mean of the pool is as accurate.
    const MOST_DRAWS: usize = 2_000;
    let draws = tasks.min(MOST_DRAWS);
    let mut pool = gaps.to_vec();
    let trial = |number: usize| {
        let mut random = Random::new(seed, number as u64 | 1 << 63);
        pool.fill_with(|| gaps[random.below(gaps.len())]);
        let (mut hours, mut points) = (0.0, 0.0);
        for _ in 0..draws {
            let gap = pool[random.below(pool.len())];
            hours += gap.0;
            points += gap.1;
        }
        hours * left / points
    };
    Some((0..count).map(trial).collect())
}
