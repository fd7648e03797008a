//! Sums of token usage by groups.

mod dimension;
mod groups;
mod input;
mod report;
mod sums;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(super) use dimension::each_once;
pub use dimension::{Dimension, Group};
pub use input::TokenUsageSummaryQuery;
pub use report::TokenUsageReport;
pub(super) use report::report_since;
#[cfg(feature = "report")]
pub(crate) use report::sums_of_calls;
pub(crate) use report::token_usage_report;

use self::groups::Groups;
pub(super) use self::sums::{Costs, TokenSum};
use self::sums::{Sums, columns};
use super::period::{CallsOutside, UsageRange};
use super::query::{Filter, Page, Projection, QueryContext, TokenUsageQuery, for_each};
use crate::definition::record;
use crate::error::Result;
use crate::number;
use crate::repository::token_usage::{COUNTS, token_counts};

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
                /// Only if there is one: the currency of the cost, by its upper-case code.
                #[serde(skip_serializing_if = "Option::is_none")]
                pub currency: Option<String>,
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

        /// The token counts of a call, in the order of the columns.
        #[cfg(feature = "report")]
        fn counts_of(call: &super::TokenUsageRow) -> [Option<i64>; COUNTS.len()] {
            [$(call.$count),*]
        }
    };
}

token_counts! { summary_row! }

/// The groups in the order in which they first appear in time. `group_by` empty: [`Dimension::DEFAULT`].
pub(crate) fn token_usage_summary(
    query_context: &QueryContext<'_>,
    group_by: &[Dimension],
) -> Result<Vec<TokenUsageSummaryRow>> {
    let page = Page::of(query_context.query)?;
    let summary = Summary::read(query_context, Some(since(query_context.query)), group_by)?;
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
        let group_by = Dimension::of_query(group_by);
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

/// The time range of a summary with this query.
pub(crate) fn usage_range(query_context: &QueryContext<'_>) -> Result<UsageRange> {
    let query = query_context.query;
    let (since, until) = query_context.range(Some(since(query)))?.ends();
    Ok(UsageRange { since, until, now: query.now.unwrap_or(query_context.now) })
}

/// Counts the calls that match the query but for its time range.
pub(crate) fn calls_outside(query_context: &QueryContext<'_>) -> Result<CallsOutside> {
    let filter = query_context.filter(Some(since(query_context.query)))?;
    CallsOutside::count(query_context.tx, &filter, Projection::default(), |_| Ok(true))
}

fn costs_json<S: serde::Serializer>(
    costs: &Option<BTreeMap<String, f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(costs.iter().flatten().map(|(code, sum)| (code, number::to_json(*sum))))
}
