use super::*;

fn table<const N: usize>(columns: [Column; N], rows: &[[&str; N]]) -> Table {
    let mut table = Table::new(columns);
    rows.iter().for_each(|row| table.row(row.map(str::to_owned)));
    table
}

fn name_and_number(rows: &[[&str; 2]]) -> String {
    table([Column::text("NAME"), Column::number("N")], rows).text(None)
}

#[test]
fn columns_are_as_wide_as_a_terminal_shows_them() {
    let text = name_and_number(&[["日本語", "1"], ["é", "12"], ["e\u{301}", "3"]]);
    assert_eq!(text, "NAME   |  N\n-------+---\n日本語 |  1\né      | 12\ne\u{301}      |  3\n");
}

#[test]
fn an_emoji_of_several_characters_is_as_wide_as_one() {
    let text = name_and_number(&[["👩‍👩‍👧", "1"], ["🇩🇪 ok", "2"], ["❤️", "3"], ["ok", "4"]]);
    assert_eq!(text, "NAME  | N\n------+--\n👩‍👩‍👧    | 1\n🇩🇪 ok | 2\n❤️    | 3\nok    | 4\n");
}

#[test]
fn no_line_ends_with_blanks_and_no_cell_breaks_a_line() {
    let columns = [Column::text("A"), Column::text("B")];
    let text = table(columns, &[["x\ny\u{1b}\u{202e}31m", "long"], ["", "z"]]).text(None);
    assert_eq!(text, "A        | B\n---------+-----\nx y\u{fffd}\u{fffd}31m | long\n         | z\n");
}

#[test]
fn a_table_without_rows_is_its_header() {
    let columns = [Column::text("A"), Column::number("BC").unless_zero()];
    assert_eq!(table(columns, &[]).text(None), "A | BC\n--+---\n");
}

#[test]
fn columns_without_values_are_left_out_and_the_total_is_labelled_all_the_same() {
    let columns = [
        Column::text("PROJECT"),
        Column::text("AGENT"),
        Column::number("CACHED").unless_zero(),
        Column::number("DONE"),
    ];
    let mut table = table(columns, &[["-", "ada", "0.00", "0"], ["", "-", "-", "0"]]);
    table.total(["", "", "0", "0"].map(str::to_owned));
    assert_eq!(table.text(None), "AGENT | DONE\n------+-----\nada   |    0\n-     |    0\nall   |    0\n");
}

fn wide() -> Table {
    let columns = [
        Column::text("TASK"),
        Column::time("TIME"),
        Column::text("MODEL"),
        Column::number("TOKENS"),
        Column::number("CACHED").minor(1),
        Column::number("WRITTEN").minor(2),
    ];
    let row =
        ["SHOP-1-S1-T1: 日本語の長いタイトル", "2026-03-20T12:34:56.789Z", "claude-sonnet-4-5-20250929"];
    let mut table = Table::new(columns);
    table.row(row.iter().copied().chain(["1,234,567", "1,234", "12"]).map(str::to_owned));
    table
}

fn widest(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

#[test]
fn a_table_fits_every_width_that_its_numbers_leave() {
    for width in 46..150 {
        let text = wide().text(Some(width));
        assert!(widest(&text) <= width, "{width}\n{text}");
        assert!(text.contains("1,234,567") && text.contains("2026-03-20"), "{text}");
        let is_left_out = text.lines().nth(3).is_some_and(|line| line.starts_with("Left out"));
        assert_eq!(!text.lines().next().unwrap().contains("WRITTEN"), is_left_out, "{text}");
    }
    assert_eq!(wide().text(Some(200)), wide().text(None));
}

#[test]
fn texts_are_shortened_before_columns_are_left_out() {
    assert_eq!(
        wide().text(Some(80)),
        "TASK          | TIME             | MODEL         |    TOKENS | CACHED | WRITTEN\n\
         --------------+------------------+---------------+-----------+--------+--------\n\
         SHOP-1…イトル | 2026-03-20 12:34 | claude…250929 | 1,234,567 |  1,234 |      12\n"
    );
    assert_eq!(
        wide().text(Some(52)),
        "TASK      | TIME             | MODEL     |    TOKENS\n\
         ----------+------------------+-----------+----------\n\
         SHOP…トル | 2026-03-20 12:34 | clau…0929 | 1,234,567\n\
         Left out for lack of width: CACHED, WRITTEN\n"
    );
}

#[cfg(feature = "arrow")]
#[test]
fn the_label_of_a_total_has_room_and_takes_no_sum_away() {
    let total = |columns: [Column; 2], cells: [&str; 2]| {
        let mut table = table(columns, &[["a", "1"], ["b", "2"]]).labelled("total");
        table.total(cells.map(str::to_owned));
        table.text(None)
    };
    let text = total([Column::whole("T"), Column::number("N")], ["", "3"]);
    assert_eq!(text, "T     | N\n------+--\na     | 1\nb     | 2\ntotal | 3\n");
    let text = total([Column::number("M"), Column::number("N")], ["7", "3"]);
    assert!(text.ends_with("\n    7 | 3\n"), "{text}");
}

#[test]
fn one_column_stays_and_those_that_were_left_out_are_named_by_their_place() {
    let columns = ["A", "B", "C"].map(|title| Column::whole(title).minor(1));
    let table = table(columns, &[["long text", "b", "another long text"]]);
    assert_eq!(
        table.fitted(Some(14)),
        ("A         | B\n----------+--\nlong text | b\n".to_owned(), vec!["C"])
    );
    let (text, left_out) = table.fitted(Some(5));
    assert_eq!((text.lines().nth(2), left_out), (Some("long text"), vec!["B", "C"]));
}
