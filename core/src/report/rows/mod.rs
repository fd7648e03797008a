//! Rows of any question as a table for people: the first and last of many, and totals.

mod cell;
mod totals;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field};

use self::cell::{Cell, Style};
use self::totals::totals;
use super::format::count;
use super::html::{HtmlTable, escaped};
use super::table::{Column, Table};
use crate::columns::Columns;
use crate::error::Result;

/// Of more rows than these together, the first and the last ones are shown.
const FIRST: usize = 12;
const LAST: usize = 6;

/// A table for a terminal is at most so wide; the other columns are named below it.
const WIDTH: usize = 120;

/// The label of the totals.
const TOTAL: &str = "total";

/// What is shown of a result.
struct Shown {
    columns: Vec<ShownColumn>,
    rows: usize,
    /// The number of rows that are not shown, which come after the first ones.
    left_out: usize,
    /// Names of columns of a record that have no values at all, without the dimensions by which nobody grouped.
    empty: Vec<String>,
}

/// A column that is shown.
struct ShownColumn {
    /// Ids, which only tell rows apart, are the first to be left out for lack of room, and zeros the next.
    head: Column,
    cells: Vec<String>,
    total: Option<String>,
}

/// The rows as a text table, as wide as a terminal. `total` is a result with one row, which sums up the rows where their
/// sums would not.
///
/// Errors: as [`Columns::to_arrow`].
pub fn rows_text(columns: &Columns, total: Option<&Columns>) -> Result<String> {
    let shown = Shown::of(columns, total)?;
    let mut table = Table::new(shown.heads()).labelled(TOTAL);
    for row in 0..shown.columns.first().map_or(0, |column| column.cells.len()) {
        if shown.left_out > 0 && row == FIRST {
            table.row(shown.columns.iter().map(|_| "…".to_owned()));
        }
        table.row(shown.columns.iter().map(|column| column.cells[row].clone()));
    }
    if let Some(total) = shown.total() {
        table.total(total);
    }
    let (text, left_out) = table.fitted(Some(WIDTH));
    Ok(format!("{text}{}\n", shown.caption(&left_out)))
}

/// The rows as an HTML table, for a notebook. `total` as for [`rows_text`].
///
/// Errors: as [`Columns::to_arrow`].
pub fn rows_html(columns: &Columns, total: Option<&Columns>) -> Result<String> {
    let shown = Shown::of(columns, total)?;
    let mut table = HtmlTable::new(shown.heads());
    for row in 0..shown.columns.first().map_or(0, |column| column.cells.len()) {
        if shown.left_out > 0 && row == FIRST {
            table.gap("…");
        }
        table.row(shown.columns.iter().map(|column| &*column.cells[row]));
    }
    if let Some(mut total) = shown.total() {
        if let Some(first) = total.first_mut().filter(|first| first.is_empty()) {
            TOTAL.clone_into(first);
        }
        table.total(total.iter().map(String::as_str));
    }
    Ok(format!("{}<p>{}</p>\n", table.html(), escaped(&shown.caption(&[]))))
}

impl Shown {
    fn of(columns: &Columns, total: Option<&Columns>) -> Result<Self> {
        let rows = columns.len();
        let left_out = if rows > FIRST + LAST { rows - FIRST - LAST } else { 0 };
        let totals = match total {
            Some(total) => {
                cells(total)?.into_iter().filter_map(|(name, mut cells)| Some((name, cells.pop()?))).collect()
            }
            None => totals(columns)?,
        };
        let first = cells(&columns.slice(0..if left_out > 0 { FIRST } else { rows }))?;
        let last = cells(&columns.slice(if left_out > 0 { rows - LAST } else { rows }..rows))?;
        let mut empty = empty(columns)?;
        let column = |((name, mut own), (_, last)): ((String, Vec<Cell>), (String, Vec<Cell>))| {
            own.extend(last);
            let total = totals.iter().find(|(other, _)| *other == name).map(|(_, total)| total);
            ShownColumn::new(name, &own, total)
        };
        let shown = first.into_iter().zip(last).filter(|((name, _), _)| !empty.contains(name)).map(column);
        let shown = shown.collect();
        if let Columns::Records(records) = columns {
            empty.retain(|name| records.not_grouped_by().all(|dimension| dimension != name));
        }
        Ok(Self { columns: shown, rows, left_out, empty })
    }

    fn heads(&self) -> Vec<Column> {
        self.columns.iter().map(|column| column.head.clone()).collect()
    }

