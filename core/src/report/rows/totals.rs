//! The sums of those columns whose sums mean something.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::cell::Cell;
use crate::columns::Columns;
use crate::error::Result;
use crate::number::exact_sum;

/// Which columns of a record are summed; `tokens_*` stands for the token counts.
const SUMMED: &[(&str, &[&str])] = &[
    ("TokenUsageRow", &["tokens_*", COST, "duration_seconds", "duration_ms"]),
    ("TokenUsageSummaryRow", &["calls", "tokens_*", "duration_ms", COST, "cost_known_calls"]),
    ("ThroughputDay", &["tasks", "story_points"]),
    ("Task", &["story_points"]),
];

const COST: &str = "cost_estimate";

/// The sums by the names of the columns.
pub(super) fn totals(columns: &Columns) -> Result<Vec<(String, Cell)>> {
    let Columns::Records(records) = columns else { return Ok(Vec::new()) };
    let Some((_, summed)) = SUMMED.iter().find(|(record, _)| *record == records.record()) else {
        return Ok(Vec::new());
    };
    let (schema, batches) = columns.to_arrow()?;
    let is_summed =
        |name: &str| summed.contains(&name) || (name.starts_with("tokens_") && summed.contains(&"tokens_*"));
    let mut totals = Vec::new();
    for (place, field) in schema.fields().iter().enumerate() {
        if is_summed(field.name()) && (field.name() != COST || has_one_currency(&batches)) {
            totals.push((field.name().clone(), sum(&batches, place)));
        }
    }
    Ok(totals)
}

fn sum(batches: &[RecordBatch], place: usize) -> Cell {
    let mut arrays = batches.iter().map(|batch| batch.column(place)).peekable();
    match arrays.peek().map(|array| array.data_type()) {
        Some(DataType::Int64) => {
            let sum: i128 = arrays
                .flat_map(|array| array.as_primitive::<Int64Type>().iter().flatten())
                .map(i128::from)
                .sum();
            Cell::Whole(i64::try_from(sum).unwrap_or(i64::MAX))
        }
        Some(DataType::Float64) => Cell::Real(exact_sum(
            arrays.flat_map(|array| array.as_primitive::<Float64Type>().iter().flatten()),
        )),
        _ => Cell::Missing,
    }
}

/// Costs in several currencies have no sum.
fn has_one_currency(batches: &[RecordBatch]) -> bool {
    let mut known: Option<String> = None;
    for batch in batches {
        if batch.column_by_name("cost_by_currency").is_some_and(|costs| costs.null_count() < costs.len()) {
            return false;
        }
        let Some(currencies) = batch.column_by_name("currency") else { continue };
        for currency in currencies.as_string::<i32>().iter().flatten().filter(|currency| !currency.is_empty())
        {
            match &known {
                Some(known) if !known.eq_ignore_ascii_case(currency) => return false,
                Some(_) => {}
                None => known = Some(currency.to_owned()),
            }
        }
    }
    true
}
