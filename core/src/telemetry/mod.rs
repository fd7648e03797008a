//! Recording what agent calls cost.

mod attribution;
mod json_log;
mod log_writer;
mod record;
mod recorder;
mod settings;
mod usage;

pub(crate) use json_log::JsonLog;
pub(crate) use record::Home;
pub use record::Recorded;
pub(crate) use recorder::Recorder;
pub use usage::TokenUsage;
