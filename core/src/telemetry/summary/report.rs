//! A summary for people.

use super::dimension::{Dimension, Group};
use super::sums::Sums;
use super::{Summary, TokenUsageSummaryRow, since};
use crate::error::Result;
use crate::telemetry::backlog_keys::BacklogKeys;
use crate::telemetry::period::ReportPeriod;
use crate::telemetry::query::{Page, Projection, QueryContext};

/// A summary of token usage with what people ask next: the total, the names of what the rows have ids of, and what the time
/// range leaves out. [`render_tokens_report`](crate::report::render_tokens_report) prints it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TokenUsageReport {
    /// The dimensions of the rows, in the order asked for.
    pub group_by: Vec<Dimension>,
    /// The groups of the page, as [`Session::token_usage_summary`](crate::Session::token_usage_summary) returns them.
    pub rows: Vec<TokenUsageSummaryRow>,
    /// All calls of the time range as one group, also those on other pages.
    pub total: TokenUsageSummaryRow,
    /// The keys of the projects, epics, stories and tasks that the rows name.
    pub keys: BacklogKeys,
    /// The time range.
    pub period: ReportPeriod,
}

/// The sums of single calls, for their table.
#[cfg(feature = "report")]
pub(crate) fn sums_of_calls(calls: &[crate::telemetry::TokenUsageRow]) -> TokenUsageSummaryRow {
    let mut sums = Sums::default();
    for call in calls {
        sums.add_call(super::counts_of(call), call.duration_ms, call.cost_estimate, call.currency.as_deref());
    }
    sums.into_row(None, Group::default())
}

/// The summary of the last seven days or of the query's time range, as a report.
pub(crate) fn token_usage_report(
    query_context: &QueryContext<'_>,
    group_by: &[Dimension],
) -> Result<TokenUsageReport> {
    report_since(query_context, Some(since(query_context.query)), group_by)
}

/// [`token_usage_report`] from `since` on, without limit if that is absent.
pub(in super::super) fn report_since(
    query_context: &QueryContext<'_>,
    since: Option<&str>,
    group_by: &[Dimension],
) -> Result<TokenUsageReport> {
    let page = Page::of(query_context.query)?;
    let Summary { filter, group_by, groups } = Summary::read(query_context, since, group_by)?;
    let total = Sums::of_all(groups.iter().map(|(_, sums)| sums));
    let groups: Vec<(Group, Sums)> = page.cut(groups).collect();
    // The global database has no backlog.
    let keys = match query_context.workspace_id {
        Some(_) => BacklogKeys::of_groups(query_context.tx, groups.iter().map(|(group, _)| group))?,
        None => BacklogKeys::default(),
    };
    let period = ReportPeriod::of(query_context.tx, &filter, Projection::default(), |_| Ok(true))?;
    let row =
        |(group, sums): (Group, Sums)| sums.into_row(query_context.workspace_id.map(str::to_owned), group);
    let total = row((Group::default(), total));
    Ok(TokenUsageReport { group_by, rows: groups.into_iter().map(row).collect(), total, keys, period })
}
