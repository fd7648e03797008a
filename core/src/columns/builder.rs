//! Building the columns of records row by row.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{Fields, Schema, SchemaRef};
use serde_json::{Map, Value};

use super::layout::{self, Column, ColumnKind};
use super::records::{Batch, Others, RecordColumns};
use super::{BATCH_BYTES, BATCH_ROWS, internal};
use crate::definition::Definition;
use crate::error::Result;
use crate::time::Timestamp;

/// Builds the columns of a record. A row is complete when each column has a value of it.
#[derive(Debug)]
pub(crate) struct RecordBuilder {
    record: &'static str,
    columns: Vec<Column>,
    schema: SchemaRef,
    values: Vec<Values>,
    /// Which columns have ever had a field in JSON, whatever its value.
    named: Vec<bool>,
    rows: usize,
    batches: Vec<Batch>,
}

/// The values of one column in the batch that is being built.
#[derive(Debug)]
pub(crate) struct Values {
    builder: Builder,
    /// What the column's type cannot hold, by its row: the column is null there.
    others: Vec<(usize, Value)>,
    /// Whether what is empty is kept, and only NULL is null.
    keeps_empty: bool,
}

#[derive(Debug)]
enum Builder {
    Text(StringBuilder),
    Json(StringBuilder),
    Day(Date32Builder),
    Whole(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Time(TimestampMillisecondBuilder),
    Record(RecordValues),
}

/// The columns of a record within the record.
#[derive(Debug)]
struct RecordValues {
    fields: Fields,
    /// Each with its name in JSON.
    inner: Vec<(&'static str, Values)>,
    length: usize,
}

impl RecordBuilder {
    pub(crate) fn new(record: &Definition, null_as_absent: bool) -> Self {
        let mut columns = layout::columns(record);
        if null_as_absent {
            layout::with_null_as_absent(&mut columns);
        }
        Self {
            record: record.name,
            schema: Arc::new(Schema::new(layout::fields(&columns))),
            values: columns.iter().map(|column| Values::new(column, null_as_absent)).collect(),
            named: vec![false; columns.len()],
            rows: 0,
            batches: Vec::new(),
            columns,
        }
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name)
    }

    /// The columns of the row that is being added: each has to get one value.
    pub(crate) fn row(&mut self) -> &mut [Values] {
        &mut self.values
    }

    /// Ends the row that was added to all columns.
    pub(crate) fn end_row(&mut self) -> Result<()> {
        self.rows += 1;
        let text: usize = self.values.iter().map(Values::text_bytes).sum();
        if self.rows >= BATCH_ROWS || text >= BATCH_BYTES { self.end_batch() } else { Ok(()) }
    }

    /// Adds a row from the record's JSON.
    pub(crate) fn push(&mut self, row: &Map<String, Value>) -> Result<()> {
        for ((column, values), named) in self.columns.iter().zip(&mut self.values).zip(&mut self.named) {
            let value = row.get(column.json);
            *named |= value.is_some();
            values.json(value.unwrap_or(&Value::Null));
        }
        self.end_row()
    }

    pub(crate) fn finish(mut self) -> Result<RecordColumns> {
        if self.rows > 0 {
            self.end_batch()?;
        }
        Ok(RecordColumns::new(self.record, self.columns, self.named, self.schema, self.batches))
    }

    fn end_batch(&mut self) -> Result<()> {
        let (arrays, others) =
            self.values.iter_mut().map(Values::finish).collect::<Result<(Vec<_>, Vec<_>)>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(internal)?;
        self.batches.push(Batch { batch, others });
        self.rows = 0;
        Ok(())
    }
}

impl Values {
    fn new(column: &Column, keeps_empty: bool) -> Self {
        let builder = match &column.kind {
            ColumnKind::Text => Builder::Text(StringBuilder::new()),
            ColumnKind::Json => Builder::Json(StringBuilder::new()),
            ColumnKind::Day => Builder::Day(Date32Builder::new()),
            ColumnKind::Whole => Builder::Whole(Int64Builder::new()),
            ColumnKind::Number => Builder::Number(Float64Builder::new()),
            ColumnKind::Boolean => Builder::Boolean(BooleanBuilder::new()),
            ColumnKind::Time => Builder::Time(TimestampMillisecondBuilder::new().with_timezone(layout::UTC)),
            ColumnKind::Record(columns) => {
                let inner =
                    columns.iter().map(|column| (column.json, Self::new(column, keeps_empty))).collect();
                Builder::Record(RecordValues { fields: layout::fields(columns), inner, length: 0 })
            }
        };
        Self { builder, others: Vec::new(), keeps_empty }
    }

    fn text_bytes(&self) -> usize {
        match &self.builder {
            Builder::Text(builder) | Builder::Json(builder) => builder.values_slice().len(),
            Builder::Record(record) => record.inner.iter().map(|(_, values)| values.text_bytes()).sum(),
            _ => 0,
        }
    }

    fn len(&self) -> usize {
        use arrow_array::builder::ArrayBuilder;
        match &self.builder {
            Builder::Text(builder) | Builder::Json(builder) => builder.len(),
            Builder::Day(builder) => builder.len(),
            Builder::Whole(builder) => builder.len(),
            Builder::Number(builder) => builder.len(),
            Builder::Boolean(builder) => builder.len(),
            Builder::Time(builder) => builder.len(),
            Builder::Record(record) => record.length,
        }
    }

