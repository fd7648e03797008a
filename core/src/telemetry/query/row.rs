//! One recorded agent call, as results show it.

use serde_json::{Map, Value};

use super::metadata_fallback;
use crate::repository::token_usage::TokenUsageRecord;
pub use crate::repository::token_usage::TokenUsageRow;

/// The record as results show it: values of empty columns come from its metadata.
pub(super) fn completed(record: TokenUsageRecord) -> TokenUsageRow {
    let mut row = TokenUsageRow::from(record);
    let metadata = &row.metadata;
    let text = |column: Option<String>, names: &[&str]| {
        column.filter(|text| !text.is_empty()).or_else(|| first_text(metadata, names))
    };
    row.command_name = text(row.command_name, &metadata_fallback::COMMAND);
    row.action = text(row.action, &metadata_fallback::ACTION);
    row.error_kind = text(None, &metadata_fallback::ERROR_KIND);
    row.duration_ms = row.duration_ms.or_else(|| row.duration_seconds.and_then(millis));
    row
}

/// The first of the fields that has text.
pub(super) fn first_text(metadata: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let texts = names.iter().filter_map(|name| metadata.get(*name)?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).next()
}

/// Seconds in whole milliseconds; `None` if they overflow to infinity, which JSON cannot represent.
pub(in super::super) fn millis(seconds: f64) -> Option<f64> {
    Some((seconds * 1000.0).round()).filter(|millis| millis.is_finite())
}
