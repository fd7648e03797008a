//! The parameters of a host's statement.

use rusqlite::Statement;
use serde_json::{Map, Value};

use super::HostResult;
use super::fault::{HostError, code};
use crate::sqlite::{Bound, SqlValue};

/// Values by position or by name. Missing ones are NULL.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostParams(Vec<(Position, SqlValue)>);

#[derive(Debug, Clone, PartialEq)]
enum Position {
    Index(usize),
    Named(String),
}

impl HostParams {
    /// Reads parameters from JSON: an array of values, or an object of names, with or without their prefix in SQL, or of
    /// positions (`"1"`). null means none.
    ///
    /// A number is bound as INTEGER if it is whole and fits 32 bits, and otherwise as REAL, as npm's `sqlite3` does. Values
    /// that JSON cannot represent are objects: `{"integer": "9007199254740993"}`, `{"real": "Infinity"}`, and
    /// `{"blob": 0}` for the bytes at that index of `blobs`.
    pub fn from_json(params: &Value, mut blobs: Vec<Vec<u8>>) -> HostResult<Self> {
        let mut value = |given: &Value| read(given, &mut blobs);
        Ok(Self(match params {
            Value::Null => Vec::new(),
            Value::Array(values) => {
                let at = |(place, given)| Ok((Position::Index(place), value(given)?));
                (1..).zip(values).map(at).collect::<HostResult<_>>()?
            }
            Value::Object(values) => {
                let named = |(name, given): (&String, &Value)| {
                    let place = name.parse().map_or_else(|_| Position::Named(name.clone()), Position::Index);
                    Ok((place, value(given)?))
                };
                values.iter().map(named).collect::<HostResult<_>>()?
            }
            _ => return Err(unreadable(params)),
        }))
    }

    pub(super) fn bind(&self, statement: &mut Statement<'_>) -> HostResult<()> {
        for (place, value) in &self.0 {
            let place = match place {
                Position::Index(place) => *place,
                Position::Named(name) => place_of(statement, name)?,
            };
            if !(1..=statement.parameter_count()).contains(&place) {
                return Err(HostError::refused(code::RANGE, "column index out of range"));
            }
            statement.raw_bind_parameter(place, Bound(value))?;
        }
        Ok(())
    }
}

fn place_of(statement: &Statement<'_>, name: &str) -> HostResult<usize> {
    if let Some(place) = statement.parameter_index(name)? {
        return Ok(place);
    }
    for first in [":", "@", "$"] {
        if let Some(place) = statement.parameter_index(&format!("{first}{name}"))? {
            return Ok(place);
        }
    }
    let text = format!("column index out of range: the statement has no parameter {name:?}");
    Err(HostError::refused(code::RANGE, text))
}

fn read(given: &Value, blobs: &mut [Vec<u8>]) -> HostResult<SqlValue> {
    Ok(match given {
        Value::Null => SqlValue::Null,
        Value::Bool(switch) => SqlValue::Integer((*switch).into()),
        Value::String(text) => SqlValue::Text(text.clone()),
        Value::Number(number) => {
            let whole = number.as_i64().filter(|whole| i32::try_from(*whole).is_ok());
            match (whole, number.as_f64()) {
                (Some(whole), _) => SqlValue::Integer(whole),
                (None, Some(real)) => SqlValue::Real(real),
                (None, None) => return Err(unreadable(given)),
            }
        }
        Value::Object(exact) => read_exact(exact, blobs).ok_or_else(|| unreadable(given))?,
        Value::Array(_) => return Err(unreadable(given)),
    })
}

fn read_exact(exact: &Map<String, Value>, blobs: &mut [Vec<u8>]) -> Option<SqlValue> {
    let (kind, value) = exact.iter().next().filter(|_| exact.len() == 1)?;
    match &**kind {
        "integer" => value.as_str()?.parse().ok().map(SqlValue::Integer),
        "real" => value.as_str()?.parse().ok().map(SqlValue::Real),
        "blob" => {
            let place = usize::try_from(value.as_u64()?).ok()?;
            blobs.get_mut(place).map(|bytes| SqlValue::Blob(std::mem::take(bytes)))
        }
        _ => None,
    }
}

fn unreadable(given: &Value) -> HostError {
    let what = match given {
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
        _ => "a value of another type",
    };
    let text = format!("got {what} as a parameter; expected a value that SQLite has");
    HostError::refused(code::MISMATCH, text)
}
