//! Recording when the settings forbid it, without a database, and into the global one.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{Environment, ErrorKind, Global, TokenUsage};
use serde_json::json;

#[test]
fn strict_records_nothing_and_says_so_without_failing() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = new_job(&workspace);
    let before = fixture.everything();
    for config in [fixture.workspace_folder().join("config.json"), fixture.home().join(".mcoda/config.json")]
    {
        // A config file that is changed while the host runs takes effect from the next call on.
        std::fs::write(&config, r#"{"telemetry": {"strict": true}}"#).unwrap();
        let given = usage(json!({"id": "r", "agentId": "a", "jobId": job}));
        let outcome = workspace.record_token_usages(&[given.clone(), given]).unwrap();
        for one in outcome {
            assert!(!one.recorded && !one.logged && !one.duplicate, "{one:?}");
        }
        assert_eq!(fixture.everything(), before);
        // An invalid record is refused even if nothing would be recorded.
        let bad = usage(json!({"tokensPrompt": -1}));
        assert_refused(workspace.record_token_usage(&bad), ErrorKind::InvalidInput, "tokensPrompt");
        std::fs::remove_file(&config).unwrap();
    }
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().recorded);

    let given = object(json!({"telemetry": {"strict": true}}));
    let by_host = fixture.options().config(given).open(fixture.root()).unwrap();
    assert!(!by_host.record_token_usage(&TokenUsage::default()).unwrap().recorded);
}

#[test]
fn opting_out_of_export_still_records() {
    let fixture = Fixture::new();
    let config = object(json!({"telemetry": {"optOut": true, "strict": false}}));
    let workspace = fixture.options().config(config).open(fixture.root()).unwrap();
    let outcome = workspace.record_token_usage(&TokenUsage::default()).unwrap();
    assert!(outcome.recorded && outcome.logged);
}

#[test]
fn a_strict_setting_that_is_no_boolean_is_an_error_and_nothing_is_recorded() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let before = fixture.everything();
    let config = fixture.workspace_folder().join("config.json");
    for text in [r#"{"telemetry": {"strict": "false"}}"#, r#"{"telemetry": {"strict": 0}}"#] {
        std::fs::write(&config, text).unwrap();
        let error = workspace.record_token_usage(&TokenUsage::default()).unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::InvalidInput, Some("telemetry.strict")),
            "{error}"
        );
        assert!(error.message().contains("config.json"), "{error}");
    }
    for text in ["", "{\"telemetry\": {\"strict\": tr", "[]"] {
        std::fs::write(&config, text).unwrap();
        assert_refused(
            workspace.record_token_usage(&TokenUsage::default()),
            ErrorKind::Corrupt,
            "config.json",
        );
        assert_eq!(std::fs::read_to_string(&config).unwrap(), text);
    }
    assert_eq!(fixture.everything(), before);
}

#[test]
fn without_a_database_token_usage_goes_to_the_log_alone() {
    let fixture = Fixture::new();
    let off = Environment { disable_db: true, ..fixture.environment() };
    let workspace = fixture.options().environment(off).open(fixture.root()).unwrap();
    let given =
        usage(json!({"id": "r", "tokensPrompt": 1, "tokensCompletion": 2, "jobId": "nobody can look it up"}));
    let outcome = workspace.record_token_usage(&given).unwrap();
    assert!(outcome.recorded && outcome.logged && !outcome.duplicate);
    assert!(workspace.record_token_usage(&given).unwrap().duplicate);
    let more = workspace.record_token_usages(&vec![TokenUsage::default(); 3]).unwrap();
    assert_eq!(fixture.log_ids(), ["r", &more[0].id, &more[1].id, &more[2].id]);
    assert_eq!(fixture.log()[0]["tokensTotal"], 3);
    assert!(!fixture.database().exists());
    let bad = usage(json!({"tokensPrompt": -1}));
    assert_refused(workspace.record_token_usage(&bad), ErrorKind::InvalidInput, "tokensPrompt");
}

#[test]
fn without_a_database_another_record_with_a_known_id_is_a_conflict() {
    let fixture = Fixture::new();
    let off = Environment { disable_db: true, ..fixture.environment() };
    let workspace = fixture.options().environment(off).open(fixture.root()).unwrap();
    workspace.record_token_usage(&usage(json!({"id": "r", "tokensPrompt": 1}))).unwrap();
    let other = usage(json!({"id": "r", "tokensPrompt": 2}));
    assert_refused(workspace.record_token_usage(&other), ErrorKind::Conflict, "\"r\"");
    let new = usage(json!({"id": "s", "tokensPrompt": 1}));
    let new_other = usage(json!({"id": "s", "tokensPrompt": 2}));
    assert_refused(workspace.record_token_usages(&[new, new_other]), ErrorKind::Conflict, "\"s\"");
    assert_eq!(fixture.log_ids(), ["r"]);
}

