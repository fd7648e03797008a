//! A change of pace in the history.

/// How much longer than expected a visit took, as a logarithm; when its work began; and the precision (the inverse of
/// the variance).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Surprise {
    pub(super) began: f64,
    pub(super) error: f64,
    pub(super) precision: f64,
}

/// From this time on, visits take longer by a factor (or shorter).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    pub(super) at: f64,
    /// The logarithm of the factor.
    pub(super) shift: f64,
    pub(super) variance: f64,
}

/// A squared score above this is significant: in a history without a change, the largest score over all possible splits
/// exceeds 14 in fewer than one of a hundred cases.
const THRESHOLD: f64 = 14.0;

/// The minimum number of visits on either side.
const LEAST: usize = 6;

/// The split at which the errors before and after differ most, if the difference is significant (Page, "A test for a
/// change in a parameter occurring at an unknown point", 1955). Between visits that began together, nothing changed.
pub(super) fn change(mut surprises: Vec<Surprise>) -> Option<Change> {
    if surprises.len() < 16 {
        return None;
    }
    surprises.sort_by(|a, b| a.began.total_cmp(&b.began));
    let total: f64 = surprises.iter().map(|one| one.precision).sum();
    let sum: f64 = surprises.iter().map(|one| one.precision * one.error).sum();
    let (mut before, mut sum_before) = (0.0, 0.0);
    let mut best: Option<(f64, Change)> = None;
    for (index, pair) in surprises.windows(2).enumerate() {
        before += pair[0].precision;
        sum_before += pair[0].precision * pair[0].error;
        let count = index + 1;
        if count < LEAST || surprises.len() - count < LEAST || pair[0].began == pair[1].began {
            continue;
        }
        let after = total - before;
        let shift = (sum - sum_before) / after - sum_before / before;
        let variance = 1.0 / before + 1.0 / after;
        let score = shift * shift / variance;
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, Change { at: pair[1].began, shift, variance }));
        }
    }
    best.filter(|(score, _)| *score > THRESHOLD).map(|(_, change)| change)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Visits that began an hour after one another, with these errors and this precision each.
    fn hourly(precision: f64, errors: &[f64]) -> Vec<Surprise> {
        let one = |(hour, error): (usize, &f64)| Surprise { began: hour as f64, error: *error, precision };
        errors.iter().enumerate().map(one).collect()
    }

    fn steps(parts: &[(usize, f64)]) -> Vec<f64> {
        parts.iter().flat_map(|(count, error)| vec![*error; *count]).collect()
    }

    #[test]
    fn a_change_is_the_difference_of_the_means_weighted_by_precision() {
        // 8 · 4 = 32 of precision on each side: a variance of 2/32, and z² = 1 / (1/16) = 16.
        let found = change(hourly(4.0, &steps(&[(8, 0.0), (8, 1.0)]))).unwrap();
        assert_eq!((found.at, found.shift, found.variance), (8.0, 1.0, 0.0625));
        // Of the later visits two are three times as well known: (2 · 12 · 2 + 6 · 4 · 1) / 48 = 1.5; 1/32 + 1/48.
        let mut unequal = hourly(4.0, &steps(&[(8, 0.0), (2, 2.0), (6, 1.0)]));
        unequal[8..10].iter_mut().for_each(|one| one.precision = 12.0);
        let found = change(unequal).unwrap();
        assert_eq!((found.at, found.shift), (8.0, 1.5));
        assert!((found.variance - 5.0 / 96.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_difference_that_may_be_chance_is_no_change() {
        let errors = steps(&[(8, 0.0), (8, 1.0)]);
        assert!(change(hourly(3.51, &errors)).is_some(), "z² = 14.04");
        assert_eq!(change(hourly(3.49, &errors)), None, "z² = 13.96");
        assert_eq!(change(hourly(1e9, &[0.5; 40])), None, "no difference at all");
    }

    #[test]
    fn few_visits_on_either_side_show_no_change() {
        assert_eq!(change(Vec::new()), None);
        assert_eq!(change(hourly(1e3, &[1.0])), None);
        assert_eq!(change(hourly(1e3, &steps(&[(7, 0.0), (8, 1.0)]))), None, "15 in all");
        // The best split has 3 visits behind it, so the last one that is allowed is taken, between those before.
        let late = change(hourly(1e3, &steps(&[(17, 0.0), (3, 1.0)]))).unwrap();
        assert_eq!((late.at, late.shift), (14.0, 0.5));
        let early = change(hourly(1e3, &steps(&[(3, 0.0), (17, 1.0)]))).unwrap();
        assert_eq!((early.at, early.shift), (6.0, 0.5));
    }

    #[test]
    fn visits_are_compared_in_the_order_in_which_they_began() {
        let mut mixed = hourly(4.0, &steps(&[(10, -0.5), (10, 0.5)]));
        let expected = change(mixed.clone());
        mixed.reverse();
        mixed.swap(3, 15);
        assert_eq!(change(mixed), expected);
        assert_eq!(expected.map(|change| (change.at, change.shift)), Some((10.0, 1.0)));
    }

    #[test]
    fn visits_that_began_together_are_not_split() {
        let mut together = hourly(1e3, &steps(&[(10, 0.0), (10, 1.0)]));
        together.iter_mut().for_each(|one| one.began = 5.0);
        assert_eq!(change(together), None);
        // Ten of these begin together with the last six of those before: the change is before or after all of them.
        let mut partly = hourly(1e3, &steps(&[(10, 0.0), (10, 1.0), (10, 1.0)]));
        partly[4..20].iter_mut().for_each(|one| one.began = 4.0);
        let found = change(partly).unwrap();
        assert_eq!((found.at, found.shift), (20.0, 0.5), "{found:?}");
    }
}
