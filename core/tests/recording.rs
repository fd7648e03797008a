//! Recording token usage: rows, derived values, and refusals.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{ErrorKind, MAX_SAFE_INTEGER, NewCommandRun, TokenUsage, Workspace};
use serde_json::{Value, json};

fn new_command_run(workspace: &Workspace, job: Option<&str>) -> String {
    let run = NewCommandRun {
        command_name: "work-on-tasks".into(),
        job_id: job.map(str::to_owned),
        ..NewCommandRun::default()
    };
    workspace.command_runs().create(&run).unwrap().id
}

#[test]
fn every_field_lands_in_the_column_that_the_typescript_packages_read() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let task = own.task(&workspace, "P-1", 3.0);
    let job = new_job(&workspace);
    let command_run = new_command_run(&workspace, Some(&job));
    let task_run = ran(&workspace, &task, "work-on-tasks", "10:00:00", "11:00:00", "succeeded");
    let given = usage(json!({
        "id": "r-1", "workspaceId": "w", "agentId": "claude", "modelName": "m", "jobId": job,
        "commandRunId": command_run, "taskRunId": task_run, "taskId": task, "projectId": own.project.id,
        "epicId": own.epic.id, "userStoryId": own.story.id, "commandName": "work-on-tasks", "action": "plan",
        "invocationKind": "chat", "provider": "p", "currency": "EUR", "tokensPrompt": 1, "tokensCompletion": 2,
        "tokensTotal": 4, "tokensCached": 5, "tokensCacheRead": 6, "tokensCacheWrite": 7, "costEstimate": 0.25,
        "durationSeconds": 1.5, "durationMs": 1600, "startedAt": "2026-03-20T11:00:00+01:00",
        "finishedAt": "2026-03-20T10:00:01.6789Z", "timestamp": "2026-03-20", "metadata": {"why": "test"},
    }));
    let recorded = workspace.record_token_usage(&given).unwrap();
    assert!(recorded.recorded && recorded.logged && !recorded.duplicate);
    assert_eq!(recorded.id, "r-1");
    let row: Vec<Value> = fixture
        .raw()
        .query_row(
            "SELECT json_array(id, workspace_id, agent_id, model_name, job_id, command_run_id, task_run_id, task_id,
                 project_id, epic_id, user_story_id, command_name, action, invocation_kind, provider, currency,
                 tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_cache_read,
                 tokens_cache_write, cost_estimate, duration_seconds, duration_ms, started_at, finished_at, timestamp)
             FROM token_usage",
            [],
            |row| Ok(serde_json::from_str(&row.get::<_, String>(0)?).unwrap()),
        )
        .unwrap();
    let expected = json!([
        "r-1",
        "w",
        "claude",
        "m",
        job,
        command_run,
        task_run,
        task,
        own.project.id,
        own.epic.id,
        own.story.id,
        "work-on-tasks",
        "plan",
        "chat",
        "p",
        "EUR",
        1,
        2,
        4,
        5,
        6,
        7,
        0.25,
        1.5,
        1600.0,
        "2026-03-20T10:00:00.000Z",
        "2026-03-20T10:00:01.678Z",
        "2026-03-20T00:00:00.000Z",
    ]);
    assert_eq!(Value::from(row), expected);
    let metadata: String = value(&fixture.raw(), "SELECT metadata_json FROM token_usage");
    assert_eq!(
        metadata,
        r#"{"why":"test","commandName":"work-on-tasks","action":"plan","invocationKind":"chat","provider":"p","currency":"EUR"}"#
    );
}

#[test]
fn what_is_absent_stays_null_and_zero_stays_zero_in_the_columns() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    workspace.record_token_usage(&TokenUsage { id: Some("none".into()), ..TokenUsage::default() }).unwrap();
    let zeros = json!({"id": "zeros", "tokensPrompt": 0, "tokensCompletion": 0, "tokensCached": 0, "tokensCacheRead": 0,
                       "tokensCacheWrite": 0, "costEstimate": 0, "durationMs": 0});
    workspace.record_token_usage(&usage(zeros)).unwrap();
    let raw = fixture.raw();
    let columns = "tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_cache_read, tokens_cache_write,
                   cost_estimate, duration_seconds, duration_ms";
    let nulls: String =
        value(&raw, &format!("SELECT json_array({columns}) FROM token_usage WHERE id = 'none'"));
    assert_eq!(nulls, "[null,null,null,null,null,null,null,null,null]");
    let zeros: String =
        value(&raw, &format!("SELECT json_array({columns}) FROM token_usage WHERE id = 'zeros'"));
    assert_eq!(zeros, "[0,0,0,0,0,0,0.0,0.0,0.0]");
    let others: String = value(
        &raw,
        "SELECT json_array(agent_id, model_name, job_id, command_name, action, invocation_kind, provider, currency,
             started_at, finished_at, metadata_json) FROM token_usage WHERE id = 'none'",
    );
    assert_eq!(others, "[null,null,null,null,null,null,null,null,null,null,null]");
    let (own, timestamp): (String, String) = raw
        .query_row("SELECT workspace_id, timestamp FROM token_usage WHERE id = 'none'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((own.as_str(), timestamp.as_str()), (workspace.id(), "2026-03-20T12:00:00.000Z"));
}

