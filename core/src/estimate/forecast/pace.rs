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
/// change in a parameter occurring at an unknown point", 1955).
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
        if count < LEAST || surprises.len() - count < LEAST {
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
