//! Full disks, files that cannot be written, and folders that disappear.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::*;
use mcoda_core::{AgentContext, Environment, ErrorKind, Global, Options, TokenUsage, Workspace};
use rusqlite::Connection;

const NOBODY: u32 = 65534;

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = child_task() else { return };
    let file = &*file;
    match &*task {
        "full" => full(file),
        "read only" => read_only(file),
        "log read only" => log_read_only(file),
        "log full" => log_full(file),
        "global read only" => global_read_only(file),
        other => panic!("{other}"),
    }
}

fn passes(task: &str, file: &Path) {
    let output = in_other_process(task, file, AS_SHIPPED);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn open(file: &Path) -> mcoda_core::Result<Workspace> {
    Workspace::options().json_log_in(file.parent().unwrap()).open_db(file)
}

/// The ids in the database and in the log.
fn kept(file: &Path) -> (BTreeSet<String>, Vec<String>) {
    let raw = Connection::open(file).unwrap();
    let whole: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let mut statement = raw.prepare("SELECT id FROM token_usage").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let text = std::fs::read_to_string(file.with_file_name("token_usage.json")).unwrap();
    // Each record is one line that begins with its id.
    let ids =
        text.lines().filter_map(|line| Some(line.strip_prefix("{\"id\":\"")?.split_once('"')?.0.to_owned()));
    assert!(text.trim_end().ends_with(']'), "the log is whole");
    (rows, ids.collect())
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    passes("full", &folder.path().join("mcoda.db"));
}

/// Limits the size of files, to simulate a full disk.
fn limit(bytes: u64) {
    // SAFETY: system calls of a process with one relevant thread.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

fn full(file: &Path) {
    let handle = open(file).unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut refused = 0;
    for bytes in [600_000, 1 << 20, 1_200_000] {
        limit(bytes);
        for _ in 0..3000 {
            match handle.record_token_usage(&TokenUsage::default()) {
                Ok(recorded) => drop(acknowledged.insert(recorded.id)),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                    assert!(error.message().contains("mcoda.db"), "{error}");
                    refused += 1;
                    if refused % 5 == 0 {
                        break;
                    }
                }
            }
        }
        // There is space again.
        limit(libc::RLIM_INFINITY);
        let recorded = handle.record_token_usage(&TokenUsage::default()).unwrap();
        assert!(recorded.logged);
        acknowledged.insert(recorded.id);
        let (rows, log) = kept(file);
        assert_eq!(rows, acknowledged, "what was refused is not there");
        assert_eq!(log.len(), rows.len());
        assert_eq!(log.into_iter().collect::<BTreeSet<_>>(), rows);
    }
    assert!(refused >= 5, "the disk was never full");
}

#[test]
fn files_and_folders_that_may_not_be_written_are_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    open(&file).unwrap().record_token_usage(&TokenUsage::default()).unwrap();
    passes("read only", &file);
    let (rows, log) = kept(&file);
    assert_eq!((rows.len(), log.len()), (1, 1));
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// Runs as a user that permissions apply to: root may write anywhere, so it becomes `nobody`.
fn bound_by_modes<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: system calls, in a process with one relevant thread.
    let become_user = |id: u32| unsafe { libc::geteuid() == id || libc::seteuid(id) == 0 };
    // SAFETY: a system call.
    let me = unsafe { libc::geteuid() };
    assert!(become_user(if me == 0 { NOBODY } else { me }));
    let done = work();
    assert!(become_user(me));
    done
}

