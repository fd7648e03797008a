//! When everything will be completed: a simulation of the pipeline from its present state, combined with a bootstrap of
//! its throughput. Pure computation on plain data, without SQL, clock, or the platform's mathematical functions.
//! docs/forecast.md explains it.

mod backtest;
mod calendar;
mod cost;
mod errors;
mod fit;
mod flow;
mod normal;
mod pace;
mod pipeline;
mod predict;
mod quantiles;
mod random;
mod scores;
mod service;
mod survival;
mod throughput;
mod trial;
mod workers;

pub(in crate::estimate) use backtest::{
    BacktestRequest, Comparison, HORIZONS, Score, backtest, score, score_points,
};
pub(in crate::estimate) use calendar::Calendar;
pub(in crate::estimate) use cost::{FEWEST_COSTS, Spent, trials as cost_trials};
pub(in crate::estimate) use pipeline::{Event, Outcome, Pipeline, Stage, Task, Visit, sized, visits};
pub(in crate::estimate) use predict::{Model, Prediction, Request, predict};
pub(in crate::estimate) use quantiles::Quantiles;
pub(in crate::estimate) use scores::binomial_interval;
pub(in crate::estimate) use survival::{Stay, Survival};

/// Implementation, review, QA.
const LANES: usize = 3;
