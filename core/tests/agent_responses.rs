//! Recording what came back from an agent: once, whatever is sent again, and with everything that is known.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use common::{Fixture, assert_refused, at, object};
use mcoda_core::{
    AgentContext, ErrorKind, Global, RecordedResponse, TokenUsage, TokenUsageQuery, TokenUsageRow, Workspace,
};
use serde_json::{Value, json};

fn context(json: Value) -> AgentContext {
    AgentContext::from_json(&json).unwrap()
}

fn record(workspace: &Workspace, body: &Value, given: Value) -> RecordedResponse {
    workspace.record_agent_response(&body.to_string(), &context(given)).unwrap()
}

fn rows(workspace: &Workspace) -> Vec<TokenUsageRow> {
    workspace.token_usage(&TokenUsageQuery::default()).unwrap()
}

fn message(id: &str, output: i64) -> Value {
    json!({"id": id, "type": "message", "model": "claude-sonnet-4-5", "usage":
        {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": output}})
}

fn turn(thread: &str, input: i64, output: i64) -> String {
    format!(
        "{}\n{}",
        json!({"type": "thread.started", "thread_id": thread}),
        json!({"type": "turn.completed", "usage": {"input_tokens": input, "cached_input_tokens": input / 2,
            "output_tokens": output, "reasoning_output_tokens": output / 2}})
    )
}

fn run(session: &str, models: &[(&str, i64, f64)]) -> Value {
    let usage = |(name, output, cost): &(&str, i64, f64)| {
        (
            (*name).to_owned(),
            json!({"inputTokens": 1, "outputTokens": output, "cacheReadInputTokens": 10,
            "cacheCreationInputTokens": 2, "costUSD": cost}),
        )
    };
    let total: f64 = models.iter().map(|(_, _, cost)| cost).sum();
    let models: serde_json::Map<String, Value> = models.iter().map(usage).collect();
    json!({"type": "result", "session_id": session, "duration_ms": 900, "total_cost_usd": total, "uuid": "u",
        "usage": {"input_tokens": 1, "output_tokens": 1}, "modelUsage": models})
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
fn what_the_answer_tells_holds_over_what_was_measured() {
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
    // To whom the call belongs is not forgotten by a version that does not say.
    assert_eq!((row.job_id.as_ref(), row.agent_id.as_deref()), (Some(&job.id), Some("a")));
    let log = fixture.log();
    let logged: Vec<&Value> = log.iter().filter(|entry| entry["id"] == *row.id).collect();
    assert_eq!((log.len(), logged.len()), (2, 1), "{log:?}");
    assert_eq!(logged[0]["tokensCompletion"], 40);
}

#[test]
fn the_log_tells_the_latest_version_after_any_number_of_them() {
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
    // Changed by a process that died before it could log: the row is new and on the queue, the log is old.
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
fn a_record_of_its_own_is_never_changed_by_the_plain_call() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let id = record(&workspace, &message("msg_1", 3), json!({})).records[0].id.clone();
    let other = TokenUsage { id: Some(id.clone()), tokens_prompt: Some(1), ..TokenUsage::default() };
    assert_refused(workspace.record_token_usage(&other), ErrorKind::Conflict, &id);
    assert_eq!(rows(&workspace)[0].tokens_prompt, Some(125));
}

#[test]
fn an_answer_without_an_id_is_a_new_one_unless_the_host_names_it() {
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
fn an_answer_without_usage_is_no_record_and_no_error() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    for body in ["", "{", "{\"error\":{\"message\":\"x\"}}", "no JSON"] {
        let done = workspace.record_agent_response(body, &context(json!({"durationMs": 5}))).unwrap();
        assert_eq!((done.records.len(), done.usage), (0, TokenUsage::default()));
    }
    assert!(rows(&workspace).is_empty());
}

#[test]
fn what_cannot_be_recorded_leaves_nothing() {
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
fn a_session_has_one_record_with_its_last_count() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let record = |body: &str| workspace.record_agent_response(body, &AgentContext::default()).unwrap();
    record(&turn("t", 100, 10));
    assert!(record(&turn("t", 300, 40)).records[0].updated);
    // An older count that is sent again does not take back what was counted since.
    assert!(record(&turn("t", 100, 10)).records[0].duplicate);
    record(&turn("other", 7, 1));
    let all = rows(&workspace);
    assert_eq!(all.iter().map(|row| row.tokens_prompt).collect::<Vec<_>>(), [Some(300), Some(7)]);
    assert_eq!(all[0].metadata["usage"]["cumulative"], true);
}

#[test]
fn a_session_is_recorded_as_what_came_on_top_where_that_is_asked_for() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let given = context(json!({"asDeltas": true}));
    let record = |body: &str| workspace.record_agent_response(body, &given).unwrap().records[0].clone();
    let first = record(&turn("t", 100, 10));
    assert!(record(&turn("t", 100, 10)).duplicate);
    let second = record(&turn("t", 300, 40));
    assert!(!second.duplicate && second.id != first.id);
    // A replay of an older count is nothing new.
    assert!(record(&turn("t", 100, 10)).duplicate);
    assert!(record(&turn("t", 300, 40)).duplicate);
    let all = rows(&workspace);
    let numbers: Vec<_> =
        all.iter().map(|row| (row.tokens_prompt, row.tokens_cached, row.tokens_completion)).collect();
    assert_eq!(numbers, [(Some(100), Some(50), Some(10)), (Some(200), Some(100), Some(30))]);
    assert_eq!(all[1].metadata["usage"]["reasoning"], 15);
    assert_eq!(all[1].metadata["usage"]["delta"], true);
    // Asked the other way round, the whole is not counted on top of its pieces.
    workspace.record_agent_response(&turn("t", 310, 40), &AgentContext::default()).unwrap();
    let sum: i64 = rows(&workspace).iter().filter_map(|row| row.tokens_prompt).sum();
    assert_eq!(sum, 310);
}

#[test]
fn a_resumed_run_of_several_models_is_recorded_as_what_came_on_top() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    record(&workspace, &run("s", &[("big", 100, 0.5), ("little", 10, 0.1)]), json!({"asDeltas": true}));
    record(&workspace, &run("s", &[("big", 150, 0.8), ("little", 10, 0.1)]), json!({"asDeltas": true}));
    let all = rows(&workspace);
    let numbers: Vec<_> = all.iter().map(|row| (row.model_name.as_deref(), row.tokens_completion)).collect();
    assert_eq!(numbers, [(Some("big"), Some(100)), (Some("little"), Some(10)), (Some("big"), Some(50))]);
    let cost: f64 = all.iter().filter_map(|row| row.cost_estimate).sum();
    assert!((cost - 0.9).abs() < 1e-12, "{cost}");
    assert_eq!(all[0].duration_ms, Some(900.0));
    assert_eq!(all[1].duration_ms, None);
}

#[cfg(not(feature = "prices"))]
#[test]
fn computing_a_cost_without_a_table_of_prices_is_refused_and_records_nothing() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let context = AgentContext { compute_cost: true, ..AgentContext::default() };
    let body = json!({"id": "1", "usage": {"prompt_tokens": 10, "completion_tokens": 1}}).to_string();
    let error = workspace.record_agent_response(&body, &context).unwrap_err();
    assert_eq!((error.kind(), error.field()), (mcoda_core::ErrorKind::Unsupported, Some("computeCost")));
    assert!(error.message().contains("`prices`"), "{error}");
    assert!(rows(&workspace).is_empty());
}

#[cfg(feature = "prices")]
#[test]
fn a_cost_is_computed_on_request_where_nobody_tells_it() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = |model: &str, id: &str| {
        json!({"id": id, "object": "chat.completion", "created": 1_757_000_000, "model": model, "usage": {"prompt_tokens": 1000,
            "completion_tokens": 100, "total_tokens": 1100, "prompt_tokens_details": {"cached_tokens": 400}}})
    };
    let cost = |body: Value, given: Value| {
        let id = record(&workspace, &body, given).records[0].id.clone();
        let row = rows(&workspace).into_iter().find(|row| row.id == id).unwrap();
        (row.cost_estimate, row.currency, row.metadata["usage"].clone())
    };
    let (none, _, notes) = cost(body("gpt-4o", "1"), json!({}));
    assert_eq!((none, notes.get("cost_source")), (None, None));
    // 600 at $2.50, 400 cached at $1.25 and 100 at $10 a million.
    let (computed, currency, notes) =
        cost(body("gpt-4o", "2"), json!({"computeCost": true, "provider": "openai"}));
    assert!((computed.unwrap() - 0.003).abs() < 1e-12, "{computed:?}");
    assert_eq!((currency.as_deref(), &notes["cost_source"]), (Some("USD"), &json!("computed")));
    assert_eq!(notes["price_table"], "genai-prices 0.2.1");
    assert_eq!(notes["price_model"], "openai/gpt-4o");
    for (model, provider) in
        [("a-model-of-nobody", "openai"), ("gpt-4o", "a-provider-of-nobody"), ("gpt-4o", "ollama")]
    {
        let (unknown, currency, notes) =
            cost(body(model, model), json!({"computeCost": true, "provider": provider}));
        assert_eq!(
            (unknown, currency, &notes["cost_source"]),
            (None, None, &json!("unknown")),
            "{model} {provider}"
        );
    }
    let mut told = body("gpt-4o", "3");
    told["usage"]["cost"] = json!(0.5);
    let (kept, _, notes) = cost(told, json!({"computeCost": true}));
    assert_eq!((kept, &notes["cost_source"]), (Some(0.5), &json!("provider")));
}

