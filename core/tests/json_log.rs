//! The log that people and other programs read.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::*;
use mcoda_core::definition::Record;
use mcoda_core::{CancelToken, TokenUsage, Workspace};
use rusqlite::Connection;
use serde_json::{Value, json};

const READ: &str = "MCODA_TEST_READ_LOG";

fn record(workspace: &Workspace, id: &str) -> mcoda_core::Recorded {
    workspace.record_token_usage(&usage(json!({"id": id, "tokensPrompt": 1}))).unwrap()
}

/// A growing response of an agent: the same response each time, with this many tokens.
fn record_answer(workspace: &Workspace, tokens: u64) {
    let usage = json!({"input_tokens": 1, "output_tokens": tokens});
    let body = json!({"id": "msg_1", "type": "message", "usage": usage}).to_string();
    workspace.record_agent_response(&body, &Default::default()).unwrap();
}

/// Does `work` while nothing can be logged. There must be no log yet.
fn without_log(fixture: &Fixture, work: impl FnOnce()) {
    std::fs::create_dir(fixture.log_file()).unwrap();
    work();
    std::fs::remove_dir(fixture.log_file()).unwrap();
}

/// Another process has the log's lock while `call` records: it does `meanwhile`, with the lock, as soon as the record
/// is queued.
fn held_up<T: Send>(
    fixture: &Fixture,
    call: impl FnOnce() -> T + Send,
    meanwhile: impl FnOnce(&Connection, &File),
) -> T {
    let lock = File::open(fixture.workspace_folder().join("token_usage.json.lock")).unwrap();
    lock.lock().unwrap();
    let raw = fixture.raw();
    // What is logged stays queued until the next record.
    let before = queued(&raw);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(call);
        while queued(&raw).iter().all(|entry| before.contains(entry)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        meanwhile(&raw, &lock);
        waiting.join().unwrap()
    })
}

fn queued(raw: &Connection) -> Vec<String> {
    let mut statement = raw.prepare("SELECT usage_id FROM token_usage_log_queue ORDER BY rowid").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_entry_has_all_names_in_camel_case_with_nulls_and_metadata() {
    let fixture = Fixture::new();
    let workspace = fixture.options().workspace_id("w").open(fixture.root()).unwrap();
    let given = json!({"id": "r", "agentId": "a", "commandName": "c", "tokensPrompt": 3, "tokensCompletion": 4,
                       "costEstimate": 0.25, "durationSeconds": 14086, "metadata": {"x": [1.5, {"y": null}]}});
    workspace.record_token_usage(&usage(given)).unwrap();
    workspace.record_token_usage(&usage(json!({"id": "none"}))).unwrap();
    let text = std::fs::read_to_string(fixture.log_file()).unwrap();
    let first = concat!(
        r#"{"id":"r","workspaceId":"w","agentId":"a","modelName":null,"jobId":null,"commandRunId":null,"#,
        r#""taskRunId":null,"taskId":null,"projectId":null,"epicId":null,"userStoryId":null,"commandName":"c","#,
        r#""action":null,"invocationKind":null,"provider":null,"currency":null,"tokensPrompt":3,"tokensCompletion":4,"#,
        r#""tokensTotal":7,"tokensCached":null,"tokensCacheRead":null,"tokensCacheWrite":null,"costEstimate":0.25,"#,
        r#""durationSeconds":14086,"durationMs":14086000,"startedAt":null,"finishedAt":null,"#,
        r#""timestamp":"2026-03-20T12:00:00.000Z","metadata":{"x":[1.5,{"y":null}],"commandName":"c"}}"#,
    );
    let lines: Vec<&str> = text.trim_end().lines().collect();
    assert_eq!((lines[0], lines[1], lines[3], lines.len()), ("[", &*format!("{first},"), "]", 4));
    let empty = &fixture.log()[1];
    assert_eq!(empty.as_object().unwrap().len(), TokenUsage::DEFINITION.all_fields().count());
    let fields: Vec<&String> = empty
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(fields, ["id", "workspaceId", "timestamp"]);
}

#[test]
fn a_database_opened_by_its_file_has_a_log_only_where_one_is_asked_for() {
    let fixture = Fixture::new();
    let file = fixture.root().join("mcoda.db");
    let workspace = fixture.options().open_db(&file).unwrap();
    let outcome = record(&workspace, "1");
    assert!(outcome.recorded && !outcome.logged);
    assert!(!fixture.root().join("token_usage.json").exists());
    assert_eq!(count(&raw(&file), "token_usage_log_queue"), 0);

    let folder = fixture.root().join("logs/of mine");
    let workspace = fixture.options().json_log_in(&folder).open_db(&file).unwrap();
    assert!(record(&workspace, "2").logged);
    let ids: Vec<Value> =
        read_log(&folder.join("token_usage.json")).into_iter().map(|mut one| one["id"].take()).collect();
    assert_eq!(ids, ["2"]);
}

#[test]
fn the_log_of_a_workspace_can_be_turned_off() {
    let fixture = Fixture::new();
    let workspace = fixture.options().without_json_log().open(fixture.root()).unwrap();
    let outcome = record(&workspace, "1");
    assert!(outcome.recorded && !outcome.logged);
    assert!(!fixture.log_file().exists());
    // What was recorded without a log stays out of it.
    assert!(record(&fixture.open(), "2").logged);
    assert_eq!(fixture.log_ids(), ["2"]);
}

#[test]
fn a_log_that_cannot_be_written_is_completed_by_the_next_call() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    std::fs::create_dir(fixture.log_file()).unwrap();
    for id in ["1", "2"] {
        let outcome = record(&workspace, id);
        assert!(outcome.recorded && !outcome.logged, "{outcome:?}");
    }
    assert_eq!(count(&fixture.raw(), "token_usage"), 2);
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 2);
    std::fs::remove_dir(fixture.log_file()).unwrap();
    assert!(record(&workspace, "3").logged);
    assert_eq!(fixture.log_ids(), ["1", "2", "3"]);
    workspace.close().unwrap();
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 0);
}

