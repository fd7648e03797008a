//! How long visits last, if some of them have not ended yet.

/// The duration of a visit, or its duration so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Stay {
    pub(in crate::estimate) hours: f64,
    pub(in crate::estimate) is_over: bool,
}

/// The share of visits that last longer than a number of hours, as a step function: the estimator of Kaplan and Meier,
/// "Nonparametric estimation from incomplete observations", 1958.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::estimate) struct Survival {
    /// Hours, ascending, with the share of visits that last longer.
    steps: Vec<(f64, f64)>,
}

impl Survival {
    pub(in crate::estimate) fn new(mut stays: Vec<Stay>) -> Self {
        // At the same hour, visits that end precede those that are censored.
        stays.sort_by(|a, b| a.hours.total_cmp(&b.hours).then(b.is_over.cmp(&a.is_over)));
        let mut steps = Vec::new();
        let (mut share, mut at_risk) = (1.0, stays.len());
        for same in stays.chunk_by(|a, b| a.hours == b.hours) {
            let ends = same.iter().filter(|stay| stay.is_over).count();
            if ends > 0 {
                share *= (at_risk - ends) as f64 / at_risk as f64;
                steps.push((same[0].hours, share));
            }
            at_risk -= same.len();
        }
        Self { steps }
    }

    /// The hours within which this share of the visits ends; None if not that many have ended yet.
    pub(in crate::estimate) fn quantile(&self, share: f64) -> Option<f64> {
        // The product of fractions may differ from a round share in its last digit.
        const LAST_DIGITS: f64 = 1e-12;
        let place = self.steps.partition_point(|(_, left)| *left > 1.0 - share + LAST_DIGITS);
        self.steps.get(place).map(|(hours, _)| *hours)
    }

    /// The share of visits that last longer than every visit that has ended.
    pub(in crate::estimate) fn left(&self) -> f64 {
        self.steps.last().map_or(1.0, |(_, left)| *left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(over: &[f64], open: &[f64]) -> Vec<Stay> {
        let of = |hours: &[f64], is_over| {
            hours.iter().map(move |hours| Stay { hours: *hours, is_over }).collect::<Vec<_>>()
        };
        [of(over, true), of(open, false)].concat()
    }

    #[test]
    fn without_open_visits_quantiles_are_those_of_the_sample() {
        let survival = Survival::new(stays(&[4.0, 1.0, 3.0, 2.0], &[]));
        assert_eq!(survival.steps, [(1.0, 0.75), (2.0, 0.5), (3.0, 0.25), (4.0, 0.0)]);
        assert_eq!(survival.quantile(0.5), Some(2.0));
        assert_eq!(survival.quantile(0.85), Some(4.0));
    }

    #[test]
    fn open_visits_raise_the_quantiles_above_them() {
        // By hand: at 1 h, 1 of 5 ends; at 3 h, 1 of 3 (one was censored at 2 h); at 4 h, 1 of 2.
        let survival = Survival::new(stays(&[1.0, 3.0, 4.0], &[2.0, 9.0]));
        let expected = [(1.0, 0.8), (3.0, 0.8 * 2.0 / 3.0), (4.0, 0.8 / 3.0)];
        for ((hours, share), (expected_hours, expected_share)) in survival.steps.iter().zip(expected) {
            assert!(*hours == expected_hours && (share - expected_share).abs() < 1e-12, "{survival:?}");
        }
        assert_eq!(survival.quantile(0.5), Some(4.0));
        assert_eq!(survival.quantile(0.85), None, "more than 15 % last longer than what was seen");
        assert_eq!(Survival::new(Vec::new()).quantile(0.5), None);
        assert_eq!(Survival::new(stays(&[], &[5.0])).quantile(0.1), None);
    }

    #[test]
    fn round_shares_are_found_despite_rounding_errors() {
        let survival = Survival::new(stays(&(1..=20).map(f64::from).collect::<Vec<_>>(), &[]));
        assert_eq!(survival.quantile(0.95), Some(19.0));
        assert_eq!(survival.quantile(0.85), Some(17.0));
    }
}
