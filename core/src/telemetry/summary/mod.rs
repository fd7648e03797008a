//! What was spent, added up by groups.

mod dimension;
mod groups;
mod input;
mod sums;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use dimension::{Dimension, Group};

use self::groups::Groups;
use self::sums::{Sums, columns};
use super::query::{Asked, Page, Reads, for_each};
use super::record::Home;
use crate::definition::record;
use crate::error::Result;
use crate::number;
use crate::repository::token_usage::{COUNTS, token_counts};

/// A summary that is asked for without a beginning looks this far back.
const DEFAULT_SINCE: &str = "7d";

/// Defines the row of a summary, with a sum for each token count.
macro_rules! summary_row {
    ({ $($(#[doc = $doc:literal])* $count:ident $(| $alias:literal)*,)* }) => {
        record! {
            /// What the calls of one group cost together. Sums are 0 where nothing was reported.
            #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
            #[serde(default)]
            pub struct TokenUsageSummaryRow("row", "snake_case"): {
                /// The workspace that is billed; null in the global database.
                pub workspace_id: Option<String>,
                /// The grouped dimensions; in JSON each is a field of its own (`agent_id`, `day`, …).
                #[serde(flatten)]
                pub group: Group,
                /// How many calls there were.
                pub calls: u64,
                $(
                    $(#[doc = $doc])*
                    ///
                    /// The sum over the calls; one that a 64-bit number cannot hold stops at its end.
                    pub $count: i64,
                )*
                /// How long the calls took, in milliseconds.
                #[serde(serialize_with = "number::json")]
                pub duration_ms: f64,
                /// What the calls cost; null where no call reported a cost, and where there are several
                /// currencies. A call that reports no currency counts as the group's.
                #[serde(serialize_with = "number::json_option")]
                pub cost_estimate: Option<f64>,
                /// Only where there are several currencies: what was spent in each, by its code in upper case.
                /// The calls that report no currency are under `XXX` then, the code of ISO 4217 for none.
                #[serde(skip_serializing_if = "Option::is_none")]
                #[serde(serialize_with = "costs_json")]
                pub cost_by_currency: Option<BTreeMap<String, f64>>,
            }
        }

        impl TokenUsageSummaryRow {
            /// Where the sums of the token counts go, in the order of the columns.
            fn counts_mut(&mut self) -> [&mut i64; COUNTS.len()] {
                [$(&mut self.$count),*]
            }
        }
    };
}

token_counts! { summary_row! }

/// The groups in the order in which they first appear in time. `group_by` empty: [`Dimension::DEFAULT`].
pub(crate) fn token_usage_summary(
    asked: &Asked<'_>,
    group_by: &[Dimension],
) -> Result<Vec<TokenUsageSummaryRow>> {
    summary_since(asked, Some(asked.query.since.as_deref().unwrap_or(DEFAULT_SINCE)), group_by)
}

/// [`token_usage_summary`] from `since` on, and of all time where that is absent.
pub(super) fn summary_since(
    asked: &Asked<'_>,
    since: Option<&str>,
    group_by: &[Dimension],
) -> Result<Vec<TokenUsageSummaryRow>> {
    let page = Page::of(asked.query)?;
    let filter = asked.filter(since)?;
    let group_by = distinct(Dimension::or_default(group_by));
    let mut reads = Reads {
        plain: columns(),
        command: group_by.contains(&Dimension::Command),
        action: group_by.contains(&Dimension::Action),
    };
    let dimensions = group_by.into_iter().map(|dimension| {
        let place = dimension.column().map(|column| {
            reads.plain.push(column);
            reads.plain.len() - 1
        });
        (dimension, place)
    });
    let mut groups = Groups::new(dimensions.collect(), filter.zone);
    for_each(asked.tx, &filter, reads, |row| groups.sums_of(row)?.add(row.columns))?;
    let workspace_id = match asked.home {
        Home::Workspace(id) => Some(id),
        Home::Global => None,
    };
    let row = |(group, sums): (Group, Sums)| sums.into_row(workspace_id.map(str::to_owned), group);
    Ok(page.cut(groups.in_order()).map(row).collect())
}

/// A dimension that is asked for twice must not become two fields of the same name.
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
