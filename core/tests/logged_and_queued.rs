//! Records that are in the JSON log and still on the database's queue: what a handle logs is taken off by its next
//! transaction, and until then anything can happen.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use common::*;
use mcoda_core::Workspace;
use serde_json::{Value, json};

fn record(workspace: &Workspace, id: &str) {
    let recorded = workspace.record_token_usage(&usage(json!({"id": id, "tokensPrompt": 1}))).unwrap();
    assert!(recorded.logged, "{recorded:?}");
}

fn queued(fixture: &Fixture) -> Vec<String> {
    let raw = fixture.raw();
    let mut statement = raw.prepare("SELECT usage_id FROM token_usage_log_queue ORDER BY rowid").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A workspace in which "1" and "2" were recorded by a process that was killed: "2" is logged and queued.
fn killed() -> Fixture {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "1");
    record(&workspace, "2");
    std::mem::forget(workspace);
    assert_eq!(queued(&fixture), ["2"]);
    fixture
}

/// Has a log mended that a killed process left torn. A log that was just written to is left alone for a second, since
/// somebody else may be writing it.
fn mend(fixture: &Fixture) {
    if let Ok(file) = std::fs::File::options().write(true).open(fixture.log_file()) {
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - Duration::from_secs(10)).unwrap();
    }
    drop(fixture.open());
}

/// As the TypeScript packages do it: the whole file at once, without a lock.
fn rewrite(file: &Path, change: impl FnOnce(&mut Vec<Value>)) {
    let mut records = read_log(file);
    change(&mut records);
    std::fs::write(file, serde_json::to_string_pretty(&records).unwrap()).unwrap();
}

#[test]
fn a_logged_record_leaves_the_queue_with_the_next_one() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "1");
    assert_eq!(queued(&fixture), ["1"]);
    record(&workspace, "2");
    assert_eq!(queued(&fixture), ["2"]);
    workspace.record_token_usages(&vec![usage(json!({})); 20]).unwrap();
    assert!(queued(&fixture).is_empty(), "it pays to take many off at once");
    record(&workspace, "3");
    let transaction = workspace.begin(None).unwrap();
    transaction.record_token_usage(&usage(json!({"id": "4"}))).unwrap();
    assert!(transaction.commit().unwrap());
    assert!(queued(&fixture).is_empty());
    assert_eq!(fixture.log().len(), 24);
}

#[test]
fn a_closed_or_dropped_handle_leaves_nothing_queued() {
    let fixture = Fixture::new();
    for close in [true, false] {
        let workspace = fixture.open();
        record(&workspace, &format!("closed {close}"));
        if close {
            workspace.close().unwrap();
        } else {
            drop(workspace);
        }
        assert!(queued(&fixture).is_empty());
    }
    // Who closes waits for nobody.
    let workspace = fixture.open();
    record(&workspace, "busy");
    let raw = fixture.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    workspace.close().unwrap();
    raw.execute_batch("ROLLBACK").unwrap();
    assert_eq!(queued(&fixture), ["busy"]);
    drop(fixture.open());
    assert!(queued(&fixture).is_empty());
    assert_eq!(fixture.log_ids(), ["closed true", "closed false", "busy"]);
}

#[test]
fn a_call_that_fails_takes_nothing_off_for_good() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    record(&workspace, "1");
    let other = usage(json!({"id": "1", "tokensPrompt": 2}));
    assert_refused(workspace.record_token_usage(&other), mcoda_core::ErrorKind::Conflict, "id");
    assert_eq!(queued(&fixture), ["1"]);
    record(&workspace, "2");
    assert_eq!(queued(&fixture), ["2"]);
    assert_eq!(fixture.log_ids(), ["1", "2"]);
}

#[test]
fn what_a_killed_process_left_queued_is_in_the_log_once() {
    let fixture = killed();
    drop(fixture.open());
    assert!(queued(&fixture).is_empty());
    let fixture_of_record = killed();
    // A second handle that was open all the time.
    let second = fixture.open();
    let workspace = fixture_of_record.open();
    record(&second, "3");
    record(&workspace, "3");
    for fixture in [fixture, fixture_of_record] {
        assert_eq!(fixture.log_ids(), ["1", "2", "3"]);
    }
}

