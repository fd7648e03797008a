//! Agent slugs in token usage queries, which are looked up in the global database.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::desk::*;
use mcoda_core::{Clock, ErrorKind, Global, TokenUsage, TokenUsageQuery, Workspace};
use rusqlite::Connection;
use serde_json::json;

impl Desk {
    /// Every query for the agent with this name fails with this kind and says what to do.
    fn cannot_look_up(&self, name: &str, kind: ErrorKind) {
        let query = TokenUsageQuery { agent: Some(name.to_owned()), ..TokenUsageQuery::default() };
        for error in [
            self.workspace.token_usage(&query).err().unwrap(),
            self.workspace.token_usage_cursor(&query).err().unwrap(),
            self.workspace.token_usage_summary(&query, &[]).err().unwrap(),
        ] {
            assert_eq!((error.kind(), error.field()), (kind, Some("agent")), "{error}");
            let start = format!(
                "agent: the name {name:?} could not be looked up in {}: ",
                self.global_file().display()
            );
            assert!(error.message().starts_with(&start), "{error}");
            assert!(
                error.message().ends_with("an agent's id from this workspace's usage needs no look-up"),
                "{error}"
            );
        }
    }

    /// The global database of the workspace's user.
    fn global_file(&self) -> PathBuf {
        self.home.join(".mcoda/mcoda.db")
    }

    /// Creates the global database, with agents by id and slug.
    fn with_agents(self, agents: &[(&str, &str)]) -> Self {
        Global::open_db(self.global_file()).unwrap().close().unwrap();
        add_agents(&self.global_file(), agents);
        self
    }
}

fn add_agents(file: &Path, agents: &[(&str, &str)]) {
    let connection = Connection::open(file).unwrap();
    for (id, slug) in agents {
        let sql =
            "INSERT INTO agents (id, slug, adapter, created_at, updated_at) VALUES (?1, ?2, 'cli', ?3, ?3)";
        connection.execute(sql, [id, slug, NOON]).unwrap();
    }
}

/// The names and sizes of the files in a folder. Readers of a write-ahead log coordinate through two files of SQLite's
/// own; the log among them must be empty.
fn files_in(folder: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()));
    let coordination =
        |name: &str, size: u64| name.ends_with("-shm") || (name.ends_with("-wal") && size == 0);
    let mut files: Vec<_> = files.filter(|(name, size)| !coordination(name, *size)).collect();
    files.sort();
    files
}

#[test]
fn an_agent_is_named_by_slug_or_id() {
    let desk = Desk::new().with_agents(&[("id-1", "codex"), ("id-2", "claude"), ("codex-2", "id-2")]);
    for (name, agent) in [("1", "id-1"), ("2", "id-2"), ("3", "stranger")] {
        desk.put(name, &json!({"agent_id": agent}));
    }
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "id-1"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "id-2"})), ["2"], "an id goes before a slug");
    assert_eq!(desk.ids(json!({"agent": "stranger"})), ["3"]);
    assert_eq!(desk.summary(json!({"agent": "claude"}))[0].calls, 1);
}

#[test]
fn looking_up_an_agent_changes_nothing_in_the_home_folder() {
    let desk = Desk::new();
    desk.put("1", &json!({"agent_id": "codex"}));
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert!(!desk.home.exists());

    let desk = desk.with_agents(&[("codex", "codex")]);
    let before = (files_in(&desk.home.join(".mcoda")), std::fs::read(desk.global_file()).unwrap());
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert_eq!(files_in(&desk.home.join(".mcoda")), before.0);
    assert!(std::fs::read(desk.global_file()).unwrap() == before.1, "the database stays as it is");
}

