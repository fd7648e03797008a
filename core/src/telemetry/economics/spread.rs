//! A mean, a median and a high quantile of what finished tasks cost.

use serde::Deserialize;

use crate::definition::record;
use crate::number::{self, exact_sum};

record! {
    /// What tasks cost: per task or per story point. Null if there are no such tasks.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
    #[serde(default)]
    pub struct Spread("spread", "snake_case"): {
        /// The sum of all costs / the number of tasks or of story points.
        #[serde(serialize_with = "number::json_option")]
        pub mean: Option<f64>,
        /// The middle one of the tasks' own values; the mean of the two in the middle if their number is even.
        #[serde(serialize_with = "number::json_option")]
        pub median: Option<f64>,
        /// The smallest of the tasks' own values that at least 85 % of them do not exceed.
        #[serde(serialize_with = "number::json_option")]
        pub p85: Option<f64>,
        /// The number of tasks of which it consists.
        pub tasks: u64,
    }
}

impl Spread {
    /// For tasks with an amount and a size each; sizes are above 0.
    pub(super) fn of(tasks: &[(f64, f64)]) -> Self {
        let count = tasks.len();
        if count == 0 {
            return Self::default();
        }
        let mut values: Vec<f64> = tasks.iter().map(|(amount, size)| amount / size).collect();
        values.sort_by(f64::total_cmp);
        let mean = exact_sum(tasks.iter().map(|(amount, _)| *amount))
            / exact_sum(tasks.iter().map(|(_, size)| *size));
        let median = if count % 2 == 1 {
            values[count / 2]
        } else {
            f64::midpoint(values[count / 2 - 1], values[count / 2])
        };
        let rank = (count * 85).div_ceil(100);
        let known = |value: f64| Some(value).filter(|value| value.is_finite());
        Self { mean: known(mean), median: known(median), p85: known(values[rank - 1]), tasks: count as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tasks_and_the_mean_is_of_their_sums() {
        let found = Spread::of(&[(1.0, 1.0), (4.0, 2.0), (9.0, 3.0), (40.0, 4.0)]);
        assert_eq!(found, Spread { mean: Some(5.4), median: Some(2.5), p85: Some(10.0), tasks: 4 });
        let twenty: Vec<(f64, f64)> = (1..=20).map(|value| (f64::from(value), 1.0)).collect();
        assert_eq!(Spread::of(&twenty).p85, Some(17.0));
        assert_eq!(Spread::of(&[]), Spread::default());
    }
}
