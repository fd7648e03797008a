//! The columns of a record's table: reading rows that other programs wrote, and inserting rows.

use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Row, Statement};
use serde_json::{Map, Value};

use crate::error::Result;
use crate::sqlite::row;
use crate::time::StoredTime;

/// A record that is a row of a table.
pub(crate) trait Stored: Sized {
    /// The table.
    const TABLE: &'static str;
    /// Its columns, in the order of its fields.
    const COLUMNS: &'static [&'static str];
    /// Columns that a table may lack. Any other missing column indicates an older schema.
    const MAY_LACK: &'static [&'static str];
    /// The SQL types of the columns.
    const TYPES: &'static [&'static str];

    /// The statement that inserts it, with a parameter for each column.
    fn insert_sql() -> &'static str;

    /// Reads a row. A value of the wrong type is absent, since other programs may have written anything.
    fn read(row: &Row<'_>, indices: &ColumnIndices) -> rusqlite::Result<Self>;

    /// The values of its columns, in their order.
    fn values(&self) -> Vec<ToSqlOutput<'_>>;
}

/// A type that a column can have.
pub(crate) trait Column: Sized {
    /// The suffix of the column's name after the field's name.
    const SUFFIX: &'static str = "";
    /// The SQL type.
    const TYPE: &'static str = "TEXT";

    fn from_column(value: ValueRef<'_>) -> Self;
    fn to_column(&self) -> ToSqlOutput<'_>;
}

/// The positions of a record's columns in a statement. Looking up names in every row would take longer than reading it.
#[derive(Debug)]
pub(crate) struct ColumnIndices(Vec<Option<usize>>);

impl ColumnIndices {
    pub(crate) fn of<R: Stored>(statement: &Statement<'_>) -> Result<Self> {
        // Looked up once: each look-up takes SQLite's mutex.
        let names: Vec<&str> = statement.column_names().collect();
        let index = |name: &&str| match names.iter().position(|column| column.eq_ignore_ascii_case(name)) {
            None if !R::MAY_LACK.contains(name) => {
                Err(rusqlite::Error::InvalidColumnName((*name).to_owned()))
            }
            found => Ok(found),
        };
        Ok(Self(R::COLUMNS.iter().map(index).collect::<rusqlite::Result<_>>()?))
    }

    /// The values of a row, in the order of the record's fields; null for a missing column.
    pub(crate) fn values<'r>(&self, row: &'r Row<'_>) -> impl FnMut() -> rusqlite::Result<ValueRef<'r>> {
        let mut indices = self.0.iter().copied();
        let mut next = move || indices.next().flatten();
        move || next().map_or(Ok(ValueRef::Null), |index| row.get_ref(index))
    }
}

/// `INSERT INTO table (columns) VALUES (?1, …)`.
pub(crate) fn insert_sql(table: &str, columns: &[&str]) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", "))
}

impl Column for String {
    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_text(value).unwrap_or_default()
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes()))
    }
}

impl Column for Option<String> {
    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_text(value)
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(NULL, Column::to_column)
    }
}

impl Column for StoredTime {
    fn from_column(value: ValueRef<'_>) -> Self {
        String::from_column(value).into()
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes()))
    }
}

impl Column for Option<StoredTime> {
    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_text(value).map(StoredTime::from)
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(NULL, Column::to_column)
    }
}

impl Column for Option<i64> {
    const TYPE: &'static str = "INTEGER";

    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_whole(value)
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        self.map_or(NULL, ToSqlOutput::from)
    }
}

impl Column for Option<f64> {
    const TYPE: &'static str = "REAL";

    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_real(value)
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        self.map_or(NULL, ToSqlOutput::from)
    }
}

/// An object that is null in the table if it is empty; invalid text reads as empty.
impl Column for Map<String, Value> {
    const SUFFIX: &'static str = "_json";

    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_text(value).map(|text| row::parse_object(&text)).unwrap_or_default()
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        if self.is_empty() { NULL } else { object(self) }
    }
}

/// An optional object.
impl Column for Option<Map<String, Value>> {
    const SUFFIX: &'static str = "_json";

    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_text(value).map(|text| row::parse_object(&text))
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(NULL, object)
    }
}

/// A list of texts. Other elements are skipped, and invalid text yields an empty list.
impl Column for Vec<String> {
    const SUFFIX: &'static str = "_json";

    fn from_column(value: ValueRef<'_>) -> Self {
        row::as_text(value).map(|text| row::parse_texts(&text)).unwrap_or_default()
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        if self.is_empty() { NULL } else { text(Value::from(self.as_slice()).to_string()) }
    }
}

pub(crate) const NULL: ToSqlOutput<'static> = ToSqlOutput::Owned(SqlValue::Null);

fn object(object: &Map<String, Value>) -> ToSqlOutput<'static> {
    // Written directly, because copying an object costs as much as everything else.
    text(serde_json::to_string(object).unwrap_or_default())
}

fn text(text: String) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqlValue::Text(text))
}
