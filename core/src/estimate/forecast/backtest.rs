//! How accurate forecasts would have been: the same computation at earlier times, compared with what happened then.

use super::calendar::Calendar;
use super::pipeline::{self, Outcome, Pipeline, Stage, Visit};
use super::predict::{Request, predict};
use super::quantiles::{self, LEVELS, Quantiles, quantile};
use super::{LANES, scores};

/// The input of a backtest.
#[derive(Debug, Clone, Copy)]
pub(in crate::estimate) struct BacktestRequest<'a> {
    pub(in crate::estimate) pipeline: &'a Pipeline,
    pub(in crate::estimate) calendar: Option<&'a Calendar>,
    pub(in crate::estimate) trials: usize,
    pub(in crate::estimate) seed: u64,
    /// How many of a lane's newest visits the velocity in the contract's formula is computed from.
    pub(in crate::estimate) window: usize,
}

/// One forecast at an earlier moment.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::estimate) struct Comparison {
    /// When it would have been made, in hours, as in the pipeline.
    pub(in crate::estimate) origin: f64,
    /// How many more completions it predicts.
    pub(in crate::estimate) tasks: usize,
    /// Hours until then.
    pub(in crate::estimate) actual: f64,
    pub(in crate::estimate) forecast: Distribution,
    pub(in crate::estimate) baseline: Option<Distribution>,
    /// The result of the contract's formula; None without a velocity.
    pub(in crate::estimate) contract: Option<f64>,
}

/// A forecast as quantiles.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::estimate) struct Distribution {
    pub(in crate::estimate) quantiles: Quantiles,
    /// Quantiles in steps of 5 %, from 5 % to 95 %.
    pub(in crate::estimate) steps: Vec<f64>,
}

impl Distribution {
    fn of(ascending: &[f64]) -> Option<Self> {
        let quantiles = Quantiles::of(ascending)?;
        let steps = scores::STEPS.map(|level| quantile(ascending, level)).to_vec();
        Some(Self { quantiles, steps })
    }
}

/// The numbers of further completions for which forecasts are scored.
pub(in crate::estimate) const HORIZONS: [usize; 4] = [5, 10, 20, 40];

/// The first forecast is made after this many completions, and at most this many are made.
const FIRST: usize = 5;
const MOST_ORIGINS: usize = 40;

/// Forecasts at times that are spread evenly over the completions, each directly after one of them.
pub(in crate::estimate) fn backtest(request: &BacktestRequest<'_>) -> Vec<Comparison> {
    let completions = request.pipeline.completions();
    let places = completions.len().saturating_sub(FIRST + HORIZONS[0] - 1);
    let origins = places.min(MOST_ORIGINS);
    let (mut found, mut last) = (Vec::new(), None);
    for number in 0..origins {
        let origin = completions[FIRST - 1 + number * places / origins].0;
        // What was completed at the same time is known then, too.
        let place = completions.partition_point(|(at, _)| *at <= origin) - 1;
        if last.replace(place) == Some(place) {
            continue;
        }
        let horizons: Vec<usize> =
            HORIZONS.into_iter().filter(|tasks| place + tasks < completions.len()).collect();
        let earlier = as_of(request.pipeline, origin);
        let prediction = predict(&Request {
            pipeline: &earlier,
            calendar: request.calendar,
            trials: request.trials,
            seed: request.seed,
            targets: &horizons,
        });
        let contract = contract_hours(&earlier, request.window);
        for (index, tasks) in horizons.into_iter().enumerate() {
            let Some(forecast) = prediction.targets.get(index).and_then(|hours| Distribution::of(hours))
            else {
                continue;
            };
            found.push(Comparison {
                origin,
                tasks,
                actual: completions[place + tasks].0 - origin,
                forecast,
                baseline: prediction.baseline_targets.get(index).and_then(|hours| Distribution::of(hours)),
                contract: contract.map(|hours| hours * tasks as f64 / earlier.open_tasks() as f64),
            });
        }
    }
    found
}

