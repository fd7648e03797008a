//! Reading columns of rows that other programs wrote: in SQLite any column may hold any type.

use rusqlite::types::ValueRef;
use rusqlite::{Result, Row};
use serde_json::{Map, Value};

/// The column as text; `None` if it has no text.
pub(crate) fn text(row: &Row<'_>, column: &str) -> Result<Option<String>> {
    Ok(as_text(row.get_ref(column)?))
}

pub(crate) fn as_text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// [`text`] for a column that is never null in a valid row.
pub(crate) fn required_text(row: &Row<'_>, column: &str) -> Result<String> {
    Ok(text(row, column)?.unwrap_or_default())
}

/// The column as a finite number; `None` for anything else.
pub(crate) fn real(row: &Row<'_>, column: &str) -> Result<Option<f64>> {
    Ok(as_real(row.get_ref(column)?))
}

pub(crate) fn as_real(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) if number.is_finite() => Some(number),
        _ => None,
    }
}

/// The value as an integer; `None` for anything else.
pub(crate) fn as_whole(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(number as i64),
        _ => None,
    }
}

pub(crate) fn parse_object(text: &str) -> Map<String, Value> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// The texts of a JSON array; other elements are skipped, and other JSON has no texts.
pub(crate) fn parse_texts(text: &str) -> Vec<String> {
    let listed: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
