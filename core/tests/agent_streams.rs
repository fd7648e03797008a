//! Recording streams and files of responses, once and repeatedly.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::responses::*;
use common::*;
use mcoda_core::{AgentContext, ErrorKind, Global, ResponseReader};
use serde_json::json;

#[test]
fn a_truncated_response_without_an_id_counts_once_however_often_it_is_read() {
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
fn a_file_that_has_grown_adds_only_new_records() {
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
    let file = fixture.root().with_file_name("responses.jsonl");
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
fn a_response_read_in_pieces_is_recorded_as_one_that_is_complete() {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    let context = AgentContext { agent_id: Some("a".into()), ..AgentContext::default() };
    let mut response = ResponseReader::new(None);
    response.push_value(&message("msg_1", 3).to_string());
    let text = format!("data: {}\n\n", message("msg_2", 4));
    response.push(&text[..40]);
    response.push(&text[40..]);
    let done = workspace.record_agent_pieces(response, &context).unwrap();
    assert_eq!((done.records.len(), done.usage.tokens_completion), (2, Some(7)));
    let body = format!("{}\n{}", message("msg_1", 3), message("msg_2", 4));
    let whole = workspace.record_agent_response(&body, &context).unwrap();
    assert!(whole.records.iter().all(|record| record.duplicate), "{whole:?}");
    assert_eq!(whole.usage, done.usage);
    let nothing = workspace.record_agent_pieces(ResponseReader::new(None), &context).unwrap();
    assert!(nothing.records.is_empty());
}
