//! Rows as tables for people.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::desk::*;
use mcoda_core::Columns;
use mcoda_core::calls::Target;
use mcoda_core::report::{rows_html, rows_text};
use serde_json::{Value, json};

fn asked(desk: &Desk, name: &str, arguments: Value) -> Columns {
    Target::Workspace(&desk.workspace).columns(name, arguments.as_array().unwrap()).unwrap().0
}

#[test]
fn rows_are_aligned_and_summed_and_empty_columns_are_only_named() {
    let desk = Desk::new();
    desk.record(&[
        json!({"id": "1", "agentId": "a", "tokensPrompt": 12_400, "durationMs": 65_000, "costEstimate": 0.5, "currency": "USD"}),
        json!({"id": "2", "agentId": "b", "tokensPrompt": 900, "durationMs": 340, "costEstimate": 0.25, "currency": "usd"}),
    ]);
    let columns = asked(&desk, "token_usage_summary", json!([{"groupBy": ["agent"]}]));
    let text = rows_text(&columns, None).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("agent_id | calls | tokens_prompt | "), "{text}");
    assert!(lines[2].starts_with("a        |     1 |        12,400 | "), "{text}");
    assert!(lines[4].starts_with("total    |     2 |        13,300 | "), "{text}");
    assert!(text.contains("1 min 5 s") && text.contains("340 ms") && text.contains("0.75"), "{text}");
    assert!(
        lines[5].starts_with("2 rows; no room for workspace_id, ")
            && text.contains("no values in cost_by_currency"),
        "{text}"
    );
    let html = rows_html(&columns, None).unwrap();
    assert!(html.contains(r#"<td style="text-align:right;white-space:nowrap">12,400</td>"#), "{html}");
    assert!(
        html.contains(r#"<th style="text-align:left;white-space:nowrap">total</th>"#)
            && html.contains("cost_known_calls"),
        "{html}"
    );
}

#[test]
fn costs_in_several_currencies_have_no_total() {
    let desk = Desk::new();
    for currency in ["USD", "EUR"] {
        desk.record(&[json!({"costEstimate": 0.5, "currency": currency, "tokensTotal": 1})]);
    }
    let html = rows_html(&asked(&desk, "token_usage", json!([])), None).unwrap();
    let total = html.lines().rfind(|line| line.starts_with("<tr>")).unwrap();
    assert!(total.contains(">2</th>") && !total.contains(">1</th>") && !total.contains("1.0"), "{total}");
}

#[test]
fn of_many_rows_the_first_and_the_last_are_shown() {
    let desk = Desk::new();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT i, '<' || i AS t FROM n";
    let columns = asked(&desk, "query", json!([sql]));
    let text = rows_text(&columns, None).unwrap();
    assert!(text.contains("   12 | <12\n    … | …\n1,495 | <1495\n"), "{text}");
    assert!(text.ends_with("1,500 | <1500\n1,500 rows\n"), "{text}");
    let html = rows_html(&columns, None).unwrap();
    assert!(
        html.contains("&lt;1500") && !html.contains("<1") && html.ends_with("<p>1,500 rows</p>\n"),
        "{html}"
    );
    assert_eq!(html.matches("<tr>").count(), 1 + 18 + 1);
}

#[test]
fn a_column_of_several_types_and_a_result_without_rows_are_shown() {
    let desk = Desk::new();
    let mixed = asked(
        &desk,
        "query",
        json!(["SELECT 1 AS v UNION ALL SELECT 'a' UNION ALL SELECT x'00ff' UNION ALL SELECT NULL"]),
    );
    assert_eq!(rows_text(&mixed, None).unwrap(), "v\n-------\n1\na\n2 bytes\n\n4 rows\n");
    let none = rows_text(&asked(&desk, "token_usage", json!([])), None).unwrap();
    assert!(none.starts_with("agent_id | ") && none.ends_with("\n0 rows\n"), "{none}");
}

#[test]
fn a_record_within_a_row_has_columns_of_its_own_and_a_total_may_be_given() {
    let desk = Desk::new();
    for agent in ["a", "b"] {
        desk.record(&[
            json!({"agentId": agent, "costEstimate": 0.5, "currency": "USD", "tokensTotal": 1000}),
        ]);
    }
    let target = Target::Workspace(&desk.workspace);
    let total = target.call("economics", &[]).unwrap().to_value()["total"].clone();
    let row = mcoda_core::calls::Call::named("economics").unwrap().rows().unwrap();
    let total = Columns::Records(mcoda_core::RecordColumns::from_json(row, [total]).unwrap());
    let html = rows_html(&asked(&desk, "economics", json!([])), Some(&total)).unwrap();
    assert!(
        html.contains(">cost_per_task.tasks</th>")
            && html.contains(r#"<th style="text-align:right;white-space:nowrap">2,000</th>"#),
        "{html}"
    );
}
