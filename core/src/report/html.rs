//! Results as HTML, for notebooks.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

use super::table::Column;

/// A table in HTML. A notebook aligns cells as it likes, so each says how it is meant.
#[derive(Debug, Default)]
pub(super) struct HtmlTable {
    columns: Vec<Column>,
    body: String,
}

impl HtmlTable {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, body: String::new() }
    }

    pub(super) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        let row = line("td", &self.columns, cells);
        self.body += &row;
    }

    /// A row that sums up those before it.
    #[cfg(feature = "arrow")]
    pub(super) fn total<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        let row = line("th", &self.columns, cells);
        self.body += &row;
    }

    /// A row that stands for rows that are not shown.
    #[cfg(feature = "arrow")]
    pub(super) fn gap(&mut self, text: &str) {
        let columns = self.columns.len();
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.body,
            "<tr><td colspan=\"{columns}\" style=\"text-align:center\">{}</td></tr>",
            escaped(text)
        );
    }

    pub(super) fn html(&self) -> String {
        let head = line("th", &self.columns, self.columns.iter().map(Column::title));
        format!("<table>\n<thead>\n{head}</thead>\n<tbody>\n{}</tbody>\n</table>\n", self.body)
    }
}

fn line<'c>(tag: &str, columns: &[Column], cells: impl IntoIterator<Item = &'c str>) -> String {
    let mut line = String::from("<tr>");
    for (cell, column) in cells.into_iter().zip(columns) {
        let side = if column.is_right() { "right" } else { "left" };
        // A notebook breaks a wide table's dates and ids into several lines; the table itself can be scrolled.
        let space = if cell.contains("  ") { "pre;font-family:monospace" } else { "nowrap" };
        let (shown, whole) = match short_id(cell) {
            Some(end) if column.title().ends_with("_id") => (format!("…{end}"), format!(" title=\"{cell}\"")),
            _ => (escaped(cell), String::new()),
        };
        // Writing to a string cannot fail.
        let _ = write!(line, "<{tag} style=\"text-align:{side};white-space:{space}\"{whole}>{shown}</{tag}>");
    }
    line + "</tr>\n"
}

/// The end of a UUID, which tells it apart from those of the same time. A row has several of other rows, and one of its own,
/// which is shown whole.
fn short_id(cell: &str) -> Option<&str> {
    let is_uuid = cell.len() == 36
        && cell.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_uuid.then(|| &cell[24..])
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text of a result as HTML: its tables are tables, and the rest is as it was.
///
/// ```
/// let html = mcoda_core::report::in_html("LANE | SP/H\n-----+-----\nQA   |  1.5\n\n1 < 2\n");
/// assert!(html.contains(">LANE</th>") && html.contains(">1 &lt; 2</pre>"));
/// ```
#[must_use]
pub fn in_html(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (mut html, mut plain, mut next) = (String::new(), Vec::new(), 0);
    while next < lines.len() {
        let rule = lines.get(next + 1).copied().filter(|rule| is_rule(rule));
        let Some(rule) = rule else {
            plain.push(lines[next]);
            next += 1;
            continue;
        };
        html += &preformatted(&mut plain);
        let is_row = |line: &&&str| !line.is_empty() && cells(line, rule).len() > 1;
        let rows: Vec<&str> = lines[next + 2..].iter().take_while(is_row).copied().collect();
        html += &table(lines[next], rule, &rows);
        next += 2 + rows.len();
    }
    html + &preformatted(&mut plain)
}

/// Whether a line separates the header of a table from its rows.
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.contains('+') && line.bytes().all(|byte| byte == b'-' || byte == b'+')
}

/// Notebooks differ in the font of such text, and in how far they move it in.
const PRE: &str = "<pre style=\"font-family:monospace;margin:.5em 0;padding:0\">";

fn preformatted(lines: &mut Vec<&str>) -> String {
    let text = std::mem::take(lines).join("\n");
    let text = text.trim_matches('\n');
    if text.is_empty() { String::new() } else { format!("{PRE}{}</pre>\n", escaped(text)) }
}

