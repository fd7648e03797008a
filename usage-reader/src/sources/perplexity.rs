//! Perplexity, which uses OpenAI's chat format and itemises its cost.

use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

/// `cost` as an object. If the names of the items imply no currency, the sum has none either.
pub(super) fn itemised(items: Fields<'_>, parsed: &mut ParsedUsage) {
    parsed.cost = items.measure(&["total_cost", "total"]);
    parsed.currency = parsed.cost.and(items.has("total_cost").then(|| "USD".into()));
    // The items are included in the total.
    let _ = items.values().count();
}