#[test]
fn what_a_killed_process_left_queued_is_in_the_log_once_whatever_happened_to_the_lock_file() {
    for text in [None, Some(""), Some("mcoda-log-state-1 dirty\n"), Some("mcoda-log-state-2 clean")] {
        let fixture = killed();
        let lock_file = fixture.workspace_folder().join("token_usage.json.lock");
        match text {
            None => std::fs::remove_file(lock_file).unwrap(),
            Some(text) => std::fs::write(lock_file, text).unwrap(),
        }
        record(&fixture.open(), "3");
        assert_eq!(fixture.log_ids(), ["1", "2", "3"], "{text:?}");
    }
}

#[test]
fn what_was_logged_and_is_queued_stays_logged_when_the_log_is_rewritten() {
    let fixture = killed();
    rewrite(&fixture.log_file(), |records| records.push(json!({"id": "theirs"})));
    record(&fixture.open(), "3");
    assert_eq!(fixture.log_ids(), ["1", "2", "theirs", "3"]);

    // A program without a lock that drops a record has the last word, as ever.
    let fixture = killed();
    rewrite(&fixture.log_file(), |records| records.truncate(1));
    record(&fixture.open(), "3");
    assert_eq!(fixture.log_ids(), ["1", "3"]);
}

#[test]
fn a_log_that_was_moved_away_took_its_records_with_it() {
    for rewritten in [false, true] {
        let fixture = killed();
        let old = fixture.home().join("old.json");
        std::fs::rename(fixture.log_file(), &old).unwrap();
        if rewritten {
            rewrite(&old, |_| ());
        }
        record(&fixture.open(), "3");
        let ids = |file: &Path| read_log(file).iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
        assert_eq!((ids(&old), fixture.log_ids()), (vec![json!("1"), json!("2")], vec!["3".to_owned()]));
        assert!(queued(&fixture).is_empty());
    }
}

#[test]
fn a_log_that_was_moved_away_after_an_append_that_nobody_confirmed_took_its_records_with_it() {
    // Few records, which the lock file can list, and more.
    for count in [1, 20] {
        let fixture = Fixture::new();
        let workspace = fixture.open();
        record(&workspace, "1");
        workspace.close().unwrap();
        let lock_file = fixture.workspace_folder().join("token_usage.json.lock");
        let before = std::fs::read(&lock_file).unwrap();
        let workspace = fixture.open();
        workspace.record_token_usages(&vec![usage(json!({})); count]).unwrap();
        std::mem::forget(workspace);
        // As if it had died after the append.
        let raw = fixture.raw();
        raw.execute(
            "INSERT OR IGNORE INTO token_usage_log_queue SELECT id FROM token_usage WHERE id <> '1'",
            [],
        )
        .unwrap();
        std::fs::write(&lock_file, before).unwrap();
        let old = fixture.workspace_folder().join("token_usage.json.1");
        std::fs::rename(fixture.log_file(), &old).unwrap();
        record(&fixture.open(), "last");
        assert_eq!((read_log(&old).len(), fixture.log_ids()), (1 + count, vec!["last".to_owned()]));
    }
}

/// As a program that rotates logs does it, under the hands of those that write.
#[test]
fn a_log_that_is_moved_away_at_any_moment_keeps_each_record_once() {
    let fixture = Fixture::new();
    drop(fixture.open());
    let folder = fixture.workspace_folder();
    let (mut ids, mut logs) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let write = |size: usize| {
            let workspace = fixture.open();
            move || {
                let batch = vec![usage(json!({})); size];
                let record = |_| workspace.record_token_usages(&batch).unwrap();
                (0..rounds(400)).flat_map(record).map(|one| one.id).collect::<Vec<_>>()
            }
        };
        let writers = [1, 1, 6].map(|size| scope.spawn(write(size)));
        while writers.iter().any(|writer| !writer.is_finished()) {
            let moved = folder.join(format!("old-{}.json", logs.len()));
            if std::fs::rename(fixture.log_file(), &moved).is_ok() {
                logs.push(moved);
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        ids.extend(writers.into_iter().flat_map(|writer| writer.join().unwrap()));
    });
    drop(fixture.open());
    logs.extend(Some(fixture.log_file()).filter(|log| log.exists()));
    let mut logged: Vec<String> = logs
        .iter()
        .flat_map(|log| read_log(log))
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect();
    logged.sort();
    ids.sort();
    assert_eq!(logged.len(), ids.len());
    assert!(logged == ids && logs.len() > 10, "{} logs", logs.len());
}

