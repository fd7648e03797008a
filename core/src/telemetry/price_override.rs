//! Prices that the user knows better than the table: a contract's, or those of a model that the table lacks.

use serde_json::Value;

use crate::definition::record;
use crate::error::Result;
use crate::paths::Config;
use crate::time::Timestamp;

record! {
    /// Prices of a model, which are used before the table's. Of several in a list that match, the one with the newest
    /// `validFrom` is used, or else the first.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct PriceOverride("price override", "camelCase"): input list("priceOverrides", "price override") {
        /// The model, with `*` for any text: `my-model-*`. Upper and lower case are the same.
        pub model: String = id,
        /// The provider that the record names, or the one that has the model by the price table if the record names
        /// none. Absent: any.
        pub provider: Option<String> = id,
        /// When the prices begin. Absent: they always hold.
        pub valid_from: Option<Timestamp>,
        /// The currency of the prices. Absent: `USD`.
        pub currency: Option<String> = id,
        /// A million input tokens that no cache had.
        pub input: Option<f64> = non_negative,
        /// A million output tokens.
        pub output: Option<f64> = non_negative,
        /// A million input tokens read from a cache.
        pub cache_read: Option<f64> = non_negative,
        /// A million input tokens written to a cache.
        pub cache_write: Option<f64> = non_negative,
        /// A million input tokens written to a cache for an hour. Absent: as `cacheWrite`.
        pub cache_write_1h as "cacheWrite1h": Option<f64> = non_negative,
        /// A million output tokens of reasoning. Absent: as `output`.
        pub reasoning: Option<f64> = non_negative,
    }
}

/// The list in the order in which it is searched: prices that began later replace those before.
pub(super) fn newest_first(mut list: Vec<PriceOverride>) -> Vec<PriceOverride> {
    list.sort_by_key(|one| std::cmp::Reverse(one.valid_from));
    list
}

/// Those of the config files, the more specific ones first.
pub(super) fn of_configs(configs: &[Config]) -> Result<Vec<PriceOverride>> {
    let mut overrides = Vec::new();
    for config in configs.iter().rev() {
        let read = || match config.part("telemetry")?.and_then(|part| part.get("priceOverrides")) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(list) => PriceOverride::list_from_json(list),
        };
        overrides.extend(newest_first(read().map_err(|error| error.context(&config.source))?));
    }
    Ok(overrides)
}
