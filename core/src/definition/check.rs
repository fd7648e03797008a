//! The bounds of fields. A field's definition names one of these functions, which accepts all types of such a field.

use serde_json::{Map, Value};

use super::Bound;
use crate::error::{Error, Result};
use crate::number::MAX_SAFE_INTEGER;
use crate::time::Timestamp;

/// A possibly absent value to check.
pub(crate) trait Given<T: ?Sized> {
    fn given(&self) -> Option<&T>;
}

impl Given<str> for String {
    fn given(&self) -> Option<&str> {
        Some(self)
    }
}

impl Given<str> for Option<String> {
    fn given(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Given<str> for Option<&str> {
    fn given(&self) -> Option<&str> {
        *self
    }
}

impl<T> Given<T> for Option<T> {
    fn given(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl Given<Map<String, Value>> for Map<String, Value> {
    fn given(&self) -> Option<&Map<String, Value>> {
        Some(self)
    }
}

impl Bound {
    /// The bound with this name in a definition.
    pub(crate) const fn named(name: &str) -> Option<Self> {
        // In a constant, text can be matched by its bytes only.
        Some(match name.as_bytes() {
            b"id" => Self::Id,
            b"single_line" => Self::SingleLine,
            b"count" => Self::Count,
            b"non_negative" => Self::NonNegative,
            b"finite" => Self::Finite,
            b"positive" => Self::Positive,
            b"depth" => Self::Depth,
            b"span" => Self::Span,
            b"day" => Self::Day,
            _ => return None,
        })
    }
}

/// An id: not blank.
pub(crate) fn id(field: &str, value: &impl Given<str>) -> Result<()> {
    match value.given() {
        Some(id) if id.trim().is_empty() => {
            Err(Error::invalid(field, "blank text", "an id that is not blank, or none"))
        }
        _ => Ok(()),
    }
}

/// A name, key or status: not blank, and one line, since it is shown in tables and messages.
pub(crate) fn single_line(field: &str, value: &impl Given<str>) -> Result<()> {
    match value.given() {
        Some(value) if value.trim().is_empty() || value.contains(char::is_control) => {
            Err(Error::invalid(field, format_args!("{value:?}"), "one line of text that is not blank"))
        }
        _ => Ok(()),
    }
}

/// A number of tokens.
pub(crate) fn count(field: &str, value: &impl Given<i64>) -> Result<()> {
    match value.given() {
        Some(count) if !(0..=MAX_SAFE_INTEGER).contains(count) => {
            Err(Error::invalid(field, count, "a whole number from 0 to 2^53-1 (9007199254740991)"))
        }
        _ => Ok(()),
    }
}

/// A measure such as story points: finite and not negative.
pub(crate) fn non_negative(field: &str, value: &impl Given<f64>) -> Result<()> {
    match value.given() {
        Some(value) if !value.is_finite() || *value < 0.0 => {
            Err(Error::invalid(field, value, "a finite number, 0 or more"))
        }
        _ => Ok(()),
    }
}

/// A velocity, which may be negative.
pub(crate) fn finite(field: &str, value: &impl Given<f64>) -> Result<()> {
    match value.given() {
        Some(value) if !value.is_finite() => {
            Err(Error::invalid(field, value, "a finite number (0 or less: the lane never finishes)"))
        }
        _ => Ok(()),
    }
}

/// A number that is at least 1.
pub(crate) fn positive(field: &str, value: &impl Given<i64>) -> Result<()> {
    match value.given() {
        Some(value) if *value < 1 => Err(Error::invalid(field, value, "a whole number, 1 or more")),
        _ => Ok(()),
    }
}

/// A time bound is parsed where the current time is known.
pub(crate) fn span(_field: &str, _value: &impl Given<str>) -> Result<()> {
    Ok(())
}

/// The end must not be before the beginning.
pub(crate) fn order(started_at: Option<Timestamp>, finished_at: Option<Timestamp>) -> Result<()> {
    match (started_at, finished_at) {
        (Some(start), Some(finish)) if finish < start => {
            Err(Error::invalid("finishedAt", finish, &format!("a time at or after startedAt ({start})")))
        }
        _ => Ok(()),
    }
}

/// The maximum nesting depth of stored JSON. Many parsers, including our own, are limited to 128 levels, and an entry
/// of the JSON log needs some of them: deeper JSON could be written but not read.
const DEEPEST: usize = 100;

/// The maximum size of the text in such an object in bytes: a record must fit into memory several times, and an entry
/// of the JSON log has the same limit.
const LARGEST: usize = 32 << 20;

/// Metadata and similar: an object that can be read again.
pub(crate) fn depth(field: &str, value: &impl Given<Map<String, Value>>) -> Result<()> {
    match value.given() {
        Some(object) if object.values().any(|value| is_deeper_than(DEEPEST - 1, value)) => {
            let allowed = format!("arrays and objects in at most {DEEPEST} levels");
            Err(Error::invalid(field, "JSON that is nested deeper", &allowed))
        }
        Some(object) if bytes_in(object) > LARGEST => {
            let given = format!("JSON of {} bytes", bytes_in(object));
            Err(Error::invalid(
                field,
                given,
                &format!("at most {LARGEST} bytes: store larger text elsewhere, and a reference to it here"),
            ))
        }
        _ => Ok(()),
    }
}

/// Its approximate length as text.
fn bytes_in(object: &Map<String, Value>) -> usize {
    object.iter().map(|(name, value)| name.len() + bytes_of(value) + 4).sum()
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(values) => values.iter().map(|value| bytes_of(value) + 1).sum::<usize>() + 2,
        Value::Object(object) => bytes_in(object) + 2,
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
    }
}

fn is_deeper_than(levels: usize, value: &Value) -> bool {
    let inside = |inner: &Value| is_deeper_than(levels - 1, inner);
    match value {
        Value::Array(values) => levels == 0 || values.iter().any(inside),
        Value::Object(object) => levels == 0 || object.values().any(inside),
        _ => false,
    }
}