#[test]
fn without_a_database_everything_else_says_why_it_cannot_be_done() {
    let fixture = Fixture::new();
    let off = Environment { disable_db: true, ..fixture.environment() };
    let workspace = fixture.options().environment(off.clone()).open(fixture.root()).unwrap();
    let why = "MCODA_DISABLE_DB";
    assert_refused(workspace.estimate(&Default::default()), ErrorKind::Storage, why);
    assert_refused(workspace.velocity(&Default::default()), ErrorKind::Storage, why);
    assert_refused(workspace.backfill_status_events(&Default::default()), ErrorKind::Storage, why);
    assert_refused(workspace.status_events(&Default::default()), ErrorKind::Storage, why);
    assert_refused(
        workspace.record_status_transition("P-1", "completed", &Default::default()),
        ErrorKind::Storage,
        why,
    );
    assert_refused(workspace.projects().list(), ErrorKind::Storage, why);
    assert_refused(workspace.tasks().get("P-1"), ErrorKind::Storage, why);
    assert_refused(workspace.jobs().list(), ErrorKind::Storage, why);
    let file = fixture.root().join("mcoda.db");
    let no_log = fixture.options().environment(off.clone()).open_db(&file).unwrap();
    assert_refused(no_log.record_token_usage(&TokenUsage::default()), ErrorKind::Storage, why);
    let global = fixture.options().environment(off).open_global().unwrap();
    assert_refused(global.record_token_usage(&TokenUsage::default()), ErrorKind::Storage, why);
    assert!(!file.exists() && !fixture.home().join(".mcoda/mcoda.db").exists());
}

#[test]
fn the_global_database_knows_agents_but_no_backlog() {
    let fixture = Fixture::new();
    let global = fixture.options().open_global().unwrap();
    let raw = raw(global.database_path());
    raw.execute(
        "INSERT INTO agents (id, slug, adapter, created_at, updated_at) VALUES ('a', 'claude', 'x', 't', 't')",
        [],
    )
    .unwrap();
    let given =
        usage(json!({"id": "r", "agentId": "a", "tokensPrompt": 3, "tokensCompletion": 1, "action": "plan"}));
    let outcome = global.record_token_usage(&given).unwrap();
    assert!(outcome.recorded && !outcome.duplicate && !outcome.logged);
    assert!(global.record_token_usage(&given).unwrap().duplicate);
    let changed = TokenUsage { tokens_prompt: Some(4), ..given };
    assert_refused(global.record_token_usage(&changed), ErrorKind::Conflict, "\"r\"");
    let row: String = value(
        &raw,
        "SELECT json_array(agent_id, tokens_prompt, tokens_total, action, metadata_json) FROM token_usage",
    );
    assert_eq!(row, r#"["a",3,4,"plan","{\"action\":\"plan\"}"]"#);

    let before = dump(global.database_path());
    for field in ["workspaceId", "jobId", "taskRunId", "taskId", "projectId", "epicId", "userStoryId"] {
        let error = global.record_token_usage(&usage(json!({field: "x"}))).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{error}");
    }
    for field in ["agentId", "commandRunId"] {
        let batch = [TokenUsage::default(), usage(json!({field: "nobody"}))];
        assert_refused(global.record_token_usages(&batch), ErrorKind::NotFound, field);
    }
    assert_eq!(dump(global.database_path()), before);
    assert!(!fixture.home().join(".mcoda/token_usage.json").exists());

    let config = fixture.home().join(".mcoda/config.json");
    std::fs::write(config, r#"{"telemetry": {"strict": true}}"#).unwrap();
    assert!(!global.record_token_usage(&TokenUsage::default()).unwrap().recorded);
    assert_eq!(dump(global.database_path()), before);
    global.close().unwrap();
    assert_refused(global.record_token_usages(&[]), ErrorKind::Closed, "closed");
}

#[test]
fn a_global_database_of_ones_own_can_be_named_by_its_file() {
    let fixture = Fixture::new();
    let file = fixture.root().join("global.db");
    let global = fixture.options().open_global_db(&file).unwrap();
    assert!(global.record_token_usage(&TokenUsage::default()).unwrap().recorded);
    assert_refused(fixture.options().open_db(&file), ErrorKind::Corrupt, "global.db");
    assert!(
        Global::open_db(":memory:").unwrap().record_token_usage(&TokenUsage::default()).unwrap().recorded
    );
}
