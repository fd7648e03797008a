//! The demo: what a visitor sees first.

mod common;

use common::Sandbox;

const NOW: &str = "--now=2026-03-20T12:00:00Z";

#[test]
fn the_demo_answers_the_three_questions_and_leaves_nothing_behind() {
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
fn the_demos_database_can_be_kept_and_asked() {
    let sandbox = Sandbox::new();
    let answers = sandbox.json(&["demo", "--db=shop.db", "--json", NOW]);
    assert_eq!(answers["estimate"]["statusCounts"]["total"], 17);
    assert!(answers["spent"][0]["cost_estimate"].as_f64().unwrap() > 0.0);
    let asked = sandbox.json(&["estimate", "--db=shop.db", "--json", NOW]);
    assert_eq!(asked, answers["estimate"]);
    let message = sandbox.run(&["demo", "--db=shop.db"]).failure(1);
    assert!(message.contains("shop.db is there already"), "{message}");
}

#[test]
fn the_demo_takes_no_other_place() {
    let sandbox = Sandbox::new();
    for flag in ["--workspace=.", "--workspace-id=w", "--config=c.json"] {
        sandbox.run(&["demo", flag]).failure(2);
    }
}
