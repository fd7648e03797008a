//! How far visits are from their expected duration: errors of the logarithm of their hours, in standard deviations.

use super::normal;
use super::random::Random;
use super::survival::{Stay, Survival};

/// From this many observed errors on, draws from them outweigh the normal distribution.
const NORMAL_WEIGHT: f64 = 10.0;

/// More visits than this give no better picture of their distribution.
const MOST: usize = 300;

/// Errors above this are far. Of normal errors, 0.6 % are.
const FAR: f64 = 2.5;

/// Above this share of far errors, twice that of normal ones, durations have a heavy tail.
const HEAVY: f64 = 0.0125;

/// Fewer far errors are no evidence, since of few normal errors one is often far.
const FEWEST: usize = 3;

/// The prior of a share: Jeffreys, "An invariant form for the prior probability in estimation problems", 1946.
const PRIOR: f64 = 0.5;

/// The distribution of the errors of some visits, as equally likely ones, ascending, with a mean of 0. The errors of
/// visits that have not ended are lower bounds, so the values are quantiles by Kaplan and Meier; above the highest bound,
/// where these are not defined, those of the normal distribution. Empty if no visit has ended.
pub(super) fn observed(errors: Vec<Stay>) -> Vec<f64> {
    if errors.iter().all(|error| !error.is_over) {
        return Vec::new();
    }
    let count = errors.len().min(MOST);
    let highest = errors.iter().map(|error| error.hours).fold(f64::NEG_INFINITY, f64::max);
    let survival = Survival::new(errors);
    let (left, above) = (survival.left(), 1.0 - normal::share_below(highest));
    let value = |index: usize| {
        let share = (index as f64 + 0.5) / count as f64;
        let beyond = || normal::quantile((1.0 - above * (1.0 - share) / left).clamp(1e-9, 1.0 - 1e-9));
        survival.quantile(share).unwrap_or_else(|| beyond().max(highest))
    };
    let mut found: Vec<f64> = (0..count).map(value).collect();
    let mean = found.iter().sum::<f64>() / count as f64;
    found.iter_mut().for_each(|error| *error -= mean);
    found
}

/// The far errors of all lanes together, ascending, if there are so many that the tail is heavy; else none.
pub(super) fn far<'e>(lanes: impl Iterator<Item = &'e [f64]>) -> Vec<f64> {
    let mut count = 0;
    let mut found = Vec::new();
    for errors in lanes {
        count += errors.len();
        found.extend_from_slice(above(errors, FAR));
    }
    if found.len() < FEWEST || found.len() as f64 <= HEAVY * count as f64 {
        return Vec::new();
    }
    found.sort_by(f64::total_cmp);
    found
}

fn above(ascending: &[f64], least: f64) -> &[f64] {
    &ascending[ascending.partition_point(|error| *error <= least)..]
}

/// What the errors of a lane are drawn from in one trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errors<'a> {
    observed: &'a [f64],
    /// The far errors of all lanes, and the share of visits with one of them; 0 without a heavy tail.
    far: &'a [f64],
    far_share: f64,
}

impl<'a> Errors<'a> {
    /// With a heavy tail, the share of far errors is drawn from its posterior, given how many there were in this lane. How
    /// far they are is known better from all lanes.
    pub(super) fn new(observed: &'a [f64], far: &'a [f64], random: &mut Random) -> Self {
        if far.is_empty() {
            return Self { observed, far, far_share: 0.0 };
        }
        let seen = above(observed, FAR).len();
        let near = observed.len() - seen;
        let far_share = random.beta(PRIOR + seen as f64, PRIOR + near as f64);
        Self { observed: &observed[..near], far, far_share }
    }

    pub(super) fn draw(&self, random: &mut Random) -> f64 {
        if self.far_share > 0.0 && random.uniform() < self.far_share {
            return self.far[random.below(self.far.len())];
        }
        let count = self.observed.len() as f64;
        if count > 0.0 && random.uniform() * (count + NORMAL_WEIGHT) < count {
            self.observed[random.below(self.observed.len())]
        } else {
            random.normal()
        }
    }