#[test]
fn a_log_that_was_cut_loses_what_was_cut_and_nothing_else() {
    let fixture = killed();
    let log = std::fs::read(fixture.log_file()).unwrap();
    std::fs::write(fixture.log_file(), &log[..log.len() / 60]).unwrap();
    let file = std::fs::File::options().write(true).open(fixture.log_file()).unwrap();
    file.set_modified(file.metadata().unwrap().modified().unwrap() - Duration::from_secs(10)).unwrap();
    record(&fixture.open(), "3");
    let ids = fixture.log_ids();
    assert_eq!(ids.last().unwrap(), "3");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn a_record_that_changed_while_it_was_queued_is_logged_as_it_is_now() {
    // By a program that knows nothing of the queue.
    let fixture = killed();
    fixture.raw().execute("UPDATE token_usage SET tokens_prompt = 7 WHERE id = '2'", []).unwrap();
    record(&fixture.open(), "3");
    let log = fixture.log();
    let found: Vec<_> = log.iter().map(|one| (one["id"].clone(), one["tokensPrompt"].clone())).collect();
    assert_eq!(found, [(json!("1"), json!(1)), (json!("2"), json!(7)), (json!("3"), json!(1))]);

    // Deleted, and recorded anew under the same id.
    let fixture = killed();
    let other = fixture.open();
    fixture.raw().execute("DELETE FROM token_usage WHERE id = '2'", []).unwrap();
    other.record_token_usage(&usage(json!({"id": "2", "tokensPrompt": 9}))).unwrap();
    assert!(fixture.log().iter().any(|one| one["id"] == "2" && one["tokensPrompt"] == 9));
}

#[test]
fn handles_with_and_without_a_database_in_turn_log_each_record_once() {
    let fixture = Fixture::new();
    let handles = [fixture.open(), fixture.open()];
    let environment = mcoda_core::Environment { disable_db: true, ..fixture.environment() };
    let without = fixture.options().environment(environment).open(fixture.root()).unwrap();
    let mut expected = Vec::new();
    for number in 0..120 {
        // Each handle has two turns now and then.
        let handle = &handles[number / 3 % 2];
        let id = number.to_string();
        record(handle, &id);
        expected.push(id);
        if number % 5 == 0 {
            // A retry, and a record that no database knows of.
            record(&without, expected.last().unwrap());
            let id = format!("without {number}");
            record(&without, &id);
            expected.push(id);
        }
        if number % 11 == 0 {
            record(&handles[1 - number / 3 % 2], expected.first().unwrap());
        }
        assert!(queued(&fixture).len() <= 4);
    }
    assert_eq!(fixture.log_ids(), expected);
}

#[test]
fn what_killed_processes_leave_queued_does_not_add_up() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let mut expected = Vec::new();
    for number in 0..30 {
        let other = fixture.open();
        let id = number.to_string();
        record(&other, &id);
        std::mem::forget(other);
        expected.push(id);
        if number % 3 == 0 {
            record(&workspace, &format!("own {number}"));
            expected.push(format!("own {number}"));
        }
        assert!(queued(&fixture).len() <= 4);
    }
    workspace.close().unwrap();
    drop(fixture.open());
    assert!(queued(&fixture).is_empty());
    assert_eq!(fixture.log_ids(), expected);
}

const FOLDER: &str = "MCODA_TEST_FOLDER";

