//! How fast the work goes, how much is left, and when it will be done.

mod answer;
mod backfill;
mod backlog;
mod durations;
mod history;
mod lane;
mod options;
mod progress;
mod schedule;
mod scope;
mod settings;
mod stand_in;
mod velocity;

pub use answer::Estimate;
pub(crate) use answer::{gather, gather_for_velocity};
pub use backfill::Backfilled;
pub(crate) use backfill::backfill;
pub use backlog::{Backlog, BacklogTotals, Completion, Completions, StatusCounts};
pub use durations::DurationsHours;
pub use lane::PerLane;
pub use options::{EstimateOptions, VelocityMode};
pub use progress::{NextTransition, NextTransitions, Wip, WipItem};
pub use schedule::Etas;
pub use scope::Scope;
pub(crate) use settings::VelocitySettings;
pub use velocity::Velocity;
