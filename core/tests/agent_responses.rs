//! Recording responses of agents: once, however often they are sent, and with all known fields.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use common::responses::*;
use common::{Fixture, assert_refused, at, object};
use mcoda_core::{AgentContext, ErrorKind, Global, TokenUsage};
use serde_json::{Value, json};

/// The system gives memory to pages that are written to, and the text is refused before it is read: so the test needs none.
#[test]
fn a_body_of_more_than_512_mib_is_refused() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let body = String::from_utf8(vec![0; (512 << 20) + 1]).unwrap();
    let error = workspace.record_agent_response(&body, &AgentContext::default()).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("body")));
    assert!(error.message().contains("at most 536870912 bytes"), "{error}");
    assert!(rows(&workspace).is_empty());
}

#[test]
fn one_call_reads_and_records() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let backlog = common::backlog(&workspace);
    let task = backlog.task(&workspace, "T1", 3.0);
    let given = json!({"agentId": "a", "taskId": task, "projectId": backlog.project.id, "commandName": "work-on-tasks",
        "action": "plan", "startedAt": "2026-03-20T11:00:00Z", "finishedAt": "2026-03-20T11:00:02Z",
        "metadata": {"attempt": 1, "usage": "not this"}});
    let done = record(&workspace, &message("msg_1", 30), given);
    assert_eq!((done.usage.tokens_prompt, done.records.len()), (Some(125), 1));
    assert!(done.records[0].recorded && done.records[0].logged && !done.records[0].duplicate);
    let row = &rows(&workspace)[0];
    assert_eq!(
        (row.tokens_prompt, row.tokens_completion, row.tokens_total),
        (Some(125), Some(30), Some(155))
    );
    assert_eq!((row.tokens_cached, row.tokens_cache_write), (Some(100), Some(20)));
    assert_eq!((row.agent_id.as_deref(), row.task_id.as_deref()), (Some("a"), Some(&*task)));
    assert_eq!((row.command_name.as_deref(), row.duration_ms), (Some("work-on-tasks"), Some(2000.0)));
    assert_eq!(row.timestamp, "2026-03-20T12:00:00.000Z");
    assert_eq!(row.metadata["attempt"], 1);
    assert_eq!(row.metadata["usage"]["response_id"], "msg_1");
    assert_eq!(fixture.log_ids(), [row.id.as_str()]);
}

#[test]
fn values_in_the_response_override_measured_ones() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = json!({"id": "b", "model": "m", "durationMs": 7, "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    record(&workspace, &body, json!({"durationMs": 99, "modelName": "other", "timestamp": "2026-03-01"}));
    let row = &rows(&workspace)[0];
    assert_eq!((row.duration_ms, row.model_name.as_deref()), (Some(7.0), Some("m")));
    assert_eq!(row.timestamp, "2026-03-01T00:00:00.000Z");
    let body = json!({"usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    record(&workspace, &body, json!({"durationMs": 99, "modelName": "other", "provider": "p"}));
    let row = &rows(&workspace)[1];
    assert_eq!(
        (row.duration_ms, row.model_name.as_deref(), row.provider.as_deref()),
        (Some(99.0), Some("other"), Some("p"))
    );
}

#[test]
fn a_retry_counts_once_and_of_two_versions_the_last_wins() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = workspace
        .jobs()
        .create(&mcoda_core::NewJob { job_type: "work".into(), ..Default::default() })
        .unwrap();
    let first = record(&workspace, &message("msg_1", 3), json!({"jobId": job.id, "agentId": "a"}));
    record(&workspace, &message("msg_2", 8), json!({}));
    let again = record(&workspace, &message("msg_1", 3), json!({}));
    assert!(again.records[0].duplicate && !again.records[0].updated);
    let later = record(&workspace, &message("msg_1", 40), json!({}));
    assert!(later.records[0].updated && !later.records[0].duplicate && later.records[0].logged);
    assert_eq!(first.records[0].id, later.records[0].id);

    let all = rows(&workspace);
    let row = all.iter().find(|row| row.id == first.records[0].id).unwrap();
    assert_eq!((all.len(), row.tokens_completion, row.tokens_total), (2, Some(40), Some(165)));
    // A version without the call's owner keeps the known owner.
    assert_eq!((row.job_id.as_ref(), row.agent_id.as_deref()), (Some(&job.id), Some("a")));
    let log = fixture.log();
    let logged: Vec<&Value> = log.iter().filter(|entry| entry["id"] == *row.id).collect();
    assert_eq!((log.len(), logged.len()), (2, 1), "{log:?}");
    assert_eq!(logged[0]["tokensCompletion"], 40);
}

#[test]
fn the_log_contains_the_latest_version_after_any_number_of_them() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    for round in 0..30 {
        for id in ["a", "b", "c"] {
            record(&workspace, &message(id, round), json!({}));
        }
    }
    let log = fixture.log();
    let outputs: Vec<&Value> = log.iter().map(|entry| &entry["tokensCompletion"]).collect();
    assert_eq!(outputs, [29, 29, 29]);
    drop(workspace);
    let workspace = fixture.open();
    workspace.record_token_usage(&TokenUsage { id: Some("x".into()), ..TokenUsage::default() }).unwrap();
    assert_eq!(fixture.log().len(), 4);
}

#[test]
fn an_update_that_the_log_missed_reaches_it_later() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, &message("a", 1), json!({}));
    let silent = fixture.options().without_json_log().open(fixture.root()).unwrap();
    // Changed by a process that died before it could log: the row is new and queued, the log is old.
    record(&silent, &message("a", 2), json!({}));
    let id = rows(&workspace)[0].id.clone();
    fixture
        .raw()
        .execute("INSERT INTO token_usage_log_queue (usage_id) VALUES (?1)", [format!("replace:{id}")])
        .unwrap();
    drop((workspace, silent));
    let workspace = fixture.open();
    assert_eq!(fixture.log().len(), 1);
    assert_eq!(fixture.log()[0]["tokensCompletion"], 2);
    assert_eq!(common::count(&fixture.raw(), "token_usage_log_queue"), 0);
    record(&workspace, &message("b", 2), json!({}));
    assert_eq!(fixture.log().len(), 2);
}

