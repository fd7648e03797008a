//! `mcodactl tokens` and `mcodactl export`
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

mod common;

use std::time::{Duration, Instant};

use common::{Outcome, Sandbox, finish};
use serde_json::{Value, json};

const NOW: &str = "--now=2026-03-20T12:00:00Z";
const DB: &str = "--db=mcoda.db";

/// Four calls of two agents, the oldest one beyond the last seven days.
fn with_usage() -> Sandbox {
    let sandbox = Sandbox::new();
    let calls = json!([
        {"id": "1", "agentId": "claude", "commandName": "work-on-tasks", "tokensPrompt": 1200, "tokensCompletion": 300,
         "tokensCached": 800, "costEstimate": 0.03125, "currency": "USD", "durationMs": 1500, "timestamp": "2026-03-19T23:30:00Z"},
        {"id": "2", "agentId": "claude", "commandName": "work-on-tasks", "tokensPrompt": 10, "costEstimate": 1,
         "timestamp": "2026-03-20T08:00:00Z"},
        {"id": "3", "agentId": "日本語", "commandName": "code-review", "tokensPrompt": 5, "modelName": "a, \"b\"\tc",
         "metadata": {"note": "line\nline"}, "timestamp": "2026-03-20T09:00:00Z"},
        {"id": "4", "agentId": "old", "timestamp": "2026-01-01"}
    ]);
    sandbox.write("calls.json", &calls.to_string());
    sandbox.text(&["record", DB, "--workspace-id=w", "--input=calls.json"]);
    sandbox
}

fn tokens(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    sandbox.run(&[&["tokens", DB, "--workspace-id=w", NOW], args].concat())
}

#[test]
fn usage_is_printed_as_a_table() {
    let sandbox = with_usage();
    let expected = "\
PROJECT | COMMAND       | AGENT  | CALLS | TOKENS_IN | TOKENS_OUT | TOKENS_TOTAL | TOKENS_CACHED | CACHE_READ | CACHE_WRITE | DURATION_MS | COST
--------+---------------+--------+-------+-----------+------------+--------------+---------------+------------+-------------+-------------+-------
-       | work-on-tasks | claude | 2     | 1210      | 300        | 1500         | 800           | 0          | 0           | 1500        | 1.0313
-       | code-review   | 日本語 | 1     | 5         | 0          | 0            | 0             | 0          | 0           | 0           | -
";
    assert_eq!(tokens(&sandbox, &[]).text(), expected);
    assert_eq!(tokens(&sandbox, &["--no-color", "--format=table", "--quiet"]).text(), expected);
    let mut command = sandbox.command(&["tokens", DB, "--workspace-id=w", NOW]);
    command.env("NO_COLOR", "1");
    assert_eq!(finish(command).text(), expected);
}

