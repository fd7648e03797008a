//! Single agent calls as columns, read from the database into them.

use std::borrow::Cow;

use rusqlite::types::ValueRef;

use super::cursor::index;
use super::metadata_fallback::MetadataFields;
use super::row::millis;
use super::{QueryContext, TokenUsageRow};
use crate::columns::{RecordBuilder, RecordColumns, Values};
use crate::definition::{ColumnIndices, Record, Stored};
use crate::error::Result;
use crate::repository::token_usage::TokenUsageRecord;
use crate::repository::usage_scan;
use crate::sqlite::row;

/// [`token_usage`](super::token_usage) without an object for each row.
pub(crate) fn token_usage_columns(
    query_context: &QueryContext<'_>,
    null_as_absent: bool,
) -> Result<RecordColumns> {
    let (_, moments) = index(query_context)?;
    let mut rows = Rows::new(null_as_absent);
    let rowids = moments.iter().map(|sort_key| sort_key.rowid);
    usage_scan::for_each_row_at(query_context.tx, rowids, |row, indices| rows.add(row, indices))?;
    rows.builder.finish()
}

/// Reads rows of the table into columns, as [`completed`](super::row::completed) does into a record.
struct Rows {
    builder: RecordBuilder,
    /// How each column of the table is read, and where its values belong.
    cells: Vec<(Cell, usize)>,
    error_kind: usize,
    null_as_absent: bool,
}

/// How a column of the table is read.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Text,
    /// Text that is never null in a valid row.
    RequiredText,
    Whole,
    Real,
    // The rest is completed by other columns, and so written at the end of the row.
    Command,
    Action,
    Seconds,
    Millis,
    Metadata,
}

/// The values of a row that complete each other.
#[derive(Default)]
struct Completed<'r> {
    command: Option<Cow<'r, str>>,
    action: Option<Cow<'r, str>>,
    seconds: Option<f64>,
    millis: Option<f64>,
    metadata: Option<Cow<'r, str>>,
}

impl Rows {
    fn new(null_as_absent: bool) -> Self {
        let builder = RecordBuilder::new(TokenUsageRow::DEFINITION, null_as_absent);
        let place = |column: &str| {
            let name = column.strip_suffix("_json").unwrap_or(column);
            builder.names().position(|own| own == name).expect("the result has every column of the table")
        };
        let cell = |(column, sql): (&&str, &&str)| {
            let cell = match (*column, *sql) {
                ("command_name", _) => Cell::Command,
                ("action", _) => Cell::Action,
                ("duration_seconds", _) => Cell::Seconds,
                ("duration_ms", _) => Cell::Millis,
                ("metadata_json", _) => Cell::Metadata,
                ("id" | "timestamp", _) => Cell::RequiredText,
                (_, "INTEGER") => Cell::Whole,
                (_, "REAL") => Cell::Real,
                _ => Cell::Text,
            };
            (cell, place(column))
        };
        let cells = TokenUsageRecord::COLUMNS.iter().zip(TokenUsageRecord::TYPES).map(cell).collect();
        let error_kind = place("error_kind");
        Self { builder, cells, error_kind, null_as_absent }
    }

    fn add(&mut self, row: &rusqlite::Row<'_>, indices: &ColumnIndices) -> Result<()> {
        let columns = self.builder.row();
        let mut next = indices.values(row);
        let mut read = Completed::default();
        for (cell, place) in &self.cells {
            let (value, column) = (next()?, &mut columns[*place]);
            match cell {
                Cell::Text => put(column, text(value), |column, text| column.text(&text)),
                Cell::RequiredText => column.text(&text(value).unwrap_or_default()),
                Cell::Whole => put(column, row::as_whole(value), Values::whole),
                Cell::Real => put(column, row::as_real(value), Values::number),
                Cell::Command => read.command = text(value),
                Cell::Action => read.action = text(value),
                Cell::Seconds => read.seconds = row::as_real(value),
                Cell::Millis => read.millis = row::as_real(value),
                Cell::Metadata => read.metadata = text(value),
            }
        }
        let mut fields = read.metadata.as_deref().and_then(MetadataFields::of);
        let error_kind = fields.as_mut().and_then(MetadataFields::error_kind);
        put(&mut columns[self.error_kind], error_kind, |column, kind| column.text(&kind));
        for (cell, place) in &self.cells {
            let column = &mut columns[*place];
            let fields = fields.as_mut();
            let text = match cell {
                Cell::Command => or_else(read.command.take(), || fields?.command()),
                Cell::Action => or_else(read.action.take(), || fields?.action()),
                // Metadata that is not an object counts as empty, which is null unless NULL alone is.
                Cell::Metadata => match (read.metadata.take(), fields.is_some()) {
                    (Some(_), false) if self.null_as_absent => Some(Cow::Borrowed("{}")),
                    (text, is_object) => text.filter(|_| is_object),
                },
                Cell::Seconds => {
                    put(column, read.seconds, Values::number);
                    continue;
                }
                Cell::Millis => {
                    put(column, read.millis.or_else(|| read.seconds.and_then(millis)), Values::number);
                    continue;
                }
                Cell::Text | Cell::RequiredText | Cell::Whole | Cell::Real => continue,
            };
            put(column, text, |column, text| column.text(&text));
        }
        self.builder.end_row()
    }
}

/// The text of a column, or else that of the metadata.
fn or_else<'r>(column: Option<Cow<'r, str>>, other: impl FnOnce() -> Option<String>) -> Option<Cow<'r, str>> {
    column.filter(|text| !text.is_empty()).or_else(|| other().map(Cow::Owned))
}

fn put<T>(column: &mut Values, value: Option<T>, add: impl FnOnce(&mut Values, T)) {
    match value {
        Some(value) => add(column, value),
        None => column.null(),
    }
}

fn text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
        other => row::as_text(other).map(Cow::Owned),
    }
}
