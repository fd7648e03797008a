//! Recording what agent calls cost, and asking what was spent.

mod attribution;
mod extract;
mod json_log;
mod log_writer;
mod query;
mod record;
mod recorder;
mod settings;
mod summary;
mod usage;

pub use extract::{MAX_EXTRACT_BYTES, extract_usage, extract_usages};
pub(crate) use json_log::JsonLog;
pub(crate) use query::{AgentNames, Asked, token_usage};
pub use query::{TokenUsageQuery, TokenUsageRow};
pub(crate) use record::Home;
pub use record::Recorded;
pub(crate) use recorder::Recorder;
pub(crate) use summary::token_usage_summary;
pub use summary::{Dimension, Group, TokenUsageSummaryRow};
pub use usage::TokenUsage;
