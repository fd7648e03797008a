//! A padded table of text.

use unicode_width::UnicodeWidthStr;

use crate::printable::printable;

/// The text of a missing value.
pub(super) const MISSING: &str = "-";

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows with a header and a rule. Columns are as wide as the display width of their widest cell.
#[derive(Debug)]
pub(super) struct Table<'n> {
    columns: Vec<(&'n str, Align)>,
    rows: Vec<Vec<String>>,
}

impl<'n> Table<'n> {
    pub(super) fn new(columns: impl Into<Vec<(&'n str, Align)>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row, which has a cell for each column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|text| printable(&text)).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, one row per line, without trailing blanks.
    pub(super) fn text(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let width = |column: usize| {
            let cells = std::iter::once(&header).chain(&self.rows).filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut text = self.line(&header, &widths);
        text += &format!("{}\n", rule.join("-+-"));
        for row in &self.rows {
            text += &self.line(row, &widths);
        }
        text
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let padded = |((cell, width), (_, align)): ((&String, &usize), &(&str, Align))| {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            match align {
                Align::Left => cell.clone() + &blanks,
                Align::Right => blanks + cell,
            }
        };
        let cells: Vec<String> = row.iter().zip(widths).zip(&self.columns).map(padded).collect();
        format!("{}\n", cells.join(" | ").trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: [(&'static str, Align); 2], rows: &[[&str; 2]]) -> String {
        let mut table = Table::new(columns);
        rows.iter().for_each(|row| table.row(row.map(str::to_owned)));
        table.text()
    }

    #[test]
    fn columns_are_as_wide_as_a_terminal_shows_them() {
        let columns = [("NAME", Align::Left), ("N", Align::Right)];
        let text = table(columns, &[["日本語", "1"], ["é", "12"], ["e\u{301}", "3"]]);
        assert_eq!(text, "NAME   |  N\n-------+---\n日本語 |  1\né      | 12\ne\u{301}      |  3\n");
    }

    #[test]
    fn an_emoji_of_several_characters_is_as_wide_as_one() {
        let columns = [("NAME", Align::Left), ("N", Align::Right)];
        let text = table(columns, &[["👩‍👩‍👧", "1"], ["🇩🇪 ok", "2"], ["❤️", "3"], ["ok", "4"]]);
        assert_eq!(text, "NAME  | N\n------+--\n👩‍👩‍👧    | 1\n🇩🇪 ok | 2\n❤️    | 3\nok    | 4\n");
    }

    #[test]
    fn no_line_ends_with_blanks_and_no_cell_breaks_a_line() {
        let columns = [("A", Align::Left), ("B", Align::Left)];
        let text = table(columns, &[["x\ny\u{1b}\u{202e}31m", "long"], ["", "z"]]);
        assert_eq!(text, "A        | B\n---------+-----\nx y\u{fffd}\u{fffd}31m | long\n         | z\n");
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(table([("A", Align::Left), ("BC", Align::Left)], &[]), "A | BC\n--+---\n");
    }
}
