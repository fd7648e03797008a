//! `mcodactl init` and `mcodactl record`.

mod common;

use common::Sandbox;
use serde_json::{Value, json};

#[test]
fn init_prints_the_path_and_can_be_repeated() {
    let sandbox = Sandbox::new();
    let first = sandbox.json(&["init", "--json", "--workspace-id", "w"]);
    assert_eq!(first["workspaceId"], "w");
    let database = first["databasePath"].as_str().unwrap();
    assert!(std::path::Path::new(database).is_file());
    let again = sandbox.text(&["init", "--workspace-id=w"]);
    assert_eq!(again, format!("Database:  {database}\nWorkspace: w\n"));
    assert_eq!(sandbox.text(&["--quiet", "init"]), "");
}

#[test]
fn a_workspace_is_that_of_its_project_folder() {
    let sandbox = Sandbox::new();
    let project = sandbox.path("shop");
    std::fs::create_dir(&project).unwrap();
    let named = sandbox.json(&["init", "--json", "--workspace", "shop"]);
    let mut inside = sandbox.command(&["init", "--json"]);
    inside.current_dir(&project);
    let inside: Value = serde_json::from_str(&common::finish(inside).text()).unwrap();
    assert_eq!(
        (&inside["databasePath"], &inside["workspaceId"]),
        (&named["databasePath"], &named["workspaceId"])
    );
    let of_folder =
        sandbox.json(&["init", "--json", "--workspace", "shop", "--workspace-id", project.to_str().unwrap()]);
    assert_eq!(of_folder["databasePath"], named["databasePath"]);
}

