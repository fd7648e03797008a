//! What is known about golden workspaces, as `mcodactl` prints it; see `core/tests/golden.rs`.
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

mod common;
#[path = "../../tests/golden/sets.rs"]
mod sets;

use std::path::Path;

use common::Sandbox;
use serde_json::{Value, json};

fn main() {
    sets::run_on_golden_workspaces(&[
        ("velocities_and_estimates_agree", velocities_and_estimates_agree),
        ("token_rows_agree", token_rows_agree),
        ("token_summaries_agree", token_summaries_agree),
    ]);
}

/// Runs `mcodactl` with each case of these operations as flags, and passes what `mcodactl` printed and what is expected to
/// `compare`. Cases without a flag in `mcodactl` are tested in the other languages.
fn compare_all(folder: &Path, operations: &[(&str, &[&str])], compare: impl Fn(&str, &Value, &str)) -> usize {
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    let sandbox = Sandbox::new();
    std::fs::copy(folder.join("workspace.db"), sandbox.path("mcoda.db")).unwrap();
    sandbox.write("given.json", &known["config"].to_string());
    let (id, now) = (known["workspaceId"].as_str().unwrap(), known["now"].as_str().unwrap());
    let mut compared = 0;
    for case in known["cases"].as_array().unwrap() {
        let operation = case["op"].as_str().unwrap();
        let Some((_, command)) = operations.iter().find(|(name, _)| *name == operation) else { continue };
        let Some(flags) = flags(operation, &case["options"]) else { continue };
        let mut args: Vec<&str> = command.to_vec();
        args.extend(["--db=mcoda.db", "--workspace-id", id, "--config=given.json", "--now", now]);
        args.extend(flags.iter().map(String::as_str));
        compare(&sandbox.text(&args), &case["expected"], &args.join(" "));
        compared += 1;
    }
    compared
}

fn velocities_and_estimates_agree(folder: &Path) {
    let commands: [(&str, &[&str]); 2] =
        [("velocity", &["velocity", "--json"]), ("estimate", &["estimate", "--json"])];
    let compared = compare_all(folder, &commands, |printed, expected, place| {
        let mut expected = expected.clone();
        // The library computes these differently; docs/estimate.md says how.
        expected.as_object_mut().unwrap().remove("etas");
        assert_matches(&serde_json::from_str(printed).unwrap(), &expected, place);
    });
    assert!(compared >= 12, "{compared}");
}

fn token_rows_agree(folder: &Path) {
    let compared = compare_all(folder, &[("tokenUsage", &["export"])], |printed, expected, place| {
        let rows = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_matches(&Value::Array(rows), expected, place);
    });
    assert!(compared >= 5, "{compared}");
}

/// The order of groups is not part of the contract.
fn token_summaries_agree(folder: &Path) {
    let compared =
        compare_all(folder, &[("tokenSummary", &["tokens", "--json"])], |printed, expected, place| {
            let found: Vec<Value> = serde_json::from_str(printed).unwrap();
            let expected = expected.as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{place}");
            for row in expected {
                let is_group =
                    |(name, value): (&String, &Value)| !(value.is_number() || name.starts_with("cost"));
                let group: Vec<_> =
                    row.as_object().unwrap().iter().filter(|field| is_group(*field)).collect();
                let same = |found: &&Value| {
                    group.iter().all(|(name, value)| found.get(name.as_str()) == Some(value))
                };
                let found: Vec<&Value> = found.iter().filter(same).collect();
                assert_eq!(found.len(), 1, "{place}: {row}");
                assert_matches(found[0], row, place);
            }
        });
    assert!(compared >= 11, "{compared}");
}

/// The options of a case as flags, if there are flags for all of them. What an estimate or a velocity leaves out means
/// the interface's default, which is not that of `mcodactl`.
fn flags(operation: &str, options: &Value) -> Option<Vec<String>> {
    let mut options = options.as_object().unwrap().clone();
    if ["velocity", "estimate"].contains(&operation) {
        options.entry("mode").or_insert("config".into());
        options.entry("windowTasks").or_insert(10.into());
    }
    let flag = |(name, value): (String, Value)| {
        let flag = match name.as_str() {
            "includeRowsWithoutCommand" => return None,
            "mode" => "velocity-mode",
            "windowTasks" => "velocity-window",
            "projectKey" => "project",
            "epicKey" => "epic",
            "storyKey" => "story",
            "jobId" => "job",
            "taskId" => "task",
            "groupBy" => "group-by",
            "pageSize" => "page-size",
            "spPerHourAll" => "sp-per-hour",
            "spPerHourImplementation" => "sp-per-hour-implementation",
            "spPerHourReview" => "sp-per-hour-review",
            "spPerHourQa" => "sp-per-hour-qa",
            "agent" | "assignee" | "command" | "page" | "since" | "until" => &name,
            other => panic!("no flag for {other}"),
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = match &value {
            Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
            value => text(value),
        };
        Some(format!("--{flag}={given}"))
    };
    options.into_iter().map(flag).collect()
}

/// Every expected field is there and equal, numbers to 1e-9 of their size; more fields are allowed.
fn assert_matches(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, expected) in expected {
                assert_matches(
                    found.get(name).unwrap_or(&json!("missing")),
                    expected,
                    &format!("{place} {name}"),
                );
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_matches(found, expected, &format!("{place} {index}"));
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let near = (found - expected).abs() <= 1e-9 * expected.abs();
            assert!(near, "{place}: {found}, expected {expected}");
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}
