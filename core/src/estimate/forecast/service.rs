//! The duration of a visit's work: a regression of the logarithm of its hours on the logarithm of its story points.
//!
//! log hours = base + slope · (log points − centre) + later · (1 on a later pass) + error, with normal errors. The
//! prior is normal-inverse-gamma, and so is the posterior (Gelman et al., "Bayesian data analysis", 3rd ed., 14.8).
//! Visits that have not ended are right-censored: their hours are replaced by their expectation, given that they take
//! longer (Tobin, "Estimation of relationships for limited dependent variables", 1958, by the EM algorithm).

use super::random::Random;
use super::survival::Stay;
use super::{errors, normal};

type Vector = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// The work of one visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Logarithm of its hours.
    pub(super) log_hours: f64,
    /// Logarithm of its story points, minus the centre.
    pub(super) log_points: f64,
    pub(super) is_later_pass: bool,
    /// Whether the visit has not ended, so that it takes longer than `log_hours`.
    pub(super) is_censored: bool,
}

impl Sample {
    fn terms(&self) -> Vector {
        terms(self.log_points, self.is_later_pass)
    }
}

fn terms(log_points: f64, is_later_pass: bool) -> Vector {
    [1.0, log_points, f64::from(u8::from(is_later_pass))]
}

/// The assumption before any visit is known. Precisions are relative to the variance of the errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prior {
    pub(super) base: f64,
    pub(super) base_precision: f64,
    pub(super) slope: f64,
    pub(super) slope_precision: f64,
    pub(super) later: f64,
    pub(super) later_precision: f64,
    pub(super) degrees: f64,
    pub(super) variance: f64,
}

/// Durations grow less than in proportion to points; a later pass takes three quarters of the first; two thirds of all
/// visits are within a factor of 1.8.
pub(super) const PRIOR: Prior = Prior {
    base: 0.0,
    // A single visit outweighs it a thousand times.
    base_precision: 1e-3,
    slope: 0.6,
    slope_precision: 1.44,
    later: -0.3,
    later_precision: 0.73,
    degrees: 3.0,
    variance: 0.35,
};

/// The estimate from the visits of one lane.
#[derive(Debug, Clone)]
pub(super) struct Service {
    mean: Vector,
    /// The lower Cholesky factor of the precision, relative to the variance of the errors.
    factor: Matrix,
    pub(super) degrees: f64,
    pub(super) variance: f64,
    /// The distribution of the standardised errors, ascending, centred on 0.
    pub(super) errors: Vec<f64>,
}

/// How many times censored hours are replaced.
const ROUNDS: usize = 4;

impl Service {
    pub(super) fn fit(samples: &[Sample], prior: &Prior) -> Self {
        let mut hours: Vec<f64> = samples.iter().map(|sample| sample.log_hours).collect();
        let mut spread = vec![0.0; samples.len()];
        let rounds = if samples.iter().any(|sample| sample.is_censored) { ROUNDS } else { 1 };
        let mut posterior = Posterior::of(samples, &hours, &spread, prior);
        for _ in 1..rounds {
            posterior.complete(samples, &mut hours, &mut spread);
            posterior = Posterior::of(samples, &hours, &spread, prior);
        }
        let deviation = posterior.variance.sqrt();
        let error = |sample: &Sample| Stay {
            hours: (sample.log_hours - dot(posterior.mean, sample.terms())) / deviation,
            is_over: !sample.is_censored,
        };
        let errors = errors::observed(samples.iter().map(error).collect());
        Self {
            mean: posterior.mean,
            factor: cholesky(posterior.precision),
            degrees: posterior.degrees,
            variance: posterior.variance,
            errors,
        }
    }

    /// The expected logarithm of hours.
    pub(super) fn expected(&self, log_points: f64, is_later_pass: bool) -> f64 {
        dot(self.mean, terms(log_points, is_later_pass))
    }

    pub(super) fn base(&self) -> f64 {
        self.mean[0]
    }

    /// The log-density of a visit's hours under this model.
    pub(super) fn log_density(&self, sample: &Sample) -> f64 {
        let error = sample.log_hours - dot(self.mean, sample.terms());
        -0.5 * (error * error / self.variance + libm::log(self.variance)) - sample.log_hours
    }

