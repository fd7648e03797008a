//! Numbers in JSON.

use serde::Serializer;

pub use mcoda_usage_reader::number::MAX_SAFE_INTEGER;
use mcoda_usage_reader::number::as_whole;
pub(crate) use mcoda_usage_reader::number::{ExactSum, exact_sum, to_json};

/// Serializes whole REAL values as integers (`14086`, not `14086.0`), as JavaScript does.
pub(crate) fn json<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match as_whole(*value) {
        Some(whole) => serializer.serialize_i64(whole),
        None => serializer.serialize_f64(*value),
    }
}

/// [`json`] for an optional value.
pub(crate) fn json_option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => json(value, serializer),
        None => serializer.serialize_none(),
    }
}