#[test]
fn durations_and_totals_are_derived_and_never_overwritten() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let times = ("2026-03-20T11:00:00.250Z", "2026-03-20T11:00:02Z");
    for (given, expected) in [
        (json!({"startedAt": times.0, "finishedAt": times.1}), "[null,1.75,1750.0]"),
        (json!({"startedAt": times.0, "finishedAt": times.0}), "[null,0.0,0.0]"),
        (json!({"startedAt": times.0}), "[null,null,null]"),
        (json!({"startedAt": times.0, "finishedAt": times.1, "durationMs": 9}), "[null,0.009,9.0]"),
        (json!({"startedAt": times.0, "finishedAt": times.1, "durationSeconds": 9}), "[null,9.0,1750.0]"),
        (json!({"durationSeconds": 2.5}), "[null,2.5,2500.0]"),
        (json!({"durationMs": 250}), "[null,0.25,250.0]"),
        (json!({"durationMs": 250, "durationSeconds": 0}), "[null,0.0,250.0]"),
        (json!({"promptTokens": 2, "completionTokens": 3}), "[5,null,null]"),
        (json!({"tokensPrompt": 2}), "[null,null,null]"),
        (json!({"tokensPrompt": 2, "tokensCompletion": 3, "tokensTotal": 0}), "[0,null,null]"),
        (json!({"tokensPrompt": MAX_SAFE_INTEGER, "tokensCompletion": 0}), "[9007199254740991,null,null]"),
    ] {
        let id = workspace.record_token_usage(&usage(given.clone())).unwrap().id;
        let sql = format!(
            "SELECT json_array(tokens_total, duration_seconds, duration_ms) FROM token_usage WHERE id = '{id}'"
        );
        assert_eq!(value::<String>(&fixture.raw(), &sql), expected, "{given}");
    }
}

#[test]
fn the_callers_metadata_is_kept_exactly() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let metadata =
        r#"{"z":1,"a":{"deep":[1.50,null,1e3,9007199254740993]},"provider":null,"ü":"\u0000\"\n"}"#;
    let given = TokenUsage {
        provider: Some("p".into()),
        action: Some("plan".into()),
        metadata: Some(serde_json::from_str(metadata).unwrap()),
        ..TokenUsage::default()
    };
    workspace.record_token_usage(&given).unwrap();
    let stored: String = value(&fixture.raw(), "SELECT metadata_json FROM token_usage");
    let stored: Value = serde_json::from_str(&stored).unwrap();
    let mut expected: Value = serde_json::from_str(metadata).unwrap();
    expected["action"] = "plan".into();
    assert_eq!(stored, expected);
    assert_eq!(fixture.log()[0]["metadata"], expected);
    let names: Vec<&String> = stored.as_object().unwrap().keys().collect();
    assert_eq!(names, ["z", "a", "provider", "ü", "action"]);

    let empty = usage(json!({"id": "empty", "metadata": {}}));
    workspace.record_token_usage(&empty).unwrap();
    let stored: String = value(&fixture.raw(), "SELECT metadata_json FROM token_usage WHERE id = 'empty'");
    assert_eq!(stored, "{}");
}

#[test]
fn the_agent_is_added_to_its_command_run_and_job() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = new_job(&workspace);
    let run = new_command_run(&workspace, Some(&job));
    for agent in ["a", "b", "a", "c"] {
        let given = json!({"agentId": agent, "jobId": job, "commandRunId": run});
        workspace.record_token_usage(&usage(given)).unwrap();
    }
    workspace.record_token_usage(&usage(json!({"jobId": job, "commandRunId": run}))).unwrap();
    let found = workspace.jobs().get(&job).unwrap().unwrap();
    assert_eq!((found.agent_id.as_deref(), found.agent_ids.join(",")), (Some("a"), "a,b,c".to_owned()));
    let found = workspace.command_runs().get(&run).unwrap().unwrap();
    assert_eq!((found.agent_id.as_deref(), found.agent_ids.join(",")), (Some("a"), "a,b,c".to_owned()));
    let text: String = value(&fixture.raw(), "SELECT agent_ids_json FROM jobs");
    assert_eq!(text, r#"["a","b","c"]"#);
}

