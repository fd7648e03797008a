//! Values of SQL on their way to JavaScript and back. What JSON cannot say travels beside it, as text with
//! its place.

use mcoda_core::{ErrorKind, MAX_SAFE_INTEGER, SqlParams, SqlValue, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::reply::{self, Failure, Outcome};

/// A value that is null in the JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Exact {
    /// Decimal digits.
    BigInt(String),
    /// Hexadecimal digits.
    Blob(String),
    /// What JavaScript's `Number` reads: `Infinity`, `-Infinity`.
    Number(String),
}

impl Exact {
    fn of(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Integer(number) if number.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => {
                Some(Self::BigInt(number.to_string()))
            }
            SqlValue::Real(number) if number.is_infinite() => {
                Some(Self::Number(if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()))
            }
            SqlValue::Blob(_) => {
                serde_json::to_value(value).ok()?.as_str().map(|hex| Self::Blob(hex.to_owned()))
            }
            _ => None,
        }
    }

    fn into_value(self) -> Option<SqlValue> {
        match self {
            Self::BigInt(digits) => digits.parse().ok().map(SqlValue::Integer),
            Self::Number(text) => text.parse().ok().map(SqlValue::Real),
            Self::Blob(hex) => {
                let byte = |place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok();
                (0..hex.len()).step_by(2).map(byte).collect::<Option<_>>().map(SqlValue::Blob)
            }
        }
    }
}

/// A table, with the values that are null in `rows` by row and column.
#[derive(Serialize)]
struct Answer<'a> {
    columns: &'a [String],
    rows: Vec<Vec<&'a SqlValue>>,
    exact: Vec<(usize, usize, Exact)>,
}

pub(crate) fn json(table: &Table) -> Outcome {
    let mut answer = Answer { columns: &table.columns, rows: Vec::new(), exact: Vec::new() };
    for (row, values) in table.rows.iter().enumerate() {
        let mut cells = Vec::with_capacity(values.len());
        for (column, value) in values.iter().enumerate() {
            let beside = Exact::of(value);
            cells.push(if beside.is_some() { &SqlValue::Null } else { value });
            answer.exact.extend(beside.map(|value| (row, column, value)));
        }
        answer.rows.push(cells);
    }
    reply::json(&answer)
}

/// Argument 1 are the parameters, argument 2 those that JSON cannot say: `[[place, value], …]`.
pub(crate) fn params(arguments: &Arguments) -> Result<SqlParams, Failure> {
    let mut params = SqlParams::from_json(arguments.value(1))?;
    for beside in arguments.items(2) {
        put(&mut params, beside).ok_or_else(|| {
            let message = format!("a fault of @mcoda/native, please report it: no parameter is {beside}");
            Failure::new(ErrorKind::Internal, message)
        })?;
    }
    Ok(params)
}

fn put(params: &mut SqlParams, beside: &Value) -> Option<()> {
    let (place, exact): (usize, Exact) = serde_json::from_value(beside.clone()).ok()?;
    let value = match params {
        SqlParams::Positional(values) => values.get_mut(place)?,
        SqlParams::Named(values) => &mut values.get_mut(place)?.1,
    };
    *value = exact.into_value()?;
    Some(())
}
