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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gaps_go_on_in_proportion_to_the_points_left() {
        // Two points every three hours; the first completion ends no gap.
        let done: Vec<(f64, f64)> = [(0.0, 90.0), (3.0, 2.0), (6.0, 2.0), (9.0, 2.0)].to_vec();
        let found = trials(&done, 4, 10.0, 20, 1).unwrap();
        assert!(found.iter().all(|hours| (hours - 15.0).abs() < 1e-9), "{found:?}");
        assert_eq!(trials(&done, 4, 10.0, 20, 1).unwrap(), found);
        let many = trials(&done, 1_000_000, 1e6, 2, 1).unwrap();
        assert!(many.iter().all(|hours| (hours / 1.5e6 - 1.0).abs() < 1e-9), "{many:?}");
    }

    #[test]
    fn the_mean_is_that_of_the_newest_gaps() {
        // 60 gaps of an hour are forgotten but for the last 25 of them, and 25 of three hours follow.
        let mut done = vec![(0.0, 1.0)];
        for gap in [[1.0; 60].as_slice(), &[3.0; 25]].concat() {
            done.push((done[done.len() - 1].0 + gap, 1.0));
        }
        let found = trials(&done, 100, 100.0, 4_000, 7).unwrap();
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        assert!((mean / 200.0 - 1.0).abs() < 0.01, "{mean}");
        let spread =
            found.iter().map(|hours| (hours - mean) * (hours - mean)).sum::<f64>() / found.len() as f64;
        // Gaps vary by 1 h around 2: 100 draws, of a rate that 50 gaps give: 100² / 50 + 100 · (1 − 1/50).
        assert!((spread.sqrt() / 298_f64.sqrt() - 1.0).abs() < 0.05, "{}", spread.sqrt());
    }

    #[test]
    fn too_little_says_nothing() {
        assert_eq!(trials(&[], 1, 1.0, 3, 1), None);
        assert_eq!(trials(&[(5.0, 1.0)], 1, 1.0, 3, 1), None);
        assert_eq!(trials(&[(5.0, 1.0), (5.0, 1.0)], 1, 1.0, 3, 1), None, "all at one moment");
        assert_eq!(trials(&[], 0, 0.0, 2, 1), Some(vec![0.0, 0.0]), "nothing is left");
    }
}
