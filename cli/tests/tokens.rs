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
COMMAND       | AGENT  | CALLS | TOKENS_IN | TOKENS_OUT | TOKENS_TOTAL | TOKENS_CACHED | DURATION | COST | COST_KNOWN
--------------+--------+-------+-----------+------------+--------------+---------------+----------+------+-----------
work-on-tasks | claude |     2 |     1,210 |        300 |        1,500 |           800 |    1.5 s | 1.03 |          -
code-review   | 日本語 |     1 |         5 |          0 |            0 |             0 |        - |    - |          -
all           |        |     3 |     1,215 |        300 |        1,500 |           800 |    1.5 s | 1.03 |     2 of 3
Costs are in USD.
Last 7 days; 1 earlier call is not in it, --since all shows it.
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
    // The calls are of Thursday night, twice Friday, and New Year's Day.
    let since = ["today", "yesterday", "this-week", "6mo"].map(|since| calls(&["--since", since]));
    assert_eq!(since, [2, 3, 3, 4]);
    assert_eq!(calls(&["--since", "2026-03-20", "--until", "2026-03-20T08:00:00Z"]), 1);
    assert_eq!((calls(&["--command=code-review"]), calls(&["--command", "code-review"])), (1, 1));
    assert_eq!((calls(&["--agent=claude"]), calls(&["--agent", "claude", "--command=qa-tasks"])), (2, 0));
    assert_eq!((calls(&["--job=j"]), calls(&["--task=t"])), (0, 0));
    assert_eq!(calls(&["--page=2", "--page-size=1"]), 1);
    let message = tokens(&sandbox, &["--project=NONE"]).failure(1);
    assert!(message.starts_with("--project: ") && message.contains("NONE"), "{message}");
    assert!(tokens(&sandbox, &["--since=tomorrow"]).failure(1).starts_with("--since: got"));
    assert!(tokens(&sandbox, &["--time-zone=Mars/Olympus"]).failure(1).starts_with("--time-zone: "));
    assert!(tokens(&sandbox, &["--group-by=agnet"]).failure(2).contains("--group-by"));
}

#[test]
fn columns_have_the_order_asked_for_and_days_are_those_of_a_zone() {
    let sandbox = with_usage();
    let text = tokens(&sandbox, &["--group-by=day,agent"]).text();
    assert!(text.starts_with("DAY        | AGENT  | CALLS |"), "{text}");
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
workspace_id,model_name,agent_id,calls,tokens_prompt,tokens_completion,tokens_total,tokens_cached,tokens_cache_read,tokens_cache_write,duration_ms,cost_estimate,cost_by_currency,currency,cost_known_calls
w,,claude,2,1210,300,1500,800,0,0,1500,1.03125,,USD,2
w,\"a, \"\"b\"\"\tc\",日本語,1,5,0,0,0,0,0,0,,,,0
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
    let unknown = "No call has the agent \"nobody\"; there are claude, old, 日本語.\n";
    assert_eq!(text, format!("No calls match.\n{unknown}Last 7 days.\n"));
    let text =
        tokens(&sandbox, &["--agent=claude", "--model=gpt", "--provider=x", "--until=2026-01-01"]).text();
    assert!(!text.contains("agent"), "the agent has calls: {text}");
    assert!(text.contains("No call has the model \"gpt\"; there are a, \"b\" c.\n"), "{text}");
    assert!(text.contains("No call has the provider \"x\", or any other.\n"), "{text}");
    let economics = sandbox.text(&["economics", DB, "--workspace-id=w", NOW, "--agent=nobody"]);
    assert_eq!(economics, format!("No calls match.\n{unknown}All time.\n"));
    assert_eq!(
        tokens(&sandbox, &["--page=9", "--page-size=2"]).text(),
        "This page has no groups.\nLast 7 days; 1 earlier call is not in it, --since all shows it.\n"
    );
    let text = tokens(&sandbox, &["--agent=old", "--since=4w"]).text();
    assert_eq!(text, "No calls match.\nLast 4 weeks; 1 earlier call is not in it, --since all shows it.\n");
    let text = tokens(&sandbox, &["--agent=nobody", "--since=all"]).text();
    assert_eq!(text, format!("No calls match.\n{unknown}All time.\n"));
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
    assert!(tokens(&sandbox, &["--agent=claude"]).text().contains("| claude |     2 "));
}

#[test]
fn a_table_fits_the_width_that_columns_names() {
    let sandbox = with_usage();
    let shown = |width: &str| {
        let mut command =
            sandbox.command(&["tokens", DB, "--workspace-id=w", NOW, "--group-by=model,agent,command"]);
        command.env("COLUMNS", width);
        finish(command).text()
    };
    let all = tokens(&sandbox, &["--group-by=model,agent,command"]).text();
    for ignored in ["", "wide", "0", "-80", "400"] {
        assert_eq!(shown(ignored), all, "{ignored:?}");
    }
    for width in [60, 80, 100] {
        let text = shown(&width.to_string());
        assert!(
            text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width),
            "{width}\n{text}"
        );
        assert!(text.contains("Left out for lack of width: ") && text.contains("\nall "), "{text}");
    }
}

