//! What the library writes to the `log` crate.

#![allow(clippy::unwrap_used, reason = "a test ends where it does not find what it needs")]

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};
use mcoda_core::{AgentContext, TokenUsage, Workspace};

struct Seen(Mutex<Vec<(Level, String, String)>>);

impl Log for Seen {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let message = (record.level(), record.target().to_owned(), record.args().to_string());
        self.0.lock().unwrap().push(message);
    }

    fn flush(&self) {}
}

static SEEN: Seen = Seen(Mutex::new(Vec::new()));

/// The messages since the last time, each as `LEVEL target: text`, with the folder as `…`.
fn taken(folder: &Path) -> Vec<String> {
    let folder = format!("{}/", folder.display());
    let seen = std::mem::take(&mut *SEEN.0.lock().unwrap());
    let line = |(level, target, text): (Level, String, String)| {
        format!("{level} {target}: {}", text.replace(&folder, "…"))
    };
    seen.into_iter().map(line).collect()
}

/// One test, since a process has one logger.
#[test]
fn what_no_result_contains_is_a_message() {
    log::set_logger(&SEEN).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let folder = tempfile::tempdir().unwrap();
    let (file, folder) = (folder.path().join("x.db"), folder.path());
    let open = || Workspace::options().json_log_in(folder).open_db(&file).unwrap();

    let workspace = open();
    assert_eq!(taken(folder), ["INFO mcoda::database: …x.db: created as a workspace database"]);
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    assert!(taken(folder).is_empty(), "an ordinary call has nothing to say");

    let body = |model: &str| {
        format!(
            r#"{{"id": "{model}", "type": "message", "model": "{model}", "usage": {{"input_tokens": 1, "output_tokens": 1}}}}"#
        )
    };
    let provider = Some("anthropic".to_owned());
    let context = AgentContext { compute_cost: true, provider, ..AgentContext::default() };
    workspace.record_agent_response(&body("claude-sonnet-4-5"), &context).unwrap();
    assert!(taken(folder).is_empty(), "the price is known");
    workspace.record_agent_response(&body("a-model-without-a-price"), &context).unwrap();
    let unknown = "WARN mcoda::prices: no price of \"a-model-without-a-price\" by \"anthropic\" for what was used: \
                   the cost is unknown";
    assert_eq!(taken(folder), [unknown]);

    // A log that was cut off in a record, and one that only lacks its end.
    for (kept, words) in [(40, "it was damaged"), (2, "closed after its last complete record")] {
        let log = folder.join("token_usage.json");
        let text = std::fs::read_to_string(&log).unwrap();
        let text = if kept == 2 { text.trim_end_matches([']', '\n', ' ']) } else { &text[..kept] };
        std::fs::write(&log, text).unwrap();
        // Until then, another program may still be writing it.
        std::thread::sleep(Duration::from_millis(1200));
        workspace.record_token_usage(&TokenUsage::default()).unwrap();
        let seen = taken(folder);
        assert!(
            seen.len() == 1 && seen[0].starts_with("WARN mcoda::json_log: …token_usage.json: "),
            "{words}: {seen:?}"
        );
        assert!(seen[0].contains(words), "{seen:?}");
    }

    // Another writer.
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = std::thread::scope(|scope| {
        let call = scope.spawn(|| workspace.record_token_usage(&TokenUsage::default()).unwrap());
        while SEEN.0.lock().unwrap().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        other.execute_batch("COMMIT").unwrap();
        call.join().unwrap();
        taken(folder)
    });
    assert_eq!(waiting, ["DEBUG mcoda::database: …x.db: waits for another writer"]);

    // Indexes that are missing.
    drop(workspace);
    let indexes: Vec<String> = {
        let mut named =
            other.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'libmcoda%' LIMIT 2").unwrap();
        named.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    indexes.iter().for_each(|name| other.execute_batch(&format!("DROP INDEX {name}")).unwrap());
    drop(other);
    drop(open());
    assert_eq!(taken(folder), ["INFO mcoda::database: …x.db: created 2 indexes"]);

    // An older schema.
    let older = folder.join("older.db");
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/old_databases/workspace_first.db"),
        &older,
    )
    .unwrap();
    drop(Workspace::open_db(&older).unwrap());
    let seen = taken(folder);
    assert!(seen[0].starts_with("INFO mcoda::database: …older.db: migrated to schema "), "{seen:?}");
}
