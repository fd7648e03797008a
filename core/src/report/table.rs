//! A padded table of text.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use super::shorten::{shorten, wrap};
use crate::printable::printable;

/// The text of a missing value.
pub(super) const MISSING: &str = "-";

/// The usual label of a row that is the total of the others.
const TOTAL: &str = "all";

/// Columns are left out before texts are made shorter than this.
const SHORT: usize = 12;
/// Texts are not made shorter than this.
const SHORTEST: usize = 6;

const SEPARATOR: &str = " | ";

/// A column: its title, and what may be done to its cells where there is little room.
#[derive(Debug, Clone)]
pub(super) struct Column {
    title: Cow<'static, str>,
    content: Content,
    is_left_out_if_zero: bool,
    is_always_shown: bool,
    /// Columns with a higher number are the first that are left out for lack of room; those with 0 never are.
    minor: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// A name or a sentence, which may be shortened.
    Text,
    /// A time, which is shown up to the minute where there is little room.
    Time,
    /// Aligned to the right, and never shortened.
    Number,
    /// Never shortened.
    Whole,
}

impl Column {
    fn new(title: impl Into<Cow<'static, str>>, content: Content) -> Self {
        Self { title: title.into(), content, is_left_out_if_zero: false, is_always_shown: false, minor: 0 }
    }

    pub(super) fn text(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(title, Content::Text)
    }

    pub(super) fn time(title: &'static str) -> Self {
        Self::new(title, Content::Time)
    }

    pub(super) fn number(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(title, Content::Number)
    }

    pub(super) fn whole(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(title, Content::Whole)
    }

    /// Left out if it has no value but zeros.
    pub(super) fn unless_zero(self) -> Self {
        Self { is_left_out_if_zero: true, ..self }
    }

    /// Shown even if it has no value.
    #[cfg(feature = "arrow")]
    pub(super) fn always(self) -> Self {
        Self { is_always_shown: true, ..self }
    }

    /// May be left out for lack of room, before those with lower numbers.
    pub(super) fn minor(self, minor: u8) -> Self {
        Self { minor, ..self }
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Whether cells are aligned to the right.
    pub(super) fn is_right(&self) -> bool {
        self.content == Content::Number
    }

    fn is_empty_cell(&self, cell: &str) -> bool {
        let is_missing = matches!(cell, "" | MISSING);
        is_missing || (self.is_left_out_if_zero && !cell.contains(|c| matches!(c, '1'..='9')))
    }

    /// The cell as it is shown where there is little room.
    fn in_little_room<'c>(&self, cell: &'c str) -> Cow<'c, str> {
        let is_exact = self.content == Content::Time && cell.len() == 24 && cell.ends_with('Z');
        let minute = if is_exact { cell.get(..16) } else { None };
        minute.map_or(Cow::Borrowed(cell), |minute| Cow::Owned(minute.replace('T', " ")))
    }
}

/// Rows with a header and a rule. Columns are as wide as the display width of their widest cell; those without any value are
/// left out.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// The last row: the sum of the others.
    total: Option<Vec<String>>,
    label: &'static str,
}

