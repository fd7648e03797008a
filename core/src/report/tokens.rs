//! Token usage summaries, as a table.

use super::format::{count, format_millis, money_in};
use super::shorten::wrap;
use super::table::{Column, MISSING, Table};
use crate::printable::printable;
use crate::telemetry::{BacklogKeys, Dimension, TokenUsageReport, TokenUsageSummaryRow};

/// The rows of a summary as a table: a column for each grouped dimension in the order of `group_by` (empty:
/// [`Dimension::DEFAULT`]), then calls, tokens, the duration and the cost. Columns without any value are left out; missing
/// values are `-`. If the costs are in several currencies, each is shown with its code. If the cost of some calls is unknown, a
/// column says of how many it is known: `98 of 100`.
///
/// `width` is that of the terminal, if the table is to fit one. Every line ends with `\n`.
#[must_use]
pub fn render_tokens_table(
    rows: &[TokenUsageSummaryRow],
    group_by: &[Dimension],
    width: Option<usize>,
) -> String {
    let group_by = Dimension::of_query(group_by);
    let keys = BacklogKeys::default();
    let mut table = Table::new(columns(&group_by));
    let mut codes =
        rows.iter().filter(|row| row.cost_estimate.is_some()).filter_map(|row| row.currency.as_deref());
    let first = codes.next();
    let are_several =
        codes.any(|code| Some(code) != first) || rows.iter().any(|row| row.cost_by_currency.is_some());
    for row in rows {
        table.row(cells(row, row.currency.as_deref().filter(|_| are_several), &group_by, &keys));
    }
    table.text(width)
}

/// A report as a table: as [`render_tokens_table`], with keys in place of ids, and the total of all groups in the last row.
/// The currency of the costs stands below, or with each cost if there are several.
///
/// `width` is that of the terminal, if the table is to fit one. Every line ends with `\n`.
#[must_use]
pub fn render_tokens_report(report: &TokenUsageReport, width: Option<usize>) -> String {
    let mut table = Table::new(columns(&report.group_by));
    // One currency is named once.
    let common = report.total.currency.as_deref();
    let row = |row: &TokenUsageSummaryRow| {
        let own = row.currency.as_deref().filter(|_| common.is_none());
        cells(row, own, &report.group_by, &report.keys)
    };
    report.rows.iter().for_each(|group| table.row(row(group)));
    if report.rows.len() > 1 {
        table.total(row(&report.total));
    }
    table.text(width) + &currency_note(common, width)
}

/// The line that names the one currency of all costs.
pub(super) fn currency_note(common: Option<&str>, width: Option<usize>) -> String {
    common.map(|code| wrap(&format!("Costs are in {}.", printable(code)), width)).unwrap_or_default()
}

fn columns(group_by: &[Dimension]) -> Vec<Column> {
    let tokens = |title| Column::number(title).unless_zero();
    let grouped = group_by.iter().map(|dimension| Column::text(dimension.name().to_uppercase()));
    let numbers = [
        Column::number("CALLS"),
        tokens("TOKENS_IN").minor(2),
        tokens("TOKENS_OUT").minor(3),
        tokens("TOKENS_TOTAL").minor(1),
        tokens("TOKENS_CACHED").minor(6),
        tokens("CACHE_READ").minor(8),
        tokens("CACHE_WRITE").minor(7),
        tokens("DURATION").minor(5),
        Column::number("COST"),
        Column::number("COST_KNOWN").minor(4),
    ];
    grouped.chain(numbers).collect()
}

fn cells(
    row: &TokenUsageSummaryRow,
    currency: Option<&str>,
    group_by: &[Dimension],
    keys: &BacklogKeys,
) -> Vec<String> {
    let group = group_by.iter().map(|dimension| match row.group.get(*dimension) {
        Some(value) => keys.get(*dimension, value).unwrap_or(value).to_owned(),
        None => MISSING.to_owned(),
    });
    let numbers = [
        count(row.calls),
        count(row.tokens_prompt),
        count(row.tokens_completion),
        count(row.tokens_total),
        count(row.tokens_cached),
        count(row.tokens_cache_read),
        count(row.tokens_cache_write),
        // 0 means that no call reported one.
        if row.duration_ms > 0.0 { format_millis(row.duration_ms) } else { MISSING.to_owned() },
        cost(row, currency),
        cost_known(row),
    ];
    group.chain(numbers).collect()
}