#[test]
fn a_stopped_holder_of_the_log_holds_nobody_up() {
    let fixture = Fixture::new();
    // Whoever waited for the holder as long as for the database would never get to the end of this test.
    let workspace = fixture.options().busy_timeout(Duration::MAX).open(fixture.root()).unwrap();
    record(&workspace, "first");
    let lock = File::open(fixture.workspace_folder().join("token_usage.json.lock")).unwrap();
    lock.lock().unwrap();
    let outcome = record(&workspace, "1");
    assert!(outcome.recorded && !outcome.logged, "{outcome:?}");
    let reason = outcome.log_error.unwrap();
    assert!(reason.contains("token_usage.json: another process is writing to it"), "{reason}");
    for number in 2..200 {
        assert!(!record(&workspace, &number.to_string()).logged);
    }
    record_answer(&workspace, 1);
    drop(fixture.options().busy_timeout(Duration::MAX).open(fixture.root()).unwrap());
    lock.unlock().unwrap();
    let outcome = record(&workspace, "last");
    assert!(outcome.logged && outcome.log_error.is_none(), "{outcome:?}");
    assert_eq!(fixture.log().len(), 202);
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 0);
}

#[test]
fn a_call_that_is_cancelled_after_its_commit_is_logged() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    // Long enough for the next look to come after the commit.
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT count(*) FROM n";
    let trigger = format!("CREATE TRIGGER slow AFTER INSERT ON token_usage BEGIN SELECT ({slow}); END");
    fixture.raw().execute_batch(&trigger).unwrap();
    let database = fixture.database();
    let is_committed = move || count(&Connection::open(&database).unwrap(), "token_usage") > 0;
    let outcome = CancelToken::with_check(None, is_committed).during(|| record(&workspace, "late"));
    assert!(outcome.logged, "{outcome:?}");
    assert_eq!(fixture.log_ids(), ["late"]);
}

#[test]
fn a_call_that_is_cancelled_while_it_waits_for_the_log_says_so() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "first");
    let token = CancelToken::new();
    let call = || token.during(|| record(&workspace, "second"));
    let outcome = held_up(&fixture, call, |_, _| token.cancel());
    let reason = "the call was cancelled while it waited for the log";
    assert_eq!((outcome.recorded, outcome.log_error.as_deref()), (true, Some(reason)));
    record(&workspace, "third");
    assert_eq!(fixture.log_ids(), ["first", "second", "third"]);
}