/// The pipeline at an earlier time, reconstructed from its events. Tasks that are completed now without an event for it
/// are left out.
fn as_of(pipeline: &Pipeline, moment: f64) -> Pipeline {
    let mut earlier = pipeline.clone();
    earlier.now = moment;
    earlier.events.retain(|event| event.at <= moment);
    let mut has_ended = vec![false; pipeline.tasks.len()];
    for event in &pipeline.events {
        has_ended[event.task] = !event.to.is_open();
    }
    for (task, has_ended) in earlier.tasks.iter_mut().zip(&has_ended) {
        let is_unexplained = !task.stage.is_open() && !has_ended;
        task.stage = if is_unexplained { Stage::Cancelled } else { Stage::Backlog };
    }
    for event in &earlier.events {
        earlier.tasks[event.task].stage = event.to;
    }
    earlier
}

/// The throughput bound of the contract's formula, from the velocities of the newest visits (docs/estimate.md).
fn contract_hours(pipeline: &Pipeline, window: usize) -> Option<f64> {
    let visits = pipeline::visits(pipeline);
    let points = |task: usize| pipeline.tasks[task].points.unwrap_or(0.0);
    let velocity = |lane: usize| {
        let led_on = |visit: &&Visit| visit.lane == lane && visit.outcome == Outcome::Forward;
        let hours = |visit: &Visit| visit.left.unwrap_or(visit.entered) - visit.entered;
        let mut newest: Vec<&Visit> =
            visits.all.iter().filter(led_on).filter(|visit| hours(visit) > 0.0).collect();
        newest.sort_by(|a, b| b.left.unwrap_or(b.entered).total_cmp(&a.left.unwrap_or(a.entered)));
        newest.truncate(window);
        let sums = newest
            .iter()
            .fold((0.0, 0.0), |sums, visit| (sums.0 + points(visit.task), sums.1 + hours(visit)));
        (sums.0 > 0.0 && sums.1 > 0.0).then(|| sums.0 / sums.1)
    };
    let mut left = [0.0; LANES];
    for (task, row) in pipeline.tasks.iter().enumerate().filter(|(_, row)| row.stage.is_open()) {
        left[row.stage.lane().unwrap_or(0)] += points(task);
    }
    let open = |visit: &&Visit| visit.lane == 0 && visit.outcome == Outcome::Open;
    let spent: f64 = visits.all.iter().filter(open).map(|visit| pipeline.now - visit.entered).sum();
    // Story points may be so large that their sums are no numbers.
    const FURTHEST: f64 = 1e12;
    let hours = |points: f64, lane: usize| {
        let hours = if points > 0.0 { velocity(lane).map(|speed| points / speed) } else { Some(0.0) };
        hours.filter(|hours| *hours < FURTHEST)
    };
    let implementation = (hours(left[0], 0)? - spent).max(0.0);
    Some(implementation.max(hours(left[0] + left[1], 1)?).max(hours(left.iter().sum(), 2)?))
}

/// The scores of forecasts for one horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct Score {
    /// How many of the actual hours P50, P85 and P95 covered.
    pub(in crate::estimate) covered: [usize; 3],
    pub(in crate::estimate) count: usize,
    /// The median of |P50 - actual| / actual.
    pub(in crate::estimate) median_error: f64,
    /// The mean of the pinball losses of the five quantiles, in hours.
    pub(in crate::estimate) pinball: f64,
    /// The mean of the continuous ranked probability scores, in hours.
    pub(in crate::estimate) crps: f64,
}

/// None if there is nothing to score.
pub(in crate::estimate) fn score<'c>(
    forecasts: impl Iterator<Item = (&'c Distribution, f64)>,
) -> Option<Score> {
    let mut score = Score { covered: [0; 3], count: 0, median_error: 0.0, pinball: 0.0, crps: 0.0 };
    let mut errors = Vec::new();
    for (forecast, actual) in forecasts {
        let quantiles = &forecast.quantiles;
        for (covered, bound) in score.covered.iter_mut().zip([quantiles.p50, quantiles.p85, quantiles.p95]) {
            *covered += usize::from(actual <= bound);
        }
        score.count += 1;
        if actual > 0.0 {
            errors.push((quantiles.p50 - actual).abs() / actual);
        }
        score.pinball += scores::mean_pinball(&LEVELS, &quantiles.values(), actual);
        score.crps += 2.0 * scores::mean_pinball(&scores::STEPS, &forecast.steps, actual);
    }
    if score.count == 0 {
        return None;
    }
    score.pinball /= score.count as f64;
    score.crps /= score.count as f64;
    score.median_error = median(errors);
    Some(score)
}