/// The cost, with its currency if that is given; several currencies always have theirs.
pub(super) fn cost(row: &TokenUsageSummaryRow, currency: Option<&str>) -> String {
    let several = row.cost_by_currency.iter().flatten();
    let texts: Vec<String> = several.map(|(code, sum)| money_in(Some(*sum), Some(code))).collect();
    if row.cost_estimate.is_none() && !texts.is_empty() {
        return texts.join(", ");
    }
    money_in(row.cost_estimate, currency)
}

/// A sum of a part of the calls must not look like that of all.
fn cost_known(row: &TokenUsageSummaryRow) -> String {
    if row.cost_known_calls == 0 || row.cost_known_calls >= row.calls {
        return MISSING.to_owned();
    }
    format!("{} of {}", count(row.cost_known_calls), count(row.calls))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn row(cost_estimate: Option<f64>) -> TokenUsageSummaryRow {
        TokenUsageSummaryRow {
            calls: 2,
            cost_known_calls: 2,
            tokens_prompt: 1200,
            duration_ms: 14086.0,
            cost_estimate,
            ..Default::default()
        }
    }

    #[test]
    fn grouped_dimensions_stand_first_in_the_order_asked_for() {
        let table = render_tokens_table(&[], &[Dimension::Task, Dimension::Day, Dimension::Task], None);
        assert!(table.starts_with("TASK | DAY | CALLS | TOKENS_IN"), "{table}");
        assert!(render_tokens_table(&[], &[], None).starts_with("PROJECT | COMMAND | AGENT | CALLS"));
        let all = render_tokens_table(&[], Dimension::ALL, None);
        assert!(all.starts_with(
            "PROJECT | COMMAND | AGENT | MODEL | DAY | JOB | ACTION | PROVIDER | TASK | EPIC | STORY | HOUR | WEEK | MONTH | SESSION \
             | CALLS | TOKENS_IN | TOKENS_OUT | TOKENS_TOTAL | TOKENS_CACHED | CACHE_READ | CACHE_WRITE | DURATION | COST \
             | COST_KNOWN\n--------+-"
        ));
    }

    #[test]
    fn costs_are_money_and_missing_values_are_a_dash() {
        let dollars_and_euros = TokenUsageSummaryRow {
            cost_by_currency: Some(BTreeMap::from([("USD".into(), 1.5), ("EUR".into(), 0.03125)])),
            ..row(None)
        };
        let partly = TokenUsageSummaryRow { cost_known_calls: 1, ..row(Some(1234.5)) };
        let unknown = TokenUsageSummaryRow { cost_known_calls: 0, ..row(None) };
        let table = render_tokens_table(
            &[row(Some(0.03125)), unknown, dollars_and_euros, partly],
            &[Dimension::Agent],
            None,
        );
        let lines: Vec<Vec<&str>> =
            table.lines().map(|line| line.split(" | ").map(str::trim).collect()).collect();
        assert_eq!(lines[0], ["CALLS", "TOKENS_IN", "DURATION", "COST", "COST_KNOWN"]);
        assert_eq!(lines[2], ["2", "1,200", "14 s", "0.0313", "-"]);
        assert_eq!(lines[3], ["2", "1,200", "14 s", "-", "-"]);
        assert_eq!(lines[4][3..], ["0.0313 EUR, 1.50 USD", "-"]);
        assert_eq!(lines[5][3..], ["1,234.50", "1 of 2"]);
        let of = |code: &str| TokenUsageSummaryRow { currency: Some(code.into()), ..row(Some(2.0)) };
        for (codes, shown) in [(["EUR", "USD"], "2.00 EUR"), (["USD", "USD"], "2.00")] {
            let table = render_tokens_table(&codes.map(of), &[Dimension::Agent], None);
            let first = table.lines().nth(2).unwrap_or_default();
            assert!(first.trim_end().ends_with(&format!(" {shown}")), "{table}");
        }
    }
}
