//! Token usage summaries, as a table.

use super::decimals::fixed;
use super::table::{Align, MISSING, Table};
use crate::number::to_json;
use crate::telemetry::{Dimension, TokenUsageSummaryRow};

const NUMBERS: [&str; 9] = [
    "CALLS",
    "TOKENS_IN",
    "TOKENS_OUT",
    "TOKENS_TOTAL",
    "TOKENS_CACHED",
    "CACHE_READ",
    "CACHE_WRITE",
    "DURATION_MS",
    "COST",
];

const COST_DECIMALS: usize = 4;

/// The rows of a summary as a table: a column for each grouped dimension (an empty `group_by` means
/// [`Dimension::DEFAULT`]), then calls, tokens, milliseconds and cost. Missing values are `-`. If a group has costs in
/// several currencies, each is shown with its code. If the cost of some calls is unknown, of how many it is known follows:
/// `1.2000 (98 of 100)`.
///
/// Every line ends with `\n`.
#[must_use]
pub fn render_tokens_table(rows: &[TokenUsageSummaryRow], group_by: &[Dimension]) -> String {
    let dimensions = Dimension::or_default(group_by);
    let dimensions: Vec<Dimension> =
        Dimension::ALL.iter().copied().filter(|dimension| dimensions.contains(dimension)).collect();
    let header = dimensions.iter().map(|dimension| title(*dimension)).chain(NUMBERS);
    let mut table = Table::new(header.map(|name| (name, Align::Left)).collect::<Vec<_>>());
    rows.iter().for_each(|row| table.row(cells(row, &dimensions)));
    table.text()
}

fn title(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Project => "PROJECT",
        Dimension::Command => "COMMAND",
        Dimension::Agent => "AGENT",
        Dimension::Model => "MODEL",
        Dimension::Day => "DAY",
        Dimension::Job => "JOB",
        Dimension::Action => "ACTION",
        Dimension::Provider => "PROVIDER",
        Dimension::Task => "TASK",
        Dimension::Epic => "EPIC",
        Dimension::Story => "STORY",
        Dimension::Hour => "HOUR",
        Dimension::Week => "WEEK",
        Dimension::Month => "MONTH",
    }
}

fn cells(row: &TokenUsageSummaryRow, dimensions: &[Dimension]) -> Vec<String> {
    let group = dimensions.iter().map(|dimension| row.group.get(*dimension).unwrap_or(MISSING).to_owned());
    let numbers = [
        row.calls.to_string(),
        row.tokens_prompt.to_string(),
        row.tokens_completion.to_string(),
        row.tokens_total.to_string(),
        row.tokens_cached.to_string(),
        row.tokens_cache_read.to_string(),
        row.tokens_cache_write.to_string(),
        to_json(row.duration_ms).to_string(),
        cost(row),
    ];
    group.chain(numbers).collect()
}

fn cost(row: &TokenUsageSummaryRow) -> String {
    let several = row.cost_by_currency.iter().flatten();
    let texts: Vec<String> =
        several.map(|(code, sum)| format!("{} {code}", fixed(*sum, COST_DECIMALS))).collect();
    let cost = match row.cost_estimate {
        Some(sum) => fixed(sum, COST_DECIMALS),
        None if texts.is_empty() => return MISSING.to_owned(),
        None => texts.join(", "),
    };
    // A sum of a part of the calls must not look like that of all.
    if row.cost_known_calls < row.calls {
        format!("{cost} ({} of {})", row.cost_known_calls, row.calls)
    } else {
        cost
    }
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
    fn grouped_dimensions_stand_first_in_a_fixed_order() {
        let table = render_tokens_table(&[], &[Dimension::Task, Dimension::Day, Dimension::Project]);
        assert!(table.starts_with("PROJECT | DAY | TASK | CALLS | TOKENS_IN"), "{table}");
        assert!(render_tokens_table(&[], &[]).starts_with("PROJECT | COMMAND | AGENT | CALLS"));
        let all = render_tokens_table(&[], Dimension::ALL);
        assert!(all.starts_with(
            "PROJECT | COMMAND | AGENT | MODEL | DAY | JOB | ACTION | PROVIDER | TASK | EPIC | STORY | HOUR | WEEK | MONTH | CALLS | TOKENS_IN \
             | TOKENS_OUT | TOKENS_TOTAL | TOKENS_CACHED | CACHE_READ | CACHE_WRITE | DURATION_MS | COST\n--------+-"
        ));
    }

    #[test]
    fn costs_have_four_decimals_and_missing_values_are_a_dash() {
        let dollars_and_euros = TokenUsageSummaryRow {
            cost_by_currency: Some(BTreeMap::from([("USD".into(), 1.5), ("EUR".into(), 0.03125)])),
            ..row(None)
        };
        let partly = TokenUsageSummaryRow { cost_known_calls: 1, ..row(Some(0.5)) };
        let table = render_tokens_table(
            &[row(Some(0.03125)), row(None), dollars_and_euros, partly],
            &[Dimension::Agent],
        );
        let lines: Vec<Vec<&str>> =
            table.lines().skip(2).map(|line| line.split(" | ").map(str::trim).collect()).collect();
        assert_eq!(lines[0], ["-", "2", "1200", "0", "0", "0", "0", "0", "14086", "0.0313"]);
        assert_eq!(lines[1].last(), Some(&"-"));
        assert_eq!(lines[2].last(), Some(&"0.0313 EUR, 1.5000 USD"));
        assert_eq!(lines[3].last(), Some(&"0.5000 (1 of 2)"));
    }
}
