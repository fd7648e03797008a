//! Recording and querying token usage.

mod agent_context;
mod agent_ids;
mod agent_response;
mod attribution;
mod backlog_keys;
mod economics;
mod inspection;
mod json_log;
mod log_writer;
mod merge_versions;
mod notes;
#[cfg(feature = "prices")]
mod override_cost;
mod period;
#[cfg_attr(not(feature = "prices"), path = "no_prices.rs")]
mod price;
mod price_override;
mod query;
mod reader;
mod record;
mod recorder;
mod response_records;
mod session_count;
mod session_delta;
mod settings;
mod summary;
mod twin;
mod usage;

pub use agent_context::AgentContext;
pub use agent_response::{ImportSummary, RecordedResponse, ResponseReader, ResponseRecord, Skipped};
pub use backlog_keys::BacklogKeys;
pub use economics::{Economics, EconomicsDimension, EconomicsQuery, EconomicsReport, EconomicsRow, Spread};
pub(crate) use economics::{economics, economics_report};
pub(crate) use inspection::job_report;
pub use inspection::{InspectedRun, JobInspection, JobReport};
pub(crate) use json_log::{JsonLog, LogState, read_unlocked as read_log_unlocked};
pub(crate) use log_writer::finish as finish_log;
pub use mcoda_usage_reader::MAX_EXTRACT_BYTES;
pub use period::{CallsOutside, ReportPeriod, UsageRange};
pub use price_override::PriceOverride;
#[cfg(feature = "arrow")]
pub(crate) use query::token_usage_columns;
pub(crate) use query::{AgentNames, QueryContext, token_usage};
pub use query::{TokenUsageCursor, TokenUsageQuery, TokenUsageRow};
pub use reader::{extract_usage, extract_usages};
pub use record::Recorded;
pub(crate) use recorder::Recorder;
pub use settings::TelemetryConfig;
pub(crate) use settings::{Overrides, TelemetrySettings, write_consent};
#[cfg(feature = "report")]
pub(crate) use summary::sums_of_calls;
pub use summary::{Dimension, Group, TokenUsageReport, TokenUsageSummaryQuery, TokenUsageSummaryRow};
pub(crate) use summary::{calls_outside, token_usage_report, token_usage_summary, usage_range};
pub use usage::TokenUsage;