impl Table {
    pub(super) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new(), total: None, label: TOTAL }
    }

    /// The same with another label of the total.
    #[cfg(feature = "arrow")]
    pub(super) fn labelled(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    /// Adds a row, which has a cell for each column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|text| printable(&text)).collect());
    }

    /// Sets the row that sums up the others. Its label stands in the first column that is shown, unless that has a sum.
    pub(super) fn total(&mut self, cells: impl IntoIterator<Item = String>) {
        self.total = Some(cells.into_iter().map(|text| printable(&text)).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, one row per line, without trailing blanks. With a `width`, times and texts are shortened where the lines
    /// would be longer, and then minor columns are left out, which a line below the table names.
    pub(super) fn text(&self, width: Option<usize>) -> String {
        let (text, left_out) = self.fitted(width);
        if left_out.is_empty() {
            return text;
        }
        text + &wrap(&format!("Left out for lack of width: {}", left_out.join(", ")), width)
    }

    /// The table as [`Table::text`], and the titles of the columns that were left out for lack of room.
    pub(super) fn fitted(&self, width: Option<usize>) -> (String, Vec<&str>) {
        let mut shown: Vec<usize> =
            (0..self.columns.len()).filter(|column| self.has_values(*column)).collect();
        let mut widths = self.widths(&shown, false);
        let Some(limit) = width.filter(|limit| line_width(&widths) > *limit) else {
            return (self.lines(&shown, &widths, false), Vec::new());
        };
        let mut left_out = Vec::new();
        loop {
            let minor = shown.iter().copied().max_by_key(|column| (self.columns[*column].minor, *column));
            let minor = minor.filter(|column| self.columns[*column].minor > 0 && shown.len() > 1);
            widths = self.fitting(&shown, limit, if minor.is_some() { SHORT } else { SHORTEST });
            match minor {
                Some(column) if line_width(&widths) > limit => {
                    shown.retain(|own| *own != column);
                    left_out.push(column);
                }
                _ => break,
            }
        }
        left_out.sort_unstable();
        let mut titles: Vec<&str> = left_out.iter().map(|column| self.columns[*column].title()).collect();
        // Two columns may have the same title.
        titles.dedup();
        (self.lines(&shown, &widths, true), titles)
    }

    fn has_values(&self, column: usize) -> bool {
        let own = &self.columns[column];
        let is_empty = |row: &Vec<String>| row.get(column).is_none_or(|cell| own.is_empty_cell(cell));
        own.is_always_shown || self.rows.is_empty() || !self.rows.iter().chain(&self.total).all(is_empty)
    }

    /// The widths at which nothing is shortened.
    fn widths(&self, shown: &[usize], is_little: bool) -> Vec<usize> {
        let mut widths: Vec<usize> = shown.iter().map(|column| self.width(*column, is_little)).collect();
        if let (Some(first), Some(_)) = (widths.first_mut(), &self.total) {
            *first = (*first).max(self.label.width());
        }
        widths
    }

    fn width(&self, column: usize, is_little: bool) -> usize {
        let own = &self.columns[column];
        let cells = self.rows.iter().chain(&self.total).filter_map(|row| row.get(column));
        let cells = cells.map(|cell| if is_little { own.in_little_room(cell).width() } else { cell.width() });
        cells.chain([own.title.width()]).max().unwrap_or(0)
    }

    /// The widths at which the columns fit the limit, or nearly: no text is made shorter than `shortest` or its title.
    fn fitting(&self, shown: &[usize], limit: usize, shortest: usize) -> Vec<usize> {
        let natural = self.widths(shown, true);
        let cut_to = |longest: usize| -> Vec<usize> {
            let cut = |(column, width): (&usize, &usize)| {
                let own = &self.columns[*column];
                if own.content == Content::Text {
                    (*width).min(longest.max(own.title.width()))
                } else {
                    *width
                }
            };
            shown.iter().zip(&natural).map(cut).collect()
        };
        let longest = natural.iter().copied().max().unwrap_or(0);
        let fits = |longest: &usize| line_width(&cut_to(*longest)) <= limit;
        cut_to((shortest..=longest).rev().find(fits).unwrap_or(shortest))
    }

    fn lines(&self, shown: &[usize], widths: &[usize], is_little: bool) -> String {
        let titles = shown.iter().map(|column| Cow::Borrowed(&*self.columns[*column].title));
        let mut text = self.line(titles, shown, widths);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        text += &format!("{}\n", rule.join("-+-"));
        let cell = |row: &'_ [String], column: usize, width: usize| -> String {
            let own = &self.columns[column];
            let cell = row.get(column).map_or("", String::as_str);
            let cell = if is_little { own.in_little_room(cell) } else { Cow::Borrowed(cell) };
            if own.content == Content::Text { shorten(&cell, width) } else { cell.into_owned() }
        };
        for row in &self.rows {
            let cells = shown.iter().zip(widths).map(|(column, width)| cell(row, *column, *width).into());
            text += &self.line(cells, shown, widths);
        }
        if let Some(row) = &self.total {
            // A total has no names, which are not missing.
            let is_sum = |column: usize| row.get(column).is_some_and(|cell| !matches!(&**cell, "" | MISSING));
            let cells = shown.iter().zip(widths).enumerate().map(|(place, (column, width))| {
                match self.columns[*column].content {
                    content if place == 0 && (content != Content::Number || !is_sum(*column)) => {
                        self.label.into()
                    }
                    Content::Text => "".into(),
                    _ => cell(row, *column, *width).into(),
                }
            });
            text += &self.line(cells, shown, widths);
        }
        text
    }

    fn line<'c>(
        &self,
        cells: impl Iterator<Item = Cow<'c, str>>,
        shown: &[usize],
        widths: &[usize],
    ) -> String {
        let padded = |((cell, column), width): ((Cow<'c, str>, &usize), &usize)| {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            if self.columns[*column].is_right() { blanks + &cell } else { cell.into_owned() + &blanks }
        };
        let cells: Vec<String> = cells.zip(shown).zip(widths).map(padded).collect();
        format!("{}\n", cells.join(SEPARATOR).trim_end())
    }
}

fn line_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + SEPARATOR.len() * widths.len().saturating_sub(1)
}

#[cfg(test)]
mod tests;
