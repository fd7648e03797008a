//! Scores of forecasts, given what actually happened.

/// The levels at which a distribution is compared with the actual value: 5 % to 95 %.
pub(in crate::estimate) const STEPS: [f64; 19] =
    [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/// The mean pinball loss of quantiles: Koenker and Bassett, "Regression quantiles", 1978. Twice the mean over evenly
/// spaced levels is the continuous ranked probability score (Gneiting and Ranjan, "Comparing density forecasts using
/// threshold- and quantile-weighted scoring rules", 2011).
pub(in crate::estimate) fn mean_pinball(levels: &[f64], quantiles: &[f64], actual: f64) -> f64 {
    let loss = |(level, quantile): (&f64, &f64)| {
        if actual >= *quantile { (actual - quantile) * level } else { (quantile - actual) * (1.0 - level) }
    };
    levels.iter().zip(quantiles).map(loss).sum::<f64>() / levels.len() as f64
}

/// The 95 % confidence interval of a proportion: Wilson, "Probable inference, the law of succession, and statistical
/// inference", 1927.
pub(in crate::estimate) fn binomial_interval(seen: usize, count: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let n = count as f64;
    let share = seen as f64 / n;
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_equal_hand_computed_values() {
        assert_eq!(mean_pinball(&[0.5], &[10.0], 14.0), 2.0);
        assert!((mean_pinball(&[0.85], &[10.0], 8.0) - 0.3).abs() < 1e-12);
        assert!((mean_pinball(&[0.5, 0.85], &[10.0, 10.0], 8.0) - 0.65).abs() < 1e-12);
    }

    #[test]
    fn intervals_are_wilsons() {
        let (low, high) = binomial_interval(17, 20);
        assert!((low - 0.6396).abs() < 1e-4 && (high - 0.9476).abs() < 1e-4, "{low} {high}");
        assert_eq!(binomial_interval(0, 5).0, 0.0);
        assert_eq!(binomial_interval(5, 5).1, 1.0);
    }
}
