//! Velocity, remaining work, and when the work will be done.

mod backfill;
mod backlog;
mod backtest;
mod compute;
mod durations;
mod flow_rows;
mod forecast;
mod history;
mod inferred_events;
mod known_task;
mod lane;
mod lane_times;
mod newest;
mod options;
mod prediction;
mod present;
mod progress;
mod schedule;
mod scope;
mod settings;
mod source;
mod timeline;
mod velocity;
mod working_time;

pub use backfill::Backfilled;
pub(crate) use backfill::backfill;
pub use backlog::{Backlog, BacklogTotals, Completion, Completions, StatusCounts};
pub use backtest::{Backtest, BacktestHorizon, BacktestRow, BacktestScore, Coverage};
pub use compute::Estimate;
pub(crate) use compute::{
    ForecastSettings, HistoryData, load_estimate_data, load_history, load_velocity_data,
};
pub use durations::DurationsHours;
pub use flow_rows::{FlowDay, LaneVisit, ThroughputDay};
pub use lane::PerLane;
pub use lane_times::{AgingBands, LaneTime};
pub use options::{EstimateOptions, VelocityMode};
pub use prediction::{
    Baseline, CostToComplete, DoneBy, Forecast, Milestone, QuantileHours, QuantileTimes, Rework, Stalled,
    TokensToComplete,
};
pub use progress::{NextTransition, NextTransitions, Wip, WipItem};
pub use schedule::Etas;
pub use scope::Scope;
pub(crate) use settings::VelocitySettings;
pub use velocity::Velocity;
