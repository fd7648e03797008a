//! Questions about recorded token usage.

mod agents;
mod cursor;
mod page;
mod pass;
mod row;
mod told;

pub(crate) use agents::AgentNames;
pub use cursor::TokenUsageCursor;
pub(crate) use cursor::token_usage;
pub(super) use page::Page;
pub(crate) use pass::Asked;
pub(super) use pass::{Moment, Reads, Visited, for_each};
pub use row::TokenUsageRow;
pub(super) use row::millis;

use crate::definition::record;
use crate::time::Timestamp;

record! {
    /// Which token usage to look at; all of it where nothing is asked for. Only what was recorded for the
    /// handle's own workspace is seen.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct TokenUsageQuery("query", "camelCase"): input {
        /// Only usage of the project with this key. An unknown key is `NotFound`.
        pub project_key: Option<String>,
        /// Only usage of this agent, by id or slug. Text that the workspace's usage has as an agent's id is one;
        /// other text is looked up as a slug in the user's global database, and is an id where it is unknown
        /// there or that database is missing. One that cannot be read is an error: `Busy`, `Corrupt`, `Storage`
        /// or `Unsupported`.
        pub agent: Option<String>,
        /// Only usage of this command. Usage without any command is left out.
        pub command: Option<String>,
        /// Lets usage without any command pass the filter by `command`, as mcoda's TypeScript packages do.
        pub include_rows_without_command: bool,
        /// Only usage of the job with this id.
        pub job_id: Option<String>,
        /// Only usage of the task with this id.
        pub task_id: Option<String>,
        /// Usage at or after this timestamp, or within this span before now (`7d`; units s, m, h, d, w).
        /// Absent: a summary looks at the last 7 days, a list of rows at everything.
        pub since: Option<String> = span,
        /// Usage at or before this timestamp, or this span before now.
        pub until: Option<String> = span,
        /// The time zone whose days a summary by day counts in, by its name in the IANA database
        /// (`Europe/Berlin`). Absent: UTC. Dates in `since` and `until` begin at midnight UTC all the same.
        pub time_zone: Option<String>,
        /// Which page of the answer to give, from 1. Absent: 1.
        pub page: Option<i64> = positive,
        /// How many rows of the answer (of a summary: groups) a page has, 1 or more. Absent: all of them.
        pub page_size: Option<i64> = positive,
        /// The moment that spans count back from. Absent: the handle's clock.
        pub now: Option<Timestamp>,
    }
}