#[test]
fn every_flag_of_a_record_reaches_its_column() {
    let sandbox = Sandbox::new();
    let task = sandbox.backlog(&[3.0]).remove(0);
    let flags = [
        ("--id", "r-1"),
        ("--agent", "claude"),
        ("--model", "m"),
        ("--task", "P-1-1-T1"),
        ("--project", &task.project_id),
        ("--epic", &task.epic_id),
        ("--story", &task.user_story_id),
        ("--command", "work-on-tasks"),
        ("--action", "plan"),
        ("--invocation-kind", "chat"),
        ("--provider", "p"),
        ("--currency", "USD"),
        ("--tokens-prompt", "7"),
        ("--tokens-completion", "2"),
        ("--tokens-total", "10"),
        ("--tokens-cached", "3"),
        ("--tokens-cache-read", "1"),
        ("--tokens-cache-write", "0"),
        ("--cost", "0.25"),
        ("--duration-ms", "1500"),
        ("--duration-seconds", "1.5"),
        ("--started-at", "2026-03-20T11:59:58Z"),
        ("--finished-at", "2026-03-20T11:59:59.500Z"),
        ("--timestamp", "2026-03-20T12:00:00+01:00"),
        ("--metadata", r#"{"x": [1]}"#),
    ];
    let mut args = vec!["record", "--db", "mcoda.db", "--workspace-id", "w"];
    args.extend(flags.iter().flat_map(|(flag, value)| [*flag, *value]));
    assert_eq!(sandbox.text(&args), "r-1 recorded\n");

    let database = rusqlite::Connection::open(sandbox.path("mcoda.db")).unwrap();
    let columns = "json_array(workspace_id, agent_id, model_name, task_id, project_id, epic_id, user_story_id, \
                   command_name, action, invocation_kind, provider, currency, tokens_prompt, tokens_completion, \
                   tokens_total, tokens_cached, tokens_cache_read, tokens_cache_write, cost_estimate, duration_ms, \
                   duration_seconds, started_at, finished_at, timestamp, json_extract(metadata_json, '$.x[0]'))";
    let select = format!("SELECT {columns} FROM token_usage WHERE id = 'r-1'");
    let row: String = database.query_row(&select, [], |row| row.get(0)).unwrap();
    let numbers = |value: Value| match value.as_f64() {
        Some(number) => json!(number),
        None => value,
    };
    let found: Vec<Value> =
        serde_json::from_str::<Vec<Value>>(&row).unwrap().into_iter().map(numbers).collect();
    let expected = json!([
        "w",
        "claude",
        "m",
        task.id,
        task.project_id,
        task.epic_id,
        task.user_story_id,
        "work-on-tasks",
        "plan",
        "chat",
        "p",
        "USD",
        7.0,
        2.0,
        10.0,
        3.0,
        1.0,
        0.0,
        0.25,
        1500.0,
        1.5,
        "2026-03-20T11:59:58.000Z",
        "2026-03-20T11:59:59.500Z",
        "2026-03-20T11:00:00.000Z",
        1.0
    ]);
    assert_eq!(Value::Array(found), expected);
}

#[test]
fn unknown_jobs_and_runs_are_named() {
    let sandbox = Sandbox::new();
    for (flag, field) in [
        ("--job", "jobId"),
        ("--command-run", "commandRunId"),
        ("--task-run", "taskRunId"),
        ("--task", "taskId"),
        ("--project", "projectId"),
        ("--epic", "epicId"),
        ("--story", "userStoryId"),
    ] {
        let message = sandbox.run(&["record", "--db", "mcoda.db", flag, "nothing"]).failure(1);
        assert!(message.starts_with(field) && message.contains("nothing"), "{message}");
    }
}

#[test]
fn an_array_an_object_and_json_lines_are_read_alike() {
    let sandbox = Sandbox::new();
    let (one, two) = (r#"{"id": "a", "tokensPrompt": 1}"#, r#"{"id": "b", "tokens_prompt": 2}"#);
    let args = ["record", "--input", "-", "--db", "mcoda.db"];
    let read = |input: &str| sandbox.run_with_input(&args, input).text();
    assert_eq!(read(one), "a recorded\n");
    assert_eq!(read(&format!("[{one}, {two}]")), "a duplicate: was recorded already\nb recorded\n");
    let lines = format!("\u{feff}{one}\n\n{two}\r\n{}\n", r#"{"id": "c"}"#);
    assert_eq!(
        read(&lines),
        "a duplicate: was recorded already\nb duplicate: was recorded already\nc recorded\n"
    );
    assert_eq!(read(""), "");
    assert_eq!(sandbox.records(&sandbox.path("mcoda.db")), 3);

    let file = sandbox.write("usage.jsonl", &lines);
    let result = sandbox.json(&["record", "--db=mcoda.db", "--json", "--input", file.to_str().unwrap()]);
    let expected = |id| json!({"id": id, "recorded": true, "duplicate": true, "logged": false});
    assert_eq!(result, json!([expected("a"), expected("b"), expected("c")]));
}

#[test]
fn one_invalid_record_rejects_the_batch() {
    let sandbox = Sandbox::new();
    sandbox.text(&["init", "--db", "mcoda.db"]);
    let args = ["record", "--input", "-", "--db", "mcoda.db"];
    for (input, part) in [
        ("{\"id\": \"a\"}\n{\"id\": \"b\", \"tokensPrompt\": -1}", "record 2 of 2: tokensPrompt: got -1"),
        ("[{\"id\": \"a\"}, {\"id\": \"b\", \"tokenPrompt\": 1}]", "record 2 of 2: tokenPrompt"),
        ("[{\"id\": \"a\"}, [{}]]", "record 2 of 2: usage: got an array"),
        ("{\"id\": \"a\"}\n{\"id\": ", "line 2"),
        ("{\"id\": \"a\"}\n\"text\"", "record 2 of 2: usage: got text"),
    ] {
        let message = sandbox.run_with_input(&args, input).failure(1);
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(sandbox.records(&sandbox.path("mcoda.db")), 0);
    let message = sandbox.run(&["record", "--input", "nothing.json", "--db", "other.db"]).failure(1);
    assert!(message.contains("nothing.json"), "{message}");
    assert!(!sandbox.path("other.db").exists());
}

#[test]
fn invalid_values_are_refused_with_their_field() {
    let sandbox = Sandbox::new();
    for (flags, field) in [
        (&["--tokens-prompt", "-5"][..], "tokensPrompt: got -5"),
        (&["--tokens-cached=9007199254740992"], "tokensCached: got 9007199254740992"),
        (&["--cost", "-0.1"], "costEstimate"),
        (&["--cost", "inf"], "costEstimate"),
        (&["--duration-ms=-1"], "durationMs"),
        (&["--id", " "], "id: got blank text"),
        (&["--started-at", "2026-03-20T12:00:01Z", "--finished-at", "2026-03-20T12:00:00Z"], "finishedAt"),
    ] {
        let args = [&["record", "--db", "mcoda.db"], flags].concat();
        let message = sandbox.run(&args).failure(1);
        assert!(message.starts_with(field), "{message}");
    }
    assert_eq!(sandbox.records(&sandbox.path("mcoda.db")), 0);
}

#[test]
fn the_same_id_with_other_content_is_a_conflict() {
    let sandbox = Sandbox::new();
    sandbox.text(&["record", "--db", "mcoda.db", "--id", "a", "--tokens-prompt", "1"]);
    let message =
        sandbox.run(&["record", "--db", "mcoda.db", "--id", "a", "--tokens-prompt", "2"]).failure(1);
    assert!(message.contains("other content"), "{message}");
}

#[test]
fn strict_telemetry_records_nothing_and_reports_it() {
    let sandbox = Sandbox::new();
    sandbox.write("strict.json", r#"{"telemetry": {"strict": true}}"#);
    let args = ["record", "--db", "mcoda.db", "--config", "strict.json", "--id", "a"];
    assert_eq!(sandbox.text(&args), "a not recorded: the telemetry settings are strict\n");
    assert_eq!(sandbox.records(&sandbox.path("mcoda.db")), 0);
    let result = sandbox.json(&[&args[..], &["--json"]].concat());
    assert_eq!(result, json!([{"id": "a", "recorded": false, "duplicate": false, "logged": false}]));
}

#[test]
fn a_workspace_keeps_its_json_log_too() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.text(&["record", "--id", "a"]), "a recorded\n");
    let database = sandbox.json(&["init", "--json"])["databasePath"].as_str().unwrap().to_owned();
    let log = std::path::Path::new(&database).with_file_name("token_usage.json");
    let log: Value = serde_json::from_str(&std::fs::read_to_string(&log).unwrap()).unwrap();
    assert_eq!(log[0]["id"], "a");

    std::fs::remove_file(std::path::Path::new(&database).with_file_name("token_usage.json")).unwrap();
    std::fs::create_dir(std::path::Path::new(&database).with_file_name("token_usage.json")).unwrap();
    let expected = "b recorded, not logged: the JSON log will be completed later\n";
    assert_eq!(sandbox.text(&["record", "--id", "b"]), expected);
}