/// The scores of forecasts that are a single number, without an uncertainty.
pub(in crate::estimate) fn score_points(forecasts: impl Iterator<Item = (f64, f64)>) -> Option<Score> {
    let same = |hours: f64| Distribution {
        quantiles: Quantiles { p10: hours, p50: hours, p80: hours, p85: hours, p95: hours },
        steps: vec![hours; scores::STEPS.len()],
    };
    let forecasts: Vec<(Distribution, f64)> =
        forecasts.map(|(hours, actual)| (same(hours), actual)).collect();
    score(forecasts.iter().map(|(forecast, actual)| (forecast, *actual)))
}

fn median(values: Vec<f64>) -> f64 {
    let values = quantiles::sorted(values);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => 0.5 * (values[count / 2 - 1] + values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pipeline::{Event, Task};
    use super::*;

    /// All lanes share one worker, and every task takes three hours.
    fn steady(tasks: usize) -> Pipeline {
        let mut pipeline = Pipeline { now: 3.0 * tasks as f64, ..Pipeline::default() };
        for task in 0..tasks {
            pipeline.tasks.push(Task { points: Some(2.0), stage: Stage::Completed });
            let begin = 3.0 * task as f64;
            for (offset, to) in
                [(0.0, Stage::Lane(0)), (1.0, Stage::Lane(1)), (2.0, Stage::Lane(2)), (3.0, Stage::Completed)]
            {
                pipeline.events.push(Event { at: begin + offset, task, to });
            }
        }
        pipeline.events.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.task.cmp(&b.task)));
        pipeline
    }

    fn run(pipeline: &Pipeline) -> Vec<Comparison> {
        backtest(&BacktestRequest { pipeline, calendar: None, trials: 100, seed: 1, window: 50 })
    }

    #[test]
    fn a_steady_pipeline_is_forecast_almost_exactly() {
        let found = run(&steady(40));
        assert!(found.len() > 60);
        for comparison in &found {
            assert!((comparison.actual - 3.0 * comparison.tasks as f64).abs() < 1e-9);
            let error = comparison.forecast.quantiles.p50 / comparison.actual - 1.0;
            assert!(error.abs() < 0.2, "{comparison:?}");
        }
        let score = score(found.iter().map(|one| (&one.forecast, one.actual))).unwrap();
        assert!(score.median_error < 0.1 && score.count == found.len(), "{score:?}");
    }

    #[test]
    fn too_short_a_history_has_nothing_to_compare() {
        assert_eq!(run(&steady(9)), []);
        assert_eq!(run(&Pipeline::default()), []);
        assert_eq!(run(&steady(10)).len(), 1);
    }

    #[test]
    fn completions_at_one_time_are_all_known_then() {
        let mut pipeline = steady(40);
        // All of the first 20 are completed when the last of them was.
        pipeline.events.iter_mut().filter(|event| event.task < 20).for_each(|event| event.at = 60.0);
        let found = run(&pipeline);
        assert!(found.len() > 20, "{found:?}");
        for comparison in &found {
            assert!(comparison.origin >= 60.0);
            assert!((comparison.actual - 3.0 * comparison.tasks as f64).abs() < 1e-9, "{comparison:?}");
        }
        let mut origins: Vec<(f64, usize)> = found.iter().map(|one| (one.origin, one.tasks)).collect();
        origins.dedup();
        assert_eq!(origins.len(), found.len(), "no forecast counts twice");
        pipeline.events.iter_mut().for_each(|event| event.at = 60.0);
        assert_eq!(run(&pipeline), []);
    }

    #[test]
    fn the_contracts_formula_is_the_documented_one() {
        // Two of four tasks done at 6 h: 4 points are left; a lane takes 1 h for 2 points.
        let half = as_of(&steady(4), 6.0);
        assert_eq!(half.open_tasks(), 2);
        assert_eq!(contract_hours(&half, 50), Some(2.0));
    }
}