#[test]
fn a_log_that_cannot_be_written_is_completed_by_the_next_open() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    std::fs::create_dir(fixture.log_file()).unwrap();
    let outcome = workspace.record_token_usages(&vec![TokenUsage::default(); 2500]).unwrap();
    assert!(outcome.iter().all(|one| one.recorded && !one.logged));
    workspace.close().unwrap();
    std::fs::remove_dir(fixture.log_file()).unwrap();
    drop(fixture.open());
    let ids: Vec<String> = outcome.into_iter().map(|one| one.id).collect();
    assert_eq!(fixture.log_ids(), ids);
}

#[test]
fn a_retry_of_a_record_that_was_not_logged_logs_it_once() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    std::fs::create_dir(fixture.log_file()).unwrap();
    assert!(!record(&workspace, "1").logged);
    std::fs::remove_dir(fixture.log_file()).unwrap();
    let again = record(&workspace, "1");
    assert!(again.duplicate && again.logged);
    assert!(record(&workspace, "1").logged);
    assert_eq!(fixture.log_ids(), ["1"]);
}

#[test]
fn a_record_that_was_appended_and_stayed_queued_is_in_the_log_once() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    // As if the process had died between the two.
    let keep =
        "CREATE TRIGGER keep BEFORE DELETE ON token_usage_log_queue BEGIN SELECT RAISE(ABORT, 'no'); END";
    fixture.raw().execute_batch(keep).unwrap();
    for id in ["1", "2"] {
        assert!(record(&workspace, id).recorded);
    }
    assert_eq!(fixture.log_ids(), ["1", "2"]);
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 2);
    fixture.raw().execute_batch("DROP TRIGGER keep").unwrap();
    drop(fixture.open());
    assert!(record(&workspace, "3").logged);
    assert_eq!(fixture.log_ids(), ["1", "2", "3"]);
    workspace.close().unwrap();
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 0);
}

#[test]
fn a_queued_record_that_is_in_the_log_already_is_not_appended_again_after_a_stretch_without_database() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let environment = mcoda_core::Environment { disable_db: true, ..fixture.environment() };
    let without = fixture.options().environment(environment).open(fixture.root()).unwrap();
    // "1" was appended by a process that died before it took it off the queue.
    let keep =
        "CREATE TRIGGER keep BEFORE DELETE ON token_usage_log_queue BEGIN SELECT RAISE(ABORT, 'no'); END";
    fixture.raw().execute_batch(keep).unwrap();
    record(&workspace, "1");
    record(&without, "2");
    assert_eq!(fixture.log_ids(), ["1", "2"]);
    fixture.raw().execute_batch("DROP TRIGGER keep").unwrap();
    assert!(record(&workspace, "3").logged);
    assert_eq!(fixture.log_ids(), ["1", "2", "3"]);

    // "4" is queued, and then sent again to a handle that has no database.
    let log = std::fs::read(fixture.log_file()).unwrap();
    std::fs::remove_file(fixture.log_file()).unwrap();
    std::fs::create_dir(fixture.log_file()).unwrap();
    assert!(!record(&workspace, "4").logged);
    std::fs::remove_dir(fixture.log_file()).unwrap();
    std::fs::write(fixture.log_file(), log).unwrap();
    record(&without, "4");
    assert!(record(&workspace, "5").logged);
    assert_eq!(fixture.log_ids(), ["1", "2", "3", "4", "5"]);
}

#[test]
fn a_record_that_somebody_else_logged_meanwhile_is_logged_however_busy_the_database_is() {
    let fixture = Fixture::new();
    let workspace = fixture.options().busy_timeout(Duration::from_secs(5)).open(fixture.root()).unwrap();
    record(&workspace, "1");
    let outcome = held_up(
        &fixture,
        || record(&workspace, "2"),
        |raw, lock| {
            // Another process takes it off the queue, and a third one begins to write.
            raw.execute_batch("DELETE FROM token_usage_log_queue; BEGIN IMMEDIATE").unwrap();
            lock.unlock().unwrap();
        },
    );
    assert!(outcome.logged, "{outcome:?}");
}

#[test]
fn nobody_waits_for_the_log_once_somebody_else_has_logged_the_record() {
    let fixture = Fixture::new();
    let workspace = fixture.options().busy_timeout(Duration::from_secs(5)).open(fixture.root()).unwrap();
    record(&workspace, "1");
    let outcome = held_up(
        &fixture,
        || record(&workspace, "2"),
        |raw, _| {
            // Another process logged it, and goes on with its own.
            let sql = "UPDATE token_usage_log_queue SET usage_id = '1' WHERE usage_id = '2'";
            raw.execute(sql, []).unwrap();
        },
    );
    assert!(outcome.logged, "{outcome:?}");
}