    /// Draws one set of parameters from the posterior.
    pub(super) fn draw(&self, random: &mut Random) -> Drawn {
        const MOST_VARIANCE: f64 = 2.25;
        let variance = self.variance * self.degrees / random.chi_square(self.degrees).max(1e-9);
        let deviation = variance.min(MOST_VARIANCE).sqrt();
        let z = [random.normal(), random.normal(), random.normal()];
        let offset = solve_transposed(&self.factor, z);
        let of = |index: usize| self.mean[index] + deviation * offset[index];
        Drawn { base: of(0), slope: of(1), later: of(2), deviation }
    }
}

/// The parameters of one trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawn {
    pub(super) base: f64,
    pub(super) slope: f64,
    pub(super) later: f64,
    pub(super) deviation: f64,
}

struct Posterior {
    mean: Vector,
    precision: Matrix,
    degrees: f64,
    variance: f64,
}

impl Posterior {
    fn of(samples: &[Sample], hours: &[f64], spread: &[f64], prior: &Prior) -> Self {
        /// The weight of a censored visit in the estimate of the spread, compared with a completed one.
        const CENSORED_WEIGHT: f64 = 0.3;
        let mut precision = [[0.0; 3]; 3];
        let own = [prior.base_precision, prior.slope_precision, prior.later_precision];
        let centre = [prior.base, prior.slope, prior.later];
        let mut right = [0.0; 3];
        for index in 0..3 {
            precision[index][index] = own[index];
            right[index] = own[index] * centre[index];
        }
        for (sample, hours) in samples.iter().zip(hours) {
            let terms = sample.terms();
            for row in 0..3 {
                right[row] += terms[row] * hours;
                for column in 0..3 {
                    precision[row][column] += terms[row] * terms[column];
                }
            }
        }
        let factor = cholesky(precision);
        let mean = solve_transposed(&factor, solve(&factor, right));
        let mut squares = prior.degrees * prior.variance;
        let mut degrees = prior.degrees;
        for ((sample, hours), spread) in samples.iter().zip(hours).zip(spread) {
            let error = hours - dot(mean, sample.terms());
            squares += error * error + spread;
            degrees += if sample.is_censored { CENSORED_WEIGHT } else { 1.0 };
        }
        squares += (1..3)
            .map(|index| own[index] * (mean[index] - centre[index]) * (mean[index] - centre[index]))
            .sum::<f64>();
        let variance = squares / (prior.degrees + samples.len() as f64);
        Self { mean, precision, degrees, variance: variance.max(1e-6) }
    }

