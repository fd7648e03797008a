//! A table of padded columns.

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under a header and a rule.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    columns: [(&'static str, Align); N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(columns: &[(&'static str, Align); N]) -> Self {
        Self { columns: *columns, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|text| cell(&text)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, one line a row; lines do not end in blanks.
    pub(super) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.columns[column].0.len()]).max().unwrap_or_default()
        };
        let widths: [usize; N] = std::array::from_fn(width);
        let padded = |column: usize, text: &str| match self.columns[column].1 {
            Align::Left => format!("{text:<width$}", width = widths[column]),
            Align::Right => format!("{text:>width$}", width = widths[column]),
        };
        let line = |cells: [&str; N]| {
            let cells: [String; N] = std::array::from_fn(|column| padded(column, cells[column]));
            format!("{}\n", cells.join(" | ").trim_end())
        };
        let mut text = line(self.columns.map(|(name, _)| name));
        text += &format!("{}\n", widths.map(|width| "-".repeat(width)).join("-+-"));
        for row in &self.rows {
            text += &line(std::array::from_fn(|column| row[column].as_str()));
        }
        text
    }
}

/// Text as a cell shows it: keys come from whoever made the task, and a line feed or an escape sequence
/// in one must not reach the terminal.
pub(super) fn cell(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