/// Another process does `sql` after `call` has read what is to be logged, and before it takes that off the queue:
/// when what `call` logs can be seen in the log.
fn changed_meanwhile(
    fixture: &Fixture,
    call: impl FnOnce() + Send,
    sql: &str,
    can_be_seen: impl Fn() -> bool,
) {
    held_up(fixture, call, |raw, lock| {
        raw.execute_batch("BEGIN IMMEDIATE").unwrap();
        raw.execute_batch(sql).unwrap();
        lock.unlock().unwrap();
        while !can_be_seen() {
            std::thread::sleep(Duration::from_millis(1));
        }
        raw.execute_batch("COMMIT").unwrap();
    });
}

fn logged_tokens(fixture: &Fixture) -> Vec<Value> {
    fixture.log().into_iter().map(|mut one| one["tokensCompletion"].take()).collect()
}

#[test]
fn a_record_that_changes_while_it_is_logged_is_logged_once_more() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record_answer(&workspace, 1);
    // It is on the queue already and stays there.
    let change = "UPDATE token_usage SET tokens_completion = 3";
    changed_meanwhile(
        &fixture,
        || record_answer(&workspace, 2),
        change,
        || logged_tokens(&fixture) == [json!(2)],
    );
    record(&workspace, "next");
    assert_eq!(logged_tokens(&fixture), [json!(null), json!(3)]);
}

#[test]
fn a_record_that_changes_while_others_are_logged_is_logged() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "1");
    let change = "UPDATE token_usage SET tokens_completion = 3 WHERE id = '1';
                  INSERT INTO token_usage_log_queue (usage_id) VALUES ('replace:1')";
    changed_meanwhile(&fixture, || drop(record(&workspace, "2")), change, || fixture.log_ids() == ["1", "2"]);
    record(&workspace, "3");
    assert_eq!(fixture.log_ids(), ["2", "3", "1"]);
    assert_eq!(logged_tokens(&fixture), [json!(null), json!(null), json!(3)]);
}

#[test]
fn a_changed_record_behind_a_thousand_others_is_logged_once() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    without_log(&fixture, || {
        for number in 0..1100 {
            record(&workspace, &number.to_string());
        }
        record_answer(&workspace, 1);
        record_answer(&workspace, 2);
    });
    assert!(record(&workspace, "last").logged);
    let mut ids = fixture.log_ids();
    assert_eq!(ids.len(), 1102);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1102, "one is there twice");
}

#[test]
fn a_log_folder_that_vanished_does_not_stop_the_work() {
    let fixture = Fixture::new();
    let folder = fixture.root().join("logs");
    let open = || fixture.options().json_log_in(&folder).open(fixture.root()).unwrap();
    let workspace = open();
    assert!(record(&workspace, "1").logged);
    std::fs::remove_dir_all(&folder).unwrap();
    let outcome = record(&workspace, "2");
    assert!(outcome.recorded && !outcome.logged);
    assert!(record(&open(), "3").logged);
    let ids: Vec<Value> =
        read_log(&folder.join("token_usage.json")).into_iter().map(|mut one| one["id"].take()).collect();
    assert_eq!(ids, ["2", "3"]);
}

#[test]
fn a_record_that_was_deleted_before_it_could_be_logged_holds_nothing_up() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    without_log(&fixture, || {
        record(&workspace, "1");
        record(&workspace, "2");
        fixture.raw().execute("DELETE FROM token_usage WHERE id = '1'", []).unwrap();
    });
    assert!(record(&workspace, "3").logged);
    assert_eq!(fixture.log_ids(), ["2", "3"]);
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 0);
}

