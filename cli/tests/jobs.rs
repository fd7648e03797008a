//! `mcodactl job`, `status` and `telemetry`, and completions
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

mod common;

use common::Sandbox;
use mcoda_core::{Clock, NewJob, TokenUsage, Workspace};
use serde_json::{Value, json};

const DB: &str = "--db=mcoda.db";

/// A job of January that has made one call, and one that has made none. Its id is returned.
fn job(sandbox: &Sandbox) -> String {
    let clock = Clock::fixed("2026-01-05T10:00:00Z".parse().unwrap());
    let workspace =
        Workspace::options().clock(clock).workspace_id("w").open_db(sandbox.path("mcoda.db")).unwrap();
    let new =
        |job_type: &str, total| NewJob { job_type: job_type.into(), total_items: total, ..NewJob::default() };
    let job = workspace.jobs().create(&new("work", Some(4))).unwrap().id;
    let other = workspace.jobs().create(&new("sync", None)).unwrap().id;
    workspace.jobs().finish(&other, "failed", Some("no network")).unwrap();
    let call = json!({"id": "1", "jobId": job, "agentId": "claude", "modelName": "sonnet", "commandName": "work-on-tasks",
                      "tokensPrompt": 1200, "tokensCached": 800, "costEstimate": 0.5, "durationMs": 1500});
    workspace.record_token_usage(&TokenUsage::from_json(&call).unwrap()).unwrap();
    job
}

#[test]
fn jobs_are_listed() {
    let sandbox = Sandbox::new();
    let id = job(&sandbox);
    let list = ["job", "list", DB, "--workspace-id=w"];
    let text = sandbox.text(&list);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("JOB ") && lines[0].ends_with("| TYPE | STATE   | AGENTS | PROGRESS                               | CREATED                  | COMPLETED"), "{text}");
    assert!(lines[2].contains("| sync | failed  | -      | -                                      | 2026-01-05T10:00:00.000Z | 2026-01-05T10:00:00.000Z"), "{text}");
    assert!(
        lines[3].starts_with(&format!(
            "{id} | work | running | claude | [--------------------]   0.0 %  0 of 4 |"
        )),
        "{text}"
    );
    let running = sandbox.json(&[&list[..], &["--state=running", "--json"]].concat());
    assert_eq!((running.as_array().unwrap().len(), &running[0]["id"]), (1, &json!(id)));
    let csv = sandbox.text(&[&list[..], &["--format=csv"]].concat());
    let fields: Vec<&String> = running[0].as_object().unwrap().keys().collect();
    assert_eq!(csv.lines().next().unwrap().split(',').collect::<Vec<_>>(), fields);
    assert_eq!(sandbox.text(&[&list[..], &["--state=none"]].concat()), "No job matches.\n");
}

#[test]
fn a_job_is_inspected_over_all_time() {
    let sandbox = Sandbox::new();
    let id = job(&sandbox);
    let text = sandbox.text(&["job", "inspect", &id, DB, "--workspace-id=w"]);
    let expected = format!(
        "Job:       {id}\nType:      work\nState:     running\nProgress:  [--------------------]   0.0 %  0 of 4\n\
         Agents:    claude\nCreated:   2026-01-05T10:00:00.000Z\nUpdated:   2026-01-05T10:00:00.000Z\n\n\
         Task runs: none\n\n\
         COMMAND       | AGENT  | MODEL  | CALLS | TOKENS_IN | TOKENS_CACHED | DURATION |   COST\n\
         --------------+--------+--------+-------+-----------+---------------+----------+-------\n\
         work-on-tasks | claude | sonnet |     1 |     1,200 |           800 |    1.5 s | 0.5000\n"
    );
    assert_eq!(text, expected);
    let result = sandbox.json(&["job", "inspect", &id, DB, "--workspace-id=w", "--json"]);
    assert_eq!((&result["job"]["state"], &result["tokens"][0]["calls"]), (&json!("running"), &json!(1)));
    assert!(sandbox.run(&["job", "inspect", "none", DB]).failure(1).contains("there is no job \"none\""));
}