    pub(crate) fn null(&mut self) {
        match &mut self.builder {
            Builder::Text(builder) | Builder::Json(builder) => builder.append_null(),
            Builder::Day(builder) => builder.append_null(),
            Builder::Whole(builder) => builder.append_null(),
            Builder::Number(builder) => builder.append_null(),
            Builder::Boolean(builder) => builder.append_null(),
            Builder::Time(builder) => builder.append_null(),
            Builder::Record(record) => record.object(&Map::new()),
        }
    }

    /// Text, or the text of JSON, of a time or of a day.
    pub(crate) fn text(&mut self, text: &str) {
        match &mut self.builder {
            Builder::Text(builder) | Builder::Json(builder) => builder.append_value(text),
            Builder::Time(builder) => {
                let time = Timestamp::read(text);
                if time.is_none() || !has_form(text, TIME_FORM) {
                    self.others.push((arrow_array::builder::ArrayBuilder::len(builder), text.into()));
                }
                builder.append_option(time.map(Timestamp::millis));
            }
            Builder::Day(builder) => match Timestamp::read(text).filter(|_| has_form(text, DAY_FORM)) {
                Some(midnight) => builder.append_value(midnight.days() as i32),
                None => self.other(text.into()),
            },
            _ => self.other(text.into()),
        }
    }

    pub(crate) fn whole(&mut self, whole: i64) {
        match &mut self.builder {
            Builder::Whole(builder) => builder.append_value(whole),
            Builder::Number(builder) if whole.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS => {
                builder.append_value(whole as f64);
            }
            _ => self.other(whole.into()),
        }
    }

    pub(crate) fn number(&mut self, number: f64) {
        match &mut self.builder {
            Builder::Number(builder) => builder.append_value(number),
            _ => self.other(number.into()),
        }
    }

    /// A value of the record's JSON.
    fn json(&mut self, value: &Value) {
        match (&mut self.builder, value) {
            (_, Value::Null) => self.null(),
            (Builder::Json(_), Value::Object(object)) if object.is_empty() && !self.keeps_empty => {
                self.null()
            }
            (Builder::Json(_), Value::Array(list)) if list.is_empty() && !self.keeps_empty => self.null(),
            (Builder::Json(builder), value) => builder.append_value(value.to_string()),
            (Builder::Boolean(builder), Value::Bool(truth)) => builder.append_value(*truth),
            (Builder::Record(record), Value::Object(object)) => record.object(object),
            (_, Value::String(text)) => self.text(text),
            (_, Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => self.whole(whole),
                (None, Some(real)) if number.is_f64() => self.number(real),
                _ => self.other(value.clone()),
            },
            (_, value) => self.other(value.clone()),
        }
    }

    fn other(&mut self, value: Value) {
        self.others.push((self.len(), value));
        self.null();
    }

    fn finish(&mut self) -> Result<(ArrayRef, Others)> {
        let others = std::mem::take(&mut self.others);
        let array: ArrayRef = match &mut self.builder {
            Builder::Text(builder) | Builder::Json(builder) => shrunk(builder.finish()),
            Builder::Day(builder) => shrunk(builder.finish()),
            Builder::Whole(builder) => shrunk(builder.finish()),
            Builder::Number(builder) => shrunk(builder.finish()),
            Builder::Boolean(builder) => shrunk(builder.finish()),
            Builder::Time(builder) => shrunk(builder.finish()),
            Builder::Record(record) => {
                let (array, inner) = record.finish()?;
                return Ok((array, Others { own: others, inner }));
            }
        };
        Ok((array, Others { own: others, inner: Vec::new() }))
    }
}

impl RecordValues {
    fn object(&mut self, object: &Map<String, Value>) {
        self.length += 1;
        for (name, values) in &mut self.inner {
            values.json(object.get(*name).unwrap_or(&Value::Null));
        }
    }

    fn finish(&mut self) -> Result<(ArrayRef, Vec<Others>)> {
        let inner = self.inner.iter_mut().map(|(_, values)| values.finish());
        let (arrays, others) = inner.collect::<Result<(Vec<_>, Vec<_>)>>()?;
        let length = std::mem::take(&mut self.length);
        let array = StructArray::try_new_with_length(self.fields.clone(), arrays, None, length);
        Ok((Arc::new(array.map_err(internal)?), others))
    }
}

/// Builders grow by doubling: a result of many batches would keep half as much again for nothing.
pub(super) fn shrunk(mut array: impl Array + 'static) -> ArrayRef {
    array.shrink_to_fit();
    Arc::new(array)
}

const TIME_FORM: &[u8] = b"0000-00-00T00:00:00.000Z";
const DAY_FORM: &[u8] = b"0000-00-00";

/// Whether text has a digit where the form has one, and is the same elsewhere: it is then what its value is written as.
fn has_form(text: &str, form: &[u8]) -> bool {
    let is_same = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    text.len() == form.len() && text.bytes().zip(form).all(is_same)
}