#[test]
fn projects_and_tasks_are_shown_by_their_keys() {
    let sandbox = Sandbox::new();
    let task = &sandbox.backlog(&[1.0])[0];
    let (id, project) = (&task.id, &task.project_id);
    let call =
        json!({"taskId": id, "projectId": project, "tokensPrompt": 7, "timestamp": "2026-03-20T08:00:00Z"});
    let gone = json!({"tokensPrompt": 1, "timestamp": "2026-03-20T09:00:00Z"});
    sandbox.write("calls.json", &json!([call, gone]).to_string());
    sandbox.text(&["record", DB, "--workspace-id=w", "--input=calls.json"]);
    let text = tokens(&sandbox, &["--group-by=task,project"]).text();
    let expected = "\
TASK     | PROJECT | CALLS | TOKENS_IN
---------+---------+-------+----------
P-1-1-T1 | P       |     1 |         7
-        | -       |     1 |         1
all      |         |     2 |         8
Last 7 days.
";
    assert_eq!(text, expected);
    let rows: Value = serde_json::from_str(&tokens(&sandbox, &["--group-by=task", "--json"]).text()).unwrap();
    assert_eq!(rows[0]["task_id"], **id, "programs get the id");
    for name in [id, "P-1-1-T1"] {
        let text = tokens(&sandbox, &["--group-by=task", "--task", name]).text();
        assert_eq!(text.lines().nth(2), Some("P-1-1-T1 |     1 |         7"), "{text}");
        assert_eq!(exported(&sandbox, &["--task", name]).lines().count(), 1);
    }
}

#[test]
fn calls_are_grouped_by_times_and_by_what_they_belong_to() {
    let sandbox = Sandbox::new();
    let task = &sandbox.backlog(&[1.0])[0];
    let call = json!({"taskId": task.id, "projectId": task.project_id, "epicId": task.epic_id, "userStoryId": task.user_story_id, "tokensPrompt": 7,
        "metadata": {"usage": {"session": "t-1"}}, "timestamp": "2026-03-20T08:30:00Z"});
    let other = json!({"tokensPrompt": 1, "timestamp": "2026-03-20T09:00:00Z"});
    sandbox.write("calls.json", &json!([call, other]).to_string());
    sandbox.text(&["record", DB, "--workspace-id=w", "--input=calls.json"]);
    let expected = "\
HOUR             | WEEK       | MONTH   | EPIC | STORY | SESSION | CALLS | TOKENS_IN
-----------------+------------+---------+------+-------+---------+-------+----------
2026-03-20 08:00 | 2026-03-16 | 2026-03 | P-1  | P-1-1 | t-1     |     1 |         7
2026-03-20 09:00 | 2026-03-16 | 2026-03 | -    | -     | -       |     1 |         1
all              |            |         |      |       |         |     2 |         8
Last 7 days.
";
    assert_eq!(tokens(&sandbox, &["--group-by=hour,week,month,epic,story,session"]).text(), expected);
    let of_epic = tokens(&sandbox, &["--group-by=epic", "--epic=P-1", "--project=P"]).text();
    assert_eq!(of_epic.lines().nth(2), Some("P-1  |     1 |         7"), "{of_epic}");
    assert_eq!(exported(&sandbox, &["--epic=P-1"]).lines().count(), 1);
    assert!(tokens(&sandbox, &["--epic=P-9"]).failure(1).starts_with("--epic: "));
}

#[test]
fn economics_are_a_table_that_fits_the_terminal() {
    let sandbox = Sandbox::new();
    let task = &sandbox.backlog(&[2.0])[0];
    sandbox.text(&["transition", "P-1-1-T1", "completed", DB, "--timestamp=2026-03-20T10:00:00Z"]);
    let call = json!({"taskId": task.id, "agentId": "claude", "modelName": "big", "costEstimate": 1, "currency": "USD",
        "timestamp": "2026-03-20T09:00:00Z"});
    let alone = json!({"agentId": "codex", "modelName": "small", "costEstimate": 0.1, "currency": "USD",
        "timestamp": "2026-03-20T09:00:00Z"});
    sandbox.write("calls.json", &json!([call, alone]).to_string());
    sandbox.text(&["record", DB, "--workspace-id=w", "--input=calls.json"]);
    let args = ["economics", DB, "--workspace-id=w", NOW, "--group-by=model,agent"];
    let expected = "\
MODEL | AGENT  | CALLS |   COST | TASKS | DONE | SP | COST/SP | MEDIAN/SP | P85/SP | COST/TASK | MEDIAN/TASK | P85/TASK | SENT BACK | NO TASK
------+--------+-------+--------+-------+------+----+---------+-----------+--------+-----------+-------------+----------+-----------+--------
big   | claude |     1 |   1.00 |     1 |    1 |  2 |  0.5000 |    0.5000 | 0.5000 |      1.00 |        1.00 |     1.00 |       0 % |    0.00
small | codex  |     1 | 0.1000 |     0 |    0 |  0 |       - |         - |      - |         - |           - |        - |         - |  0.1000
all   |        |     2 |   1.10 |     1 |    1 |  2 |  0.5000 |    0.5000 | 0.5000 |      1.00 |        1.00 |     1.00 |       0 % |  0.1000
Costs are in USD.
1 call belongs to no task: its cost is in NO TASK, and in no cost per story point or task.
All time.
";
    assert_eq!(sandbox.text(&args), expected);
    let mut command = sandbox.command(&args);
    command.env("COLUMNS", "70");
    let text = finish(command).text();
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 70), "{text}");
    assert!(text.contains("COST/SP") && text.contains("Left out for lack of width: "), "{text}");
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
    assert!(lines.next().unwrap().unwrap().starts_with("COMMAND"));
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
