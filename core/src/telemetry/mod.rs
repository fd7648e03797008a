//! Recording what agent calls cost.

mod attribution;
mod json_log;
mod log_writer;
mod record;
mod settings;
mod usage;

pub(crate) use json_log::JsonLog;
pub(crate) use log_writer::{append_alone, catch_up};
pub use record::Recorded;
pub(crate) use record::{Home, Prepared, insert_all};
pub(crate) use settings::TelemetrySettings;
pub use usage::TokenUsage;
