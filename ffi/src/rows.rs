//! Rows with typed columns, for programs that want values rather than JSON.

use std::ffi::c_char;
use std::sync::PoisonError;

use mcoda_core::calls::Reply;
use mcoda_core::definition::{Definition, Field, Kind, Record};
use mcoda_core::{EconomicsRow, TokenUsageRow, TokenUsageSummaryRow};
use serde_json::{Map, Value};

use crate::boundary::{free, make, or_default_on_panic, write_required_out};
use crate::code::mcoda_code;
use crate::cursor::{self, mcoda_token_usage_cursor};
use crate::error::mcoda_error;
use crate::global::{self, mcoda_global};
use crate::input::{self, text};
use crate::string::{self, Text};
use crate::workspace::{self, mcoda_workspace};

/// The type of a value in a row. The numbers are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum mcoda_value_type {
    /// It is absent: it was not reported.
    MCODA_VALUE_ABSENT = 0,
    /// Text, which `mcoda_rows_text` returns. A time is text as well.
    MCODA_VALUE_TEXT = 1,
    /// A whole number, which `mcoda_rows_int` returns.
    MCODA_VALUE_INT = 2,
    /// Another number, which `mcoda_rows_real` returns.
    MCODA_VALUE_REAL = 3,
    /// True or false, which `mcoda_rows_int` returns as 1 or 0.
    MCODA_VALUE_BOOL = 4,
    /// An object or a list, which `mcoda_rows_text` returns as JSON.
    MCODA_VALUE_JSON = 5,
}

use mcoda_value_type::*;

enum Cell {
    Absent,
    Text(Text),
    Int(i64),
    Real(f64),
    Bool(bool),
    Json(Text),
}

impl Cell {
    /// `is_real` is whether the column has numbers that need not be whole: JSON writes 2.0 as 2.
    fn new(value: Value, is_real: bool) -> Self {
        match value {
            Value::Number(number) if is_real => Self::Real(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null => Self::Absent,
            Value::Bool(value) => Self::Bool(value),
            Value::String(text) => Self::Text(Text::new(text)),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Real(number.as_f64().unwrap_or(f64::NAN)),
            },
            other => Self::Json(Text::new(other.to_string())),
        }
    }

    fn value_type(&self) -> mcoda_value_type {
        match self {
            Self::Absent => MCODA_VALUE_ABSENT,
            Self::Text(_) => MCODA_VALUE_TEXT,
            Self::Int(_) => MCODA_VALUE_INT,
            Self::Real(_) => MCODA_VALUE_REAL,
            Self::Bool(_) => MCODA_VALUE_BOOL,
            Self::Json(_) => MCODA_VALUE_JSON,
        }
    }
}

/// Rows, each with a value in every column. The columns are the fields of the JSON that the call's `_json` function
/// returns, by the same names; those of an object within it by both names, `cost_per_task.median`. The caller owns it and
/// frees it with `mcoda_rows_free`.
pub struct mcoda_rows {
    columns: Vec<Text>,
    cells: Vec<Cell>,
    other_workspaces: Option<Text>,
}

impl mcoda_rows {
    /// The rows of a call; all have the columns of the definition, even if there is no row.
    fn new(definition: &'static Definition, rows: Value) -> Self {
        let columns: Vec<Column> = definition.all_fields().flat_map(columns).collect();
        let rows = if let Value::Array(rows) = rows { rows } else { Vec::new() };
        let mut cells = Vec::with_capacity(columns.len() * rows.len());
        for row in rows {
            let mut row = if let Value::Object(row) = row { row } else { Map::new() };
            cells.extend(columns.iter().map(|column| column.cell(&mut row)));
        }
        let columns = columns.into_iter().map(|column| Text::new(column.name())).collect();
        Self { columns, cells, other_workspaces: None }
    }

    fn count(&self) -> usize {
        self.cells.len() / self.columns.len().max(1)
    }

    fn cell(&self, row: usize, column: i32) -> Option<&Cell> {
        let column = usize::try_from(column).ok().filter(|column| *column < self.columns.len())?;
        self.cells.get(row.checked_mul(self.columns.len())?.checked_add(column)?)
    }
}

