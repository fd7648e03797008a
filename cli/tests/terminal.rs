//! Hostile stored text, on a terminal and in exports.
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

mod common;

use common::Sandbox;
use serde_json::json;

const DB: &str = "--db=mcoda.db";
const HOSTILE: &str = "\u{202e}\u{1b}[31m\n\u{200b}\u{2066}";
const SANITIZED: &str = "\u{fffd}\u{fffd}[31m \u{fffd}\u{fffd}";

/// A task, a job and a call whose every text was written by an attacker.
fn written_by_others() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[1.0]);
    sandbox.text(&["transition", "P-1-1-T1", "in_progress", DB]);
    let database = rusqlite::Connection::open(sandbox.path("mcoda.db")).unwrap();
    database.execute("UPDATE tasks SET title = 'Task' || ?1, status = 'red' || ?1", [HOSTILE]).unwrap();
    database.execute("UPDATE task_status_events SET to_status = 'red' || ?1", [HOSTILE]).unwrap();
    sandbox.write("call.json", &json!({"id": "1", "agentId": "a", "timestamp": "2026-03-20"}).to_string());
    sandbox.text(&["record", DB, "--workspace-id=w", "--input=call.json"]);
    database.execute("UPDATE token_usage SET agent_id = 'ada' || ?1", [HOSTILE]).unwrap();
    sandbox
}

#[test]
fn tables_show_stored_text_sanitized_on_one_line() {
    let sandbox = written_by_others();
    let status = sandbox.text(&["status", "P-1-1-T1", DB]);
    assert!(
        status.starts_with(&format!("P-1-1-T1: Task{SANITIZED}\nStatus: red{SANITIZED}\n\nTIME ")),
        "{status}"
    );
    assert!(status.trim_end().ends_with(&format!("| not_started | red{SANITIZED}")), "{status}");
    let tokens = sandbox.text(&["tokens", DB, "--workspace-id=w", "--now=2026-03-21"]);
    assert!(tokens.contains(&format!("ada{SANITIZED} |     1\n")), "{tokens}");
    let moved = sandbox.text(&["transition", "P-1-1-T1", "blocked", DB]);
    assert_eq!(moved, format!("P-1-1-T1: red{SANITIZED} → blocked\n"));
    let id = format!("w{HOSTILE}");
    let made = sandbox.text(&["init", "--db=x.db", "--workspace-id", &id]);
    assert!(made.ends_with(&format!("x.db\nWorkspace: w{SANITIZED}\n")), "{made}");
}

#[test]
fn exports_contain_the_exact_text() {
    let sandbox = written_by_others();
    let exported = sandbox.text(&["export", DB, "--workspace-id=w", "--format=csv"]);
    assert!(exported.contains(&format!("\"ada{HOSTILE}\"")), "{exported}");
    let rows = sandbox.json(&["tokens", DB, "--workspace-id=w", "--now=2026-03-21", "--json"]);
    assert_eq!(rows[0]["agent_id"], format!("ada{HOSTILE}"));
    let moves = sandbox.json(&["status", "P-1-1-T1", DB, "--json"]);
    assert_eq!(moves[0]["toStatus"], format!("red{HOSTILE}"));
}

#[test]
fn errors_show_the_given_value_sanitized_on_one_line() {
    let sandbox = written_by_others();
    let given = format!("x{HOSTILE}");
    for (args, code) in [
        (&["status", &given, DB][..], 1),
        (&["transition", "P-1-1-T1", &given, "--expected-from", &given, DB], 1),
        (&["tokens", DB, "--since", &given], 1),
        (&["tokens", DB, "--group-by", &given], 2),
        (&["record", DB, "--from", &given], 1),
        (&["estimate", "--db", &given], 1),
    ] {
        let message = sandbox.run(args).failure(code);
        assert!(message.contains('x'), "{message}");
        assert_eq!(mcoda_core::report::printable(&message), message, "{args:?}");
    }
}
