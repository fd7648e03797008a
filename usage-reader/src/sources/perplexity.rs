//! Perplexity, which speaks OpenAI's chat and itemises its cost.

use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

/// `cost` as an object. Where the items have no currency in their names, neither has their sum.
pub(super) fn itemised(items: Fields<'_>, parsed: &mut ParsedUsage) {
    parsed.cost = items.measure(&["total_cost", "total"]);
    parsed.currency = parsed.cost.and(items.has("total_cost").then(|| "USD".into()));
    // The items are parts of the total.
    let _ = items.values().count();
}
