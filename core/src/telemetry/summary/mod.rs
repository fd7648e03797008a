//! Sums of token usage by groups.

mod dimension;
mod groups;
mod input;
mod report;
mod sums;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use dimension::{Dimension, Group};
pub use input::TokenUsageSummaryQuery;
pub(crate) use report::token_usage_report;
pub use report::{TokenUsageReport, TokenUsageReportRow};

use self::groups::Groups;
pub(super) use self::sums::{Costs, TokenSum};
use self::sums::{Sums, columns};
use super::query::{Filter, Page, Projection, QueryContext, TokenUsageQuery, for_each};
use crate::definition::record;
use crate::error::Result;
use crate::number;
use crate::repository::token_usage::{COUNTS, token_counts};
use crate::time::Timestamp;

/// The default of `since` in a summary.
const DEFAULT_SINCE: &str = "7d";

/// Where the time range of a summary begins.
fn since(query: &TokenUsageQuery) -> &str {
    query.since.as_deref().unwrap_or(DEFAULT_SINCE)
}

/// Defines the row of a summary, with a sum for each token count.
macro_rules! summary_row {
    ({ $($(#[doc = $doc:literal])* $count:ident $(| $alias:literal)*,)* }) => {
        record! {
            /// The total usage of the calls of one group. Sums are 0 if nothing was reported.
            #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
            #[serde(default)]
            #[non_exhaustive]
            pub struct TokenUsageSummaryRow("row", "snake_case"): {
                /// The workspace to which the usage belongs; null in the global database.
                pub workspace_id: Option<String>,
                /// The grouped dimensions; in JSON each is a field of its own (`agent_id`, `day`, …).
                #[serde(flatten)]
                pub group: Group,
                /// The number of calls.
                pub calls: u64,
                $(
                    $(#[doc = $doc])*
                    ///
                    /// The sum over the calls, limited to the range of a 64-bit integer.
                    pub $count: i64,
                )*
                /// The total duration of the calls, in milliseconds.
                #[serde(serialize_with = "number::json")]
                pub duration_ms: f64,
                /// The total cost of the calls; null if no call reported a cost, or if there are several currencies. A
                /// call without a currency counts as the group's.
                #[serde(serialize_with = "number::json_option")]
                pub cost_estimate: Option<f64>,
                /// Only if there are several currencies: the cost in each, by its upper-case code. Calls without a
                /// currency are then under `XXX`, the code of ISO 4217 for no currency.
                #[serde(skip_serializing_if = "Option::is_none")]
                #[serde(serialize_with = "costs_json")]
                pub cost_by_currency: Option<BTreeMap<String, f64>>,
                /// The number of calls whose cost is known. If it is less than `calls`, the cost is that of a part of
                /// them.
                pub cost_known_calls: u64,
            }
        }

        impl TokenUsageSummaryRow {
            /// The sums of the token counts, in the order of the columns.
            fn counts_mut(&mut self) -> [&mut i64; COUNTS.len()] {
                [$(&mut self.$count),*]
            }
        }
    };
}

token_counts! { summary_row! }

/// The groups in the order in which they first appear in time. `group_by` empty: [`Dimension::DEFAULT`].
pub(crate) fn token_usage_summary(
    query_context: &QueryContext<'_>,
    group_by: &[Dimension],
) -> Result<Vec<TokenUsageSummaryRow>> {
    summary_since(query_context, Some(since(query_context.query)), group_by)
}

/// [`token_usage_summary`] from `since` on, without limit if that is absent.
pub(super) fn summary_since(
    query_context: &QueryContext<'_>,
    since: Option<&str>,
    group_by: &[Dimension],
) -> Result<Vec<TokenUsageSummaryRow>> {
    let page = Page::of(query_context.query)?;
    let summary = Summary::read(query_context, since, group_by)?;
    let row =
        |(group, sums): (Group, Sums)| sums.into_row(query_context.workspace_id.map(str::to_owned), group);
    Ok(page.cut(summary.groups).map(row).collect())
}

/// What a scan has added up.
struct Summary {
    filter: Filter,
    /// Each dimension once.
    group_by: Vec<Dimension>,
    /// In the order in which they first appear in time.
    groups: Vec<(Group, Sums)>,
}

impl Summary {
    fn read(query_context: &QueryContext<'_>, since: Option<&str>, group_by: &[Dimension]) -> Result<Self> {
        let filter = query_context.filter(since)?;
        let group_by = distinct(Dimension::or_default(group_by));
        let mut projection = Projection {
            plain: columns(),
            command: group_by.contains(&Dimension::Command),
            action: group_by.contains(&Dimension::Action),
            session: group_by.contains(&Dimension::Session),
        };
        let dimensions = group_by.iter().map(|dimension| {
            let place = dimension.column().map(|column| {
                projection.plain.push(column);
                projection.plain.len() - 1
            });
            (*dimension, place)
        });
        let mut groups = Groups::new(dimensions.collect(), filter.zone);
        for_each(query_context.tx, &filter, projection, |row| groups.sums_of(row)?.add(row.columns))?;
        Ok(Self { filter, group_by, groups: groups.in_order() })
    }
}

record! {
    /// The time range of a query.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct UsageRange("range", "camelCase"): {
        /// The first time that is included; absent without a limit.
        pub since: Option<Timestamp>,
        /// The last time that is included; absent without a limit.
        pub until: Option<Timestamp>,
        /// The time from which spans such as `7d` count back. Given in the query, it fixes them.
        pub now: Timestamp,
    }
}

record! {
    /// The calls that a summary leaves out because of its time range.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    #[non_exhaustive]
    pub struct CallsOutside("callsOutside", "camelCase"): {
        /// All of them: those before and after the range, and those with an invalid time.
        pub calls: u64,
        /// Those before the range.
        pub before: u64,
        /// Those after the range.
        pub after: u64,
    }
}

/// The time range of a summary with this query.
pub(crate) fn usage_range(query_context: &QueryContext<'_>) -> Result<UsageRange> {
    let query = query_context.query;
    let (since, until) = query_context.range(Some(since(query)))?.ends();
    Ok(UsageRange { since, until, now: query.now.unwrap_or(query_context.now) })
}

/// Counts the calls that match the query but for its time range.
pub(crate) fn calls_outside(query_context: &QueryContext<'_>) -> Result<CallsOutside> {
    let range = usage_range(query_context)?;
    let all = TokenUsageQuery { since: None, until: None, ..query_context.query.clone() };
    let filter = QueryContext { query: &all, ..*query_context }.filter(None)?;
    let mut outside = CallsOutside::default();
    if range.since.is_none() && range.until.is_none() {
        return Ok(outside);
    }
    for_each(query_context.tx, &filter, Projection::default(), |row| {
        let is_before = row.time.is_some_and(|time| range.since.is_some_and(|since| time < since));
        let is_after = row.time.is_some_and(|time| range.until.is_some_and(|until| time > until));
        outside.before += u64::from(is_before);
        outside.after += u64::from(is_after && !is_before);
        outside.calls += u64::from(is_before || is_after || row.time.is_none());
        Ok(())
    })?;
    Ok(outside)
}

/// A repeated dimension must not become two fields of the same name.
fn distinct(group_by: &[Dimension]) -> Vec<Dimension> {
    let mut distinct: Vec<Dimension> = Vec::new();
    for dimension in group_by {
        if !distinct.contains(dimension) {
            distinct.push(*dimension);
        }
    }
    distinct
}

fn costs_json<S: serde::Serializer>(
    costs: &Option<BTreeMap<String, f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(costs.iter().flatten().map(|(code, sum)| (code, number::to_json(*sum))))
}