#[cfg(feature = "prices")]
#[test]
fn cache_writes_have_prices_of_their_own() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let body = json!({"id": "m", "type": "message", "model": "claude-sonnet-4-5", "usage": {"input_tokens": 1000,
        "cache_read_input_tokens": 10_000, "cache_creation_input_tokens": 3000, "output_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}}});
    record(&workspace, &body, json!({"computeCost": true}));
    // $3 input, $0.30 read, $3.75 and $6 written, $15 output a million.
    let expected = (1000.0 * 3.0 + 10_000.0 * 0.3 + 1000.0 * 3.75 + 2000.0 * 6.0 + 100.0 * 15.0) / 1e6;
    let cost = rows(&workspace)[0].cost_estimate.unwrap();
    assert!((cost - expected).abs() < 1e-9, "{cost} {expected}");
}

#[test]
fn the_price_table_is_the_one_that_records_name() {
    let manifest = include_str!("../../Cargo.toml");
    let lock = include_str!("../../Cargo.lock");
    assert!(manifest.contains("genai-prices"));
    assert!(
        lock.contains("name = \"genai-prices\"\nversion = \"0.2.1\""),
        "price::TABLE names another version"
    );
}

#[test]
fn an_answer_without_an_id_that_broke_off_counts_once_however_often_it_is_read() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let piece = |output: u64| {
        let usage =
            json!({"promptTokenCount": 15, "candidatesTokenCount": output, "totalTokenCount": 15 + output});
        json!({"candidates": [{"content": {}}], "usageMetadata": usage}).to_string()
    };
    let stream = format!("{}\n{}\n{{\"candidates\": [", piece(2), piece(7));
    let read = || workspace.record_agent_stream(stream.as_bytes(), &Default::default(), |_| {}).unwrap();
    assert_eq!((read().recorded, read().recorded, read().duplicates), (1, 0, 1));
    let rows = workspace.token_usage(&Default::default()).unwrap();
    assert_eq!(rows.iter().map(|row| row.tokens_completion).collect::<Vec<_>>(), [Some(7)]);
}

#[test]
fn a_thread_without_a_name_that_another_one_follows_counts_once_however_often_it_is_read() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let turn = |input: u64| json!({"type": "turn.completed", "usage": {"input_tokens": input, "cached_input_tokens": 0, "output_tokens": 5}});
    let lines = [turn(100), json!({"type": "thread.started", "thread_id": "b"}), turn(50)];
    let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let read = || workspace.record_agent_stream(stream.as_bytes(), &Default::default(), |_| {}).unwrap();
    assert_eq!((read().recorded, read().recorded, read().duplicates), (2, 0, 2));
}

