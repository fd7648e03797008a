//! `mcodactl velocity` and `mcodactl estimate`
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

mod common;

use common::Sandbox;
use mcoda_core::{Clock, EstimateOptions, VelocityMode, Workspace};
use serde_json::json;

const NOW: &str = "--now=2026-03-20T12:00:00.000Z";

/// One task has gone all the way in 2, 1 and 4 hours; the second one is in progress.
fn with_history() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[4.0, 6.0]);
    for (task, status, time) in [
        ("P-1-1-T1", "in_progress", "2026-03-20T03:00:00Z"),
        ("P-1-1-T1", "ready_to_code_review", "2026-03-20T05:00:00Z"),
        ("P-1-1-T1", "ready_to_qa", "2026-03-20T06:00:00Z"),
        ("P-1-1-T1", "completed", "2026-03-20T10:00:00Z"),
        ("P-1-1-T2", "in_progress", "2026-03-20T11:00:00Z"),
    ] {
        sandbox.text(&["transition", task, status, "--timestamp", time, "--db=mcoda.db"]);
    }
    sandbox
}

#[test]
fn a_velocity_is_empirical_by_default() {
    let sandbox = with_history();
    let result = sandbox.json(&["velocity", "--db", "mcoda.db", "--json"]);
    let expected = json!({
        "implementationSpPerHour": 2, "reviewSpPerHour": 4, "qaSpPerHour": 1, "source": "empirical",
        "requestedMode": "empirical", "windowTasks": 50, "samples": {"implementation": 1, "review": 1, "qa": 1}
    });
    assert_eq!(result, expected);
    let config = sandbox.json(&["velocity", "--db=mcoda.db", "--json", "--velocity-mode=config"]);
    assert_eq!(config["implementationSpPerHour"], 15);
    let text = sandbox.text(&["velocity", "--db", "mcoda.db"]);
    assert!(text.contains("implementation | 2.00 | empirical, 1 sample\n"), "{text}");
}

