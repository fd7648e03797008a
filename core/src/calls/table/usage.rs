//! Recording token usage, and asking about it.

use std::path::PathBuf;

use crate::calls::Call;
use crate::calls::argument::{Body, OrEmpty, Summary};
use crate::calls::macros::calls;
use crate::telemetry::{
    AgentContext, CallsOutside, ImportSummary, Recorded, RecordedResponse, TokenUsage, TokenUsageQuery,
    TokenUsageRow, TokenUsageSummaryRow, UsageRange,
};

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Records the usage of one agent call: the row, the agent's attribution to its command run and job, and the entry
    /// in the JSON log.
    Session "record_token_usage"(
        /// The record.
        usage: TokenUsage,
    ) -> Recorded [InvalidInput, NotFound, Conflict] |session| session.record(usage);

    /// Records the usage of many calls in one transaction: all of them or none. An error names the record.
    Session "record_token_usages"(
        /// The records.
        usages: Vec<TokenUsage>,
    ) -> Vec<Recorded> [InvalidInput, NotFound, Conflict] |session| session.record_all(usages);

    /// Extracts the usage from a response of a provider or an agent, as `extract_usages` does, and records it: one
    /// record for each call and each model. A record's id is derived from the provider's id of the response or the
    /// session, so that a retry or a replay counts once; of two versions of one response the last wins. A body without
    /// usage records nothing and is not an error. A response without an id is a new one each time, unless the context
    /// has a `responseId`.
    Session "record_agent_response"(
        /// A response body, the events of a stream, or a transcript.
        body: Body,
        /// What the host knows about it.
        context: OrEmpty<AgentContext>,
    ) -> RecordedResponse [InvalidInput, NotFound] |session| session.record_agent_response(&body.0, &context.0);

    /// Extracts and records the usage in a file: responses, events of a stream, or an agent's transcript, of any
    /// length. A call without an id is identified by its text and the number of earlier occurrences of that text, so
    /// reading a file again, or one that has grown, adds no duplicates. Each thousand lines are one transaction: after
    /// an error, what was recorded before is kept, and reading the file again continues from there.
    Session "record_agent_file"(
        /// The file.
        path: PathBuf,
        /// What the host knows about it.
        context: OrEmpty<AgentContext>,
    ) -> ImportSummary [InvalidInput, NotFound, Storage] |session| session.record_agent_file(path, &context.0);

    /// Lists single agent calls in order of time.
    Session "token_usage"(
        /// Selects the calls. Absent: all.
        query: OrEmpty<TokenUsageQuery>,
    ) -> Vec<TokenUsageRow> [InvalidInput, NotFound] |session| session.token_usage(&query.0);

    /// Sums the usage of agent calls by groups, in the order in which the groups first appear in time. If `since` is
    /// absent, only the last 7 days are included.
    Session "token_usage_summary"(
        /// Selects the calls, and the dimensions to group by.
        query: Summary,
    ) -> Vec<TokenUsageSummaryRow> [InvalidInput, NotFound] |session| {
        session.token_usage_summary(&query.0, &query.1)
    };

    /// Returns the time range of a summary with this query: its first and last time, and the time from which spans count
    /// back. Reads no records.
    Session "token_usage_range"(
        /// The query of the summary.
        query: Summary,
    ) -> UsageRange [InvalidInput] |session| session.token_usage_range(&query.0);

    /// Counts the calls that a summary with this query leaves out because of its time range: those that match the rest of
    /// the query, and are before or after the range or have an invalid time. It reads them.
    Session "calls_outside"(
        /// The query of the summary.
        query: Summary,
    ) -> CallsOutside [InvalidInput, NotFound] |session| session.calls_outside(&query.0);
};
