//! How good forecasts would have been in this workspace.

use super::forecast::{
    BacktestRequest, Comparison, HORIZONS, Quantiles, Score, backtest as compare, binomial_interval, score,
    score_points,
};
use super::history::History;
use super::options::EstimateOptions;
use super::prediction::{self, QuantileHours, Settings};
use super::timeline::Timeline;
use super::working_time::WorkingTime;
use crate::definition::record;
use crate::number;
use crate::time::Timestamp;

record! {
    /// How good forecasts would have been: made at earlier times, each right after a completion, by what was known then,
    /// and compared with what happened.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct Backtest("backtest", "camelCase"): {
        /// The number of times at which forecasts were made.
        pub origins: u64,
        /// The number of trials of each.
        pub trials: u64,
        /// The seed of the trials.
        pub seed: i64,
        /// The results, by the number of further completions that a forecast was about.
        pub horizons: Vec<BacktestHorizon>,
        /// The forecasts.
        pub rows: Vec<BacktestRow>,
    }
}

record! {
    /// The results for one horizon.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct BacktestHorizon("horizon", "camelCase"): {
        /// The number of further completions.
        pub tasks: u64,
        /// The library's forecast.
        pub forecast: BacktestScore,
        /// The throughput bootstrap.
        pub baseline: Option<BacktestScore>,
        /// The contract's `durationsHours.totalHours`, as far as these tasks are a part of the open ones.
        pub contract: Option<BacktestScore>,
    }
}

record! {
    /// How good the forecasts of one kind were.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct BacktestScore("score", "camelCase"): {
        /// The number of forecasts.
        pub forecasts: u64,
        /// How often P50 was not exceeded; ideally in 50 %.
        pub p50: Coverage,
        /// How often P85 was not exceeded; ideally in 85 %.
        pub p85: Coverage,
        /// How often P95 was not exceeded; ideally in 95 %.
        pub p95: Coverage,
        /// The median of |P50 − actual| / actual.
        #[serde(serialize_with = "number::json")]
        pub median_error: f64,
        /// The mean pinball loss of P10, P50, P80, P85 and P95, in hours.
        #[serde(serialize_with = "number::json")]
        pub pinball: f64,
        /// The mean continuous ranked probability score by the levels 5 %, 10 % … 95 %, in hours.
        #[serde(serialize_with = "number::json")]
        pub crps: f64,
    }
}

record! {
    /// A share of forecasts, and how sure it is.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct Coverage("coverage", "camelCase"): {
        /// The share, from 0 to 1.
        #[serde(serialize_with = "number::json")]
        pub share: f64,
        /// The lower end of its 95 % interval.
        #[serde(serialize_with = "number::json")]
        pub low: f64,
        /// The upper end of its 95 % interval.
        #[serde(serialize_with = "number::json")]
        pub high: f64,
        /// Whether the interval is no wider than 0.30; otherwise there are not enough forecasts to judge.
        pub is_enough: bool,
    }
}

record! {
    /// One forecast, and what happened. Hours are counted from `origin`.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct BacktestRow("row", "camelCase"): {
        /// When it would have been made.
        pub origin: Option<Timestamp>,
        /// The number of further completions that it is about.
        pub tasks: u64,
        /// The hours until then.
        #[serde(serialize_with = "number::json")]
        pub actual: f64,
        /// The hours by the library's forecast.
        pub forecast: QuantileHours,
        /// The same at the levels 5 %, 10 % … 95 %.
        pub steps: Vec<f64>,
        /// The hours by the throughput bootstrap.
        pub baseline: Option<QuantileHours>,
        /// The hours by the contract's formula.
        #[serde(serialize_with = "number::json_option")]
        pub contract: Option<f64>,
    }
}

/// By default, a backtest makes so many trials at each time.
const TRIALS: usize = 200;

pub(super) fn backtest(
    options: &EstimateOptions,
    history: &History,
    working_time: Option<&WorkingTime>,
    now: Timestamp,
) -> Backtest {
    let settings = Settings::of(options);
    let trials = if options.trials.is_some() { settings.trials } else { TRIALS };
    let timeline = Timeline::new(&history.tasks, now);
    let calendar = prediction::calendar(&timeline, working_time, now);
    let found = compare(&BacktestRequest {
        pipeline: &timeline.pipeline,
        calendar: calendar.as_ref(),
        trials,
        seed: settings.seed as u64,
        window: options.window(),
    });
    let mut origins: Vec<f64> = found.iter().map(|one| one.origin).collect();
    origins.dedup();
    Backtest {
        origins: origins.len() as u64,
        trials: trials as u64,
        seed: settings.seed,
        horizons: HORIZONS.into_iter().filter_map(|tasks| horizon(&found, tasks)).collect(),
        rows: found.iter().map(|one| row(one, &timeline)).collect(),
    }
}

fn horizon(found: &[Comparison], tasks: usize) -> Option<BacktestHorizon> {
    let of_horizon = || found.iter().filter(move |one| one.tasks == tasks);
    let baseline = of_horizon().filter_map(|one| Some((one.baseline.as_ref()?, one.actual)));
    let contract = of_horizon().filter_map(|one| Some((one.contract?, one.actual)));
    Some(BacktestHorizon {
        tasks: tasks as u64,
        forecast: result(score(of_horizon().map(|one| (&one.forecast, one.actual)))?),
        baseline: score(baseline).map(result),
        contract: score_points(contract).map(result),
    })
}

fn result(score: Score) -> BacktestScore {
    /// A share that is known to ± 0.15 can be judged.
    const WIDEST: f64 = 0.3;
    let coverage = |covered: usize| {
        let (low, high) = binomial_interval(covered, score.count);
        Coverage { share: covered as f64 / score.count as f64, low, high, is_enough: high - low <= WIDEST }
    };
    let [p50, p85, p95] = score.covered.map(coverage);
    BacktestScore {
        forecasts: score.count as u64,
        p50,
        p85,
        p95,
        median_error: score.median_error,
        pinball: score.pinball,
        crps: score.crps,
    }
}

fn row(one: &Comparison, timeline: &Timeline) -> BacktestRow {
    let hours = |quantiles: &Quantiles| QuantileHours {
        p10: quantiles.p10,
        p50: quantiles.p50,
        p80: quantiles.p80,
        p85: quantiles.p85,
        p95: quantiles.p95,
    };
    BacktestRow {
        origin: timeline.origin.moment(one.origin),
        tasks: one.tasks as u64,
        actual: one.actual,
        forecast: hours(&one.forecast.quantiles),
        steps: one.forecast.steps.clone(),
        baseline: one.baseline.as_ref().map(|baseline| hours(&baseline.quantiles)),
        contract: one.contract,
    }
}
