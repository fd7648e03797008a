//! Rows as columns of Apache Arrow.
//!
//! The columns of a record are derived from its [`Definition`]: a column for each field, of the type that its [`Kind`]
//! stands for. Rows of a statement get the types of their values.
//!
//! [`Definition`]: crate::definition::Definition
//! [`Kind`]: crate::definition::Kind

mod builder;
#[cfg(feature = "arrow-ipc")]
mod ipc;
mod layout;
mod records;
mod sql;
mod sql_builder;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};

pub(crate) use builder::{RecordBuilder, Values};
pub use records::RecordColumns;
pub use sql::SqlColumns;
pub(crate) use sql_builder::SqlCollector;

use crate::error::{Error, ErrorKind, Result};

/// A batch ends with the row with which it has so many rows, or so many bytes of text. The offsets of a text column have
/// 32 bits, and no value of SQLite is longer than half of that.
const BATCH_ROWS: usize = 1 << 16;
const BATCH_BYTES: usize = 1 << 26;

/// The result of a question as columns.
///
/// They do not change, and are shared: a clone or a slice copies no values.
#[derive(Debug, Clone)]
pub enum Columns {
    /// Records.
    Records(RecordColumns),
    /// The rows of a statement.
    Sql(SqlColumns),
}

impl Columns {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Records(columns) => columns.len(),
            Self::Sql(columns) => columns.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Records(columns) => columns.names(),
            Self::Sql(columns) => columns.names().to_vec(),
        }
    }

    /// These rows alone; a range beyond the end is cut.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Records(columns) => Self::Records(columns.slice(rows)),
            Self::Sql(columns) => Self::Sql(columns.slice(rows)),
        }
    }

    /// The Arrow schema, and the rows in batches. Times are `timestamp[ms, UTC]`, days `date32`, counts `int64`, amounts
    /// `double`, texts `string`; a record within a record is a struct, and other JSON is its text.
    ///
    /// Errors: `InvalidInput` for a column of a statement whose values have several types; the field is its name.
    pub fn to_arrow(&self) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        match self {
            Self::Records(columns) => columns.to_arrow(),
            Self::Sql(columns) => columns.to_arrow(),
        }
    }

    /// [`Columns::to_arrow`], as what Arrow's C stream interface takes.
    pub fn reader(&self) -> Result<Box<dyn RecordBatchReader + Send>> {
        let (schema, batches) = self.to_arrow()?;
        Ok(Box::new(RecordBatchIterator::new(batches.into_iter().map(Ok), schema)))
    }
}

/// Rows that are a part of others: the whole is shared.
#[derive(Debug)]
struct Window<T> {
    whole: Arc<T>,
    rows: Range<usize>,
}

impl<T> Clone for Window<T> {
    fn clone(&self) -> Self {
        Self { whole: Arc::clone(&self.whole), rows: self.rows.clone() }
    }
}

impl<T> Window<T> {
    fn new(whole: T, length: usize) -> Self {
        Self { whole: Arc::new(whole), rows: 0..length }
    }

    /// A part of these rows, counted from the first of them.
    fn part(&self, rows: Range<usize>) -> Self {
        let start = (self.rows.start + rows.start).min(self.rows.end);
        let end = (self.rows.start + rows.end.max(rows.start)).min(self.rows.end);
        Self { whole: Arc::clone(&self.whole), rows: start..end }
    }

    /// The places of these rows in batches of these lengths: the number of the batch, and the rows within.
    fn places(&self, lengths: impl Iterator<Item = usize>) -> Vec<(usize, Range<usize>)> {
        let mut places = Vec::new();
        let mut first = 0;
        for (batch, length) in lengths.enumerate() {
            let start = self.rows.start.max(first);
            let end = self.rows.end.min(first + length);
            if start < end {
                places.push((batch, start - first..end - first));
            }
            first += length;
        }
        places
    }
}

/// An error of Arrow, which no value of a database can cause.
fn internal(error: ArrowError) -> Error {
    let message = "this is a bug in libmcoda, please report it: columns do not fit together";
    Error::new(ErrorKind::Internal, message).with_source(error)
}