#[test]
fn flags_narrow_with_and_without_an_equals_sign() {
    let sandbox = with_usage();
    let calls = |args: &[&str]| {
        let rows: Value =
            serde_json::from_str(&tokens(&sandbox, &[args, &["--json"]].concat()).text()).unwrap();
        rows.as_array().unwrap().iter().map(|row| row["calls"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(calls(&[]), 3);
    assert_eq!(calls(&["--since=30w"]), 4);
    assert_eq!(calls(&["--since", "2026-03-20", "--until", "2026-03-20T08:00:00Z"]), 1);
    assert_eq!((calls(&["--command=code-review"]), calls(&["--command", "code-review"])), (1, 1));
    assert_eq!((calls(&["--agent=claude"]), calls(&["--agent", "claude", "--command=qa-tasks"])), (2, 0));
    assert_eq!((calls(&["--job=j"]), calls(&["--task=t"])), (0, 0));
    assert_eq!(calls(&["--page=2", "--page-size=1"]), 1);
    let message = tokens(&sandbox, &["--project=NONE"]).failure(1);
    assert!(message.contains("projectKey") && message.contains("NONE"), "{message}");
    assert!(tokens(&sandbox, &["--since=tomorrow"]).failure(1).contains("since"));
    assert!(tokens(&sandbox, &["--time-zone=Mars/Olympus"]).failure(1).contains("timeZone"));
    assert!(tokens(&sandbox, &["--group-by=agnet"]).failure(2).contains("--group-by"));
}

#[test]
fn dimensions_are_named_in_any_order_and_days_are_those_of_a_zone() {
    let sandbox = with_usage();
    let text = tokens(&sandbox, &["--group-by=day,agent"]).text();
    assert!(text.starts_with("AGENT  | DAY        | CALLS |"), "{text}");
    let days = |args: &[&str]| {
        let rows: Value = serde_json::from_str(&tokens(&sandbox, args).text()).unwrap();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| (row["day"].as_str().unwrap().to_owned(), row["calls"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        days(&["--group-by", "day", "--format=json"]),
        [("2026-03-19".to_owned(), json!(1)), ("2026-03-20".to_owned(), json!(2))]
    );
    assert_eq!(
        days(&["--group-by=day", "--json", "--time-zone=Europe/Berlin"]),
        [("2026-03-20".to_owned(), json!(3))]
    );
}

#[test]
fn a_summary_is_json_and_csv_too() {
    let sandbox = with_usage();
    let rows: Value =
        serde_json::from_str(&tokens(&sandbox, &["--json", "--group-by=model", "--agent=日本語"]).text())
            .unwrap();
    assert_eq!(rows[0]["model_name"], "a, \"b\"\tc");
    let expected = "\
workspace_id,agent_id,model_name,calls,tokens_prompt,tokens_completion,tokens_total,tokens_cached,tokens_cache_read,tokens_cache_write,duration_ms,cost_estimate,cost_by_currency,cost_known_calls
w,claude,,2,1210,300,1500,800,0,0,1500,1.03125,,2
w,日本語,\"a, \"\"b\"\"\tc\",1,5,0,0,0,0,0,0,,,0
";
    assert_eq!(tokens(&sandbox, &["--format=csv", "--group-by=model,agent"]).text(), expected);
    assert!(tokens(&sandbox, &["--format=jsonl"]).failure(2).contains("table, json, csv"));
    assert!(tokens(&sandbox, &["--format=csv", "--json"]).failure(2).contains("exclude each other"));
    assert!(sandbox.run(&["estimate", DB, "--format=csv"]).failure(2).contains("table, json"));
}

#[test]
fn an_empty_result_says_why() {
    let sandbox = with_usage();
    let text = tokens(&sandbox, &["--agent=nobody"]).text();
    assert_eq!(text, "No token usage matches. Without --since, only the last 7 days are included.\n");
    assert_eq!(tokens(&sandbox, &["--agent=nobody", "--since=4w"]).text(), "No token usage matches.\n");
    assert_eq!(tokens(&sandbox, &["--agent=nobody", "--json"]).text(), "[]\n");
    sandbox.write("config.json", r#"{"telemetry": {"strict": true}}"#);
    assert!(tokens(&sandbox, &["--agent=nobody"]).text().contains("strict"));
}

#[test]
fn a_slug_that_cannot_be_looked_up_fails_and_an_id_works() {
    let sandbox = with_usage();
    std::fs::create_dir(sandbox.path(".mcoda")).unwrap();
    sandbox.write(".mcoda/mcoda.db", "no database at all");
    for command in [&["tokens", "--agent=codex"][..], &["export", "--agent=codex"]] {
        let message = sandbox.run(&[command, &[DB, "--workspace-id=w"]].concat()).failure(1);
        for part in
            ["the name \"codex\"", ".mcoda/mcoda.db: this file is not an SQLite database", "agent's id"]
        {
            assert!(message.contains(part), "{part:?} in {message}");
        }
    }
    assert!(tokens(&sandbox, &["--agent=claude"]).text().contains("| claude | 2 "));
}

#[test]
fn watching_repeats_the_query() {
    let sandbox = with_usage();
    let once = tokens(&sandbox, &[]).text();
    let twice = tokens(&sandbox, &["--watch=0.1", "--watch-count=2"]).text();
    assert_eq!(twice, format!("{once}\n{once}"));
    let estimates = sandbox.text(&["estimate", DB, NOW, "--json", "--watch=0.1", "--watch-count=3"]);
    let documents = serde_json::Deserializer::from_str(&estimates).into_iter::<Value>();
    assert_eq!(
        documents.map(Result::unwrap).filter(|result| result["now"] == "2026-03-20T12:00:00.000Z").count(),
        3
    );
    for bad in [&["--watch=0"][..], &["--watch=soon"], &["--watch-count=1"], &["--watch", "--watch-count=0"]]
    {
        tokens(&sandbox, bad).failure(2);
    }
}

#[test]
#[cfg(unix)]
fn watching_ends_when_the_pipe_is_closed() {
    use std::io::{BufRead, BufReader};
    let sandbox = with_usage();
    let mut child = sandbox.command(&["tokens", DB, "--workspace-id=w", NOW, "--watch=0.1"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("PROJECT"));
    drop(lines);
    let start = Instant::now();
    let code = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None => assert!(start.elapsed() < Duration::from_secs(60), "it goes on"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, Some(0));
}

fn exported(sandbox: &Sandbox, args: &[&str]) -> String {
    sandbox.text(&[&["export", DB, "--workspace-id=w", NOW], args].concat())
}

#[test]
fn every_call_is_exported_as_json_lines() {
    let sandbox = with_usage();
    let rows: Vec<Value> =
        exported(&sandbox, &[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    assert_eq!(json!(ids), json!(["4", "1", "2", "3"]), "of all time, oldest first");
    assert_eq!(rows[3]["metadata"]["note"], "line\nline");
    assert_eq!(exported(&sandbox, &["--format=jsonl", "--agent=claude"]).lines().count(), 2);
    assert_eq!(exported(&sandbox, &["--agent=nobody"]), "");
    let message = sandbox.run(&["export", DB, "--format=table"]).failure(2);
    assert!(message.contains("jsonl, csv"), "{message}");
}

#[test]
fn every_call_is_exported_as_csv_with_all_fields() {
    let sandbox = with_usage();
    let text = exported(&sandbox, &["--format=csv", "--command=code-review"]);
    let (header, row) = text.split_once('\n').unwrap();
    let first: Value = serde_json::from_str(exported(&sandbox, &["--command=code-review"]).trim()).unwrap();
    let fields: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(header.split(',').collect::<Vec<_>>(), fields);
    assert!(row.starts_with("3,w,日本語,\"a, \"\"b\"\"\tc\",,"), "{row}");
    assert!(
        row.ends_with(",\"{\"\"note\"\":\"\"line\\nline\"\",\"\"commandName\"\":\"\"code-review\"\"}\"\n"),
        "{row}"
    );
    assert_eq!(exported(&sandbox, &["--format=csv", "--agent=nobody"]).lines().count(), 1);
}

#[test]
fn thousands_of_calls_are_exported_in_chunks() {
    let sandbox = Sandbox::new();
    let lines: String =
        (0..2_345).map(|n| format!("{{\"id\": \"{n}\", \"timestamp\": \"2026-03-20\"}}\n")).collect();
    sandbox.write("calls.jsonl", &lines);
    sandbox.text(&["record", DB, "--workspace-id=w", "--input=calls.jsonl", "--quiet"]);
    let text = exported(&sandbox, &[]);
    assert_eq!(text.lines().count(), 2_345);
    assert!(text.lines().last().unwrap().starts_with("{\"id\":\"2344\","));
}
