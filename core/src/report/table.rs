//! A padded table of text.

use unicode_width::UnicodeWidthStr;

/// What stands where there is no value.
pub(super) const MISSING: &str = "-";

/// The header, a rule and the rows, one line each and none with blanks at its end. Columns are as wide
/// as a terminal shows their widest cell; those at the places in `to_the_right` are aligned to the right.
pub(super) fn render(header: &[&str], rows: &[Vec<String>], to_the_right: &[usize]) -> String {
    let header = header.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(&header)
        .chain(rows)
        .map(|row| row.iter().map(|cell| one_line(cell)).collect())
        .collect();
    let width_of =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..header.len()).map(|column| width_of(column).unwrap_or(0)).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths, to_the_right)).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    lines.insert(1, rule.join("-+-"));
    lines.join("\n")
}

fn line(row: &[String], widths: &[usize], to_the_right: &[usize]) -> String {
    let padded = |(column, (cell, width)): (usize, (&String, &usize))| {
        let blanks = " ".repeat(width - cell.width());
        if to_the_right.contains(&column) { blanks + cell } else { cell.clone() + &blanks }
    };
    let cells: Vec<String> = row.iter().zip(widths).enumerate().map(padded).collect();
    cells.join(" | ").trim_end().to_owned()
}

/// Line breaks would tear the table apart, and other control characters can do worse to a terminal.
fn one_line(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[[&str; 2]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_a_terminal_shows_them() {
        let table = render(&["NAME", "N"], &rows(&[["日本語", "1"], ["é", "12"], ["e\u{301}", "3"]]), &[1]);
        assert_eq!(table, "NAME   |  N\n-------+---\n日本語 |  1\né      | 12\ne\u{301}      |  3");
    }

    #[test]
    fn no_line_ends_with_blanks_and_no_cell_breaks_a_line() {
        let table = render(&["A", "B"], &rows(&[["x\ny\u{1b}[31m", "long"], ["", "z"]]), &[]);
        assert_eq!(table, "A        | B\n---------+-----\nx y [31m | long\n         | z");
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(render(&["A", "BC"], &[], &[]), "A | BC\n--+---");
    }
}