#[test]
fn flags_override_the_config_file_lane_by_lane() {
    let sandbox = with_history();
    sandbox.write("config.json.mine", r#"{"velocity": {"reviewSpPerHour": 7, "alpha": 0.25}}"#);
    let args = ["velocity", "--db=mcoda.db", "--json", "--config", "config.json.mine"];
    let speeds = |flags: &[&str]| {
        let result = sandbox.json(&[&args[..], flags].concat());
        ["implementationSpPerHour", "reviewSpPerHour", "qaSpPerHour"]
            .map(|name| result[name].as_f64().unwrap())
    };
    assert_eq!(speeds(&["--velocity-mode", "config"]), [15.0, 7.0, 15.0]);
    assert_eq!(
        speeds(&["--velocity-mode=config", "--sp-per-hour=3", "--sp-per-hour-qa", "9"]),
        [3.0, 3.0, 9.0]
    );
    let all = ["--sp-per-hour-implementation=6", "--sp-per-hour-review=8", "--velocity-mode=mixed"];
    assert_eq!(speeds(&all), [5.0, 7.0, 11.5]);
}

#[test]
fn an_estimate_is_the_engines_own() {
    let sandbox = with_history();
    let text = sandbox.text(&["estimate", "--db", "mcoda.db", NOW, "--json"]);
    let now = "2026-03-20T12:00:00Z".parse().unwrap();
    let workspace = Workspace::options().clock(Clock::fixed(now)).open_db(sandbox.path("mcoda.db")).unwrap();
    let options = EstimateOptions {
        mode: Some(VelocityMode::Empirical),
        window_tasks: Some(50),
        ..EstimateOptions::default()
    };
    let result = workspace.estimate(&options).unwrap();
    assert_eq!(text, serde_json::to_string_pretty(&result).unwrap() + "\n");
    // 6 SP at 2 SP/h, of which one hour is gone, then 1.5 h of review and 6 h of QA.
    let text = sandbox.text(&["estimate", "--db", "mcoda.db", NOW]);
    for line in [
        "As of 2026-03-20T12:00:00.000Z (2026-03-20 12:00 +00:00)\n",
        "FORECAST    | P50",
        "From 1 completed task (1000 trials, model flow, seed 1): too few to rely on",
        "implementation |       6 |     1 | 2.00 | empirical, 1 sample |       2 h\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    assert!(text.find("FORECAST ") < text.find("\nimplementation |"), "the forecast comes first: {text}");
    let mut command = sandbox.command(&["estimate", "--db", "mcoda.db", NOW]);
    command.env("COLUMNS", "60");
    let narrow = common::finish(command).text();
    assert!(narrow.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 60), "{narrow}");
    assert!(narrow.contains("FORECAST "), "{narrow}");
    let text = sandbox.text(&["estimate", "--db", "mcoda.db", NOW, "--no-forecast"]);
    for line in [
        "implemented | in 2 h        | 2026-03-20T14:00:00.000Z | 2026-03-20 14:00 +00:00\n",
        "completed   | in 9 h 30 min | 2026-03-20T21:30:00.000Z | 2026-03-20 21:30 +00:00\n",
        "completed    [##########----------]  50.0 %  1 of 2\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}

#[test]
fn a_scope_is_narrowed_by_keys_and_unknown_ones_are_named() {
    let sandbox = with_history();
    let scope = ["--project=P", "--epic=P-1", "--story=P-1-1", "--assignee=ada"];
    let result =
        sandbox.json(&[&["estimate", "--db=mcoda.db", "--json", "--workspace-id=w"], &scope[..]].concat());
    let expected =
        json!({"workspaceId": "w", "project": "P", "epic": "P-1", "story": "P-1-1", "assignee": "ada"});
    assert_eq!(result["scope"], expected);
    assert_eq!(result["statusCounts"]["total"], 0);
    for flag in ["--project", "--epic", "--story"] {
        for command in ["velocity", "estimate"] {
            let message = sandbox.run(&[command, "--db=mcoda.db", flag, "NOPE"]).failure(1);
            assert!(message.starts_with(&format!("{flag}: ")) && message.contains("NOPE"), "{message}");
        }
    }
}

#[test]
fn an_empty_workspace_has_an_estimate() {
    let sandbox = Sandbox::new();
    sandbox.text(&["init"]);
    let text = sandbox.text(&["estimate", "--quiet"]);
    assert!(text.contains("Tasks: none here yet\n"), "{text}");
    assert_eq!(sandbox.json(&["estimate", "--json", NOW])["etas"]["completeEta"], "2026-03-20T12:00:00.000Z");
}

#[test]
fn invalid_values_are_refused() {
    let sandbox = with_history();
    for (flag, code, part) in [
        ("--velocity-window=0", 1, "--velocity-window: got 0"),
        ("--velocity-window=x", 2, "--velocity-window"),
        ("--sp-per-hour=nan", 1, "--sp-per-hour: got"),
        ("--velocity-mode=fast", 2, "config, empirical, mixed"),
        ("--now=2026-02-30", 2, "--now"),
    ] {
        let message = sandbox.run(&["estimate", "--db=mcoda.db", flag]).failure(code);
        assert!(message.contains(part), "{message}");
    }
    let text =
        sandbox.text(&["estimate", "--db=mcoda.db", "--velocity-mode=config", "--sp-per-hour-qa", "-1"]);
    assert!(text.contains("never: QA has no velocity"), "{text}");
}

#[test]
fn a_forecast_and_a_backtest_are_the_engines_own() {
    let sandbox = with_history();
    let estimate = sandbox.json(&["estimate", "--db=mcoda.db", NOW, "--json", "--by=2027-01-01", "--seed=3"]);
    let forecast = sandbox.json(&["forecast", "--db=mcoda.db", NOW, "--json", "--by=2027-01-01", "--seed=3"]);
    assert_eq!(forecast, estimate["forecast"]);
    let text = sandbox.text(&["forecast", "--db=mcoda.db", NOW, "--by=2027-01-01"]);
    assert!(text.contains("Completed by 2027-01-01T00:00:00.000Z: > 95 %\n"), "{text}");
    let few = sandbox.json(&["forecast", "--db=mcoda.db", NOW, "--json", "--trials=70"]);
    assert_eq!((&few["trials"], &few["seed"]), (&json!(70), &json!(1)));
    let text = sandbox.text(&["backtest", "--db=mcoda.db", NOW]);
    assert_eq!(text, "Backtest: not enough to judge: it takes 10 completed tasks\n");
    let message = sandbox.run(&["forecast", "--db=mcoda.db", "--calendar", r#"{"hours": "9-5"}"#]).failure(1);
    assert!(message.starts_with("calendar.hours: got \"9-5\""), "{message}");
}
