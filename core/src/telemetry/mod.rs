//! Recording what agent calls cost, and asking what was spent.

mod attribution;
mod json_log;
mod log_writer;
mod query;
mod record;
mod settings;
mod summary;
mod usage;

pub(crate) use json_log::JsonLog;
pub(crate) use log_writer::{append_alone, catch_up};
pub(crate) use query::{AgentNames, Asked, token_usage};
pub use query::{TokenUsageQuery, TokenUsageRow};
pub use record::Recorded;
pub(crate) use record::{Home, Prepared, insert_all};
pub(crate) use settings::TelemetrySettings;
pub(crate) use summary::token_usage_summary;
pub use summary::{Dimension, Group, TokenUsageSummaryRow};
pub use usage::TokenUsage;
