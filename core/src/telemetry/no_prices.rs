//! Without the feature `prices` no cost is computed, and requesting it is an error.

use super::price_override::PriceOverride;
use super::usage::TokenUsage;
use crate::error::{Error, Result};
use crate::repository::token_usage::TokenUsageRecord;
use crate::time::Timestamp;

/// Refuses what [`fill`] cannot do.
pub(super) fn check(compute_cost: bool) -> Result<()> {
    if compute_cost { Err(Error::lacking("prices", "computeCost", true, "false")) } else { Ok(()) }
}

/// Never called with a cost to compute: [`check`] comes first.
pub(super) fn fill(_usage: &mut TokenUsage, _overrides: &[PriceOverride], _now: Timestamp) {}

/// A cost that another build computed stays only while its counts do.
pub(super) fn fill_again(
    _usage: &mut TokenUsage,
    _stored: &TokenUsageRecord,
    _overrides: &[PriceOverride],
    _now: Timestamp,
) {
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requesting_a_computed_cost_names_the_missing_feature() {
        check(false).unwrap();
        let error = check(true).unwrap_err();
        assert_eq!((error.kind(), error.field()), (crate::ErrorKind::Unsupported, Some("computeCost")));
        let expected = "computeCost: got true; expected false, since this build lacks the feature `prices` of mcoda-core";
        assert_eq!(error.message(), expected);
    }
}