#[test]
fn record_token_usage_never_changes_an_existing_record() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let id = record(&workspace, &message("msg_1", 3), json!({})).records[0].id.clone();
    let other = TokenUsage { id: Some(id.clone()), tokens_prompt: Some(1), ..TokenUsage::default() };
    assert_refused(workspace.record_token_usage(&other), ErrorKind::Conflict, &id);
    assert_eq!(rows(&workspace)[0].tokens_prompt, Some(125));
}

#[test]
fn a_response_without_an_id_is_a_new_one_unless_the_host_names_it() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = json!({"usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    record(&workspace, &body, json!({}));
    record(&workspace, &body, json!({}));
    assert_eq!(rows(&workspace).len(), 2);
    record(&workspace, &body, json!({"responseId": "call-9"}));
    assert!(record(&workspace, &body, json!({"responseId": "call-9"})).records[0].duplicate);
    assert_eq!(rows(&workspace).len(), 3);
}

#[test]
fn a_response_without_usage_creates_no_record_and_no_error() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    for body in ["", "{", "{\"error\":{\"message\":\"x\"}}", "no JSON"] {
        let done = workspace.record_agent_response(body, &context(json!({"durationMs": 5}))).unwrap();
        assert_eq!((done.records.len(), done.usage), (0, TokenUsage::default()));
    }
    assert!(rows(&workspace).is_empty());
}

#[test]
fn a_refused_record_leaves_nothing() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = message("m", 1).to_string();
    let refused = |given| workspace.record_agent_response(&body, &context(given));
    assert_refused(refused(json!({"jobId": "nowhere"})), ErrorKind::NotFound, "jobId");
    assert_refused(refused(json!({"durationMs": -1})), ErrorKind::InvalidInput, "durationMs");
    assert_refused(refused(json!({"responseId": " "})), ErrorKind::InvalidInput, "responseId");
    let backwards = json!({"startedAt": "2026-03-20T12:00:01Z", "finishedAt": "2026-03-20T12:00:00Z"});
    assert_refused(refused(backwards), ErrorKind::InvalidInput, "finishedAt");
    assert!(AgentContext::from_json(&json!({"jobID": "x"})).is_err());
    assert!(rows(&workspace).is_empty());
}

#[test]
fn strict_settings_keep_nothing() {
    let settings = object(json!({"telemetry": {"strict": true}}));
    let workspace = Fixture::new().options().config(settings).open_db(":memory:").unwrap();
    let done = record(&workspace, &message("m", 1), json!({}));
    assert!(!done.records[0].recorded);
    assert!(rows(&workspace).is_empty());
}

#[test]
fn the_log_alone_keeps_the_latest_version_too() {
    let fixture = Fixture::new();
    drop(fixture.open());
    let mut environment = fixture.environment();
    environment.disable_db = true;
    let workspace = fixture.options().environment(environment).open(fixture.root()).unwrap();
    record(&workspace, &message("a", 1), json!({}));
    record(&workspace, &message("b", 1), json!({}));
    assert!(record(&workspace, &message("a", 2), json!({})).records[0].updated);
    assert!(record(&workspace, &message("a", 2), json!({})).records[0].duplicate);
    let log = fixture.log();
    assert_eq!(log.iter().map(|entry| &entry["tokensCompletion"]).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_global_database_records_responses_too() {
    let fixture = Fixture::new();
    let global: Global = fixture.options().open_global_db(":memory:").unwrap();
    let body = message("m", 1).to_string();
    assert!(global.record_agent_response(&body, &AgentContext::default()).unwrap().records[0].recorded);
    assert!(global.record_agent_response(&body, &AgentContext::default()).unwrap().records[0].duplicate);
    let given = context(json!({"jobId": "j"}));
    assert_refused(global.record_agent_response(&body, &given), ErrorKind::InvalidInput, "jobId");
}

#[test]
fn writers_that_send_the_same_responses_record_each_once() {
    let fixture = Fixture::new();
    drop(fixture.open());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let workspace = fixture.open();
                for n in 0..25 {
                    record(&workspace, &message(&format!("m{n}"), 7), json!({}));
                    workspace
                        .record_agent_response(
                            &turn("t", 10 * (n + 1), n),
                            &context(json!({"asDeltas": true})),
                        )
                        .unwrap();
                }
            });
        }
    });
    let workspace = fixture.open();
    let all = rows(&workspace);
    let messages = all.iter().filter(|row| row.model_name.is_some()).count();
    let thread: i64 =
        all.iter().filter(|row| row.model_name.is_none()).filter_map(|row| row.tokens_prompt).sum();
    assert_eq!((messages, thread), (25, 250));
    assert_eq!(fixture.log().len(), all.len());
    assert_eq!(all[0].timestamp, at("12:00:00").to_string());
}