#[test]
fn a_call_that_names_only_the_job_does_not_change_the_command_run() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = new_job(&workspace);
    let run = new_command_run(&workspace, Some(&job));
    workspace.record_token_usage(&usage(json!({"agentId": "a", "jobId": job}))).unwrap();
    assert_eq!(workspace.command_runs().get(&run).unwrap().unwrap().agent_id, None);
    workspace.record_token_usage(&usage(json!({"agentId": "b", "commandRunId": run}))).unwrap();
    assert_eq!(*workspace.jobs().get(&job).unwrap().unwrap().agent_ids, ["a"]);
    assert_eq!(*workspace.command_runs().get(&run).unwrap().unwrap().agent_ids, ["b"]);
}

#[test]
fn an_agent_stored_before_the_list_existed_is_kept_and_an_invalid_list_is_replaced() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let (old, damaged) = (new_job(&workspace), new_job(&workspace));
    let raw = fixture.raw();
    raw.execute("UPDATE jobs SET agent_id = 'first' WHERE id = ?1", [&old]).unwrap();
    raw.execute("UPDATE jobs SET agent_ids_json = '{not json' WHERE id = ?1", [&damaged]).unwrap();
    for job in [&old, &damaged] {
        workspace.record_token_usage(&usage(json!({"agentId": "second", "jobId": job}))).unwrap();
    }
    let found = workspace.jobs().get(&old).unwrap().unwrap();
    assert_eq!(
        (found.agent_id.as_deref(), found.agent_ids.join(",")),
        (Some("first"), "first,second".to_owned())
    );
    assert_eq!(*workspace.jobs().get(&damaged).unwrap().unwrap().agent_ids, ["second"]);
}

#[test]
fn three_concurrent_agents_are_all_attributed() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    for _ in 0..10 {
        let job = new_job(&workspace);
        let run = new_command_run(&workspace, Some(&job));
        let other = fixture.open();
        std::thread::scope(|scope| {
            for (agent, handle) in [("a", &workspace), ("b", &other), ("c", &workspace)] {
                let given = usage(json!({"agentId": agent, "jobId": job, "commandRunId": run}));
                scope.spawn(move || handle.record_token_usage(&given).unwrap());
            }
        });
        let mut agents = [
            workspace.jobs().get(&job).unwrap().unwrap().agent_ids.into_inner(),
            workspace.command_runs().get(&run).unwrap().unwrap().agent_ids.into_inner(),
        ];
        agents.iter_mut().for_each(|agents| agents.sort());
        assert_eq!(agents, [["a", "b", "c"], ["a", "b", "c"]]);
    }
}

#[test]
fn an_unknown_id_is_not_found_and_leaves_nothing_anywhere() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let job = new_job(&workspace);
    let before = fixture.everything();
    for field in ["jobId", "commandRunId", "taskRunId", "taskId", "projectId", "epicId", "userStoryId"] {
        // The known job would get an agent if a part of the call were executed.
        let mut given = json!({"agentId": "a", "jobId": job, "tokensPrompt": 1});
        given[field] = "nobody".into();
        let error = workspace.record_token_usage(&usage(given.clone())).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::NotFound, Some(field)), "{error}");
        assert!(error.message().contains("nobody"), "{error}");
        // A key is not an id.
        given[field] = own.project.key.clone().into();
        assert_refused(workspace.record_token_usage(&usage(given)), ErrorKind::NotFound, field);
        assert_eq!(fixture.everything(), before, "{field}");
    }
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 0);
    assert!(!fixture.log_file().exists());
}

#[test]
fn a_batch_is_recorded_entirely_or_not_at_all() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = new_job(&workspace);
    let good = |id: &str| usage(json!({"id": id, "agentId": "a", "jobId": job}));
    let recorded = workspace.record_token_usages(&[good("1"), good("2"), good("1")]).unwrap();
    let outcome: Vec<(&str, bool)> = recorded.iter().map(|one| (one.id.as_str(), one.duplicate)).collect();
    assert_eq!(outcome, [("1", false), ("2", false), ("1", true)]);
    assert!(recorded.iter().all(|one| one.recorded && one.logged));
    assert_eq!(fixture.log_ids(), ["1", "2"]);
    assert!(workspace.record_token_usages(&[]).unwrap().is_empty());

    let before = fixture.everything();
    for (bad, kind, field) in [
        (json!({"jobId": "nobody"}), ErrorKind::NotFound, "jobId"),
        (json!({"tokensPrompt": -1}), ErrorKind::InvalidInput, "tokensPrompt"),
        (json!({"id": "1", "tokensPrompt": 7}), ErrorKind::Conflict, "\"1\""),
        (json!({"id": "3", "tokensPrompt": 7}), ErrorKind::Conflict, "\"3\""),
    ] {
        let result = workspace.record_token_usages(&[good("3"), good("4"), usage(bad)]);
        assert_refused(result, kind, field);
        assert_eq!(fixture.everything(), before);
    }
    let error = workspace.record_token_usages(&[good("3"), usage(json!({"jobId": "nobody"}))]).unwrap_err();
    assert!(error.message().contains("record 2 of "), "{error}");
}

