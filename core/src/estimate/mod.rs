//! Velocity, remaining work, and when the work will be done.

mod backfill;
mod backlog;
mod compute;
mod durations;
mod history;
mod inferred_events;
mod lane;
mod newest;
mod options;
mod present;
mod progress;
mod schedule;
mod scope;
mod settings;
mod source;
mod velocity;

pub use backfill::Backfilled;
pub(crate) use backfill::backfill;
pub use backlog::{Backlog, BacklogTotals, Completion, Completions, StatusCounts};
pub use compute::Estimate;
pub(crate) use compute::{load_estimate_data, load_velocity_data};
pub use durations::DurationsHours;
pub use lane::PerLane;
pub use options::{EstimateOptions, VelocityMode};
pub use progress::{NextTransition, NextTransitions, Wip, WipItem};
pub use schedule::Etas;
pub use scope::Scope;
pub(crate) use settings::VelocitySettings;
pub use velocity::Velocity;