/// Gives `folder` and its content to the user of [`bound_by_modes`].
fn give_away(path: &Path) {
    // SAFETY: a system call.
    if unsafe { libc::geteuid() } == 0 {
        std::os::unix::fs::chown(path, Some(NOBODY), None).unwrap();
    }
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

fn read_only(file: &Path) {
    let folder = file.parent().unwrap();
    let modes = |of_folder, of_file| {
        set_mode(file, of_file);
        set_mode(folder, of_folder);
    };
    for (of_folder, of_file) in [(0o555, 0o444), (0o755, 0o444), (0o555, 0o644), (0o000, 0o600)] {
        modes(of_folder, of_file);
        let failed = bound_by_modes(|| {
            let opened = open(file);
            opened.and_then(|handle| handle.record_token_usage(&TokenUsage::default()).map(drop))
        });
        let error = failed.expect_err("it may not be written");
        assert_eq!(error.kind(), ErrorKind::Storage, "{of_folder:o} {of_file:o}: {error}");
        let path = folder.to_str().unwrap();
        assert!(error.message().contains(path), "{of_folder:o} {of_file:o}: {error}");
        modes(0o755, 0o600);
    }
}

#[test]
fn nothing_is_acknowledged_in_a_database_that_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sub/mcoda.db");
    let handle = open(&file).unwrap();
    handle.record_token_usage(&TokenUsage::default()).unwrap();
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    for _ in 0..2 {
        let error = handle.record_token_usage(&TokenUsage::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
        assert!(error.message().contains(file.to_str().unwrap()), "{error}");
        // A replacement is another file.
        let _ = open(&file).unwrap();
    }
    let fresh = open(&file).unwrap();
    fresh.record_token_usage(&TokenUsage::default()).unwrap();
    assert_eq!(kept(&file).0.len(), 1);
}

/// Opens the writable database, with a log in the folder `logs` beside it.
fn with_log_apart(file: &Path) -> Options {
    in_home_beside(file).json_log_in(file.with_file_name("logs"))
}

/// Options for a user that may be unable to read the home folder of the user who runs the tests.
fn in_home_beside(file: &Path) -> Options {
    let home = Some(file.with_file_name("home"));
    Workspace::options().environment(Environment { home, ..Environment::default() })
}

/// The ids in that log, which must be JSON.
fn logged_apart(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file.with_file_name("logs/token_usage.json")).unwrap();
    assert!(text.starts_with('[') && text.trim_end().ends_with(']'), "the log is whole");
    let id = |line: &str| Some(line.strip_prefix("{\"id\":\"")?.split_once('"')?.0.to_owned());
    text.lines().filter_map(id).collect()
}

fn without_database() -> Environment {
    Environment { disable_db: true, ..Environment::default() }
}

#[test]
fn a_log_that_may_not_be_written_stops_no_record_and_gets_it_later() {
    let folder = tempfile::tempdir().unwrap();
    // The other user must be able to reach it.
    set_mode(folder.path(), 0o755);
    let file = folder.path().join("sub/mcoda.db");
    let handle = with_log_apart(&file).open_db(&file).unwrap();
    handle.record_token_usage(&TokenUsage::default()).unwrap();
    drop(handle);
    give_away(file.parent().unwrap());
    passes("log read only", &file);
}

fn log_read_only(file: &Path) {
    let folder = file.with_file_name("logs");
    let (log, lock) = (folder.join("token_usage.json"), folder.join("token_usage.json.lock"));
    let modes = |of_folder, of_log, of_lock| {
        set_mode(&folder, 0o700);
        set_mode(&log, of_log);
        set_mode(&lock, of_lock);
        set_mode(&folder, of_folder);
    };
    for (of_folder, of_log, of_lock) in
        [(0o500, 0o400, 0o400), (0o700, 0o400, 0o600), (0o700, 0o600, 0o400), (0, 0, 0)]
    {
        let place = format!("{of_folder:o} {of_log:o} {of_lock:o}");
        modes(of_folder, of_log, of_lock);
        let ids = bound_by_modes(|| {
            let handle = with_log_apart(file).open_db(file).unwrap();
            let first = handle.record_token_usage(&TokenUsage::default()).unwrap();
            assert!(first.recorded && !first.logged, "{place}: {first:?}");
            // Without a database the record cannot be kept anywhere else, so this is an error.
            let alone = with_log_apart(file).environment(without_database()).open_db(file);
            let error = alone.and_then(|alone| alone.record_token_usage(&TokenUsage::default())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Storage, "{place}: {error}");
            assert!(error.message().contains(folder.to_str().unwrap()), "{place}: {error}");
            modes(0o700, 0o600, 0o600);
            let second = handle.record_token_usage(&TokenUsage::default()).unwrap();
            assert!(second.logged, "{place}: the same handle goes on");
            [first.id, second.id]
        });
        let logged = logged_apart(file);
        assert_eq!(logged[logged.len() - 2..], ids, "{place}");
    }
    // A folder for the log that cannot be created.
    let parent = file.with_file_name("closed");
    std::fs::create_dir(&parent).unwrap();
    set_mode(&parent, 0o555);
    let logs = parent.join("logs");
    let error = bound_by_modes(|| in_home_beside(file).json_log_in(&logs).open_db(file)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.message().contains(logs.to_str().unwrap()), "{error}");
}