#[test]
fn what_a_run_cost_beyond_its_models_takes_no_models_place() {
    let init = json!({"type": "system", "subtype": "init", "session_id": "s", "model": "big"});
    let model = |tokens: u64| json!({"inputTokens": tokens, "outputTokens": 1, "costUSD": 0.25});
    let result = json!({"type": "result", "session_id": "s", "uuid": "u", "total_cost_usd": 0.75,
                        "modelUsage": {"big": model(10), "little": model(20)}});
    let mut nameless = result.clone();
    nameless.as_object_mut().unwrap().remove("session_id");
    for body in [format!("{init}\n{result}"), format!("{init}\n{nameless}")] {
        let fixture = Fixture::new();
        let workspace = fixture.open();
        let recorded = workspace.record_agent_response(&body, &AgentContext::default()).unwrap().records;
        assert!(recorded.iter().all(|one| !one.updated && !one.duplicate), "{recorded:?}");
        let mut told: Vec<_> = rows(&workspace)
            .into_iter()
            .map(|row| (row.model_name, row.tokens_prompt, row.cost_estimate))
            .collect();
        told.sort_by_key(|(_, prompt, _)| *prompt);
        let some = |name: &str, prompt| (Some(name.to_owned()), Some(prompt), Some(0.25));
        assert_eq!(told, [(None, None, Some(0.25)), some("big", 10), some("little", 20)]);
        let again = workspace.record_agent_response(&body, &AgentContext::default()).unwrap().records;
        assert!(again.iter().all(|one| one.duplicate), "{again:?}");
    }
}