fn table(header: &str, rule: &str, rows: &[&str]) -> String {
    let header = cells(header, rule);
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| cells(row, rule)).collect();
    // A column is as wide as its widest cell, so one that begins with blanks is aligned to the right.
    let is_right = |column: usize| {
        let own = rows.iter().chain([&header]).filter_map(|row| row.get(column));
        own.clone().any(|cell| cell.starts_with(' ') && !cell.trim().is_empty())
            || rows.iter().filter_map(|row| row.get(column)).all(|cell| is_number(cell.trim()))
    };
    let column = |(place, name): (usize, &&str)| {
        let title = name.trim().to_owned();
        if is_right(place) { Column::number(title) } else { Column::text(title) }
    };
    let mut table = HtmlTable::new(header.iter().enumerate().map(column).collect());
    rows.iter().for_each(|row| table.row(row.iter().map(|cell| cell.trim())));
    table.html()
}

fn is_number(cell: &str) -> bool {
    cell.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && cell.bytes().all(|byte| byte.is_ascii_digit() || b".,-".contains(&byte))
}

/// The cells of a line, which are separated where the rule has a `+`; a cell may have the separator's text in it.
fn cells<'l>(line: &'l str, rule: &str) -> Vec<&'l str> {
    let mut ends = rule.match_indices('+').map(|(column, _)| column);
    let (mut cells, mut start, mut column) = (Vec::new(), 0, 0);
    let mut end = ends.next();
    for (place, letter) in line.char_indices() {
        if end == Some(column) && letter == '|' {
            cells.push(line[start..place].strip_suffix(' ').unwrap_or(&line[start..place]));
            start = place + 1;
            end = ends.next();
        }
        column += letter.width().unwrap_or(0);
    }
    let last = &line[start..];
    cells.push(last);
    cells
        .iter()
        .enumerate()
        .map(|(place, cell)| if place > 0 { cell.strip_prefix(' ').unwrap_or(cell) } else { cell })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;

    #[test]
    fn tables_are_tables_and_the_rest_is_as_it_was() {
        let mut table = Table::new([Column::text("TASK"), Column::number("SP"), Column::text("NOTE")]);
        table.row(["日本 | <b>", "1", "a & b"].map(str::to_owned));
        table.row(["x", "100", ""].map(str::to_owned));
        let html = in_html(&format!("Lanes\n\n{}\nAfter\n", table.text(None)));
        let cell = |align: &str, text: &str| {
            format!("<td style=\"text-align:{align};white-space:nowrap\">{text}</td>")
        };
        let head = "<th style=\"text-align:left;white-space:nowrap\">TASK</th>";
        assert!(html.starts_with(&format!("{PRE}Lanes</pre>\n<table>\n<thead>\n<tr>{head}")), "{html}");
        assert!(
            html.contains(
                &(cell("left", "日本 | &lt;b&gt;") + &cell("right", "1") + &cell("left", "a &amp; b"))
            ),
            "{html}"
        );
        assert!(html.contains(&(cell("left", "x") + &cell("right", "100"))), "{html}");
        assert!(html.ends_with(&format!("</table>\n{PRE}After</pre>\n")), "{html}");
    }

    #[test]
    fn ids_of_other_rows_are_short_and_blanks_count() {
        let mut table = HtmlTable::new(vec![Column::text("id"), Column::text("task_id")]);
        let uuid = "019a0000-0000-7000-8000-00000000001f";
        table.row([uuid, uuid]);
        table.row(["[  --]", "a <b>"]);
        let html = table.html();
        assert!(html.contains(&format!(">{uuid}</td>")), "{html}");
        assert!(html.contains(&format!(" title=\"{uuid}\">…00000000001f</td>")), "{html}");
        assert!(html.contains("white-space:pre;font-family:monospace\">[  --]</td>"), "{html}");
        assert!(html.contains(";white-space:nowrap\">a &lt;b&gt;</td>"), "{html}");
    }

    #[test]
    fn text_without_tables_is_preformatted() {
        assert_eq!(in_html(""), "");
        assert_eq!(in_html("a | b\n-- c\n"), format!("{PRE}a | b\n-- c</pre>\n"));
        assert_eq!(in_html("A | B\n--+--\n").matches("<th").count(), 3, "a header without rows");
    }
}