/// A column, and where its values are.
struct Column {
    field: &'static str,
    /// The field of the object that is the field.
    inner: Option<&'static str>,
    /// Whether its numbers need not be whole.
    is_real: bool,
}

impl Column {
    fn name(&self) -> String {
        match self.inner {
            Some(inner) => format!("{}.{inner}", self.field),
            None => self.field.to_owned(),
        }
    }

    fn cell(&self, row: &mut Map<String, Value>) -> Cell {
        let field = row.get_mut(self.field);
        let value = match self.inner {
            Some(inner) => field.and_then(|object| object.get_mut(inner)),
            None => field,
        };
        Cell::new(value.map(Value::take).unwrap_or_default(), self.is_real)
    }
}

/// The columns of a field: one, or one for each dimension of a group and for each field of a record.
fn columns(field: &'static Field) -> Vec<Column> {
    let column = |field, inner, kind| Column { field, inner, is_real: matches!(kind, Kind::Number) };
    match field.kind {
        Kind::Group(names) => names.iter().map(|name| column(*name, None, Kind::Text)).collect(),
        Kind::Record(inner) => {
            inner.all_fields().map(|inner| column(field.json, Some(inner.json), inner.kind)).collect()
        }
        kind => vec![column(field.json, None, kind)],
    }
}

/// The next rows of a cursor with typed columns, at most `limit` of them; `limit` is 1 or more. `rows` receives them;
/// `mcoda_rows_count` of them is 0 at the end only.
///
/// Errors: as `mcoda_token_usage_cursor_next_json`. Threads: any. Frees: the caller, `rows` with `mcoda_rows_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_cursor_next(
    cursor: *mut mcoda_token_usage_cursor,
    limit: usize,
    rows: *mut *mut mcoda_rows,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("rows", rows, error, || {
        let cursor = cursor::of(cursor)?;
        let mut cursor = cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = Reply::next_rows(&mut cursor, limit)?;
        let other_workspaces = string::other_workspaces(rows.other_workspaces());
        Ok(mcoda_rows { other_workspaces, ..mcoda_rows::new(TokenUsageRow::DEFINITION, rows.to_value()) })
    })
}

/// The sums of `mcoda_token_usage_summary_json` with typed columns. `query` is what that takes, or NULL. `rows` receives
/// one row for each group.
///
/// Errors: as there. Threads: any. Frees: the caller, `rows` with `mcoda_rows_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_token_usage_summary(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    rows: *mut *mut mcoda_rows,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("rows", rows, error, || {
        let query = [input::optional_json("query", query)?];
        let reply = workspace::call(workspace, "token_usage_summary", &query)?;
        let other_workspaces = string::other_workspaces(reply.other_workspaces());
        Ok(mcoda_rows { other_workspaces, ..summary(reply.to_value()) })
    })
}

/// `mcoda_token_usage_summary` for the calls in the user's global database. `query` is what
/// `mcoda_global_token_usage_summary_json` takes, or NULL. `rows` receives one row for each group.
///
/// Errors: as there. Threads: any. Frees: the caller, `rows` with `mcoda_rows_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_global_token_usage_summary(
    global: *mut mcoda_global,
    query: *const c_char,
    rows: *mut *mut mcoda_rows,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("rows", rows, error, || {
        let query = [input::optional_json("query", query)?];
        Ok(summary(global::call(global, "token_usage_summary", &query)?.to_value()))
    })
}

/// The groups of `mcoda_economics_json` with typed columns. `query` is what that takes, or NULL. `rows` receives one row for
/// each group. `total` (may be NULL) receives one row with all calls as one group.
///
/// Errors: as there. Threads: any. Frees: the caller, `rows` and `total` with `mcoda_rows_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_economics(
    workspace: *mut mcoda_workspace,
    query: *const c_char,
    rows: *mut *mut mcoda_rows,
    total: *mut *mut mcoda_rows,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("rows", rows, error, || {
        let query = [input::optional_json("query", query)?];
        let reply = workspace::call(workspace, "economics", &query)?;
        let other_workspaces = string::other_workspaces(reply.other_workspaces());
        let mut economics = reply.to_value();
        let mut part = |name| economics.get_mut(name).map(Value::take).unwrap_or_default();
        if !total.is_null() {
            total.write(make(|| economics_rows(Value::Array(vec![part("total")]))));
        }
        Ok(mcoda_rows { other_workspaces, ..economics_rows(part("rows")) })
    })
}