#[test]
fn a_log_that_has_no_room_stops_no_record_and_gets_it_later() {
    let folder = tempfile::tempdir().unwrap();
    passes("log full", &folder.path().join("mcoda.db"));
}

fn log_full(file: &Path) {
    let handle = with_log_apart(file).open_db(file).unwrap();
    let log = file.with_file_name("logs/token_usage.json");
    // The log is larger than the database, and full at once.
    std::fs::write(&log, format!("[\n{{\"id\":\"old\",\"text\":\"{}\"}}\n]", "x".repeat(1 << 21))).unwrap();
    let before = handle.record_token_usage(&TokenUsage::default()).unwrap();
    assert!(before.logged);
    let mut ids = vec!["old".to_owned(), before.id];
    let alone = with_log_apart(file).environment(without_database()).open_db(file).unwrap();
    limit(log.metadata().unwrap().len());
    let mut refused = 0;
    // A few of these use up the reserve of the log.
    let large = TokenUsage { action: Some("x".repeat(8000)), ..TokenUsage::default() };
    for _ in 0..12 {
        let recorded = handle.record_token_usage(&large).unwrap();
        assert!(recorded.recorded);
        refused += i32::from(!recorded.logged);
        ids.push(recorded.id);
    }
    assert!(refused > 0, "the disk was never full");
    let error = alone.record_token_usage(&large).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.message().contains(log.to_str().unwrap()), "{error}");
    let in_log = logged_apart(file);
    assert_eq!(in_log[..], ids[..in_log.len()], "what is there is whole, and in order");
    limit(libc::RLIM_INFINITY);
    let after = handle.record_token_usage(&TokenUsage::default()).unwrap();
    assert!(after.logged);
    ids.push(after.id);
    assert_eq!(logged_apart(file), ids);
}

#[test]
fn a_global_database_that_may_not_be_written_or_has_vanished_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    let file = folder.path().join("sub/mcoda.db");
    let handle = Global::open_db(&file).unwrap();
    record_in_global(&handle).unwrap();
    drop(handle);
    passes("global read only", &file);

    let handle = Global::open_db(&file).unwrap();
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    let error = record_in_global(&handle).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.message().contains(file.to_str().unwrap()), "{error}");
}

fn record_in_global(handle: &Global) -> mcoda_core::Result<()> {
    let body = r#"{"usage": {"prompt_tokens": 1, "completion_tokens": 2}}"#;
    handle.record_agent_response(body, &AgentContext::default()).map(drop)
}

fn global_read_only(file: &Path) {
    let folder = file.parent().unwrap();
    for (of_folder, of_file) in [(0o555, 0o444), (0o755, 0o444), (0o555, 0o644), (0o000, 0o600)] {
        set_mode(file, of_file);
        set_mode(folder, of_folder);
        let failed = bound_by_modes(|| {
            in_home_beside(file).open_global_db(file).and_then(|handle| record_in_global(&handle))
        });
        let error = failed.expect_err("it may not be written");
        assert_eq!(error.kind(), ErrorKind::Storage, "{of_folder:o} {of_file:o}: {error}");
        assert!(error.message().contains(folder.to_str().unwrap()), "{of_folder:o} {of_file:o}: {error}");
        set_mode(folder, 0o755);
    }
    set_mode(file, 0o600);
    record_in_global(&Global::open_db(file).unwrap()).unwrap();
}
