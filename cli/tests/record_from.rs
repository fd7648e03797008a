//! `mcodactl record --from`.

mod common;

use common::Sandbox;
use serde_json::json;

fn message(id: &str, output: i64) -> String {
    json!({"id": id, "type": "message", "model": "claude-x", "usage": {"input_tokens": 5,
        "cache_read_input_tokens": 100, "output_tokens": output}})
    .to_string()
}

#[test]
fn a_file_of_responses_is_recorded_once_however_often_it_is_read() {
    let sandbox = Sandbox::new();
    let lines =
        [message("a", 1), message("b", 2), "log line".into(), "{\"error\":{}}".into(), message("a", 9)];
    sandbox.write("responses.jsonl", &lines.join("\n"));
    let first =
        sandbox.text(&["record", "--db", "mcoda.db", "--from", "responses.jsonl", "--agent", "claude"]);
    let bytes = lines.join("\n").len();
    assert_eq!(
        first,
        format!(
            "Read:     5 lines, 4 objects, {bytes} bytes\nRecorded: 2 new, 0 updated, 0 duplicates\n\
             Skipped:  1 without usage, 1 no JSON\n"
        )
    );
    let again = sandbox.json(&["record", "--db", "mcoda.db", "--from", "responses.jsonl", "--json"]);
    assert_eq!((&again["recorded"], &again["duplicates"]), (&json!(0), &json!(2)));
    assert_eq!(again["skipped"]["withoutUsage"], 1);
    assert_eq!(sandbox.records(&sandbox.path("mcoda.db")), 2);
}

#[test]
fn one_body_of_many_lines_is_read_from_standard_input() {
    let sandbox = Sandbox::new();
    let body = "{\n  \"id\": \"r\",\n  \"usage\": {\n    \"prompt_tokens\": 7,\n    \"completion_tokens\": 2\n  }\n}\n";
    let args =
        ["record", "--db", "mcoda.db", "--from", "-", "--json", "--provider", "openai", "--compute-cost"];
    let outcome = sandbox.run_with_input(&args, body).text();
    assert!(outcome.contains("\"recorded\": 1"), "{outcome}");
    assert_eq!(sandbox.run_with_input(&["record", "--db", "mcoda.db", "--from", "-", "-q"], body).text(), "");
    assert_eq!(sandbox.records(&sandbox.path("mcoda.db")), 1);
}

#[test]
fn a_thread_is_recorded_as_deltas() {
    let sandbox = Sandbox::new();
    let turn = |n: i64| {
        let usage = json!({"input_tokens": n, "cached_input_tokens": 0, "output_tokens": n});
        format!(
            "{{\"type\":\"thread.started\",\"thread_id\":\"t\"}}\n{}\n",
            json!({"type": "turn.completed", "usage": usage})
        )
    };
    for (n, new) in [(10, 1), (10, 0), (25, 1)] {
        let args = ["record", "--db", "mcoda.db", "--from", "-", "--as-deltas", "--json"];
        let outcome: serde_json::Value =
            serde_json::from_str(&sandbox.run_with_input(&args, &turn(n)).text()).unwrap();
        assert_eq!(outcome["recorded"], new, "{outcome}");
    }
    let database = rusqlite::Connection::open(sandbox.path("mcoda.db")).unwrap();
    let sum: i64 =
        database.query_row("SELECT sum(tokens_prompt) FROM token_usage", [], |row| row.get(0)).unwrap();
    assert_eq!(sum, 25);
}

#[test]
fn a_file_of_which_nothing_is_usage_is_an_error_that_says_why() {
    let sandbox = Sandbox::new();
    let record = |text: &str| {
        sandbox.write("input.jsonl", text);
        sandbox.run(&["record", "--db", "mcoda.db", "--from", "input.jsonl"])
    };
    for (text, why) in [
        ("a line of text\n", "1 no JSON"),
        ("{\"error\":{}}\n{\"ok\":true}\n", "2 without usage"),
        ("{\"id\":\"a\",\"usage\":{\"prompt_tok\n", "1 damaged"),
        ("{\"error\":{}}\nnothing\n", "1 without usage, 1 no JSON"),
    ] {
        let error = record(text).failure(1);
        assert!(error.contains("--from input.jsonl: no usage was found") && error.contains(why), "{error}");
    }
    // Nothing was skipped, or something was recorded.
    for text in ["", &[message("a", 1), "nothing".into()].join("\n"), &message("a", 1)] {
        assert_eq!(record(text).code, Some(0), "{text}");
    }
}

#[test]
fn an_error_is_one_line() {
    let sandbox = Sandbox::new();
    let missing = sandbox.run(&["record", "--db", "mcoda.db", "--from", "nowhere.jsonl"]).failure(1);
    assert!(missing.contains("--from nowhere.jsonl"), "{missing}");
    sandbox.run(&["record", "--db", "mcoda.db", "--from", "."]).failure(1);
    assert!(!sandbox.path("mcoda.db").exists());
    let flags = ["record", "--db", "x.db", "--from", "-", "--tokens-prompt", "5"];
    assert!(sandbox.run_with_input(&flags, "").failure(2).contains("--from"));
    sandbox.run(&["record", "--db", "x.db", "--from", "-", "--input", "-"]).failure(2);
    sandbox.run(&["record", "--db", "x.db", "--compute-cost", "--agent", "a"]).failure(2);
    let unknown = ["record", "--db", "x.db", "--from", "-", "--job", "nowhere"];
    assert!(sandbox.run_with_input(&unknown, &message("a", 1)).failure(1).contains("jobId"));
}
