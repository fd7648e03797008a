//! Building the columns of a statement row by row.

use arrow_array::Array;
use arrow_array::builder::{
    BinaryBuilder, Float64Builder, GenericByteBuilder, Int64Builder, PrimitiveBuilder, StringBuilder,
};
use arrow_array::types::{ArrowPrimitiveType, ByteArrayType};
use arrow_schema::DataType;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};

use super::sql::{SqlColumns, SqlPart};
use super::{BATCH_BYTES, BATCH_ROWS};
use crate::error::{Error, Result};
use crate::sqlite::{Budget, Collect, SqlValue};

/// Collects the rows of a statement as columns.
#[derive(Debug)]
pub(crate) struct SqlCollector {
    names: Vec<String>,
    declared: Vec<DataType>,
    parts: Vec<Part>,
    rows: usize,
    bytes: usize,
    budget: Budget,
    batches: Vec<Vec<SqlPart>>,
    lengths: Vec<usize>,
}

/// The values of a column in the batch that is being built. The first that is not null decides on the type.
#[derive(Debug)]
enum Part {
    Null(usize),
    Whole(Int64Builder),
    Real(Float64Builder),
    Text(StringBuilder),
    Blob(BinaryBuilder),
    Mixed(Vec<SqlValue>),
}

impl Collect for SqlCollector {
    type Collected = SqlColumns;

    fn new(names: Vec<String>, statement: &Statement<'_>, budget: Budget) -> Self {
        let declared = statement.columns().map(|column| data_type(column.decl_type())).collect();
        Self::begin(names, declared, budget)
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        for (place, part) in self.parts.iter_mut().enumerate() {
            self.bytes += part.push(row.get_ref(place)?, &mut self.budget)?;
        }
        self.end_row();
        Ok(())
    }

    fn finish(mut self) -> SqlColumns {
        if self.rows > 0 {
            self.end_batch();
        }
        SqlColumns::new(self.names, self.declared, self.batches, self.lengths)
    }
}

/// The columns of rows that are there already.
pub(super) fn collect(
    names: Vec<String>,
    declared: Vec<DataType>,
    rows: impl IntoIterator<Item = Vec<SqlValue>>,
) -> Result<SqlColumns> {
    let mut repeated = names.iter().enumerate().filter(|(place, name)| names[..*place].contains(name));
    if let Some((_, name)) = repeated.next() {
        return Err(Error::invalid("columns", format_args!("{name:?} twice"), "names that are distinct"));
    }
    let count = names.len();
    let mut collector = SqlCollector::begin(names, declared, Budget::unlimited());
    for (number, row) in rows.into_iter().enumerate() {
        if row.len() != count {
            let given = format!("row {} of length {}", number + 1, row.len());
            return Err(Error::invalid("rows", given, &format!("length {count}, a value for each column")));
        }
        for (part, value) in collector.parts.iter_mut().zip(&row) {
            collector.bytes += part.push(value.borrowed(), &mut collector.budget)?;
        }
        collector.end_row();
    }
    Ok(collector.finish())
}

impl SqlCollector {
    fn begin(names: Vec<String>, declared: Vec<DataType>, budget: Budget) -> Self {
        Self {
            parts: names.iter().map(|_| Part::Null(0)).collect(),
            declared,
            names,
            rows: 0,
            bytes: 0,
            budget,
            batches: Vec::new(),
            lengths: Vec::new(),
        }
    }

    fn end_row(&mut self) {
        self.rows += 1;
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.end_batch();
        }
    }

    fn end_batch(&mut self) {
        self.batches.push(self.parts.iter_mut().map(Part::finish).collect());
        self.lengths.push(self.rows);
        (self.rows, self.bytes) = (0, 0);
    }
}

/// The bytes of a number and of the offset of a text.
const CELL: usize = 8;

