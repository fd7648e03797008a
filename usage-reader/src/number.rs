//! Whole numbers that every language can represent, exact sums, and conversion of numbers to JSON.

/// The largest whole number that all supported languages represent exactly: 2^53 − 1.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A sum of floating-point numbers that is correctly rounded, whatever the order of its terms.
///
/// Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997: the partial sums are kept as
/// non-overlapping parts, so no addition loses anything until the result is read.
#[derive(Debug, Clone, Default)]
pub struct ExactSum {
    parts: Vec<f64>,
}

impl ExactSum {
    /// Adds one term.
    pub fn add(&mut self, term: f64) {
        let mut x = term;
        let mut kept = 0;
        for index in 0..self.parts.len() {
            let mut y = self.parts[index];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            if high.is_infinite() {
                self.parts = vec![f64::MAX.copysign(high)];
                return;
            }
            let low = y - (high - x);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        self.parts.push(x);
    }

    /// Adds one term so many times, with the same result as [`ExactSum::add`] for each.
    pub fn add_times(&mut self, term: f64, count: u64) {
        // The product and its rounding error are exact, unless they are beyond the range of a double.
        const TINY: f64 = 1e-250;
        const WHOLE: u64 = 1 << 53;
        let times = count as f64;
        let product = term * times;
        let is_exact = count < WHOLE && product.is_finite() && product.abs() > TINY;
        if is_exact && count > 1 {
            self.add(product);
            self.add(term.mul_add(times, -product));
        } else if term != 0.0 {
            (0..count).for_each(|_| self.add(term));
        }
    }

    /// The sum of other sums, without any loss of precision.
    pub fn of_all<'a>(sums: impl IntoIterator<Item = &'a Self>) -> Self {
        sums.into_iter().flat_map(|sum| sum.parts.iter().copied()).collect()
    }

    /// The sum, rounded once, ties to even. Above the range it is the largest finite number: a sum of finite terms is
    /// never infinite or NaN.
    pub fn value(&self) -> f64 {
        self.rounded().clamp(f64::MIN, f64::MAX)
    }

    fn rounded(&self) -> f64 {
        let mut parts = self.parts.iter().rev();
        let Some(&first) = parts.next() else { return 0.0 };
        let mut high = first;
        let mut rest = 0.0;
        for &part in parts.by_ref() {
            let x = high;
            high = x + part;
            rest = part - (high - x);
            if rest != 0.0 {
                break;
            }
        }
        // A tie was rounded to even; the parts below decide which way it should have gone.
        if let Some(&below) = parts.next()
            && ((rest < 0.0 && below < 0.0) || (rest > 0.0 && below > 0.0))
        {
            let doubled = rest * 2.0;
            let nudged = high + doubled;
            if doubled == nudged - high {
                return nudged;
            }
        }
        high
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

/// The correctly rounded sum of `terms`.
pub fn exact_sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    terms.into_iter().collect::<ExactSum>().value()
}

/// `value` as a JSON number; whole values as integers.
pub fn to_json(value: f64) -> serde_json::Value {
    as_whole(value).map_or_else(|| value.into(), Into::into)
}

/// `value` as a whole number, if every language can represent it exactly.
pub fn as_whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER as f64).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_a_tenth_is_one() {
        assert_eq!(exact_sum([0.1; 10]), 1.0);
    }

    #[test]
    fn adding_a_term_many_times_is_adding_each() {
        for term in [0.1, -3.7, 0.0, 1e300, f64::MAX, 5e-324, 1e-260, 1.0 + f64::EPSILON] {
            for count in [0, 1, 2, 3, 10, 1_000, 4_097] {
                let (mut once, mut each) = (ExactSum::default(), ExactSum::default());
                once.add(1.0 / 3.0);
                each.add(1.0 / 3.0);
                once.add_times(term, count);
                (0..count).for_each(|_| each.add(term));
                assert_eq!(once.value().to_bits(), each.value().to_bits(), "{count} times {term}");
            }
        }
    }

    #[test]
    fn a_sum_of_finite_terms_is_finite() {
        assert_eq!(exact_sum([f64::MAX; 3]), f64::MAX);
        assert_eq!(exact_sum([f64::MIN, f64::MIN, -1.0, 0.5]), f64::MIN);
        let half_a_step = f64::MAX * f64::EPSILON / 4.0;
        assert_eq!(exact_sum([f64::MAX, half_a_step]), f64::MAX);
    }

    #[test]
    fn sums_do_not_depend_on_order() {
        let mut terms: Vec<f64> = (1..500).map(|n| 1.0 / f64::from(n) * 10f64.powi(n % 17 - 8)).collect();
        terms.extend([1e16, -1e16, 1e-16]);
        let forward = exact_sum(terms.iter().copied());
        terms.reverse();
        assert_eq!(forward, exact_sum(terms.iter().copied()));
        terms.sort_by(f64::total_cmp);
        assert_eq!(forward, exact_sum(terms));
    }

    #[test]
    fn a_tie_is_decided_by_the_parts_below() {
        assert_eq!(exact_sum([1.0, 2f64.powi(-53), 2f64.powi(-106)]), 1.0 + f64::EPSILON);
        assert_eq!(exact_sum([]), 0.0);
    }

    #[test]
    fn whole_values_are_written_as_integers() {
        assert_eq!(to_json(14086.0).to_string(), "14086");
        assert_eq!(to_json(-0.0).to_string(), "0");
        assert_eq!(to_json(0.25).to_string(), "0.25");
    }
}