#[test]
fn the_calls_of_a_job_are_listed() {
    let sandbox = Sandbox::new();
    let id = job(&sandbox);
    let tokens = ["job", "tokens", &id, DB, "--workspace-id=w"];
    let expected = "\
TIME                     | COMMAND       | AGENT  | MODEL  | TOKENS_IN | TOKENS_CACHED | DURATION |   COST
-------------------------+---------------+--------+--------+-----------+---------------+----------+-------
2026-01-05T10:00:00.000Z | work-on-tasks | claude | sonnet |     1,200 |           800 |    1.5 s | 0.5000
All time.
";
    assert_eq!(sandbox.text(&tokens), expected);
    assert_eq!(sandbox.json(&[&tokens[..], &["--json"]].concat())[0]["id"], "1");
    assert_eq!(
        sandbox.text(&[&tokens[..], &["--format=csv", "--since=2026-02-01"]].concat()).lines().count(),
        1
    );
    assert_eq!(
        sandbox.text(&[&tokens[..], &["--until=2026-01-01"]].concat()),
        "No token usage of this job matches.\nUp to 2026-01-01 23:59 UTC.\n"
    );
    assert_eq!(
        sandbox.text(&[&tokens[..], &["--since=2026-02-01"]].concat()),
        "No token usage of this job matches.\nSince 2026-02-01 00:00 UTC; 1 earlier call is not in it, --since all shows it.\n"
    );
    assert!(sandbox.run(&["job", "tokens", "none", DB]).failure(1).contains("there is no job \"none\""));
    assert!(sandbox.run(&["job", "inspekt", "x"]).failure(2).contains("inspekt"));
    assert!(sandbox.run(&["job"]).failure(2).contains("subcommand"));
    let elsewhere = sandbox.run(&["job", "tokens", &id, DB, "--workspace-id=another"]).failure(1);
    assert!(elsewhere.contains("belongs to the workspace \"w\": give --workspace-id"), "{elsewhere}");
    let shown = sandbox.text(&["job", "inspect", &id, DB, "--workspace-id=another"]);
    assert_eq!(shown, sandbox.text(&["job", "inspect", &id, DB, "--workspace-id=w"]));
}

#[test]
fn the_calls_of_a_job_and_its_groups_are_summed() {
    let sandbox = Sandbox::new();
    let id = job(&sandbox);
    let job = id.clone();
    let call = |id: &str, more: Value| {
        let mut call = json!({"id": id, "jobId": job, "agentId": "codex", "tokensPrompt": 1000});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call.to_string()
    };
    let record = |calls: &[String]| {
        sandbox.write("calls.json", &format!("[{}]", calls.join(",")));
        sandbox.text(&["record", DB, "--workspace-id=w", "--now=2026-01-06T10:00:00Z", "--input=calls.json"])
    };
    record(&[
        call("2", json!({"costEstimate": 1.25, "currency": "USD", "durationMs": 2500})),
        call("3", json!({})),
    ]);
    let tokens = || sandbox.text(&["job", "tokens", &id, DB, "--workspace-id=w"]);
    let text = tokens();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("| TOKENS_IN | TOKENS_CACHED | DURATION |   COST"), "{text}");
    assert!(
        lines[5].starts_with("all  ")
            && lines[5].ends_with("|     3,200 |           800 |      4 s |   1.75"),
        "{text}"
    );
    assert_eq!(lines[6..], ["Costs are in USD.", "The cost is known of 2 of 3 calls.", "All time."]);
    let inspected = || sandbox.text(&["job", "inspect", &id, DB, "--workspace-id=w"]);
    let text = inspected();
    let last: Vec<&str> = text.lines().rev().collect();
    assert_eq!(last[0], "Costs are in USD.");
    assert!(last[1].starts_with("all  ") && last[1].ends_with("|   1.75 |     2 of 3"), "{text}");
    // Several currencies are never added up.
    record(&[call("4", json!({"costEstimate": 2.0, "currency": "EUR"}))]);
    let text = tokens();
    let total = "2.00 EUR, 1.25 USD, 0.5000 XXX";
    assert!(text.contains(" 2.00 EUR\n") && text.contains(" 1.25 USD\n") && text.contains(total), "{text}");
    assert!(inspected().contains(total), "{}", inspected());
}

#[test]
fn the_status_changes_of_a_task_are_printed_as_a_timeline() {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[4.0]);
    assert_eq!(
        sandbox.text(&["status", "P-1-1-T1", DB]),
        "P-1-1-T1: Task\nStatus: not_started\n\nNo status change is recorded.\n"
    );
    for (status, time, flag) in [
        ("in_progress", "2026-03-20T03:00:00Z", "--agent=claude"),
        ("failed", "2026-03-20T05:30:00Z", "--reason=out of money"),
    ] {
        sandbox.text(&[
            "transition",
            "P-1-1-T1",
            status,
            "--timestamp",
            time,
            DB,
            flag,
            "--command=work-on-tasks",
        ]);
    }
    let expected = "\
P-1-1-T1: Task
Status: failed

TIME                     | FROM        | TO          |      AFTER | COMMAND       | AGENT  | NOTE
-------------------------+-------------+-------------+------------+---------------+--------+-------------
2026-03-20T03:00:00.000Z | not_started | in_progress |          - | work-on-tasks | claude | -
2026-03-20T05:30:00.000Z | in_progress | failed      | 2 h 30 min | work-on-tasks | -      | out of money
";
    assert_eq!(sandbox.text(&["status", "P-1-1-T1", DB]), expected);
    let events = sandbox.json(&["status", "P-1-1-T1", DB, "--json", "--since=2026-03-20T05:00:00Z"]);
    assert_eq!((events.as_array().unwrap().len(), &events[0]["toStatus"]), (1, &json!("failed")));
    let csv = sandbox.text(&["status", "P-1-1-T1", DB, "--format=csv"]);
    let fields: Vec<&String> = events[0].as_object().unwrap().keys().collect();
    assert_eq!(csv.lines().next().unwrap().split(',').collect::<Vec<_>>(), fields);
    assert!(sandbox.run(&["status", "T9", DB]).failure(1).contains("T9"));
    let later = sandbox.text(&["status", "P-1-1-T1", DB, "--since=2026-03-21"]);
    assert!(later.ends_with("\n\nNo status change in this time span.\n"), "{later}");
}

