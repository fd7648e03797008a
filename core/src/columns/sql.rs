//! The rows of a statement as columns.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    new_null_array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::{Window, internal};
use crate::error::{Error, Result};
use crate::sqlite::SqlValue;

/// The rows of a statement as columns. A column has the type of its values; whole and other numbers together are
/// numbers, and a column without values has the type that its table declares.
///
/// Some of the rows in columns of their own have the types of all of them: see [`SqlColumns::types`].
#[derive(Debug, Clone)]
pub struct SqlColumns(Window<Content>);

#[derive(Debug)]
struct Content {
    names: Vec<String>,
    /// The type of each column where it has no values, and that of numbers where all of those that there are are whole.
    declared: Vec<DataType>,
    batches: Vec<Vec<SqlPart>>,
    lengths: Vec<usize>,
}

/// The values of a column in one batch.
#[derive(Debug)]
pub(super) enum SqlPart {
    Null,
    Whole(Int64Array),
    Real(Float64Array),
    Text(StringArray),
    Blob(BinaryArray),
    /// Values of several types.
    Mixed(Vec<SqlValue>),
}

impl SqlColumns {
    pub(super) fn new(
        names: Vec<String>,
        declared: Vec<DataType>,
        batches: Vec<Vec<SqlPart>>,
        lengths: Vec<usize>,
    ) -> Self {
        let length = lengths.iter().sum();
        Self(Window::new(Content { names, declared, batches, lengths }, length))
    }

    /// The columns of these rows, each as long as `names`. If the rows are some of those of other columns, `types` are those
    /// of the others.
    ///
    /// Errors: `InvalidInput` for two names that are the same, for a row of another length, and for types that no columns have.
    pub fn from_rows(
        names: Vec<String>,
        types: Option<&[String]>,
        rows: impl IntoIterator<Item = Vec<SqlValue>>,
    ) -> Result<Self> {
        let declared = match types {
            None => vec![DataType::Null; names.len()],
            Some(types) if types.len() == names.len() => {
                types.iter().map(|name| type_named(name)).collect::<Result<_>>()?
            }
            Some(types) => return Err(Error::invalid("types", types.len(), "one for each column")),
        };
        super::sql_builder::collect(names, declared, rows)
    }

    /// The name of each column's type; `null` for one without any, or with several.
    #[must_use]
    pub fn types(&self) -> Vec<&'static str> {
        let name = |place| {
            let kind = self.data_type(place).unwrap_or(DataType::Null);
            TYPES.iter().find(|(_, own)| *own == kind).map_or("null", |(name, _)| *name)
        };
        (0..self.names().len()).map(name).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.rows.len()
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0.whole.names
    }

    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        Self(self.0.part(rows))
    }

    /// The rows, each as long as there are columns.
    #[must_use]
    pub fn to_rows(&self) -> Vec<Vec<SqlValue>> {
        let mut found = Vec::with_capacity(self.len());
        for (batch, rows) in self.places() {
            let parts = &self.0.whole.batches[batch];
            found.extend(rows.map(|row| parts.iter().map(|part| part.value(row)).collect()));
        }
        found
    }

    pub(super) fn to_arrow(&self) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let content = &self.0.whole;
        let types =
            (0..content.names.len()).map(|place| self.data_type(place)).collect::<Result<Vec<_>>>()?;
        let field = |(name, kind): (&String, &DataType)| Field::new(name, kind.clone(), true);
        let schema = Arc::new(Schema::new(content.names.iter().zip(&types).map(field).collect::<Vec<_>>()));
        let mut batches = Vec::new();
        for (batch, rows) in self.places() {
            let parts = content.batches[batch].iter().zip(&types);
            let arrays = parts.map(|(part, kind)| part.array(kind, rows.clone())).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
            batches.push(batch.map_err(internal)?);
        }
        Ok((schema, batches))
    }

    /// The type of all values of a column.
    fn data_type(&self, place: usize) -> Result<DataType> {
        let parts = self.0.whole.batches.iter().map(|parts| &parts[place]);
        let declared = &self.0.whole.declared[place];
        let mut kind = None;
        for part in parts {
            for own in part.types() {
                kind = match (kind, own) {
                    (None, own) => Some(own),
                    (Some(kind), own) if kind == own => Some(kind),
                    (Some(DataType::Int64 | DataType::Float64), DataType::Int64 | DataType::Float64) => {
                        Some(DataType::Float64)
                    }
                    _ => return Err(self.mixed(place)),
                };
            }
        }
        if kind == Some(DataType::Int64) && *declared == DataType::Float64 {
            kind = Some(DataType::Float64);
        }
        if kind == Some(DataType::Float64)
            && !self.0.whole.batches.iter().all(|parts| parts[place].is_exact())
        {
            return Err(self.mixed(place));
        }
        Ok(kind.unwrap_or_else(|| declared.clone()))
    }

    fn mixed(&self, place: usize) -> Error {
        let given = "a column whose values have several types";
        Error::invalid(&self.0.whole.names[place], given, "one type: CAST it in the query")
    }

    fn places(&self) -> Vec<(usize, Range<usize>)> {
        self.0.places(self.0.whole.lengths.iter().copied())
    }
}