#[test]
fn the_same_record_again_is_a_duplicate_even_after_a_restart() {
    let fixture = Fixture::new();
    let metadata = json!({"list": [1, 2.5, null, "x"], "big": 1e300});
    let given = json!({"id": "r", "tokensPrompt": 3, "tokensCompletion": 4, "costEstimate": 0.1, "durationSeconds": 0.29,
                       "startedAt": "2026-03-20T10:00:00Z", "agentId": "a", "commandName": "c", "metadata": metadata});
    let first = fixture.open();
    assert!(!first.record_token_usage(&usage(given.clone())).unwrap().duplicate);
    assert!(first.record_token_usage(&usage(given.clone())).unwrap().duplicate);
    first.close().unwrap();

    let before = fixture.everything();
    // The clock of the second process shows another time, and the caller omitted the timestamp.
    let clock = mcoda_core::Clock::fixed(at("13:00:00"));
    let second = fixture.options().clock(clock).open(fixture.root()).unwrap();
    let again = second.record_token_usage(&usage(given.clone())).unwrap();
    assert!(again.recorded && again.duplicate && again.logged, "{again:?}");
    // The same time and the same metadata in another notation.
    let mut other_words = given.clone();
    other_words["startedAt"] = "2026-03-20T11:00:00.0004+01:00".into();
    other_words["metadata"] = json!({"big": 1e300, "list": [1, 2.5, null, "x"]});
    assert!(second.record_token_usage(&usage(other_words)).unwrap().duplicate);
    assert_eq!(fixture.everything(), before);

    for (field, other) in [
        ("tokensPrompt", json!(5)),
        ("tokensCached", json!(0)),
        ("costEstimate", json!(0.2)),
        ("durationSeconds", json!(0.28)),
        ("agentId", json!(null)),
        ("modelName", json!("m")),
        ("startedAt", json!("2026-03-20T10:00:00.001Z")),
        ("timestamp", json!("2026-03-20T11:59:59Z")),
        ("metadata", json!({"list": [1, 2.5, null, "y"], "big": 1e300})),
    ] {
        let mut changed = given.clone();
        changed[field] = other;
        assert_refused(second.record_token_usage(&usage(changed)), ErrorKind::Conflict, "\"r\"");
    }
    assert_eq!(fixture.everything(), before);
}

#[test]
fn a_retry_counts_what_the_caller_gave_not_what_was_filled_in() {
    let fixture = Fixture::new();
    let given = usage(json!({"id": "r", "tokensPrompt": 1}));
    fixture
        .options()
        .workspace_id("before")
        .open(fixture.root())
        .unwrap()
        .record_token_usage(&given)
        .unwrap();
    // Meanwhile the workspace got another id, which the caller gave in neither call.
    let renamed = fixture.options().workspace_id("after").open(fixture.root()).unwrap();
    assert!(renamed.record_token_usage(&given).unwrap().duplicate);
    assert_eq!(value::<String>(&fixture.raw(), "SELECT workspace_id FROM token_usage"), "before");
    let reported = usage(json!({"id": "r", "tokensPrompt": 1, "workspaceId": "after"}));
    assert_refused(renamed.record_token_usage(&reported), ErrorKind::Conflict, "\"r\"");
    let reported = usage(json!({"id": "r", "tokensPrompt": 1, "workspaceId": "before"}));
    assert!(renamed.record_token_usage(&reported).unwrap().duplicate);
}

#[test]
fn new_ids_are_uuids_of_version_7_in_ascending_order() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let records = vec![TokenUsage::default(); 300];
    let recorded = workspace.record_token_usages(&records).unwrap();
    let ids: Vec<&str> = recorded.iter().map(|one| one.id.as_str()).collect();
    for id in &ids {
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert!(id.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)), "{id}");
        assert_eq!((&id[14..15], "89ab".contains(&id[19..20])), ("7", true), "{id}");
    }
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    let task = backlog(&workspace).task(&workspace, "P-1", 1.0);
    let event = moved(&workspace, &task, "in_progress", "10:00:00").event_id.unwrap();
    assert_eq!(event.as_bytes()[14], b'7');
}
