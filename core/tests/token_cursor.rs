//! Reading token usage row by row during concurrent changes of the database.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use common::{Fixture, assert_refused, raw};
use mcoda_core::{ErrorKind, TokenUsage, TokenUsageQuery, TokenUsageRow, Workspace};
use serde_json::{Value, json};

/// A workspace with numbered calls, one per minute, the last one first.
fn recorded(count: usize) -> (Fixture, Workspace) {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let call = |number: usize| {
        let timestamp = format!("2026-03-20T{:02}:{:02}:00Z", number / 60, number % 60);
        let command = if number.is_multiple_of(2) { "even" } else { "odd" };
        let call = json!({"id": number.to_string(), "timestamp": timestamp, "commandName": command});
        TokenUsage::from_json(&call).unwrap()
    };
    let calls: Vec<TokenUsage> = (0..count).rev().map(call).collect();
    workspace.record_token_usages(&calls).unwrap();
    (fixture, workspace)
}

fn query(json: Value) -> TokenUsageQuery {
    TokenUsageQuery::from_json(&json).unwrap()
}

fn ids(rows: &[TokenUsageRow]) -> Vec<&str> {
    rows.iter().map(|row| &*row.id).collect()
}

#[test]
fn a_cursor_gives_the_rows_of_the_list_in_its_order() {
    let (_fixture, workspace) = recorded(700);
    for fields in [
        json!({}),
        json!({"command": "odd"}),
        json!({"since": "2026-03-20T01:00:00Z", "until": "2026-03-20T02:00:00Z"}),
        json!({"page": 3, "pageSize": 100}),
        json!({"page": 8, "pageSize": 100}),
    ] {
        let query = query(fields);
        let list = workspace.token_usage(&query).unwrap();
        let rows: Result<Vec<_>, _> = workspace.token_usage_cursor(&query).unwrap().collect();
        assert_eq!(rows.unwrap(), list);
        let mut cursor = workspace.token_usage_cursor(&query).unwrap();
        let mut chunks = Vec::new();
        loop {
            let chunk = cursor.next_chunk(77).unwrap();
            if chunk.is_empty() {
                break;
            }
            assert!(chunk.len() <= 77);
            chunks.extend(chunk);
        }
        assert_eq!(chunks, list);
        assert!(cursor.next_chunk(1).unwrap().is_empty());
    }
    assert_eq!(workspace.token_usage(&query(json!({}))).unwrap()[699].id, "699");
}

#[test]
fn chunks_and_single_rows_can_be_mixed() {
    let (_fixture, workspace) = recorded(5);
    let mut cursor = workspace.token_usage_cursor(&query(json!({}))).unwrap();
    assert_eq!(cursor.next().unwrap().unwrap().id, "0");
    let chunk = cursor.next_chunk(2).unwrap();
    assert_eq!(ids(&chunk), ["1", "2"]);
    let rest: Vec<TokenUsageRow> = cursor.map(Result::unwrap).collect();
    assert_eq!(ids(&rest), ["3", "4"]);
}

#[test]
fn the_handle_is_free_between_chunks() {
    let (_fixture, workspace) = recorded(4);
    let mut cursor = workspace.token_usage_cursor(&query(json!({}))).unwrap();
    let mut seen = 0;
    while !cursor.next_chunk(1).unwrap().is_empty() {
        seen += 1;
        // Rows that are recorded later are not in the result, whatever their time.
        let call = json!({"timestamp": "2026-03-20T00:00:30Z"});
        workspace.record_token_usage(&TokenUsage::from_json(&call).unwrap()).unwrap();
    }
    assert_eq!(seen, 4);
}

#[test]
fn rows_that_are_gone_or_become_others_are_left_out() {
    let (fixture, workspace) = recorded(6);
    let mut cursor = workspace.token_usage_cursor(&query(json!({"command": "even"}))).unwrap();
    assert_eq!(ids(&cursor.next_chunk(1).unwrap()), ["0"]);
    let other = fixture.raw();
    other.execute("DELETE FROM token_usage WHERE id = '2'", []).unwrap();
    assert_eq!(ids(&cursor.next_chunk(1).unwrap()), ["4"], "what is gone is passed over");
    let mut cursor = workspace.token_usage_cursor(&query(json!({}))).unwrap();
    for change in [
        "UPDATE token_usage SET timestamp = '2026-03-21' WHERE id = '0'",
        "UPDATE token_usage SET workspace_id = 'other' WHERE id = '1'",
        "UPDATE token_usage SET tokens_prompt = 7 WHERE id = '3'",
    ] {
        other.execute(change, []).unwrap();
    }
    let rows = cursor.next_chunk(9).unwrap();
    assert_eq!((ids(&rows), rows[0].tokens_prompt), (vec!["3", "4", "5"], Some(7)));
}

#[test]
fn a_database_that_is_rebuilt_meanwhile_is_a_conflict() {
    let (fixture, workspace) = recorded(6);
    let mut cursor = workspace.token_usage_cursor(&query(json!({}))).unwrap();
    cursor.next_chunk(1).unwrap();
    fixture.raw().execute_batch("DELETE FROM token_usage WHERE id = '5'; VACUUM").unwrap();
    assert_refused(cursor.next_chunk(1), ErrorKind::Conflict, "query again");
    assert_eq!(workspace.token_usage_cursor(&query(json!({}))).unwrap().count(), 5);
}

#[test]
fn after_close_a_cursor_is_closed_and_its_iterator_ends() {
    let (_fixture, workspace) = recorded(3);
    let mut cursor = workspace.token_usage_cursor(&query(json!({}))).unwrap();
    workspace.close().unwrap();
    assert_refused(cursor.next_chunk(1), ErrorKind::Closed, "closed");
    assert_eq!(cursor.next().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert!(cursor.next().is_none() && cursor.next().is_none());
    assert_refused(workspace.token_usage_cursor(&query(json!({}))), ErrorKind::Closed, "closed");
}

#[test]
fn a_cursor_outlives_its_handle_and_refuses_what_is_none() {
    let (fixture, workspace) = recorded(3);
    let unknown = workspace.token_usage_cursor(&query(json!({"projectKey": "NO"})));
    assert_refused(unknown, ErrorKind::NotFound, "projectKey");
    assert_refused(workspace.token_usage_cursor(&query(json!({"page": 0}))), ErrorKind::InvalidInput, "page");
    let mut cursor = workspace.token_usage_cursor(&query(json!({}))).unwrap();
    assert_refused(cursor.next_chunk(0), ErrorKind::InvalidInput, "limit");
    drop(workspace);
    assert_eq!(std::thread::spawn(move || cursor.count()).join().unwrap(), 3);
    assert_eq!(common::count(&raw(&fixture.database()), "token_usage"), 3);
}
