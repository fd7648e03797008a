//! What mcoda's TypeScript packages answer about a workspace of theirs, where that data is at hand.

mod common;

use std::path::Path;

use common::assert_matches;
use mcoda_core::{EstimateOptions, Timestamp, Workspace};
use serde_json::{Map, Value};

/// Beside the checkout, not part of it.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden");

#[test]
fn velocity_and_estimate_agree_with_the_typescript_packages() {
    let golden = Path::new(GOLDEN);
    let Ok(text) = std::fs::read_to_string(golden.join("cases.json")) else {
        println!("skipped: {GOLDEN} is not here");
        return;
    };
    let golden_cases: Value = serde_json::from_str(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("mcoda.db");
    std::fs::copy(golden.join("workspace.db"), &copy).unwrap();
    let config: Map<String, Value> = golden_cases["config"].as_object().unwrap().clone();
    let workspace = Workspace::options()
        .workspace_id(golden_cases["workspaceId"].as_str().unwrap())
        .config(config)
        .open_db(&copy)
        .unwrap();
    let now: Timestamp = golden_cases["now"].as_str().unwrap().parse().unwrap();
    let mut compared = 0;
    for case in golden_cases["cases"].as_array().unwrap() {
        let options =
            || EstimateOptions { now: Some(now), ..EstimateOptions::from_json(&case["options"]).unwrap() };
        let answer = match case["op"].as_str().unwrap() {
            "velocity" => serde_json::to_value(workspace.velocity(&options()).unwrap()).unwrap(),
            "estimate" => serde_json::to_value(workspace.estimate(&options()).unwrap()).unwrap(),
            _ => continue,
        };
        let mut expected = case["expected"].clone();
        // The library answers these better; docs/estimate.md says how.
        expected.as_object_mut().unwrap().remove("etas");
        assert_matches(&answer, &expected, &format!("{} {}", case["op"], case["options"]));
        compared += 1;
    }
    assert!(compared >= 12, "{compared}");
}