    /// Replaces the hours of censored visits by their expectation, and their spread by the remaining uncertainty.
    fn complete(&self, samples: &[Sample], hours: &mut [f64], spread: &mut [f64]) {
        let deviation = self.variance.sqrt();
        for (index, sample) in samples.iter().enumerate().filter(|(_, sample)| sample.is_censored) {
            let expected = dot(self.mean, sample.terms());
            let z = (sample.log_hours - expected) / deviation;
            let mean = normal::mean_above(z);
            hours[index] = expected + deviation * mean;
            spread[index] = (self.variance * (1.0 + z * mean - mean * mean)).max(0.0);
        }
    }
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The lower Cholesky factor of a symmetric positive definite matrix.
fn cholesky(matrix: Matrix) -> Matrix {
    let mut factor = [[0.0; 3]; 3];
    for row in 0..3 {
        for column in 0..=row {
            let known: f64 = (0..column).map(|index| factor[row][index] * factor[column][index]).sum();
            let rest = matrix[row][column] - known;
            factor[row][column] =
                if row == column { rest.max(1e-12).sqrt() } else { rest / factor[column][column] };
        }
    }
    factor
}

/// Solves factor · x = right.
fn solve(factor: &Matrix, right: Vector) -> Vector {
    let mut x = [0.0; 3];
    for row in 0..3 {
        let known: f64 = (0..row).map(|column| factor[row][column] * x[column]).sum();
        x[row] = (right[row] - known) / factor[row][row];
    }
    x
}

/// Solves factorᵀ · x = right.
fn solve_transposed(factor: &Matrix, right: Vector) -> Vector {
    let mut x = [0.0; 3];
    for row in (0..3).rev() {
        let known: f64 = (row + 1..3).map(|column| factor[column][row] * x[column]).sum();
        x[row] = (right[row] - known) / factor[row][row];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(hours: f64, points: f64) -> Sample {
        Sample { log_hours: hours.ln(), log_points: points.ln(), is_later_pass: false, is_censored: false }
    }

    const WEAK: Prior = Prior { slope_precision: 1e-9, later_precision: 1e-9, degrees: 1e-9, ..PRIOR };

    #[test]
    fn hours_in_proportion_to_points_are_found() {
        let samples: Vec<Sample> =
            [1.0, 2.0, 3.0, 5.0, 8.0].map(|points| sample(2.0 * points, points)).to_vec();
        let service = Service::fit(&samples, &WEAK);
        assert!((service.mean[1] - 1.0).abs() < 1e-3, "{service:?}");
        assert!((service.expected(4_f64.ln(), false) - 8_f64.ln()).abs() < 1e-3);
    }

    #[test]
    fn few_samples_lean_on_the_prior() {
        let service = Service::fit(&[sample(3.0, 1.0)], &PRIOR);
        assert!((service.expected(0.0, false) - 3_f64.ln()).abs() < 0.01);
        assert!((service.mean[1] - PRIOR.slope).abs() < 1e-9 && (service.mean[2] - PRIOR.later).abs() < 1e-9);
        let nothing = Service::fit(&[], &Prior { base: 1.5, ..PRIOR });
        assert!((nothing.expected(0.0, false) - 1.5).abs() < 1e-12);
    }

    #[test]
    fn open_visits_longer_than_all_completed_ones_raise_the_expectation() {
        let over: Vec<Sample> = [0.8, 1.0, 1.2].map(|hours| sample(hours, 1.0)).to_vec();
        let without = Service::fit(&over, &PRIOR).expected(0.0, false);
        let open = Sample { is_censored: true, ..sample(4.0, 1.0) };
        let with = Service::fit(&[over, vec![open]].concat(), &PRIOR).expected(0.0, false);
        let short = Sample { is_censored: true, ..sample(0.1, 1.0) };
        let hardly = Service::fit(
            &[[0.8, 1.0, 1.2].map(|hours| sample(hours, 1.0)).to_vec(), vec![short]].concat(),
            &PRIOR,
        );
        assert!(with > without + 0.2, "{with}, {without}");
        assert!((hardly.expected(0.0, false) - without).abs() < 0.05);
    }

    #[test]
    fn errors_include_those_of_open_visits() {
        let mut samples: Vec<Sample> = (1..=20).map(|n| sample(0.8 + 0.02 * f64::from(n), 1.0)).collect();
        samples.extend([8.0; 3].map(|hours| Sample { is_censored: true, ..sample(hours, 1.0) }));
        let service = Service::fit(&samples, &PRIOR);
        assert_eq!(service.errors.len(), 23);
        let least = (8_f64 / 0.82).ln() / service.variance.sqrt();
        assert!(service.errors[20] - service.errors[0] >= least - 1e-9, "{service:?}");
    }

    #[test]
    fn parameters_are_drawn_around_their_means() {
        let samples: Vec<Sample> =
            (1..60).map(|n| sample(1.5 + f64::from(n % 7), f64::from(n % 5 + 1))).collect();
        let service = Service::fit(&samples, &PRIOR);
        let mut random = Random::new(5, 0);
        let draws: Vec<Drawn> = (0..4000).map(|_| service.draw(&mut random)).collect();
        let mean = |of: fn(&Drawn) -> f64| draws.iter().map(of).sum::<f64>() / draws.len() as f64;
        assert!((mean(|drawn| drawn.base) - service.mean[0]).abs() < 0.01);
        assert!((mean(|drawn| drawn.slope) - service.mean[1]).abs() < 0.01);
        assert!((mean(|drawn| drawn.deviation) / service.variance.sqrt() - 1.0).abs() < 0.05);
    }
}