    /// The cells of the last line, if there are totals.
    fn total(&self) -> Option<Vec<String>> {
        if self.rows < 2 || self.columns.iter().all(|column| column.total.is_none()) {
            return None;
        }
        Some(self.columns.iter().map(|column| column.total.clone().unwrap_or_default()).collect())
    }

    /// The number of rows, and what is not shown.
    fn caption(&self, left_out: &[&str]) -> String {
        let mut text = format!("{} {}", count(self.rows), if self.rows == 1 { "row" } else { "rows" });
        let empty: Vec<&str> = self.empty.iter().map(String::as_str).collect();
        for (what, names) in [("no room for", left_out), ("no values in", &empty)] {
            if !names.is_empty() && self.rows > 0 {
                text += &format!("; {what} {}", names.join(", "));
            }
        }
        text
    }
}

impl ShownColumn {
    fn new(name: String, cells: &[Cell], total: Option<&Cell>) -> Self {
        let style = Style::of(&name, cells.iter().chain(total));
        let is_zero = |cell: &Cell| matches!(cell, Cell::Whole(0)) || *cell == Cell::Real(0.0);
        let minor = if ["id", "workspace_id"].contains(&&*name) || is_uuids(cells) {
            3
        } else if !cells.is_empty() && cells.iter().chain(total).all(is_zero) {
            2
        } else {
            1
        };
        let head = if style.is_number { Column::number(name) } else { Column::whole(name) };
        Self {
            head: head.minor(minor).always(),
            cells: cells.iter().map(|cell| style.text(cell)).collect(),
            total: total.map(|total| style.text(total)).filter(|text| !text.is_empty()),
        }
    }
}

fn is_uuids(cells: &[Cell]) -> bool {
    let is_uuid = |text: &str| text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    let mut texts = cells.iter().filter(|cell| **cell != Cell::Missing).peekable();
    texts.peek().is_some() && texts.all(|cell| matches!(cell, Cell::Text(text) if is_uuid(text)))
}

/// The values of each column; a record within a row has columns of its own.
fn cells(columns: &Columns) -> Result<Vec<(String, Vec<Cell>)>> {
    if let Columns::Sql(sql) = columns {
        // A column may have values of several types.
        let mut cells: Vec<(String, Vec<Cell>)> =
            columns.names().into_iter().map(|name| (name, Vec::new())).collect();
        for row in sql.to_rows() {
            for ((_, cells), value) in cells.iter_mut().zip(row) {
                cells.push(value.into());
            }
        }
        return Ok(cells);
    }
    let (schema, batches) = columns.to_arrow()?;
    let mut found: Vec<(String, Vec<Cell>)> = Vec::new();
    flat(schema.fields(), "", &mut |name, _| found.push((name, Vec::new())), None);
    for batch in &batches {
        let mut place = 0;
        let mut add = |_, array: Option<&ArrayRef>| {
            if let Some(array) = array {
                found[place].1.extend((0..array.len()).map(|row| Cell::of(array, row)));
            }
            place += 1;
        };
        flat(schema.fields(), "", &mut add, Some(batch.columns()));
    }
    Ok(found)
}

/// Passes the columns to `visit`, with the arrays if there are any; a record within a row as its own columns.
fn flat(
    fields: &[std::sync::Arc<Field>],
    prefix: &str,
    visit: &mut impl FnMut(String, Option<&ArrayRef>),
    arrays: Option<&[ArrayRef]>,
) {
    for (place, field) in fields.iter().enumerate() {
        let array = arrays.map(|arrays| &arrays[place]);
        let name = format!("{prefix}{}", field.name());
        match field.data_type() {
            DataType::Struct(inner) => {
                flat(inner, &format!("{name}."), visit, array.map(|array| array.as_struct().columns()));
            }
            _ => visit(name, array),
        }
    }
}

/// The names of the columns of records that have no values at all.
fn empty(columns: &Columns) -> Result<Vec<String>> {
    if matches!(columns, Columns::Sql(_)) || columns.is_empty() {
        return Ok(Vec::new());
    }
    let (schema, batches) = columns.to_arrow()?;
    let mut all = Vec::new();
    flat(schema.fields(), "", &mut |name, _| all.push((name, true)), None);
    for batch in &batches {
        let mut place = 0;
        let mut look = |_, array: Option<&ArrayRef>| {
            all[place].1 &= array.is_some_and(|array| array.null_count() == array.len());
            place += 1;
        };
        flat(schema.fields(), "", &mut look, Some(batch.columns()));
    }
    Ok(all.into_iter().filter_map(|(name, is_empty)| is_empty.then_some(name)).collect())
}
