//! The columns of a record.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};
use serde_json::{Map, Value};

use crate::definition::{Bound, Definition, Field, Kind, Presence};

/// A column of a record.
#[derive(Debug)]
pub(super) struct Column {
    /// The name in Rust, Python and SQL.
    pub(super) name: &'static str,
    /// The name in the record's JSON.
    pub(super) json: &'static str,
    pub(super) kind: ColumnKind,
    /// What its JSON has where the column is null.
    pub(super) absent: Absent,
}

/// What a column holds.
#[derive(Debug)]
pub(super) enum ColumnKind {
    Text,
    /// A day; `2026-03-20` in JSON.
    Day,
    Whole,
    Number,
    Boolean,
    Time,
    /// The text of JSON that has no type of its own.
    Json,
    /// The fields of a record within the record.
    Record(Vec<Column>),
}

/// What JSON has where a column is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Null,
    EmptyObject,
    EmptyList,
    /// The field is left out.
    Nothing,
    /// A dimension of a group: left out where rows are not grouped by it.
    NothingUnlessGrouped,
}

/// The columns of a record, in the order of its fields.
pub(super) fn columns(record: &Definition) -> Vec<Column> {
    let mut columns = Vec::new();
    for field in record.all_fields() {
        match field.kind {
            Kind::Group(names) => columns.extend(names.iter().map(|name| dimension(name))),
            Kind::Record(inner) if field.is_flat => columns.extend(self::columns(inner)),
            _ => columns.push(column(field)),
        }
    }
    columns
}

/// The same, with null for NULL where the value is otherwise empty.
pub(super) fn with_null_as_absent(columns: &mut [Column]) {
    for column in columns {
        if let Absent::EmptyObject | Absent::EmptyList = column.absent {
            column.absent = Absent::Null;
        }
        if let ColumnKind::Record(inner) = &mut column.kind {
            with_null_as_absent(inner);
        }
    }
}

fn dimension(name: &'static str) -> Column {
    let kind = if ["day", "week"].contains(&name) { ColumnKind::Day } else { ColumnKind::Text };
    Column { name, json: name, kind, absent: Absent::NothingUnlessGrouped }
}

fn column(field: &Field) -> Column {
    let kind = match field.kind {
        _ if field.bound == Some(Bound::Day) => ColumnKind::Day,
        Kind::Text | Kind::Choice(..) => ColumnKind::Text,
        Kind::Whole => ColumnKind::Whole,
        Kind::Number => ColumnKind::Number,
        Kind::Boolean => ColumnKind::Boolean,
        Kind::Time | Kind::StoredTime => ColumnKind::Time,
        Kind::Record(inner) if field.presence == Presence::Required => ColumnKind::Record(columns(inner)),
        Kind::Object
        | Kind::LogPlace
        | Kind::Sums
        | Kind::Record(_)
        | Kind::Group(_)
        | Kind::List(_)
        | Kind::Named(_)
        | Kind::Nothing => ColumnKind::Json,
    };
    let absent = match field.kind {
        _ if field.is_left_out => Absent::Nothing,
        Kind::Object if field.presence == Presence::Defaulted => Absent::EmptyObject,
        Kind::List(_) if field.presence == Presence::Defaulted => Absent::EmptyList,
        _ => Absent::Null,
    };
    Column { name: field.name, json: field.json, kind, absent }
}

impl Column {
    fn field(&self, name: Name) -> ArrowField {
        let kind = match &self.kind {
            ColumnKind::Text | ColumnKind::Json => DataType::Utf8,
            ColumnKind::Day => DataType::Date32,
            ColumnKind::Whole => DataType::Int64,
            ColumnKind::Number => DataType::Float64,
            ColumnKind::Boolean => DataType::Boolean,
            ColumnKind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into())),
            ColumnKind::Record(columns) => DataType::Struct(named_fields(columns, name)),
        };
        ArrowField::new(name(self), kind, true)
    }
}

/// Which of its names a column gets.
type Name = fn(&Column) -> &'static str;

/// The name that every reader of Arrow takes for UTC.
pub(super) const UTC: &str = "UTC";

pub(super) fn fields(columns: &[Column]) -> Fields {
    named_fields(columns, |column| column.name)
}

/// The fields with the names that they have in JSON.
#[cfg(feature = "arrow-ipc")]
pub(super) fn json_fields(columns: &[Column]) -> Fields {
    named_fields(columns, |column| column.json)
}

fn named_fields(columns: &[Column], name: Name) -> Fields {
    columns.iter().map(|column| Arc::new(column.field(name))).collect()
}

impl Absent {
    /// The value in JSON; `None` where the field is left out.
    pub(super) fn value(self, is_grouped: bool) -> Option<Value> {
        match self {
            Self::Null => Some(Value::Null),
            Self::EmptyObject => Some(Value::Object(Map::new())),
            Self::EmptyList => Some(Value::Array(Vec::new())),
            Self::Nothing => None,
            Self::NothingUnlessGrouped => is_grouped.then_some(Value::Null),
        }
    }
}
