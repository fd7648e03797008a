//! The table of usage that Cursor's dashboard exports: a heading, and one row per call.

use serde_json::Value;

use crate::body::Body;
use crate::fields::{Fields, Object};
use crate::number;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

/// The first column of the heading.
const FIRST: &str = "Date";
const WITH_WRITE: &str = "Input (w/ Cache Write)";
const WITHOUT_WRITE: &str = "Input (w/o Cache Write)";

/// The names of the columns, if the line is the heading of such a table.
pub(crate) fn heading(line: &str) -> Option<Vec<String>> {
    let columns = cells(line.trim_start_matches('\u{feff}'));
    let has = |name: &str| columns.iter().any(|column| column == name);
    (columns.first().is_some_and(|first| first == FIRST) && has("Model") && has("Output Tokens"))
        .then_some(columns)
}

/// A row as an object, its numbers as numbers.
pub(crate) fn row(columns: &[String], line: &str) -> Option<Object> {
    let cells = cells(line);
    if cells.len() != columns.len() || cells.len() < 2 {
        return None;
    }
    let value = |cell: &String| match cell.trim_start_matches('$').replace(',', "").parse::<f64>() {
        Ok(number) if number.is_finite() => number::to_json(number),
        _ => Value::String(cell.clone()),
    };
    Some(columns.iter().zip(&cells).map(|(column, cell)| (column.clone(), value(cell))).collect())
}

/// The cells of a line. A quoted cell may contain commas and doubled quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(character) = characters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    cells
}

pub(super) struct Row;

impl Source for Row {
    fn name(&self) -> &'static str {
        "cursor-csv"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has("Output Tokens") && all.has_any(&["Cache Read", WITHOUT_WRITE])
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let [with, without, read, output, total] =
            [WITH_WRITE, WITHOUT_WRITE, "Cache Read", "Output Tokens", "Total Tokens"]
                .map(|name| all.count(&[name]));
        // The total shows whether the first column includes the second one.
        let rest = |input: Option<i64>| crate::fields::reported_sum([input, read, output]);
        let both = crate::fields::reported_sum([with, without]);
        let (input, write) = if total.is_some() && total == rest(with) {
            (with, with.zip(without).map(|(with, without)| (with - without).max(0)))
        } else {
            (both, with)
        };
        let reported = RawCounts {
            input: crate::fields::reported_sum([input, read]),
            output,
            total,
            cache_read: read,
            cache_write: write,
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, "cursor");
        parsed.model = all.text(&["Model"]).map(str::to_owned);
        parsed.timestamp_ms = all.moment(&["Date"]);
        parsed.cost = all.measure(&["Cost", "Cost ($)"]);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        vec![parsed]
    }
}