fn economics_rows(rows: Value) -> mcoda_rows {
    mcoda_rows::new(EconomicsRow::DEFINITION, rows)
}

fn summary(rows: Value) -> mcoda_rows {
    mcoda_rows::new(TokenUsageSummaryRow::DEFINITION, rows)
}

/// The ids of other workspaces, as `mcoda_string_other_workspaces` returns them: a JSON array if there is no row because the
/// database has rows of other workspaces only; NULL otherwise, and for NULL. It belongs to the rows. `length` (may be NULL)
/// receives its length in bytes without the NUL. Threads: any, until the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_other_workspaces(
    rows: *const mcoda_rows,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || rows.as_ref()?.other_workspaces.as_ref())
}

/// The number of rows; 0 for NULL. Threads: any, until they are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_count(rows: *const mcoda_rows) -> u64 {
    or_default_on_panic(0, || Some(rows.as_ref()?.count() as u64))
}

/// The number of columns; 0 for NULL. Threads: any, until the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_columns(rows: *const mcoda_rows) -> u64 {
    or_default_on_panic(0, || Some(rows.as_ref()?.columns.len() as u64))
}

/// The name of a column; NULL for a number that is not one, and for NULL. It belongs to the rows. `length` (may be NULL)
/// receives its length in bytes without the NUL. Threads: any, until the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_column_name(
    rows: *const mcoda_rows,
    column: i32,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || rows.as_ref()?.columns.get(usize::try_from(column).ok()?))
}

/// The number of the column with this name, which is the same for all rows of a function, whichever they are. `column`
/// receives it.
///
/// Errors: `MCODA_NOT_FOUND` if there is no such column. Threads: any, until the rows are freed. Frees: nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_column(
    rows: *const mcoda_rows,
    name: *const c_char,
    column: *mut i32,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    crate::boundary::call(error, || {
        let rows = input::shared("rows", rows)?;
        let name = text("name", name)?;
        if column.is_null() {
            return Err(mcoda_error::null("column"));
        }
        let found = rows.columns.iter().position(|own| own.as_str() == name);
        let found = found.ok_or_else(|| mcoda_core::Error::not_found("name", "column", name))?;
        column.write(found as i32);
        Ok(())
    })
}

/// The type of a value; `MCODA_VALUE_ABSENT` for a row or column that does not exist, and for NULL. Threads: any, until
/// the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_type(
    rows: *const mcoda_rows,
    row: usize,
    column: i32,
) -> mcoda_value_type {
    or_default_on_panic(MCODA_VALUE_ABSENT, || Some(rows.as_ref()?.cell(row, column)?.value_type()))
}

/// A text, or an object or list as JSON; NULL for any other value. It belongs to the rows. `length` (may be NULL)
/// receives its length in bytes without the NUL. Threads: any, until the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_text(
    rows: *const mcoda_rows,
    row: usize,
    column: i32,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || match rows.as_ref()?.cell(row, column)? {
        Cell::Text(text) | Cell::Json(text) => Some(text),
        _ => None,
    })
}

/// A whole number, or 1 for true; 0 for any other value. Threads: any, until the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_int(rows: *const mcoda_rows, row: usize, column: i32) -> i64 {
    or_default_on_panic(0, || match rows.as_ref()?.cell(row, column)? {
        Cell::Int(number) => Some(*number),
        Cell::Bool(value) => Some(i64::from(*value)),
        _ => None,
    })
}

/// A number, whole or not; NaN for any other value. Threads: any, until the rows are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_real(rows: *const mcoda_rows, row: usize, column: i32) -> f64 {
    or_default_on_panic(f64::NAN, || match rows.as_ref()?.cell(row, column)? {
        Cell::Int(number) => Some(*number as f64),
        Cell::Real(number) => Some(*number),
        _ => None,
    })
}

/// Frees them; NULL is fine. Their text is gone with them. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_rows_free(rows: *mut mcoda_rows) {
    free(rows);
}
