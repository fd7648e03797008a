//! The values of a column, as people read them.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use arrow_schema::DataType;

use super::super::decimals::fixed;
use super::super::format::{count, format_positive_duration, thousands};
use crate::printable::printable;
use crate::sqlite::SqlValue;
use crate::time::{Day, Timestamp};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Missing,
    Whole(i64),
    Real(f64),
    Time(Timestamp),
    Text(String),
}

/// Longer text is cut.
const LONGEST: usize = 40;

/// Numbers have no more decimals than this.
const DECIMALS: usize = 4;

impl Cell {
    pub(super) fn of(array: &dyn Array, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Missing;
        }
        match array.data_type() {
            DataType::Int64 => Self::Whole(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Self::Real(array.as_primitive::<Float64Type>().value(row)),
            DataType::Boolean => Self::Text(array.as_boolean().value(row).to_string()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).to_owned()),
            DataType::Date32 => {
                let day = Day::numbered(array.as_primitive::<Date32Type>().value(row).into());
                Self::Text(day.text())
            }
            DataType::Timestamp(..) => {
                let millis = array.as_primitive::<TimestampMillisecondType>().value(row);
                Timestamp::from_millis(millis).map_or(Self::Missing, Self::Time)
            }
            _ => Self::Missing,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) => Some(*real),
            Self::Missing | Self::Time(_) | Self::Text(_) => None,
        }
    }
}

impl From<SqlValue> for Cell {
    fn from(value: SqlValue) -> Self {
        match value {
            SqlValue::Null => Self::Missing,
            SqlValue::Integer(whole) => Self::Whole(whole),
            SqlValue::Real(real) => Self::Real(real),
            SqlValue::Text(text) => Self::Text(text),
            SqlValue::Blob(bytes) => Self::Text(format!("{} bytes", count(bytes.len()))),
        }
    }
}

/// How the values of a column are written: numbers all in the same way, unless there are texts among them.
#[derive(Debug)]
pub(super) struct Style {
    /// Whether all values are numbers.
    pub(super) is_number: bool,
    decimals: usize,
    /// Whether one of the times has milliseconds.
    has_millis: bool,
    /// The milliseconds of one, where the numbers are durations.
    unit: Option<f64>,
}

impl Style {
    pub(super) fn of<'c>(name: &str, cells: impl Iterator<Item = &'c Cell> + Clone) -> Self {
        let mut given = cells.clone().filter(|cell| **cell != Cell::Missing);
        let is_number = given.clone().next().is_some() && given.all(|cell| cell.number().is_some());
        let unit = [("_ms", 1.0), ("_seconds", 1e3), ("hours", 36e5)]
            .into_iter()
            .find_map(|(end, millis)| name.ends_with(end).then_some(millis));
        Self {
            is_number,
            decimals: cells.clone().map(decimals).max().unwrap_or(0),
            has_millis: cells
                .clone()
                .any(|cell| matches!(cell, Cell::Time(time) if time.millis() % 1000 != 0)),
            unit,
        }
    }

    /// A value; nothing where it is missing.
    pub(super) fn text(&self, cell: &Cell) -> String {
        match (cell, self.unit) {
            (Cell::Missing, _) => String::new(),
            (Cell::Text(text), _) => cut(&printable(text)),
            (Cell::Time(time), _) => {
                let text = time.to_string();
                let end = if self.has_millis { text.len() - 1 } else { text.len() - ".000Z".len() };
                text[..end].replace('T', " ")
            }
            (Cell::Whole(_) | Cell::Real(_), Some(millis)) => {
                span(cell.number().unwrap_or_default() * millis)
            }
            (Cell::Whole(whole), None) if self.decimals == 0 || !self.is_number => count(whole),
            (Cell::Whole(_) | Cell::Real(_), None) => {
                let number = cell.number().unwrap_or_default();
                let decimals = if !self.is_number { decimals(cell) } else { self.decimals };
                let text = fixed(number, decimals);
                // A small amount is not nothing.
                let is_lost = number > 0.0 && text.bytes().all(|byte| byte == b'0' || byte == b'.');
                if is_lost { format!("< {}1", &text[..text.len() - 1]) } else { thousands(&text) }
            }
        }
    }
}

/// How many decimals a number needs, of those that are shown.
fn decimals(cell: &Cell) -> usize {
    match cell {
        Cell::Real(real) => {
            real.to_string().split_once('.').map_or(0, |(_, fraction)| fraction.len()).min(DECIMALS)
        }
        _ => 0,
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// A duration in milliseconds, in one or two units: `340 ms`, `12.5 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn span(millis: f64) -> String {
    let seconds = (millis / 1e3).round();
    if millis < 0.0 || !millis.is_finite() {
        millis.to_string() + " ms"
    } else if millis < 1e3 {
        format!("{} ms", millis.round())
    } else if millis < 59_950.0 {
        let text = fixed(millis / 1e3, 1);
        format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
    } else if seconds < 3600.0 {
        let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
        if rest == 0.0 { format!("{minutes} min") } else { format!("{minutes} min {rest} s") }
    } else {
        format_positive_duration(millis / 36e5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_at_a_glance() {
        for (millis, text) in [
            (0.0, "0 ms"),
            (340.4, "340 ms"),
            (1000.0, "1 s"),
            (12_540.0, "12.5 s"),
            (59_949.0, "59.9 s"),
            (59_960.0, "1 min"),
            (200_000.0, "3 min 20 s"),
            (3_599_600.0, "1 h"),
            (7_500_000.0, "2 h 5 min"),
            (90.0 * 36e5, "3 d 18 h"),
        ] {
            assert_eq!(span(millis), text, "{millis}");
        }
    }

    #[test]
    fn numbers_of_a_column_have_the_same_decimals() {
        let texts = |name: &str, cells: &[Cell]| -> Vec<String> {
            let style = Style::of(name, cells.iter());
            cells.iter().map(|cell| style.text(cell)).collect()
        };
        let numbers = [Cell::Real(1_234_567.5), Cell::Real(0.123_456), Cell::Whole(-2000), Cell::Missing];
        assert_eq!(texts("cost", &numbers), ["1,234,567.5000", "0.1235", "-2,000.0000", ""]);
        assert_eq!(texts("cost", &[Cell::Real(0.5), Cell::Real(0.000_01)]), ["0.5000", "< 0.0001"]);
        let mixed = [Cell::Whole(1), Cell::Real(2.5), Cell::Text("x".to_owned()), Cell::Real(0.125)];
        assert_eq!(texts("v", &mixed), ["1", "2.5", "x", "0.125"]);
        assert_eq!(texts("n", &[Cell::Whole(999), Cell::Whole(1000)]), ["999", "1,000"]);
        assert_eq!(texts("duration_ms", &[Cell::Whole(1500), Cell::Real(0.4)]), ["1.5 s", "0 ms"]);
        assert_eq!(texts("v", &[Cell::Real(f64::INFINITY)]), ["inf"]);
        assert_eq!(texts("t", &[Cell::Text("x".repeat(41))]), ["x".repeat(39) + "…"]);
        let time = |text: &str| Cell::Time(text.parse().unwrap());
        assert_eq!(texts("t", &[time("2026-03-20T12:00:00Z")]), ["2026-03-20 12:00:00"]);
        assert_eq!(texts("t", &[time("2026-03-20T12:00:00.250Z")]), ["2026-03-20 12:00:00.250"]);
    }
}
