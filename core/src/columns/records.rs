//! The columns of records, and the records that they hold.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
#[cfg(feature = "arrow-ipc")]
use arrow_schema::Schema;
use arrow_schema::SchemaRef;
use serde_json::{Map, Value};

#[cfg(feature = "arrow-ipc")]
use super::layout;
#[cfg(feature = "report")]
use super::layout::Absent;
use super::layout::{Column, ColumnKind};
use super::{RecordBuilder, Window};
use crate::definition::Definition;
use crate::error::Result;
use crate::number;
use crate::time::{Day, Timestamp};

/// Records as columns, with what their JSON has beyond the columns' types: a time that is stored in another form than the
/// engine writes, or text where a time should be.
#[derive(Debug, Clone)]
pub struct RecordColumns(Window<Content>);

#[derive(Debug)]
struct Content {
    record: &'static str,
    columns: Vec<Column>,
    named: Vec<bool>,
    schema: SchemaRef,
    batches: Vec<Batch>,
}

/// Some of the rows.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) batch: RecordBatch,
    /// For each column.
    pub(super) others: Vec<Others>,
}

/// The values of a column that its type cannot hold, by their rows in the batch.
#[derive(Debug)]
pub(super) struct Others {
    pub(super) own: Vec<(usize, Value)>,
    /// Those of the columns within.
    pub(super) inner: Vec<Others>,
}

impl RecordColumns {
    pub(super) fn new(
        record: &'static str,
        columns: Vec<Column>,
        named: Vec<bool>,
        schema: SchemaRef,
        batches: Vec<Batch>,
    ) -> Self {
        let length = batches.iter().map(|batch| batch.batch.num_rows()).sum();
        Self(Window::new(Content { record, columns, named, schema, batches }, length))
    }

    /// The columns of these records, which are given as their JSON.
    ///
    /// Errors: `InvalidInput` for a row that is no object.
    pub fn from_json(record: &Definition, rows: impl IntoIterator<Item = Value>) -> Result<Self> {
        Self::of_rows(record, rows, false)
    }

    /// The same for the rows of a handle, which may tell NULL from empty.
    pub(crate) fn of_rows(
        record: &Definition,
        rows: impl IntoIterator<Item = Value>,
        null_as_absent: bool,
    ) -> Result<Self> {
        let mut builder = RecordBuilder::new(record, null_as_absent);
        for row in rows {
            match row {
                Value::Object(fields) => builder.push(&fields)?,
                other => {
                    return Err(crate::error::Error::invalid(
                        record.noun,
                        crate::input::given(&other),
                        "an object",
                    ));
                }
            }
        }
        builder.finish()
    }

    /// The name of the record.
    #[must_use]
    pub fn record(&self) -> &'static str {
        self.0.whole.record
    }

    /// The names of the dimensions by which the rows are not grouped.
    #[cfg(feature = "report")]
    pub(crate) fn not_grouped_by(&self) -> impl Iterator<Item = &'static str> {
        let content = &self.0.whole;
        let columns = content.columns.iter().zip(&content.named);
        columns
            .filter(|(column, named)| column.absent == Absent::NothingUnlessGrouped && !**named)
            .map(|(column, _)| column.name)
    }

    pub(super) fn len(&self) -> usize {
        self.0.rows.len()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.whole.columns.iter().map(|column| column.name.to_owned()).collect()
    }

    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        Self(self.0.part(rows))
    }

    pub(super) fn to_arrow(&self) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let slice = |(batch, rows): (usize, Range<usize>)| {
            self.0.whole.batches[batch].batch.slice(rows.start, rows.len())
        };
        Ok((Arc::clone(&self.0.whole.schema), self.places().into_iter().map(slice).collect()))
    }

    /// The schema with the names that the columns have in JSON.
    #[cfg(feature = "arrow-ipc")]
    pub(super) fn json_schema(&self) -> Schema {
        Schema::new(layout::json_fields(&self.0.whole.columns))
    }

    /// The records of these rows as their JSON, the same as that of the question.
    #[must_use]
    pub fn to_json(&self) -> Vec<Value> {
        let mut objects = Vec::with_capacity(self.len());
        for (batch, rows) in self.places() {
            let Batch { batch, others } = &self.0.whole.batches[batch];
            let content = &self.0.whole;
            objects.extend(
                rows.map(|row| object(&content.columns, &content.named, batch.columns(), others, row)),
            );
        }
        objects
    }

    fn places(&self) -> Vec<(usize, Range<usize>)> {
        self.0.places(self.0.whole.batches.iter().map(|batch| batch.batch.num_rows()))
    }
}

fn object(columns: &[Column], named: &[bool], arrays: &[ArrayRef], others: &[Others], row: usize) -> Value {
    let mut object = Map::with_capacity(columns.len());
    for (place, column) in columns.iter().enumerate() {
        let (array, others) = (&*arrays[place], &others[place]);
        let other = others.own.binary_search_by_key(&row, |(row, _)| *row);
        let value = match other {
            Ok(found) => Some(others.own[found].1.clone()),
            Err(_) if array.is_null(row) => column.absent.value(named.get(place).copied().unwrap_or(true)),
            Err(_) => Some(value(column, array, others, row)),
        };
        if let Some(value) = value {
            object.insert(column.json.to_owned(), value);
        }
    }
    Value::Object(object)
}

fn value(column: &Column, array: &dyn Array, others: &Others, row: usize) -> Value {
    match &column.kind {
        ColumnKind::Text => array.as_string::<i32>().value(row).into(),
        ColumnKind::Json => serde_json::from_str(array.as_string::<i32>().value(row)).unwrap_or_default(),
        ColumnKind::Whole => array.as_primitive::<Int64Type>().value(row).into(),
        ColumnKind::Number => number::to_json(array.as_primitive::<Float64Type>().value(row)),
        ColumnKind::Boolean => array.as_boolean().value(row).into(),
        ColumnKind::Day => Day::numbered(array.as_primitive::<Date32Type>().value(row).into()).text().into(),
        ColumnKind::Time => {
            let millis = array.as_primitive::<TimestampMillisecondType>().value(row);
            Timestamp::from_millis(millis).map_or(Value::Null, |time| time.to_string().into())
        }
        ColumnKind::Record(columns) => {
            let record: &StructArray = array.as_struct();
            object(columns, &[], record.columns(), &others.inner, row)
        }
    }
}