#[test]
fn a_slug_that_cannot_be_looked_up_is_an_error_and_not_an_empty_result() {
    for (damage, kind) in [
        ("CREATE TABLE agents (name TEXT, provider TEXT)", ErrorKind::Unsupported),
        ("CREATE TABLE unrelated (x)", ErrorKind::Unsupported),
        (
            "CREATE TABLE agents (id TEXT, slug TEXT); INSERT INTO agents VALUES ('id-1', 'codex'); PRAGMA user_version = 999",
            ErrorKind::Unsupported,
        ),
    ] {
        let desk = Desk::new();
        desk.put("1", &json!({"agent_id": "id-1"}));
        std::fs::create_dir_all(desk.home.join(".mcoda")).unwrap();
        Connection::open(desk.global_file()).unwrap().execute_batch(damage).unwrap();
        let before = files_in(&desk.home.join(".mcoda"));
        desk.cannot_look_up("codex", kind);
        assert_eq!(desk.ids(json!({"agent": "id-1"})), ["1"], "an id needs no look-up: {damage}");
        assert_eq!(files_in(&desk.home.join(".mcoda")), before, "{damage}");
        std::fs::write(desk.global_file(), "no database at all").unwrap();
        desk.cannot_look_up("codex", ErrorKind::Corrupt);
        std::fs::remove_file(desk.global_file()).unwrap();
        std::fs::create_dir(desk.global_file()).unwrap();
        desk.cannot_look_up("codex", ErrorKind::Storage);
        std::fs::remove_dir(desk.global_file()).unwrap();
        std::fs::write(desk.global_file(), "").unwrap();
        assert_eq!(desk.ids(json!({"agent": "codex"})), [""; 0], "where there is no schema there is no slug");
    }
}

#[test]
fn a_busy_global_database_makes_a_slug_busy_and_leaves_an_id_an_id() {
    let desk = Desk::waiting(Duration::from_millis(1)).with_agents(&[("id-1", "codex"), ("id-2", "claude")]);
    desk.put("1", &json!({"agent_id": "id-1"}));
    desk.put("2", &json!({"agent_id": "claude"}));
    desk.put("foreign", &json!({"workspace_id": "other", "agent_id": "codex"}));
    let holder = Connection::open(desk.global_file()).unwrap();
    holder.pragma_update(None, "journal_mode", "DELETE").unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    desk.cannot_look_up("codex", ErrorKind::Busy);
    assert_eq!(desk.ids(json!({"agent": "id-1"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "claude"})), ["2"], "an id here, a slug there");
    holder.execute_batch("COMMIT").unwrap();
    assert_eq!(desk.ids(json!({"agent": "codex"})), ["1"]);
    assert_eq!(desk.ids(json!({"agent": "claude"})), ["2"], "and the same result when it is free");
}

#[test]
fn the_global_database_returns_its_own_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let clock = Clock::fixed(NOON.parse().unwrap());
    let global = Workspace::options().clock(clock).open_global_db(&file).unwrap();
    add_agents(&file, &[("id-1", "codex"), ("id-2", "claude")]);
    for (agent, tokens) in [("id-1", 1), ("id-2", 2), ("id-1", 4)] {
        let call = json!({"agentId": agent, "tokensPrompt": tokens, "commandName": "chat"});
        global.record_token_usage(&TokenUsage::from_json(&call).unwrap()).unwrap();
    }
    let of_codex = TokenUsageQuery { agent: Some("codex".into()), ..Default::default() };
    assert_eq!(global.token_usage(&of_codex).unwrap().len(), 2);
    let summary = global.token_usage_summary(&TokenUsageQuery::default(), &[]).unwrap();
    assert_eq!(
        serde_json::to_value(&summary[0]).unwrap(),
        json!({"workspace_id": null, "project_id": null, "command_name": "chat", "agent_id": "id-1", "calls": 2,
               "tokens_prompt": 5, "tokens_completion": 0, "tokens_total": 0, "tokens_cached": 0,
               "tokens_cache_read": 0, "tokens_cache_write": 0, "duration_ms": 0, "cost_estimate": null})
    );
    let of_a_job = TokenUsageQuery { job_id: Some("j".into()), ..Default::default() };
    assert_eq!(refused(global.token_usage(&of_a_job)), invalid("jobId"));
    global.close().unwrap();
    assert_eq!(refused(global.token_usage(&of_codex)), (ErrorKind::Closed, None));
}
