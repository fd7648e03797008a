//! Quantiles of trials, and the combination of two forecasts.

/// The hours by which a share of the trials is completed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Quantiles {
    pub(in crate::estimate) p10: f64,
    pub(in crate::estimate) p50: f64,
    pub(in crate::estimate) p80: f64,
    pub(in crate::estimate) p85: f64,
    pub(in crate::estimate) p95: f64,
}

/// The shares, in the order of the fields.
pub(in crate::estimate) const LEVELS: [f64; 5] = [0.1, 0.5, 0.8, 0.85, 0.95];

impl Quantiles {
    /// None without trials.
    pub(in crate::estimate) fn of(ascending: &[f64]) -> Option<Self> {
        if ascending.is_empty() {
            return None;
        }
        let [p10, p50, p80, p85, p95] = LEVELS.map(|level| quantile(ascending, level));
        Some(Self { p10, p50, p80, p85, p95 })
    }

    pub(in crate::estimate) fn values(&self) -> [f64; 5] {
        [self.p10, self.p50, self.p80, self.p85, self.p95]
    }
}

/// The value below which this share of the values is. There is at least one value.
pub(in crate::estimate) fn quantile(ascending: &[f64], level: f64) -> f64 {
    ascending[((level * ascending.len() as f64) as usize).min(ascending.len() - 1)]
}

pub(super) fn sorted(mut hours: Vec<f64>) -> Vec<f64> {
    hours.sort_by(f64::total_cmp);
    hours
}

/// The weighted means of the logarithms of two forecasts' quantiles (Vincent averaging: Ratcliff, "Group reaction time
/// distributions and an analysis of distribution statistics", 1979). The weight of the first one is at least `share`,
/// and higher if it is the more precise one. Above the median, the result is relatively no narrower than the first one.
/// Both are ascending and of equal length.
pub(super) fn mixed(first: &[f64], second: &[f64], share: f64) -> Vec<f64> {
    let spread = |hours: &[f64]| {
        let (low, high) = (quantile(hours, 0.1), quantile(hours, 0.85));
        if low > 0.0 { libm::log(high / low) } else { f64::INFINITY }
    };
    let ratio = spread(first) / spread(second);
    let precise = 1.0 / (1.0 + ratio * ratio);
    let share = if precise.is_finite() { share.max(precise) } else { share };
    let mix = |(first, second): (&f64, &f64)| {
        if *first > 0.0 && *second > 0.0 {
            libm::exp(share * libm::log(*first) + (1.0 - share) * libm::log(*second))
        } else {
            share * first + (1.0 - share) * second
        }
    };
    let mut mixed: Vec<f64> = first.iter().zip(second).map(mix).collect();
    // A bootstrap of few gaps underestimates rare long visits, so above the median the spread is at least that of the
    // first.
    let middle = mixed.len() / 2;
    if let Some(widen) = first.get(middle).filter(|hours| **hours > 0.0).map(|hours| mixed[middle] / hours) {
        let upper = mixed.iter_mut().zip(first).skip(middle);
        upper.for_each(|(mixed, first)| *mixed = mixed.max(widen * first));
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_trials() {
        let hours: Vec<f64> = (1..=100).map(f64::from).collect();
        let found = Quantiles::of(&hours).unwrap();
        assert_eq!(found.values(), [11.0, 51.0, 81.0, 86.0, 96.0]);
        assert_eq!(Quantiles::of(&[3.0]).unwrap().values(), [3.0; 5]);
        assert_eq!(Quantiles::of(&[]), None);
    }

    #[test]
    fn a_mix_is_between_both_and_closer_to_the_more_precise_one() {
        let wide: Vec<f64> = (1..=100).map(f64::from).collect();
        let doubled: Vec<f64> = wide.iter().map(|hours| 2.0 * hours).collect();
        let mixed_equally = mixed(&wide, &doubled, 0.7);
        assert!((mixed_equally[49] / 50.0 - 2_f64.powf(0.3)).abs() < 1e-12);
        let sharp: Vec<f64> = wide.iter().map(|hours| 100.0 + hours / 10.0).collect();
        assert!((mixed(&sharp, &wide, 0.7)[49] - 105.0).abs() < 1.0);
        let widened = mixed(&wide, &sharp, 0.7);
        assert!(
            (widened[99] / widened[50] - wide[99] / wide[50]).abs() < 1e-9,
            "the first one's spread is kept"
        );
        assert_eq!(mixed(&[0.0, 0.0], &[0.0, 0.0], 0.7), [0.0, 0.0]);
        assert!(mixed(&[0.0, 1.0], &[0.0, 1.0], 0.7).iter().all(|hours| hours.is_finite()));
    }
}
