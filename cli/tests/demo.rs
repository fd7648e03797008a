//! `mcodactl demo`

mod common;

use common::Sandbox;

const NOW: &str = "--now=2026-03-20T12:00:00Z";

#[test]
fn the_demo_prints_usage_velocity_and_estimate_and_removes_its_files() {
    let sandbox = Sandbox::new();
    let text = sandbox.text(&["demo", NOW]);
    for part in [
        "WHAT DID WE SPEND?",
        "work-on-tasks | claude | claude-sonnet",
        "TOKENS_CACHED",
        "HOW FAST ARE WE?",
        "WHEN WILL IT BE DONE?",
        "As of 2026-03-20T12:00:00.000Z",
        "completed    [",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!sandbox.path(".mcoda").exists());
}

#[test]
fn the_demo_database_can_be_kept_and_queried() {
    let sandbox = Sandbox::new();
    let output = sandbox.json(&["demo", "--db=shop.db", "--json", NOW]);
    assert_eq!(output["estimate"]["statusCounts"]["total"], 17);
    assert!(output["spent"][0]["cost_estimate"].as_f64().unwrap() > 0.0);
    let tokens = sandbox.json(&["estimate", "--db=shop.db", "--json", NOW]);
    assert_eq!(tokens, output["estimate"]);
    let message = sandbox.run(&["demo", "--db=shop.db"]).failure(1);
    assert!(message.contains("shop.db exists already"), "{message}");
}

#[test]
fn the_demo_refuses_options_that_name_a_workspace() {
    let sandbox = Sandbox::new();
    for flag in ["--workspace=.", "--workspace-id=w", "--config=c.json"] {
        sandbox.run(&["demo", flag]).failure(2);
    }
}