#[test]
fn the_status_changes_of_all_tasks_are_exported() {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[4.0, 1.0]);
    for (task, time) in [("P-1-1-T2", "2026-03-20T03:00:00Z"), ("P-1-1-T1", "2026-03-20T04:00:00Z")] {
        sandbox.text(&["transition", task, "in_progress", DB, "--timestamp", time]);
    }
    let exported = |flags: &[&str]| sandbox.text(&[&["export", DB, "--moves"], flags].concat());
    let lines: Vec<Value> = exported(&[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times: Vec<&Value> = lines.iter().map(|line| &line["timestamp"]).collect();
    assert_eq!(json!(times), json!(["2026-03-20T03:00:00.000Z", "2026-03-20T04:00:00.000Z"]));
    let one = exported(&["--task=P-1-1-T1", "--format=csv"]);
    assert_eq!(one, sandbox.text(&["status", "P-1-1-T1", DB, "--format=csv"]));
    assert_eq!(exported(&["--since=2026-03-20T03:30:00Z"]).lines().count(), 1);
    let refused = sandbox.run(&["export", DB, "--moves", "--agent=claude"]).failure(2);
    assert!(refused.contains("--agent"), "{refused}");
}

#[test]
fn telemetry_settings_are_shown_and_changed() {
    let sandbox = Sandbox::new();
    sandbox.text(&["init", DB]);
    let config = sandbox.path("config.json");
    let table = |recording: &str, export: &str, out: &str, strict: &str| {
        let path = std::fs::canonicalize(sandbox.path(".")).unwrap().join("config.json");
        let rows = [
            ("Local recording", recording),
            ("Remote export", export),
            ("Opted out", out),
            ("Strict mode", strict),
            ("Config path", path.to_str().unwrap()),
        ];
        rows.iter().map(|(name, value)| format!("{name:15} | {value}\n")).collect::<String>()
    };
    let shown = |args: &[&str]| {
        sandbox.text(args).lines().skip(2).map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(shown(&["telemetry", "show", DB]), table("enabled", "enabled", "no", "off"));
    assert!(!config.exists());
    std::fs::write(&config, "{\"velocity\": {\"alpha\": 0.5}}").unwrap();
    assert_eq!(shown(&["telemetry", "opt-out", DB]), table("enabled", "disabled", "yes", "off"));
    assert_eq!(shown(&["telemetry", "opt-out", "--strict", DB]), table("disabled", "disabled", "yes", "on"));
    assert!(sandbox.text(&["record", "--id=a", DB]).contains("not recorded"));
    assert_eq!(sandbox.text(&["telemetry", "opt-in", DB, "--quiet"]), "");
    let result = sandbox.json(&["telemetry", "show", DB, "--json"]);
    assert_eq!(
        (&result["optOut"], &result["strict"], &result["localRecording"]),
        (&json!(false), &json!(false), &json!(true))
    );
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&config).unwrap()).unwrap();
    assert_eq!(written, json!({"velocity": {"alpha": 0.5}, "telemetry": {"optOut": false, "strict": false}}));
    let mut command = sandbox.command(&["telemetry", "show", DB]);
    command.env("MCODA_TELEMETRY", "off");
    assert!(common::finish(command).text().contains("Remote export   | disabled by MCODA_TELEMETRY=off\n"));
}

#[test]
fn a_damaged_config_file_is_refused_and_kept() {
    let sandbox = Sandbox::new();
    sandbox.text(&["init", DB]);
    let file = sandbox.write("config.json", "{\"velocity\": {");
    for command in [
        &["telemetry", "opt-out", "--strict", DB][..],
        &["telemetry", "opt-in", DB],
        &["telemetry", "show", DB],
    ] {
        assert!(sandbox.run(command).failure(1).contains("config.json is damaged"));
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"velocity\": {");
}

#[test]
fn queries_create_no_database() {
    let sandbox = Sandbox::new();
    for command in [
        &["tokens"][..],
        &["export"],
        &["job", "list"],
        &["job", "inspect", "j"],
        &["status", "T"],
        &["telemetry", "opt-out"],
    ] {
        let message = sandbox.run(&[command, &["--db=typo.db"]].concat()).failure(1);
        assert!(message.contains("typo.db") && message.contains("init"), "{message}");
    }
    assert!(!sandbox.path("typo.db").exists() && !sandbox.path("config.json").exists());
}

#[test]
fn shells_complete_commands_and_flags() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.text(&["completions", shell]);
        for word in ["mcodactl", "tokens", "group-by", "telemetry"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert!(sandbox.run(&["completions", "cmd"]).failure(2).contains("cmd"));
}