    /// An error above `least`.
    pub(super) fn draw_above(&self, least: f64, random: &mut Random) -> f64 {
        let (near, far) = (above(self.observed, least), above(self.far, least));
        let below = normal::share_below(least);
        let (observed, assumed) = (near.len() as f64, NORMAL_WEIGHT * (1.0 - below));
        if self.far_share > 0.0 && !far.is_empty() {
            let near_share = (observed + assumed) / (self.observed.len() as f64 + NORMAL_WEIGHT);
            let far_weight = self.far_share * far.len() as f64 / self.far.len() as f64;
            let near_weight = (1.0 - self.far_share) * near_share;
            if random.uniform() * (near_weight + far_weight) < far_weight {
                return far[random.below(far.len())];
            }
        }
        if random.uniform() * (observed + assumed) < observed {
            near[random.below(near.len())]
        } else {
            normal::quantile((below + (1.0 - below) * random.uniform()).min(1.0 - 1e-12))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(over: &[f64], open: &[f64]) -> Vec<Stay> {
        let of = |errors: &[f64], is_over| {
            errors.iter().map(move |error| Stay { hours: *error, is_over }).collect::<Vec<_>>()
        };
        [of(over, true), of(open, false)].concat()
    }

    #[test]
    fn without_open_visits_they_are_the_errors_themselves() {
        assert_eq!(observed(stays(&[1.0, -2.0, 0.5, 0.5], &[])), [-2.0, 0.5, 0.5, 1.0]);
        assert_eq!(observed(stays(&[3.0, 5.0], &[])), [-1.0, 1.0], "with a mean of 0");
        assert!(observed(stays(&[], &[1.0])).is_empty());
    }

    #[test]
    fn an_open_visit_counts_as_longer_than_its_duration_so_far() {
        // Of 4 visits one has ended at -1, and one of two at 1, of which the other was longer than 0: by Kaplan and Meier,
        // the three quarters above -1 end at 1 or 2 in equal parts.
        let found = observed(stays(&[-1.0, 1.0, 2.0], &[0.0]));
        let steps: Vec<f64> = found.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(steps, [2.0, 0.0, 1.0]);
        assert!(found.iter().sum::<f64>().abs() < 1e-12);
    }

    #[test]
    fn above_the_longest_open_visit_the_distribution_is_normal() {
        let found = observed(stays(&[0.0, 0.0, 0.0], &[1.0]));
        // The median of a normal variable above 1, when 15.87 % are above it.
        let beyond = normal::quantile(1.0 - 0.158_655_253_931_457_05 / 2.0);
        assert!((found[3] - found[0] - beyond).abs() < 1e-9, "{found:?}");
        let many = observed(stays(&[0.0], &[9.0; 5000]));
        assert!(many.len() == MOST && many.iter().all(|error| error.is_finite()), "{many:?}");
    }

    /// 97 near errors, and these.
    fn lane(far: &[f64]) -> Vec<f64> {
        let mut errors: Vec<f64> = (0..97).map(|index| f64::from(index) / 48.0 - 1.0).collect();
        errors.extend(far);
        errors
    }

    #[test]
    fn a_tail_is_heavy_if_more_errors_are_far_than_by_chance() {
        let of = |lanes: &[Vec<f64>]| far(lanes.iter().map(Vec::as_slice));
        assert_eq!(of(&[lane(&[3.0]), lane(&[2.6]), lane(&[9.0]), lane(&[])]), Vec::<f64>::new(), "3 of 391");
        assert_eq!(of(&[vec![3.0, 3.0]]), Vec::<f64>::new(), "two may be chance");
        assert_eq!(of(&[lane(&[3.0, 4.0]), lane(&[2.6, 5.0])]), [2.6, 3.0, 4.0, 5.0]);
        assert_eq!(of(&[]), Vec::<f64>::new());
    }

    #[test]
    fn far_errors_are_drawn_from_all_lanes_as_often_as_the_lane_has_some() {
        let (own, others) = (lane(&[3.0, 4.0, 5.0]), [3.0, 4.0, 5.0, 6.0]);
        let mut random = Random::new(3, 0);
        let (mut seen, mut furthest) = (0, 0);
        for _ in 0..20_000 {
            let errors = Errors::new(&own, &others, &mut random);
            let error = errors.draw(&mut random);
            seen += u32::from(error > FAR);
            furthest += u32::from(error == 6.0);
        }
        // (0.5 + 3) / (1 + 100), and some of the normal distribution.
        assert!((0.031..0.039).contains(&(f64::from(seen) / 20_000.0)), "{seen}");
        assert!((0.006..0.012).contains(&(f64::from(furthest) / 20_000.0)), "{furthest}");
    }

    #[test]
    fn an_error_above_a_bound_is_above_it() {
        let own = lane(&[3.0, 4.0]);
        let mut random = Random::new(4, 0);
        for far in [&[][..], &[3.0, 4.0, 5.0]] {
            for least in [-9.0, 0.5, 2.0, 3.5, 4.5, 6.0] {
                let errors = Errors::new(&own, far, &mut random);
                let drawn: Vec<f64> = (0..200).map(|_| errors.draw_above(least, &mut random)).collect();
                assert!(drawn.iter().all(|error| *error > least && error.is_finite()), "{least}: {drawn:?}");
            }
        }
    }
}
