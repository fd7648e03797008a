//! What finished work costs, as a table.

use super::decimals::fixed;
use super::format::{count, money, money_in, number, thousands};
use super::shorten::wrap;
use super::table::{Column, MISSING, Table};
use crate::telemetry::{Economics, EconomicsDimension, EconomicsRow, Spread};

/// The groups as a table: what each spent, what it completed, what a story point and a task cost (mean, median and P85),
/// the share of its tasks that were sent back, and what was spent on rework, on abandoned tasks and on no task. The last row
/// is that of all calls. Columns without any value are left out; missing values are `-`. Below it stands what limits the
/// numbers.
///
/// `width` is that of the terminal, if the text is to fit one. Every line ends with `\n`.
#[must_use]
pub fn render_economics(economics: &Economics, width: Option<usize>) -> String {
    let group_by = economics.group_by.iter().map(|dimension| Column::text(dimension.name().to_uppercase()));
    let mut table = Table::new(group_by.chain(columns()).collect::<Vec<_>>());
    let common = economics.total.currency.as_deref();
    let cells = |row: &EconomicsRow| -> Vec<String> {
        let names = economics.group_by.iter().map(|dimension| name(row, *dimension));
        names.map(|name| name.unwrap_or(MISSING).to_owned()).chain(numbers(row, common)).collect()
    };
    economics.rows.iter().for_each(|row| table.row(cells(row)));
    if economics.rows.len() > 1 {
        table.total(cells(&economics.total));
    }
    table.text(width) + &notes(&economics.total, width)
}

/// The columns of the numbers. Where there is little room, what a story point and a task cost on average stays.
fn columns() -> [Column; 16] {
    let spent = |title| Column::number(title).unless_zero();
    [
        Column::number("CALLS").minor(5),
        spent("TOKENS").minor(6),
        Column::number("COST"),
        Column::number("TASKS").minor(2),
        Column::number("DONE"),
        Column::number("SP").minor(3),
        Column::number("COST/SP"),
        Column::number("MEDIAN/SP").minor(8),
        Column::number("P85/SP").minor(9),
        Column::number("COST/TASK").minor(1),
        Column::number("MEDIAN/TASK").minor(10),
        Column::number("P85/TASK").minor(11),
        Column::number("SENT BACK"),
        spent("REWORK").minor(4),
        spent("ABANDONED").minor(7),
        spent("NO TASK").minor(7),
    ]
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

/// `common` is the currency of all rows, which stands below the table; without one, each cost has its own.
fn numbers(row: &EconomicsRow, common: Option<&str>) -> Vec<String> {
    let cost = money_in(row.cost, row.currency.as_deref().filter(|_| common.is_none()));
    let spread = |spread: &Spread| [spread.mean, spread.median, spread.p85].map(money);
    let [point, point_median, point_p85] = spread(&row.cost_per_story_point);
    let [task, task_median, task_p85] = spread(&row.cost_per_task);
    let share =
        row.sent_back_share.map_or(MISSING.to_owned(), |share| format!("{} %", fixed(share * 100.0, 0)));
    vec![
        count(row.calls),
        count(row.tokens),
        cost,
        count(row.tasks),
        count(row.completed_tasks),
        thousands(&number(row.completed_story_points)),
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
fn notes(total: &EconomicsRow, width: Option<usize>) -> String {
    let mut notes = Vec::new();
    match &total.currency {
        Some(currency) => notes.push(format!("Costs are in {currency}.")),
        None if total.cost.is_none() && total.cost_known_calls > 0 => {
            notes.push("The calls have costs in several currencies, which are not added up.".to_owned());
        }
        None => {}
    }
    if total.cost_known_calls < total.calls {
        notes.push(format!(
            "The cost is known of {} of {} calls; the others count as calls and tokens only.",
            count(total.cost_known_calls),
            count(total.calls)
        ));
    }
    let without_task = match total.calls_without_task {
        0 => None,
        1 => Some("1 call belongs to no task: its".to_owned()),
        calls => Some(format!("{} calls belong to no task: their", count(calls))),
    };
    notes.extend(
        without_task
            .map(|calls| format!("{calls} cost is in NO TASK, and in no cost per story point or task.")),
    );
    notes.iter().map(|note| wrap(note, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let text = render_economics(&economics, None);
        let cells: Vec<Vec<&str>> =
            text.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
        // None has a figure per task, rework, or spend on abandoned tasks.
        let titles =
            ["AGENT", "CALLS", "COST", "TASKS", "DONE", "SP", "COST/SP", "MEDIAN/SP", "P85/SP", "SENT BACK"];
        assert_eq!(cells[0], titles);
        let claude = ["claude", "1,200", "1,234.50", "10", "4", "12.5", "0.5000", "0.2500", "2.00", "25 %"];
        assert_eq!(cells[2], claude);
        assert_eq!(cells[3][2], "-");
        assert_eq!(cells[4][0], "all");
        let euros = EconomicsRow { currency: Some("EUR".to_owned()), ..row("codex", Some(2.0)) };
        let total = EconomicsRow { currency: None, ..row("", None) };
        let mixed = Economics { rows: vec![row("claude", Some(1.0)), euros], total, ..economics.clone() };
        let mixed = render_economics(&mixed, None);
        assert!(mixed.contains("| 1.00 USD |") && mixed.contains("| 2.00 EUR |"), "{mixed}");
        let notes: Vec<&str> = text.lines().skip(5).collect();
        assert_eq!(notes.len(), 3, "{text}");
        assert!(notes[1].starts_with("The cost is known of 1,199 of 1,200 calls"), "{text}");
    }
}