impl Part {
    /// Adds a value, and returns the bytes of its text.
    fn push(&mut self, value: ValueRef<'_>, budget: &mut Budget) -> Result<usize> {
        if let Self::Null(nulls) = self {
            match Self::beginning_with(value, *nulls) {
                Some(begun) => *self = begun,
                None => {
                    *nulls += 1;
                    return Ok(0);
                }
            }
        }
        let bytes = match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        match (&mut *self, value) {
            (Self::Mixed(values), value) => {
                budget.spend(size_of::<SqlValue>())?;
                values.push(budget.copy(value)?);
            }
            (own, ValueRef::Null) => own.null(),
            (Self::Whole(builder), ValueRef::Integer(whole)) => builder.append_value(whole),
            (Self::Real(builder), ValueRef::Real(real)) => builder.append_value(real),
            (Self::Text(builder), ValueRef::Text(text)) => match std::str::from_utf8(text) {
                Ok(text) => builder.append_value(text),
                // Each byte that is not part of a character becomes three.
                Err(_) => {
                    budget.spend(2 * text.len())?;
                    builder.append_value(String::from_utf8_lossy(text));
                }
            },
            (Self::Blob(builder), ValueRef::Blob(blob)) => builder.append_value(blob),
            (own, value) => {
                let mut values = own.finish().into_values();
                budget.spend((values.len() + 1) * size_of::<SqlValue>())?;
                values.push(budget.copy(value)?);
                *own = Self::Mixed(values);
                return Ok(bytes);
            }
        }
        budget.spend(CELL + bytes)?;
        Ok(bytes)
    }

    /// A part whose first value comes after so many nulls; `None` if that is null as well.
    fn beginning_with(value: ValueRef<'_>, nulls: usize) -> Option<Self> {
        Some(match value {
            ValueRef::Null => return None,
            ValueRef::Integer(_) => Self::Whole(after(nulls)),
            ValueRef::Real(_) => Self::Real(after(nulls)),
            ValueRef::Text(_) => Self::Text(texts_after(nulls)),
            ValueRef::Blob(_) => Self::Blob(texts_after(nulls)),
        })
    }

    fn null(&mut self) {
        match self {
            Self::Null(nulls) => *nulls += 1,
            Self::Whole(builder) => builder.append_null(),
            Self::Real(builder) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Blob(builder) => builder.append_null(),
            Self::Mixed(values) => values.push(SqlValue::Null),
        }
    }

    fn finish(&mut self) -> SqlPart {
        match std::mem::replace(self, Self::Null(0)) {
            Self::Null(_) => SqlPart::Null,
            Self::Whole(mut builder) => SqlPart::Whole(shrunk(builder.finish())),
            Self::Real(mut builder) => SqlPart::Real(shrunk(builder.finish())),
            Self::Text(mut builder) => SqlPart::Text(shrunk(builder.finish())),
            Self::Blob(mut builder) => SqlPart::Blob(shrunk(builder.finish())),
            Self::Mixed(values) => SqlPart::Mixed(values),
        }
    }
}

impl SqlPart {
    fn into_values(self) -> Vec<SqlValue> {
        fn or_null<T>(
            values: impl Iterator<Item = Option<T>>,
            make: impl Fn(T) -> SqlValue,
        ) -> Vec<SqlValue> {
            values.map(|value| value.map_or(SqlValue::Null, &make)).collect()
        }
        match self {
            Self::Null => Vec::new(),
            Self::Whole(array) => or_null(array.iter(), SqlValue::Integer),
            Self::Real(array) => or_null(array.iter(), SqlValue::Real),
            Self::Text(array) => or_null(array.iter(), |text| SqlValue::Text(text.to_owned())),
            Self::Blob(array) => or_null(array.iter(), |blob| SqlValue::Blob(blob.to_owned())),
            Self::Mixed(values) => values,
        }
    }
}

fn after<T: ArrowPrimitiveType>(nulls: usize) -> PrimitiveBuilder<T> {
    let mut builder = PrimitiveBuilder::new();
    builder.append_nulls(nulls);
    builder
}

fn texts_after<T: ByteArrayType>(nulls: usize) -> GenericByteBuilder<T> {
    let mut builder = GenericByteBuilder::new();
    builder.append_nulls(nulls);
    builder
}

/// Builders grow by doubling.
fn shrunk<A: Array>(mut array: A) -> A {
    array.shrink_to_fit();
    array
}

/// The type that a column without values gets from its declared type, by SQLite's rules of affinity.
fn data_type(declared: Option<&str>) -> DataType {
    let Some(declared) = declared.map(str::to_ascii_uppercase) else { return DataType::Null };
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["INT"]) {
        DataType::Int64
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        DataType::Utf8
    } else if has(&["BLOB"]) {
        DataType::Binary
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        DataType::Float64
    } else {
        DataType::Null
    }
}