#[test]
fn the_log_is_whole_after_every_call_and_while_another_process_reads_it() {
    const RECORDS: usize = 300;
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "first");
    let file = fixture.log_file();
    let mut reader =
        in_other_process(&[(READ, file.to_str().unwrap())]).stdin(Stdio::piped()).spawn().unwrap();
    let long = "x".repeat(3000);
    for number in 0..RECORDS {
        // Records of very different lengths, so that the file grows at odd places.
        let text = &long[..number * 7919 % 3000];
        let given = json!({"id": number.to_string(), "metadata": {"text": text}});
        assert!(workspace.record_token_usage(&usage(given)).unwrap().logged);
        assert_eq!(fixture.log().len(), number + 2);
    }
    drop(reader.stdin.take());
    let lines = lines_of(reader, "read ");
    println!("{}", lines[0]);
    let reads: usize = lines[0].split(' ').next().unwrap().parse().unwrap();
    assert!(reads > 10, "{lines:?}");
    assert_eq!(fixture.log_ids().last().unwrap(), &(RECORDS - 1).to_string());
}

#[test]
#[ignore = "another test runs it, in a process of its own"]
#[allow(clippy::disallowed_methods, reason = "the arguments of a test binary are taken")]
fn other_process() {
    let Ok(file) = std::env::var(READ) else { return };
    read_until_stopped(Path::new(&file));
}

/// Reads the log over and over. A read that hits the very moment of a write may see a torn end; the next
/// one must not.
fn read_until_stopped(file: &Path) {
    let stop = std::thread::spawn(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap());
    let (mut reads, mut torn, mut records) = (0, 0, 0);
    while !stop.is_finished() {
        let read = || serde_json::from_slice::<Vec<Value>>(&std::fs::read(file).unwrap());
        let found = read().or_else(|_| {
            torn += 1;
            std::thread::sleep(Duration::from_millis(1));
            read()
        });
        let found = found.unwrap().len();
        assert!(found >= records, "nothing disappears");
        records = found;
        reads += 1;
    }
    println!("read {reads} times, {torn} of them torn, {records} records at last");
}

#[test]
#[cfg(unix)]
fn a_lock_file_that_is_removed_again_and_again_costs_no_entry() {
    const HANDLES: usize = 4;
    const RECORDS: usize = 150;
    let fixture = Fixture::new();
    let handles: Vec<Workspace> = (0..HANDLES).map(|_| fixture.open()).collect();
    let lock_file = fixture.workspace_folder().join("token_usage.json.lock");
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let recording: Vec<_> = handles
            .iter()
            .enumerate()
            .map(|(handle, workspace)| {
                let ids = (0..RECORDS).map(move |number| format!("{handle}-{number}"));
                scope.spawn(move || ids.for_each(|id| assert!(record(workspace, &id).recorded)))
            })
            .collect();
        scope.spawn(|| {
            while !is_done.load(std::sync::atomic::Ordering::SeqCst) {
                let _ = std::fs::remove_file(&lock_file);
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        recording.into_iter().for_each(|thread| thread.join().unwrap());
        is_done.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    // A new log that was created without a lock stays blank for a second: it could be somebody else's rewrite.
    let is_logged = || {
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            record(&handles[0], "last").logged
        })
    };
    assert!(record(&handles[0], "last").logged || is_logged());
    let mut ids = fixture.log_ids();
    assert_eq!(ids.len(), HANDLES * RECORDS + 1);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), HANDLES * RECORDS + 1, "one is there twice");
    let names = std::fs::read_dir(fixture.workspace_folder()).unwrap().map(|one| one.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("corrupt")));
}

#[test]
fn an_answer_that_is_read_again_and_again_does_not_make_the_log_grow() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "first");
    for tokens in 1..600 {
        record_answer(&workspace, tokens);
    }
    record(&workspace, "last");
    let ids = fixture.log_ids();
    assert_eq!((ids.len(), &*ids[0], &*ids[2]), (3, "first", "last"));
    assert_eq!(logged_tokens(&fixture)[1], json!(599));
    let length = fixture.log_file().metadata().unwrap().len();
    assert!(length < 300_000, "{length}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_closed_handle_has_no_file_of_the_log_open() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let folder = fixture.workspace_folder();
    let open_files = || {
        let links = std::fs::read_dir("/proc/self/fd").unwrap().map(|one| one.unwrap().path().read_link());
        let is_log = |file: &std::path::PathBuf| {
            file.starts_with(&folder) && file.to_string_lossy().contains("token_usage")
        };
        links.flatten().filter(is_log).count()
    };
    record(&workspace, "which creates the log");
    for id in 0..10 {
        record(&workspace, &id.to_string());
        assert_eq!(open_files(), 2);
    }
    workspace.close().unwrap();
    assert_eq!(open_files(), 0);
}
