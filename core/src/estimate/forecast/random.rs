//! The random generator of the trials, and the distributions that they use.
//!
//! The algorithms are fixed here, and `exp` and `log` come from a library that is compiled in, so that the same seed
//! gives the same bytes on every platform and with every version of a dependency.

use super::normal;

/// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream with this number. Streams of one seed are independent, so that a trial does not depend on the number
    /// of trials.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut mixer = seed ^ stream.wrapping_mul(0xD134_2543_DE82_EF95).rotate_left(17);
        let mut next = || {
            mixer = mixer.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (mixer ^ (mixer >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        };
        Self { state: [next(), next(), next(), next()] }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Uniform, above 0 and below 1.
    pub(super) fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        ((self.next() >> 11) as f64 + 0.5) * STEP
    }

    /// From 0 to `count` - 1. `count` is 1 or more.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }

    /// One of these, chosen uniformly; `None` if there are none.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }

    /// Normal, with mean 0 and variance 1.
    pub(super) fn normal(&mut self) -> f64 {
        normal::quantile(self.uniform())
    }

    /// Gamma with scale 1 (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000). `shape` is
    /// above 0.
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::exp(libm::log(self.uniform()) / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            if libm::log(self.uniform()) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
                return d * v;
            }
        }
    }

    /// Chi-square: a sum of `degrees` squared normal variables.
    pub(super) fn chi_square(&mut self, degrees: f64) -> f64 {
        2.0 * self.gamma(degrees / 2.0)
    }

    /// Both parameters are above 0.
    pub(super) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (a, b) = (self.gamma(a), self.gamma(b));
        if a + b > 0.0 { a / (a + b) } else { 0.5 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let draws: Vec<f64> = (0..200_000).map(|_| draw()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / draws.len() as f64;
        (mean, variance)
    }

    #[track_caller]
    fn assert_moments((mean, variance): (f64, f64), expected: (f64, f64)) {
        assert!((mean - expected.0).abs() < 0.02 * expected.1.sqrt().max(0.1), "{mean}, not {expected:?}");
        assert!((variance / expected.1 - 1.0).abs() < 0.04, "{variance}, not {expected:?}");
    }

    #[test]
    fn the_first_draws_of_a_seed_never_change() {
        let mut random = Random::new(1, 0);
        let draws: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(draws, FIRST, "a stored forecast could not be computed again");
        assert_ne!(Random::new(1, 1).next(), FIRST[0]);
        assert_ne!(Random::new(2, 0).next(), FIRST[0]);
    }

    /// From the authors' reference implementation in C, with SplitMix64 and the seed 1.
    const FIRST: [u64; 3] = [0xcfc5d07f6f03c29b, 0xbf424132963fe08d, 0x19a37d5757aaf520];

    #[test]
    fn distributions_have_their_means_and_variances() {
        let mut random = Random::new(7, 3);
        assert_moments(moments(|| random.uniform()), (0.5, 1.0 / 12.0));
        assert_moments(moments(|| random.normal()), (0.0, 1.0));
        assert_moments(moments(|| random.gamma(0.4)), (0.4, 0.4));
        assert_moments(moments(|| random.gamma(3.5)), (3.5, 3.5));
        assert_moments(moments(|| random.chi_square(5.0)), (5.0, 10.0));
        assert_moments(moments(|| random.beta(2.0, 6.0)), (0.25, 0.1875 / 9.0));
        assert_moments(moments(|| random.below(5) as f64), (2.0, 2.0));
    }
}
