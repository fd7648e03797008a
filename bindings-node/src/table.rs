//! Values of SQL, to and from JavaScript. What JSON cannot represent crosses separately, as text with its place.

use mcoda_core::{MAX_SAFE_INTEGER, SqlParams, SqlValue, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::reply::{self, Failure, PIECE};

/// A value of a result that is null in the JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Separate<'a> {
    /// Decimal digits.
    BigInt(String),
    /// In JSON, hexadecimal digits.
    Blob(&'a SqlValue),
    /// What JavaScript's `Number` accepts.
    Number(&'static str),
}

impl<'a> Separate<'a> {
    fn of(value: &'a SqlValue) -> Option<Self> {
        match value {
            SqlValue::Integer(number) if number.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => {
                Some(Self::BigInt(number.to_string()))
            }
            SqlValue::Real(number) if number.is_infinite() => {
                Some(Self::Number(if *number > 0.0 { "Infinity" } else { "-Infinity" }))
            }
            SqlValue::Blob(_) => Some(Self::Blob(value)),
            _ => None,
        }
    }
}

/// A parameter that is null in the JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Exact {
    /// Decimal digits.
    BigInt(String),
    /// Hexadecimal digits.
    Blob(String),
    /// What Rust parses as a number: `Infinity`, `-Infinity`.
    Number(String),
}

impl Exact {
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

/// Some rows of a table, with the values that are null in `rows` by row and column.
#[derive(Serialize)]
struct Rows<'a> {
    columns: &'a [String],
    rows: Vec<Vec<&'a SqlValue>>,
    exact: Vec<(usize, usize, Separate<'a>)>,
}

/// A table as JSON in pieces, each with all columns and some of the rows.
pub(crate) fn pieces(table: &Table) -> Result<Vec<String>, Failure> {
    let mut pieces = Vec::new();
    let mut rows = &table.rows[..];
    loop {
        let (piece, rest) = rows.split_at(rows_of_a_piece(rows));
        pieces.push(json(&table.columns, piece)?);
        if rest.is_empty() {
            return Ok(pieces);
        }
        rows = rest;
    }
}

/// How many rows, from the first, are about as long as a piece.
fn rows_of_a_piece(rows: &[Vec<SqlValue>]) -> usize {
    let mut bytes = 0;
    let is_in = |row: &&Vec<SqlValue>| {
        let before = bytes;
        bytes += row.iter().map(bytes_of).sum::<usize>();
        before < PIECE
    };
    rows.iter().take_while(is_in).count()
}

/// About how long a value is as JSON.
fn bytes_of(value: &SqlValue) -> usize {
    match value {
        SqlValue::Text(text) => text.len(),
        // In hexadecimal digits.
        SqlValue::Blob(blob) => blob.len() * 2,
        _ => 8,
    }
}

fn json(columns: &[String], values: &[Vec<SqlValue>]) -> Result<String, Failure> {
    let mut piece = Rows { columns, rows: Vec::with_capacity(values.len()), exact: Vec::new() };
    for (row, values) in values.iter().enumerate() {
        let mut cells = Vec::with_capacity(values.len());
        for (column, value) in values.iter().enumerate() {
            let separate = Separate::of(value);
            cells.push(if separate.is_some() { &SqlValue::Null } else { value });
            piece.exact.extend(separate.map(|value| (row, column, value)));
        }
        piece.rows.push(cells);
    }
    reply::json(&piece)
}

/// Argument 1 has the parameters, argument 2 those that JSON cannot represent: `[[place, value], …]`.
pub(crate) fn params(arguments: &Arguments) -> Result<SqlParams, Failure> {
    let mut params = SqlParams::from_json(arguments.value(1))?;
    for separate in arguments.items(2) {
        put(&mut params, separate).ok_or_else(|| {
            Failure::fault(format_args!("not the place and value of a parameter: {separate}"))
        })?;
    }
    Ok(params)
}

fn put(params: &mut SqlParams, separate: &Value) -> Option<()> {
    let (place, exact): (usize, Exact) = serde_json::from_value(separate.clone()).ok()?;
    let value = match params {
        SqlParams::Positional(values) => values.get_mut(place)?,
        SqlParams::Named(values) => &mut values.get_mut(place)?.1,
    };
    *value = exact.into_value()?;
    Some(())
}
