//! Results of two workspaces with the schema of mcoda's TypeScript packages: one of our own, whose results are
//! computed independently, and one of theirs with their results, if that data is available.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;
#[path = "../../tests/golden/sets.rs"]
mod sets;

use std::collections::BTreeMap;
use std::path::Path;

use common::assert_matches;
use mcoda_core::{EstimateOptions, Timestamp, TokenUsageQuery, Workspace};
use serde_json::{Map, Value};

fn main() {
    sets::run_on_golden_workspaces(&[
        ("velocities_and_estimates_agree", velocities_and_estimates_agree),
        ("token_rows_agree", token_rows_agree),
        ("token_summaries_agree", token_summaries_agree),
    ]);
}

/// An open copy of the workspace, and its expected results.
struct Golden {
    cases: Value,
    now: Timestamp,
    workspace: Workspace,
    _folder: tempfile::TempDir,
}

impl Golden {
    fn open(golden: &Path) -> Self {
        let text = std::fs::read_to_string(golden.join("cases.json")).unwrap();
        let cases: Value = serde_json::from_str(&text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("mcoda.db");
        std::fs::copy(golden.join("workspace.db"), &copy).unwrap();
        let config: Map<String, Value> = cases["config"].as_object().unwrap().clone();
        let workspace = Workspace::options()
            .workspace_id(cases["workspaceId"].as_str().unwrap())
            .config(config)
            .open_db(&copy)
            .unwrap();
        let now = cases["now"].as_str().unwrap().parse().unwrap();
        Self { cases, now, workspace, _folder: folder }
    }

    /// Calls `compare` with each case of these operations, and returns their number.
    fn compare(&self, operations: &[&str], compare: impl Fn(&str, &Value, &Value, &str)) -> usize {
        let mut compared = 0;
        for case in self.cases["cases"].as_array().unwrap() {
            let operation = case["op"].as_str().unwrap();
            if operations.contains(&operation) {
                let place = format!("{operation} {}", case["options"]);
                compare(operation, &case["options"], &case["expected"], &place);
                compared += 1;
            }
        }
        compared
    }
}

fn velocities_and_estimates_agree(folder: &Path) {
    let golden = Golden::open(folder);
    let compared = golden.compare(&["velocity", "estimate"], |operation, options, expected, place| {
        let options =
            EstimateOptions { now: Some(golden.now), ..EstimateOptions::from_json(options).unwrap() };
        let result = match operation {
            "velocity" => serde_json::to_value(golden.workspace.velocity(&options).unwrap()).unwrap(),
            _ => serde_json::to_value(golden.workspace.estimate(&options).unwrap()).unwrap(),
        };
        let mut expected = expected.clone();
        // The library computes these differently; docs/estimate.md says how.
        expected.as_object_mut().unwrap().remove("etas");
        assert_matches(&result, &expected, place);
    });
    assert!(compared >= 12, "{compared}");
}

fn token_rows_agree(folder: &Path) {
    let golden = Golden::open(folder);
    let compared = golden.compare(&["tokenUsage"], |_, options, expected, place| {
        let query = TokenUsageQuery { now: Some(golden.now), ..TokenUsageQuery::from_json(options).unwrap() };
        let rows = golden.workspace.token_usage(&query).unwrap();
        assert_matches(&serde_json::to_value(rows).unwrap(), expected, place);
    });
    assert!(compared >= 5, "{compared}");
}

fn token_summaries_agree(folder: &Path) {
    let golden = Golden::open(folder);
    let compared = golden.compare(&["tokenSummary"], |_, options, expected, place| {
        let (query, group_by) = TokenUsageQuery::from_summary_json(options).unwrap();
        let query = TokenUsageQuery { now: Some(golden.now), ..query };
        let rows = golden.workspace.token_usage_summary(&query, &group_by).unwrap();
        let (found, expected) = (by_group(&serde_json::to_value(rows).unwrap()), by_group(expected));
        assert!(found.keys().eq(expected.keys()), "{place}");
        for (group, expected) in &expected {
            assert_matches(&found[group], expected, &format!("{place} {group}"));
        }
    });
    assert!(compared >= 11, "{compared}");
}

/// The rows of a summary by their group: the order of groups is not part of the contract.
fn by_group(rows: &Value) -> BTreeMap<String, Value> {
    const DIMENSIONS: [&str; 9] = [
        "project_id",
        "command_name",
        "agent_id",
        "model_name",
        "day",
        "job_id",
        "action",
        "provider",
        "task_id",
    ];
    let rows = rows.as_array().unwrap();
    let group = |row: &Value| DIMENSIONS.map(|name| format!("{name}={:?}", row.get(name))).join(" ");
    let groups: BTreeMap<String, Value> = rows.iter().map(|row| (group(row), row.clone())).collect();
    assert_eq!(groups.len(), rows.len(), "a group occurs once");
    groups
}