#[test]
fn a_stream_is_recorded_call_by_call_and_can_be_read_again() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let mut lines: Vec<String> =
        (0..2500).map(|n| message(&format!("msg_{}", n / 2), n).to_string()).collect();
    let bare = json!({"usage": {"prompt_tokens": 2, "completion_tokens": 1}}).to_string();
    lines.extend([bare.clone(), bare, "no JSON".into(), "{\"error\":{}}".into(), "{\"torn\":".into()]);
    let text = lines.join("\n");
    let mut seen = 0;
    let summary = workspace
        .record_agent_stream(text.as_bytes(), &AgentContext::default(), |bytes| seen = bytes)
        .unwrap();
    assert_eq!((summary.recorded, summary.updated, summary.duplicates), (1252, 0, 0));
    assert_eq!((summary.lines, summary.objects, summary.bytes), (2505, 2503, text.len() as u64));
    let skipped = &summary.skipped;
    assert_eq!((skipped.not_json, skipped.damaged, skipped.without_usage, skipped.too_long), (1, 1, 1, 0));
    assert_eq!(seen, text.len() as u64);
    assert_eq!(fixture.log().len(), 1252);
    let before = fixture.everything();
    let again = workspace.record_agent_stream(text.as_bytes(), &AgentContext::default(), |_| {}).unwrap();
    assert_eq!((again.recorded, again.updated, again.duplicates), (0, 0, 1252));
    assert_eq!(fixture.everything(), before);
    let sum: i64 = rows(&workspace).iter().filter_map(|row| row.tokens_completion).sum();
    assert_eq!(sum, (0..1250).map(|n| 2 * n + 1).sum::<i64>() + 2);
}

#[test]
fn a_file_that_has_grown_adds_what_is_new() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let read = |text: &str| {
        let summary =
            workspace.record_agent_stream(text.as_bytes(), &AgentContext::default(), |_| {}).unwrap();
        (summary.recorded, summary.updated, summary.duplicates)
    };
    let line = |n: i64| {
        json!({"model": "q", "done": true, "prompt_eval_count": n, "eval_count": 1}).to_string() + "\n"
    };
    assert_eq!(read(&(line(1) + &line(1) + &line(2))), (3, 0, 0));
    assert_eq!(read(&(line(1) + &line(1) + &line(2) + &line(1))), (1, 0, 3));
    assert_eq!(read(&(message("m", 1).to_string() + "\n")), (1, 0, 0));
    assert_eq!(read(&(message("m", 2).to_string() + "\n")), (0, 1, 0));
    assert_eq!(read(&turn("t", 10, 2)), (1, 0, 0));
    assert_eq!(read(&(turn("t", 10, 2) + "\n" + &turn("t", 30, 4))), (0, 1, 0));
    assert_eq!(rows(&workspace).iter().filter_map(|row| row.tokens_prompt).sum::<i64>(), 5 + 125 + 30);
}

#[test]
fn a_file_is_recorded_and_one_that_cannot_be_read_is_named() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let global = Global::open_db(":memory:").unwrap();
    let file = fixture.root().with_file_name("answers.jsonl");
    std::fs::write(&file, format!("{}\n{}\n", message("a", 1), message("b", 2))).unwrap();
    for recorded in [2, 0] {
        let summary = workspace.record_agent_file(&file, &context(json!({"agentId": "claude"}))).unwrap();
        assert_eq!((summary.recorded, summary.duplicates), (recorded, 2 - recorded));
    }
    assert_eq!(rows(&workspace)[1].agent_id.as_deref(), Some("claude"));
    assert_eq!(global.record_agent_file(&file, &AgentContext::default()).unwrap().recorded, 2);

    for unreadable in [file.with_extension("none"), fixture.root()] {
        let error = workspace.record_agent_file(&unreadable, &AgentContext::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.message().contains(unreadable.to_str().unwrap()), "{error}");
    }
    workspace.close().unwrap();
    let closed = workspace.record_agent_file(file.with_extension("none"), &AgentContext::default());
    assert_eq!(closed.unwrap_err().kind(), ErrorKind::Closed);
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
fn the_global_database_records_answers_too() {
    let fixture = Fixture::new();
    let global: Global = fixture.options().open_global_db(":memory:").unwrap();
    let body = message("m", 1).to_string();
    assert!(global.record_agent_response(&body, &AgentContext::default()).unwrap().records[0].recorded);
    assert!(global.record_agent_response(&body, &AgentContext::default()).unwrap().records[0].duplicate);
    let given = context(json!({"jobId": "j"}));
    assert_refused(global.record_agent_response(&body, &given), ErrorKind::InvalidInput, "jobId");
}

#[test]
fn writers_that_send_the_same_answers_leave_each_once() {
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
