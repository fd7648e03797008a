//! What finished work costs, as a table.

use super::decimals::fixed;
use super::table::{Align, MISSING, Table};
use crate::telemetry::{Economics, EconomicsDimension, EconomicsRow, Spread};

/// The groups as a table: what each spent, what it completed, what a story point and a task cost (mean, median and P85),
/// the share of its tasks that were sent back, and what was spent on rework, on abandoned tasks and on no task. The last row
/// is that of all calls. Missing values are `-`. Below it stands what limits the numbers.
///
/// Every line ends with `\n`.
pub fn render_economics(economics: &Economics) -> String {
    let mut columns: Vec<(&'static str, Align)> =
        economics.group_by.iter().map(|dimension| (title(*dimension), Align::Left)).collect();
    columns.extend(
        [
            "CALLS",
            "TOKENS",
            "COST",
            "TASKS",
            "DONE",
            "SP",
            "COST/SP",
            "MEDIAN",
            "P85",
            "COST/TASK",
            "MEDIAN",
            "P85",
            "SENT BACK",
            "REWORK",
            "ABANDONED",
            "NO TASK",
        ]
        .map(|name| (name, Align::Right)),
    );
    let mut table = Table::new(columns);
    for row in &economics.rows {
        let names = economics.group_by.iter().map(|dimension| name(row, *dimension));
        table.row(names.map(|name| name.unwrap_or(MISSING).to_owned()).chain(numbers(row)));
    }
    if economics.rows.len() > 1 {
        let count = economics.group_by.len();
        let label = (0..count).map(|place| if place == 0 { "all".to_owned() } else { String::new() });
        table.row(label.chain(numbers(&economics.total)));
    }
    table.text() + &notes(&economics.total)
}

fn title(dimension: EconomicsDimension) -> &'static str {
    match dimension {
        EconomicsDimension::Agent => "AGENT",
        EconomicsDimension::Model => "MODEL",
        EconomicsDimension::Lane => "LANE",
        EconomicsDimension::Epic => "EPIC",
        EconomicsDimension::Project => "PROJECT",
        EconomicsDimension::Week => "WEEK",
    }
}

fn name(row: &EconomicsRow, dimension: EconomicsDimension) -> Option<&str> {
    match dimension {
        EconomicsDimension::Agent => row.agent_id.as_deref(),
        EconomicsDimension::Model => row.model_name.as_deref(),
        EconomicsDimension::Lane => row.lane.as_deref(),
        EconomicsDimension::Epic => row.epic_key.as_deref().or(row.epic_id.as_deref()),
        EconomicsDimension::Project => row.project_key.as_deref().or(row.project_id.as_deref()),
        EconomicsDimension::Week => row.week.as_deref(),
    }
}

fn numbers(row: &EconomicsRow) -> Vec<String> {
    let spread = |spread: &Spread| [spread.mean, spread.median, spread.p85].map(money);
    let [point, point_median, point_p85] = spread(&row.cost_per_story_point);
    let [task, task_median, task_p85] = spread(&row.cost_per_task);
    let share =
        row.sent_back_share.map_or(MISSING.to_owned(), |share| format!("{} %", fixed(share * 100.0, 0)));
    vec![
        thousands(&row.calls.to_string()),
        thousands(&row.tokens.to_string()),
        money(row.cost),
        thousands(&row.tasks.to_string()),
        thousands(&row.completed_tasks.to_string()),
        thousands(&super::format::number(row.completed_story_points)),
        point,
        point_median,
        point_p85,
        task,
        task_median,
        task_p85,
        share,
        money(row.rework_cost),
        money(row.abandoned_cost),
        money(row.cost_without_task),
    ]
}

/// What a reader of the table must know about its numbers.
fn notes(total: &EconomicsRow) -> String {
    let mut notes = String::new();
    match &total.currency {
        Some(currency) => notes += &format!("Costs are in {currency}.\n"),
        None if total.cost.is_none() && total.cost_known_calls > 0 => {
            notes += "The calls have costs in several currencies, which are not added up.\n";
        }
        None => {}
    }
    if total.cost_known_calls < total.calls {
        notes += &format!(
            "The cost is known of {} of {} calls; the others count as calls and tokens only.\n",
            thousands(&total.cost_known_calls.to_string()),
            thousands(&total.calls.to_string())
        );
    }
    if total.calls_without_task > 0 {
        notes += &format!(
            "{} calls belong to no task: their cost is in NO TASK, and in no cost per story point or task.\n",
            thousands(&total.calls_without_task.to_string())
        );
    }
    notes
}

/// An amount of money: two decimals, four below 1.
pub(super) fn money(amount: Option<f64>) -> String {
    let Some(amount) = amount else { return MISSING.to_owned() };
    let decimals = if amount != 0.0 && amount.abs() < 1.0 { 4 } else { 2 };
    thousands(&fixed(amount, decimals))
}

/// A decimal number with a comma between each three digits of its whole part.
pub(super) fn thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    let mut text = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        for (number, text) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-1234567.125", "-1,234,567.125")]
        {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(
            [Some(0.0), Some(0.03125), Some(12345.678), None].map(money),
            ["0.00", "0.0313", "12,345.68", "-"]
        );
    }

    #[test]
    fn the_last_row_is_that_of_all_calls() {
        let spread = Spread { mean: Some(0.5), median: Some(0.25), p85: Some(2.0), tasks: 4 };
        let row = |agent: &str, cost| EconomicsRow {
            agent_id: Some(agent.to_owned()),
            calls: 1200,
            cost_known_calls: 1199,
            cost,
            currency: Some("USD".to_owned()),
            tasks: 10,
            completed_tasks: 4,
            completed_story_points: 12.5,
            cost_per_story_point: spread,
            sent_back_share: Some(0.25),
            ..EconomicsRow::default()
        };
        let economics = Economics {
            group_by: vec![EconomicsDimension::Agent],
            rows: vec![row("claude", Some(1234.5)), row("codex", None)],
            total: EconomicsRow { agent_id: None, calls_without_task: 3, ..row("", Some(1234.5)) },
        };
        let text = render_economics(&economics);
        let cells: Vec<Vec<&str>> =
            text.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(&cells[0][..4], ["AGENT", "CALLS", "TOKENS", "COST"]);
        assert_eq!(
            &cells[2][..10],
            ["claude", "1,200", "0", "1,234.50", "10", "4", "12.5", "0.5000", "0.2500", "2.00"]
        );
        assert_eq!(cells[3][3], "-");
        assert_eq!((cells[4][0], cells[4][13]), ("all", "25 %"));
        let notes: Vec<&str> = text.lines().skip(5).collect();
        assert_eq!(notes.len(), 3, "{text}");
        assert!(notes[1].starts_with("The cost is known of 1,199 of 1,200 calls"), "{text}");
    }
}