#[test]
#[ignore = "another test runs it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "the arguments of a test binary are taken")]
fn other_process() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let workspace = options_in(&folder.join("home")).open(folder.join("shop")).unwrap();
    for number in 0.. {
        // Now and then a few at once, and a transaction of the host's.
        let recorded = match number % 7 {
            5 => workspace.record_token_usages(&vec![usage(json!({})); number % 6]).unwrap(),
            6 => {
                let transaction = workspace.begin(None).unwrap();
                let recorded = transaction.record_token_usage(&usage(json!({}))).unwrap();
                transaction.commit().unwrap();
                vec![recorded]
            }
            _ => vec![workspace.record_token_usage(&usage(json!({}))).unwrap()],
        };
        let ids: Vec<String> = recorded.into_iter().map(|one| one.id).collect();
        println!("\ndone {}", ids.join(" "));
    }
}

/// Two processes record into one workspace until both are killed, again and again. In between the log is rewritten by
/// a program without a lock, moved away, or left as it is.
#[test]
fn killed_at_any_moment_two_processes_log_each_record_once() {
    const KILLS: usize = 40;
    let fixture = Fixture::new();
    drop(fixture.open());
    let folder = fixture.root().parent().unwrap().to_owned();
    let (mut acknowledged, mut old_logs) = (BTreeSet::new(), Vec::new());
    let mut random = Xorshift(0x5eed);
    for round in 0..rounds(KILLS) {
        let start =
            || in_other_process(&[(FOLDER, folder.to_str().unwrap())]).stdin(Stdio::null()).spawn().unwrap();
        let mut children = [start(), start()];
        std::thread::sleep(Duration::from_micros(30_000 + random.below(40_000)));
        for child in &mut children {
            child.kill().unwrap();
            std::thread::sleep(Duration::from_micros(random.below(2000)));
        }
        for child in children {
            let output = child.wait_with_output().unwrap();
            let output = String::from_utf8_lossy(&output.stdout).into_owned();
            // The last line may be torn.
            let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
            for line in whole.lines().filter_map(|line| line.strip_prefix("done ")) {
                acknowledged.extend(line.split(' ').filter(|id| !id.is_empty()).map(str::to_owned));
            }
        }
        if !fixture.log_file().exists() {
            continue;
        }
        match round % 4 {
            // A torn log would be mended by the next process; the other program must find it whole.
            1 => {
                mend(&fixture);
                rewrite(&fixture.log_file(), |_| ());
            }
            2 => {
                // Nobody could read the records of a torn log once it is moved away.
                let log = std::fs::read(fixture.log_file()).unwrap();
                if serde_json::from_slice::<Value>(&log).is_err() {
                    mend(&fixture);
                }
                let old = fixture.home().join(format!("old-{round}.json"));
                std::fs::rename(fixture.log_file(), &old).unwrap();
                old_logs.push(old);
            }
            _ => {}
        }
    }
    mend(&fixture);
    assert!(queued(&fixture).is_empty());
    let mut logged: BTreeMap<String, usize> = BTreeMap::new();
    for log in old_logs.iter().chain([&fixture.log_file()]) {
        let ids: Vec<Value> = read_log(log).into_iter().map(|mut one| one["id"].take()).collect();
        let unique: BTreeSet<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(unique.len(), ids.len(), "one is there twice");
        unique.into_iter().for_each(|id| *logged.entry(id.to_owned()).or_default() += 1);
    }
    println!("{} acknowledged, {} logged", acknowledged.len(), logged.len());
    assert!(acknowledged.len() > KILLS, "{}", acknowledged.len());
    // A log that is moved away between an append and its acknowledgement may take a copy with it.
    let once = acknowledged.iter().filter(|id| logged.get(*id) == Some(&1)).count();
    assert_eq!(once, acknowledged.len());
    let raw = fixture.raw();
    let mut statement = raw.prepare("SELECT id FROM token_usage").unwrap();
    let rows: BTreeSet<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows, logged.into_keys().collect());
}
