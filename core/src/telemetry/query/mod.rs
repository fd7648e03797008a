//! Queries of recorded token usage.

mod agents;
#[cfg(feature = "arrow")]
mod columns;
mod cursor;
mod metadata_fallback;
mod page;
mod row;
mod scan;

pub(crate) use agents::AgentNames;
#[cfg(feature = "arrow")]
pub(crate) use columns::token_usage_columns;
pub use cursor::TokenUsageCursor;
pub(crate) use cursor::token_usage;
pub(super) use page::Page;
pub use row::TokenUsageRow;
pub(super) use row::millis;
pub(crate) use scan::QueryContext;
pub(super) use scan::{Filter, Projection, ScanRow, SortKey, for_each};

use crate::definition::record;
use crate::time::Timestamp;

record! {
    /// Selects token usage; by default all of it. Only usage of the handle's own workspace is included.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct TokenUsageQuery("query", "camelCase"): input {
        /// Only usage of the project with this key. An unknown key is `NotFound`.
        pub project_key: Option<String>,
        /// Only usage of this agent, by id or slug. Text that occurs as an agent id in the workspace's usage is an id;
        /// other text is looked up as a slug in the user's global database, and is used as an id if it is unknown there
        /// or that database is missing. If that database cannot be read, the call fails: `Busy`, `Corrupt`, `Storage`
        /// or `Unsupported`.
        pub agent: Option<String>,
        /// Only usage of this command. Usage without a command is excluded.
        pub command: Option<String>,
        /// Includes usage without a command in spite of the filter by `command`, as mcoda's TypeScript packages do.
        pub include_rows_without_command: bool,
        /// Only usage of the job with this id.
        pub job_id: Option<String>,
        /// Only usage of the task with this id.
        pub task_id: Option<String>,
        /// Only usage that was recorded for the epic with this key.
        pub epic_key: Option<String>,
        /// Only usage of this model.
        pub model: Option<String>,
        /// Only usage of this provider.
        pub provider: Option<String>,
        /// Usage at or after this timestamp, or within this time span before now (`7d`; units ms, s, m, h, d, w,
        /// and mo for calendar months), or from a day of the time zone on: a date, `today`, `yesterday`, `this-week`. `all`
        /// is no limit. Absent: the last 7 days for a summary, no limit for a list of rows.
        pub since: Option<String> = span,
        /// Usage at or before this timestamp, or this time span before now, or to the end of a day of the time zone: a date
        /// includes that day.
        pub until: Option<String> = span,
        /// The time zone of the days in a summary by day and of dates in `since` and `until`, by its name in the IANA
        /// database (`Europe/Berlin`). Absent: UTC.
        pub time_zone: Option<String>,
        /// The page of the result, from 1. Absent: 1.
        pub page: Option<i64> = positive,
        /// The number of rows (in a summary: groups) per page, 1 or more. Absent: all of them.
        pub page_size: Option<i64> = positive,
        /// The time from which spans count back. Absent: the handle's clock.
        pub now: Option<Timestamp>,
    }
}