impl SqlPart {
    fn value(&self, row: usize) -> SqlValue {
        match self {
            Self::Null => SqlValue::Null,
            Self::Whole(array) if array.is_valid(row) => SqlValue::Integer(array.value(row)),
            Self::Real(array) if array.is_valid(row) => SqlValue::Real(array.value(row)),
            Self::Text(array) if array.is_valid(row) => SqlValue::Text(array.value(row).to_owned()),
            Self::Blob(array) if array.is_valid(row) => SqlValue::Blob(array.value(row).to_owned()),
            Self::Mixed(values) => values[row].clone(),
            Self::Whole(_) | Self::Real(_) | Self::Text(_) | Self::Blob(_) => SqlValue::Null,
        }
    }

    /// The types of the values; none where all are null.
    fn types(&self) -> Vec<DataType> {
        match self {
            Self::Null => Vec::new(),
            Self::Whole(_) => vec![DataType::Int64],
            Self::Real(_) => vec![DataType::Float64],
            Self::Text(_) => vec![DataType::Utf8],
            Self::Blob(_) => vec![DataType::Binary],
            Self::Mixed(values) => values.iter().filter_map(type_of).collect(),
        }
    }

    /// Whether a floating-point number can be each of the whole numbers.
    fn is_exact(&self) -> bool {
        match self {
            Self::Whole(array) => array.iter().flatten().all(is_exact),
            Self::Mixed(values) => {
                values.iter().all(|value| !matches!(value, SqlValue::Integer(whole) if !is_exact(*whole)))
            }
            Self::Null | Self::Real(_) | Self::Text(_) | Self::Blob(_) => true,
        }
    }

    /// These rows as an array of this type, which is that of all values, or that of numbers.
    fn array(&self, kind: &DataType, rows: Range<usize>) -> ArrayRef {
        let whole: ArrayRef = match self {
            Self::Null => return new_null_array(kind, rows.len()),
            Self::Whole(array) if *kind == DataType::Float64 => {
                Arc::new(array.iter().map(|whole| whole.map(|whole| whole as f64)).collect::<Float64Array>())
            }
            Self::Whole(array) => Arc::new(array.clone()),
            Self::Real(array) => Arc::new(array.clone()),
            Self::Text(array) => Arc::new(array.clone()),
            Self::Blob(array) => Arc::new(array.clone()),
            Self::Mixed(values) => {
                let number = |value: &SqlValue| match value {
                    SqlValue::Integer(whole) => Some(*whole as f64),
                    SqlValue::Real(real) => Some(*real),
                    SqlValue::Null | SqlValue::Text(_) | SqlValue::Blob(_) => None,
                };
                Arc::new(values.iter().map(number).collect::<Float64Array>())
            }
        };
        whole.slice(rows.start, rows.len())
    }
}

/// The types of columns by their names.
static TYPES: [(&str, DataType); 5] = [
    ("null", DataType::Null),
    ("int64", DataType::Int64),
    ("double", DataType::Float64),
    ("string", DataType::Utf8),
    ("binary", DataType::Binary),
];

fn type_named(name: &str) -> Result<DataType> {
    let found = TYPES.iter().find(|(own, _)| *own == name).map(|(_, kind)| kind.clone());
    found.ok_or_else(|| Error::invalid("types", format_args!("{name:?}"), "those of columns"))
}

fn type_of(value: &SqlValue) -> Option<DataType> {
    match value {
        SqlValue::Null => None,
        SqlValue::Integer(_) => Some(DataType::Int64),
        SqlValue::Real(_) => Some(DataType::Float64),
        SqlValue::Text(_) => Some(DataType::Utf8),
        SqlValue::Blob(_) => Some(DataType::Binary),
    }
}

fn is_exact(whole: i64) -> bool {
    whole.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS
}
